#pragma once
// What a run was like: whether it was exact, the numbers, and the picture.

#include "session.hpp"
#include "timeline.hpp"
#include "wav.hpp"

#include <string>

namespace vsnd::play {

// How recorded bytes compare with the sound that went in.
struct comparison {
    bool exact = false;
    u64 frame = 0; // where the first difference is, or the sound ends too early
    u32 channel = 0;
};

// `bytes` must begin with the sound, whole; nothing but silence may follow.
comparison compare(const wav_audio& sound, const std::vector<u8>& bytes);

struct stream_numbers {
    u64 frames = 0;
    u64 periods = 0;
    double doorbells_per_period = 0;
    double interrupts_per_period = 0;
    // From the driver's hand to the converter, or from the converter to the driver's hand.
    double mean_latency_ms = 0;
    double greatest_latency_ms = 0;
};

stream_life life_of(const session_record& run, const stream_record& stream, flow direction,
                    u32 rate_hz);
stream_numbers numbers_of(const session_record& run, const stream_record& stream,
                          const stream_life& life, const wav_audio& sound);
timeline timeline_of(const session_record& run, const wav_audio& sound, const std::string& name);

} // namespace vsnd::play
