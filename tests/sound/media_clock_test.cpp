// The media clock against devices that complete early, in bursts, late or after a pause: within a
// millisecond of what is played, never backwards, never beyond what was submitted.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <support/rounds.hpp>

#include "clock_device.hpp"

using namespace clock_tests;
using namespace vsnd;

namespace {

struct findings {
    u32 backwards = 0;
    u32 beyond = 0;       // of what was submitted
    u32 out_of_bound = 0; // further from the truth than the reading says
    double worst_ms = 0;
};

u64 distance(u64 a, u64 b) {
    return a > b ? a - b : b - a;
}

// Reads every 3 ms and a bit until `to`; accuracy counts from `from` on. A frame is granted for
// rounding.
findings watch(session& s, u32 rate_hz, u64 from, u64 to) {
    findings f;
    u64 last = 0;
    for (u64 at = s.now(); at < to; at += 3 * ms + 313) {
        s.run_to(at);
        const clock_reading r = s.read();
        f.backwards += r.frames < last;
        f.beyond += r.frames > s.dev().submitted();
        last = r.frames;
        const u64 off = distance(r.frames, s.truth());
        if (at < from) continue;
        f.out_of_bound += off > r.error_frames;
        f.worst_ms = std::max(f.worst_ms, double(off > 0 ? off - 1 : 0) * 1000 / rate_hz);
    }
    return f;
}

void accurate_everywhere(habits h, double allowed_ms, bool odd_periods = true) {
    const u64 start = 3 * ms + 7;
    double worst = 0;
    u32 number = 0;
    for (const u32 rate : all_rates)
        for (const u32 period : {64u, 100u, 256u, 480u, 1024u, 2048u, 4096u})
            for (const u32 batch : {1u, 4u}) {
                if (!support::one_in(11, number++)) continue;
                // Two interrupts a second, or nothing can be known after one.
                if (period * batch > rate / 2) continue;
                if (!odd_periods && period == 480) continue;
                habits own = h;
                if (own.tick_ns != 0 && rate > 96000) {
                    if (batch != 1) continue;
                    own.tick_ns = rate > 192000 ? 2 * ms : 5 * ms; // or the buffer runs dry
                }
                session s(own, {rate, period, batch, 0}, start);
                const findings f = watch(s, rate, start + second, start + 4 * second);
                CAPTURE(h.name);
                CAPTURE(h.drift_ppm);
                CAPTURE(rate);
                CAPTURE(period);
                CAPTURE(batch);
                CHECK(f.worst_ms < allowed_ms);
                CHECK(f.backwards == 0);
                CHECK(f.beyond == 0);
                CHECK(f.out_of_bound == 0);
                CHECK(s.dev().gaps() == 0);
                worst = std::max(worst, f.worst_ms);
            }
    MESSAGE(fmt::format("{} {:+} ppm: worst {:.3f} ms", h.name, h.drift_ppm, worst));
}

} // namespace

TEST_CASE("media_clock: a device that completes what was played, at all rates") {
    for (const s32 drift : {0, 200, -200}) {
        habits h;
        h.drift_ppm = drift;
        accurate_everywhere(h, 1.0);
    }
}

TEST_CASE("media_clock: a device that takes 1024 frames ahead, at all rates") {
    for (const s32 drift : {0, 200, -200}) {
        habits h;
        h.name = "early";
        h.lead_frames = 1024;
        h.drift_ppm = drift;
        accurate_everywhere(h, 1.0);
    }
}

// The first frame sounds at the first tick, which no completion tells where ticks and periods
// coincide for ever: those are left out.
TEST_CASE("media_clock: a device that fills 1024 frames at each tick, at all rates") {
    habits h;
    h.name = "burst";
    h.lead_frames = 1024;
    h.tick_ns = 10 * ms;
    accurate_everywhere(h, 1.0, false);
}

TEST_CASE("media_clock: periods of whole ticks, as many as the buffer holds") {
    habits h;
    h.lead_frames = 1024;
    h.tick_ns = 10 * ms;
    session s(h, {48000, 480, 1, 0});
    CHECK(watch(s, 48000, second, 4 * second).worst_ms < 1.0);
}

TEST_CASE("media_clock: completions up to 5 ms late, at all rates") {
    habits h;
    h.name = "late";
    h.late_ns = 5 * ms;
    accurate_everywhere(h, 1.0);
}

TEST_CASE("media_clock: completions pause for 300 ms and the sound does not, at all rates") {
    habits h;
    h.name = "stall";
    h.stall_every_ns = 1700 * ms;
    h.stall_ns = 300 * ms;
    accurate_everywhere(h, 1.0);
}

TEST_CASE("media_clock: the converter stands still for 300 ms; right again after a second") {
    for (const u32 lead : {0u, 1024u})
        for (const u32 rate : {8000u, 48000u, 192000u}) {
            habits h;
            h.lead_frames = lead;
            h.stall_every_ns = 3 * second;
            h.stall_ns = 300 * ms;
            h.stall_is_heard = true;
            session s(h, {rate, 256, 1, 0});
            const findings before = watch(s, rate, second, 3 * second - 10 * ms);
            const u64 reached = s.read().frames;
            const findings after = watch(s, rate, 4400 * ms, 5900 * ms);
            CAPTURE(rate);
            CAPTURE(lead);
            CHECK(before.worst_ms < 1.0);
            CHECK(after.worst_ms < 1.0);
            CHECK(after.backwards == 0);
            CHECK(after.beyond == 0);
            CHECK(s.read().frames > reached);
        }
}

TEST_CASE("media_clock: a guest that sleeps for 800 ms, and a clock that leaps by ten seconds") {
    for (const u32 lead : {0u, 1024u}) {
        habits h;
        h.lead_frames = lead;
        session s(h, {48000, 512, 1, 0});
        watch(s, 48000, 0, 2 * second);
        s.sleep_to(2800 * ms); // the device runs dry meanwhile
        CHECK(s.read().frames <= s.dev().submitted());
        findings f = watch(s, 48000, 4500 * ms, 6 * second);
        CAPTURE(lead);
        CHECK(f.backwards == 0);
        CHECK(f.beyond == 0);
        CHECK(f.worst_ms < 70.0);
        s.leap(10 * second);
        f = watch(s, 48000, 8 * second, 9 * second);
        CHECK(f.backwards == 0);
        CHECK(f.beyond == 0);
        CHECK(f.worst_ms < 70.0);
    }
}
