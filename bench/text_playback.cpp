// A driver that plays, as small as it gets: periods are filled in place.

#include <kernel_entries.hpp>

BENCH_KERNEL_ENTRIES(vsnd::small_playback_limits, vsnd::small_ring_policy);
