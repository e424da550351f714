// The kernel: brings the board up, finds the sound device over MMIO or else over PCI, and runs the
// sound test on it.

#include <vsnd/transport/mmio.hpp>
#include <vsnd/transport/pci.hpp>

#include "../common/console.hpp"
#include "../common/mmio_port.hpp"
#include "../common/pci_port.hpp"
#include "../common/sound_test.hpp"
#include "board.hpp"
#include "device_tree.hpp"

namespace kernel {
namespace {

template <class Device, class Port>
struct sound_system {
    Port port;
    Device device;
    sound_test<Device> test;
};

// Nothing runs before kernel_main: whatever is not constant has to wait for it.
constinit sound_system<mmio_device<mmio_port>, mmio_port> over_mmio;
constinit sound_system<pci_device<pci_port>, pci_port> over_pci;

constexpr u16 virtio_vendor = 0x1af4;
constexpr u16 virtio_sound = 0x1059;
constexpr u32 timer_period_us = 10000;
constexpr u32 polling_period_us = 1000;

[[noreturn]] void finish(const char* outcome) {
    print_value("result", outcome);
    power_off();
}

// What the command line asks for; does not return where it cannot be understood.
settings read_settings(const u8* tree) {
    const char* line = command_line(tree);
    print_value("command_line", line);
    settings wanted;
    if (const char* rest = parse_settings(line, wanted)) {
        print_value("not_understood", rest);
        finish("bad command line");
    }
    return wanted;
}

u32 mmio_word(u32 slot, u32 offset) {
    return *reinterpret_cast<volatile u32*>(board.mmio_first + slot * board.mmio_stride + offset);
}

// The place of the sound device, or the number of places.
u32 find_mmio_sound() {
    u32 slot = 0;
    while (slot < board.mmio_count &&
           (mmio_word(slot, wire::MMIO_MAGIC_VALUE) != wire::MMIO_MAGIC ||
            mmio_word(slot, wire::MMIO_DEVICE_ID) != wire::DEVICE_ID_SOUND))
        ++slot;
    return slot;
}

void use_mmio(u32 slot, const settings& wanted) {
    over_mmio.port.physical = board.mmio_first + slot * board.mmio_stride;
    print_value("transport", "mmio");
    print_hex("registers", over_mmio.port.physical);
    over_mmio.device.init(over_mmio.port);
    if (wanted.interrupts == POLLED) return;
    on_line(board.mmio_interrupt + slot, [] {
        if (over_mmio.device.interrupt().any()) over_mmio.test.on_sound_interrupt();
    });
}

// How completions reach the driver.
interrupt_setup choose_interrupts(const pci_function& function, u32 kind) {
    if (kind == POLLED) return interrupt_setup::polled();
    if (kind == INTX) {
        // The four lines are dealt out to devices in turn.
        on_line(board.intx_interrupt + (function.device_number() + function.interrupt_pin()) % 4,
                [] {
                    if (over_pci.device.read_isr().any()) over_pci.test.on_sound_interrupt();
                });
        return interrupt_setup::intx();
    }
    msix_message message;
    if (!on_message([] { over_pci.test.on_sound_interrupt(); }, message)) finish("no MSI-X here");
    return interrupt_setup::msix(message);
}

void use_pci(const settings& wanted) {
    const pci_function function = find_pci(virtio_vendor, virtio_sound, 0);
    if (!function.valid()) finish("no virtio sound device");
    function.assign_missing_bars();
    print_value("transport", "pci");
    print_hex("bar", function.bar_address(4));
    over_pci.port.function = function;
    over_pci.device.init(over_pci.port, choose_interrupts(function, wanted.interrupts));
}

template <class Test, class Device>
void run(Test& test, Device& device, const settings& wanted, interrupt_routine tick) {
    on_timer(wanted.interrupts == POLLED ? polling_period_us : timer_period_us, tick);
    interrupts_on();
    test.run(device, wanted);
}

// The timer's routine.
template <auto& System, bool Polls>
void tick() {
    if constexpr (Polls) System.test.on_sound_interrupt();
    System.test.on_timer_interrupt();
}

} // namespace

extern "C" [[noreturn]] void kernel_main(const u8* tree) {
    init_interrupts();
    const settings wanted = read_settings(tree);
    const bool polls = wanted.interrupts == POLLED;
    if (const u32 slot = find_mmio_sound(); slot < board.mmio_count) {
        use_mmio(slot, wanted);
        run(over_mmio.test, over_mmio.device, wanted,
            polls ? tick<over_mmio, true> : tick<over_mmio, false>);
    } else {
        use_pci(wanted);
        run(over_pci.test, over_pci.device, wanted,
            polls ? tick<over_pci, true> : tick<over_pci, false>);
    }
    power_off();
}

} // namespace kernel
