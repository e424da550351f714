#pragma once
// The instructions that C++ has no words for.

#include <vsnd/base/types.hpp>

namespace kernel {

using namespace vsnd;

inline u32 register_read32(u64 address) {
    return *reinterpret_cast<volatile u32*>(address);
}

inline void register_write32(u64 address, u32 value) {
    *reinterpret_cast<volatile u32*>(address) = value;
}

// Turns interrupts off and tells how they were; `interrupts_restore` puts them back.
inline u64 interrupts_save() {
    u64 flags;
    asm volatile("csrrci %0, mstatus, 8" : "=r"(flags) : : "memory");
    return flags & 8;
}

inline void interrupts_restore(u64 flags) {
    asm volatile("csrs mstatus, %0" : : "r"(flags) : "memory");
}

} // namespace kernel
