#pragma once
// The kernel around the driver: virtual time, interrupts, and a limit on what one call may ask
// for before it has to end.

#include <functional>
#include <vector>

#include <vsnd/transport/pci_kernel.hpp>

#include "pci.hpp"

namespace fuzz {

class fuzz_kernel {
  public:
    fuzz_kernel(guest_memory& memory, fuzz_device& device, pci_function& pci, const setup& how)
        : memory_(memory), device_(device), pci_(pci), set_(how) {}

    // The handler; runs where an interrupt may come.
    std::function<void(bool config)> on_interrupt;
    // The bytes of the ring's memory that the driver asked for; kept until the end.
    u32 dma_requests = 0;
    bool in_interrupt = false;

    // A call of the driver begins.
    void begin_call() {
        steps_ = 0;
        called_at_ = device_.now_ns();
    }

    // The five functions of transport/pci_kernel.hpp.
    u32 pci_read(u32 offset, u32 bytes) {
        step();
        return pci_.config_read(offset, bytes);
    }
    void pci_write(u32 offset, u32 bytes, u32 value) {
        step();
        pci_.config_write(offset, bytes, value);
    }
    u8* map_bar(u32 bar, u64 offset, usize bytes) {
        step();
        promise(bar < 6, "there is no such BAR");
        const u64 size = pci_function::bar_bytes(bar);
        if (offset > size || bytes > size - offset) return nullptr;
        mapped_.push_back({window(bar) + offset, bytes});
        return window_pointer(window(bar) + offset);
    }
    vsnd::dma_region dma(usize bytes, usize alignment) {
        step();
        ++dma_requests;
        if (set_.granted_dma != 0 && dma_requests > set_.granted_dma) return {};
        return memory_.allocate(bytes, alignment);
    }
    u64 now_ns() {
        step();
        interruptible();
        return device_.now_ns() + ++looks_ * 100;
    }

    u32 register_read(const u8* address, u32 bytes) {
        step();
        const place p = place_of(address, bytes);
        const u32 value = pci_.bar_read(p.bar, p.offset, bytes);
        interruptible();
        return value;
    }
    void register_write(u8* address, u32 bytes, u32 value) {
        step();
        const place p = place_of(address, bytes);
        pci_.bar_write(p.bar, p.offset, bytes, value);
        interruptible();
    }

    // The hooks of port/hooks.hpp.
    u32 lock(u32 queue) {
        step();
        promise(queue < 4, "a lock of no queue");
        promise(!locked_, "a queue is locked while another, or itself, is");
        locked_ = true;
        return queue;
    }
    void unlock(u32 queue, u32 saved) {
        promise(locked_ && queue == saved, "an unlock without its lock");
        locked_ = false;
        interruptible();
    }
    // Sleeps until the device does something, at most a second at a time; longer and longer in a
    // call that takes minutes, as a drain of long periods may.
    void wait(u64 timeout_ns) {
        step();
        promise(!in_interrupt && !locked_, "a wait in an interrupt or with a lock held");
        const u64 now = device_.now_ns();
        const u64 least = 100'000 + (now - called_at_) / 32;
        const u64 next = vsnd::greater(device_.next_event(), now + least);
        pass(vsnd::lesser(vsnd::lesser(timeout_ns, u64{1'000'000'000}), next - now));
    }
    void wake() { promise(!locked_, "a wake with a lock held"); }
    u32 context() { return in_interrupt ? 1 : 0; }
    void copy_in(u8* audio, const u8* from, usize bytes) {
        promise(memory_.holds(audio, bytes), "audio is written outside of its memory");
        std::memcpy(audio, from, bytes);
    }
    void copy_out(u8* to, const u8* audio, usize bytes) {
        promise(memory_.holds(audio, bytes), "audio is read outside of its memory");
        std::memcpy(to, audio, bytes);
    }
    void fill(u8* audio, u8 value, usize bytes) {
        promise(memory_.holds(audio, bytes), "audio is filled outside of its memory");
        std::memset(audio, value, bytes);
    }

    void pass(u64 ns) {
        device_.advance(device_.now_ns() + ns);
        deliver();
    }
    // What the device has raised, if the interrupt is not being handled already.
    void deliver() {
        if (locked_ || in_interrupt || !on_interrupt) return;
        if (!device_.queue_interrupt && !device_.config_interrupt) return;
        const bool config = device_.config_interrupt;
        device_.queue_interrupt = device_.config_interrupt = false;
        in_interrupt = true;
        on_interrupt(config);
        in_interrupt = false;
    }

  private:
    struct place {
        u32 bar;
        u64 offset;
    };
    struct mapping {
        u64 address;
        usize bytes;
    };

    // A device that answers at once costs a call a few hundred of them, a reset that never ends
    // a thousand, a close with everything stuck less than ten thousand.
    static constexpr u64 most_steps = 200'000;
    void step() {
        if (++steps_ == most_steps) broken("a call does not end");
    }
    void interruptible() {
        if (set_.preempt && set_.interrupts != 0) deliver();
    }

    // Where registers appear: addresses that nobody can read or write.
    static u64 window(u32 bar) { return 0x1000'0000'0000 + (u64{bar} << 24); }
    static u8* window_pointer(u64 at) { return reinterpret_cast<u8*>(static_cast<uintptr_t>(at)); }
    place place_of(const u8* address, u32 bytes) const {
        const u64 at = reinterpret_cast<uintptr_t>(address);
        for (const mapping& m : mapped_) {
            if (at < m.address || at + bytes > m.address + m.bytes) continue;
            return {static_cast<u32>((at - window(0)) >> 24), at & 0xff'ffff};
        }
        broken("a register access outside of what was mapped");
    }

    guest_memory& memory_;
    fuzz_device& device_;
    pci_function& pci_;
    const setup& set_;
    std::vector<mapping> mapped_;
    u64 steps_ = 0;
    u64 called_at_ = 0;
    u64 looks_ = 0;
    bool locked_ = false;
};

static_assert(vsnd::pci_kernel<fuzz_kernel>);

} // namespace fuzz
