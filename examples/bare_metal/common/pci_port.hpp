#pragma once
// The port over PCI: all that the driver asks of these kernels. Five functions, and a lock because
// completions run in the interrupt handler.

#include <vsnd/transport/pci_kernel.hpp>

#include "cpu.hpp"
#include "machine.hpp"
#include "pci.hpp"

namespace kernel {

struct pci_port {
    pci_function function;

    u32 pci_read(u32 offset, u32 bytes) { return function.read(offset, bytes); }
    void pci_write(u32 offset, u32 bytes, u32 value) { function.write(offset, bytes, value); }

    u8* map_bar(u32 bar, u64 offset, usize bytes) {
        const u64 base = function.bar_address(bar);
        return base != 0 ? map_registers(base + offset, bytes) : nullptr;
    }

    dma_region dma(usize bytes, usize alignment) { return take_dma_memory(bytes, alignment); }
    u64 now_ns() { return kernel::now_ns(); }

    u64 lock(u32) { return interrupts_save(); }
    void unlock(u32, u64 saved) { interrupts_restore(saved); }
};

static_assert(vsnd::pci_kernel<pci_port>);

} // namespace kernel
