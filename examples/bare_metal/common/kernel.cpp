// The kernel, once the machine's start-up has done its part.

#include "kernel.hpp"

#include <vsnd/ring/packed_queue.hpp>
#include <vsnd/transport/mmio.hpp>
#include <vsnd/transport/pci.hpp>

#include "board.hpp"
#include "console.hpp"
#include "mmio_port.hpp"
#include "pci_port.hpp"
#include "sound_test.hpp"

namespace kernel {
namespace {

template <class Device, class Port>
struct sound_system {
    Port ports[most_cards];
    Device devices[most_cards];
    sound_test<Device> test;
};

// Nothing runs before the kernel does: whatever is not constant has to wait for it.
constinit sound_system<mmio_device<mmio_port>, mmio_port> over_mmio;
constinit sound_system<mmio_device<mmio_port, ring_policy, packed_queue>, mmio_port>
    over_mmio_packed;
constinit sound_system<pci_device<pci_port>, pci_port> over_pci;
constinit sound_system<pci_device<pci_port, ring_policy, packed_queue>, pci_port> over_pci_packed;

constexpr u16 virtio_vendor = 0x1af4;
constexpr u16 virtio_sound = 0x1059;
constexpr u32 timer_period_us = 10000;
constexpr u32 polling_period_us = 1000;

// What the command line asks for; does not return where it cannot be understood.
request read_request(const char* line) {
    print_value("command_line", line);
    request wanted;
    if (const char* rest = parse_request(line, wanted)) {
        print_value("not_understood", rest);
        finish("bad command line");
    }
    return wanted;
}

// The timer's routine.
template <auto& System, bool Polls>
void tick() {
    if constexpr (Polls) System.test.on_sound_interrupt();
    System.test.on_timer_interrupt();
}

template <auto& System>
[[noreturn]] void run(const request& wanted) {
    const bool polls = wanted.machine().interrupts == POLLED;
    on_timer(polls ? polling_period_us : timer_period_us,
             polls ? tick<System, true> : tick<System, false>);
    interrupts_on();
    System.test.run(System.devices, wanted);
    power_off();
}

template <class Device>
void print_rings(const Device&) {
    print_value("ring", is_packed<typename Device::queue_type> ? "packed" : "split");
}

u64 mmio_address(u32 place) {
    return mmio_places_of_board.first + place * mmio_places_of_board.stride;
}

u32 mmio_word(u32 place, u32 offset) {
    return *reinterpret_cast<volatile u32*>(mmio_address(place) + offset);
}

// The next place of a sound device, from this one on, or the number of places.
u32 find_mmio_sound(u32 place) {
    while (place < mmio_places_of_board.count &&
           (mmio_word(place, wire::MMIO_MAGIC_VALUE) != wire::MMIO_MAGIC ||
            mmio_word(place, wire::MMIO_DEVICE_ID) != wire::DEVICE_ID_SOUND))
        ++place;
    return place;
}

// A line goes up: whoever has something to say is pumped.
template <auto& System>
void on_mmio_interrupt() {
    bool any = false;
    for (auto& device : System.devices)
        any |= device.interrupt().any();
    if (any) System.test.on_sound_interrupt();
}

template <auto& System>
[[noreturn]] void use_mmio(const request& wanted) {
    print_value("transport", "mmio");
    print_rings(System.devices[0]);
    u32 place = 0;
    for (u32 i = 0; i < wanted.card_count(); ++i, ++place) {
        place = find_mmio_sound(place);
        if (place == mmio_places_of_board.count) finish("no virtio sound device");
        System.ports[i].physical = mmio_address(place);
        print_hex("registers", System.ports[i].physical);
        System.devices[i].init(System.ports[i]);
        if (wanted.machine().interrupts != POLLED) {
            on_line(mmio_places_of_board.line + place, on_mmio_interrupt<System>);
        }
    }
    run<System>(wanted);
}

template <auto& System>
void on_intx_interrupt() {
    bool any = false;
    for (auto& device : System.devices)
        any |= device.read_isr().any();
    if (any) System.test.on_sound_interrupt();
}

// The devices keep pointing to it.
constinit msix_message sound_message;

// How completions reach the driver.
template <auto& System>
interrupt_setup choose_interrupts(const pci_function& function, u32 kind) {
    if (kind == POLLED) return interrupt_setup::polled();
    if (kind == INTX) {
        on_line(intx_line(function), on_intx_interrupt<System>);
        return interrupt_setup::intx();
    }
    if (!on_message([] { System.test.on_sound_interrupt(); }, sound_message)) {
        finish("no MSI-X here");
    }
    return interrupt_setup::msix(sound_message);
}

template <auto& System>
[[noreturn]] void use_pci(const request& wanted) {
    print_value("transport", "pci");
    print_rings(System.devices[0]);
    for (u32 i = 0; i < wanted.card_count(); ++i) {
        const pci_function function = find_pci(virtio_vendor, virtio_sound, i);
        if (!function.valid()) finish("no virtio sound device");
        function.assign_missing_bars();
        print_hex("bar", function.bar_address(4));
        System.ports[i].function = function;
        System.devices[i].init(System.ports[i],
                               choose_interrupts<System>(function, wanted.machine().interrupts));
    }
    run<System>(wanted);
}

} // namespace

void finish(const char* outcome) {
    print_value("result", outcome);
    power_off();
}

// PCI goes first: where there is PCI, other devices may have the places of the MMIO ones.
void run_kernel(const char* command_line) {
    const request wanted = read_request(command_line);
    const bool packed = wanted.machine().ring == PACKED;
    if (find_pci(virtio_vendor, virtio_sound, 0).valid()) {
        if (packed) use_pci<over_pci_packed>(wanted);
        use_pci<over_pci>(wanted);
    }
    if (packed) use_mmio<over_mmio_packed>(wanted);
    use_mmio<over_mmio>(wanted);
}

} // namespace kernel
