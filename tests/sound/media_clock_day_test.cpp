// A day of sound at eight rates: the clock follows a device that is 200 ppm off, to the frame.

#include <doctest/doctest.h>

#include "clock_device.hpp"

using namespace clock_tests;

TEST_CASE("media_clock: 24 hours at eight rates, with a device that drifts") {
    u32 which = 0;
    for (const u32 rate : {5512u, 8000u, 16000u, 44100u, 48000u, 96000u, 192000u, 384000u}) {
        habits h;
        h.drift_ppm = which % 2 == 0 ? 200 : -200;
        h.lead_frames = which % 4 < 2 ? 0 : 1024;
        ++which;
        session s(h, {rate, 4096, 1, 0});
        s.tick_ns = 250 * ms;
        CAPTURE(rate);
        u64 last = 0;
        u64 worst = 0;
        u32 backwards = 0;
        u32 beyond = 0;
        for (u64 at = 7 * second; at <= 86400 * second; at += 7 * second) {
            s.run_to(at);
            const vsnd::clock_reading r = s.read();
            backwards += r.frames < last;
            beyond += r.frames > s.dev().submitted();
            last = r.frames;
            const u64 truth = s.truth();
            worst = std::max(worst, r.frames > truth ? r.frames - truth : truth - r.frames);
        }
        CHECK(backwards == 0);
        CHECK(beyond == 0);
        CHECK(worst <= rate / 1000 + 1);
        s.run_to(86400 * second);
        // Exactly what the rate makes of a day, and every whole period of it completed.
        const u64 day = u64{86400} * rate;
        const u64 played = h.drift_ppm > 0 ? day + day / 5000 : day - day / 5000;
        CHECK(s.truth() == played - (day % 5000 != 0 && h.drift_ppm < 0 ? 1 : 0));
        CHECK(s.fed() == (s.truth() + h.lead_frames) / 4096 * 4096);
        CHECK(s.dev().gaps() == 0);
    }
}
