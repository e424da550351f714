#pragma once
// WAV files in memory and on disk: read with suspicion, written plainly.

#include <vsnd/base/types.hpp>
#include <vsnd/pcm/formats.hpp>

#include <string>
#include <vector>

namespace vsnd::play {

// Why a file is not played.
enum class wav_fault {
    none,
    unreadable,           // the file cannot be opened, read or written
    not_wave,             // no RIFF/WAVE header
    truncated,            // the file ends before what its headers promise
    bad_chunk,            // a chunk runs out of its RIFF chunk, or is there twice
    no_format,            // no fmt chunk at all
    data_before_format,   // samples of unknown kind
    no_data,              // no data chunk, or an empty one
    bad_format,           // a fmt chunk that contradicts itself
    unsupported_encoding, // neither integer PCM nor IEEE float
    unsupported_bits,
    unsupported_rate, // not one of the rates of the protocol
    unsupported_channels,
    partial_frame, // the data ends inside a frame
    too_large,     // more than a RIFF file can hold
};

// Interleaved samples and what they are. Samples stay exactly as the file has them: where fewer
// bits are valid than the container holds, the container travels as it is.
struct wav_audio {
    pcm_format format = pcm_format::s16;
    u32 rate_hz = 48000;
    u32 channels = 2;
    u32 valid_bits = 16;
    u32 channel_mask = 0;    // speaker positions, 0: none given
    bool extensible = false; // the fmt chunk is (or shall be) WAVE_FORMAT_EXTENSIBLE
    std::vector<u8> samples;

    u32 frame_bytes() const;
    u64 frames() const;
};

// A reading: the audio, or the fault and one line of text that says what is wrong.
struct wav_reading {
    wav_audio audio;
    wav_fault fault = wav_fault::none;
    std::string text;

    bool ok() const { return fault == wav_fault::none; }
};

wav_reading parse_wav(const std::vector<u8>& bytes);
wav_reading read_wav(const std::string& path);

// The bytes of a WAV file; none where WAV has no name for the format.
std::vector<u8> wav_bytes(const wav_audio& audio);
wav_fault write_wav(const std::string& path, const wav_audio& audio);

// Bytes of one sample of a format that WAV can hold; 0 for the others.
u32 wav_sample_bytes(pcm_format format);
// "16-bit", "float" and so on, for people.
const char* wav_format_name(pcm_format format);

} // namespace vsnd::play
