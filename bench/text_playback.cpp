#include <kernel_entries.hpp>

struct playback_limits : vsnd::small_playback_limits {
};

BENCH_KERNEL_ENTRIES(playback_limits);
