// Capture in time: what is recorded, when, and what is lost.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;

namespace {

constexpr u32 in = 2; // a capture stream of the default profile

device_profile buffered(u32 frames) {
    device_profile p = default_profile();
    p.buffer_frames = frames;
    return p;
}

// 48 frames of S16 stereo at 48 kHz: one millisecond.
constexpr u32 ms_bytes = 192;
constexpr u64 ms = 1'000'000;

std::vector<u64> completions(driver& d) {
    std::vector<u64> times;
    for (const trace_event& e : d.device.trace().events())
        if (e.kind == trace_kind::period_completed) times.push_back(e.time_ns);
    return times;
}

void start(driver& d, u32 stream) {
    REQUIRE(d.pcm(wire::SND_R_PCM_START, stream) == wire::SND_S_OK);
}
void stop(driver& d, u32 stream) {
    REQUIRE(d.pcm(wire::SND_R_PCM_STOP, stream) == wire::SND_S_OK);
}
void release(driver& d, u32 stream) {
    REQUIRE(d.pcm(wire::SND_R_PCM_RELEASE, stream) == wire::SND_S_OK);
}

std::vector<u8> heard(u64 at, usize bytes) {
    std::vector<u8> all(bytes);
    for (usize i = 0; i < bytes; ++i)
        all[i] = default_source_byte(at + i);
    return all;
}
std::vector<u8> data_of(const raw::message& m) {
    return {m.data.cpu, m.data.cpu + m.data.bytes};
}

} // namespace

TEST_CASE("pcm_stream records without losing a byte while it has buffers") {
    driver d;
    d.up();
    d.ready(in, ms_bytes, 3);
    raw::message m[3] = {d.make(in, ms_bytes), d.make(in, ms_bytes), d.make(in, ms_bytes)};
    for (auto& each : m)
        d.post(raw::rx, each);
    start(d, in);
    d.device.advance(ms - 1);
    CHECK(completions(d).empty());
    d.device.advance(2 * ms + 1);
    CHECK(completions(d) == std::vector<u64>{ms, 2 * ms, 3 * ms});
    for (u32 i = 0; i < 3; ++i) {
        CHECK(data_of(m[i]) == heard(i * ms_bytes, ms_bytes));
        CHECK(m[i].answer().code == wire::SND_S_OK);
        CHECK(d.take(raw::rx).len == ms_bytes + 8);
    }
    CHECK(d.device.stream(in).starvations().empty());
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("pcm_stream loses what nobody takes, and counts it") {
    driver d;
    d.up();
    d.ready(in, ms_bytes, 2);
    raw::message a = d.make(in, ms_bytes);
    raw::message b = d.make(in, ms_bytes);
    d.post(raw::rx, a);
    start(d, in);
    d.device.advance(3 * ms);
    d.post(raw::rx, b);
    d.device.advance(ms);
    CHECK(data_of(b) == heard(3 * ms_bytes, ms_bytes));
    REQUIRE(d.device.stream(in).starvations().size() == 1);
    CHECK(d.device.stream(in).starvations()[0].frame == 48);
    CHECK(d.device.stream(in).starvations()[0].lost_frames == 96);
    CHECK(d.device.stream(in).gaps() == 1);
}

TEST_CASE("pcm_stream with a capture buffer forgives a driver that is late by less") {
    driver d(buffered(96)); // two milliseconds
    d.up();
    d.ready(in, ms_bytes, 2);
    raw::message a = d.make(in, ms_bytes);
    raw::message b = d.make(in, ms_bytes);
    d.post(raw::rx, a);
    start(d, in);
    d.device.advance(3 * ms);
    d.post(raw::rx, b);
    CHECK(data_of(b) == heard(ms_bytes, ms_bytes));
    CHECK(b.answer().latency_bytes == ms_bytes);
    CHECK(d.device.stream(in).starvations().empty());
}

TEST_CASE("pcm_stream ends a recording with a short buffer") {
    for (const bool after_data : {false, true}) {
        CAPTURE(after_data);
        device_profile p = default_profile();
        p.rx_status_after_data = after_data;
        driver d(p);
        d.up();
        d.ready(in, ms_bytes, 2);
        raw::message a = d.make(in, ms_bytes);
        std::memset(a.data.cpu, 0, ms_bytes);
        d.post(raw::rx, a);
        start(d, in);
        d.device.advance(ms / 2);
        stop(d, in);
        release(d, in);
        CHECK(d.take(raw::rx).len == ms_bytes / 2 + 8);
        CHECK(std::vector<u8>(a.data.cpu, a.data.cpu + 96) == heard(0, 96));
        CHECK((a.data.cpu[97] == 0x80) == after_data);
        CHECK((a.answer().code == wire::SND_S_OK) != after_data);
    }
}

TEST_CASE("pcm_stream records what it is given to hear, on from one recording to the next") {
    driver d;
    d.up();
    const auto song = raw::noise(ms_bytes + 100);
    d.device.stream(in).set_source(song);
    for (u32 round = 0; round < 2; ++round) {
        d.ready(in, ms_bytes, 1);
        raw::message m = d.make(in, ms_bytes);
        d.post(raw::rx, m);
        start(d, in);
        d.device.advance(ms);
        stop(d, in);
        release(d, in);
        const auto got = data_of(m);
        const usize rest = round == 0 ? ms_bytes : 100;
        CHECK(std::equal(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(rest),
                         song.begin() + round * ms_bytes));
        if (round == 1) CHECK(got.back() == 0);
    }
}

TEST_CASE("pcm_stream in bursts records in bursts") {
    driver d(qemu_profile());
    d.up();
    d.ready(1, 480, 8); // 120 frames: four in each 10 ms
    std::vector<raw::message> all;
    for (int i = 0; i < 8; ++i) {
        all.push_back(d.make(1, 480));
        d.post(raw::rx, all.back());
    }
    start(d, 1);
    d.device.advance(10 * ms - 1);
    CHECK(completions(d).empty());
    d.device.advance(1);
    CHECK(completions(d).size() == 4);
    d.device.advance(10 * ms);
    CHECK(completions(d).size() == 8);
    for (u32 i = 0; i < 8; ++i)
        CHECK(data_of(all[i]) == heard(i * 480, 480));
}
