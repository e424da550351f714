#pragma once
// The model device over MMIO, version 2: what a test's kernel gives its driver.
//
//     mmio_function mmio(device);
//     register access at `offset`:      mmio.read(offset, bytes), mmio.write(offset, bytes, value)
//     mmio.on_irq = [] {...};           the line; called inside device.advance() while it is up
//
// Spec: [virtio 1.4] Virtio Over MMIO

#include <functional>
#include <string>
#include <utility>

#include <vsnd/model/sound_device.hpp>
#include <vsnd/wire/mmio.hpp>

namespace vsnd::model {

// What the device says that it is, and how it lies.
struct mmio_layout {
    u32 magic = wire::MMIO_MAGIC;
    u32 version = wire::MMIO_VERSION_MODERN;
    u32 device_id = wire::DEVICE_ID_SOUND;
    bool never_ready = false;  // QueueReady does not take a 1
    bool always_ready = false; // QueueReady reads as 1 before it was written
};

class mmio_function {
  public:
    static constexpr u32 window_bytes = 0x200; // of address space

    explicit mmio_function(sound_device& device, const mmio_layout& layout = {})
        : device_(device), layout_(layout) {
        device_.on_raised = [this](u32 queue) { raised(queue); };
        device_.on_interrupt = [this](u32) { interrupt(); };
    }
    mmio_function(const mmio_function&) = delete;
    mmio_function& operator=(const mmio_function&) = delete;

    u32 read(u64 offset, u32 bytes);
    void write(u64 offset, u32 bytes, u32 value);

    // Without it, the driver polls.
    std::function<void()> on_irq;

    bool line_is_up() const { return interrupt_status_ != 0; }
    // Bits that no specification has, for the driver to ignore.
    void add_undefined_interrupt_bits(u32 bits) { interrupt_status_ |= bits & ~defined; }

    u64 interrupts_delivered() const { return delivered_; }
    u64 register_reads() const { return reads_; }
    u64 register_writes() const { return writes_; }
    sound_device& device() { return device_; }

  private:
    static constexpr u32 defined = wire::MMIO_INTERRUPT_QUEUE | wire::MMIO_INTERRUPT_CONFIG;
    static constexpr u32 nothing = ~u32{0};

    bool judge_access(u64 offset, u32 bytes, bool writing);
    bool judge_identity(u32 offset);
    bool judge_config(u32 offset, u32 bytes);
    void judge_stopped_queue(u32 offset, bool writing);
    bool judge_queue_write(u32 offset, u32 value);
    u32 read_register(u32 offset);
    void write_register(u32 offset, u32 value);
    void write_queue(u32 offset, u32 value);
    void write_ready(u32 value);
    void write_status(u32 value);
    void acknowledge(u32 value);
    void ring(u32 value);
    void raised(u32 queue);
    void interrupt();
    bool accepts(u32 feature) const { return (device_.accepted_features() >> feature & 1) != 0; }
    bool queue_selected() const { return queue_select_ < wire::SND_VQ_COUNT; }
    bool ready() const { return queue_selected() && device_.registers(queue_select_).enabled; }

    sound_device& device_;
    mmio_layout layout_;
    u32 identity_read_ = 0; // a bit for each of magic, version and device id
    u32 feature_select_ = nothing;
    u32 driver_select_ = nothing;
    u32 queue_select_ = 0;
    u32 stopped_queue_ = nothing; // 0 was written to its QueueReady, which was not read yet
    u32 interrupt_status_ = 0;
    u32 untold_ = 0;        // bits that were delivered and are not acknowledged
    u64 told_at_ns_ = 0;    // when the oldest of them was
    bool unlooked_ = false; // an interrupt was delivered, and InterruptStatus not read since
    u64 delivered_ = 0;
    u64 reads_ = 0;
    u64 writes_ = 0;
};

} // namespace vsnd::model

#include <vsnd/model/mmio_interrupts.hpp>
#include <vsnd/model/mmio_judgement.hpp>
#include <vsnd/model/mmio_registers.hpp>
