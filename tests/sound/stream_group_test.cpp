// Streams in step: one exchange for all of a direction, and what it tells.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>
#include <vsnd/model/profiles.hpp>
#include <vsnd/sound/stream_group.hpp>

using namespace vsnd;
using support::bytes;

namespace {

constexpr u64 ms = 1'000'000;

struct bench {
    using rig = support::rig<>;
    using stream = typename rig::stream;

    explicit bench(model::device_profile profile = model::default_profile(),
                   direction flow = direction::playback)
        : r(std::move(profile)) {
        REQUIRE(r.open() == status_code::ok);
        stream* s = nullptr;
        for (u32 i = 0; (s = r.driver.find(flow, i)) != nullptr; ++i) {
            REQUIRE(s->set_pacing(pacing::clock) == status_code::ok);
            s->set_xrun_policy(xrun_policy::silence);
            params = s->nearest({.period_frames = 480}).value();
            group.add(*s);
            memory.push_back(r.memory_for(params));
            group.at(i).set_up(params, memory[i]);
        }
        written.resize(group.count());
    }
    bool look() {
        r.driver.pump_all();
        (void)r.driver.tick(now());
        if (group.step(now())) return true;
        r.run(ms);
        return false;
    }
    // An exchange of a user who writes as soon as he may. False: no news in 50 ms.
    bool exchange() {
        group.begin(true);
        for (u32 i = 0; i < 50; ++i)
            if (look()) {
                write();
                return true;
            }
        return false;
    }
    void write() {
        if (!group.at(0).stream().playback()) return;
        for (u32 i = 0; i < group.count(); ++i) {
            const bytes part = support::noise(period_bytes(params), ++seed);
            std::copy(part.begin(), part.end(), memory[i].audio.cpu + group.buffer() * part.size());
            written[i].insert(written[i].end(), part.begin(), part.end());
        }
    }
    void stop() {
        group.stop();
        for (u32 i = 0; i < 2000 && !group.idle(); ++i)
            (void)look();
        REQUIRE(group.idle());
    }
    // What the stream played behind the silence that it began with, which is all that was written.
    bool heard(u32 i) {
        const bytes& sink = r.device().stream(group.at(i).stream().id()).sink();
        usize at = 0;
        while (at < sink.size() && sink[at] == 0)
            ++at;
        const usize n = sink.size() - at;
        return n > 20'000 && n <= written[i].size() &&
               std::equal(sink.begin() + static_cast<std::ptrdiff_t>(at), sink.end(),
                          written[i].begin());
    }
    u64 now() { return r.device().now_ns(); }

    rig r;
    stream_group<stream, 4> group;
    pcm_params params;
    std::vector<stream_memory> memory;
    std::vector<bytes> written;
    u32 seed = 0;
};

} // namespace

TEST_CASE("stream_group: two streams play, each its own, in step") {
    bench b;
    REQUIRE(b.group.count() == 2);
    CHECK(b.group.idle());
    for (u32 i = 0; i < 60; ++i) {
        REQUIRE(b.exchange());
        CHECK(b.group.started());
        CHECK(b.group.buffer() == (b.params.periods - 1 + i) % b.params.periods);
    }
    CHECK(b.heard(0));
    CHECK(b.heard(1));
    b.stop();
    CHECK_CLEAN(b.r);
}

TEST_CASE("stream_group: nothing was played with the first period; then frames and time rise") {
    bench b;
    REQUIRE(b.exchange());
    CHECK(b.group.time_ns() == 0);
    CHECK(b.group.frames() == 0);
    u64 last = 0;
    for (u32 i = 1; i < 100; ++i) {
        REQUIRE(b.exchange());
        CHECK(b.group.frames() == u64{i} * b.params.period_frames);
        CHECK(b.group.time_ns() >= last + 1000);
        CHECK(b.group.time_ns() <= b.now());
        last = b.group.time_ns();
    }
    // As fast as the device plays, and told of when it was: 99 periods of 10 ms.
    CHECK(last > 900 * ms);
    CHECK(last < b.now() + ms);
}

TEST_CASE("stream_group: a user who looks late is told when it was, not when he looked") {
    bench b;
    for (u32 i = 0; i < 50; ++i)
        REQUIRE(b.exchange());
    const u64 before = b.group.time_ns();
    b.r.run(5 * ms + ms / 2);
    REQUIRE(b.exchange());
    const u64 period_ns = ns_of_frames(b.params.period_frames, b.params.rate_hz);
    CHECK(b.group.time_ns() - before < period_ns + ms);
    CHECK(b.group.time_ns() - before > period_ns - ms);
}

TEST_CASE("stream_group: stopped and begun anew, the count goes on, and so does the time") {
    bench b;
    u64 frames = 0, last = 0;
    for (u32 round = 0; round < 3; ++round) {
        for (u32 i = 0; i < 20; ++i) {
            REQUIRE(b.exchange());
            CHECK(b.group.frames() >= frames);
            frames = b.group.frames();
            if (b.group.time_ns() == 0) continue;
            CHECK(b.group.time_ns() > last);
            last = b.group.time_ns();
        }
        CHECK(frames == (round + 1) * u64{19} * b.params.period_frames);
        b.stop();
        CHECK_FALSE(b.group.started());
        CHECK(b.group.frames() == frames);
        CHECK(b.group.at(0).stream().state() == stream_state::released);
    }
    CHECK_CLEAN(b.r);
}

TEST_CASE("stream_group: stopping what never began, and again, is nothing") {
    bench b;
    const u64 heard = b.r.heard();
    b.stop();
    b.stop();
    b.group.begin(false);
    CHECK_FALSE(b.look());
    CHECK(b.group.idle());
    CHECK(b.r.heard() == heard);
}

TEST_CASE("stream_group: none at all has no news and is idle") {
    stream_group<bench::stream, 2> none;
    CHECK(none.count() == 0);
    CHECK_FALSE(none.step(1));
    none.stop();
    CHECK(none.idle());
}

TEST_CASE("stream_group: while one stream does not start, nothing changes; then all play") {
    using model::request_fault;
    bench b;
    b.r.device().faults().requests.push_back(
        {wire::SND_R_PCM_PREPARE, request_fault::kind::answer, wire::SND_S_IO_ERR, 0, 0, 3});
    for (u32 i = 0; i < 4; ++i) {
        CHECK_FALSE(b.exchange());
        CHECK_FALSE(b.group.started());
        CHECK(b.group.time_ns() == 0);
    }
    u32 news = 0;
    for (u32 i = 0; i < 150; ++i)
        news += b.exchange();
    CHECK(news > 80);
    CHECK(b.heard(0));
    CHECK(b.heard(1));
}

TEST_CASE("stream_group: a stream that is lost brings all of them back") {
    bench b;
    for (u32 i = 0; i < 30; ++i)
        REQUIRE(b.exchange());
    const u64 frames = b.group.frames();
    REQUIRE(b.group.at(1).stream().stop() == status_code::ok); // behind its back
    u32 news = 0;
    for (u32 i = 0; i < 100; ++i)
        news += b.exchange();
    CHECK(news > 80);
    CHECK(b.group.frames() > frames);
    CHECK(b.group.at(0).stream().state() == stream_state::running);
    CHECK(b.group.at(1).stream().state() == stream_state::running);
}

TEST_CASE("stream_group: capture") {
    bench b(model::qemu_profile(), direction::capture);
    for (u32 i = 0; i < 40; ++i) {
        REQUIRE(b.exchange());
        CHECK(b.group.buffer() == i % b.params.periods);
        CHECK(b.group.frames() == (i + 1) * u64{b.params.period_frames});
        CHECK(b.group.time_ns() != 0);
    }
    b.stop();
    CHECK_CLEAN(b.r);
}

TEST_CASE("stream_group: every device plays at its rate, whatever it does with its completions") {
    for (const auto& each : model::all_profiles()) {
        CAPTURE(each.name);
        bench b(each.make());
        REQUIRE(b.group.count() != 0);
        const u64 begin = b.now();
        u32 count = 0;
        while (b.now() - begin < 2000 * ms && count < 100'000)
            count += b.exchange();
        const u64 passed = (b.now() - begin) / 1000 * b.params.rate_hz / 1'000'000;
        CHECK(u64{count} * b.params.period_frames <
              passed + passed / 500 + (b.params.periods + 2) * u64{b.params.period_frames});
        CHECK(u64{count} * b.params.period_frames > passed * 3 / 4);
    }
}
