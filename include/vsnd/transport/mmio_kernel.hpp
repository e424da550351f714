#pragma once
// What a kernel writes to drive a virtio sound device over MMIO: three functions of one object,
// which stands for one device. Only now_ns and the two register hooks are called while sound runs.
//
//   u8* map_registers(usize bytes)
//       The address at which the CPU reaches the first `bytes` of the device's registers, uncached
//       and below 4096 of them; it stays valid while the device object lives. Where the registers
//       are, the kernel knows from its device tree or board. Asked once. Context: thread.
//       Errors: nullptr.
//   dma_region dma(usize bytes, usize alignment)
//       Memory that the device reaches and that needs no cache upkeep, aligned on the bus; zeroed
//       or not. Asked once for each of the four queues and kept from then on. Context: thread.
//       Errors: an empty region, no memory.
//   u64 now_ns()
//       A monotonic clock. Context: any.
//
// Optional, besides the hooks of port/hooks.hpp, which are looked for in the same object:
//   u32 register_read(const u8* address, u32 bytes)
//   void register_write(u8* address, u32 bytes, u32 value)
//       One access at what map_registers returned, `bytes` being always 4 here, in the CPU's byte
//       order as far as `value` goes. Without them: one volatile access. register_write rings
//       doorbells. Context: any.
//
// A kernel to copy from:
//   struct my_kernel {
//       u8* map_registers(usize bytes) { return map_device(physical_, bytes); }
//       vsnd::dma_region dma(usize bytes, usize alignment) {
//           u8* const page = pages_alloc(bytes, alignment);
//           return {page, {physical_of(page)}, bytes};
//       }
//       u64 now_ns() { return clock_monotonic(); }
//   };
//   static_assert(vsnd::mmio_kernel<my_kernel>);

#include <vsnd/base/dma.hpp>
#include <vsnd/port/queue.hpp>

namespace vsnd {

template <class K>
concept mmio_kernel = requires(K& k, usize bytes) {
    { k.map_registers(bytes) } -> same_type<u8*>;
    { k.dma(bytes, bytes) } -> same_type<dma_region>;
    { k.now_ns() } -> same_type<u64>;
};

} // namespace vsnd
