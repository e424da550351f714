// The kernel: brings the machine up, finds the sound function, and runs the sound test on it.

#include <vsnd/ring/packed_queue.hpp>
#include <vsnd/transport/pci.hpp>

#include "../common/console.hpp"
#include "../common/pci_port.hpp"
#include "../common/sound_test.hpp"
#include "interrupts.hpp"
#include "machine.hpp"

namespace kernel {
namespace {

template <template <class, class> class Ring>
struct sound_system {
    using device_type = pci_device<pci_port, ring_policy, Ring>;

    pci_port port;
    device_type device;
    sound_test<device_type> test;
};

// Nothing runs before kernel_main: whatever is not constant has to wait for it.
constinit sound_system<split_queue> with_split_rings;
constinit sound_system<packed_queue> with_packed_rings;

constexpr u16 virtio_vendor = 0x1af4;
constexpr u16 virtio_sound = 0x1059;
constexpr u32 timer_period_us = 10000;
constexpr u32 polling_period_us = 1000;

[[noreturn]] void finish(const char* outcome) {
    print_value("result", outcome);
    power_off();
}

// What the command line asks for; does not return where it cannot be understood.
settings read_settings(const start_info& info) {
    const char* line = command_line(info);
    print_value("command_line", line);
    settings wanted;
    if (const char* rest = parse_settings(line, wanted)) {
        print_value("not_understood", rest);
        finish("bad command line");
    }
    return wanted;
}

// The device keeps pointing to it.
constinit msix_message sound_message;

// How completions reach the driver.
template <auto& System>
interrupt_setup choose_interrupts(const pci_function& function, u32 kind) {
    if (kind == POLLED) {
        on_interrupt(TIMER_VECTOR, [] {
            System.test.on_sound_interrupt();
            System.test.on_timer_interrupt();
        });
        return interrupt_setup::polled();
    }
    on_interrupt(TIMER_VECTOR, [] { System.test.on_timer_interrupt(); });
    if (kind == INTX) {
        on_legacy_interrupt(function.interrupt_line(), [] {
            if (System.device.read_isr().any()) System.test.on_sound_interrupt();
        });
        return interrupt_setup::intx();
    }
    on_interrupt(SOUND_VECTOR, [] { System.test.on_sound_interrupt(); });
    const interrupt_message message = message_of(SOUND_VECTOR);
    sound_message = {message.address, message.data};
    return interrupt_setup::msix(sound_message);
}

template <auto& System>
void find_sound(u32 kind) {
    using queue_type = typename decltype(System.device)::queue_type;
    const pci_function function = find_pci(virtio_vendor, virtio_sound, 0);
    if (!function.valid()) finish("no virtio sound function");
    function.assign_missing_bars();
    print_value("transport", "pci");
    print_value("ring", is_packed<queue_type> ? "packed" : "split");
    print_hex("bar", function.bar_address(4));
    System.port.function = function;
    System.device.init(System.port, choose_interrupts<System>(function, kind));
}

template <auto& System>
[[noreturn]] void run(const settings& wanted) {
    find_sound<System>(wanted.interrupts);
    start_timer(wanted.interrupts == POLLED ? polling_period_us : timer_period_us);
    interrupts_on();
    System.test.run(System.device, wanted);
    power_off();
}

} // namespace

extern "C" [[noreturn]] void kernel_main(const start_info* info) {
    init_interrupts();
    const settings wanted = read_settings(*info);
    if (!has_capture_memory(*info)) finish("too little memory");
    if (!init_clock()) finish("no HPET");
    if (wanted.ring == PACKED) run<with_packed_rings>(wanted);
    run<with_split_rings>(wanted);
}

} // namespace kernel
