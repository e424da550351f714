// A card in trouble resets its device, sets it up again, and its streams are what they were.

#include <doctest/doctest.h>

#include <support/rescue_bench.hpp>
#include <support/units.hpp>
#include <vsnd/model/profiles.hpp>

using namespace vsnd;
using namespace support;

namespace {

constexpr usize period = 256 * one_frame;
constexpr usize full = 4 * period;

void lose_answer(rescue_bench& b, u32 code, u32 times = 1) {
    b.r.device().faults().requests.push_back(
        {code, model::request_fault::kind::no_answer, wire::SND_S_OK, 0, 0, times});
}

} // namespace

// [virtio 1.4] Basic Facilities of a Virtio Device / Device Status Field, driver 4
TEST_CASE("reset: a device that needs one gets it, and playback goes on where it was") {
    rescue_bench b;
    const bytes data = noise(period * 100);
    auto& out = b.running(data);
    usize at = full;
    u64 last = 0;
    for (u32 i = 0; at < data.size(); ++i) {
        REQUIRE(b.r.driver.failure() == status_code::ok);
        const status_code fed = b.r.feed(out, data, at, ~usize{0});
        REQUIRE((ok(fed) || fed == status_code::busy));
        if (i == 20) {
            b.r.device().set_needs_reset();
            b.r.run(0);
            CHECK(b.r.driver.state() == card_state::recovering);
            CHECK(b.r.driver.failure() == status_code::needs_reset);
            CHECK(out.write({data.data(), one_frame}).code() == status_code::would_block);
            CHECK(out.stop() == status_code::busy);
            CHECK(out.recover() == status_code::busy);
            CHECK(b.r.driver.suspend_async() == status_code::busy);
            b.until_open();
        }
        b.step();
        CHECK(out.position_frames() >= last);
        last = out.position_frames();
    }
    CHECK(out.drain() == status_code::ok);
    CHECK(b.r.driver.counters().resets == 1);
    CHECK(b.heard.times == 1);
    CHECK(b.heard.last == status_code::ok);
    CHECK(out.counters().recoveries == 1);
    CHECK(out.counters().xruns == 0);
    CHECK(out.position_frames() == 256 * 100);
    CHECK(plays_with_repeats(b.r.device().stream(0).sink(), data, period, period));
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("reset: each stream comes back as what it was") {
    rescue_bench b;
    const bytes data = noise(full);
    auto& runs = b.running(data);
    auto& waits = b.prepared(direction::playback, 1);
    REQUIRE(waits.write({data.data(), 2 * period}).value() == 2 * period);
    auto& in = b.prepared(direction::capture);
    auto& idle = *b.r.driver.find(direction::capture, 1);
    REQUIRE(in.start() == status_code::ok);
    u8 heard[period];
    b.r.run(8 * ms);
    REQUIRE(in.read({heard, sizeof(heard)}).ok());
    const u64 recorded = in.position_frames();
    b.r.device().set_needs_reset();
    b.r.run(0);
    b.until_open();
    b.steps(20 * ms);
    CHECK(runs.state() == stream_state::running);
    CHECK(in.state() == stream_state::running);
    CHECK(waits.state() == stream_state::prepared);
    CHECK(waits.in_flight() == 2);
    CHECK(idle.state() == stream_state::released);
    CHECK(b.heard.times == 3);
    CHECK(b.heard.of_stream[idle.id()] == 0);
    CHECK(in.position_frames() > recorded);
    CHECK(in.read({heard, sizeof(heard)}).ok());
    // The one that waited takes the rest, and plays all of it.
    REQUIRE(waits.write({data.data() + 2 * period, 2 * period}).value() == 2 * period);
    CHECK(waits.start() == status_code::ok);
    CHECK(waits.drain() == status_code::ok);
    CHECK(plays_exactly(b.r.device().stream(waits.id()).sink(), data, pcm_format::s16));
    CHECK(in.stop() == status_code::ok);
    // A stopped one comes back prepared.
    b.r.device().set_needs_reset();
    b.r.run(0);
    b.until_open();
    b.steps(20 * ms);
    CHECK(in.state() == stream_state::prepared);
    CHECK(in.start() == status_code::ok);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

// [virtio 1.4] Basic Facilities of a Virtio Device / Device Status Field, driver 4
TEST_CASE("reset: an operation under way ends with its cause") {
    rescue_bench b;
    const bytes data = noise(full);
    auto& out = b.running(data);
    lose_answer(b, wire::SND_R_PCM_STOP);
    CHECK(out.stop_async() == status_code::in_progress);
    b.r.run(ms);
    b.r.device().set_needs_reset();
    b.r.run(0);
    CHECK(out.outcome() == status_code::needs_reset);
    b.until_open();
    b.steps(20 * ms);
    CHECK(out.outcome() == status_code::needs_reset); // of the user's operation, not of the return
    CHECK(out.state() == stream_state::prepared);     // it was to be stopped
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("reset: a request that is not answered resets the device, whatever it was") {
    struct row {
        u32 code;
        stream_state after;
    };
    for (const row& each : {row{wire::SND_R_PCM_SET_PARAMS, stream_state::released},
                            row{wire::SND_R_PCM_PREPARE, stream_state::released},
                            row{wire::SND_R_PCM_START, stream_state::prepared},
                            row{wire::SND_R_PCM_STOP, stream_state::prepared},
                            row{wire::SND_R_PCM_RELEASE, stream_state::released}}) {
        CAPTURE(each.code);
        rescue_bench b;
        const bytes data = noise(full);
        auto& other = b.running(data, 1);
        auto& out = *b.r.driver.find(direction::playback);
        lose_answer(b, each.code);
        status_code code = b.r.prepare(out, b.small());
        if (ok(code)) {
            REQUIRE(out.write({data.data(), full}).value() == full);
            code = out.start();
        }
        if (ok(code)) code = out.stop();
        if (ok(code)) code = out.release();
        CHECK(code == status_code::timed_out);
        b.until_open();
        b.steps(20 * ms);
        CHECK(b.r.driver.counters().resets == 1);
        CHECK(out.state() == each.after);
        CHECK(other.state() == stream_state::running);
        // Everything works.
        CHECK(out.release() == status_code::ok);
        CHECK(b.r.prepare(out, b.small()) == status_code::ok);
        CHECK(b.r.play(out, noise(period * 10)) == status_code::ok);
        CHECK(b.r.driver.close() == status_code::ok);
        CHECK_CLEAN(b.r);
    }
}

TEST_CASE("reset: a recovery that is not answered goes on as one") {
    rescue_bench b;
    const bytes data = noise(period * 100);
    auto& out = b.running(data);
    usize at = full;
    lose_answer(b, wire::SND_R_PCM_STOP);
    b.r.device().faults().stall_at_frame = 256 * 8;
    for (u32 i = 0; i < 2000 && b.r.driver.counters().resets == 0; ++i) {
        (void)b.r.feed(out, data, at, ~usize{0});
        b.step();
    }
    b.r.device().faults().stall_at_frame = model::fault_set::never;
    CHECK(b.go_on(out, data, at) == status_code::ok);
    CHECK(b.heard.times == 1);
    CHECK(b.heard.last == status_code::ok);
    CHECK(out.position_frames() == 256 * 100);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("reset: a queue that the device broke works again") {
    for (const u32 queue : {wire::SND_VQ_CONTROL, wire::SND_VQ_TX, wire::SND_VQ_EVENT}) {
        CAPTURE(queue);
        rescue_bench b;
        const bytes data = noise(period * 60);
        auto& out = b.running(data);
        usize at = full;
        b.r.run(3 * ms);
        const bus_address used{b.r.device().registers(queue).address[2]};
        REQUIRE(b.r.kernel.memory.store(used + 2, u16{0x8000})); // its index leaps
        (void)b.r.driver.pump_all();
        CHECK(b.r.driver.state() == card_state::recovering);
        CHECK(b.r.driver.failure() == status_code::device_broken);
        b.until_open();
        CHECK(b.go_on(out, data, at) == status_code::ok);
        CHECK(out.position_frames() == 256 * 60);
        CHECK(b.r.driver.counters().resets == 1);
        CHECK(b.r.driver.close() == status_code::ok);
    }
}

TEST_CASE("reset: three in ten seconds, and the fourth failure sticks; later there may be more") {
    rescue_bench b;
    const bytes data = noise(full);
    auto& out = b.running(data);
    const auto hurt = [&] {
        b.r.device().set_needs_reset();
        b.r.run(0);
    };
    for (u32 i = 0; i < 3; ++i) {
        hurt();
        b.until_open();
        b.steps(20 * ms);
        CHECK(out.state() == stream_state::running);
    }
    b.steps(11'000 * ms);
    hurt();
    b.until_open();
    b.steps(20 * ms);
    CHECK(b.r.driver.counters().resets == 4);
    hurt();
    b.until_open();
    hurt();
    b.until_open();
    hurt();
    CHECK(b.r.driver.state() == card_state::failed);
    CHECK(b.r.driver.failure() == status_code::needs_reset);
    CHECK(b.heard.last == status_code::needs_reset);
    CHECK(out.start() == status_code::needs_reset);
    CHECK(b.r.driver.tick(b.r.device().now_ns()) == ~u64{0});
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK(b.r.open() == status_code::ok);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("reset: one that is not confirmed leaves the memory with the device") {
    rescue_bench b;
    const bytes data = noise(full);
    auto& out = b.running(data);
    b.r.device().faults().ignores_reset = true;
    b.r.kernel.ns_per_look = support::ms; // polling takes time
    b.r.device().set_needs_reset();
    b.r.run(0);
    for (u32 i = 0; i < 100 && b.r.driver.state() == card_state::recovering; ++i)
        b.step();
    CHECK(b.r.driver.state() == card_state::failed);
    CHECK(b.r.driver.failure() == status_code::memory_still_owned);
    CHECK(out.state() == stream_state::unknown);
    CHECK(b.heard.last == status_code::memory_still_owned);
    CHECK(out.release() == status_code::memory_still_owned);
    CHECK(b.r.driver.close() == status_code::memory_still_owned);
    b.r.device().faults().ignores_reset = false;
    CHECK(b.r.driver.close() == status_code::ok);
}

TEST_CASE("reset: the card is closed in the middle of it") {
    rescue_bench b;
    const bytes data = noise(full);
    auto& out = b.running(data);
    b.r.device().set_needs_reset();
    b.r.run(0);
    CHECK(b.r.driver.state() == card_state::recovering);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK(b.r.driver.state() == card_state::closed);
    CHECK(out.start() == status_code::wrong_state);
    CHECK(b.r.open() == status_code::ok);
    auto& again = b.prepared();
    CHECK(b.r.play(again, noise(period * 10)) == status_code::ok);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("reset: drain and drop that were under way") {
    for (const bool drop : {false, true}) {
        CAPTURE(drop);
        rescue_bench b;
        const bytes data = noise(full);
        auto& out = b.running(data);
        lose_answer(b, wire::SND_R_PCM_STOP);
        CHECK((drop ? out.drop_async() : out.drain_async()) == status_code::in_progress);
        b.r.device().set_needs_reset();
        b.r.run(0);
        CHECK(out.outcome() == status_code::needs_reset);
        b.r.device().faults() = {};
        b.until_open();
        b.steps(10 * ms);
        // What was to be played to its end is played; what was dropped is gone.
        CHECK(out.state() == (drop ? stream_state::prepared : stream_state::running));
        CHECK((out.in_flight() == 0) == drop);
        if (!drop) CHECK(out.drain() == status_code::ok);
        if (!drop) CHECK(out.position_frames() == 256 * 4);
        CHECK(b.r.driver.close() == status_code::ok);
        CHECK_CLEAN(b.r);
    }
}

// [virtio 1.4] Sound Device / PCM Command Lifecycle
TEST_CASE("reset: on every device that plays") {
    for (const auto& each : model::all_profiles()) {
        if (!each.can.plays) continue;
        CAPTURE(each.name);
        rescue_bench b(each.make());
        REQUIRE(b.r.open() == status_code::ok);
        auto& out = *b.r.driver.find(direction::playback);
        const pcm_params p = out.nearest(b.small()).value();
        REQUIRE(b.r.prepare(out, p) == status_code::ok);
        const bytes data = noise(out.period_bytes() * 40);
        usize at = 0;
        for (u32 i = 0; i < 15; ++i) {
            REQUIRE(b.r.feed(out, data, at, ~usize{0}) == status_code::ok);
            b.step();
        }
        b.r.device().set_needs_reset();
        b.r.run(0);
        b.until_open();
        CHECK(b.go_on(out, data, at) == status_code::ok);
        CHECK(b.r.driver.counters().resets == 1);
        CHECK(out.position_frames() == u64{p.period_frames} * 40);
        CHECK(b.r.driver.close() == status_code::ok);
        CHECK_CLEAN(b.r);
    }
}
