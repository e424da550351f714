#pragma once
// The driver as a kernel links it: over PCI with its own split rings, behind the functions that
// the kernel's audio layer calls. How large that is, is measured; it is never run.

#include <vsnd/transport/pci.hpp>
#include <vsnd/vsnd.hpp>

// What the kernel has.
extern "C" {
vsnd::u32 kernel_pci_read(vsnd::u32 offset, vsnd::u32 bytes);
void kernel_pci_write(vsnd::u32 offset, vsnd::u32 bytes, vsnd::u32 value);
vsnd::u8* kernel_map_bar(vsnd::u32 bar, vsnd::u64 offset, vsnd::usize bytes);
vsnd::u8* kernel_pages(vsnd::usize bytes, vsnd::usize alignment);
vsnd::u64 kernel_now_ns();
void kernel_sleep(vsnd::u64 ns);
void kernel_period_done(vsnd::u32 stream);
}

namespace bench {

using namespace vsnd;

struct kernel {
    u32 pci_read(u32 offset, u32 bytes) { return kernel_pci_read(offset, bytes); }
    void pci_write(u32 offset, u32 bytes, u32 value) { kernel_pci_write(offset, bytes, value); }
    u8* map_bar(u32 bar, u64 offset, usize bytes) { return kernel_map_bar(bar, offset, bytes); }
    dma_region dma(usize bytes, usize alignment) {
        u8* const at = kernel_pages(bytes, alignment);
        return {at, {reinterpret_cast<uintptr_t>(at)}, bytes};
    }
    u64 now_ns() { return kernel_now_ns(); }
    void wait(u64 ns) { kernel_sleep(ns); }
    // Interrupts off, and back as they were.
    u64 lock(u32) {
        u64 flags;
        asm volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
        return flags;
    }
    void unlock(u32, u64 flags) { asm volatile("pushq %0; popfq" : : "r"(flags) : "memory"); }
};

struct handler {
    template <class Stream>
    void period_done(Stream& s) {
        kernel_period_done(s.id());
    }
};

template <class Policy>
using device_type = pci_device<kernel, Policy>;

template <class Limits, class Policy>
using driver_type = card<device_type<Policy>, handler, Limits>;

} // namespace bench

// Defines the entries for one set of limits.
#define BENCH_KERNEL_ENTRIES(Limits, Policy)                                                       \
    constinit bench::kernel the_kernel;                                                            \
    constinit bench::device_type<Policy> the_device;                                               \
    constinit bench::driver_type<Limits, Policy> the_driver;                                       \
    using namespace vsnd;                                                                          \
    using driver_stream = bench::driver_type<Limits, Policy>::stream_type;                         \
                                                                                                   \
    extern "C" {                                                                                   \
    status_code entry_open(const msix_message* message, u8* memory) {                              \
        the_device.init(the_kernel, interrupt_setup::msix(*message));                              \
        const usize bytes = card_bytes<Limits>();                                                  \
        return the_driver.open(the_device,                                                         \
                               {memory, {reinterpret_cast<uintptr_t>(memory)}, bytes});            \
    }                                                                                              \
    driver_stream* entry_find(u32 id) {                                                            \
        return the_driver.find(id);                                                                \
    }                                                                                              \
    status_code entry_prepare(driver_stream* s, pcm_params* p, const stream_memory* memory) {      \
        const auto fitting = s->nearest(*p);                                                       \
        if (!fitting.ok()) return fitting.code();                                                  \
        *p = fitting.value();                                                                      \
        return s->prepare(*p, *memory);                                                            \
    }                                                                                              \
    status_code entry_start(driver_stream* s) {                                                    \
        return s->start();                                                                         \
    }                                                                                              \
    status_code entry_stop(driver_stream* s) {                                                     \
        return s->stop();                                                                          \
    }                                                                                              \
    status_code entry_drain(driver_stream* s) {                                                    \
        return s->drain();                                                                         \
    }                                                                                              \
    status_code entry_drop(driver_stream* s) {                                                     \
        return s->drop();                                                                          \
    }                                                                                              \
    status_code entry_release(driver_stream* s) {                                                  \
        return s->release();                                                                       \
    }                                                                                              \
    u8* entry_acquire(driver_stream* s) {                                                          \
        return s->acquire().value().data();                                                        \
    }                                                                                              \
    status_code entry_commit(driver_stream* s) {                                                   \
        return s->commit();                                                                        \
    }                                                                                              \
    u64 entry_position(driver_stream* s) {                                                         \
        return s->position_frames();                                                               \
    }                                                                                              \
    void entry_interrupt() {                                                                       \
        (void)the_driver.pump_all();                                                               \
    }                                                                                              \
    void entry_config_interrupt() {                                                                \
        the_driver.config_changed();                                                               \
    }                                                                                              \
    u64 entry_tick(u64 now) {                                                                      \
        return the_driver.tick(now);                                                               \
    }                                                                                              \
    status_code entry_close() {                                                                    \
        return the_driver.close();                                                                 \
    }                                                                                              \
    }                                                                                              \
    static_assert(true)
