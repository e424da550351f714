// Everything, both ways, for speed.

#include <kernel_entries.hpp>

BENCH_KERNEL_ENTRIES(vsnd::default_limits, vsnd::ring_policy);

extern "C" usize entry_write(driver_stream* s, const u8* from, usize bytes) {
    return s->write({from, bytes}).value();
}
extern "C" usize entry_read(driver_stream* s, u8* into, usize bytes) {
    return s->read({into, bytes}).value();
}
