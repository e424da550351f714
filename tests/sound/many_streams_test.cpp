// Many streams of one card at once, on shared queues: what one of them does or suffers is no
// matter of the others.

#include <deque>

#include <doctest/doctest.h>

#include <support/party.hpp>
#include <support/rounds.hpp>

using namespace vsnd;
using support::live;
using support::live_until_finished;
using support::ms;
using support::party;
using support::with;
using rig = support::rig<>;
using stream_type = rig::stream;

namespace {

constexpr notification_policy policies[] = {{1, 1}, {4, 4}, {1, 4}, {4, 1}};

void set_policies(rig& r, notification_policy p) {
    REQUIRE(r.driver.set_policy(wire::SND_VQ_TX, p) == status_code::ok);
    REQUIRE(r.driver.set_policy(wire::SND_VQ_RX, p) == status_code::ok);
}

enum class failure { io_errors, stalled };
constexpr u32 spoiled = 3; // periods

void break_down(rig& r, party& p, failure how) {
    model::fault_set& f = r.device().faults();
    if (how == failure::io_errors) {
        f.io_error_stream = p.stream().id();
        f.io_errors = spoiled;
    } else {
        f.stalled_stream = p.stream().id();
        f.stall_at_frame = 0; // for good, however often it is prepared again
    }
}

// A stalled stream ends in good order, and works again when its device does.
void expect_stalled(rig& r, party& p, u64 position_before) {
    stream_type& s = p.stream();
    CHECK(s.position_frames() >= position_before);
    // The watchdog may be at work on it.
    for (u32 i = 0; i < 1000 && s.outcome() == status_code::in_progress; ++i)
        live(r, {}, ms);
    if (p.plays()) CHECK(s.drain() == status_code::timed_out);
    CHECK(s.position_frames() <= s.submitted_frames());
    CHECK(s.stop() == status_code::ok);
    CHECK(s.release() == status_code::ok);
    r.device().faults() = {};
    p.begin(with(pcm_format::s16, 2, 32000, 320, 4), 42);
    p.start();
    live_until_finished(r, p, {&p});
    CHECK((p.plays() ? s.drain() : s.stop()) == status_code::ok);
    CHECK(p.exact());
}

// Frames that were answered with IO_ERR count as played; captured ones are thrown away.
void expect_spoiled(rig& r, party& p, usize recorded_before) {
    stream_type& s = p.stream();
    live_until_finished(r, p, {&p});
    CHECK(s.counters().io_errors == spoiled);
    if (p.plays()) {
        CHECK(s.drain() == status_code::ok);
        CHECK(p.exact());
    } else {
        CHECK(p.recorded() > recorded_before);
        CHECK(s.stop() == status_code::ok);
    }
}

// One pauses, one drains and one fails, all in the same moment.
void three_at_once(const model::device_profile& profile, notification_policy policy,
                   const u32 (&roles)[3], failure how) {
    rig r(profile);
    REQUIRE(r.open() == status_code::ok);
    set_policies(r, policy);
    party first(r, *r.driver.find(direction::playback, 0), with(pcm_format::s16, 2, 48000, 256, 8),
                1);
    party second(r, *r.driver.find(direction::playback, 1), with(pcm_format::u8_, 1, 11025, 147, 8),
                 2);
    party third(r, *r.driver.find(direction::capture), with(pcm_format::s32_, 1, 16000, 160, 8), 3);
    party* const all[] = {&first, &second, &third};
    for (party* p : all)
        p->start();
    live(r, {&first, &second, &third}, 150 * ms);
    party& paused = *all[roles[0]];
    party& draining = *all[roles[1]];
    party& failing = *all[roles[2]];
    const usize recorded_before = failing.recorded();
    const u64 failing_before = failing.stream().position_frames();

    break_down(r, failing, how);
    draining.cut_song();
    CHECK(paused.stream().stop_async() == status_code::in_progress);
    CHECK(draining.stream().drain_async() == status_code::in_progress);
    live(r, {&failing}, 20 * ms);
    CHECK(paused.stream().outcome() == status_code::ok);
    const u64 paused_at = paused.stream().position_frames();
    live(r, {&failing}, 400 * ms);
    CHECK(paused.stream().state() == stream_state::stopped);
    CHECK(paused.stream().position_frames() == paused_at);
    CHECK(draining.stream().outcome() == status_code::ok);
    CHECK(draining.stream().state() == stream_state::stopped);
    draining.work(); // what was recorded until the end
    CHECK(draining.exact());
    if (draining.plays()) CHECK(draining.end().gaps() == 0);

    // The one that is finished begins anew, with other parameters; the paused one goes on.
    REQUIRE(draining.stream().release() == status_code::ok);
    draining.begin(with(pcm_format::s24_3, 3, 22050, 300, 5), 4);
    draining.start();
    REQUIRE(paused.stream().start() == status_code::ok);
    live_until_finished(r, paused, {&paused, &draining, &failing});
    live_until_finished(r, draining, {&paused, &draining, &failing});
    for (party* p : {&paused, &draining}) {
        CHECK((p->plays() ? p->stream().drain() : p->stream().stop()) == status_code::ok);
        CHECK(p->exact());
        CHECK(p->stream().counters().io_errors == 0);
        CHECK(p->stream().counters().bad_lengths == 0);
    }
    how == failure::stalled ? expect_stalled(r, failing, failing_before)
                            : expect_spoiled(r, failing, recorded_before);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

constexpr u32 casts[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

} // namespace

// [virtio 1.4] Sound Device / PCM Command Lifecycle
TEST_CASE("many streams: one paused, one draining, one failing, in every casting") {
    model::device_profile burst = model::default_profile();
    burst.pace = model::pacing::burst;
    burst.buffer_frames = 1024;
    u32 number = 0;
    for (const auto& profile : {model::default_profile(), burst}) {
        for (const notification_policy policy : policies) {
            for (const auto& roles : casts) {
                for (const failure how : {failure::io_errors, failure::stalled}) {
                    if (!support::one_in(19, number++)) continue;
                    CAPTURE(policy.doorbell_every);
                    CAPTURE(policy.interrupt_every);
                    CAPTURE(roles[0]);
                    CAPTURE(roles[1]);
                    CAPTURE(how == failure::stalled);
                    CAPTURE(profile.buffer_frames);
                    three_at_once(profile, policy, roles, how);
                }
            }
        }
    }
}

namespace {

// A device of five outputs and three inputs, or, with room for 21 chains only, of three and two.
model::device_profile many_streams(bool indirect) {
    model::device_profile p = model::default_profile();
    const model::stream_profile out = p.streams[0];
    const model::stream_profile in = p.streams[2];
    p.streams = {out, in, out, out, in};
    if (indirect) p.streams.insert(p.streams.end(), {out, out, in});
    p.indirect = indirect;
    return p;
}

// Pauses, goes on, drains, and begins anew with other parameters, as chance will have it.
class wanderer {
  public:
    wanderer(rig& r, stream_type& s, u32 seed) : p_(r, s, parameters(seed), seed), dice_(seed) {
        p_.start();
    }

    void step() {
        stream_type& s = p_.stream();
        if (s.outcome() == status_code::in_progress) return;
        REQUIRE(s.outcome() == status_code::ok);
        if (draining_ && s.state() == stream_state::stopped) return begin_anew();
        if (s.state() == stream_state::stopped) {
            if (!p_.plays()) p_.work();
            if (roll(20) == 0) REQUIRE(s.start_async() == status_code::in_progress);
            return;
        }
        p_.work();
        if (p_.finished()) {
            draining_ = true;
            REQUIRE(s.drain_async() == status_code::in_progress);
        } else if (roll(60) == 0) {
            REQUIRE(s.stop_async() == status_code::in_progress);
        }
    }
    u32 songs() const { return songs_; }
    bool clean() { return p_.stream().counters().xruns == 0 && p_.end().gaps() == 0; }

  private:
    static pcm_params parameters(u32 seed) {
        constexpr pcm_format formats[] = {pcm_format::s16, pcm_format::u8_, pcm_format::s24_3,
                                          pcm_format::float64, pcm_format::ima_adpcm};
        constexpr u32 rates[] = {8000, 11025, 22050, 44100, 48000, 96000, 12000};
        const u32 rate = rates[seed % 7];
        return with(formats[seed % 5], static_cast<u8>(1 + seed % 3), rate, rate / 200 * 2,
                    4 + seed % 2);
    }
    u32 roll(u32 sides) {
        dice_ = dice_ * 1664525u + 1013904223u;
        return (dice_ >> 16) % sides;
    }
    void begin_anew() {
        draining_ = false;
        p_.work(); // what was recorded until the end
        CHECK(p_.exact());
        ++songs_;
        REQUIRE(p_.stream().release() == status_code::ok);
        const u32 seed = dice_ >> 8;
        p_.begin(parameters(seed), seed, 100 + roll(200));
        p_.start();
    }

    party p_;
    u32 dice_;
    u32 songs_ = 0;
    bool draining_ = false;
};

} // namespace

TEST_CASE("many streams: up to eight at once pause, go on, drain and change as they like") {
    u32 number = 0;
    for (const notification_policy policy : policies) {
        for (const bool indirect : {true, false}) {
            if (!support::one_in(3, number++)) continue;
            CAPTURE(policy.doorbell_every);
            CAPTURE(policy.interrupt_every);
            CAPTURE(indirect);
            rig r(many_streams(indirect));
            REQUIRE(r.open() == status_code::ok);
            set_policies(r, policy);
            std::deque<wanderer> all;
            for (u32 id = 0; id < r.driver.stream_count(); ++id)
                all.emplace_back(r, *r.driver.find(id), id + 100 * policy.interrupt_every);
            for (u32 i = 0; i < 3000; ++i) {
                r.run(ms);
                for (wanderer& w : all)
                    w.step();
            }
            for (wanderer& w : all) {
                CHECK(w.songs() >= 3);
                CHECK(w.clean());
            }
            CHECK(r.driver.counters().unknown_ids == 0);
            CHECK(r.driver.close() == status_code::ok);
            CHECK_CLEAN(r);
        }
    }
}

TEST_CASE("many streams: one that finds no room leaves the others as they are") {
    model::device_profile profile = model::default_profile();
    profile.indirect = false; // 21 chains of three
    rig r(profile);
    REQUIRE(r.open() == status_code::ok);
    party first(r, *r.driver.find(direction::playback, 0), with(pcm_format::s16, 2, 48000, 480, 8),
                1);
    first.start();
    stream_type& other = *r.driver.find(direction::playback, 1);
    const u64 heard = r.heard();
    CHECK(r.prepare(other, with(pcm_format::s16, 2, 48000, 480, 12)) == status_code::no_room);
    CHECK(r.heard() == heard);
    CHECK(other.state() == stream_state::released);
    party second(r, other, with(pcm_format::s16, 1, 8000, 160, 9), 2);
    second.start();
    live_until_finished(r, first, {&first, &second});
    live_until_finished(r, second, {&first, &second});
    CHECK(first.stream().drain() == status_code::ok);
    CHECK(second.stream().drain() == status_code::ok);
    CHECK(first.exact());
    CHECK(second.exact());
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}
