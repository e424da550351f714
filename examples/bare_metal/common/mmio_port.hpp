#pragma once
// The port over MMIO: all that the driver asks of these kernels. Three functions, and a lock
// because completions run in the interrupt handler.

#include <vsnd/transport/mmio_kernel.hpp>

#include "cpu.hpp"
#include "machine.hpp"

namespace kernel {

struct mmio_port {
    u64 physical = 0; // where the registers are

    u8* map_registers(usize bytes) { return kernel::map_registers(physical, bytes); }
    dma_region dma(usize bytes, usize alignment) { return take_dma_memory(bytes, alignment); }
    u64 now_ns() { return kernel::now_ns(); }

    u64 lock(u32) { return interrupts_save(); }
    void unlock(u32, u64 saved) { interrupts_restore(saved); }
};

static_assert(vsnd::mmio_kernel<mmio_port>);

} // namespace kernel
