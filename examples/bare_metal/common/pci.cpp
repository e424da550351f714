// The functions of a PCI bus.

#include "pci.hpp"

namespace kernel {
namespace {

constexpr u32 id_offset = 0x00;
constexpr u32 command_offset = 0x04;
constexpr u32 header_type_offset = 0x0e;
constexpr u32 bar_offset = 0x10;
constexpr u32 interrupt_line_offset = 0x3c;
constexpr u32 interrupt_pin_offset = 0x3d;

constexpr u32 command_memory = 1u << 1;

constexpr bool is_memory_bar(u32 low) {
    return (low & 1) == 0;
}

constexpr bool is_wide_bar(u32 low) {
    return (low & 6) == 4;
}

} // namespace

u64 pci_function::bar_address(u32 bar) const {
    if (bar > 5) return 0;
    const u32 low = read(bar_offset + 4 * bar, 4);
    if (!is_memory_bar(low)) return 0;
    const u64 high = is_wide_bar(low) && bar < 5 ? read(bar_offset + 4 * bar + 4, 4) : 0;
    return high << 32 | (low & ~0xfu);
}

// How many bytes a memory BAR decodes; it must not be decoding now, and loses its address.
u64 pci_function::bar_bytes(u32 bar) const {
    write(bar_offset + 4 * bar, 4, ~0u);
    const u32 low = read(bar_offset + 4 * bar, 4);
    return is_memory_bar(low) ? ~(low & ~0xfu) + 1 : 0;
}

void pci_function::assign_missing_bars() const {
    static u32 next = pci_free_addresses;
    write(command_offset, 2, read(command_offset, 2) & ~command_memory);
    for (u32 bar = 0; bar < 6; ++bar) {
        const bool wide = is_wide_bar(read(bar_offset + 4 * bar, 4));
        if (bar_address(bar) == 0) {
            const auto bytes = static_cast<u32>(bar_bytes(bar));
            next = static_cast<u32>(round_up(next, bytes != 0 ? bytes : 1));
            write(bar_offset + 4 * bar, 4, bytes != 0 ? next : 0);
            next += bytes;
        }
        if (wide) ++bar;
    }
}

u32 pci_function::interrupt_line() const {
    return read(interrupt_line_offset, 1);
}

u32 pci_function::interrupt_pin() const {
    return read(interrupt_pin_offset, 1) - 1;
}

pci_function find_pci(u16 vendor, u16 device, u32 nth) {
    const u32 wanted = u32{device} << 16 | vendor;
    for (u32 slot = 0; slot < 256 * 32; ++slot) {
        const pci_function first{slot << 3};
        if (first.read(id_offset, 4) == ~0u) continue;
        const bool several = (first.read(header_type_offset, 1) & 0x80) != 0;
        for (u32 i = 0; i < (several ? 8u : 1u); ++i) {
            const pci_function found{slot << 3 | i};
            if (found.read(id_offset, 4) == wanted && nth-- == 0) return found;
        }
    }
    return {};
}

} // namespace kernel
