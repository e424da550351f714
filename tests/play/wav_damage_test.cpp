// The WAV reader of examples/play against damaged files: each is refused by name, none crashes it.

#include <doctest/doctest.h>

#include "wav_builder.hpp"

#include <play/wav.hpp>

#include <string>

using namespace vsnd;
using namespace vsnd::play;
using namespace vsnd::play::test;

namespace {

wav_fault fault_of(const bytes& file) {
    const wav_reading reading = parse_wav(file);
    // Whatever is wrong is said in one line.
    CHECK((reading.fault == wav_fault::none) == reading.text.empty());
    CHECK(reading.text.find('\n') == std::string::npos);
    return reading.fault;
}

wav_fault fault_of(const fmt_fields& format) {
    return fault_of(file_with(fmt_body(format), 24));
}

} // namespace

TEST_CASE("wav: files that are none") {
    CHECK(fault_of(bytes{}) == wav_fault::not_wave);
    CHECK(fault_of(bytes{'R', 'I', 'F', 'F'}) == wav_fault::truncated);
    CHECK(fault_of(samples(4000)) == wav_fault::not_wave);
    bytes file = file_with(fmt_body({}));
    file[3] = 'X'; // the big-endian kind
    CHECK(fault_of(file) == wav_fault::not_wave);
    file[3] = 'F';
    file[8] = 'A';
    CHECK(fault_of(file) == wav_fault::not_wave);
}

TEST_CASE("wav: a file that is cut anywhere is refused") {
    const bytes whole = file_with(extensible_body({}, 16), 64);
    REQUIRE(parse_wav(whole).ok());
    for (usize size = 0; size < whole.size(); ++size) {
        bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK(fault_of(cut) != wav_fault::none);
        if (cut.size() < 12) continue;
        CHECK(fault_of(cut) == wav_fault::truncated);
        // Also when the RIFF header has been made to agree.
        for (u32 i = 0; i < 4; ++i)
            cut[4 + i] = static_cast<u8>((cut.size() - 8) >> (8 * i));
        CHECK(fault_of(cut) != wav_fault::none);
    }
}

TEST_CASE("wav: chunk sizes that lie") {
    const bytes whole = file_with(fmt_body({}), 64);
    const usize format_size_at = 16;
    const usize data_size_at = 40;
    for (const u32 lie : {65u, 66u, 0x7fffffffu, 0x80000000u, 0xfffffff8u, 0xffffffffu}) {
        for (const usize at : {usize{4}, format_size_at, data_size_at}) {
            bytes file = whole;
            for (u32 i = 0; i < 4; ++i)
                file[at + i] = static_cast<u8>(lie >> (8 * i));
            const wav_fault fault = fault_of(file);
            if (at == 4 && lie < 100) {
                CHECK(fault == wav_fault::bad_chunk); // the data runs out of the RIFF chunk
            } else if (at == 4) {
                CHECK(fault == wav_fault::truncated);
            } else if (at == data_size_at) {
                CHECK(fault == wav_fault::bad_chunk);
            } else {
                CHECK(fault != wav_fault::none);
            }
        }
    }
    bytes tiny = whole;
    for (u32 i = 0; i < 4; ++i)
        tiny[4 + i] = 0;
    CHECK(fault_of(tiny) == wav_fault::no_format);
}

TEST_CASE("wav: chunks that are missing, empty, twice or in the wrong order") {
    const bytes format = chunk("fmt ", fmt_body({}));
    const bytes data = chunk("data", samples(8));
    CHECK(fault_of(riff({})) == wav_fault::no_format);
    CHECK(fault_of(riff({format})) == wav_fault::no_data);
    CHECK(fault_of(riff({format, chunk("data", {})})) == wav_fault::no_data);
    CHECK(fault_of(riff({data, format})) == wav_fault::data_before_format);
    CHECK(fault_of(riff({data})) == wav_fault::data_before_format);
    CHECK(fault_of(riff({format, format, data})) == wav_fault::bad_chunk);
    CHECK(fault_of(riff({format, data, data})) == wav_fault::bad_chunk);
    CHECK(fault_of(riff({format, chunk("data", samples(7))})) == wav_fault::partial_frame);
    CHECK(fault_of(riff({chunk("fmt ", samples(15)), data})) == wav_fault::bad_format);
    CHECK(fault_of(riff({chunk("fmt ", {}), data})) == wav_fault::bad_format);
}

TEST_CASE("wav: formats that make no sense or that the protocol does not have") {
    CHECK(fault_of(fmt_fields{}) == wav_fault::none);
    CHECK(fault_of(fmt_fields{.channels = 0}) == wav_fault::bad_format);
    CHECK(fault_of(fmt_fields{.channels = 0, .block_bytes = 0}) == wav_fault::bad_format);
    CHECK(fault_of(fmt_fields{.channels = 256, .block_bytes = 512}) ==
          wav_fault::unsupported_channels);
    CHECK(fault_of(fmt_fields{.channels = 65535}) == wav_fault::unsupported_channels);
    for (const u32 rate_hz : {0u, 1u, 5513u, 47999u, 384001u, 0xffffffffu}) {
        CHECK(fault_of(fmt_fields{.rate_hz = rate_hz}) == wav_fault::unsupported_rate);
    }
    for (const u32 bits : {0u, 1u, 7u, 33u, 40u, 64u, 255u, 65535u}) {
        CHECK(fault_of(fmt_fields{.bits = bits}) == wav_fault::unsupported_bits);
    }
    for (const u32 bits : {0u, 8u, 16u, 24u, 31u, 63u, 255u}) {
        CHECK(fault_of(fmt_fields{.tag = 3, .bits = bits}) == wav_fault::unsupported_bits);
    }
    for (const u32 block_bytes : {0u, 1u, 2u, 3u, 5u, 8u, 65535u}) {
        CHECK(fault_of(fmt_fields{.block_bytes = block_bytes}) == wav_fault::bad_format);
    }
    for (const u32 tag : {0u, 2u, 6u, 7u, 0x11u, 0x55u, 0xffffu}) {
        CHECK(fault_of(fmt_fields{.tag = tag}) == wav_fault::unsupported_encoding);
    }
}

TEST_CASE("wav: extensible headers that are damaged") {
    CHECK(fault_of(file_with(extensible_body({}, 16))) == wav_fault::none);
    CHECK(fault_of(file_with(extensible_body({}, 0))) == wav_fault::bad_format);
    CHECK(fault_of(file_with(extensible_body({}, 17))) == wav_fault::bad_format);
    CHECK(fault_of(file_with(extensible_body({.bits = 15}, 15))) == wav_fault::bad_format);
    CHECK(fault_of(file_with(extensible_body({}, 16, 2))) == wav_fault::unsupported_encoding);
    CHECK(fault_of(file_with(extensible_body({}, 16, 0xfffe))) == wav_fault::unsupported_encoding);
    CHECK(fault_of(file_with(extensible_body({}, 16, 1, 0x72))) == wav_fault::unsupported_encoding);
    CHECK(fault_of(file_with(extensible_body({.block_bytes = 8, .bits = 32}, 24, 3))) ==
          wav_fault::unsupported_bits);
    CHECK(fault_of(file_with(fmt_body({.tag = 0xfffe}))) == wav_fault::bad_format);
    bytes small = extensible_body({}, 16);
    small[16] = 21;
    CHECK(fault_of(file_with(small)) == wav_fault::bad_format);
}

TEST_CASE("wav: one damaged byte anywhere in the header never crashes the reader") {
    const bytes whole = file_with(extensible_body({}, 16), 32);
    usize accepted = 0;
    for (usize at = 0; at < 68; ++at) {
        for (u32 value = 0; value < 256; ++value) {
            bytes file = whole;
            file[at] = static_cast<u8>(value);
            const wav_reading reading = parse_wav(file);
            if (!reading.ok()) continue;
            ++accepted;
            CHECK(reading.audio.frames() * reading.audio.frame_bytes() ==
                  reading.audio.samples.size());
            CHECK(reading.audio.samples.size() <= 32);
        }
    }
    CHECK(accepted >= 68); // the value that was there before is among them
}
