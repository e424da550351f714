#pragma once
// What each machine gives to the parts that all of them share.

#include <vsnd/base/dma.hpp>
#include <vsnd/base/span.hpp>

namespace kernel {

using namespace vsnd;

void write_serial(char letter);

// Time since some moment before the start; never goes back.
u64 now_ns();

// Memory for the device, never given back; the region is empty when there is no more.
dma_region take_dma_memory(usize bytes, usize alignment);

// The CPU address of a device's registers at this physical address, which are mapped now if need
// be. nullptr: they cannot be mapped.
u8* map_registers(u64 physical, usize bytes);

// Where captured audio goes, for the host to read, and how far from the start of the guest's memory
// that is.
span<u8> capture_memory();
u64 capture_offset();

// Sleeps until an interrupt and returns with interrupts off. To be called with interrupts off: one
// that came since the caller's last look ends the sleep at once.
void sleep_until_interrupt();
void interrupts_off();
void interrupts_on();

// Ends the machine: QEMU exits.
[[noreturn]] void power_off();

} // namespace kernel
