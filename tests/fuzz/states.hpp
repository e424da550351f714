#pragma once
// Which states the inputs of a run brought the card to, and how many inputs reached each.

#include <fmt/format.h>

#include <vsnd/base/types.hpp>

namespace fuzz {

enum class reached : vsnd::u8 {
    open,
    prepared,
    running,
    played,   // the position of a playback stream moved
    captured, // audio was read
    stopped,
    drained, // a drain of audio that was played ended well
    dropped,
    released,
    closed, // close answered ok for an open card
    reopened,
    failed,
    unknown, // a stream after a request timed out
    memory_still_owned,
    timed_out,
    device_broken,
    needs_reset,
    device_gone,
    refused_by_device,
    no_room,
    no_memory,
    wrong_context,
    bad_capability,
    xrun,
    short_capture,
    bad_length,
    unknown_id,
    late_answer,
    event,
    reset,
    suspended,
    resumed,
    count_
};

inline constexpr const char* reached_names[] = {"open",
                                                "prepared",
                                                "running",
                                                "played",
                                                "captured",
                                                "stopped",
                                                "drained",
                                                "dropped",
                                                "released",
                                                "closed",
                                                "reopened",
                                                "failed",
                                                "unknown",
                                                "memory_still_owned",
                                                "timed_out",
                                                "device_broken",
                                                "needs_reset",
                                                "device_gone",
                                                "refused_by_device",
                                                "no_room",
                                                "no_memory",
                                                "wrong_context",
                                                "bad_capability",
                                                "xrun",
                                                "short_capture",
                                                "bad_length",
                                                "unknown_id",
                                                "late_answer",
                                                "event",
                                                "reset",
                                                "suspended",
                                                "resumed"};
static_assert(sizeof(reached_names) / sizeof(*reached_names) ==
              static_cast<vsnd::usize>(reached::count_));

// The states of one run.
class state_set {
  public:
    void add(reached r) { bits_ |= bit(r); }
    bool has(reached r) const { return (bits_ & bit(r)) != 0; }

  private:
    static vsnd::u64 bit(reached r) { return vsnd::u64{1} << static_cast<vsnd::u8>(r); }
    vsnd::u64 bits_ = 0;
};

// The states of all runs.
class state_report {
  public:
    void add(const state_set& s) {
        ++inputs_;
        for (vsnd::u32 i = 0; i < states; ++i)
            counts_[i] += s.has(static_cast<reached>(i));
    }
    // What a fuzzer that exercises the whole card has reached.
    bool complete() const {
        return count(reached::running) != 0 && count(reached::captured) != 0 &&
               count(reached::drained) != 0 && count(reached::closed) != 0;
    }
    vsnd::u64 count(reached r) const { return counts_[static_cast<vsnd::u32>(r)]; }

    void print() const {
        fmt::print(stderr, "states reached:");
        for (vsnd::u32 i = 0; i < states; ++i)
            if (counts_[i] != 0) fmt::print(stderr, " {}", reached_names[i]);
        fmt::print(stderr, "\nnot reached:");
        for (vsnd::u32 i = 0; i < states; ++i)
            if (counts_[i] == 0) fmt::print(stderr, " {}", reached_names[i]);
        fmt::print(stderr, "\nof {} inputs:", inputs_);
        for (vsnd::u32 i = 0; i < states; ++i)
            if (counts_[i] != 0) fmt::print(stderr, " {} {}", reached_names[i], counts_[i]);
        fmt::print(stderr, "\n");
    }

  private:
    static constexpr vsnd::u32 states = static_cast<vsnd::u32>(reached::count_);
    vsnd::u64 inputs_ = 0;
    vsnd::u64 counts_[states]{};
};

} // namespace fuzz
