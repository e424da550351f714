// The media clock through starts, stops and gaps; pacing by it; and readers that interrupt it.

#include <doctest/doctest.h>

#include <csignal>
#include <ctime>
#include <sys/time.h>

#include <support/rounds.hpp>

#include "clock_device.hpp"

using namespace clock_tests;
using vsnd::clock_latch;
using vsnd::clock_reading;
using vsnd::usize;

TEST_CASE("media_clock: stands still until it starts, and after it stops") {
    media_clock c;
    c.set_rate(48000);
    CHECK(c.position(5 * second, never).frames == 0);
    CHECK(c.when(1) == media_clock::never);
    CHECK(c.when(0) == 0);
    c.start(0, 5 * second);
    CHECK(c.position(5 * second, never).frames == 0);
    CHECK(c.position(4 * second, never).frames == 0);
    CHECK(c.position(6 * second, never).frames == doctest::Approx(48000).epsilon(0.0001));
    CHECK(c.position(6 * second, 1000).frames == 1000);
    CHECK(c.position(6 * second, never).time_ns == 6 * second);
    c.stop(6 * second, 47000);
    CHECK(c.position(9 * second, never).frames == 47000);
    CHECK(c.position(9 * second, 40000).frames == 47000); // what was thrown away had been told
    CHECK(c.when(47001) == media_clock::never);
    c.tick(9 * second, never);
    CHECK(c.position(10 * second, never).frames == 47000);
    c.set_rate(8000);
    CHECK(c.position(10 * second, never).frames == 0);
}

TEST_CASE("media_clock: goes on from where it was, waits there, or leaps to what STOP cut") {
    for (const u64 resumed : {47000u, 46000u, 48024u}) {
        media_clock c;
        c.set_rate(48000);
        c.start(0, 0);
        c.stop(second, 47000);
        c.start(resumed, 3 * second);
        CAPTURE(resumed);
        CHECK(c.position(3 * second, never).frames == std::max<u64>(resumed, 47000));
        const u64 later = c.position(4 * second, never).frames;
        CHECK(later >= resumed + 47999);
        CHECK(later <= resumed + 48001);
    }
}

TEST_CASE("media_clock: what was completed before the start teaches nothing") {
    media_clock c;
    c.set_rate(48000);
    c.completed(480'000, 1);
    c.start(0, second);
    c.completed(480'000, second - 1);
    c.tick(second + ms, never);
    CHECK(c.position(2 * second, never).frames <= 48001);
}

TEST_CASE("media_clock: restarts again and again, and positions continue") {
    media_clock c;
    c.set_rate(44100);
    u64 last = 0;
    u64 total = 0;
    u64 now = 0;
    for (u32 round = 0; round < 20; ++round) {
        c.start(total, now);
        for (u32 i = 1; i <= 40; ++i) {
            now += 441 * second / 44100;
            total += 441;
            c.completed(total, now);
            c.tick(now, total + 441);
            const u64 frames = c.position(now, total + 441).frames;
            CHECK(frames >= last);
            CHECK(frames <= total + 1);
            CHECK(frames + 1 >= total);
            last = frames;
        }
        c.stop(now, total + 441);
        now += 123 * ms;
    }
}

TEST_CASE("media_clock: when() is when the position gets there, at every rate") {
    for (const u32 rate : all_rates) {
        media_clock c;
        c.set_rate(rate);
        c.start(1000, 77);
        for (const u64 ahead : {1u, 2u, 63u, 4096u, 100'000u}) {
            const u64 at = c.when(1000 + ahead);
            CAPTURE(rate);
            CAPTURE(ahead);
            CHECK(c.position(at, never).frames >= 1000 + ahead);
            CHECK(c.position(at - at / 500'000 - 3, never).frames < 1000 + ahead);
        }
    }
}

TEST_CASE("media_clock: a device that takes all at once is paced by the clock alone") {
    media_clock c;
    c.set_rate(48000);
    c.start(0, 0);
    c.completed(8192, 0);
    for (u64 now = 0; now < 3 * second; now += 10 * ms) {
        c.tick(now, never);
        const u64 frames = c.position(now, never).frames;
        c.completed(8192 + frames / 1024 * 1024, now);
    }
    CHECK(c.position(3 * second, never).frames == doctest::Approx(144'000).epsilon(0.001));
}

// A period goes back to the writer when it is completed and the clock says that it was played.
// With room for what the device holds and a few periods, nothing runs dry; and no period goes
// back before the device has it (give_back), so nothing overflows.
TEST_CASE("media_clock: pacing by the clock neither runs dry nor overflows") {
    u32 number = 0;
    for (const u32 rate : {8000u, 44100u, 48000u, 96000u})
        for (const u32 period : {64u, 256u, 1024u})
            for (const s32 drift : {0, 200, -200})
                for (const u64 tick : {u64{0}, 10 * ms}) {
                    if (tick != 0 && drift != 0) continue;
                    if (!support::one_in(5, number++)) continue;
                    habits h;
                    h.lead_frames = 1024;
                    h.tick_ns = tick;
                    h.drift_ppm = drift;
                    session s(h, {rate, period, 1, 0});
                    s.by_clock = true;
                    s.run_to(20 * second);
                    CAPTURE(rate);
                    CAPTURE(period);
                    CAPTURE(drift);
                    CAPTURE(tick);
                    CHECK(s.dev().gaps() == 0);
                    CHECK(s.truth() + rate / 500 + 1 >= s.read().frames);
                    CHECK(s.read().frames + rate / 500 + 1 >= s.truth());
                }
}

TEST_CASE("media_clock: whatever a device claims to have completed, and whatever the time") {
    u64 random = 1;
    const auto next = [&random] {
        random = random * 6364136223846793005u + 1442695040888963407u;
        return random >> 20;
    };
    for (u32 round = 0; round < 200; ++round) {
        media_clock c;
        c.set_rate(all_rates[round % 16]);
        u64 now = round % 3 == 0 ? 0 : next();
        c.start(round % 5 == 0 ? next() : 0, now);
        u64 submitted = c.position(now, 0).frames;
        u64 last = 0;
        u32 wrong = 0;
        for (u32 i = 0; i < 300; ++i) {
            now += next() >> (next() % 40);
            submitted += next() % 5000;
            c.completed(i % 7 == 0 ? next() << (next() % 30) : submitted - next() % 9000, now);
            if (i % 3 != 0) c.tick(i % 50 == 0 ? now - 30 * ms : now, submitted);
            const u64 frames = c.position(now, submitted).frames;
            wrong += frames < last || frames > submitted;
            last = frames;
        }
        CAPTURE(round);
        CHECK(wrong == 0);
    }
}

namespace {

struct pair {
    u64 value;
    u64 same;
};
clock_latch<pair> interrupted;
u64 last_seen;
u32 looks;
bool torn;

// Reads in the middle of whatever the writer is doing, as an interrupt does.
void look(int) {
    const pair seen = interrupted.load();
    if (seen.value != seen.same || seen.value < last_seen) torn = true;
    last_seen = seen.value;
    ++looks;
}

} // namespace

TEST_CASE("clock_latch: never half written for who interrupts the writer") {
    interrupted.store({});
    struct sigaction now {};
    struct sigaction before {};
    now.sa_handler = look;
    REQUIRE(sigaction(SIGALRM, &now, &before) == 0);
    const itimerval often{{0, 50}, {0, 50}};
    const itimerval off{};
    REQUIRE(setitimer(ITIMER_REAL, &often, nullptr) == 0);
    const std::time_t end = std::time(nullptr) + 5;
    for (u64 i = 1; looks < 200; ++i) {
        interrupted.store({i, i});
        if (i % 4096 == 0 && std::time(nullptr) > end) break;
    }
    setitimer(ITIMER_REAL, &off, nullptr);
    sigaction(SIGALRM, &before, nullptr);
    CHECK(looks > 0);
    CHECK_FALSE(torn);
}

TEST_CASE("sample_queue: keeps the oldest when nobody fetches") {
    vsnd::sample_queue q;
    q.init();
    for (u64 i = 1; i <= 6; ++i)
        q.put({i, i});
    vsnd::clock_point p;
    for (u64 i = 1; i <= 4; ++i) {
        REQUIRE(q.take(&p));
        CHECK(p.frames == i);
    }
    CHECK_FALSE(q.take(&p));
    q.put({9, 9});
    q.forget();
    CHECK_FALSE(q.take(&p));
}
