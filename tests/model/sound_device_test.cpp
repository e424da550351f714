// The model device as a whole: it plays and records what a driver with bare hands gives it, at the
// right time, bit by bit.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;

namespace {

std::vector<u8> slice(const std::vector<u8>& all, usize at, usize bytes) {
    return {all.begin() + static_cast<std::ptrdiff_t>(at),
            all.begin() + static_cast<std::ptrdiff_t>(at + bytes)};
}

// 256 frames of S16 stereo at 48 kHz.
constexpr u32 period_bytes = 1024;
constexpr u64 period_ns = 256 * 1'000'000'000ull / 48000 + 1;

// Plays `total` periods with `depth` in flight, refilled from the interrupt.
std::vector<u8> play_all(driver& d, u32 total, u32 depth) {
    const std::vector<u8> audio = raw::noise(total * period_bytes);
    u32 sent = 0;
    u32 done = 0;
    const auto next = [&](bool ring) {
        d.play(0, slice(audio, sent * period_bytes, period_bytes), ring);
        ++sent;
    };
    d.ready(0, period_bytes, depth);
    while (sent < depth)
        next(true);
    d.pci.on_vector = [&](u32 vector) {
        if (vector != raw::tx) return;
        while (d.take(raw::tx).any) {
            ++done;
            if (sent < total) next(true);
        }
        d.set_used_event(raw::tx, d.queues[raw::tx].last_used);
    };
    CHECK(d.pcm(wire::SND_R_PCM_START, 0) == wire::SND_S_OK);
    for (u32 i = 0; i < 10 * total && done < total; ++i)
        d.device.advance(period_ns / 3);
    d.device.advance(50'000'000);
    CHECK(done == total);
    CHECK(d.pcm(wire::SND_R_PCM_STOP, 0) == wire::SND_S_OK);
    CHECK(d.pcm(wire::SND_R_PCM_RELEASE, 0) == wire::SND_S_OK);
    return audio;
}

} // namespace

TEST_CASE("sound_device plays what it is given, to the bit, without a gap") {
    driver d;
    d.up();
    const auto audio = play_all(d, 20, 2);
    INFO(d.device.violations().report());
    CHECK(d.device.stream(0).sink() == audio);
    CHECK(d.device.stream(0).gaps() == 0);
    CHECK(d.device.violations().clean());
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("sound_device with QEMU's habits plays the same bytes, in bursts") {
    driver d(qemu_profile());
    d.up();
    const auto audio = play_all(d, 40, 8);
    INFO(d.device.violations().report());
    CHECK(d.device.stream(0).sink() == audio);
    CHECK(d.device.stream(0).gaps() == 0);
    CHECK(d.device.violations().entries().empty());
    // Four periods fit into its 1024 frames: fewer interrupts than periods.
    CHECK(d.device.interrupts(raw::tx) < 40);
}

TEST_CASE("sound_device plays the same through indirect chains and without EVENT_IDX") {
    for (const u64 without : {u64{0}, bit(wire::F_EVENT_IDX)}) {
        CAPTURE(without);
        driver d;
        d.up(without);
        d.ready(0, period_bytes, 2);
        const auto audio = raw::noise(2 * period_bytes);
        for (u32 i = 0; i < 2; ++i) {
            raw::message m = d.make(0, period_bytes);
            std::memcpy(m.data.cpu, audio.data() + i * period_bytes, period_bytes);
            d.offer(raw::tx, d.indirect_chain(raw::tx, {{m.header.bus, 4},
                                                        {m.data.bus, period_bytes},
                                                        {m.status.bus, 8, true}}));
            d.doorbell(raw::tx);
        }
        d.pcm(wire::SND_R_PCM_START, 0);
        d.device.advance(2 * period_ns);
        CHECK(d.device.stream(0).sink() == audio);
        CHECK(d.device.interrupts(raw::tx) == (without == 0 ? 1u : 2u)); // used_event is still 0
        CHECK(d.device.violations().entries().empty());
    }
}

TEST_CASE("sound_device plays and records at once, several streams each") {
    driver d;
    d.up();
    const auto left = raw::noise(4 * period_bytes, 2);
    const auto right = raw::noise(4 * period_bytes, 3);
    std::vector<raw::message> recorded;
    for (u32 stream = 0; stream < 4; ++stream)
        d.ready(stream, period_bytes, 4);
    for (u32 i = 0; i < 4; ++i) {
        d.play(0, slice(left, i * period_bytes, period_bytes));
        d.play(1, slice(right, i * period_bytes, period_bytes));
        for (u32 stream : {2u, 3u}) {
            recorded.push_back(d.make(stream, period_bytes));
            d.post(raw::rx, recorded.back());
        }
    }
    for (u32 stream = 0; stream < 4; ++stream) {
        d.pcm(wire::SND_R_PCM_START, stream);
        d.device.advance(1'000'000);
    }
    d.device.advance(5 * period_ns);
    CHECK(d.device.stream(0).sink() == left);
    CHECK(d.device.stream(1).sink() == right);
    for (usize i = 0; i < recorded.size(); ++i) {
        bool same = true;
        for (u32 b = 0; b < period_bytes; ++b)
            same = same && recorded[i].data.cpu[b] == default_source_byte(i / 2 * period_bytes + b);
        CHECK(same);
    }
    CHECK(d.device.violations().clean());
}

TEST_CASE("sound_device delivers interrupts in time, not before the driver lets go") {
    driver d;
    d.up();
    u64 heard_ns = 0;
    d.pci.on_vector = [&](u32 vector) {
        if (vector == raw::tx) heard_ns = d.device.now_ns();
    };
    d.ready(0, period_bytes, 1);
    d.play(0, raw::noise(period_bytes));
    d.pcm(wire::SND_R_PCM_START, 0);
    CHECK(d.device.next_event() == 5'333'334); // 256 frames
    d.device.advance(1'000'000'000);           // in one step: the handler sees the true time
    CHECK(heard_ns == 5'333'334);
    CHECK(d.device.now_ns() == 1'000'000'000);
}

TEST_CASE("sound_device in polling mode needs no doorbell, and asks for none") {
    // Spec: [virtio 1.4] Sound Device / PCM Stream Parameters: MSG_POLLING
    driver d;
    d.up();
    auto p = driver::params(0, period_bytes, 4);
    p.features = 1u << wire::SND_PCM_F_MSG_POLLING;
    REQUIRE(d.ask(p).code == wire::SND_S_OK);
    d.pcm(wire::SND_R_PCM_PREPARE, 0);
    CHECK(d.avail_event(raw::tx) == 0xffff);
    const auto audio = raw::noise(2 * period_bytes);
    d.play(0, slice(audio, 0, period_bytes), false);
    d.pcm(wire::SND_R_PCM_START, 0);
    d.device.advance(2'000'000);
    d.play(0, slice(audio, period_bytes, period_bytes), false);
    d.device.advance(3 * period_ns);
    CHECK(d.device.stream(0).sink() == audio);
    CHECK(d.device.stream(0).gaps() == 0);
    CHECK(d.device.doorbells(raw::tx) == 0);
    CHECK(d.device.violations().entries().empty());
    d.doorbell(raw::tx);
    CHECK(d.device.violations().count(violation::doorbell_needless) == 1);
    // Another stream of the queue without the feature: doorbells are wanted again.
    d.ready(1, period_bytes, 2);
    CHECK(d.avail_event(raw::tx) == 2);
}

TEST_CASE("sound_device that polls while it runs asks for no doorbells then") {
    device_profile p = default_profile();
    p.suppresses_doorbells = true;
    driver d(p);
    d.up();
    d.ready(0, period_bytes, 4);
    d.play(0, raw::noise(period_bytes));
    CHECK(d.avail_event(raw::tx) == 1);
    d.pcm(wire::SND_R_PCM_START, 0);
    CHECK(d.avail_event(raw::tx) == 0); // 65536 away
    d.play(0, raw::noise(period_bytes), false);
    d.device.advance(3 * period_ns);
    CHECK(d.device.stream(0).buffers_completed() == 2);
    d.pcm(wire::SND_R_PCM_STOP, 0);
    CHECK(d.avail_event(raw::tx) == 2);
}

TEST_CASE("sound_device convicts a driver that starves beside unannounced buffers") {
    driver d;
    d.up();
    d.ready(0, period_bytes, 4);
    d.play(0, raw::noise(period_bytes));
    d.play(0, raw::noise(period_bytes), false);
    d.pcm(wire::SND_R_PCM_START, 0);
    d.device.advance(2 * period_ns);
    CHECK(d.device.violations().entries().empty()); // whose the other one is, nobody knows yet
    d.doorbell(raw::tx);
    CHECK(d.device.violations().count(violation::doorbell_missing) == 1);
    d.device.advance(2 * period_ns);
    CHECK(d.device.stream(0).gaps() == 1);
}

TEST_CASE("sound_device lets a stream starve beside another's unannounced buffers") {
    driver d;
    d.up();
    d.ready(0, period_bytes, 4);
    d.ready(1, period_bytes, 4);
    d.play(0, raw::noise(period_bytes));
    d.pcm(wire::SND_R_PCM_START, 0);
    d.play(1, raw::noise(period_bytes), false);
    d.device.advance(2 * period_ns);
    d.doorbell(raw::tx);
    d.play(0, raw::noise(period_bytes)); // only now
    d.device.advance(2 * period_ns);
    CHECK(d.device.stream(0).gaps() == 1);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("sound_device forgets everything at reset, and starts again") {
    driver d;
    d.up();
    d.ready(0);
    d.play(0, raw::noise(1024));
    d.pcm(wire::SND_R_PCM_START, 0);
    d.set_state(0);
    CHECK_FALSE(d.device.live());
    CHECK(d.state() == 0);
    d.device.advance(1'000'000'000);
    CHECK(d.device.stream(0).buffers_completed() == 0);
    CHECK(d.device.stream(0).state() == pcm_state::idle);
    CHECK_FALSE(d.device.interrupts_pending());
    d.up();
    const auto audio = play_all(d, 4, 2);
    CHECK(d.device.stream(0).sink() == audio);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("sound_device that meets a broken ring sets NEEDS_RESET and says so") {
    // Spec: [virtio 1.4] Device Status Field: a configuration change notification follows
    driver d;
    d.up();
    d.set(0x10, 2, 4);
    d.get(0x10, 2);
    d.offer(raw::tx, 64);
    d.doorbell(raw::tx);
    CHECK(d.state() == (15 | wire::DEVICE_STATUS_NEEDS_RESET));
    d.device.advance(0);
    CHECK(d.vectors == std::vector<u32>{4});
    d.reset();
    CHECK(d.state() == 0);
    d.up();
    CHECK(d.set_params(0) == wire::SND_S_OK);
    d.device.set_needs_reset();
    CHECK(d.device.config_interrupts() == 2);
}

TEST_CASE("sound_device sends events as long as there are buffers for them") {
    driver d;
    d.up();
    d.device.set_jack(1, true);
    d.device.set_jack(1, false);
    const raw::queue& q = d.queues[raw::event];
    CHECK(driver::get16(q.used, 2) == 2);
    wire::snd_event e{};
    wire::virtq_desc first{};
    std::memcpy(&first, q.desc.cpu, sizeof(first));
    d.memory.read({first.addr}, &e, sizeof(e));
    CHECK(e.hdr.code == wire::SND_EVT_JACK_CONNECTED);
    CHECK(e.data == 1);
    CHECK(d.device.profile().jacks[1].connected == 0);
    CHECK(d.device.send_event(0x9999, 7));
    CHECK(d.device.send_event(0x9999, 7));
    CHECK_FALSE(d.device.send_event(0x9999, 7));
    CHECK(d.device.events_sent() == 4);
    CHECK(d.device.events_lost() == 1);
}

TEST_CASE("sound_device offers queues of any size, and takes smaller ones") {
    device_profile p = default_profile();
    p.queue_sizes[raw::tx] = 4;
    p.queue_sizes[raw::event] = 0;
    driver d(p);
    d.until_features_ok();
    d.set(0x16, 2, raw::event);
    CHECK(d.get(0x18, 2) == 0);
    d.set(0x1c, 2, 1);
    CHECK(d.get(0x1c, 2) == 0); // there is nothing to enable
    d.set(0x16, 2, raw::rx);
    d.set(0x18, 2, 8);
    for (u32 q : {raw::control, raw::tx, raw::rx}) {
        d.prepare_queue(q);
        d.enable_queue(q);
    }
    d.driver_ok();
    CHECK(d.device.queue(raw::tx).size() == 4);
    CHECK(d.device.queue(raw::rx).size() == 8);
    d.doorbell(raw::event);
    CHECK(d.device.violations().count(violation::doorbell_value) == 1);
}

TEST_CASE("sound_device ends a driver that answers itself for ever") {
    driver d;
    d.up();
    u32 calls = 0;
    d.pci.on_vector = [&](u32) {
        ++calls;
        while (d.take(raw::event).any) {
        }
        d.set_used_event(raw::event, d.queues[raw::event].last_used);
        d.send(raw::event, {{d.memory.allocate(8).bus, 8, true}});
        if (calls < 50'000) d.device.send_event(1, 2);
    };
    d.device.send_event(1, 2);
    d.device.advance(1000);
    CHECK(d.device.now_ns() == 1000);
    CHECK(calls > 1000);
}
