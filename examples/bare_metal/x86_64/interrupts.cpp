// Interrupts: the descriptor table, the local APIC and its timer, and the legacy controllers for
// whatever has only a line.

#include "../common/board.hpp"
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

enum interrupt_vector : u8 {
    LEGACY_VECTOR = 0x20, // and the 15 that follow: lines 0 to 15 of the legacy controllers
    TIMER_VECTOR = 0x40,
    SOUND_VECTOR = 0x41,
    SPURIOUS_VECTOR = 0xff,
};

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

constexpr u64 apic_legacy_pin = apic + 0x350;

// The legacy controllers: the first one's third input is the second one.
constexpr u16 legacy_command[] = {0x20, 0xa0};
constexpr u16 legacy_data[] = {0x21, 0xa1};
constexpr u32 second_controller_line = 2;
constexpr u8 legacy_end_of_interrupt = 0x20;

gate gates[256];
interrupt_routine timer_routine;
interrupt_routine message_routine;
interrupt_routine line_routine;
u32 lines; // a bit for each that is let through

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

bool is_legacy(u64 vector) {
    return vector >= LEGACY_VECTOR && vector < LEGACY_VECTOR + 16;
}

void handle_legacy(u32 line) {
    if ((lines >> line & 1) == 0) return; // spurious: ends by itself
    line_routine();
    if (line >= 8) port_write8(legacy_command[1], legacy_end_of_interrupt);
    port_write8(legacy_command[0], legacy_end_of_interrupt);
}

// Every line masked, and the lines' vectors away from those of the exceptions.
void init_legacy() {
    constexpr u8 where_the_other_is[] = {1 << second_controller_line, second_controller_line};
    for (u32 i = 0; i < 2; ++i) {
        port_write8(legacy_command[i], 0x11); // three more bytes follow
        port_write8(legacy_data[i], static_cast<u8>(LEGACY_VECTOR + 8 * i));
        port_write8(legacy_data[i], where_the_other_is[i]);
        port_write8(legacy_data[i], 0x01); // end of interrupt by command
        port_write8(legacy_data[i], 0xff);
    }
}

} // namespace

void handle_interrupt(const interrupt_frame* frame) {
    if (frame->vector == SPURIOUS_VECTOR) return; // gets no end-of-interrupt
    if (is_legacy(frame->vector)) {
        return handle_legacy(static_cast<u32>(frame->vector - LEGACY_VECTOR));
    }
    if (frame->vector != TIMER_VECTOR && frame->vector != SOUND_VECTOR) stop_for_exception(*frame);
    (frame->vector == TIMER_VECTOR ? timer_routine : message_routine)();
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
    init_legacy();
    register_write32(apic_spurious, 0x100 | SPURIOUS_VECTOR);
}

void on_line(u32 number, interrupt_routine routine) {
    line_routine = routine;
    lines |= 1u << number;
    register_write32(apic_legacy_pin, 7u << 8); // the pair's output is taken as it comes
    const u32 masks = ~(lines | 1u << second_controller_line);
    port_write8(legacy_data[0], static_cast<u8>(masks));
    port_write8(legacy_data[1], static_cast<u8>(masks >> 8));
}

bool on_message(interrupt_routine routine, msix_message& message) {
    message_routine = routine;
    const u32 processor = register_read32(apic_id) >> 24;
    message = {apic | u64{processor} << 12, SOUND_VECTOR};
    return true;
}

// The firmware has chosen it.
u32 intx_line(const pci_function& function) {
    return function.interrupt_line();
}

void on_timer(u32 period_us, interrupt_routine routine) {
    timer_routine = routine;
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

} // namespace kernel
