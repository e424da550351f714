// Suspend and resume: what the status says when, what waits, and what goes on.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;

namespace {

device_profile that_suspends(u64 suspend_ns = 0, u64 resume_ns = 0) {
    device_profile p = default_profile();
    p.suspend = true;
    p.suspend_delay_ns = suspend_ns;
    p.resume_delay_ns = resume_ns;
    return p;
}
constexpr u32 up_state = 15;
constexpr u32 suspended_state = 27; // SUSPEND set, DRIVER_OK not
constexpr u32 both = 31;            // what is written for either way

} // namespace

TEST_CASE("suspend and resume at once, and all works as before") {
    // Spec: [virtio 1.4] Device Suspend
    driver d(that_suspends());
    d.up();
    REQUIRE((d.device.features() >> wire::F_SUSPEND & 1) == 1);
    CHECK_FALSE(d.device.suspended());
    CHECK(d.suspend());
    CHECK(d.device.suspended());
    CHECK(d.device.suspends() == 1);
    CHECK(d.device.next_event() == fault_set::never);
    d.device.advance(10'000'000'000);
    CHECK(d.resume());
    CHECK_FALSE(d.device.suspended());
    CHECK(d.set_params(0) == wire::SND_S_OK);
    CHECK(d.suspend());
    CHECK(d.resume());
    CHECK(d.device.suspends() == 2);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("suspend takes its time, and so does resume") {
    driver d(that_suspends(2'000'000, 3'000'000));
    d.up();
    d.set_state(both);
    CHECK(d.state() == up_state);
    CHECK(d.device.next_event() == 2'000'000);
    d.set_state(both); // once more changes nothing
    d.device.advance(1'999'999);
    CHECK(d.state() == up_state);
    d.device.advance(1);
    CHECK(d.state() == suspended_state);
    d.set_state(both);
    CHECK(d.state() == suspended_state);
    CHECK(d.device.suspended());
    d.device.advance(2'999'999);
    CHECK(d.state() == suspended_state);
    d.device.advance(1);
    CHECK(d.state() == up_state);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("suspend waits for the buffers that are being processed") {
    driver d(that_suspends());
    d.up();
    d.ready(0);
    const raw::message first = d.play(0, raw::noise(1024));
    const raw::message second = d.play(0, raw::noise(1024, 2));
    d.pcm(wire::SND_R_PCM_START, 0);
    d.set_state(both);
    CHECK(d.state() == up_state);
    d.device.advance(6'000'000);
    CHECK(first.answer().code == wire::SND_S_OK);
    CHECK(d.state() == up_state);
    d.device.advance(6'000'000);
    CHECK(second.answer().code == wire::SND_S_OK);
    CHECK(d.state() == suspended_state);
    CHECK(d.device.interrupts(raw::tx) == 1); // before it was suspended
    CHECK(d.device.violations().clean());
}

TEST_CASE("suspend waits for a late answer, but not for a stream that does not run") {
    driver d(that_suspends());
    d.up();
    d.ready(0);
    d.play(0, raw::noise(1024));
    CHECK(d.suspend());
    CHECK(d.resume());
    d.device.faults().requests = {{wire::SND_R_PCM_START, request_fault::kind::late, 0, 5'000'000}};
    d.pcm(wire::SND_R_PCM_START, 0);
    d.set_state(both);
    CHECK(d.state() == up_state);
    d.device.advance(5'000'000);
    CHECK(d.answer().code == wire::SND_S_OK);
    CHECK(d.state() == up_state); // now the stream plays
    d.device.advance(6'000'000);
    CHECK(d.state() == suspended_state);
}

TEST_CASE("what is there already when it is suspended is taken when it runs again") {
    driver d(that_suspends());
    d.up();
    const dma_region reply = d.memory.allocate(4);
    const dma_region request = d.memory.allocate(8);
    const wire::snd_pcm_hdr header{{wire::SND_R_PCM_PREPARE}, 0};
    d.set_params(0);
    std::memcpy(request.cpu, &header, sizeof(header));
    d.expose(raw::control, {{request.bus, 8}, {reply.bus, 4, true}}); // and not a word
    CHECK(d.suspend());
    d.device.advance(10'000'000'000);
    CHECK_FALSE(d.take(raw::control).any);
    CHECK(d.resume());
    CHECK(d.take(raw::control).any);
    CHECK(d.device.stream(0).state() == pcm_state::prepared);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("events and changes of the configuration wait until it runs again") {
    driver d(that_suspends());
    d.up();
    d.suspend();
    d.device.set_jack(1, true);
    d.device.set_element(default_element::playback_volume, {1, 1});
    d.device.set_config(7, 4, 2, 11);
    CHECK(d.device.events_sent() == 0);
    CHECK(d.device.interrupts(raw::event) == 0);
    CHECK(d.device.config_interrupts() == 0);
    CHECK(d.config(0) == 2);
    CHECK(d.resume());
    CHECK(d.device.events_sent() == 2);
    CHECK(d.device.interrupts(raw::event) == 1);
    CHECK(d.device.config_interrupts() == 1);
    CHECK(d.config(0) == 7);
}

TEST_CASE("a stream that runs while the device is suspended runs dry, and goes on after") {
    driver d(that_suspends());
    d.up();
    auto p = driver::params(0, 1024, 4);
    p.features = 1u << wire::SND_PCM_F_EVT_XRUNS;
    d.ask(p);
    d.pcm(wire::SND_R_PCM_PREPARE, 0);
    d.play(0, raw::noise(1024));
    d.pcm(wire::SND_R_PCM_START, 0);
    d.set_state(both);
    d.device.advance(100'000'000);
    CHECK(d.state() == suspended_state);
    CHECK(d.device.stream(0).starvations().size() == 1);
    CHECK(d.device.events_sent() == 0);
    CHECK(d.resume());
    CHECK(d.device.events_sent() == 1); // the underrun
    d.play(0, raw::noise(1024));
    d.device.advance(10'000'000);
    CHECK(d.device.stream(0).buffers_completed() == 2);
    CHECK(d.device.stream(0).gaps() == 1);
    CHECK(d.device.violations().clean());
}

TEST_CASE("a device that fails to suspend, or to resume, needs a reset") {
    driver d(that_suspends());
    d.up();
    d.device.faults().refuses_suspend = true;
    d.set_state(both);
    CHECK(d.state() == (up_state | wire::DEVICE_STATUS_NEEDS_RESET));
    CHECK(d.device.config_interrupts() == 1);
    d.up();
    d.device.faults().refuses_suspend = false;
    d.device.faults().refuses_resume = true;
    CHECK(d.suspend());
    d.set_state(both);
    CHECK(d.state() == (suspended_state | wire::DEVICE_STATUS_NEEDS_RESET));
    CHECK(d.device.config_interrupts() == 1); // it is still suspended
    d.device.faults().refuses_resume = false;
    d.up();
    CHECK(d.state() == up_state);
    CHECK(d.set_params(0) == wire::SND_S_OK);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("SUSPEND is ignored before DRIVER_OK, and without the feature") {
    driver d(that_suspends());
    d.until_features_ok();
    d.set_state(11 | wire::DEVICE_STATUS_SUSPEND);
    CHECK(d.state() == 11);
    d.queues_up();
    d.driver_ok();
    CHECK(d.state() == up_state);
    d.up(bit(wire::F_SUSPEND));
    d.set_state(both);
    CHECK(d.state() == up_state);
    CHECK_FALSE(d.device.suspended());
    CHECK(d.device.violations().count(violation::suspend_out_of_place) == 2);
    CHECK(d.device.violations().entries().size() == 2);
}

TEST_CASE("a doorbell while it is suspended is not heard") {
    driver d(that_suspends());
    d.up();
    d.suspend();
    CHECK(d.set_params(0) == 0);
    CHECK(d.device.violations().count(violation::suspended_doorbell) == 1);
    CHECK(d.device.doorbells(raw::control) == 0);
    CHECK(d.resume());
    CHECK(d.answer().code == wire::SND_S_OK); // but the buffer is found
    CHECK(d.device.violations().count(violation::suspended_buffer) == 1);
}

TEST_CASE("a reset ends the suspension") {
    driver d(that_suspends());
    d.up();
    d.suspend();
    d.device.set_jack(1, true);
    d.up();
    CHECK_FALSE(d.device.suspended());
    CHECK(d.device.events_sent() == 0); // nothing of before is told
    CHECK(d.set_params(0) == wire::SND_S_OK);
    CHECK(d.device.violations().entries().empty());
}
