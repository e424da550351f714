// The writer: the plainest header that says everything.

#include "wav.hpp"

#include <fstream>

namespace vsnd::play {
namespace {

constexpr u32 tag_pcm = 1;
constexpr u32 tag_float = 3;
constexpr u32 tag_extensible = 0xfffe;
constexpr u64 riff_limit_bytes = 0xffffffff;
constexpr u64 longest_header_bytes = 128; // with room to spare

void put(std::vector<u8>& out, u32 value, u32 bytes) {
    for (u32 i = 0; i < bytes; ++i)
        out.push_back(static_cast<u8>(value >> (8 * i)));
}

void put_name(std::vector<u8>& out, const char* name) {
    for (u32 i = 0; i < 4; ++i)
        out.push_back(static_cast<u8>(name[i]));
}

void put_format(std::vector<u8>& out, const wav_audio& audio) {
    const u32 tag = is_float(audio.format) ? tag_float : tag_pcm;
    const u32 container_bits = 8 * wav_sample_bytes(audio.format);
    const u32 extra = audio.extensible ? 24 : (tag == tag_float ? 2 : 0);
    put_name(out, "fmt ");
    put(out, 16 + extra, 4);
    put(out, audio.extensible ? tag_extensible : tag, 2);
    put(out, audio.channels, 2);
    put(out, audio.rate_hz, 4);
    put(out, audio.rate_hz * audio.frame_bytes(), 4);
    put(out, audio.frame_bytes(), 2);
    put(out, audio.extensible ? container_bits : audio.valid_bits, 2);
    if (extra != 0) put(out, extra - 2, 2);
    if (!audio.extensible) return;
    put(out, audio.valid_bits, 2);
    put(out, audio.channel_mask, 4);
    put(out, tag, 4);
    put(out, 0x00100000, 4);
    put(out, 0xaa000080, 4);
    put(out, 0x719b3800, 4);
}

// Encodings other than integer PCM say how many frames there are.
void put_fact(std::vector<u8>& out, const wav_audio& audio) {
    if (!is_float(audio.format)) return;
    put_name(out, "fact");
    put(out, 4, 4);
    put(out, static_cast<u32>(audio.frames()), 4);
}

} // namespace

u32 wav_sample_bytes(pcm_format format) {
    switch (format) {
    case pcm_format::u8_:
    case pcm_format::s16:
    case pcm_format::s24_3:
    case pcm_format::s32_:
    case pcm_format::float32:
    case pcm_format::float64: return physical_bits(format) / 8;
    default: return 0;
    }
}

const char* wav_format_name(pcm_format format) {
    switch (format) {
    case pcm_format::u8_: return "8-bit";
    case pcm_format::s16: return "16-bit";
    case pcm_format::s24_3: return "24-bit";
    case pcm_format::s32_: return "32-bit";
    case pcm_format::float32: return "32-bit float";
    case pcm_format::float64: return "64-bit float";
    default: return "not a WAV format";
    }
}

u32 wav_audio::frame_bytes() const {
    return wav_sample_bytes(format) * channels;
}

u64 wav_audio::frames() const {
    return frame_bytes() == 0 ? 0 : samples.size() / frame_bytes();
}

std::vector<u8> wav_bytes(const wav_audio& audio) {
    std::vector<u8> out;
    if (audio.frame_bytes() == 0) return out;
    out.reserve(audio.samples.size() + longest_header_bytes);
    put_name(out, "RIFF");
    put(out, 0, 4);
    put_name(out, "WAVE");
    put_format(out, audio);
    put_fact(out, audio);
    put_name(out, "data");
    put(out, static_cast<u32>(audio.samples.size()), 4);
    out.insert(out.end(), audio.samples.begin(), audio.samples.end());
    if (out.size() % 2 != 0) out.push_back(0);
    const u32 riff_bytes = static_cast<u32>(out.size() - 8);
    for (u32 i = 0; i < 4; ++i)
        out[4 + i] = static_cast<u8>(riff_bytes >> (8 * i));
    return out;
}

wav_fault write_wav(const std::string& path, const wav_audio& audio) {
    if (audio.frame_bytes() == 0) return wav_fault::unsupported_encoding;
    if (audio.samples.size() > riff_limit_bytes - longest_header_bytes) return wav_fault::too_large;
    const std::vector<u8> bytes = wav_bytes(audio);
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.flush();
    return file ? wav_fault::none : wav_fault::unreadable;
}

} // namespace vsnd::play
