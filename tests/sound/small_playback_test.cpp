// A driver that only plays, with the limits and the ring policy that count bytes of code.

#include <doctest/doctest.h>

#include <cstring>

#include <support/sound_rig.hpp>
#include <vsnd/model/profiles.hpp>

using namespace vsnd;
using support::bytes;
using kind = model::request_fault::kind;

namespace {

constexpr u32 frame = 4;
constexpr u32 period = 256 * frame;

constexpr u64 seconds(u64 n) {
    return n * 1'000'000'000;
}

struct listener {
    u32* done = nullptr;
    u32* xruns = nullptr;
    status_code* recovered_with = nullptr;
    std::function<void()>* then = nullptr;
    template <class Stream>
    void period_done(Stream& s) {
        ++*done;
        CHECK(s.stop() == status_code::wrong_context);
    }
    template <class Stream>
    void xrun(Stream&) {
        ++*xruns;
    }
    template <class Stream>
    void recovered(Stream&, status_code code) {
        *recovered_with = code;
        if (*then) (*then)();
    }
};

using small_rig = support::rig<listener, small_playback_limits, small_ring_policy>;
using sink_stream = small_rig::stream;

struct bench {
    explicit bench(model::device_profile profile = model::default_profile())
        : r(std::move(profile), {&done, &xruns, &recovered_with, &then}) {}

    u32 done = 0;
    u32 xruns = 0;
    status_code recovered_with = status_code::in_progress;
    std::function<void()> then;
    small_rig r;

    static pcm_params usual() {
        pcm_params p;
        p.period_frames = 256;
        return p;
    }
    sink_stream& open() {
        REQUIRE(r.open() == status_code::ok);
        sink_stream& out = *r.driver.find(direction::playback);
        REQUIRE(r.prepare(out, usual()) == status_code::ok);
        return out;
    }
    // Commits what there is room for, whole periods.
    static void fill(sink_stream& out, const bytes& data, usize& at) {
        while (at < data.size()) {
            const auto room = out.acquire();
            if (!room.ok()) return;
            REQUIRE(room.value().size() == period);
            std::memcpy(room.value().data(), data.data() + at, period);
            REQUIRE(out.commit() == status_code::ok);
            at += period;
        }
    }
    void step() {
        (void)r.driver.tick(r.device().now_ns());
        r.run(1'000'000);
    }
    status_code play(sink_stream& out, const bytes& data) {
        usize at = 0;
        const u64 end = r.device().now_ns() + seconds(20);
        while (at < data.size() && r.device().now_ns() < end) {
            fill(out, data, at);
            if (out.state() == stream_state::prepared && at == 4 * period)
                REQUIRE(out.start() == status_code::ok);
            step();
        }
        return at == data.size() ? out.drain() : status_code::timed_out;
    }
    const bytes& heard() { return r.device().stream(0).sink(); }
};

} // namespace

// [virtio 1.4] Sound Device / PCM Output Stream
TEST_CASE("a small driver plays to the last frame, with the device's own buffer, and stops") {
    for (auto* profile : {&model::default_profile, &model::qemu_profile}) {
        bench b(profile());
        sink_stream& out = b.open();
        const bytes data = support::noise(period * 100);
        CHECK(b.play(out, data) == status_code::ok);
        CHECK(out.state() == stream_state::stopped);
        CHECK(out.position_frames() == 256 * 100);
        CHECK(support::plays_exactly(b.heard(), data, pcm_format::s16));
        CHECK(b.done == 100);
        // QEMU's device has taken the whole buffer before the drain begins.
        CHECK(b.xruns == (profile == &model::qemu_profile));
        CHECK(out.counters().io_errors == 0);
        CHECK(b.r.driver.close() == status_code::ok);
        CHECK_CLEAN(b.r);
    }
}

TEST_CASE("a small driver drains what is shorter than the buffer, and nothing") {
    bench b;
    sink_stream& out = b.open();
    CHECK(out.drain() == status_code::ok);
    CHECK(out.state() == stream_state::prepared);
    const bytes data = support::noise(period * 2);
    usize at = 0;
    b.fill(out, data, at);
    CHECK(out.start() == status_code::would_block);
    CHECK(out.drain() == status_code::ok);
    CHECK(support::plays_exactly(b.heard(), data, pcm_format::s16));
    CHECK_CLEAN(b.r);
}

TEST_CASE("a small driver pauses, goes on, drops and plays again") {
    bench b;
    sink_stream& out = b.open();
    const bytes data = support::noise(period * 8);
    usize at = 0;
    b.fill(out, data, at);
    CHECK(at == 4 * period);
    CHECK(out.acquire().code() == status_code::would_block);
    REQUIRE(out.start() == status_code::ok);
    for (u32 i = 0; i < 7; ++i)
        b.step();
    CHECK(out.stop() == status_code::ok);
    CHECK(out.acquire().code() == status_code::wrong_state);
    const u64 position = out.position_frames();
    CHECK(position != 0);
    for (u32 i = 0; i < 50; ++i)
        b.step();
    CHECK(out.position_frames() == position);
    CHECK(out.start() == status_code::ok);
    for (u32 i = 0; i < 7; ++i)
        b.step();
    CHECK(out.position_frames() > position);
    REQUIRE(out.acquire().ok()); // and not committed
    CHECK(out.drop() == status_code::ok);
    CHECK(out.state() == stream_state::prepared);
    const usize before = b.heard().size();
    const bytes more = support::noise(period * 12, 7);
    CHECK(b.play(out, more) == status_code::ok);
    CHECK(support::plays_exactly(b.heard(), more, pcm_format::s16, before));
    CHECK_CLEAN(b.r);
}

TEST_CASE("a small driver counts an xrun and goes on") {
    bench b;
    sink_stream& out = b.open();
    const bytes data = support::noise(period * 4);
    usize at = 0;
    b.fill(out, data, at);
    REQUIRE(out.start() == status_code::ok);
    for (u32 i = 0; i < 60; ++i)
        b.step();
    CHECK(b.xruns == 1);
    CHECK(out.counters().xruns == 1);
    const bytes more = support::noise(period * 12, 7);
    CHECK(b.play(out, more) == status_code::ok);
    CHECK(out.position_frames() == 256 * 16);
    CHECK(b.done == 16);
    CHECK_CLEAN(b.r);
}

TEST_CASE("a small driver starts a device that fell silent again, and not a frame is lost") {
    bench b;
    sink_stream& out = b.open();
    b.r.device().faults().stall_at_frame = 256 * 20;
    b.then = [&] { b.r.device().faults().stall_at_frame = model::fault_set::never; };
    const bytes data = support::noise(period * 100);
    CHECK(b.play(out, data) == status_code::ok);
    CHECK(out.counters().stalls == 1);
    CHECK(out.counters().recoveries == 1);
    CHECK(b.recovered_with == status_code::ok);
    CHECK(out.recover() == status_code::wrong_state);
    CHECK(out.position_frames() == 256 * 100);
    CHECK(support::plays_exactly(b.heard(), data, pcm_format::s16));
    CHECK_CLEAN(b.r);
}

TEST_CASE("a small driver leaves a device alone that stalls again and again") {
    bench b;
    sink_stream& out = b.open();
    b.r.device().faults().stall_at_frame = 256 * 2; // in every start
    CHECK(b.play(out, support::noise(period * 200)) == status_code::timed_out);
    CHECK(out.counters().recoveries >= 3);
    CHECK(out.counters().recoveries <= 6); // twenty seconds
    CHECK(out.drain() == status_code::timed_out);
    CHECK(out.state() == stream_state::stopped);
    CHECK(out.release() == status_code::ok);
    CHECK_CLEAN(b.r);
}

// [virtio 1.4] Sound Device / Device Operation
TEST_CASE("a small driver gives up requests that nobody answers") {
    for (const u32 code : {wire::SND_R_PCM_SET_PARAMS, wire::SND_R_PCM_PREPARE,
                           wire::SND_R_PCM_START, wire::SND_R_PCM_STOP}) {
        CAPTURE(code);
        bench b;
        REQUIRE(b.r.open() == status_code::ok);
        b.r.device().faults().requests = {{.code = code}};
        sink_stream& out = *b.r.driver.find(direction::playback);
        status_code last = b.r.prepare(out, b.usual());
        usize at = 0;
        if (ok(last)) b.fill(out, support::noise(period * 4), at);
        if (ok(last)) last = out.start();
        if (ok(last)) last = out.stop();
        CHECK(last == status_code::timed_out);
        CHECK(out.state() == stream_state::unknown);
        CHECK(out.start() == status_code::wrong_state);
        CHECK(b.r.driver.close() == status_code::ok);
        CHECK(out.acquire().code() == status_code::wrong_state);
        b.r.device().faults().requests.clear();
        REQUIRE(b.r.open() == status_code::ok);
        REQUIRE(b.r.prepare(out, b.usual()) == status_code::ok);
        const usize before = b.heard().size();
        const bytes data = support::noise(period * 12);
        CHECK(b.play(out, data) == status_code::ok);
        CHECK(support::plays_exactly(b.heard(), data, pcm_format::s16, before));
    }
}

TEST_CASE("a small driver drops ids that it never posted, and hears that a reset is needed") {
    bench b;
    sink_stream& out = b.open();
    b.r.device().faults().used = {
        {.queue = wire::SND_VQ_TX, .times = 1, .wrong_id = true, .id = 1}};
    usize at = 0;
    const bytes data = support::noise(period * 4);
    b.fill(out, data, at);
    CHECK(out.submitted_frames() == 256 * 4);
    CHECK(out.delay_frames() == 256 * 4);
    CHECK(out.avail_frames() == 0);
    REQUIRE(out.start() == status_code::ok);
    for (u32 i = 0; i < 60; ++i)
        b.step();
    CHECK(b.r.driver.counters().unknown_ids == 1);
    CHECK(out.position_frames() == 256 * 3);
    // What went with the wrong id never comes back.
    CHECK(out.release() == status_code::memory_still_owned);
    CHECK(b.r.driver.close() == status_code::ok);
    b.open();
    b.r.device().set_needs_reset();
    b.r.driver.config_changed();
    CHECK(b.r.driver.failure() == status_code::needs_reset);
    CHECK(out.stop() == status_code::needs_reset);
    CHECK(out.outcome() == status_code::ok);
    CHECK(out.acquire().code() == status_code::wrong_state);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_FALSE(b.r.driver.pump_all());
    CHECK_FALSE(b.r.driver.pump(wire::SND_VQ_TX, 1));
}

TEST_CASE("a small driver is pumped queue by queue") {
    bench b;
    sink_stream& out = b.open();
    usize at = 0;
    b.fill(out, support::noise(period * 4), at);
    b.r.kernel.pci.on_vector = nullptr; // no pump but this test's
    const auto begun = out.start_async();
    CHECK(begun == status_code::in_progress);
    CHECK(out.start_async() == status_code::busy);
    b.r.run(30'000'000);
    while (b.r.driver.pump(wire::SND_VQ_CONTROL, 1)) {
    }
    CHECK(out.outcome() == status_code::ok);
    CHECK(b.done == 0);
    CHECK(b.r.driver.pump<wire::SND_VQ_TX>() == false);
    CHECK(b.done == 4);
    CHECK(b.r.driver.close() == status_code::ok);
}

TEST_CASE("a small driver refuses what it cannot, and says so") {
    bench b;
    REQUIRE(b.r.open() == status_code::ok);
    CHECK(b.r.driver.find(direction::capture) == nullptr);
    sink_stream& out = *b.r.driver.find(direction::playback);
    CHECK(out.acquire().code() == status_code::wrong_state);
    CHECK(out.commit() == status_code::wrong_state);
    CHECK(out.start() == status_code::wrong_state);
    CHECK(b.r.driver.set_policy(wire::SND_VQ_TX, {4, 4}) == status_code::not_available);
    pcm_params p = b.usual();
    p.rate_hz = 47999;
    CHECK(out.prepare(p, b.r.memory_for(b.usual())) == status_code::bad_rate);
    p = out.nearest(p).value();
    CHECK(p.rate_hz == 48000);
    CHECK(out.prepare(p, {}) == status_code::no_memory);
    p.periods = 21; // with the silence more chains than a ring of 64 has room for
    CHECK(b.r.prepare(out, p) == status_code::no_room);
    CHECK(out.state() == stream_state::released);
    p.periods = 19;
    CHECK(b.r.prepare(out, p) == status_code::ok);
    CHECK(out.commit() == status_code::wrong_state);
    CHECK_CLEAN(b.r);
}
