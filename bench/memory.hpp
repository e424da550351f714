#pragma once
// The memory of the measuring machine.

#include <stdint.h>
#include <stdlib.h>

#include <vsnd/base/dma.hpp>

namespace bench {

using namespace vsnd;

// Memory of the guest lies elsewhere on the bus.
inline constexpr u64 bus_offset = u64{1} << 44;

inline u8* at_bus(u64 address) {
    return reinterpret_cast<u8*>(static_cast<uintptr_t>(address - bus_offset));
}

inline dma_region allocate(usize bytes, usize alignment) {
    const usize whole = round_up(bytes, alignment);
    u8* const cpu = static_cast<u8*>(aligned_alloc(alignment, whole));
    if (cpu == nullptr) abort();
    __builtin_memset(cpu, 0, whole);
    return {cpu, {reinterpret_cast<uintptr_t>(cpu) + bus_offset}, bytes};
}

} // namespace bench
