// Interrupts: the descriptor table, the local APIC and its timer.

#include "interrupts.hpp"

#include "../common/console.hpp"
#include "../common/machine.hpp"
#include "cpu.hpp"

namespace kernel {

// What a stub of interrupts.S and the processor leave on the stack.
struct interrupt_frame {
    u64 vector;
    u64 error;
    u64 address;
    u64 code_segment;
    u64 flags;
    u64 stack;
    u64 stack_segment;
};

extern "C" {
extern const u8 interrupt_stubs[256][16];
void handle_interrupt(const interrupt_frame* frame);
}

namespace {

struct gate {
    u16 offset_low;
    u16 selector;
    u16 flags;
    u16 offset_middle;
    u32 offset_high;
    u32 reserved;
};

struct [[gnu::packed]] table_pointer {
    u16 limit;
    u64 base;
};

constexpr u64 apic = 0xfee00000;
constexpr u64 apic_id = apic + 0x20;
constexpr u64 apic_end_of_interrupt = apic + 0xb0;
constexpr u64 apic_spurious = apic + 0xf0;
constexpr u64 apic_timer = apic + 0x320;
constexpr u64 apic_timer_initial = apic + 0x380;
constexpr u64 apic_timer_current = apic + 0x390;
constexpr u64 apic_timer_divide = apic + 0x3e0;

constexpr u16 legacy_masks[] = {0x21, 0xa1};

gate gates[256];
interrupt_routine routines[2];

[[noreturn]] void stop_for_exception(const interrupt_frame& frame) {
    u64 fault_address;
    asm volatile("movq %%cr2, %0" : "=r"(fault_address));
    print_value("exception", frame.vector);
    print_hex("exception_error", frame.error);
    print_hex("exception_at", frame.address);
    print_hex("exception_fault_address", fault_address);
    print_value("result", "exception");
    power_off();
}

} // namespace

void handle_interrupt(const interrupt_frame* frame) {
    if (frame->vector == SPURIOUS_VECTOR) return; // gets no end-of-interrupt
    if (frame->vector != TIMER_VECTOR && frame->vector != SOUND_VECTOR) stop_for_exception(*frame);
    if (interrupt_routine routine = routines[frame->vector - TIMER_VECTOR]) routine();
    register_write32(apic_end_of_interrupt, 0);
}

void init_interrupts() {
    for (u32 vector = 0; vector < 256; ++vector) {
        const u64 address = reinterpret_cast<u64>(interrupt_stubs[vector]);
        gates[vector] = {static_cast<u16>(address),
                         0x08,
                         0x8e00, // present, interrupt gate
                         static_cast<u16>(address >> 16),
                         static_cast<u32>(address >> 32),
                         0};
    }
    const table_pointer pointer{sizeof gates - 1, reinterpret_cast<u64>(gates)};
    asm volatile("lidt %0" : : "m"(pointer));
    for (u16 mask : legacy_masks)
        port_write8(mask, 0xff);
    register_write32(apic_spurious, 0x100 | SPURIOUS_VECTOR);
}

void on_interrupt(interrupt_vector vector, interrupt_routine routine) {
    routines[vector - TIMER_VECTOR] = routine;
}

void start_timer(u32 period_us) {
    register_write32(apic_timer_divide, 3); // by 16
    register_write32(apic_timer, 1u << 16); // masked, one shot, while it is measured
    register_write32(apic_timer_initial, ~0u);
    constexpr u32 measured_us = 5000;
    const u64 begin_ns = now_ns();
    while (now_ns() - begin_ns < measured_us * 1000ull) {
    }
    const u64 ticks = ~0u - register_read32(apic_timer_current);
    register_write32(apic_timer, 1u << 17 | TIMER_VECTOR); // periodic
    register_write32(apic_timer_initial, static_cast<u32>(ticks * period_us / measured_us));
}

interrupt_message message_of(interrupt_vector vector) {
    const u32 processor = register_read32(apic_id) >> 24;
    return {apic | u64{processor} << 12, vector};
}

} // namespace kernel
