#pragma once
// The functions of a PCI bus. How configuration space is reached differs from machine to machine.

#include <vsnd/base/types.hpp>

namespace kernel {

using namespace vsnd;

// The machine's part: 1, 2 or 4 bytes of configuration space, at an offset that is a multiple of
// the size; bus, device and function as configuration mechanism 1 numbers them.
u32 pci_config_read(u32 function, u32 offset, u32 bytes);
void pci_config_write(u32 function, u32 offset, u32 bytes, u32 value);
// Where BARs may be placed, from there on: addresses that the bus forwards and nothing else has.
extern const u32 pci_free_addresses;

class pci_function {
  public:
    constexpr pci_function() = default;
    constexpr explicit pci_function(u32 number) : number_(number), valid_(true) {}

    constexpr bool valid() const { return valid_; }
    constexpr u32 device_number() const { return number_ >> 3 & 31; }

    u32 read(u32 offset, u32 bytes) const { return pci_config_read(number_, offset, bytes); }
    void write(u32 offset, u32 bytes, u32 value) const {
        pci_config_write(number_, offset, bytes, value);
    }

    // The physical address of a memory BAR; 0: none, or not assigned.
    u64 bar_address(u32 bar) const;
    // Gives an address to each memory BAR that the firmware left without one.
    void assign_missing_bars() const;

    // The line of the legacy interrupt controllers that the firmware chose.
    u32 interrupt_line() const;
    // Which of the four INTx pins it has, from 0; more than 3: none.
    u32 interrupt_pin() const;

  private:
    u64 bar_bytes(u32 bar) const;

    u32 number_ = 0;
    bool valid_ = false;
};

// The `nth` function with this vendor and device id on bus 0 and the buses behind its bridges.
pci_function find_pci(u16 vendor, u16 device, u32 nth);

} // namespace kernel
