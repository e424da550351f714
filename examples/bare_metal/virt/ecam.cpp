// PCI configuration space as memory.

#include "../common/pci.hpp"
#include "board.hpp"

namespace kernel {
namespace {

u64 address_of(u32 function, u32 offset) {
    return board.ecam + (u64{function} << 12 | offset);
}

} // namespace

u32 pci_config_read(u32 function, u32 offset, u32 bytes) {
    const u64 at = address_of(function, offset);
    if (bytes == 1) return *reinterpret_cast<volatile u8*>(at);
    if (bytes == 2) return *reinterpret_cast<volatile u16*>(at);
    return *reinterpret_cast<volatile u32*>(at);
}

void pci_config_write(u32 function, u32 offset, u32 bytes, u32 value) {
    const u64 at = address_of(function, offset);
    if (bytes == 1) {
        *reinterpret_cast<volatile u8*>(at) = static_cast<u8>(value);
    } else if (bytes == 2) {
        *reinterpret_cast<volatile u16*>(at) = static_cast<u16>(value);
    } else {
        *reinterpret_cast<volatile u32*>(at) = value;
    }
}

} // namespace kernel
