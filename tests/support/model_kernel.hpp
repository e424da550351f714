#pragma once
// A kernel for driver tests: guest memory, the model device and its PCI function, and the
// functions that the PCI transport asks of a kernel, which end in them. Strict where a real one is
// silent: a register access outside of what was mapped, or a lock taken twice, ends the test.
//
//     support::model_kernel kernel;                        // or: kernel(qemu_profile(), layout)
//     vsnd::pci_device<support::model_kernel> port;
//     port.init(kernel, support::model_kernel::messages(2));
//     kernel.pci.on_vector = [&](u32 vector) { ... };      // the handler; runs inside advance
//     kernel.device.advance(1'000'000);                    // virtual time, 1 ms
//     CHECK(kernel.device.violations().clean());

#include <stdexcept>
#include <vector>

#include <vsnd/model/pci_function.hpp>
#include <vsnd/transport/pci_interrupts.hpp>

namespace support {

using vsnd::u16;
using vsnd::u32;
using vsnd::u64;
using vsnd::u8;
using vsnd::usize;

class model_kernel {
  public:
    explicit model_kernel(vsnd::model::device_profile profile = vsnd::model::default_profile(),
                          const vsnd::model::pci_layout& layout = {})
        : memory(vsnd::model::first_bus_of(profile), profile.iommu),
          device(memory, std::move(profile)), pci(device, layout) {
        // Where registers appear to the CPU: real memory, so that addresses can be computed with,
        // and nothing that anybody reads.
        for (u32 bar = 0; bar < 6; ++bar)
            windows_[bar].resize(static_cast<usize>(pci.bar_bytes(bar)));
    }

    vsnd::model::guest_memory memory;
    vsnd::model::sound_device device;
    vsnd::model::pci_function pci;

    // The five functions of transport/pci_kernel.hpp.
    u32 pci_read(u32 offset, u32 bytes) {
        if (offset % bytes != 0) throw std::logic_error("a misaligned configuration access");
        return pci.config_read(offset, bytes);
    }
    void pci_write(u32 offset, u32 bytes, u32 value) {
        if (offset % bytes != 0) throw std::logic_error("a misaligned configuration access");
        pci.config_write(offset, bytes, value);
    }
    u8* map_bar(u32 bar, u64 offset, usize bytes) {
        ++maps;
        if (refused_map != 0 && maps == refused_map) return nullptr;
        if (bar > 5 || offset > windows_[bar].size() || bytes > windows_[bar].size() - offset)
            return nullptr;
        mapped_.push_back({bar, offset, bytes});
        return windows_[bar].data() + offset;
    }
    vsnd::dma_region dma(usize bytes, usize alignment) {
        ++dma_requests;
        if (dma_requests > dma_limit) return {};
        return memory.allocate(bytes, alignment);
    }
    u64 now_ns() { return device.now_ns() + (looked_ns_ += ns_per_look); }

    // Optional hooks.
    u32 register_read(const u8* address, u32 bytes) {
        before_access();
        const place at = place_of(address, bytes);
        const u32 value =
            memory_space() ? pci.bar_read(at.bar, at.offset, bytes) : vsnd::model::all_ones(bytes);
        note({false, at.bar, at.offset, bytes, value});
        return value;
    }
    void register_write(u8* address, u32 bytes, u32 value) {
        before_access();
        const place at = place_of(address, bytes);
        note({true, at.bar, at.offset, bytes, value});
        if (memory_space()) pci.bar_write(at.bar, at.offset, bytes, value);
    }
    u32 lock(u32 queue) {
        for (const bool held : held_)
            if (held) throw std::logic_error("a queue is locked while another, or itself, is");
        held_[queue] = true;
        return ++locks;
    }
    void unlock(u32 queue, u32 saved) {
        if (!held_[queue] || saved != locks) throw std::logic_error("an unlock without its lock");
        held_[queue] = false;
    }
    void wait(u64 timeout_ns) {
        const u64 end = device.now_ns() + timeout_ns;
        const u64 delivered = pci.vectors_delivered();
        while (!woken_ && device.now_ns() < end && pci.vectors_delivered() == delivered)
            device.advance(vsnd::lesser(end - device.now_ns(), longest_nap_ns));
        woken_ = false;
    }
    void wake() { woken_ = true; }

    // What the kernel does wrong, or counts, for the test.
    u64 ns_per_look = 0;   // time passes while the driver polls
    usize dma_limit = 100; // requests for memory that are granted
    usize dma_requests = 0;
    usize maps = 0;
    usize refused_map = 0; // this one, counted from 1, fails
    u32 locks = 0;
    u64 accesses = 0;      // of registers
    u64 gone_at = ~u64{0}; // the device disappears before this access

    // Every register access, while `recording`.
    struct access {
        bool write;
        u32 bar;
        u64 offset;
        u32 bytes;
        u32 value;
    };
    bool recording = false;
    std::vector<access> record;

    // An interrupt choice of `count` messages, each with data of its own.
    static vsnd::interrupt_setup messages(u32 count) {
        static constexpr u64 address = 0xfee0'0000'1234'0000;
        static constexpr vsnd::msix_message all[vsnd::interrupt_setup::most_messages] = {
            {address, 0x40},        {address + 0x10, 0x41}, {address + 0x20, 0x42},
            {address + 0x30, 0x43}, {address + 0x40, 0x44},
        };
        return vsnd::interrupt_setup::msix(vsnd::span<const vsnd::msix_message>(all, count));
    }

  private:
    struct place {
        u32 bar;
        u64 offset;
    };
    struct mapping {
        u32 bar;
        u64 offset;
        usize bytes;
    };
    static constexpr u64 longest_nap_ns = 1'000'000;

    bool memory_space() {
        return (pci.config_read(vsnd::wire::pci_config::command, 2) &
                vsnd::wire::pci_config::command_memory_space) != 0;
    }
    void before_access() {
        if (++accesses >= gone_at) device.faults().gone = true;
    }
    void note(const access& a) {
        if (recording) record.push_back(a);
    }
    place place_of(const u8* address, u32 bytes) const {
        for (const mapping& m : mapped_) {
            const u8* const first = windows_[m.bar].data() + m.offset;
            if (address >= first && address + bytes <= first + m.bytes)
                return {m.bar, static_cast<u64>(address - windows_[m.bar].data())};
        }
        throw std::logic_error("a register access outside of what was mapped");
    }

    std::vector<u8> windows_[6];
    std::vector<mapping> mapped_;
    bool held_[4] = {};
    bool woken_ = false;
    u64 looked_ns_ = 0;
};

static_assert(vsnd::pci_kernel<model_kernel>);

} // namespace support
