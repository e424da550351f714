#pragma once
// Capture: whatever comes back is copied to memory that the host can read.

#include "player.hpp"

namespace kernel {

class recorder {
  public:
    void init(const settings& wanted, const pcm_params& params, span<u8> memory) {
        frames_ = wanted.frames;
        frame_bytes_ = params.channels * layout_of(params.format).bytes;
        memory_ = memory;
    }

    // Context: the pump's.
    template <class Stream>
    void period_done(Stream& stream) {
        if (!complete()) {
            ++report_.periods;
            if (stream.in_flight() == 0) ++report_.starved;
        }
        while (const auto period = stream.acquire()) {
            keep(period.value());
            if (!ok(stream.commit())) return;
        }
    }

    bool complete() const { return recorded_ == frames_; }
    u64 recorded_bytes() const { return u64{recorded_} * frame_bytes_; }
    stream_report& report() { return report_; }

  private:
    void keep(span<const u8> audio) {
        if (complete()) return;
        const auto there = static_cast<u32>(audio.size() / frame_bytes_);
        const u32 frames = lesser(there, frames_ - recorded_);
        const span<u8> room =
            memory_.part(static_cast<usize>(recorded_bytes()), usize{frames} * frame_bytes_);
        __builtin_memcpy(room.data(), audio.data(), room.size());
        recorded_ = recorded_ + frames;
        report_.frames = recorded_;
        report_.last_ns = now_ns();
    }

    u32 frames_ = 0;
    u32 frame_bytes_ = 1;
    u32 volatile recorded_ = 0; // an interrupt moves it while the thread looks
    span<u8> memory_;
    stream_report report_;
};

} // namespace kernel
