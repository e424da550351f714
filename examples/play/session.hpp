#pragma once
// One run: sound through the whole driver into the model device, and back through a capture
// stream at the same time. Time is virtual: minutes of sound pass in a moment.

#include "wav.hpp"

#include <vsnd/model/trace.hpp>

#include <functional>
#include <string>
#include <vector>

namespace vsnd::play {

struct session_options {
    bool flip_a_bit = false; // the model spoils one bit of what it reads
    bool tell = false;       // the run as a conversation, too
    bool tell_all = false;   // every period of it
    // Called now and then with the part that is done, 0 to 1.
    std::function<void(double)> progress = [](double) {};
};

// What a stream did, as the driver and the model saw it.
struct stream_record {
    u32 id = 0;
    u32 queue = 0;
    std::vector<u64> submitted_ns; // when the driver gave each period to the device
    std::vector<u8> bytes;         // what the model read, or what the driver recorded
    u64 xruns = 0;                 // by the driver's count
    u64 gaps = 0;                  // by the model's: silences where there should be sound
};

struct session_record {
    std::string error; // empty: everything was answered with success
    u32 period_frames = 0;
    u32 periods = 0; // in flight at most
    u64 start_ns = 0;
    u64 end_ns = 0;
    stream_record playback;
    stream_record capture;
    std::vector<model::trace_event> trace;
    std::vector<std::string> violations;   // of the specification, in words
    std::vector<std::string> conversation; // where it was asked for

    bool ok() const { return error.empty(); }
};

// About 21 ms: a power of two.
u32 choose_period_frames(u32 rate_hz);

session_record run_session(const wav_audio& audio, const session_options& options);

} // namespace vsnd::play
