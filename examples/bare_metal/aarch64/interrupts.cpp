// The interrupt controller (GICv2, with GICv2m for messages) and the CPU's own timer.

#include "../common/console.hpp"
#include "../common/machine.hpp"
#include "../virt/board.hpp"
#include "cpu.hpp"

namespace kernel {

extern "C" {
void handle_interrupt();
[[noreturn]] void stop_for_exception(u64 vector);
}

namespace {

constexpr u64 distributor = 0x08000000;
constexpr u64 distributor_control = distributor;
constexpr u64 distributor_enable = distributor + 0x100;
constexpr u64 distributor_trigger = distributor + 0xc00;
constexpr u64 cpu_interface = 0x08010000;
constexpr u64 cpu_control = cpu_interface;
constexpr u64 cpu_priority_mask = cpu_interface + 0x04;
constexpr u64 cpu_acknowledge = cpu_interface + 0x0c;
constexpr u64 cpu_end = cpu_interface + 0x10;
constexpr u64 messages = 0x08020000;
constexpr u64 messages_type = messages + 0x08;
constexpr u64 messages_doorbell = messages + 0x40;

constexpr u32 number_mask = 0x3ff;
constexpr u32 spurious = 1023;
constexpr u32 timer_number = 27; // of the virtual timer

interrupt_routine sound_routine;
interrupt_routine timer_routine;
u64 timer_ticks;

void enable(u32 number) {
    register_write32(distributor_enable + number / 32 * 4, 1u << number % 32);
}

void arm_timer() {
    asm volatile("msr cntv_tval_el0, %0\n\tmsr cntv_ctl_el0, %1" : : "r"(timer_ticks), "r"(1ull));
}

} // namespace

void handle_interrupt() {
    const u32 taken = register_read32(cpu_acknowledge);
    const u32 number = taken & number_mask;
    if (number == spurious) return; // gets no end
    if (number == timer_number) {
        arm_timer();
        timer_routine();
    } else if (sound_routine != nullptr) {
        sound_routine();
    }
    register_write32(cpu_end, taken);
}

void stop_for_exception(u64 vector) {
    u64 syndrome, address, fault_address;
    asm volatile("mrs %0, esr_el1" : "=r"(syndrome));
    asm volatile("mrs %0, elr_el1" : "=r"(address));
    asm volatile("mrs %0, far_el1" : "=r"(fault_address));
    print_value("exception", vector);
    print_hex("exception_syndrome", syndrome);
    print_hex("exception_at", address);
    print_hex("exception_fault_address", fault_address);
    print_value("result", "exception");
    power_off();
}

void init_interrupts() {
    register_write32(distributor_control, 1);
    register_write32(cpu_priority_mask, 0xff);
    register_write32(cpu_control, 1);
}

void on_line(u32 number, interrupt_routine routine) {
    sound_routine = routine;
    enable(number);
}

bool on_message(interrupt_routine routine, msix_message& message) {
    const u32 number = register_read32(messages_type) >> 16 & number_mask;
    const u64 trigger = distributor_trigger + number / 16 * 4;
    register_write32(trigger, register_read32(trigger) | 2u << number % 16 * 2); // on an edge
    on_line(number, routine);
    message = {messages_doorbell, number};
    return true;
}

void on_timer(u32 period_us, interrupt_routine routine) {
    u64 ticks_per_second;
    asm volatile("mrs %0, cntfrq_el0" : "=r"(ticks_per_second));
    timer_routine = routine;
    timer_ticks = ticks_per_second * period_us / 1'000'000;
    enable(timer_number);
    arm_timer();
}

} // namespace kernel
