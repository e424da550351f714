// Streams in time: when buffers of playback complete, what happens when there is no data.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;

namespace {

constexpr u32 out = 0; // a playback stream of the default profile
constexpr u32 in = 2;  // a capture stream

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

} // namespace

TEST_CASE("pcm_stream completes each period when its last frame has left the converter") {
    // Spec: [virtio 1.4] Sound Device / PCM Output Stream: not before it is totally consumed
    driver d;
    d.up();
    d.ready(out, ms_bytes, 3);
    for (int i = 0; i < 3; ++i)
        d.play(out, raw::noise(ms_bytes));
    d.device.advance(5 * ms); // not before START
    CHECK(completions(d).empty());
    start(d, out);
    d.device.advance(ms - 1);
    CHECK(completions(d).empty());
    d.device.advance(10 * ms);
    CHECK(completions(d) == std::vector<u64>{6 * ms, 7 * ms, 8 * ms});
    CHECK(d.device.stream(out).clock().converted_at(50) == 5 * ms + 50 * ms / 48 + 1);
}

TEST_CASE("pcm_stream with a buffer completes early by just that, and tells the latency") {
    driver d(buffered(24)); // half a millisecond
    d.up();
    d.ready(out, ms_bytes, 3);
    const raw::message first = d.play(out, raw::noise(ms_bytes));
    const raw::message second = d.play(out, raw::noise(ms_bytes));
    start(d, out);
    d.device.advance(10 * ms);
    CHECK(completions(d) == std::vector<u64>{ms / 2, ms + ms / 2});
    CHECK(first.answer().code == wire::SND_S_OK);
    CHECK(first.answer().latency_bytes == 24 * 4);
    CHECK(second.answer().latency_bytes == 24 * 4);
    CHECK(d.device.stream(out).starvations().at(0).time_ns == 2 * ms);
}

TEST_CASE("pcm_stream reads data when its turn comes, not at the doorbell") {
    driver d;
    d.up();
    d.ready(out, ms_bytes, 2);
    d.play(out, raw::noise(ms_bytes));
    const raw::message m = d.play(out, raw::noise(ms_bytes));
    start(d, out);
    d.device.advance(ms);
    std::memset(m.data.cpu, 0x55, ms_bytes);
    d.device.advance(ms);
    CHECK(d.device.stream(out).sink().back() == 0x55);
}

TEST_CASE("pcm_stream starves, says when, and counts a gap only when more data follows") {
    driver d;
    d.up();
    d.ready(out, ms_bytes, 2);
    d.play(out, raw::noise(ms_bytes));
    start(d, out);
    d.device.advance(3 * ms);
    REQUIRE(d.device.stream(out).starvations().size() == 1);
    CHECK(d.device.stream(out).starvations()[0].time_ns == ms);
    CHECK(d.device.stream(out).starvations()[0].frame == 48);
    CHECK(d.device.stream(out).gaps() == 0);
    d.play(out, raw::noise(ms_bytes));
    CHECK(d.device.stream(out).gaps() == 1);
    CHECK(d.device.stream(out).starvations()[0].resumed_ns == 3 * ms);
    d.device.advance(5 * ms);
    CHECK(completions(d) == std::vector<u64>{ms, 4 * ms});
    stop(d, out);
    CHECK(d.device.stream(out).starvations().size() == 2);
    CHECK(d.device.stream(out).gaps() == 1);
    CHECK(d.device.stream(out).clock().spans().size() == 2);
}

TEST_CASE("pcm_stream that is refilled at the very last nanosecond does not starve") {
    driver d;
    d.up();
    d.ready(out, ms_bytes, 1);
    d.play(out, raw::noise(ms_bytes));
    start(d, out);
    d.device.advance(ms);
    d.play(out, raw::noise(ms_bytes));
    d.device.advance(ms);
    CHECK(d.device.stream(out).starvations().empty());
    CHECK(completions(d) == std::vector<u64>{ms, 2 * ms});
}

TEST_CASE("pcm_stream announces xruns where that was asked for") {
    driver d;
    d.up();
    for (const u32 stream : {out, in}) {
        auto p = driver::params(stream, ms_bytes, 2);
        p.features = 1u << wire::SND_PCM_F_EVT_XRUNS;
        d.ask(p);
        d.pcm(wire::SND_R_PCM_PREPARE, stream);
    }
    d.play(out, raw::noise(ms_bytes));
    start(d, out);
    raw::message m = d.make(in, ms_bytes);
    d.post(raw::rx, m);
    start(d, in);
    d.device.advance(10 * ms);
    CHECK(d.device.events_sent() == 2);
    CHECK(d.take(raw::event).len == sizeof(wire::snd_event));
    CHECK(d.device.stream(in).starvations().size() == 1);
}

TEST_CASE("pcm_stream keeps its buffers at STOP, and goes on with them at START") {
    driver d;
    d.up();
    const auto audio = raw::noise(3 * ms_bytes);
    d.ready(out, ms_bytes, 3);
    for (u32 i = 0; i < 3; ++i)
        d.play(out, {audio.begin() + i * ms_bytes, audio.begin() + (i + 1) * ms_bytes});
    start(d, out);
    d.device.advance(ms + ms / 2);
    stop(d, out);
    d.device.advance(10 * ms);
    CHECK(completions(d).size() == 1);
    CHECK(d.device.stream(out).buffers_pending() == 2);
    start(d, out);
    d.device.advance(10 * ms);
    CHECK(completions(d).size() == 3);
    CHECK(d.device.stream(out).sink() == audio);
    CHECK(d.device.stream(out).gaps() == 0);
}

TEST_CASE("pcm_stream returns all its buffers before RELEASE is answered") {
    // Spec: [virtio 1.4] Sound Device / PCM Stream Release
    driver d;
    d.up();
    d.ready(out, ms_bytes, 4);
    for (int i = 0; i < 4; ++i)
        d.play(out, raw::noise(ms_bytes));
    d.ready(1, ms_bytes, 1);
    d.play(1, raw::noise(ms_bytes)); // another stream keeps its own
    release(d, out);
    std::vector<trace_kind> last;
    for (const trace_event& e : d.device.trace().events())
        if (e.kind == trace_kind::period_completed || e.kind == trace_kind::request)
            last.push_back(e.kind);
    REQUIRE(last.size() > 5);
    CHECK(last.back() == trace_kind::request);
    CHECK(last[last.size() - 2] == trace_kind::period_completed);
    CHECK(d.device.stream(out).buffers_pending() == 0);
    CHECK(d.device.stream(1).buffers_pending() == 1);
    for (int i = 0; i < 4; ++i)
        CHECK(d.take(raw::tx).any);
    CHECK_FALSE(d.take(raw::tx).any);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("pcm_stream in bursts takes what fits at each tick, and completes it at once") {
    driver d(qemu_profile());
    d.up();
    d.ready(0, 1024, 8); // 256 frames a period
    std::vector<raw::message> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(d.play(0, raw::noise(1024)));
    start(d, 0);
    d.device.advance(10 * ms - 1);
    CHECK(completions(d).empty());
    d.device.advance(1);
    CHECK(completions(d) == std::vector<u64>(4, 10 * ms)); // 1024 frames, at once
    CHECK(d.device.interrupts(raw::tx) == 1);
    d.device.advance(10 * ms); // 480 frames played: 480 more, one period whole
    CHECK(completions(d).size() == 5);
    CHECK(all[0].answer().latency_bytes == 0);
    CHECK(d.device.stream(0).converted_frames() == 480);
    CHECK(d.device.stream(0).taken_frames() == 1504);
    stop(d, 0);
    CHECK(d.device.stream(0).dropped_bytes() == 1024 * 4); // the tail that STOP cuts off
}

TEST_CASE("pcm_stream works at every rate and format") {
    for (u8 format = 0; format < wire::SND_PCM_FMT_COUNT; ++format) {
        for (u8 rate = 0; rate < wire::SND_PCM_RATE_COUNT; ++rate) {
            CAPTURE(format);
            CAPTURE(rate);
            driver d;
            d.up();
            const u32 period = format_bits(format) * 2 * 64 / 8; // 64 frames of stereo
            auto p = driver::params(out, period, 4);
            p.format = format;
            p.rate = rate;
            REQUIRE(d.ask(p).code == wire::SND_S_OK);
            d.pcm(wire::SND_R_PCM_PREPARE, out);
            const auto audio = raw::noise(period);
            d.play(out, audio);
            start(d, out);
            const u64 when = (64 * 1'000'000'000ull + rate_of(rate) - 1) / rate_of(rate);
            d.device.advance(when + 10);
            CHECK(completions(d) == std::vector<u64>{when});
            CHECK(d.device.stream(out).sink() == audio);
        }
    }
}
