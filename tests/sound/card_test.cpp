// The card as a whole: what it is made of, what it leaves out when told so, and how it is waited
// for.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;
using support::rig;

namespace {

struct playback_only : default_limits {
    static constexpr bool capture = false;
};
struct capture_only : default_limits {
    static constexpr bool playback = false;
};
struct two_streams : default_limits {
    static constexpr u32 streams = 2;
    static constexpr u32 periods = 4;
    static constexpr u32 events = 2;
};

pcm_params small() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    return p;
}

// Small kernels run no constructors.
constinit card<pci_device<support::sound_kernel>> constant;

} // namespace

TEST_CASE("a card is constant-initialised and closed") {
    CHECK(constant.state() == card_state::closed);
    CHECK(constant.close() == status_code::ok);
    CHECK(constant.find(0) == nullptr);
    CHECK_FALSE(constant.pump_all());
    CHECK(constant.tick(0) == ~u64{0});
    CHECK(constant.failure() == status_code::ok);
    constant.config_changed();
    constant.complete(wire::SND_VQ_TX, {nullptr, 0, used::kind::dropped});
    CHECK(constant.counters().unknown_ids == 0);
}

TEST_CASE("a playback-only card plays, and has no input streams") {
    rig<no_handler, playback_only> r;
    REQUIRE(r.open() == status_code::ok);
    CHECK(r.driver.find(direction::capture) == nullptr);
    CHECK(r.driver.find(2) == nullptr);
    CHECK(r.driver.counters().malformed_infos == 0);
    auto& out = *r.driver.find(direction::playback, 1);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    const bytes data = support::noise(10'000);
    CHECK(r.play(out, data) == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(1).sink(), data, pcm_format::s16));
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("a capture-only card records, and has no output streams") {
    rig<no_handler, capture_only> r;
    REQUIRE(r.open() == status_code::ok);
    CHECK(r.driver.find(direction::playback) == nullptr);
    CHECK(r.driver.find(0) == nullptr);
    auto& in = *r.driver.find(direction::capture);
    CHECK(in.id() == 2);
    const bytes source = support::noise(40'000);
    r.device().stream(2).set_source(source);
    REQUIRE(in.prepare(small(), {r.memory_for(small()).audio, {}}) == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    const bytes got = r.record(in, 20'000);
    REQUIRE(got.size() == 20'000);
    CHECK(std::equal(got.begin(), got.end(), source.begin()));
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("smaller limits: fewer streams, fewer periods, less memory") {
    rig<no_handler, two_streams> r;
    REQUIRE(r.open() == status_code::ok);
    CHECK(r.driver.device_streams() == 4);
    CHECK(r.driver.stream_count() == 2);
    CHECK(r.driver.find(2) == nullptr);
    CHECK(r.device().queue(wire::SND_VQ_EVENT).in_flight() <= 2);
    auto& out = *r.driver.find(direction::playback);
    pcm_params p = small();
    p.periods = 5;
    CHECK(r.prepare(out, p) == status_code::bad_period);
    CHECK(out.nearest(p).value().periods == 4);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    const bytes data = support::noise(10'000);
    CHECK(r.play(out, data) == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("open_async goes on in pumps and ticks, and says how it ended") {
    model::device_profile profile = model::default_profile();
    profile.control_delay_ns = 5'000'000;
    rig<> r(profile);
    CHECK(r.driver.open_async(r.port, r.area) == status_code::in_progress);
    CHECK(r.driver.state() == card_state::opening);
    CHECK(r.driver.outcome() == status_code::in_progress);
    CHECK(r.driver.open_async(r.port, r.area) == status_code::wrong_state);
    CHECK(r.driver.find(0) == nullptr);
    r.run(20'000'000);
    CHECK(r.driver.outcome() == status_code::ok);
    CHECK(r.driver.state() == card_state::open);
    CHECK(r.driver.find(0) != nullptr);
    CHECK(r.driver.close() == status_code::ok);
    // Given up half way: closed all the same.
    CHECK(r.driver.open_async(r.port, r.area) == status_code::in_progress);
    CHECK(r.driver.close() == status_code::ok);
    CHECK(r.driver.state() == card_state::closed);
    r.run(20'000'000);
    CHECK(r.open() == status_code::ok);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("a device that needs a reset while it is opened") {
    model::device_profile profile = model::default_profile();
    profile.control_delay_ns = 5'000'000;
    rig<> r(profile);
    CHECK(r.driver.open_async(r.port, r.area) == status_code::in_progress);
    r.device().set_needs_reset();
    r.run(0);
    CHECK(r.driver.outcome() == status_code::needs_reset);
    CHECK(r.driver.state() == card_state::closed);
    CHECK(r.open() == status_code::ok);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("tick says when it wants to be called again") {
    model::device_profile profile = model::default_profile();
    profile.control_delay_ns = 100'000'000;
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    const u64 now = r.device().now_ns();
    CHECK(r.driver.tick(now) == ~u64{0}); // nothing to watch
    auto& out = *r.driver.find(direction::playback);
    CHECK(out.prepare_async(small(), r.memory_for(small())) == status_code::in_progress);
    const u64 next = r.driver.tick(now);
    CHECK(next > now);
    CHECK(next <= now + default_limits::control_timeout_ns);
    CHECK(r.driver.close() == status_code::ok);
    CHECK(r.driver.tick(now) == ~u64{0});
}

// [virtio 1.4] General Initialization And Device Operation / Device Cleanup, driver 2
TEST_CASE("memory that the card was given is left alone after close") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    auto& in = *r.driver.find(direction::capture);
    const stream_memory a = r.memory_for(small());
    const stream_memory b = r.memory_for(small());
    REQUIRE(out.prepare(small(), a) == status_code::ok);
    REQUIRE(in.prepare(small(), b) == status_code::ok);
    const bytes data = support::noise(4096);
    REQUIRE(out.write({data.data(), 4096}).ok());
    REQUIRE(out.start() == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    r.run(7'000'000);
    REQUIRE(r.driver.close() == status_code::ok);
    for (const dma_region& m : {a.audio, a.silence, b.audio, b.silence, r.area})
        REQUIRE(r.kernel.memory.release(m));
    const usize refusals = r.kernel.memory.refusals().size();
    r.run(1'000'000'000);
    (void)r.driver.pump_all();
    (void)r.driver.tick(r.device().now_ns());
    CHECK(out.position_frames() <= 1024);
    CHECK(r.kernel.memory.refusals().size() == refusals);
    CHECK_FALSE(r.kernel.memory.released_memory_touched());
    CHECK_CLEAN(r);
}
