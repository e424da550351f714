// What QEMU's two `virt` boards have in common: start, memory, PCI.

#include "board.hpp"

#include "../common/kernel.hpp"
#include "../common/machine.hpp"
#include "device_tree.hpp"

namespace kernel {
namespace {

constexpr u64 capture_at = 64u << 20;
constexpr usize capture_bytes = 32u << 20;

u64 config_address(u32 function, u32 offset) {
    return layout.ecam + (u64{function} << 12 | offset);
}

} // namespace

extern "C" [[noreturn]] void kernel_main(const u8* tree);

void kernel_main(const u8* tree) {
    init_interrupts();
    run_kernel(command_line(tree));
}

// There is no MMU in use.
u8* map_registers(u64 physical, usize) {
    return reinterpret_cast<u8*>(physical);
}

// kernel.ld keeps the image below it.
span<u8> capture_memory() {
    return {reinterpret_cast<u8*>(layout.memory + capture_at), capture_bytes};
}

u64 capture_offset() {
    return capture_at;
}

// The four lines are dealt out to devices in turn.
u32 intx_line(const pci_function& function) {
    return layout.intx + (function.device_number() + function.interrupt_pin()) % 4;
}

u32 pci_config_read(u32 function, u32 offset, u32 bytes) {
    const u64 at = config_address(function, offset);
    if (bytes == 1) return *reinterpret_cast<volatile u8*>(at);
    if (bytes == 2) return *reinterpret_cast<volatile u16*>(at);
    return *reinterpret_cast<volatile u32*>(at);
}

void pci_config_write(u32 function, u32 offset, u32 bytes, u32 value) {
    const u64 at = config_address(function, offset);
    if (bytes == 1) {
        *reinterpret_cast<volatile u8*>(at) = static_cast<u8>(value);
    } else if (bytes == 2) {
        *reinterpret_cast<volatile u16*>(at) = static_cast<u16>(value);
    } else {
        *reinterpret_cast<volatile u32*>(at) = value;
    }
}

} // namespace kernel
