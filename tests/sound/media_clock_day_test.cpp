// A day of sound at eight rates through the whole driver: the clock follows a device that is
// 200 ppm off, and no frame is lost on the way.

#include <doctest/doctest.h>

#include "clock_rig.hpp"

using namespace clock_tests;

namespace {

constexpr u64 day = 86400 * one_second;

// Half of the devices take 1024 frames ahead, half are fast.
const timing devices[] = {
    {"fast",
     [](model::device_profile& p, u32 rate) {
         exactly(p, rate);
         p.drift_ppm = 200;
     }},
    {"slow",
     [](model::device_profile& p, u32 rate) {
         exactly(p, rate);
         p.drift_ppm = -200;
     }},
    {"fast and early",
     [](model::device_profile& p, u32 rate) {
         early(p, rate);
         p.drift_ppm = 200;
     }},
    {"slow and early",
     [](model::device_profile& p, u32 rate) {
         early(p, rate);
         p.drift_ppm = -200;
     }},
};

} // namespace

TEST_CASE("media_clock: 24 hours at eight rates, with a device that drifts") {
    u32 which = 0;
    for (const u32 rate : {5512u, 8000u, 16000u, 44100u, 48000u, 96000u, 192000u, 384000u}) {
        const timing& habit = devices[which++ % 4];
        const bool ahead = std::string(habit.name).find("early") != std::string::npos;
        shape s{rate, rate, 4};
        s.pace = which % 2 == 0 ? pacing::device : pacing::clock;
        listener l(habit, s);
        l.tick_every = 990 * milli;
        CAPTURE(rate);
        l.run_to(20 * one_second);
        const findings f = l.watch(0, day, 17 * one_second);
        l.run_to(day);
        CHECK(f.backwards == 0);
        CHECK(f.beyond == 0);
        CHECK(f.out_of_bound == 0);
        CHECK(f.worst_ms < 1.0);
        // Exactly what the rate makes of a day, and every whole period of it completed and told.
        const bool fast = habit.name[0] == 'f';
        const u64 played = u64{86400} * rate * (fast ? 1'000'200 : 999'800) / 1'000'000;
        const u64 whole = (played + (ahead ? 1024 : 0)) / s.period_frames;
        CHECK(l.truth() == played);
        CHECK(l.out().position_frames() == whole * s.period_frames);
        CHECK(l.out().submitted_frames() == l.given_frames() + u64{4} * s.period_frames);
        CHECK(l.end().gaps() == 0);
        CHECK(l.out().counters().xruns == 0);
        CHECK(l.out().counters().stalls == 0);
        CHECK_CLEAN(l.rig());
    }
}
