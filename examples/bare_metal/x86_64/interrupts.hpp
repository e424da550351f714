#pragma once
// Interrupts: the descriptor table, the local APIC and its timer.

#include <vsnd/base/types.hpp>

namespace kernel {

using namespace vsnd;

// An interrupt routine; it runs with interrupts off.
using interrupt_routine = void (*)();

enum interrupt_vector : u8 {
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

interrupt_message message_of(interrupt_vector vector);

} // namespace kernel
