#include <kernel_entries.hpp>

BENCH_KERNEL_ENTRIES(vsnd::default_limits);

extern "C" usize entry_read(u32 id, u8* into, usize bytes) {
    return the_driver.find(id)->read({into, bytes}).value();
}
