// The reader. Every number in the file is a claim that is checked before it is used.

#include "wav.hpp"

#include <vsnd/pcm/rates.hpp>

#include <algorithm>
#include <array>
#include <fstream>

namespace vsnd::play {
namespace {

constexpr u32 tag_pcm = 1;
constexpr u32 tag_float = 3;
constexpr u32 tag_extensible = 0xfffe;

// What follows the encoding's number in a sub-format identifier of WAVE_FORMAT_EXTENSIBLE.
constexpr std::array<u8, 14> guid_tail = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80,
                                          0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71};

// Bytes with bounds: what lies outside reads as nothing.
struct view {
    const u8* data = nullptr;
    u64 size = 0;

    u32 number(u64 at, u32 bytes) const {
        u32 value = 0;
        for (u32 i = 0; i < bytes && at + i < size; ++i) {
            value |= static_cast<u32>(data[at + i]) << (8 * i);
        }
        return value;
    }
    bool has_name(u64 at, const char* name) const {
        return at + 4 <= size && std::equal(name, name + 4, data + at);
    }
    view part(u64 at, u64 count) const { return {data + at, count}; }
};

wav_reading failed(wav_fault fault, std::string text) {
    return {.audio = {}, .fault = fault, .text = std::move(text)};
}

std::string in_digits(u64 value) {
    return std::to_string(value);
}

struct encoding {
    u32 tag;
    u32 container_bits;
};

// What the samples are called in the protocol; false: it has no such format.
bool find_format(encoding what, pcm_format& format) {
    if (what.tag == tag_pcm) {
        switch (what.container_bits) {
        case 8: format = pcm_format::u8_; return true;
        case 16: format = pcm_format::s16; return true;
        case 24: format = pcm_format::s24_3; return true;
        case 32: format = pcm_format::s32_; return true;
        default: return false;
        }
    }
    format = what.container_bits == 32 ? pcm_format::float32 : pcm_format::float64;
    return what.container_bits == 32 || what.container_bits == 64;
}

// The part of a fmt chunk that only WAVE_FORMAT_EXTENSIBLE has: valid bits, speakers, and the
// encoding behind a GUID.
wav_reading read_extension(view chunk, wav_audio audio, u32& tag, u32 bits) {
    if (chunk.size < 40 || chunk.number(16, 2) < 22) {
        return failed(wav_fault::bad_format, "the extensible fmt chunk is too short");
    }
    if (bits % 8 != 0) {
        return failed(wav_fault::bad_format, "the container of a sample is not whole bytes");
    }
    audio.extensible = true;
    audio.valid_bits = chunk.number(18, 2);
    audio.channel_mask = chunk.number(20, 4);
    tag = chunk.number(24, 2);
    if (!std::equal(guid_tail.begin(), guid_tail.end(), chunk.data + 26)) {
        return failed(wav_fault::unsupported_encoding, "unknown sub-format");
    }
    if (audio.valid_bits == 0 || audio.valid_bits > bits) {
        return failed(wav_fault::bad_format, in_digits(audio.valid_bits) +
                                                 " valid bits in a container of " +
                                                 in_digits(bits));
    }
    return {.audio = std::move(audio), .fault = wav_fault::none, .text = {}};
}

wav_reading check_encoding(wav_audio audio, u32 tag, u32 bits) {
    if (tag != tag_pcm && tag != tag_float) {
        return failed(wav_fault::unsupported_encoding,
                      "encoding " + in_digits(tag) + " is neither integer PCM nor IEEE float");
    }
    const u32 container_bits = (bits + 7) / 8 * 8;
    const bool known =
        bits >= 8 && find_format({.tag = tag, .container_bits = container_bits}, audio.format);
    if (!known || (tag == tag_float && audio.valid_bits != container_bits)) {
        return failed(wav_fault::unsupported_bits,
                      in_digits(bits) + " bits per sample are not supported" +
                          (tag == tag_float ? " for floating point" : ""));
    }
    return {.audio = std::move(audio), .fault = wav_fault::none, .text = {}};
}

wav_reading check_layout(wav_reading reading, u32 block_bytes) {
    const wav_audio& audio = reading.audio;
    if (audio.channels == 0) return failed(wav_fault::bad_format, "the file has no channels");
    if (audio.channels > 255) {
        return failed(wav_fault::unsupported_channels,
                      in_digits(audio.channels) + " channels are more than the protocol's 255");
    }
    if (!from_hz(audio.rate_hz).ok()) {
        return failed(wav_fault::unsupported_rate,
                      in_digits(audio.rate_hz) + " Hz is not a rate of virtio sound");
    }
    if (block_bytes != audio.frame_bytes()) {
        return failed(wav_fault::bad_format, "frames are said to have " + in_digits(block_bytes) +
                                                 " bytes, but " + in_digits(audio.channels) +
                                                 " samples have " + in_digits(audio.frame_bytes()));
    }
    return reading;
}

wav_reading read_format(view chunk) {
    if (chunk.size < 16) return failed(wav_fault::bad_format, "the fmt chunk is too short");
    u32 tag = chunk.number(0, 2);
    const u32 bits = chunk.number(14, 2);
    wav_audio audio;
    audio.channels = chunk.number(2, 2);
    audio.rate_hz = chunk.number(4, 4);
    audio.valid_bits = bits;
    if (tag == tag_extensible) {
        wav_reading extended = read_extension(chunk, std::move(audio), tag, bits);
        if (!extended.ok()) return extended;
        audio = std::move(extended.audio);
    }
    wav_reading reading = check_encoding(std::move(audio), tag, bits);
    return reading.ok() ? check_layout(std::move(reading), chunk.number(12, 2)) : reading;
}

// What the walk over the chunks has found so far.
struct findings {
    wav_reading format;
    bool has_format = false;
    view data;
    bool has_data = false;
};

wav_reading take_chunk(findings& found, view riff, u64 at, u64 size) {
    const bool is_format = riff.has_name(at, "fmt ");
    const bool is_data = riff.has_name(at, "data");
    if ((is_format && found.has_format) || (is_data && found.has_data)) {
        return failed(wav_fault::bad_chunk, "a chunk is there twice");
    }
    if (is_data && !found.has_format) {
        return failed(wav_fault::data_before_format, "the data chunk comes before its format");
    }
    if (is_format) {
        found.format = read_format(riff.part(at + 8, size));
        found.has_format = true;
        if (!found.format.ok()) return found.format;
    }
    if (is_data) {
        found.data = riff.part(at + 8, size);
        found.has_data = true;
    }
    return {};
}

// Walks over all chunks; those it does not know are skipped. A chunk of odd size has a byte of
// padding behind it, which some writers forget at the end.
wav_reading walk(findings& found, view riff) {
    u64 at = 12;
    while (at + 8 <= riff.size) {
        const u64 size = riff.number(at + 4, 4);
        if (size > riff.size - at - 8) {
            return failed(wav_fault::bad_chunk, "a chunk of " + in_digits(size) +
                                                    " bytes runs out of the file's " +
                                                    in_digits(riff.size));
        }
        if (wav_reading fault = take_chunk(found, riff, at, size); !fault.ok()) return fault;
        at += 8 + size + size % 2;
    }
    // Less than a chunk's header behind the data harms nobody.
    if (at < riff.size && !found.has_data) {
        return failed(wav_fault::truncated, "the file ends inside a chunk header");
    }
    return {};
}

wav_reading assemble(const findings& found) {
    if (!found.has_format) return failed(wav_fault::no_format, "there is no fmt chunk");
    if (!found.has_data) return failed(wav_fault::no_data, "there is no data chunk");
    if (found.data.size == 0) return failed(wav_fault::no_data, "the data chunk is empty");
    wav_reading reading = found.format;
    if (found.data.size % reading.audio.frame_bytes() != 0) {
        return failed(wav_fault::partial_frame, "the data ends inside a frame");
    }
    reading.audio.samples.assign(found.data.data, found.data.data + found.data.size);
    return reading;
}

constexpr u64 riff_header_bytes = 12;

bool is_wave(view bytes) {
    return bytes.has_name(0, "RIFF") && bytes.has_name(8, "WAVE");
}

// Reads no more than the RIFF header promises: an endless device file is no danger.
std::vector<u8> read_promised(std::istream& file) {
    std::vector<u8> bytes(riff_header_bytes);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<usize>(file.gcount()));
    const view header{bytes.data(), bytes.size()};
    if (!is_wave(header)) return bytes;
    const u64 promised = header.number(4, 4) + u64{8};
    while (file && bytes.size() < promised) {
        const usize had = bytes.size();
        bytes.resize(had + static_cast<usize>(std::min<u64>(promised - had, u64{1} << 20)));
        file.read(reinterpret_cast<char*>(bytes.data() + had),
                  static_cast<std::streamsize>(bytes.size() - had));
        bytes.resize(had + static_cast<usize>(file.gcount()));
    }
    return bytes;
}

} // namespace

wav_reading parse_wav(const std::vector<u8>& bytes) {
    const view file{bytes.data(), bytes.size()};
    if (file.size == 0) return failed(wav_fault::not_wave, "the file is empty");
    if (file.has_name(0, "RIFF") && file.size < riff_header_bytes) {
        return failed(wav_fault::truncated, "the file ends inside its header");
    }
    if (!is_wave(file)) return failed(wav_fault::not_wave, "this is no RIFF/WAVE file");
    const u64 promised = file.number(4, 4) + u64{8};
    if (promised > file.size) {
        return failed(wav_fault::truncated, "the file should have " + in_digits(promised) +
                                                " bytes, but it ends after " +
                                                in_digits(file.size));
    }
    findings found;
    wav_reading fault = walk(found, file.part(0, promised));
    return fault.ok() ? assemble(found) : fault;
}

wav_reading read_wav(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return failed(wav_fault::unreadable, "cannot open the file");
    const std::vector<u8> bytes = read_promised(file);
    if (bytes.empty() && file.bad()) return failed(wav_fault::unreadable, "cannot read the file");
    return parse_wav(bytes);
}

} // namespace vsnd::play
