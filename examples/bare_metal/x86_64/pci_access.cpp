// PCI configuration space through ports 0xcf8 and 0xcfc.

#include "../common/pci.hpp"
#include "cpu.hpp"

namespace kernel {
namespace {

constexpr u16 address_port = 0xcf8;
constexpr u16 data_port = 0xcfc;

u16 select(u32 function, u32 offset) {
    port_write32(address_port, 1u << 31 | function << 8 | (offset & 0xfc));
    return static_cast<u16>(data_port + (offset & 3));
}

} // namespace

// A q35 or i440fx machine never fills these with memory.
const u32 pci_free_addresses = 0xe0000000;

u32 pci_config_read(u32 function, u32 offset, u32 bytes) {
    const u16 port = select(function, offset);
    if (bytes == 1) return port_read8(port);
    if (bytes == 2) return port_read16(port);
    return port_read32(port);
}

void pci_config_write(u32 function, u32 offset, u32 bytes, u32 value) {
    const u16 port = select(function, offset);
    if (bytes == 1) return port_write8(port, static_cast<u8>(value));
    if (bytes == 2) return port_write16(port, static_cast<u16>(value));
    port_write32(port, value);
}

} // namespace kernel
