#pragma once
// What the machines differ in: where devices are, and how interrupts reach the CPU.

#include <vsnd/base/types.hpp>
#include <vsnd/transport/pci_interrupts.hpp>

#include "pci.hpp"

namespace kernel {

// The places of virtio devices over MMIO; there may be none in any of them.
struct mmio_places {
    u64 first; // the registers of the first
    u32 stride;
    u32 count;
    u32 line; // of the first, in the interrupt controller; the others follow
};
extern const mmio_places mmio_places_of_board;

// An interrupt routine; it runs with interrupts off.
using interrupt_routine = void (*)();

void init_interrupts();
// Calls `routine` when a line of the interrupt controller goes up; one routine for all lines.
void on_line(u32 number, interrupt_routine routine);
// Calls `routine` when a device writes the message. false: the board has no such interrupts.
bool on_message(interrupt_routine routine, msix_message& message);
// Calls `routine` every `period_us` from now on.
void on_timer(u32 period_us, interrupt_routine routine);
// The line on which a function's INTx interrupts arrive.
u32 intx_line(const pci_function& function);

} // namespace kernel
