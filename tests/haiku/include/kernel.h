#pragma once
// Which addresses belong to user space. The simulation's user space is a part of the host's address
// space that nobody can touch directly.

#include <SupportDefs.h>

extern "C" bool simulated_user_address(addr_t address);

#define IS_USER_ADDRESS(x) simulated_user_address((addr_t)(x))
#define IS_KERNEL_ADDRESS(x) (!simulated_user_address((addr_t)(x)))

static inline bool is_user_address_range(const void* start, size_t bytes) {
    const addr_t first = (addr_t)start;
    const addr_t last = first + bytes - 1;
    return first + bytes >= first && IS_USER_ADDRESS(first) && IS_USER_ADDRESS(last);
}
