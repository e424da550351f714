#pragma once
// What QEMU's two `virt` boards differ in, besides their CPUs.

#include "../common/board.hpp"

namespace kernel {

struct virt_layout {
    u64 memory; // where it begins
    u64 ecam;   // PCI configuration space
    u32 intx;   // the first of the four INTx lines; the others follow
};
extern const virt_layout layout;

} // namespace kernel
