// QEMU's `virt` board for ARM: clock, power, serial line, and where things are.

#include "../common/machine.hpp"

#include "../virt/board.hpp"
#include "cpu.hpp"

namespace kernel {
namespace {

__extension__ using u128 = unsigned __int128;

constexpr u64 serial_data = 0x09000000;
constexpr u64 serial_flags = serial_data + 0x18;
constexpr u32 serial_full = 1u << 5;

} // namespace

const virt_layout layout = {.memory = 0x40000000, .ecam = 0x40'1000'0000, .intx = 35};
const mmio_places mmio_places_of_board = {
    .first = 0x0a000000, .stride = 0x200, .count = 32, .line = 48};
const u32 pci_free_addresses = 0x10000000;

u64 now_ns() {
    u64 ticks, ticks_per_second;
    asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    asm volatile("mrs %0, cntfrq_el0" : "=r"(ticks_per_second));
    const u64 multiplier = (1'000'000'000ull << 32) / ticks_per_second; // 32 fractional bits
    return static_cast<u64>(static_cast<u128>(ticks) * multiplier >> 32);
}

void interrupts_on() {
    asm volatile("msr daifclr, #2" : : : "memory");
}

void interrupts_off() {
    asm volatile("msr daifset, #2" : : : "memory");
}

// A pending interrupt ends `wfi` even while interrupts are off; it is taken after that.
void sleep_until_interrupt() {
    asm volatile("wfi\n\tmsr daifclr, #2\n\tisb\n\tmsr daifset, #2" : : : "memory");
}

void write_serial(char letter) {
    while ((register_read32(serial_flags) & serial_full) != 0) {
    }
    register_write32(serial_data, static_cast<u8>(letter));
}

// The firmware's SYSTEM_OFF, which QEMU answers itself.
void power_off() {
    register u64 function asm("x0") = 0x84000008;
    asm volatile("hvc #0" : "+r"(function) : : "memory");
    while (true)
        asm volatile("wfi");
}

} // namespace kernel
