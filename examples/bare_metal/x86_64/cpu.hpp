#pragma once
// The instructions that C++ has no words for.

#include <vsnd/base/types.hpp>

namespace kernel {

using namespace vsnd;

inline void port_write8(u16 port, u8 value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

inline void port_write16(u16 port, u16 value) {
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

inline void port_write32(u16 port, u32 value) {
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

inline u8 port_read8(u16 port) {
    u8 value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

inline u16 port_read16(u16 port) {
    u16 value;
    asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

inline u32 port_read32(u16 port) {
    u32 value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

inline u64 register_read64(u64 address) {
    return *reinterpret_cast<volatile u64*>(address);
}

inline void register_write64(u64 address, u64 value) {
    *reinterpret_cast<volatile u64*>(address) = value;
}

inline u32 register_read32(u64 address) {
    return *reinterpret_cast<volatile u32*>(address);
}

inline void register_write32(u64 address, u32 value) {
    *reinterpret_cast<volatile u32*>(address) = value;
}

// Turns interrupts off and tells how they were; `interrupts_restore` puts them back.
inline u64 interrupts_save() {
    u64 flags;
    asm volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
    return flags;
}

inline void interrupts_restore(u64 flags) {
    if (flags & 0x200) asm volatile("sti" : : : "memory");
}

} // namespace kernel
