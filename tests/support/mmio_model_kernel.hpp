#pragma once
// A kernel for driver tests over MMIO: guest memory, the model device with its registers, and the
// functions that the MMIO transport asks of a kernel. A register access outside of what was mapped,
// or a lock taken twice, ends the test.
//
//     support::mmio_model_kernel kernel;
//     vsnd::mmio_device<support::mmio_model_kernel> port;
//     port.init(kernel);
//     kernel.mmio.on_irq = [&] { ... };                    // the handler; runs inside advance
//     kernel.device.advance(1'000'000);                    // virtual time, 1 ms

#include <functional>
#include <stdexcept>
#include <vector>

#include <vsnd/model/mmio_function.hpp>
#include <vsnd/transport/mmio_kernel.hpp>

namespace support {

class mmio_model_kernel {
    using u32 = vsnd::u32;
    using u64 = vsnd::u64;
    using u8 = vsnd::u8;
    using usize = vsnd::usize;

  public:
    explicit mmio_model_kernel(vsnd::model::device_profile profile = vsnd::model::default_profile(),
                               const vsnd::model::mmio_layout& layout = {})
        : memory(vsnd::model::first_bus_of(profile), profile.iommu),
          device(memory, std::move(profile)), mmio(device, layout) {}

    vsnd::model::guest_memory memory;
    vsnd::model::sound_device device;
    vsnd::model::mmio_function mmio;

    // The three functions of transport/mmio_kernel.hpp.
    u8* map_registers(usize count) {
        ++maps;
        if (refuses_to_map) return nullptr;
        window_.resize(count); // real memory, so that addresses can be computed with
        return window_.data();
    }
    vsnd::dma_region dma(usize count, usize alignment) {
        ++dma_requests;
        if (dma_requests > dma_limit) return {};
        return memory.allocate(count, alignment);
    }
    u64 now_ns() { return device.now_ns() + (looked_ns_ += ns_per_look); }

    // Optional hooks.
    u32 register_read(const u8* address, u32 count) {
        before_access();
        const u64 offset = offset_of(address, count);
        u32 value = mmio.read(offset, count);
        if (meddle) value = meddle(offset, value);
        record.push_back({false, offset, count, value});
        return value;
    }
    void register_write(u8* address, u32 count, u32 value) {
        before_access();
        const u64 offset = offset_of(address, count);
        record.push_back({true, offset, count, value});
        mmio.write(offset, count, value);
    }
    u32 lock(u32 queue) {
        if (held_ != 0) throw std::logic_error("a queue is locked while another, or itself, is");
        held_ = queue + 1;
        return queue;
    }
    void unlock(u32 queue, u32 saved) {
        if (held_ != queue + 1 || saved != queue)
            throw std::logic_error("an unlock without its lock");
        held_ = 0;
    }
    void wait(u64 timeout_ns) {
        const u64 end = device.now_ns() + timeout_ns;
        const u64 delivered = mmio.interrupts_delivered();
        while (device.now_ns() < end && mmio.interrupts_delivered() == delivered)
            device.advance(vsnd::lesser(end - device.now_ns(), longest_nap_ns));
    }

    u64 ns_per_look = 0;   // time passes while the driver polls
    usize dma_limit = 100; // requests for memory that are granted
    usize dma_requests = 0;
    usize maps = 0;
    bool refuses_to_map = false;
    u64 accesses = 0;                           // of registers
    u64 gone_at = ~u64{0};                      // the device disappears before this access
    std::function<u32(u64 offset, u32)> meddle; // what the driver reads instead

    struct access {
        bool write;
        u64 offset;
        u32 bytes;
        u32 value;
    };
    std::vector<access> record;
    // The values written to one register, in order.
    std::vector<u32> written(u64 offset) const {
        std::vector<u32> values;
        for (const access& a : record)
            if (a.write && a.offset == offset) values.push_back(a.value);
        return values;
    }

  private:
    static constexpr u64 longest_nap_ns = 1'000'000;

    void before_access() {
        if (++accesses >= gone_at) device.faults().gone = true;
    }
    u64 offset_of(const u8* address, u32 count) const {
        const u8* const first = window_.data();
        if (address < first || address + count > first + window_.size())
            throw std::logic_error("a register access outside of what was mapped");
        return static_cast<u64>(address - first);
    }

    std::vector<u8> window_;
    u32 held_ = 0;
    u64 looked_ns_ = 0;
};

static_assert(vsnd::mmio_kernel<mmio_model_kernel>);

} // namespace support
