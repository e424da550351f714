#pragma once
// What is measured.

#include <vsnd/base/types.hpp>

namespace bench {

using vsnd::u32;

// In each round `batch` periods are committed and played, and one pump takes them back; the
// periods go round the streams. `periods` are with the device when the pump has ended.
struct measurement {
    const char* name;
    u32 periods;
    u32 streams;
    u32 batch = 1;
    bool each = false; // a doorbell and an interrupt for each, even where there is a batch
    u32 period_frames = 1024;
};

inline constexpr measurement cases[] = {
    {"instructions_per_period_p1_s1", 1, 1},
    {"instructions_per_period_p4_s1", 4, 1},
    {"instructions_per_period_p16_s1", 16, 1},
    {"instructions_per_period_p1_s8", 1, 8},
    {"instructions_per_period_p4_s8", 4, 8},
    {"instructions_per_period_p16_s8", 16, 8},
    {"instructions_per_period_p4_s1_frames64", 4, 1, 1, true, 64},
    // Two completions in one pump: what the second one adds is the cost of a completion.
    {"instructions_pair_p4_s1", 4, 1, 2, true},
    {"instructions_batched_4_p8_s1", 8, 1, 4},
    {"instructions_batched_4_p16_s1", 16, 1, 4},
    {"instructions_batched_4_p16_s8", 16, 8, 4},
};
inline constexpr u32 case_count = sizeof(cases) / sizeof(cases[0]);

} // namespace bench
