// QEMU's `virt` board for RISC-V: clock, power, serial line, and where things are.

#include "../common/machine.hpp"

#include "../common/pci.hpp"
#include "../virt/board.hpp"
#include "cpu.hpp"

namespace kernel {
namespace {

constexpr u64 timer_now = 0x0200bff8;
constexpr u64 ns_per_tick = 100;

constexpr u64 serial = 0x10000000;
constexpr u64 serial_line = serial + 5;
constexpr u8 serial_empty = 0x20;

constexpr u64 power = 0x00100000;
constexpr u32 power_down = 0x5555;

constexpr u64 memory_begin = 0x80000000;
constexpr u64 capture_at = 64u << 20;
constexpr usize capture_bytes = 32u << 20;

} // namespace

const board_layout board = {.mmio_first = 0x10001000,
                            .mmio_stride = 0x1000,
                            .mmio_count = 8,
                            .mmio_interrupt = 1,
                            .ecam = 0x30000000,
                            .intx_interrupt = 32};
const u32 pci_free_addresses = 0x40000000;

u64 now_ns() {
    return *reinterpret_cast<volatile u64*>(timer_now) * ns_per_tick;
}

u8* map_registers(u64 physical, usize) {
    return reinterpret_cast<u8*>(physical);
}

// kernel.ld keeps the image below it.
span<u8> capture_memory() {
    return {reinterpret_cast<u8*>(memory_begin + capture_at), capture_bytes};
}

u64 capture_offset() {
    return capture_at;
}

void interrupts_on() {
    asm volatile("csrsi mstatus, 8" : : : "memory");
}

void interrupts_off() {
    asm volatile("csrci mstatus, 8" : : : "memory");
}

// A pending interrupt ends `wfi` even while interrupts are off; it is taken after that.
void sleep_until_interrupt() {
    asm volatile("wfi\n\tcsrsi mstatus, 8\n\tcsrci mstatus, 8" : : : "memory");
}

void write_serial(char letter) {
    while ((*reinterpret_cast<volatile u8*>(serial_line) & serial_empty) == 0) {
    }
    *reinterpret_cast<volatile u8*>(serial) = static_cast<u8>(letter);
}

void power_off() {
    register_write32(power, power_down);
    while (true)
        asm volatile("wfi");
}

} // namespace kernel
