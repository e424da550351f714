#pragma once
// What a kernel writes to drive a virtio sound device over PCI: five functions of one object,
// which stands for one PCI function. All are called from a thread, at open, close and recovery;
// only now_ns and the two register hooks are also called while sound runs.
//
//   u32 pci_read(u32 offset, u32 bytes)
//       Reads 1, 2 or 4 bytes of this function's configuration space, aligned, below 256.
//       Context: thread. Errors: all ones where there is no device, as on the bus.
//   void pci_write(u32 offset, u32 bytes, u32 value)
//       Writes there. Context: thread.
//   u8* map_bar(u32 bar, u64 offset, usize bytes)
//       The address at which the CPU reaches `bytes` of BAR 0 to 5 from `offset` on, uncached; it
//       stays valid while the device object lives. The kernel knows where its BARs are (a 64-bit
//       one takes two numbers, the first counts) and how long. Context: thread.
//       Errors: nullptr, also for an I/O BAR and beyond the end of one.
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
//       One access of 1, 2 or 4 bytes at what map_bar returned, in the CPU's byte order as far as
//       `value` goes. Without them: one volatile access. For machines whose device memory needs
//       more than that, and for tests. register_write rings doorbells. Context: any.
//
// A kernel to copy from:
//   struct my_kernel {
//       u32 pci_read(u32 offset, u32 bytes) { return pci_config_read(where_, offset, bytes); }
//       void pci_write(u32 offset, u32 bytes, u32 value) {
//           pci_config_write(where_, offset, bytes, value);
//       }
//       u8* map_bar(u32 bar, u64 offset, usize bytes) {
//           return offset + bytes <= bar_bytes_[bar] ? bar_cpu_[bar] + offset : nullptr;
//       }
//       vsnd::dma_region dma(usize bytes, usize alignment) {
//           u8* const page = pages_alloc(bytes, alignment);
//           return {page, {physical_of(page)}, bytes};
//       }
//       u64 now_ns() { return clock_monotonic(); }
//   };
//   static_assert(vsnd::pci_kernel<my_kernel>);

#include <vsnd/base/dma.hpp>
#include <vsnd/port/queue.hpp>

namespace vsnd {

template <class K>
concept pci_kernel = requires(K& k, u32 number, u64 offset, usize bytes) {
    { k.pci_read(number, number) } -> same_type<u32>;
    k.pci_write(number, number, number);
    { k.map_bar(number, offset, bytes) } -> same_type<u8*>;
    { k.dma(bytes, bytes) } -> same_type<dma_region>;
    { k.now_ns() } -> same_type<u64>;
};

} // namespace vsnd
