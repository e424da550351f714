// The WAV reader of examples/play: what goes out comes back.

#include <doctest/doctest.h>

#include "wav_builder.hpp"

#include <play/melody.hpp>
#include <play/wav.hpp>

#include <cstdio>
#include <string>
#include <vector>

using namespace vsnd;
using namespace vsnd::play;
using namespace vsnd::play::test;

namespace {

void check_round_trip(const wav_audio& audio) {
    const wav_reading back = parse_wav(wav_bytes(audio));
    REQUIRE(back.ok());
    CHECK(back.audio.format == audio.format);
    CHECK(back.audio.rate_hz == audio.rate_hz);
    CHECK(back.audio.channels == audio.channels);
    CHECK(back.audio.valid_bits == audio.valid_bits);
    CHECK(back.audio.channel_mask == audio.channel_mask);
    CHECK(back.audio.extensible == audio.extensible);
    CHECK(back.audio.samples == audio.samples);
}

struct kind {
    pcm_format format;
    u32 bits;
};
constexpr kind kinds[] = {{pcm_format::u8_, 8},      {pcm_format::s16, 16},
                          {pcm_format::s24_3, 24},   {pcm_format::s32_, 32},
                          {pcm_format::float32, 32}, {pcm_format::float64, 64}};
constexpr u32 rates[] = {5512,  8000,  11025, 12000, 16000, 22050,  24000,  32000,
                         44100, 48000, 64000, 88200, 96000, 176400, 192000, 384000};

} // namespace

TEST_CASE("wav: every format, rate and channel count comes back as it went out") {
    for (const kind& each : kinds) {
        for (const u32 channels : {1u, 2u, 3u, 6u, 8u, 255u}) {
            for (const u32 rate_hz : rates) {
                wav_audio audio;
                audio.format = each.format;
                audio.valid_bits = each.bits;
                audio.channels = channels;
                audio.rate_hz = rate_hz;
                audio.samples = samples(usize{5} * audio.frame_bytes());
                CHECK(audio.frames() == 5);
                check_round_trip(audio);
                audio.extensible = true;
                audio.channel_mask = 0x60f;
                check_round_trip(audio);
            }
        }
    }
}

TEST_CASE("wav: every number of valid bits keeps its container, bit for bit") {
    for (u32 bits = 8; bits <= 32; ++bits) {
        const u32 container = (bits + 7) / 8;
        const bytes plain = file_with(
            fmt_body({.channels = 1, .block_bytes = container, .bits = bits}), 12 * container);
        const wav_reading reading = parse_wav(plain);
        REQUIRE(reading.ok());
        CHECK(reading.audio.valid_bits == bits);
        CHECK(reading.audio.samples == samples(12 * container));
        check_round_trip(reading.audio);
        for (u32 whole = container; whole <= 4; ++whole) {
            const bytes wide = file_with(
                extensible_body({.channels = 1, .block_bytes = whole, .bits = 8 * whole}, bits),
                12 * whole);
            const wav_reading extended = parse_wav(wide);
            REQUIRE(extended.ok());
            CHECK(extended.audio.valid_bits == bits);
            CHECK(extended.audio.frame_bytes() == whole);
            check_round_trip(extended.audio);
            // The same fields in the same places: our writer makes the very same file.
            CHECK(wav_bytes(extended.audio) == wide);
        }
    }
}

TEST_CASE("wav: the container decides the protocol's format") {
    CHECK(parse_wav(file_with(fmt_body({.channels = 1, .block_bytes = 3, .bits = 20}), 6))
              .audio.format == pcm_format::s24_3);
    CHECK(parse_wav(file_with(extensible_body({.block_bytes = 8, .bits = 32}, 24), 16))
              .audio.format == pcm_format::s32_);
    CHECK(
        parse_wav(file_with(fmt_body({.tag = 3, .block_bytes = 8, .bits = 32}), 16)).audio.format ==
        pcm_format::float32);
    CHECK(parse_wav(file_with(extensible_body({.block_bytes = 16, .bits = 64}, 64, 3), 16))
              .audio.format == pcm_format::float64);
}

TEST_CASE("wav: unknown chunks are skipped, odd ones with their padding") {
    const bytes format = chunk("fmt ", fmt_body({.channels = 1, .block_bytes = 1, .bits = 8}));
    const bytes odd = chunk("odd ", samples(7));
    const bytes data = chunk("data", samples(5));
    const wav_reading reading =
        parse_wav(riff({odd, format, chunk("LIST", samples(26)), data, odd}));
    REQUIRE(reading.ok());
    CHECK(reading.audio.samples == samples(5));
    // The last padding byte is often forgotten.
    bytes unpadded = riff({format, data});
    unpadded.pop_back();
    unpadded[4] = static_cast<u8>(unpadded[4] - 1);
    CHECK(parse_wav(unpadded).audio.samples == samples(5));
    // What follows the RIFF chunk is not part of it.
    bytes more = riff({format, data});
    more.insert(more.end(), 100, 0xff);
    CHECK(parse_wav(more).audio.samples == samples(5));
}

TEST_CASE("wav: files on disk") {
    CHECK(read_wav("no/such/file.wav").fault == wav_fault::unreadable);
    CHECK_FALSE(read_wav(".").ok());
    const std::string path = "wav_test_round_trip.wav";
    wav_audio audio;
    audio.samples = samples(4 * 300000); // more than the reader takes at once
    REQUIRE(write_wav(path, audio) == wav_fault::none);
    const wav_reading back = read_wav(path);
    std::remove(path.c_str());
    CHECK(back.ok());
    CHECK(back.audio.samples == audio.samples);
    CHECK(write_wav("no/such/directory/file.wav", audio) == wav_fault::unreadable);
    audio.format = pcm_format::u16_;
    CHECK(write_wav(path, audio) == wav_fault::unsupported_encoding);
}

TEST_CASE("melody: a few seconds of stereo that never clip and end in silence") {
    const wav_audio melody = make_melody();
    CHECK(melody.rate_hz == 48000);
    CHECK(melody.channels == 2);
    CHECK(melody.frames() > 48000 * 3);
    CHECK(melody.frames() < 48000 * 8);
    CHECK(melody.frames() % 64 != 0);
    CHECK(melody.samples == make_melody().samples);
    int loudest = 0;
    for (usize i = 0; i + 1 < melody.samples.size(); i += 2) {
        const u32 bits = melody.samples[i] | static_cast<u32>(melody.samples[i + 1]) << 8;
        const int value = bits < 32768 ? static_cast<int>(bits) : static_cast<int>(bits) - 65536;
        loudest =
            value < 0 ? (loudest > -value ? loudest : -value) : (loudest > value ? loudest : value);
    }
    CHECK(loudest > 8000);
    CHECK(loudest < 32767);
    check_round_trip(melody);
}
