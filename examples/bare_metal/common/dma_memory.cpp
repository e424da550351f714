// Memory for the device. CPU and bus agree on addresses, as everything is mapped 1:1.

#include "machine.hpp"

namespace kernel {
namespace {

alignas(4096) u8 pool[8u << 20];
usize used;

} // namespace

dma_region take_dma_memory(usize bytes, usize alignment) {
    const usize at = round_up(used, alignment);
    if (at > sizeof pool || bytes > sizeof pool - at) return {};
    used = at + bytes;
    return {pool + at, {reinterpret_cast<u64>(pool + at)}, bytes};
}

} // namespace kernel
