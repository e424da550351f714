// Playback through the whole driver: the device reads exactly what was written, whatever the
// geometry, the format and the size of the pieces.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;
using support::rig;

namespace {

struct geometry {
    u32 frames;
    u32 periods;
    pcm_format format;
    u8 channels;
    u32 rate;
};

constexpr geometry geometries[] = {
    {256, 2, pcm_format::s16, 2, 48000},
    {256, 4, pcm_format::s16, 2, 48000},
    {333, 3, pcm_format::s16, 2, 44100},
    {64, 16, pcm_format::s16, 2, 48000},
    {1024, 4, pcm_format::s16, 2, 96000},
    {4096, 2, pcm_format::s16, 2, 48000},
    {1024, 1, pcm_format::s16, 2, 48000},
    {480, 32, pcm_format::float32, 2, 48000},
    {441, 5, pcm_format::u8_, 1, 44100},
    {300, 4, pcm_format::s16, 6, 48000},
    {256, 4, pcm_format::s24_3, 2, 48000},
    {257, 3, pcm_format::u24_3, 1, 22050},
    {512, 4, pcm_format::ima_adpcm, 1, 8000},
    {511, 3, pcm_format::ima_adpcm, 2, 11025},
    {240, 4, pcm_format::u16_, 2, 24000},
    {256, 4, pcm_format::float64, 8, 48000},
    {240, 3, pcm_format::mu_law, 1, 12000},
    {1, 32, pcm_format::s32_, 3, 5512},
    {3840, 4, pcm_format::u32_, 2, 384000},
    {256, 4, pcm_format::dsd_u8, 2, 48000},
    {128, 4, pcm_format::iec958_subframe, 2, 48000},
    {96, 6, pcm_format::u20_3, 2, 192000},
};

pcm_params params_of(const geometry& g) {
    pcm_params p;
    p.format = g.format;
    p.channels = g.channels;
    p.rate_hz = g.rate;
    p.period_frames = g.frames;
    p.periods = g.periods;
    return p;
}

// Some periods and a tail that is no period.
bytes song(const pcm_params& p, u32 periods, u32 tail_frames) {
    const frame_layout frames(p.format, p.channels);
    const u32 even = tail_frames / frames.group_frames() * frames.group_frames();
    return support::noise(static_cast<usize>(frames.bytes(u64{p.period_frames} * periods + even)),
                          p.period_frames);
}

} // namespace

// [virtio 1.4] Sound Device / PCM Output Stream
TEST_CASE("playback is bit-exact in every geometry and format") {
    for (const geometry& g : geometries) {
        const pcm_params p = params_of(g);
        CAPTURE(g.frames);
        CAPTURE(g.periods);
        CAPTURE(to_string(g.format));
        rig<> r;
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        REQUIRE(r.prepare(out, p) == status_code::ok);
        const bytes data = song(p, 2 * g.periods + 3, g.frames / 2);
        CHECK(r.play(out, data) == status_code::ok);
        CHECK(support::plays_exactly(r.device().stream(0).sink(), data, g.format));
        CHECK(out.submitted_frames() == frame_layout(g.format, g.channels).frames(data.size()));
        CHECK(out.position_frames() == out.submitted_frames());
        // With one period the device has none while it is refilled.
        if (g.periods > 1 && g.frames > 1) CHECK(r.device().stream(0).gaps() == 0);
        CHECK(out.release() == status_code::ok);
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("playback is bit-exact with QEMU's habits, in bursts") {
    for (const geometry& g : geometries) {
        const pcm_params p = params_of(g);
        rig<> r(model::qemu_profile());
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        // A buffer shorter than two of the device's ticks cannot be kept filled.
        if (!ok(out.check(p)) || g.frames * g.periods < g.rate / 50) continue;
        CAPTURE(g.frames);
        CAPTURE(g.periods);
        REQUIRE(r.prepare(out, p) == status_code::ok);
        const bytes data = song(p, 2 * g.periods + 3, g.frames / 3);
        CHECK(r.play(out, data) == status_code::ok);
        CHECK(support::plays_exactly(r.device().stream(0).sink(), data, g.format));
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("playback takes pieces of any size, down to a frame") {
    for (const usize chunk : {usize{4}, usize{5}, usize{7}, usize{1022}, usize{1023}, usize{1500},
                              usize{4099}, usize{10000}}) {
        CAPTURE(chunk);
        rig<> r;
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        pcm_params p;
        p.period_frames = 256;
        REQUIRE(r.prepare(out, p) == status_code::ok);
        // Whole frames only: what is left over of a piece comes again with the next.
        const bytes data = support::noise(1024 * 11 + 4 * 77);
        CHECK(r.play(out, data, chunk) == status_code::ok);
        CHECK(support::plays_exactly(r.device().stream(0).sink(), data, p.format));
        CHECK_CLEAN(r);
    }
}

TEST_CASE("playback in place: acquire gives the same period until it is committed") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    pcm_params p;
    p.period_frames = 333;
    p.periods = 3;
    REQUIRE(r.prepare(out, p) == status_code::ok);
    const bytes data = support::noise(usize{333} * 4 * 12);
    usize at = 0;
    while (at < data.size()) {
        const auto room = out.acquire();
        if (!room.ok()) {
            REQUIRE(room.code() == status_code::would_block);
            if (out.state() == stream_state::prepared) REQUIRE(out.start() == status_code::ok);
            r.kernel.wait(1'000'000);
            continue;
        }
        const span<u8> again = out.acquire().value();
        CHECK(again.data() == room.value().data());
        REQUIRE(room.value().size() == 333 * 4);
        std::copy_n(data.data() + at, room.value().size(), room.value().data());
        at += room.value().size();
        CHECK(out.commit() == status_code::ok);
        CHECK(out.commit() == status_code::wrong_state);
    }
    CHECK(out.drain() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, p.format));
    CHECK_CLEAN(r);
}

TEST_CASE("playback in place after a write gives the rest of the period") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    pcm_params p;
    p.period_frames = 256;
    p.periods = 2;
    REQUIRE(r.prepare(out, p) == status_code::ok);
    const bytes data = support::noise(2048);
    REQUIRE(out.write({data.data(), 100}).value() == 100);
    CHECK(out.avail_frames() == 512 - 25);
    CHECK(out.delay_frames() == 25);
    const span<u8> rest = out.acquire().value();
    REQUIRE(rest.size() == 1024 - 100);
    std::copy_n(data.data() + 100, rest.size(), rest.data());
    CHECK(out.commit() == status_code::ok);
    CHECK(out.submitted_frames() == 256);
    CHECK(out.write({data.data() + 1024, 1024}).value() == 1024);
    CHECK(out.write({data.data(), 4}).code() == status_code::would_block);
    CHECK(out.drain() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, p.format));
    CHECK_CLEAN(r);
}

namespace {

// Refills from the callback, as an interrupt-driven kernel does.
struct refiller {
    const bytes* data = nullptr;
    usize* at = nullptr;
    template <class Stream>
    void period_done(Stream& s) {
        if (*at == data->size()) return;
        const auto room = s.acquire();
        if (!room.ok()) return;
        std::copy_n(data->data() + *at, room.value().size(), room.value().data());
        if (ok(s.commit())) *at += room.value().size();
    }
};

} // namespace

TEST_CASE("playback refilled from period_done, one doorbell and one interrupt a period") {
    for (const bool qemu : {false, true}) {
        CAPTURE(qemu);
        const bytes data = support::noise(1024 * 40);
        usize at = 0;
        rig<refiller> r(qemu ? model::qemu_profile() : model::default_profile(), {&data, &at});
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        pcm_params p;
        p.period_frames = 256;
        p.periods = 8;
        REQUIRE(r.prepare(out, p) == status_code::ok);
        REQUIRE(out.write({data.data(), 8192}).value() == 8192);
        at = 8192;
        REQUIRE(out.start() == status_code::ok);
        for (u32 i = 0; i < 1000 && at < data.size(); ++i)
            r.run(1'000'000);
        REQUIRE(at == data.size());
        CHECK(r.device().doorbells(wire::SND_VQ_TX) <= 40);
        CHECK(r.device().interrupts(wire::SND_VQ_TX) <= 40);
        CHECK(out.drain() == status_code::ok);
        CHECK(support::plays_exactly(r.device().stream(0).sink(), data, p.format));
        CHECK(out.counters().xruns == 0);
        CHECK(r.device().stream(0).gaps() == 0);
        CHECK(r.device().violations().count(model::violation::doorbell_needless) == 0);
        CHECK_CLEAN(r);
    }
}
