// The clock: the HPET, or the processor's time stamp counter where a machine has no HPET.

#include "cpu.hpp"
#include "machine.hpp"

namespace kernel {
namespace {

__extension__ using u128 = unsigned __int128;

constexpr u64 hpet = 0xfed00000;
constexpr u64 hpet_configuration = hpet + 0x10;
constexpr u64 hpet_counter = hpet + 0xf0;

// The interval timer.
constexpr u64 interval_timer_hz = 1193182;
constexpr u16 interval_timer_count = 0x40; // of the first channel
constexpr u16 interval_timer_command = 0x43;

bool has_hpet;
u64 multiplier; // nanoseconds per tick, with 32 fractional bits

u64 time_stamp() {
    u32 low, high;
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return u64{high} << 32 | low;
}

// The HPET says itself how long its ticks are, and in QEMU it counts virtual time.
bool init_hpet() {
    const u64 tick_fs = register_read64(hpet) >> 32;
    if (tick_fs == 0 || tick_fs > 100'000'000) return false;
    multiplier = (tick_fs << 32) / 1'000'000;
    register_write64(hpet_configuration, register_read64(hpet_configuration) | 1);
    return true;
}

u32 interval_timer_left() {
    port_write8(interval_timer_command, 0); // holds the count still for the two reads
    const u32 low = port_read8(interval_timer_count);
    return u32{port_read8(interval_timer_count)} << 8 | low;
}

// The time stamp counter is measured by the interval timer. false: that one does not run.
bool init_time_stamp() {
    constexpr u32 from = 0xffff;
    constexpr u32 wait = interval_timer_hz / 50;
    port_write8(interval_timer_command, 0x30); // counts down once, low byte first
    port_write8(interval_timer_count, from & 0xff);
    port_write8(interval_timer_count, from >> 8);
    const u32 before = interval_timer_left();
    const u64 begin = time_stamp();
    for (u32 looks = 0; looks < 1'000'000; ++looks) {
        const u32 left = interval_timer_left();
        const u64 end = time_stamp();
        if (left > before || before - left < wait) continue;
        const u64 taken_ns = (before - left) * 1'000'000'000ull / interval_timer_hz;
        multiplier = (taken_ns << 32) / (end - begin);
        return true;
    }
    return false;
}

} // namespace

bool init_clock() {
    has_hpet = init_hpet();
    return has_hpet || init_time_stamp();
}

u64 now_ns() {
    const u64 ticks = has_hpet ? register_read64(hpet_counter) : time_stamp();
    return static_cast<u64>(static_cast<u128>(ticks) * multiplier >> 32);
}

} // namespace kernel
