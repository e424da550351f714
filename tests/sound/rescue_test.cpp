// Every cause and every kind of port: the same routine brings the streams back, and what is only
// late starts none.

#include <doctest/doctest.h>

#include <support/mmio_rig.hpp>
#include <support/owned_queue_port.hpp>
#include <support/rescue_bench.hpp>
#include <vsnd/model/profiles.hpp>
#include <vsnd/ring/packed_queue.hpp>

using namespace vsnd;
using namespace support;

namespace {

constexpr usize period = 256 * one_frame;
constexpr usize full = 4 * period;

void lose_answer(rescue_bench& b, u32 code) {
    b.r.device().faults().requests.push_back(
        {code, model::request_fault::kind::no_answer, wire::SND_S_OK, 0, 0, 1});
}

// One that can tell when its device wants a reset.
struct telling_port : owned_queue_port {
    bool needs_reset() { return (device.read_status() & wire::DEVICE_STATUS_NEEDS_RESET) != 0; }
};

} // namespace

TEST_CASE("reset: over MMIO") {
    model::device_profile profile = model::default_profile();
    profile.suspend = true;
    profile.suspend_delay_ns = 3 * ms;
    profile.resume_delay_ns = 3 * ms;
    mmio_rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, rescue_bench::small()) == status_code::ok);
    const bytes data = noise(full);
    REQUIRE(out.write({data.data(), full}).value() == full);
    REQUIRE(out.start() == status_code::ok);
    r.run(6 * ms);
    r.device().set_needs_reset();
    r.run(0);
    for (u32 i = 0; i < 20; ++i) {
        (void)r.driver.tick(r.device().now_ns());
        r.run(ms);
    }
    CHECK(r.driver.counters().resets == 1);
    CHECK(out.state() == stream_state::running);
    CHECK(r.driver.suspend() == status_code::ok);
    CHECK(r.device().suspends() == 1);
    const u64 heard = r.heard();
    r.run(1000 * ms);
    CHECK(r.heard() == heard);
    CHECK(r.driver.resume() == status_code::ok);
    CHECK(out.drain() == status_code::ok);
    CHECK(out.position_frames() == 256 * 4);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("reset: packed rings") {
    using packed = rig<rescue_listener, default_limits, ring_policy, packed_queue>;
    model::device_profile profile = model::default_profile();
    profile.packed = true;
    profile.suspend = true;
    rescue_bench_of<packed> b(profile);
    const bytes data = noise(period * 60);
    auto& out = b.running(data);
    usize at = full;
    b.r.run(8 * ms);
    b.r.device().set_needs_reset();
    b.r.run(0);
    b.until_open();
    REQUIRE(b.r.feed(out, data, at, ~usize{0}) == status_code::ok);
    b.steps(10 * ms);
    CHECK(b.r.driver.suspend() == status_code::ok);
    CHECK(b.r.device().suspends() == 1);
    CHECK(b.r.driver.resume() == status_code::ok);
    CHECK(b.go_on(out, data, at) == status_code::ok);
    CHECK(out.position_frames() == 256 * 60);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("reset: kernels that own their queues, and have no clock") {
    telling_port port;
    told heard;
    card<telling_port, rescue_listener> driver(rescue_listener{&heard});
    const dma_region area = port.memory.allocate(card_bytes<>(), card_alignment);
    port.device.on_interrupt = [&](u32 q) {
        if (q == model::sound_device::config_interrupt) return driver.config_changed();
        (void)driver.pump_all();
    };
    REQUIRE(driver.open(port, area) == status_code::ok);
    auto& out = *driver.find(direction::playback);
    const pcm_params p = rescue_bench::small();
    const stream_memory memory = {port.memory.allocate(static_cast<usize>(audio_bytes(p)), 4096),
                                  port.memory.allocate(static_cast<usize>(silence_bytes(p)), 4096)};
    REQUIRE(out.prepare(p, memory) == status_code::ok);
    const bytes data = noise(full);
    REQUIRE(out.write({data.data(), full}).value() == full);
    REQUIRE(out.start() == status_code::ok);
    port.device.advance(8 * ms);
    port.device.set_needs_reset();
    port.device.deliver_interrupts();
    CHECK(driver.state() == card_state::recovering);
    for (u64 now = 1; now < 10 && driver.state() != card_state::open; ++now)
        (void)driver.tick(now);
    port.device.advance(ms);
    CHECK(driver.state() == card_state::open);
    CHECK(out.state() == stream_state::running);
    CHECK(heard.times == 1);
    CHECK(out.drain() == status_code::ok);
    CHECK(out.position_frames() == 256 * 4);
    CHECK(driver.close() == status_code::ok);
    CHECK_MESSAGE(port.device.violations().clean(), port.device.violations().report());
}

TEST_CASE("reset: what is known of jacks and elements stays, what is asked of them ends") {
    rescue_bench b;
    const bytes data = noise(full);
    (void)b.running(data);
    const usize jacks = b.r.driver.jacks().size();
    const usize elements = b.r.driver.elements().size();
    REQUIRE(jacks != 0);
    REQUIRE(elements != 0);
    lose_answer(b, wire::SND_R_CTL_READ);
    CHECK(b.r.driver.read_element_async(0) == status_code::in_progress);
    b.r.run(ms);
    b.r.device().set_jack(0, false);
    b.r.device().set_needs_reset();
    b.r.run(0);
    CHECK(b.r.driver.element_outcome() == status_code::needs_reset);
    CHECK(b.r.driver.read_element_async(0) == status_code::busy);
    b.until_open();
    CHECK(b.r.driver.jacks().size() == jacks);
    CHECK_FALSE(b.r.driver.jacks()[0].connected);
    CHECK(b.r.driver.elements().size() == elements);
    wire::snd_ctl_value value;
    CHECK(b.r.driver.read_element(0, value) == status_code::ok);
    b.r.device().set_jack(0, true); // events come again
    b.r.run(ms);
    CHECK(b.r.driver.jacks()[0].connected);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("reset: a guest that was late with an answer starts none") {
    rescue_bench b;
    const bytes data = noise(full);
    auto& out = b.running(data);
    b.step();
    // It sleeps while an answer is there: no interrupt is handled, nobody ticks.
    b.r.kernel.pci.on_vector = [](u32) {};
    CHECK(out.stop_async() == status_code::in_progress);
    b.r.run(60'000 * ms);
    b.r.kernel.pci.on_vector = [&](u32 vector) { b.r.interrupt(vector); };
    for (u32 i = 0; i < 10; ++i)
        b.step();
    CHECK(out.outcome() == status_code::ok);
    // And where the host slept: the answer comes a little after both have woken up.
    b.r.device().faults().requests.push_back({wire::SND_R_PCM_START,
                                              model::request_fault::kind::late, wire::SND_S_OK,
                                              60'100 * ms, 0, 1});
    REQUIRE(out.start_async() == status_code::in_progress);
    b.r.run(60'000 * ms);
    b.steps(300 * ms);
    CHECK(out.outcome() == status_code::ok);
    CHECK(b.r.driver.counters().resets == 0);
    CHECK(b.heard.times == 0);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("reset: a doorbell that was lost is rung again, and nothing is recovered") {
    for (const u32 queue : {wire::SND_VQ_TX, wire::SND_VQ_RX, wire::SND_VQ_CONTROL}) {
        CAPTURE(queue);
        rescue_bench b;
        const bool plays = queue != wire::SND_VQ_RX;
        auto& s = b.prepared(plays ? direction::playback : direction::capture);
        b.r.device().faults().lost_doorbells = 1;
        b.r.device().faults().lost_doorbell_queue = queue;
        const bytes data = noise(period * 20);
        if (plays) {
            usize at = 0;
            CHECK(b.go_on(s, data, at) == status_code::ok);
            CHECK(plays_exactly(b.r.device().stream(s.id()).sink(), data, pcm_format::s16));
        } else {
            REQUIRE(s.start() == status_code::ok);
            b.steps(500 * ms);
            CHECK(s.position_frames() > 256);
        }
        CHECK(b.r.device().faults().lost_doorbells == 0); // it was
        CHECK(s.counters().recoveries == 0);
        CHECK(b.heard.times == 0);
        CHECK(b.r.driver.counters().resets == 0);
        CHECK(b.r.driver.close() == status_code::ok);
    }
}

// [virtio 1.4] Sound Device / PCM Notifications
TEST_CASE("reset: a device that tells of an xrun and plays no more is started again") {
    model::device_profile profile = model::default_profile();
    profile.empty_stops = true;
    for (auto& s : profile.streams)
        s.features |= 1u << wire::SND_PCM_F_EVT_XRUNS;
    rescue_bench b(profile);
    REQUIRE(b.r.open() == status_code::ok);
    auto& out = *b.r.driver.find(direction::playback);
    pcm_params p = b.small();
    p.features = 1u << wire::SND_PCM_F_EVT_XRUNS;
    REQUIRE(b.r.prepare(out, p) == status_code::ok);
    const bytes data = noise(period * 20);
    REQUIRE(out.write({data.data(), full}).value() == full);
    REQUIRE(out.start() == status_code::ok);
    b.r.run(100 * ms); // it runs dry
    CHECK(b.r.driver.counters().events == 1);
    usize at = full;
    CHECK(b.go_on(out, data, at) == status_code::ok);
    CHECK(out.counters().recoveries == 1);
    CHECK(b.heard.times == 1);
    CHECK(b.heard.last == status_code::ok);
    CHECK(out.position_frames() == 256 * 20);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}

TEST_CASE("reset: periods that go back by the clock") {
    rescue_bench b(model::qemu_profile());
    REQUIRE(b.r.open() == status_code::ok);
    auto& out = *b.r.driver.find(direction::playback);
    REQUIRE(out.set_pacing(pacing::clock) == status_code::ok);
    REQUIRE(b.r.prepare(out, b.small()) == status_code::ok);
    const bytes data = noise(period * 100);
    usize at = 0;
    u64 last = 0;
    for (u32 i = 0; at < data.size() && i < 5000; ++i) {
        const status_code fed = b.r.feed(out, data, at, ~usize{0});
        REQUIRE((ok(fed) || fed == status_code::busy));
        if (i == 30) b.r.device().set_needs_reset();
        if (i == 90) REQUIRE(b.r.driver.suspend() == status_code::ok);
        if (i == 90) REQUIRE(b.r.driver.resume() == status_code::ok);
        b.step();
        const u64 now = out.position().frames;
        CHECK(now >= last);
        last = now;
    }
    CHECK(out.drain() == status_code::ok);
    CHECK(out.position_frames() == 256 * 100);
    CHECK(b.r.driver.counters().resets == 2);
    CHECK(b.r.driver.close() == status_code::ok);
    CHECK_CLEAN(b.r);
}
