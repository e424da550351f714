#include <kernel_entries.hpp>

struct playback_limits : vsnd::default_limits {
    static constexpr bool capture = false;
};

BENCH_KERNEL_ENTRIES(playback_limits);
