#pragma once
// The clock of one stream's converter, exact to the nanosecond: which byte it has reached at a
// given time, and when it reaches a given byte. It runs in spans; a span ends when the stream
// stops or starves, and the next one begins when there is data again. Nothing here is rounded
// twice, so a test can compare a driver's idea of the position with the truth.

#include <optional>
#include <vector>

#include <vsnd/base/types.hpp>

namespace vsnd::model {

class converter {
  public:
    // Frames [first, first + frames) were converted without a gap, from start_ns on.
    struct span {
        u64 first_frame;
        u64 start_ns;
        u64 frames; // 0 while the span runs: not yet known
        bool running;
    };

    void set_rate(u32 rate_hz, u32 frame_bits) {
        rate_hz_ = rate_hz;
        frame_bits_ = frame_bits;
    }
    u64 bytes_of(u64 frames) const { return frames * frame_bits_ / 8; }
    // Whole frames that cover so many bytes.
    u64 frames_of(u64 bytes) const { return (bytes * 8 + frame_bits_ - 1) / frame_bits_; }

    bool running() const { return !spans_.empty() && spans_.back().running; }
    void begin(u64 now_ns, u64 first_byte) {
        spans_.push_back({frames_of(first_byte), now_ns, 0, true});
    }
    void end(u64 reached_byte) {
        if (!running()) return;
        spans_.back().frames = frames_of(reached_byte) - spans_.back().first_frame;
        spans_.back().running = false;
    }
    void forget() { spans_.clear(); }

    // The byte that a running span has reached, were there always data.
    u64 reached(u64 now_ns) const {
        const span& s = spans_.back();
        if (now_ns <= s.start_ns) return bytes_of(s.first_frame);
        const wide elapsed = wide{now_ns - s.start_ns} * rate_hz_ / 1'000'000'000u;
        return bytes_of(s.first_frame + static_cast<u64>(elapsed));
    }
    // The first nanosecond at which `reached` is at least `byte`.
    u64 time_of(u64 byte) const { return time_in(spans_.back(), frames_of(byte)); }

    // When frame number `frame` left (playback) or entered (capture) the converter, that is, when
    // its conversion began; nothing if it has not happened, as far as the spans tell.
    std::optional<u64> converted_at(u64 frame) const {
        for (const span& s : spans_)
            if (frame >= s.first_frame && (s.running || frame - s.first_frame < s.frames))
                return time_in(s, frame);
        return {};
    }
    const std::vector<span>& spans() const { return spans_; }

  private:
    __extension__ typedef unsigned __int128 wide;

    u64 time_in(const span& s, u64 frame) const {
        if (frame <= s.first_frame) return s.start_ns;
        const wide ns = wide{frame - s.first_frame} * 1'000'000'000u;
        return s.start_ns + static_cast<u64>((ns + rate_hz_ - 1) / rate_hz_);
    }

    u32 rate_hz_ = 48000;
    u32 frame_bits_ = 32;
    std::vector<span> spans_;
};

} // namespace vsnd::model
