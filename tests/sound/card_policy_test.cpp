// The policy of a queue at its ends: nobody is told, few periods are left of a batch, two streams of
// different pace share a queue, the policy changes under way, a stream pauses in the middle.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>
#include <vsnd/ring/packed_queue.hpp>

using namespace vsnd;
using support::bytes;

namespace {

constexpr u32 tx = wire::SND_VQ_TX;
constexpr u32 none = notification_policy::none;
constexpr u32 polling = 1u << wire::SND_PCM_F_MSG_POLLING;

model::device_profile device_with(bool event_idx, bool packed = false) {
    auto p = model::default_profile();
    p.event_idx = event_idx;
    p.packed = packed;
    return p;
}

pcm_params params(u32 frames = 480, u32 periods = 8, u32 features = 0) {
    pcm_params p;
    p.period_frames = frames;
    p.periods = periods;
    p.features = features;
    return p;
}

using split_rig = support::rig<>;
using packed_rig = support::rig<no_handler, default_limits, ring_policy, packed_queue>;

template <class Rig>
auto& prepare_out(Rig& r, u32 which, const pcm_params& p) {
    auto& s = *r.driver.find(which);
    REQUIRE(s.flow() == direction::playback);
    REQUIRE(r.prepare(s, p) == status_code::ok);
    return s;
}

// Writes on, and pumps every millisecond, without any interrupt's help.
template <class Rig, class Stream>
void play_polled(Rig& r, Stream& s, const bytes& data, usize& at, usize until) {
    const bytes piece(data.begin() + static_cast<std::ptrdiff_t>(at),
                      data.begin() + static_cast<std::ptrdiff_t>(until));
    const u64 end = r.device().now_ns() + 5'000'000'000;
    usize done = 0;
    while (done < piece.size() && r.device().now_ns() < end) {
        REQUIRE(r.feed(s, piece, done, ~usize{0}) == status_code::ok);
        r.run(1'000'000);
        (void)r.driver.pump(tx, default_budget);
    }
    REQUIRE(done == piece.size());
    at = until;
}

template <class Rig>
void check_polled_by_driver(bool event_idx) {
    CAPTURE(event_idx);
    Rig r(device_with(event_idx, is_packed<typename Rig::port_type::queue_type>));
    REQUIRE(r.open() == status_code::ok);
    REQUIRE(r.driver.set_policy(tx, {1, none}) == status_code::ok);
    CHECK(r.driver.effective_policy(tx) == notification_policy{1, none});
    auto& out = prepare_out(r, 0, params());
    const bytes data = support::noise(60 * out.period_bytes());
    usize at = 0;
    play_polled(r, out, data, at, data.size() / 3);
    (void)r.driver.pump(tx, default_budget); // START is over: no more interrupts from here on
    const u64 told = r.device().interrupts(tx);
    play_polled(r, out, data, at, 2 * data.size() / 3);
    CHECK(r.device().interrupts(tx) == told);
    // Switched while it runs: they come again, and the rest is played by them.
    REQUIRE(r.driver.set_policy(tx, {1, 1}) == status_code::ok);
    const bytes rest(data.begin() + static_cast<std::ptrdiff_t>(at), data.end());
    CHECK(r.play(out, rest) == status_code::ok);
    CHECK(r.device().interrupts(tx) > told + 10);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, out.params().format));
    CHECK(out.counters().xruns == 0);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_MESSAGE(r.device().violations().entries().empty(), r.report());
}

} // namespace

// [virtio 1.4] Split Virtqueues / Used Buffer Notification Suppression, driver 2
TEST_CASE("policy: a driver that polls is not interrupted, until it wants to be") {
    for (const bool event_idx : {true, false}) {
        check_polled_by_driver<split_rig>(event_idx);
        check_polled_by_driver<packed_rig>(event_idx);
    }
}

TEST_CASE("policy: operations of a polled queue end by themselves") {
    split_rig r;
    REQUIRE(r.open() == status_code::ok);
    REQUIRE(r.driver.set_policy(tx, {1, none}) == status_code::ok);
    auto& out = prepare_out(r, 0, params());
    const bytes data = support::noise(8 * out.period_bytes());
    // Fits the buffer: nobody pumps but the drain's own wait and the interrupts.
    CHECK(r.play(out, data) == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, out.params().format));
    CHECK(out.release() == status_code::ok);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

// [virtio 1.4] Sound Device / PCM Stream Parameters, VIRTIO_SND_PCM_F_MSG_POLLING
TEST_CASE("policy: no doorbell while the device polls for every prepared stream") {
    split_rig r;
    REQUIRE(r.open() == status_code::ok);
    REQUIRE(r.driver.set_policy(tx, {none, 1}) == status_code::ok);
    CHECK(r.driver.effective_policy(tx) == notification_policy{1, 1}); // no stream polls yet
    auto& out = prepare_out(r, 0, params(480, 8, polling));
    CHECK(r.driver.effective_policy(tx) == notification_policy{none, 1});
    const bytes data = support::noise(100 * out.period_bytes());
    usize at = 0;
    const auto play_until = [&](usize end) { play_polled(r, out, data, at, end); };
    play_until(25 * out.period_bytes());
    CHECK(r.device().doorbells(tx) == 0);
    // A second stream, without it: doorbells ring as the device wants them.
    auto& other = prepare_out(r, 1, params());
    CHECK(r.driver.effective_policy(tx) == notification_policy{1, 1});
    play_until(50 * out.period_bytes());
    const u64 rung = r.device().doorbells(tx);
    CHECK(rung > 10);
    REQUIRE(other.release() == status_code::ok);
    CHECK(r.driver.effective_policy(tx) == notification_policy{none, 1});
    play_until(data.size());
    CHECK(r.device().doorbells(tx) <= rung + 1);
    CHECK(out.drain() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, out.params().format));
    CHECK(out.counters().xruns == 0);
    CHECK(out.release() == status_code::ok);
    CHECK(r.driver.effective_policy(tx) == notification_policy{1, 1});
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("policy: a device that was reset polls again, and is not told") {
    split_rig r;
    REQUIRE(r.open() == status_code::ok);
    REQUIRE(r.driver.set_policy(tx, {none, none}) == status_code::ok);
    auto& out = prepare_out(r, 0, params(480, 8, polling));
    const bytes data = support::noise(60 * out.period_bytes());
    usize at = 0;
    play_polled(r, out, data, at, 20 * out.period_bytes());
    r.device().set_needs_reset();
    const u64 end = r.device().now_ns() + 1'000'000'000;
    while (r.device().now_ns() < end && (r.device().resets() < 2 || !ok(out.outcome()))) {
        r.run(1'000'000);
        (void)r.driver.pump_all();
        (void)r.driver.tick(r.device().now_ns());
    }
    REQUIRE(out.state() == stream_state::running);
    CHECK(r.driver.effective_policy(tx) == notification_policy{none, none});
    const u64 rung = r.device().doorbells(tx);
    play_polled(r, out, data, at, data.size());
    CHECK(r.device().doorbells(tx) == rung);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("policy: what holds is told, where the device cannot do what was asked for") {
    for (const bool event_idx : {true, false}) {
        CAPTURE(event_idx);
        split_rig r(device_with(event_idx));
        REQUIRE(r.open() == status_code::ok);
        CHECK(r.driver.effective_policy(tx) == notification_policy{1, 1});
        REQUIRE(r.driver.set_policy(tx, {4, 8}) == status_code::ok);
        const notification_policy expected{4, event_idx ? 8u : 1u};
        CHECK(r.driver.effective_policy(tx) == expected);
        CHECK(r.driver.effective_policy(wire::SND_VQ_RX) == notification_policy{1, 1});
        CHECK(r.driver.effective_policy(99) == notification_policy{1, 1});
        // It is kept, and judged anew, when the card is opened again.
        REQUIRE(r.driver.close() == status_code::ok);
        REQUIRE(r.open() == status_code::ok);
        CHECK(r.driver.effective_policy(tx) == expected);
        CHECK(r.driver.close() == status_code::ok);
    }
}

TEST_CASE("policy batched(4): one to seven periods are left at the end, and none is forgotten") {
    for (u32 left = 1; left <= 7; ++left) {
        CAPTURE(left);
        split_rig r;
        REQUIRE(r.open() == status_code::ok);
        REQUIRE(r.driver.set_policy(tx, {4, 4}) == status_code::ok);
        auto& out = prepare_out(r, 0, params());
        const bytes data = support::noise((16 + left) * out.period_bytes());
        CHECK(r.play(out, data) == status_code::ok);
        CHECK(support::plays_exactly(r.device().stream(0).sink(), data, out.params().format));
        CHECK(out.counters().xruns == 0);
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("policy batched(4): a fast and a slow stream of one queue are both on time") {
    split_rig r;
    REQUIRE(r.open() == status_code::ok);
    REQUIRE(r.driver.set_policy(tx, {4, 4}) == status_code::ok);
    auto& fast = prepare_out(r, 0, params(64, 16));
    auto& slow = prepare_out(r, 1, params(4096, 3));
    const bytes quick = support::noise(750 * fast.period_bytes());
    const bytes calm = support::noise(13 * slow.period_bytes(), 2);
    usize quick_at = 0, calm_at = 0;
    while (quick_at < quick.size() || calm_at < calm.size()) {
        REQUIRE(r.feed(fast, quick, quick_at, ~usize{0}) == status_code::ok);
        REQUIRE(r.feed(slow, calm, calm_at, ~usize{0}) == status_code::ok);
        REQUIRE(r.device().now_ns() < 3'000'000'000);
        r.kernel.wait(2'000'000);
    }
    CHECK(fast.drain() == status_code::ok);
    CHECK(slow.drain() == status_code::ok);
    CHECK(r.device().stream(0).gaps() == 0);
    CHECK(r.device().stream(1).gaps() == 0);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), quick, fast.params().format));
    CHECK(support::plays_exactly(r.device().stream(1).sink(), calm, slow.params().format));
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("policy: every switch while periods are in flight, and a pause in the middle") {
    const notification_policy all[] = {{1, 1}, {4, 4}, {1, 6}, {6, 1}, {1, none}, {4, none}};
    split_rig r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = prepare_out(r, 0, params());
    const bytes data = support::noise(220 * out.period_bytes());
    usize at = 0;
    play_polled(r, out, data, at, 12 * out.period_bytes());
    for (const notification_policy& from : all) {
        for (const notification_policy& to : all) {
            REQUIRE(r.driver.set_policy(tx, from) == status_code::ok);
            play_polled(r, out, data, at, at + 3 * out.period_bytes());
            REQUIRE(r.driver.set_policy(tx, to) == status_code::ok);
            play_polled(r, out, data, at, at + 2 * out.period_bytes());
            if (to.interrupt_every == from.doorbell_every) {
                REQUIRE(out.stop() == status_code::ok);
                r.run(30'000'000);
                REQUIRE(out.start() == status_code::ok);
            }
        }
    }
    REQUIRE(r.driver.set_policy(tx, {1, 1}) == status_code::ok);
    const bytes rest(data.begin() + static_cast<std::ptrdiff_t>(at), data.end());
    CHECK(r.play(out, rest) == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, out.params().format));
    CHECK(out.counters().xruns == 0);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}
