#pragma once
// The kernel, once the machine's start-up has done its part.

namespace kernel {

// Finds the sound devices, over PCI or else over MMIO, and runs the sound test on them as the
// command line says. To be called with interrupts off, after init_interrupts.
[[noreturn]] void run_kernel(const char* command_line);

// Ends with a result that the console shows.
[[noreturn]] void finish(const char* outcome);

} // namespace kernel
