// A device that takes every period at once, also before START, and silence as well: a server
// without a sound card. What the user and the processor have of it is bounded all the same.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>
#include <vsnd/model/profiles.hpp>

using namespace vsnd;

namespace {

constexpr u64 ms = 1'000'000;

struct bench {
    bench(pacing p, xrun_policy x) : r(model::vhost_device_sound_null_profile()) {
        REQUIRE(r.open() == status_code::ok);
        REQUIRE(out().set_pacing(p) == status_code::ok);
        out().set_xrun_policy(x);
        params = out().nearest({.period_frames = 480}).value();
        REQUIRE(r.prepare(out(), params) == status_code::ok);
    }
    support::rig<>::stream& out() { return *r.driver.find(direction::playback); }
    // Commits what it may, at most so many periods. The answer: how many.
    u32 fill(u32 most) {
        u32 count = 0;
        for (; count < most && out().acquire().ok(); ++count)
            REQUIRE(out().commit() == status_code::ok);
        return count;
    }
    void run(u64 milliseconds) {
        for (u64 i = 0; i < milliseconds; ++i) {
            (void)r.driver.tick(r.device().now_ns());
            r.run(ms);
        }
    }
    u64 frames() { return r.device().stream(out().id()).taken_frames(); }
    support::rig<> r;
    pcm_params params;
};

} // namespace

TEST_CASE("swallowed at once: by the clock, no more than the buffer is taken before START") {
    bench b(pacing::clock, xrun_policy::restart);
    CHECK(b.fill(1000) == b.params.periods);
    CHECK(b.out().start() == status_code::ok);
    b.run(200);
    CHECK(b.fill(1000) <= b.params.periods);
}

TEST_CASE("swallowed at once: silence while the user is late comes at the stream's rate, or so") {
    for (const pacing p : {pacing::clock, pacing::device}) {
        bench b(p, xrun_policy::silence);
        (void)b.fill(b.params.periods);
        REQUIRE(b.out().start(start_mode::now) == status_code::ok);
        (void)b.fill(1);
        b.run(500); // nobody commits anything more
        CHECK(b.frames() > b.params.rate_hz * 4 / 10);
        CHECK(b.frames() < b.params.rate_hz);
        // And then he comes back.
        CHECK(b.fill(b.params.periods) > 0);
        b.run(100);
        CHECK(b.fill(1) == 1);
    }
}

TEST_CASE("swallowed at once: a user who is in time has no silence between his periods") {
    bench b(pacing::clock, xrun_policy::silence);
    (void)b.fill(b.params.periods);
    REQUIRE(b.out().start() == status_code::ok);
    u64 committed = b.params.periods;
    for (u32 i = 0; i < 2000; ++i) {
        b.run(1);
        committed += b.fill(1000);
    }
    CHECK(b.frames() == committed * b.params.period_frames);
    CHECK(b.frames() > 2 * b.params.rate_hz * 99 / 100);
    CHECK(b.frames() < 2 * b.params.rate_hz + (b.params.periods + 2) * b.params.period_frames);
}
