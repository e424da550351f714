// Suspending a card and resuming it, with VIRTIO_F_SUSPEND and without; and losing it.

#include <doctest/doctest.h>

#include <support/owned_queue_port.hpp>
#include <support/rescue_bench.hpp>
#include <vsnd/model/profiles.hpp>

using namespace vsnd;
using namespace support;

namespace {

constexpr usize period = 256 * one_frame;
constexpr usize full = 4 * period;

model::device_profile that_suspends(bool can = true) {
    model::device_profile p = model::default_profile();
    p.suspend = can;
    p.suspend_delay_ns = 3 * ms;
    p.resume_delay_ns = 3 * ms;
    return p;
}

} // namespace

// [virtio 1.4] General Initialization And Device Operation / Device Suspend, driver 1
// [virtio 1.4] General Initialization And Device Operation / Device Suspend, driver 2
// [virtio 1.4] General Initialization And Device Operation / Device Suspend, driver 3
// [virtio 1.4] General Initialization And Device Operation / Device Suspend, driver 4
// [virtio 1.4] General Initialization And Device Operation / Device Suspend, driver 5
TEST_CASE("suspend: what ran goes on where it was, and nothing happens in between") {
    for (const bool can : {true, false}) {
        CAPTURE(can);
        rescue_bench b(that_suspends(can));
        const bytes data = noise(period * 60);
        auto& out = b.running(data);
        auto& waits = b.prepared(direction::playback, 1);
        auto& in = b.prepared(direction::capture);
        REQUIRE(in.start() == status_code::ok);
        b.r.run(12 * ms);
        usize at = full;
        REQUIRE(b.r.feed(out, data, at, ~usize{0}) == status_code::ok);

        CHECK(b.r.driver.suspend() == status_code::ok);
        CHECK(b.r.driver.state() == card_state::suspended);
        CHECK(b.r.device().suspends() == (can ? 1 : 0));
        CHECK(b.r.device().live() == can);
        const u64 position = out.position_frames();
        const u64 heard = b.r.heard();
        CHECK(out.write({data.data(), one_frame}).code() == status_code::suspended);
        CHECK(out.acquire().code() == status_code::suspended);
        CHECK(out.commit() != status_code::ok);
        CHECK(waits.write({data.data(), one_frame}).code() == status_code::suspended);
        CHECK(out.start() == status_code::suspended);
        CHECK(waits.release() == status_code::suspended);
        CHECK(b.r.driver.remap_jack(0, 1, 1) == status_code::suspended);
        CHECK(b.r.driver.set_policy(wire::SND_VQ_TX, {4, 4}) == status_code::suspended);
        CHECK(b.r.driver.suspend() == status_code::ok); // it is
        b.r.device().set_jack(0, true);
        for (u32 i = 0; i < 1000; ++i) {
            CHECK(b.r.driver.tick(b.r.device().now_ns()) == ~u64{0}); // nothing to do
            b.r.run(10 * ms);
            (void)b.r.driver.pump_all();
        }
        CHECK(b.r.heard() == heard);
        CHECK(out.position_frames() == position);

        CHECK(b.r.driver.resume() == status_code::ok);
        CHECK(b.r.driver.state() == card_state::open);
        CHECK(b.r.driver.resume() == status_code::ok);
        CHECK(out.state() == stream_state::running);
        CHECK(in.state() == stream_state::running);
        CHECK(waits.state() == stream_state::prepared);
        CHECK(b.heard.of_stream[out.id()] == 1);
        CHECK(b.heard.of_stream[in.id()] == 1);
        CHECK(b.heard.last == status_code::ok);
        CHECK(b.r.driver.counters().resets == (can ? 0 : 1));
        u8 piece[period];
        b.steps(10 * ms);
        CHECK(in.read({piece, sizeof(piece)}).ok());
        CHECK(b.go_on(out, data, at) == status_code::ok);
        CHECK(out.position_frames() == 256 * 60);
        CHECK(out.counters().stalls == 0);
        CHECK(plays_with_repeats(b.r.device().stream(0).sink(), data, period, period));
        CHECK(b.r.play(waits, noise(period * 8)) == status_code::ok);
        CHECK(b.r.driver.close() == status_code::ok);
        CHECK_CLEAN(b.r);
    }
}

// [virtio 1.4] General Initialization And Device Operation / Device Suspend, driver 3
TEST_CASE("suspend: a used event buffer waits for resume") {
    rescue_bench b(that_suspends());
    const bytes data = noise(full);
    (void)b.running(data);
    CHECK(b.r.driver.suspend_async() == status_code::in_progress);
    CHECK(b.r.driver.resume_async() == status_code::busy);
    const u64 there = b.r.device().queue(wire::SND_VQ_EVENT).popped();
    for (u32 i = 0; i < 100 && b.r.driver.outcome() == status_code::in_progress; ++i) {
        // Up to the last moment, and after it.
        b.r.device().set_jack(0, i % 2 == 0);
        b.step(ms);
    }
    CHECK(b.r.driver.outcome() == status_code::ok);
    CHECK(b.r.device().suspended());
    b.r.device().set_jack(0, true);
    b.r.run(50 * ms);
    CHECK(b.r.driver.resume() == status_code::ok);
    b.steps(10 * ms);
    CHECK(b.r.driver.jacks()[0].connected);
    CHECK(b.r.driver.counters().events == b.r.device().events_sent());
    CHECK(b.r.device().events_lost() == 0);
    CHECK(b.r.device().queue(wire::SND_VQ_EVENT).popped() > there);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

// [virtio 1.4] General Initialization And Device Operation / Device Suspend, driver 2
TEST_CASE("suspend: a device that does not suspend, or not resume, is reset") {
    enum class what { refuses_suspend, never_suspends, refuses_resume, lost_power, no_stop };
    for (const what how : {what::refuses_suspend, what::never_suspends, what::refuses_resume,
                           what::lost_power, what::no_stop}) {
        CAPTURE(static_cast<int>(how));
        model::device_profile profile = that_suspends();
        if (how == what::never_suspends) profile.suspend_delay_ns = 100'000 * ms;
        rescue_bench b(profile);
        const bytes data = noise(period * 60);
        auto& out = b.running(data);
        usize at = full;
        b.r.run(8 * ms);
        b.r.device().faults().refuses_suspend = how == what::refuses_suspend;
        b.r.device().faults().refuses_resume = how == what::refuses_resume;
        if (how == what::no_stop) {
            b.r.device().faults().requests.push_back({wire::SND_R_PCM_STOP,
                                                      model::request_fault::kind::no_answer,
                                                      wire::SND_S_OK, 0, 0, 1});
        }
        CHECK(b.r.driver.suspend() == status_code::ok);
        CHECK(b.r.driver.state() == card_state::suspended);
        const u64 heard = b.r.heard();
        b.r.run(100 * ms);
        CHECK(b.r.heard() == heard);
        if (how == what::lost_power) b.r.device().write_status(0);
        CHECK(b.r.driver.resume() == status_code::ok);
        CHECK(b.r.driver.counters().resets == 1);
        CHECK(out.state() == stream_state::running);
        CHECK(b.go_on(out, data, at) == status_code::ok);
        CHECK(out.position_frames() == 256 * 60);
        CHECK(b.r.driver.close() == status_code::ok);
    }
}

// [virtio 1.4] General Initialization And Device Operation / Device Suspend, driver 6
TEST_CASE("suspend: nothing happens before the device is awake again") {
    rescue_bench b(that_suspends());
    const bytes data = noise(full);
    auto& out = b.running(data);
    CHECK(b.r.driver.suspend() == status_code::ok);
    const u64 heard = b.r.heard();
    CHECK(b.r.driver.resume_async() == status_code::in_progress);
    u32 looks = 0;
    for (; b.r.driver.outcome() == status_code::in_progress; ++looks) {
        REQUIRE(looks < 100);
        const bool asleep = b.r.device().suspended();
        b.step(ms);
        if (asleep && b.r.device().suspended()) CHECK(b.r.heard() == heard);
        if (asleep) CHECK(out.start() == status_code::suspended);
    }
    CHECK(looks > 2);
    CHECK(b.r.device().violations().count(model::violation::resume_not_awaited) == 0);
    CHECK(b.r.heard() > heard);
    CHECK(out.drain() == status_code::ok);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("suspend: operations under way end first") {
    rescue_bench b(that_suspends());
    const bytes data = noise(full);
    auto& out = b.running(data);
    auto& other = *b.r.driver.find(direction::playback, 1);
    CHECK(out.drain_async() == status_code::in_progress);
    CHECK(other.prepare_async(b.small(), b.r.memory_for(b.small())) == status_code::in_progress);
    CHECK(b.r.driver.suspend() == status_code::ok);
    CHECK(out.outcome() == status_code::ok);
    CHECK(out.state() == stream_state::stopped);
    CHECK(other.outcome() == status_code::ok);
    CHECK(plays_exactly(b.r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK(b.r.driver.resume() == status_code::ok);
    CHECK(b.heard.times == 0); // nothing ran
    CHECK(other.state() == stream_state::prepared);
    CHECK(b.r.play(other, noise(period * 8)) == status_code::ok);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("suspend: legal when it is, and close is always") {
    rescue_bench b(that_suspends());
    CHECK(b.r.driver.suspend() == status_code::wrong_state);
    CHECK(b.r.driver.resume() == status_code::wrong_state);
    b.r.driver.removed();
    for (const bool can : {true, false}) {
        for (const bool asleep : {true, false}) {
            CAPTURE(can);
            CAPTURE(asleep);
            rescue_bench c(that_suspends(can));
            const bytes data = noise(full);
            auto& out = c.running(data);
            CHECK((asleep ? c.r.driver.suspend() : c.r.driver.suspend_async()) ==
                  (asleep ? status_code::ok : status_code::in_progress));
            CHECK(c.r.driver.close() == status_code::ok);
            CHECK(c.r.driver.outcome() != status_code::in_progress);
            CHECK(out.start() == status_code::wrong_state);
            CHECK(c.r.driver.resume() == status_code::wrong_state);
            CHECK(c.r.open() == status_code::ok);
            auto& again = c.prepared();
            CHECK(c.r.play(again, noise(period * 8)) == status_code::ok);
            CHECK(c.r.driver.close() == status_code::ok);
            CHECK_CLEAN(c.r);
        }
    }
}

TEST_CASE("suspend: many times in a row, in every state of a stream") {
    rescue_bench b(that_suspends());
    const bytes data = noise(period * 200);
    auto& out = b.running(data);
    usize at = full;
    for (u32 i = 0; i < 20; ++i) {
        REQUIRE(b.r.feed(out, data, at, ~usize{0}) == status_code::ok);
        b.steps(7 * ms);
        REQUIRE(b.r.driver.suspend() == status_code::ok);
        b.r.run(1000 * ms);
        REQUIRE(b.r.driver.resume() == status_code::ok);
    }
    CHECK(b.r.driver.counters().resets == 0);
    CHECK(b.r.device().suspends() == 20);
    CHECK(b.go_on(out, data, at) == status_code::ok);
    CHECK(out.position_frames() == 256 * 200);
    CHECK(plays_with_repeats(b.r.device().stream(0).sink(), data, period, period));
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("suspend: kernels that own their queues and have no hook for it") {
    owned_queue_port port;
    card<owned_queue_port> driver;
    const dma_region area = port.memory.allocate(card_bytes<>(), card_alignment);
    port.device.on_interrupt = [&](u32 q) {
        if (q == model::sound_device::config_interrupt) return driver.config_changed();
        (void)driver.pump_all();
    };
    REQUIRE(driver.open(port, area) == status_code::ok);
    auto& out = *driver.find(direction::playback);
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    const stream_memory memory = {port.memory.allocate(static_cast<usize>(audio_bytes(p)), 4096),
                                  port.memory.allocate(static_cast<usize>(silence_bytes(p)), 4096)};
    REQUIRE(out.prepare(p, memory) == status_code::ok);
    const bytes data = noise(full);
    REQUIRE(out.write({data.data(), full}).value() == full);
    REQUIRE(out.start() == status_code::ok);
    port.device.advance(8 * ms);
    CHECK(driver.suspend() == status_code::ok);
    CHECK_FALSE(port.started);
    CHECK(driver.resume() == status_code::ok);
    CHECK(out.state() == stream_state::running);
    CHECK(out.drain() == status_code::ok);
    CHECK(out.position_frames() == 256 * 4);
    CHECK(driver.close() == status_code::ok);
    CHECK_MESSAGE(port.device.violations().clean(), port.device.violations().report());
}

// --- Removal. ---

TEST_CASE("removal: the kernel says so, and the device is not touched any more") {
    rescue_bench b;
    const bytes data = noise(full);
    auto& out = b.running(data);
    auto& waits = b.prepared(direction::playback, 1);
    CHECK(out.drain_async() == status_code::in_progress);
    b.r.driver.removed();
    const u64 accesses = b.r.kernel.accesses;
    CHECK(b.r.driver.state() == card_state::failed);
    CHECK(b.r.driver.failure() == status_code::device_gone);
    CHECK(out.outcome() == status_code::device_gone);
    CHECK(b.heard.times == 2);
    CHECK(b.heard.last == status_code::device_gone);
    for (const status_code code : {out.start(), out.stop(), out.release(), waits.drop()})
        CHECK(code == status_code::device_gone);
    CHECK_FALSE(ok(waits.write({data.data(), one_frame}).code()));
    b.r.driver.config_changed();
    for (u32 i = 0; i < 100; ++i) {
        CHECK(b.r.driver.tick(b.r.device().now_ns()) == ~u64{0});
        (void)b.r.driver.pump_all();
        (void)b.r.driver.pump<wire::SND_VQ_TX>();
        (void)b.r.driver.pump<wire::SND_VQ_CONTROL>();
        b.r.run(10 * ms);
    }
    b.r.driver.removed();
    CHECK(b.r.driver.suspend() == status_code::device_gone);
    CHECK(b.r.driver.resume() == status_code::device_gone);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK(b.r.kernel.accesses == accesses);
    CHECK(b.r.driver.state() == card_state::closed);
}

TEST_CASE("removal: in every state of the card") {
    enum class when { opening, recovering, suspending, suspended, cold, resuming };
    for (const when each : {when::opening, when::recovering, when::suspending, when::suspended,
                            when::cold, when::resuming}) {
        CAPTURE(static_cast<int>(each));
        rescue_bench b(that_suspends(each != when::cold));
        if (each == when::opening) {
            CHECK(b.r.driver.open_async(b.r.port, b.r.area) == status_code::in_progress);
            b.r.driver.removed();
            CHECK(b.r.driver.outcome() == status_code::device_gone);
            CHECK(b.r.driver.state() == card_state::closed);
            continue;
        }
        const bytes data = noise(full);
        auto& out = b.running(data);
        if (each == when::recovering) {
            b.r.device().set_needs_reset();
            b.r.run(0);
        }
        if (each == when::suspending) CHECK(b.r.driver.suspend_async() == status_code::in_progress);
        if (each >= when::suspended) CHECK(b.r.driver.suspend() == status_code::ok);
        if (each == when::resuming) CHECK(b.r.driver.resume_async() == status_code::in_progress);
        b.r.driver.removed();
        CHECK(b.r.driver.failure() == status_code::device_gone);
        CHECK(b.r.driver.outcome() != status_code::in_progress);
        b.steps(20 * ms);
        CHECK(out.start() == status_code::device_gone);
        CHECK(b.r.driver.close() == status_code::ok);
    }
}

TEST_CASE("removal: a device that reads as all ones is found out, whoever looks") {
    for (const bool plays : {true, false}) {
        CAPTURE(plays);
        rescue_bench b;
        const bytes data = noise(full);
        auto& out = b.prepared();
        if (plays) {
            REQUIRE(out.write({data.data(), full}).value() == full);
            REQUIRE(out.start() == status_code::ok);
        }
        b.r.device().faults().gone = true;
        if (plays) {
            b.steps(1000 * ms); // the watchdog
        } else {
            CHECK(out.release() == status_code::timed_out); // a request
            b.steps(100 * ms);
        }
        CHECK(b.r.driver.failure() == status_code::device_gone);
        CHECK(b.heard.times == (plays ? 1 : 0)); // the other one was being released
        CHECK(b.r.driver.close() == status_code::ok);
    }
}
