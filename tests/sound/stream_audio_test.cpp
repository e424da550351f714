// Drain, and what write and read do at their edges.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;
using support::rig;

namespace {

pcm_params geometry(u32 frames, u32 periods) {
    pcm_params p;
    p.period_frames = frames;
    p.periods = periods;
    return p;
}

// A paced device with a buffer of its own, as a sound card has one.
model::device_profile buffering(u32 frames) {
    model::device_profile p = model::default_profile();
    p.buffer_frames = frames;
    return p;
}

// What was played, not merely taken: the bytes that the converter reached.
u64 played_bytes(rig<>& r) {
    return r.device().stream(0).converted_frames() * 4;
}

} // namespace

// [virtio 1.4] Sound Device / PCM Output Stream: completion means taken, not played
TEST_CASE("drain plays the last frame before STOP, whatever the device buffers itself") {
    const model::device_profile profiles[] = {model::default_profile(), buffering(512),
                                              buffering(1024), model::qemu_profile()};
    for (const auto& profile : profiles) {
        for (const u32 frames : {64u, 256u, 333u, 1024u}) {
            for (const u32 tail : {0u, 1u, 100u}) {
                if (tail >= frames) continue;
                CAPTURE(profile.name);
                CAPTURE(profile.buffer_frames);
                CAPTURE(frames);
                CAPTURE(tail);
                rig<> r(profile);
                REQUIRE(r.open() == status_code::ok);
                auto& out = *r.driver.find(direction::playback);
                const u32 periods = 4096 / frames < 32 ? 4096 / frames : 32;
                REQUIRE(r.prepare(out, geometry(frames, periods)) == status_code::ok);
                const bytes data = support::noise(usize{4} * (frames * (periods + 3) + tail));
                REQUIRE(r.play(out, data) == status_code::ok);
                CHECK(out.state() == stream_state::stopped);
                CHECK(played_bytes(r) >= data.size());
                CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
                CHECK(out.position_frames() == data.size() / 4);
                CHECK(out.delay_frames() == 0);
                CHECK(out.counters().xruns == 0);
                CHECK(out.release() == status_code::ok);
                CHECK_CLEAN(r);
            }
        }
    }
}

TEST_CASE("a sound shorter than the buffer is drained from prepared") {
    for (const bool qemu : {false, true}) {
        for (const u32 frames : {1u, 100u, 256u, 700u}) {
            CAPTURE(qemu);
            CAPTURE(frames);
            rig<> r(qemu ? model::qemu_profile() : model::default_profile());
            REQUIRE(r.open() == status_code::ok);
            auto& out = *r.driver.find(direction::playback);
            REQUIRE(r.prepare(out, geometry(256, 4)) == status_code::ok);
            const bytes data = support::noise(usize{frames} * 4);
            REQUIRE(out.write({data.data(), data.size()}).value() == data.size());
            CHECK(out.drain() == status_code::ok);
            CHECK(out.state() == stream_state::stopped);
            CHECK(out.position_frames() == frames);
            CHECK(out.submitted_frames() == frames);
            CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
            CHECK(played_bytes(r) >= data.size());
            CHECK_CLEAN(r);
        }
    }
}

TEST_CASE("draining nothing is done at once, and the stream is as it was") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, geometry(256, 4)) == status_code::ok);
    const u64 before = r.heard();
    CHECK(out.drain() == status_code::ok);
    CHECK(out.state() == stream_state::prepared);
    CHECK(r.heard() == before);
    const bytes data = support::noise(4096);
    CHECK(out.write({data.data(), data.size()}).value() == 4096);
    CHECK(r.play(out, {}) == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK_CLEAN(r);
}

TEST_CASE("a stopped stream drains what it still has") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, geometry(256, 4)) == status_code::ok);
    const bytes data = support::noise(4096);
    REQUIRE(out.write({data.data(), data.size()}).value() == 4096);
    REQUIRE(out.start() == status_code::ok);
    r.run(8'000'000);
    REQUIRE(out.stop() == status_code::ok);
    CHECK(out.drain() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK(out.drain() == status_code::ok);
    CHECK(out.start() == status_code::would_block); // nothing left
    CHECK(out.drop() == status_code::ok);
    CHECK(r.play(out, data) == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("the length of the silence behind the audio is the caller's choice") {
    for (const u32 tail : {0u, 1u, 256u, 5000u}) {
        CAPTURE(tail);
        rig<> r;
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        REQUIRE(r.prepare(out, geometry(256, 4)) == status_code::ok);
        out.set_drain_tail(tail);
        const bytes data = support::noise(1024 * 6);
        CHECK(r.play(out, data) == status_code::ok);
        const usize silence = r.device().stream(0).sink().size() - data.size();
        CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
        CHECK(silence >= usize{tail} * 4);
        CHECK(silence <= usize{tail} * 4 + 3 * 1024);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("drain_async goes on in pumps and ticks alone") {
    rig<> r(model::qemu_profile());
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, geometry(256, 8)) == status_code::ok);
    const bytes data = support::noise(1024 * 5 + 40);
    REQUIRE(out.write({data.data(), data.size()}).value() == data.size());
    const u32 waits = r.kernel.waits;
    CHECK(out.drain_async() == status_code::in_progress);
    CHECK(out.outcome() == status_code::in_progress);
    CHECK(out.drain_async() == status_code::busy);
    CHECK(out.write({data.data(), 100}).code() == status_code::wrong_state);
    for (u32 ms = 0; ms < 500 && out.outcome() == status_code::in_progress; ++ms)
        r.run(1'000'000);
    CHECK(out.outcome() == status_code::ok);
    CHECK(r.kernel.waits == waits);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK_CLEAN(r);
}

TEST_CASE("a device that stalls makes a drain time out; the stream is stopped all the same") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, geometry(256, 4)) == status_code::ok);
    r.device().faults().stalled_stream = 0;
    r.device().faults().stall_at_frame = 300;
    const bytes data = support::noise(4096);
    REQUIRE(out.write({data.data(), data.size()}).value() == 4096);
    const u64 before = r.device().now_ns();
    CHECK(out.drain() == status_code::timed_out);
    CHECK(r.device().now_ns() - before < 4'000'000'000);
    CHECK(out.state() == stream_state::stopped);
    CHECK(out.release() == status_code::ok);
    CHECK(out.in_flight() == 0);
    CHECK_CLEAN(r);
}

TEST_CASE("draining a capture stream stops it") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& in = *r.driver.find(direction::capture);
    REQUIRE(r.prepare(in, geometry(256, 4)) == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    r.run(10'000'000);
    CHECK(in.drain() == status_code::ok);
    CHECK(in.state() == stream_state::stopped);
    CHECK_CLEAN(r);
}

TEST_CASE("silence is that of the format, padding and tail alike") {
    for (u32 f = 0; f < pcm_format_count; ++f) {
        const auto format = static_cast<pcm_format>(f);
        CAPTURE(to_string(format));
        rig<> r;
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        pcm_params p = geometry(256, 2);
        p.format = format;
        p.channels = 1;
        REQUIRE(r.prepare(out, p) == status_code::ok);
        const bytes data = support::noise(physical_bits(format) * 100 / 8);
        REQUIRE(out.write({data.data(), data.size()}).value() == data.size());
        CHECK(out.drain() == status_code::ok);
        CHECK(support::plays_exactly(r.device().stream(0).sink(), data, format));
        CHECK_CLEAN(r);
    }
}

TEST_CASE("write and read take whole frames and refuse less than one") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    auto& in = *r.driver.find(direction::capture);
    pcm_params p = geometry(256, 2);
    p.format = pcm_format::s24_3;
    p.channels = 3; // nine bytes a frame
    REQUIRE(r.prepare(out, p) == status_code::ok);
    REQUIRE(r.prepare(in, p) == status_code::ok);
    bytes data = support::noise(10'000);
    CHECK(out.write({data.data(), 0}).code() == status_code::invalid_argument);
    CHECK(out.write({data.data(), 8}).code() == status_code::invalid_argument);
    CHECK(out.write({data.data(), 9}).value() == 9);
    CHECK(out.write({data.data(), 26}).value() == 18);
    CHECK(out.write({data.data(), 10'000}).value() == 2 * 256 * 9 - 27);
    CHECK(out.write({data.data(), 9}).code() == status_code::would_block);
    CHECK(out.write({data.data(), 8}).code() == status_code::invalid_argument);
    REQUIRE(in.start() == status_code::ok);
    CHECK(in.read({data.data(), 8}).code() == status_code::invalid_argument);
    CHECK(in.read({data.data(), 9}).code() == status_code::would_block);
    r.run(20'000'000);
    CHECK(in.read({data.data(), 17}).value() == 9);
    CHECK(in.read({data.data(), 10'000}).value() == 2 * 256 * 9 - 9);
    CHECK_CLEAN(r);
}
