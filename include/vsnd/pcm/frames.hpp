#pragma once
// Frames: their size, and the way between frames, bytes and nanoseconds.

#include <vsnd/base/types.hpp>
#include <vsnd/pcm/division.hpp>
#include <vsnd/pcm/formats.hpp>

namespace vsnd {

inline constexpr u32 ns_per_second = 1'000'000'000;

// Bits of a frame: one sample of each channel (255 at most). 0 for an unknown format.
constexpr u32 frame_bits(pcm_format format, u32 channels) {
    return physical_bits(format) * channels;
}

// Bytes of a frame; 0 where a frame is no whole number of bytes, or the format is unknown.
constexpr u32 frame_bytes(pcm_format format, u32 channels) {
    const u32 bits = frame_bits(format, channels);
    return bits % 8 == 0 ? bits / 8 : 0;
}

// The frames of one format and channel count. With four bits a sample and an odd number of
// channels a byte holds the end of one frame and the start of the next: frames then come in
// groups of two.
class frame_layout {
  public:
    constexpr frame_layout() = default;
    constexpr frame_layout(pcm_format format, u32 channels)
        : frame_bits_(vsnd::frame_bits(format, channels)) {}

    // Whether format and channel count make frames at all.
    constexpr bool valid() const { return frame_bits_ != 0; }
    constexpr u32 frame_bits() const { return frame_bits_; }

    // The least number of bytes that holds whole frames, and how many it holds.
    constexpr u32 group_bytes() const { return frame_bits_ * group_frames() / 8; }
    constexpr u32 group_frames() const { return frame_bits_ % 8 == 0 ? 1 : 2; }

    // Whether so many bytes, or frames, are whole frames in whole bytes.
    // Spec: [virtio 1.4] Sound Device / PCM Stream Parameters
    constexpr bool whole_bytes(u32 bytes) const { return valid() && round_down(bytes) == bytes; }
    constexpr bool whole_frames(u64 frames) const {
        return valid() && (group_frames() == 1 || frames % 2 == 0);
    }

    // The whole frames that lie in so many bytes, fewer than 2^61.
    constexpr u64 frames(u64 bytes) const { return short_quotient(bytes * 8, frame_bits_); }

    // The bytes that so many frames take; half a byte at the end counts as one.
    constexpr u64 bytes(u64 frames) const { return (frames * frame_bits_ + 7) / 8; }

    // The greatest number of bytes, at most `bytes`, that is whole frames.
    constexpr u32 round_down(u32 bytes) const {
        return static_cast<u32>(short_quotient(bytes, group_bytes())) * group_bytes();
    }

  private:
    u32 frame_bits_ = 0;
};

// The time that `frames` take, in nanoseconds, rounded down; for set-up. Fewer than 2^34 frames.
constexpr u64 ns_of_frames(u64 frames, u32 rate_hz) {
    return short_quotient(frames * ns_per_second, rate_hz);
}

// Frames and nanoseconds at one rate. Each answer is the exact quotient, rounded as its name
// says, as long as it is below 2^64: that is 584 years of nanoseconds, at any rate.
class frame_time {
  public:
    constexpr frame_time() = default;
    constexpr explicit frame_time(u32 rate_hz)
        : to_frames_(rate_hz, rate_hz == 0 ? 0 : ns_per_second), to_ns_(ns_per_second, rate_hz) {}

    // The frames that have begun and ended in `ns`, and the frames needed to cover it.
    constexpr u64 frames_in(u64 ns) const { return to_frames_.floor(ns); }
    constexpr u64 frames_covering(u64 ns) const { return to_frames_.ceiling(ns); }

    // The time that `frames` take; `ns_covering` is the first whole nanosecond at which all of
    // them have passed, so frames_in(ns_covering(n)) == n for rates up to 1 GHz.
    constexpr u64 ns_of(u64 frames) const { return to_ns_.floor(frames); }
    constexpr u64 ns_covering(u64 frames) const { return to_ns_.ceiling(frames); }

  private:
    fraction to_frames_;
    fraction to_ns_;
};

} // namespace vsnd
