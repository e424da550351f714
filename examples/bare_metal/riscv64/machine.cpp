// QEMU's `virt` board for RISC-V: clock, power, serial line, and where things are.

#include "../common/machine.hpp"

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

} // namespace

const virt_layout layout = {.memory = 0x80000000, .ecam = 0x30000000, .intx = 32};
const mmio_places mmio_places_of_board = {
    .first = 0x10001000, .stride = 0x1000, .count = 8, .line = 1};
const u32 pci_free_addresses = 0x40000000;

u64 now_ns() {
    return *reinterpret_cast<volatile u64*>(timer_now) * ns_per_tick;
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
