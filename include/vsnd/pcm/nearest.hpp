#pragma once
// The choice among what a device offers: one search for formats and for rates.

#include <vsnd/base/types.hpp>

namespace vsnd::detail {

// Which of the offered numbers (bits 1 << index, at least one) stands in best for `want`: the least
// that is not below it, else the greatest below. The bits of `alike` decide only among numbers that
// are the same without them: the least of those.
constexpr u32 nearest_of(const u32* numbers, u32 offered, u32 want, u32 alike) {
    u32 best = 0;
    u32 least = ~u32{0};
    want &= ~alike;
    for (u32 i = 0; offered != 0; ++i, offered >>= 1) {
        const u32 number = numbers[i];
        // Those below come behind all others.
        const u32 distance = number >= want ? number - want : ~(number ^ alike);
        if ((offered & 1) == 0 || distance >= least) continue;
        least = distance;
        best = i;
    }
    return best;
}

} // namespace vsnd::detail
