#pragma once
// Playback: noise, filled in place into every period that comes back.

#include <vsnd/vsnd.hpp>

#include "machine.hpp"
#include "noise.hpp"
#include "settings.hpp"

namespace kernel {

inline sample_layout layout_of(pcm_format format) {
    return {physical_bits(format) / 8, is_float(format)};
}

// What one direction did.
struct stream_report {
    u64 start_ns = 0; // before START was sent
    u64 last_ns = 0;  // when the last of the frames came back
    u32 frames = 0;   // played or recorded, no more than were asked for
    u32 periods = 0;  // that came back
    u32 starved = 0;  // times a period came back, more were to come, and the device had none left
};

class player {
  public:
    void init(const settings& wanted, const pcm_params& params) {
        signal_ = noise(wanted.seed);
        frames_ = wanted.frames;
        params_ = params;
    }

    // Fills whatever is free, until all noise is committed. Context: any.
    template <class Stream>
    void fill(Stream& stream) {
        while (committed_ < frames_) {
            const auto period = stream.acquire();
            if (!period.ok()) return;
            const u32 frames = lesser(frames_ - committed_, params_.period_frames);
            write(period.value(), frames);
            if (!ok(stream.commit())) return;
            committed_ = committed_ + frames;
        }
    }

    // A period came back. Context: the pump's.
    template <class Stream>
    void period_done(Stream& stream) {
        ++report_.periods;
        if (stream.in_flight() == 0 && committed_ < frames_) ++report_.starved;
        if (report_.frames < frames_) {
            report_.frames = lesser(report_.frames + params_.period_frames, frames_);
            report_.last_ns = now_ns();
        }
        fill(stream);
    }

    // Nothing is left to commit: time to drain.
    bool all_committed() const { return committed_ == frames_; }
    stream_report& report() { return report_; }

  private:
    // The last period may be partly silence.
    void write(span<u8> period, u32 frames) {
        const sample_layout layout = layout_of(params_.format);
        const u32 samples = frames * params_.channels;
        signal_.fill(period.data(), samples, layout);
        const usize bytes = usize{samples} * layout.bytes;
        fill_silence(period.part(bytes, period.size() - bytes), params_.format);
    }

    noise signal_{1};
    u32 frames_ = 0;
    u32 volatile committed_ = 0; // an interrupt moves it while the thread looks
    pcm_params params_;
    stream_report report_;
};

} // namespace kernel
