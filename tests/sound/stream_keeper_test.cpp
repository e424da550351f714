// One stream kept going: the way up, the way back, devices that refuse, stall, keep periods or take
// them before START.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>
#include <vsnd/model/profiles.hpp>
#include <vsnd/sound/stream_keeper.hpp>

using namespace vsnd;
using support::bytes;

namespace {

constexpr u64 ms = 1'000'000;

template <class Limits = default_limits>
struct bench_of {
    using rig = support::rig<no_handler, Limits>;
    using stream = typename rig::stream;

    explicit bench_of(model::device_profile profile = model::default_profile(),
                      direction flow = direction::playback)
        : r(std::move(profile)) {
        REQUIRE(r.open() == status_code::ok);
        keeper.init(*r.driver.find(flow));
        params = keeper.stream().nearest({.period_frames = 480}).value();
        memory = r.memory_for(params);
        keeper.set_up(params, memory);
    }
    // One turn of the loop of the layer above; without news time passes.
    template <class Step>
    bool turn(Step step) {
        r.driver.pump_all();
        (void)r.driver.tick(now());
        if (step()) return true;
        r.run(ms);
        return false;
    }
    bool plays_on() {
        return turn([this] { return keeper.step(now()); });
    }
    bool goes_back() {
        return turn([this] { return keeper.release(now()); });
    }
    // So many milliseconds of the device's time, in which the user writes each period that he is
    // given. The answer: how many.
    u32 plays(u32 milliseconds) {
        u32 count = 0;
        for (const u64 end = now() + milliseconds * ms; now() < end;) {
            if (!plays_on()) continue;
            const u32 index = keeper.hand_over();
            const bytes part = support::noise(period_bytes(params), ++written);
            std::copy(part.begin(), part.end(), memory.audio.cpu + index * part.size());
            signal.insert(signal.end(), part.begin(), part.end());
            keeper.give_back();
            REQUIRE(++count < 100'000);
        }
        return count;
    }
    void releases(u32 most_milliseconds) {
        for (u32 i = 0; !goes_back(); ++i)
            REQUIRE(i < most_milliseconds);
    }
    u64 now() { return r.device().now_ns(); }
    const bytes& sink() { return r.device().stream(keeper.stream().id()).sink(); }
    u64 requests() { return r.device().trace().count(model::trace_kind::request); }

    rig r;
    stream_keeper<stream> keeper;
    pcm_params params;
    stream_memory memory;
    bytes signal;
    u32 written = 0;
};
using bench = bench_of<>;
using bare_bench = bench_of<support::without_resets>;

} // namespace

TEST_CASE("stream_keeper: silence first, and the user's audio right behind it") {
    bench b;
    CHECK(b.keeper.given() == nullptr);
    CHECK(b.plays(1000) > 90);
    CHECK(b.keeper.given() == b.memory.audio.cpu);
    CHECK(b.keeper.stream().state() == stream_state::running);
    const usize silence = (b.params.periods - 1) * period_bytes(b.params);
    REQUIRE(b.sink().size() > silence);
    for (usize i = 0; i < silence; ++i)
        REQUIRE(b.sink()[i] == 0);
    const usize heard = b.sink().size() - silence;
    REQUIRE(heard <= b.signal.size());
    CHECK(std::equal(b.sink().begin() + static_cast<std::ptrdiff_t>(silence), b.sink().end(),
                     b.signal.begin()));
    CHECK(b.keeper.stream().counters().xruns == 0);
    CHECK_CLEAN(b.r);
}

TEST_CASE("stream_keeper: the first period is the last of the buffer, and they go round") {
    bench b;
    for (u32 i = 0; i < 3 * b.params.periods; ++i) {
        while (!b.plays_on()) {
        }
        CHECK(b.keeper.hand_over() == (b.params.periods - 1 + i) % b.params.periods);
        b.keeper.give_back();
    }
}

TEST_CASE("stream_keeper: a period stays the user's until he gives it back") {
    bench b;
    while (!b.plays_on()) {
    }
    (void)b.keeper.hand_over();
    for (u32 i = 0; i < 100; ++i)
        CHECK_FALSE(b.plays_on());
    CHECK(b.keeper.stream().state() == stream_state::prepared);
    b.keeper.give_back();
    CHECK(b.plays(200) > 10);
}

TEST_CASE("stream_keeper: capture") {
    bench b(model::default_profile(), direction::capture);
    u32 next = 0;
    usize heard = 0;
    for (u32 i = 0; i < 40; ++i) {
        while (!b.plays_on()) {
        }
        const u32 index = b.keeper.hand_over();
        CHECK(index == next);
        next = index + 1 == b.params.periods ? 0 : index + 1;
        const usize size = period_bytes(b.params);
        for (usize k = 0; k < size; ++k)
            REQUIRE(b.memory.audio.cpu[index * size + k] == model::default_source_byte(heard++));
        b.keeper.give_back();
    }
    b.releases(1000);
    CHECK_CLEAN(b.r);
}

TEST_CASE("stream_keeper: released, it begins anew, in other memory and with other parameters") {
    bench b;
    for (u32 round = 0; round < 3; ++round) {
        CHECK(b.plays(300) > 5);
        b.releases(1000);
        CHECK(b.keeper.given() == nullptr);
        CHECK(b.keeper.stream().state() == stream_state::released);
        b.params.period_frames += 96;
        b.memory = b.r.memory_for(b.params);
        b.keeper.set_up(b.params, b.memory);
    }
    CHECK_CLEAN(b.r);
}

TEST_CASE("stream_keeper: a device that refuses is asked again five times a second, and no more") {
    using model::request_fault;
    for (const u32 request :
         {wire::SND_R_PCM_SET_PARAMS, wire::SND_R_PCM_PREPARE, wire::SND_R_PCM_START}) {
        CAPTURE(request);
        bench b;
        b.r.device().faults().requests.push_back(
            {request, request_fault::kind::answer, wire::SND_S_IO_ERR, 0, 0, 5});
        const u64 before = b.requests();
        (void)b.plays(900);
        CHECK(b.requests() - before >= 4);
        CHECK(b.requests() - before <= 16);
        CHECK(b.keeper.stream().state() != stream_state::running);
        (void)b.plays(400);
        CHECK(b.keeper.stream().state() == stream_state::running);
        CHECK(b.plays(500) > 40);
    }
}

TEST_CASE("stream_keeper: a stream that stopped is lost until it is released") {
    bench b;
    b.keeper.stream().set_xrun_policy(xrun_policy::stop);
    CHECK(b.plays(300) > 20);
    while (!b.plays_on()) {
    }
    (void)b.keeper.hand_over(); // and the device runs dry
    for (u32 i = 0; i < 300 && !b.keeper.lost(); ++i)
        (void)b.plays_on();
    REQUIRE(b.keeper.lost());
    CHECK_FALSE(b.plays_on());
    b.releases(1000);
    CHECK_FALSE(b.keeper.lost());
    CHECK(b.plays(300) > 20);
}

TEST_CASE("stream_keeper: while the card brings a stream back, nothing is there; then it goes on") {
    bench b;
    CHECK(b.plays(300) > 20);
    b.r.device().faults().stall_at_frame = b.r.device().stream(0).taken_frames() + 2000;
    CHECK(b.plays(400) < 30);
    b.r.device().faults().stall_at_frame = model::fault_set::never;
    (void)b.plays(1000);
    CHECK(b.plays(500) > 40);
    CHECK(b.keeper.stream().counters().recoveries > 0);
}

TEST_CASE("stream_keeper: a request that is never answered: the stream is lost, and comes back") {
    using model::request_fault;
    bare_bench b;
    b.r.device().faults().requests.push_back(
        {wire::SND_R_PCM_START, request_fault::kind::no_answer, 0, 0, 0, 1});
    (void)b.plays(3000);
    REQUIRE(b.keeper.lost());
    CHECK(b.keeper.stream().state() == stream_state::unknown);
    b.releases(2000);
    CHECK(b.plays(500) > 20);
}

TEST_CASE("stream_keeper: a device that keeps its periods after RELEASE") {
    bare_bench b(model::vhost_device_sound_null_profile(), direction::capture);
    for (u32 i = 0; i < 100; ++i)
        CHECK_FALSE(b.plays_on()); // it never completes any
    for (u32 i = 0; i < 5000 && !b.keeper.stuck(); ++i)
        CHECK_FALSE(b.goes_back());
    CHECK(b.keeper.stuck());
    CHECK_FALSE(b.goes_back());
    CHECK(b.keeper.given() == b.memory.audio.cpu);
    // Other memory for the next time does not make it let go of this.
    b.keeper.set_up(b.params, b.r.memory_for(b.params));
    CHECK(b.keeper.given() == b.memory.audio.cpu);
}

TEST_CASE("stream_keeper: a device that takes periods before START is started all the same") {
    bench b(model::vhost_device_sound_null_profile());
    REQUIRE(b.keeper.stream().set_pacing(pacing::clock) == status_code::ok);
    const u64 begin = b.now();
    const u32 count = b.plays(2000);
    CHECK(b.keeper.stream().state() == stream_state::running);
    // By the clock, but for the buffer's worth at first.
    const u64 played = u64{count} * b.params.period_frames;
    const u64 passed = (b.now() - begin) / 1000 * b.params.rate_hz / 1'000'000;
    CHECK(played + 3 * b.params.period_frames >= passed);
    CHECK(played <= passed + (b.params.periods + 1) * b.params.period_frames);
}
