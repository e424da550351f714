#pragma once
// What QEMU's two `virt` boards differ in: where things are, and how interrupts reach the CPU.

#include <vsnd/base/types.hpp>
#include <vsnd/transport/pci_interrupts.hpp>

#include "../common/machine.hpp"

namespace kernel {

struct board_layout {
    u64 mmio_first; // the registers of the first virtio device over MMIO; there may be none in it
    u32 mmio_stride;
    u32 mmio_count;
    u32 mmio_interrupt; // of the first; the others follow
    u64 ecam;           // PCI configuration space
    u32 intx_interrupt; // of the first of the four INTx lines; the others follow
};
extern const board_layout board;

// An interrupt routine; it runs with interrupts off.
using interrupt_routine = void (*)();

void init_interrupts();
// Calls `routine` when a line of the interrupt controller goes up.
void on_line(u32 number, interrupt_routine routine);
// Calls `routine` when a device writes the message. false: the board has no such interrupts.
bool on_message(interrupt_routine routine, msix_message& message);
// Calls `routine` every `period_us` from now on.
void on_timer(u32 period_us, interrupt_routine routine);

} // namespace kernel
