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
