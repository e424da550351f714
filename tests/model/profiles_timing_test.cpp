// Time in a profile: completions that come early, late or in heaps, and converters that drift.

#include <doctest/doctest.h>

#include <string>

#include "profiles_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::careful_driver;
using raw::ms;

namespace {

constexpr u64 second = 1'000'000'000;
constexpr u64 day = 24 * 3600 * second;
constexpr u32 ms_bytes = 192; // of S16 stereo at 48 kHz

// Plays the same few periods over and over, by doing nothing but offering them again.
class endless_player {
  public:
    endless_player(careful_driver& d, u32 period_bytes, u32 periods) : d_(d) {
        d.prepare(0, period_bytes, periods);
        for (u32 i = 0; i < periods; ++i)
            sent.push_back(d.play(0, raw::noise(period_bytes)));
        d.pci.on_vector = [this](u32) { refill(); };
    }
    void begin() { REQUIRE(d_.pcm(wire::SND_R_PCM_START, 0) == wire::SND_S_OK); }
    void refill() {
        for (auto e = d_.take(raw::tx); e.any; e = d_.take(raw::tx)) {
            d_.offer(raw::tx, static_cast<u16>(e.id));
            d_.doorbell(raw::tx);
        }
        d_.set_used_event(raw::tx, d_.queues[raw::tx].last_used);
    }
    std::vector<raw::message> sent;

  private:
    careful_driver& d_;
};

} // namespace

TEST_CASE("timing: a drifting converter is exact after a day, at every rate") {
    for (u32 rate = 0; rate < wire::SND_PCM_RATE_COUNT; ++rate) {
        for (const s32 ppm : {-500, -100, -3, 0, 7, 100, 499}) {
            CAPTURE(rate);
            CAPTURE(ppm);
            converter c;
            c.set_rate(rate_of(rate), 32, ppm);
            c.begin(12345, 0);
            // A day's frames are whole: 86400 s, and ppm of a million.
            const u64 million = static_cast<u64>(1'000'000 + ppm);
            const u64 scaled = u64{86400} * rate_of(rate) * million;
            CHECK(c.reached(12345 + day) / 4 == scaled / 1'000'000);
            CHECK(c.reached(12345 + day - 1) / 4 == (scaled - 1) / 1'000'000);
            const u64 frame = scaled / 1'000'000;
            CHECK(c.reached(c.time_of(frame * 4)) / 4 == frame);
            CHECK(c.reached(c.time_of(frame * 4) - 1) / 4 == frame - 1);
        }
    }
}

TEST_CASE("timing: a quarter of an hour in long periods, to the frame, without audio or timeline") {
    for (const s32 ppm : {0, 50}) {
        device_profile p = default_profile();
        p.drift_ppm = ppm;
        careful_driver d(p);
        d.come_up();
        endless_player player(d, 4096 * 4, 4);
        d.device.trace().limit(0);
        d.device.stream(0).keep_sink(false);
        player.begin();
        d.device.advance(900 * second);
        const u64 frames = u64{900} * 48000 + static_cast<u64>(ppm) * 900 * 48 / 1000;
        CHECK(d.device.stream(0).played_frames_at(d.device.now_ns()) == frames);
        CHECK(d.device.stream(0).played_frames_at(450 * second) == frames / 2);
        CHECK(d.device.stream(0).buffers_completed() == frames / 4096);
        CHECK(d.device.stream(0).gaps() == 0);
        CHECK(d.device.stream(0).sink().empty());
        CHECK(d.device.violations().clean());
    }
}

TEST_CASE("timing: the true position stands still in gaps, and outlives STOP") {
    careful_driver d(default_profile());
    d.come_up();
    d.prepare(0, ms_bytes, 2);
    d.device.advance(ms);
    d.play(0, raw::noise(ms_bytes));
    REQUIRE(d.pcm(wire::SND_R_PCM_START, 0) == wire::SND_S_OK); // at 1 ms
    d.device.advance(4 * ms);
    d.play(0, raw::noise(ms_bytes)); // at 5 ms
    d.device.advance(ms / 2);
    REQUIRE(d.pcm(wire::SND_R_PCM_STOP, 0) == wire::SND_S_OK);
    d.device.advance(ms);
    const pcm_stream& s = d.device.stream(0);
    CHECK(s.played_frames_at(0) == 0);
    CHECK(s.played_frames_at(ms) == 0);
    CHECK(s.played_frames_at(ms + ms / 2) == 24);
    CHECK(s.played_frames_at(2 * ms) == 48);
    CHECK(s.played_frames_at(5 * ms) == 48);
    CHECK(s.played_frames_at(5 * ms + ms / 4) == 60);
    CHECK(s.played_frames_at(5 * ms + ms / 2) == 72);
    CHECK(s.played_frames_at(6 * ms) == 72);
}

TEST_CASE("timing: early completions run ahead by the device's buffer") {
    device_profile p = default_profile();
    all_timings().at(1).apply(p);
    REQUIRE(std::string(all_timings().at(1).name) == "early");
    careful_driver d(p);
    d.come_up();
    d.prepare(0, 1200 * 4, 2);
    d.play(0, raw::noise(1200 * 4));
    REQUIRE(d.pcm(wire::SND_R_PCM_START, 0) == wire::SND_S_OK);
    d.device.advance(second);
    const u64 frames = 1200 - 1024;
    CHECK(d.completions(0) == std::vector<u64>{(frames * second + 47999) / 48000});
}

TEST_CASE("timing: late completions keep their order, their bound, and the converter's time") {
    device_profile p = default_profile();
    p.late_ns = 5 * ms;
    careful_driver d(p);
    d.come_up();
    endless_player player(d, 10 * ms_bytes, 8);
    player.begin();
    d.device.advance(second);
    const auto times = d.completions(0);
    REQUIRE(times.size() >= 99);
    u64 least = ~u64{0};
    u64 most = 0;
    for (usize i = 0; i < times.size(); ++i) {
        const u64 late = times[i] - (i + 1) * 10 * ms;
        least = lesser(least, late);
        most = greater(most, late);
    }
    CHECK(most <= 5 * ms);
    CHECK(most > 4 * ms);
    CHECK(least < ms);
    CHECK(d.device.stream(0).played_frames_at(second) == 48000);
    CHECK(d.device.stream(0).gaps() == 0);
}

TEST_CASE("timing: RELEASE returns what is late before it is answered") {
    device_profile p = default_profile();
    p.late_ns = 1000 * second;
    careful_driver d(p);
    d.come_up();
    d.prepare(0, ms_bytes, 2);
    d.play(0, raw::noise(ms_bytes));
    d.play(0, raw::noise(ms_bytes));
    REQUIRE(d.pcm(wire::SND_R_PCM_START, 0) == wire::SND_S_OK);
    d.device.advance(10 * ms);
    CHECK(d.device.stream(0).completions_late() == 2);
    CHECK(d.pcm(wire::SND_R_PCM_STOP, 0) == wire::SND_S_OK);
    CHECK_FALSE(d.take(raw::tx).any);
    CHECK(d.pcm(wire::SND_R_PCM_RELEASE, 0) == wire::SND_S_OK);
    CHECK(d.take(raw::tx).any);
    CHECK(d.take(raw::tx).any);
    CHECK(d.device.stream(0).completions_late() == 0);
}

TEST_CASE("timing: a stall holds completions back, and then they catch up") {
    device_profile p = default_profile();
    p.stall_every_ns = 100 * ms;
    p.stall_ns = 25 * ms;
    careful_driver d(p);
    d.come_up();
    endless_player player(d, 10 * ms_bytes, 8);
    player.begin();
    d.device.advance(second - 1);
    const auto times = d.completions(0);
    CHECK(times.size() == 99);
    usize at_once = 0;
    for (usize i = 0; i < times.size(); ++i) {
        const u64 due = (i + 1) * 10 * ms;
        const bool held = due >= 100 * ms && due % (100 * ms) < 25 * ms;
        CHECK(times[i] == (held ? due / (100 * ms) * 100 * ms + 25 * ms : due));
        at_once += held;
    }
    CHECK(at_once == 27); // three in each of nine stalls
    CHECK(d.device.stream(0).gaps() == 0);
}
