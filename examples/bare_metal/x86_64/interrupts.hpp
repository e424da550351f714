#pragma once
// Interrupts: the descriptor table, the local APIC and its timer.

#include <vsnd/base/types.hpp>

namespace kernel {

using namespace vsnd;

// An interrupt routine; it runs with interrupts off.
using interrupt_routine = void (*)();

enum interrupt_vector : u8 {
    LEGACY_VECTOR = 0x20, // and the 15 that follow: lines 0 to 15 of the legacy controllers
    TIMER_VECTOR = 0x40,
    SOUND_VECTOR = 0x41,
    SPURIOUS_VECTOR = 0xff,
};

// What a device writes to raise an interrupt vector here.
struct interrupt_message {
    u64 address;
    u32 data;
};

// Sets up the table, silences the legacy controllers and enables the local APIC.
void init_interrupts();

// Calls `routine` at every interrupt of `vector`, which is TIMER_VECTOR or SOUND_VECTOR.
void on_interrupt(interrupt_vector vector, interrupt_routine routine);

// Raises TIMER_VECTOR every `period_us` from now on. Needs a running clock.
void start_timer(u32 period_us);

// Lets one line of the legacy controllers through, where a PCI function without MSI-X raises its
// interrupts: the firmware wrote the line's number to its configuration space.
void on_legacy_interrupt(u32 line, interrupt_routine routine);

interrupt_message message_of(interrupt_vector vector);

} // namespace kernel
