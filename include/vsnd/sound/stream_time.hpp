#pragma once
// What a stream knows of time: its media clock, and who has a period between its completion and the
// moment at which it was played.

#include <vsnd/sound/frame_counter.hpp>
#include <vsnd/sound/media_clock.hpp>
#include <vsnd/sound/pcm_buffer.hpp>

namespace vsnd {

// When a period goes back to the user: acquire gives it, period_done tells of it.
enum class pacing : u8 {
    device, // when the device completes it. Many devices do so early, or in bursts.
    clock // when it was played, too: at the later of its completion and the media clock. Running dry
          // is judged by the clock then. Wants a port with a clock, and ticks in time.
};

// Where a limit leaves the clock out, or the port has none, there is nothing of it.
template <bool Kept, class Message>
struct stream_time {};

template <class Message>
struct stream_time<true, Message> {
    media_clock clock_;
    frame_counter given_; // frames of the periods that went back to the user
    bool fresh_ = false;  // something completed that the clock has not heard of; the pumper's
    device_buffer buffer_;
    bool buffer_known_ = false; // told by the user
    Message* oldest_ = nullptr; // of those that have not gone back; the pumper's
    u64 silent_until_ = 0;      // so long lasts the silence that the device was given

    // Nothing is recorded ahead of time.
    void set_up(const pcm_params& p, bool playback) {
        clock_.set_rate(p.rate_hz);
        silent_until_ = 0;
        const device_buffer ahead = playback ? buffer_ : device_buffer{0, 0};
        clock_.set_device(ahead, p.period_frames, playback && buffer_known_);
    }
};

} // namespace vsnd
