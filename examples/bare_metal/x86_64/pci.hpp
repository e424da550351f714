#pragma once
// PCI configuration space through ports 0xcf8 and 0xcfc.

#include <vsnd/base/types.hpp>

namespace kernel {

using namespace vsnd;

class pci_function {
  public:
    constexpr pci_function() = default;
    constexpr explicit pci_function(u32 number) : number_(number), valid_(true) {}

    constexpr bool valid() const { return valid_; }
    // Bus, device and function as configuration mechanism 1 numbers them.
    constexpr u32 number() const { return number_; }

    // 1, 2 or 4 bytes of configuration space, at an offset that is a multiple of the size.
    u32 read(u32 offset, u32 bytes) const;
    void write(u32 offset, u32 bytes, u32 value) const;

    // The physical address of a memory BAR; 0: none, or not assigned.
    u64 bar_address(u32 bar) const;
    // Gives an address to each memory BAR that the firmware left without one.
    void assign_missing_bars() const;

    // The line of the legacy interrupt controllers that the firmware chose.
    u32 interrupt_line() const;

  private:
    void select(u32 offset) const;
    u64 bar_bytes(u32 bar) const;

    u32 number_ = 0;
    bool valid_ = false;
};

// The `nth` function with this vendor and device id on bus 0 and the buses behind its bridges.
pci_function find_pci(u16 vendor, u16 device, u32 nth);

} // namespace kernel
