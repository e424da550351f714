#pragma once
// The clock of one stream's converter, exact to the nanosecond: which byte it has reached at a
// given time, and when it reaches a given byte. It runs in spans; a span ends when the stream
// stops or starves, and the next one begins when there is data again. Nothing here is rounded
// twice, so a test can compare a driver's idea of the position with the truth.

#include <algorithm>
#include <iterator>
#include <numeric>
#include <optional>
#include <vector>

#include <vsnd/base/types.hpp>
#include <vsnd/model/wide.hpp>

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

    // Runs `drift_ppm` faster than its nominal rate, to the last digit: frames and nanoseconds are
    // in the ratio of two whole numbers, and each span is counted from its own beginning.
    void set_rate(u32 rate_hz, u32 frame_bits, s32 drift_ppm = 0) {
        frame_bits_ = frame_bits;
        frames_ = u64{rate_hz} * static_cast<u64>(1'000'000 + s64{drift_ppm});
        ns_ = 1'000'000'000'000'000;
        const u64 common = std::gcd(frames_, ns_);
        frames_ /= common;
        ns_ /= common;
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
        return bytes_of(s.first_frame + frames_in(now_ns - s.start_ns));
    }
    // How many frames are converted in so many nanoseconds, and how long so many frames last.
    u64 frames_in(u64 ns) const { return scaled(ns, frames_, ns_, 0); }
    u64 ns_of(u64 frames) const { return scaled(frames, ns_, frames_, frames_ - 1); }
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
    // The last span that had begun by then; nothing before the first one.
    const span* span_at(u64 time_ns) const {
        auto after = std::upper_bound(spans_.begin(), spans_.end(), time_ns,
                                      [](u64 t, const span& s) { return t < s.start_ns; });
        return after == spans_.begin() ? nullptr : &*std::prev(after);
    }

  private:
    // a * b / c, with `more` added to the product, as if in numbers of any length.
    static u64 scaled(u64 a, u64 b, u64 c, u64 more) {
        u64 product = 0;
        if (!__builtin_mul_overflow(a, b, &product) && product <= ~u64{0} - more)
            return (product + more) / c;
        return static_cast<u64>((u128{a} * b + more) / c);
    }

    u64 time_in(const span& s, u64 frame) const {
        if (frame <= s.first_frame) return s.start_ns;
        return s.start_ns + ns_of(frame - s.first_frame);
    }

    u64 frames_ = 6; // in `ns_` nanoseconds: 48000 Hz
    u64 ns_ = 125'000;
    u32 frame_bits_ = 32;
    std::vector<span> spans_;
};

} // namespace vsnd::model
