// A stream that is stuck is brought back, by the watchdog or by its user.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>
#include <vsnd/model/profiles.hpp>

using namespace vsnd;
using support::bytes;
using support::rig;

namespace {

constexpr u32 frame = 4;

struct listener {
    u32* told = nullptr;
    status_code* last = nullptr;
    std::function<void()>* then = nullptr;
    template <class Stream>
    void recovered(Stream&, status_code code) {
        ++*told;
        *last = code;
        if (*then) (*then)();
    }
};

template <class Limits = default_limits>
struct bench_of {
    explicit bench_of(model::device_profile profile = model::default_profile())
        : r(std::move(profile), {&told, &last, &then}) {}

    u32 told = 0;
    status_code last = status_code::in_progress;
    std::function<void()> then;
    rig<listener, Limits> r;

    using stream = typename rig<listener, Limits>::stream;

    stream& open(direction flow = direction::playback) {
        REQUIRE(r.open() == status_code::ok);
        stream& s = *r.driver.find(flow);
        pcm_params p;
        p.period_frames = 256;
        p.periods = 4;
        REQUIRE(r.prepare(s, p) == status_code::ok);
        return s;
    }
    // As a kernel's timer does: at the time that tick wished for.
    void step(u64 longest_ns = 5'000'000) {
        const u64 now = r.device().now_ns();
        const u64 next = r.driver.tick(now);
        r.run(lesser(greater(next, now + 100'000) - now, longest_ns));
    }
    // Plays `data` and steps on until all of it is committed.
    status_code play(stream& s, const bytes& data, u64 until_ns) {
        usize at = 0;
        while (at < data.size() && r.device().now_ns() < until_ns) {
            const status_code fed = r.feed(s, data, at, ~usize{0});
            if (!ok(fed)) return fed;
            step();
        }
        return at == data.size() ? s.drain() : status_code::timed_out;
    }
};

using bench = bench_of<>;

constexpr u64 seconds(u64 n) {
    return n * 1'000'000'000;
}

} // namespace

// [virtio 1.4] Sound Device / PCM Command Lifecycle
TEST_CASE("recovery: a device that falls silent is started again, and not a frame is lost") {
    bench b;
    auto& out = b.open();
    b.r.device().faults().stall_at_frame = 256 * 20;
    b.then = [&] { b.r.device().faults().stall_at_frame = model::fault_set::never; };
    const bytes data = support::noise(256 * frame * 100);
    CHECK(b.play(out, data, seconds(10)) == status_code::ok);
    CHECK(out.counters().stalls == 1);
    CHECK(out.counters().recoveries == 1);
    CHECK(b.told == 1);
    CHECK(b.last == status_code::ok);
    CHECK(out.position_frames() == 256 * 100);
    CHECK(support::plays_exactly(b.r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK_CLEAN(b.r);
}

TEST_CASE("recovery: a device that stalls again and again is left alone") {
    bench b;
    auto& out = b.open();
    b.r.device().faults().stall_at_frame = 256 * 2; // in every start
    const bytes data = support::noise(256 * frame * 200);
    CHECK(b.play(out, data, seconds(5)) == status_code::timed_out);
    CHECK(out.counters().recoveries == 3);
    CHECK(out.counters().stalls > 3);
    CHECK(out.counters().stalls < 30);
    CHECK(out.state() == stream_state::running);
    CHECK(out.release() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("recovery: in another ten seconds it may be tried again") {
    bench b;
    auto& out = b.open();
    auto& faults = b.r.device().faults();
    faults.stall_at_frame = 256 * 2;
    b.then = [&] {
        if (b.told % 3 == 0) faults.stall_at_frame = model::fault_set::never;
    };
    const bytes data = support::noise(256 * frame * 190 * 12); // twelve seconds
    usize at = 0;
    while (b.r.device().now_ns() < seconds(11)) {
        REQUIRE(b.r.feed(out, data, at, ~usize{0}) == status_code::ok);
        b.step();
    }
    CHECK(out.counters().recoveries == 3);
    faults.stall_at_frame = 0;
    const u64 end = b.r.device().now_ns() + seconds(1);
    while (b.r.device().now_ns() < end)
        b.step();
    CHECK(out.counters().recoveries > 3);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("recovery: its user may ask for it, and the position goes on") {
    for (const bool qemu : {false, true}) {
        CAPTURE(qemu);
        bench b(qemu ? model::qemu_profile() : model::default_profile());
        auto& out = b.open();
        CHECK(out.recover() == status_code::wrong_state); // it does not run
        const bytes data = support::noise(256 * frame * 100);
        usize at = 0;
        u64 last = 0;
        for (u32 round = 0; at < data.size(); ++round) {
            REQUIRE(b.r.feed(out, data, at, ~usize{0}) == status_code::ok);
            b.step();
            if (round % 16 == 15 && out.state() == stream_state::running) {
                CHECK(out.recover() == status_code::ok);
                CHECK(out.state() == stream_state::running);
            }
            CHECK(out.position_frames() >= last);
            last = out.position_frames();
        }
        CHECK(out.drain() == status_code::ok);
        CHECK(out.position_frames() == 256 * 100);
        CHECK(out.counters().recoveries > 2);
        CHECK(b.told == out.counters().recoveries);
        CHECK_CLEAN(b.r);
    }
}

TEST_CASE("recovery: while it lasts the user's periods wait, and other operations are refused") {
    bench b;
    auto& out = b.open();
    const bytes data = support::noise(256 * frame * 4);
    REQUIRE(out.write({data.data(), data.size()}).value() == data.size());
    REQUIRE(out.start() == status_code::ok);
    b.r.run(7'000'000); // one period is free
    REQUIRE(out.acquire().ok());
    b.r.device().faults().requests.push_back({wire::SND_R_PCM_PREPARE,
                                              model::request_fault::kind::late, wire::SND_S_OK,
                                              50'000'000, 0, 1});
    CHECK(out.recover_async() == status_code::in_progress);
    CHECK(out.commit() == status_code::would_block);
    CHECK(out.acquire().code() == status_code::would_block);
    CHECK(out.write({data.data(), frame}).code() == status_code::would_block);
    CHECK(out.stop() == status_code::busy);
    CHECK(out.recover() == status_code::busy);
    b.r.run(100'000'000);
    CHECK(out.outcome() == status_code::ok);
    CHECK(b.told == 1);
    CHECK(out.commit() == status_code::ok);
    CHECK(out.drain() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("recovery: a device that no longer answers is told of, and the stream can be closed") {
    bench_of<support::without_resets> b;
    auto& out = b.open();
    b.r.device().faults().stall_at_frame = 256 * 8;
    b.r.device().faults().requests.push_back(
        {wire::SND_R_PCM_STOP, model::request_fault::kind::no_answer});
    const bytes data = support::noise(256 * frame * 100);
    CHECK_FALSE(ok(b.play(out, data, seconds(10))));
    CHECK(b.told == 1);
    CHECK(b.last == status_code::timed_out);
    CHECK(out.state() == stream_state::unknown);
    CHECK(out.write({data.data(), frame}).code() == status_code::wrong_state);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("recovery: a guest that was late, or has nothing to play, starts none") {
    bench b;
    auto& out = b.open();
    const bytes data = support::noise(256 * frame * 100);
    usize at = 0;
    REQUIRE(b.r.feed(out, data, at, 256 * frame * 4) == status_code::ok);
    REQUIRE(out.start() == status_code::ok);
    b.step();
    b.r.kernel.pci.on_vector = [](u32) {}; // the guest sleeps: no interrupt is handled
    b.r.run(seconds(3));
    b.r.kernel.pci.on_vector = [&](u32 vector) { b.r.interrupt(vector); };
    for (u32 i = 0; i < 200; ++i)
        b.step();
    CHECK(out.counters().stalls == 0);
    CHECK(out.counters().recoveries == 0);
    CHECK(b.told == 0);
    CHECK_CLEAN(b.r);
}

TEST_CASE("recovery: a host that slept with its guest starts none") {
    bench b;
    auto& out = b.open();
    const bytes data = support::noise(256 * frame * 100);
    usize at = 0;
    REQUIRE(b.r.feed(out, data, at, 256 * frame * 4) == status_code::ok);
    REQUIRE(out.start() == status_code::ok);
    b.step();
    b.r.device().faults().stall_at_frame = 0; // nothing is played, and nobody ticks
    b.r.run(seconds(3));
    for (u32 i = 0; i < 3; ++i)
        b.step();
    CHECK(out.counters().stalls == 0);
    b.r.device().faults().stall_at_frame = model::fault_set::never;
    for (u32 i = 0; i < 100; ++i)
        b.step();
    CHECK(out.position_frames() == 256 * 4);
    CHECK(out.counters().stalls == 0);
    CHECK(b.told == 0);
}

TEST_CASE("recovery: an interrupt that is lost is none, since the queue is looked at first") {
    bench b;
    auto& out = b.open();
    b.r.kernel.pci.on_vector = [](u32) {};
    const bytes data = support::noise(256 * frame * 40);
    CHECK(b.play(out, data, seconds(20)) == status_code::ok);
    CHECK(out.counters().stalls == 0);
    CHECK(support::plays_exactly(b.r.device().stream(0).sink(), data, pcm_format::s16));
}

TEST_CASE("recovery: capture goes on recording") {
    bench b;
    auto& in = b.open(direction::capture);
    b.r.device().faults().stalled_stream = in.id();
    b.r.device().faults().stall_at_frame = 256 * 10;
    b.then = [&] { b.r.device().faults().stall_at_frame = model::fault_set::never; };
    REQUIRE(in.start() == status_code::ok);
    u8 piece[256 * frame];
    usize got = 0;
    while (got < 256 * frame * 50 && b.r.device().now_ns() < seconds(10)) {
        const auto n = in.read({piece, sizeof(piece)});
        if (n.ok())
            got += n.value();
        else
            b.step();
    }
    CHECK(got == 256 * frame * 50);
    CHECK(in.counters().recoveries == 1);
    CHECK(in.position_frames() >= 256 * 50);
    CHECK(in.drop() == status_code::ok);
    CHECK_CLEAN(b.r);
}

// A device that stops for good once it has run dry, until the next START.
TEST_CASE("recovery: a device that does not resume by itself is started again") {
    for (const auto& each : model::all_profiles()) {
        if (each.can.resumes || !each.can.plays) continue;
        CAPTURE(each.name);
        bench b(each.make());
        auto& out = b.open();
        const bytes data = support::noise(256 * frame * 40);
        usize at = 0;
        REQUIRE(out.write({data.data(), 256 * frame * 4}).value() == 256 * frame * 4);
        at = 256 * frame * 4;
        REQUIRE(out.start() == status_code::ok);
        b.r.run(seconds(1)); // it runs dry
        while (at < data.size() && b.r.device().now_ns() < seconds(10)) {
            REQUIRE(b.r.feed(out, data, at, ~usize{0}) == status_code::ok);
            b.step();
        }
        CHECK(at == data.size());
        CHECK(out.counters().recoveries >= 1);
        CHECK(out.drain() == status_code::ok);
        CHECK(out.position_frames() == 256 * 40);
    }
}
