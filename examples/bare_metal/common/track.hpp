#pragma once
// What one stream carries: noise to play, or a recording.

#include "player.hpp"
#include "recorder.hpp"

namespace kernel {

inline pcm_params params_of(const settings& wanted) {
    pcm_params p;
    p.format = static_cast<pcm_format>(wanted.format);
    p.channels = static_cast<u8>(wanted.channels);
    p.rate_hz = wanted.rate;
    p.period_frames = wanted.period;
    p.periods = wanted.count;
    return p;
}

struct track {
    settings wanted;
    direction flow = direction::playback;
    bool draining = false; // all noise is committed
    u64 memory_offset = 0; // where the recording is, in the memory for all of them
    player playing;
    recorder recording;

    bool plays() const { return flow == direction::playback; }
    stream_report& report() { return plays() ? playing.report() : recording.report(); }
    const char* way() const { return plays() ? "play_" : "record_"; }
};

// What the driver tells us of a card's streams.
struct track_handler {
    track* of_stream[default_limits::streams]{};

    template <class Stream>
    void period_done(Stream& stream) {
        track* const here = of_stream[stream.id()];
        if (here == nullptr) return;
        if (here->plays()) {
            here->playing.period_done(stream);
        } else {
            here->recording.period_done(stream);
        }
    }
};

} // namespace kernel
