// The interrupt controller (PLIC) and the timer (CLINT).

#include "../common/console.hpp"
#include "../common/machine.hpp"
#include "../virt/board.hpp"
#include "cpu.hpp"

namespace kernel {

extern "C" void handle_trap(u64 cause);

namespace {

constexpr u64 timer_compare = 0x02004000;
constexpr u64 timer_now = 0x0200bff8;
constexpr u64 ticks_per_us = 10;

constexpr u64 plic_priority = 0x0c000000;
constexpr u64 plic_enable = 0x0c002000; // for machine mode of the first processor
constexpr u64 plic_threshold = 0x0c200000;
constexpr u64 plic_claim = 0x0c200004;

constexpr u64 is_interrupt = 1ull << 63;
constexpr u64 timer_cause = 7;
constexpr u64 line_cause = 11;

interrupt_routine sound_routine;
interrupt_routine timer_routine;
u64 timer_ticks;

u64 register_read64(u64 address) {
    return *reinterpret_cast<volatile u64*>(address);
}

void arm_timer() {
    *reinterpret_cast<volatile u64*>(timer_compare) = register_read64(timer_now) + timer_ticks;
}

void enable(u64 cause) {
    asm volatile("csrs mie, %0" : : "r"(1ull << cause) : "memory");
}

void handle_lines() {
    while (const u32 number = register_read32(plic_claim)) {
        sound_routine();
        register_write32(plic_claim, number);
    }
}

[[noreturn]] void stop_for_exception(u64 cause) {
    u64 address, value;
    asm volatile("csrr %0, mepc" : "=r"(address));
    asm volatile("csrr %0, mtval" : "=r"(value));
    print_hex("exception", cause);
    print_hex("exception_at", address);
    print_hex("exception_fault_address", value);
    print_value("result", "exception");
    power_off();
}

} // namespace

void handle_trap(u64 cause) {
    if (cause == (is_interrupt | line_cause)) return handle_lines();
    if (cause != (is_interrupt | timer_cause)) stop_for_exception(cause);
    arm_timer();
    timer_routine();
}

void init_interrupts() {
    register_write32(plic_threshold, 0);
}

void on_line(u32 number, interrupt_routine routine) {
    sound_routine = routine;
    register_write32(plic_priority + 4 * number, 1);
    const u64 word = plic_enable + number / 32 * 4;
    register_write32(word, register_read32(word) | 1u << number % 32);
    enable(line_cause);
}

// Not with a PLIC.
bool on_message(interrupt_routine, msix_message&) {
    return false;
}

void on_timer(u32 period_us, interrupt_routine routine) {
    timer_routine = routine;
    timer_ticks = period_us * ticks_per_us;
    arm_timer();
    enable(timer_cause);
}

} // namespace kernel
