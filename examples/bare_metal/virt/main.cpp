// The kernel: brings the board up, finds the sound device over MMIO or else over PCI, and runs the
// sound test on it.

#include <vsnd/ring/packed_queue.hpp>
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
constinit sound_system<mmio_device<mmio_port, ring_policy, packed_queue>, mmio_port>
    over_mmio_packed;
constinit sound_system<pci_device<pci_port>, pci_port> over_pci;
constinit sound_system<pci_device<pci_port, ring_policy, packed_queue>, pci_port> over_pci_packed;

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

// The timer's routine.
template <auto& System, bool Polls>
void tick() {
    if constexpr (Polls) System.test.on_sound_interrupt();
    System.test.on_timer_interrupt();
}

template <auto& System>
[[noreturn]] void run(const settings& wanted) {
    const bool polls = wanted.interrupts == POLLED;
    on_timer(polls ? polling_period_us : timer_period_us,
             polls ? tick<System, true> : tick<System, false>);
    interrupts_on();
    System.test.run(System.device, wanted);
    power_off();
}

template <class Device>
void print_rings(const Device&) {
    print_value("ring", is_packed<typename Device::queue_type> ? "packed" : "split");
}

template <auto& System>
[[noreturn]] void use_mmio(u32 slot, const settings& wanted) {
    System.port.physical = board.mmio_first + slot * board.mmio_stride;
    print_value("transport", "mmio");
    print_rings(System.device);
    print_hex("registers", System.port.physical);
    System.device.init(System.port);
    if (wanted.interrupts != POLLED) {
        on_line(board.mmio_interrupt + slot, [] {
            if (System.device.interrupt().any()) System.test.on_sound_interrupt();
        });
    }
    run<System>(wanted);
}

// The device keeps pointing to it.
constinit msix_message sound_message;

// How completions reach the driver.
template <auto& System>
interrupt_setup choose_interrupts(const pci_function& function, u32 kind) {
    if (kind == POLLED) return interrupt_setup::polled();
    if (kind == INTX) {
        // The four lines are dealt out to devices in turn.
        on_line(board.intx_interrupt + (function.device_number() + function.interrupt_pin()) % 4,
                [] {
                    if (System.device.read_isr().any()) System.test.on_sound_interrupt();
                });
        return interrupt_setup::intx();
    }
    if (!on_message([] { System.test.on_sound_interrupt(); }, sound_message)) {
        finish("no MSI-X here");
    }
    return interrupt_setup::msix(sound_message);
}

template <auto& System>
[[noreturn]] void use_pci(const settings& wanted) {
    const pci_function function = find_pci(virtio_vendor, virtio_sound, 0);
    if (!function.valid()) finish("no virtio sound device");
    function.assign_missing_bars();
    print_value("transport", "pci");
    print_rings(System.device);
    print_hex("bar", function.bar_address(4));
    System.port.function = function;
    System.device.init(System.port, choose_interrupts<System>(function, wanted.interrupts));
    run<System>(wanted);
}

} // namespace

extern "C" [[noreturn]] void kernel_main(const u8* tree) {
    init_interrupts();
    const settings wanted = read_settings(tree);
    const bool packed = wanted.ring == PACKED;
    const u32 slot = find_mmio_sound();
    if (slot == board.mmio_count) {
        if (packed) use_pci<over_pci_packed>(wanted);
        use_pci<over_pci>(wanted);
    }
    if (packed) use_mmio<over_mmio_packed>(slot, wanted);
    use_mmio<over_mmio>(slot, wanted);
}

} // namespace kernel
