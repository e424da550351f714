// The kernel: brings the machine up, finds the sound function, and runs the sound test on it.

#include "../common/console.hpp"
#include "../common/settings.hpp"
#include "cpu.hpp"
#include "interrupts.hpp"
#include "machine.hpp"
#include "pci.hpp"

namespace kernel {
namespace {

u32 volatile ticks;

[[noreturn]] void finish(const char* outcome) {
    print_value("result", outcome);
    power_off();
}

} // namespace

extern "C" [[noreturn]] void kernel_main(const start_info* info) {
    init_interrupts();
    print_value("command_line", command_line(*info));
    settings wanted;
    if (const char* rest = parse_settings(command_line(*info), wanted)) {
        print_value("not_understood", rest);
        finish("bad command line");
    }
    if (!init_clock()) finish("no HPET");
    const pci_function function = find_pci(0x1af4, 0x1059, 0);
    if (!function.valid()) finish("no virtio sound function");
    print_hex("pci", function.number());
    print_hex("command", function.read(4, 2));
    function.assign_missing_bars();
    function.enable();
    print_hex("bar1", function.bar_address(1));
    print_hex("bar4", function.bar_address(4));
    u8* p = map_registers(function.bar_address(4), 4096);
    print_hex("features", *reinterpret_cast<volatile u32*>(p + 4));
    print_value("memory", is_memory(*info, 64 << 20, 32 << 20));
    on_interrupt(TIMER_VECTOR, [] { ticks = ticks + 1; });
    start_timer(1000);
    interrupts_on();
    const u64 begin = now_ns();
    while (now_ns() - begin < 100'000'000) {
        interrupts_off();
        sleep_until_interrupt();
        interrupts_on();
    }
    print_value("ticks", ticks);
    finish("ok");
}

} // namespace kernel
