#include <doctest/doctest.h>

#include <random>

#include <vsnd/model/wide.hpp>
#include <vsnd/pcm/frames.hpp>
#include <vsnd/pcm/rates.hpp>

using namespace vsnd;

namespace {

using model::u128;

constexpr u64 day_ns = u64{86400} * ns_per_second;

} // namespace

TEST_CASE("frames: sizes of well-known formats") {
    CHECK(frame_bytes(pcm_format::s16, 2) == 4);
    CHECK(frame_bytes(pcm_format::s24_3, 6) == 18);
    CHECK(frame_bytes(pcm_format::s24, 6) == 24);
    CHECK(frame_bytes(pcm_format::float64, 8) == 64);
    CHECK(frame_bytes(pcm_format::u8_, 1) == 1);
    CHECK(frame_bits(pcm_format::ima_adpcm, 1) == 4);
    CHECK(frame_bytes(pcm_format::ima_adpcm, 1) == 0);
    CHECK(frame_bytes(pcm_format::ima_adpcm, 2) == 1);
    CHECK(frame_bytes(static_cast<pcm_format>(25), 2) == 0);
    CHECK(frame_bytes(pcm_format::s16, 0) == 0);
}

// [virtio 1.4] Sound Device / PCM Stream Parameters
TEST_CASE("frames: layout of every format and channel count against bits counted one by one") {
    u32 wrong = 0;
    for (u32 number = 0; number < pcm_format_count; number++) {
        const auto format = static_cast<pcm_format>(number);
        for (u32 channels = 1; channels <= 255; channels++) {
            const frame_layout layout(format, channels);
            const u64 bits = u64{physical_bits(format)} * channels;
            if (!layout.valid() || layout.frame_bits() != bits) wrong++;
            for (const u32 bytes : {0u, 1u, 2u, 3u, 255u, 256u, 4095u, 4096u, 12240u, 65536u,
                                    0xfffffff0u, 0xffffffffu}) {
                if (layout.whole_bytes(bytes) != (u64{bytes} * 8 % bits == 0)) wrong++;
                if (layout.frames(bytes) != u64{bytes} * 8 / bits) wrong++;
                const u32 rounded = layout.round_down(bytes);
                if (rounded > bytes || u64{rounded} * 8 % bits != 0) wrong++;
                if (bytes - rounded >= layout.group_bytes()) wrong++;
            }
            for (const u64 frames : {u64{0}, u64{1}, u64{2}, u64{3}, u64{1023}, u64{1} << 40}) {
                if (layout.whole_frames(frames) != (frames * bits % 8 == 0)) wrong++;
                if (layout.bytes(frames) != (frames * bits + 7) / 8) wrong++;
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("frames: bytes and back") {
    for (const pcm_format format : {pcm_format::ima_adpcm, pcm_format::s16, pcm_format::s18_3}) {
        for (const u32 channels : {1u, 2u, 3u, 7u}) {
            const frame_layout layout(format, channels);
            for (u64 groups = 0; groups < 1000; groups++) {
                const u64 frames = groups * layout.group_frames();
                CHECK(layout.bytes(frames) == groups * layout.group_bytes());
                CHECK(layout.frames(layout.bytes(frames)) == frames);
            }
        }
    }
}

TEST_CASE("frames: a long-running counter of bytes stays exact") {
    const frame_layout layout(pcm_format::s24_3, 5);
    for (const u64 frames : {u64{1} << 33, (u64{1} << 60) / 15, (u64{1} << 61) / 15}) {
        CHECK(layout.frames(frames * 15) == frames);
        CHECK(layout.frames(frames * 15 - 1) == frames - 1);
    }
}

TEST_CASE("frames: nothing is whole without a format or channels") {
    for (const frame_layout& layout :
         {frame_layout(), frame_layout(pcm_format::s16, 0), frame_layout(pcm_format{99}, 2)}) {
        CHECK_FALSE(layout.valid());
        CHECK_FALSE(layout.whole_bytes(0));
        CHECK_FALSE(layout.whole_frames(0));
        CHECK(layout.frames(4096) == 0);
        CHECK(layout.bytes(4096) == 0);
        CHECK(layout.round_down(4096) == 0);
    }
}

TEST_CASE("frames: time at every rate against 128-bit arithmetic") {
    std::mt19937_64 random(5);
    for (u32 number = 0; number < pcm_rate_count; number++) {
        const u32 hz = rate_hz(static_cast<pcm_rate>(number));
        CAPTURE(hz);
        const frame_time time(hz);
        u32 wrong = 0;
        for (u32 i = 0; i < 4000; i++) {
            const u64 ns = i < 100 ? u64{i} * ns_per_second / 100 : random() >> (random() % 64);
            const u128 scaled = u128{ns} * hz;
            if (time.frames_in(ns) != scaled / ns_per_second) wrong++;
            if (time.frames_covering(ns) != (scaled + ns_per_second - 1) / ns_per_second) wrong++;

            const u64 frames = random() >> (random() % 64);
            const u128 ns_scaled = u128{frames} * ns_per_second;
            if (ns_scaled / hz >= ~u64{0}) continue;
            if (time.ns_of(frames) != ns_scaled / hz) wrong++;
            if (time.ns_covering(frames) != (ns_scaled + hz - 1) / hz) wrong++;
            if (time.frames_in(time.ns_covering(frames)) != frames) wrong++;
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("frames: time for set-up, rounded down") {
    for (u32 number = 0; number < pcm_rate_count; number++) {
        const u32 hz = rate_hz(static_cast<pcm_rate>(number));
        for (const u64 frames : {u64{0}, u64{1}, u64{441}, u64{4096} * 32, (u64{1} << 34) - 1})
            CHECK(ns_of_frames(frames, hz) == u128{frames} * ns_per_second / hz);
    }
    CHECK(ns_of_frames(1, 0) == 0);
}

TEST_CASE("frames: time at the edges") {
    const frame_time time(44100);
    CHECK(time.frames_in(0) == 0);
    CHECK(time.frames_in(ns_per_second - 1) == 44099);
    CHECK(time.frames_in(ns_per_second) == 44100);
    CHECK(time.frames_covering(1) == 1);
    CHECK(time.ns_of(1) == 22675);
    CHECK(time.ns_covering(1) == 22676);
    CHECK(time.ns_of(44100) == ns_per_second);
    // A thousand days, to the frame: nothing drifts.
    CHECK(time.frames_in(1000 * day_ns) == u64{44100} * 86400 * 1000);
    CHECK(time.ns_of(u64{44100} * 86400 * 1000) == 1000 * day_ns);
    CHECK(time.frames_in(~u64{0}) == static_cast<u64>(u128{~u64{0}} * 44100 / ns_per_second));
}

TEST_CASE("frames: no rate, no time") {
    for (const frame_time& time : {frame_time(), frame_time(0)}) {
        CHECK(time.frames_in(ns_per_second) == 0);
        CHECK(time.ns_of(48000) == 0);
    }
}

// Set-up works at compile time too.
static_assert(frame_time(48000).frames_in(10'000'000) == 480);
static_assert(frame_layout(pcm_format::s16, 2).frames(4096) == 1024);
