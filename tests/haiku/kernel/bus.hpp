#pragma once
// The virtio bus manager as Haiku's behaves, with what is missing there missing here: no lock, no
// barrier, no batching, no second look after a callback. Split rings, written for this simulation
// alone; the device behind them is the model.

#include <memory>
#include <vector>

#include <kernel/address_space.hpp>
#include <virtio.h>
#include <vsnd/wire/split_ring.hpp>

namespace simulated {

// How the device's interrupts reach the queues.
enum class wiring : u8 {
    pin,    // one interrupt for everything
    shared, // one for the configuration, one for all queues: what QEMU's two vectors give
    each,   // one for each queue
};

struct bus_faults {
    // Every look at the device calls every callback, news or not.
    bool spurious = false;
    // In the callbacks `from`, `from` + 1, ... of this queue, `times` of them, the device goes on
    // for so long between the callback and the moment at which interrupts are wanted again.
    u32 lost_queue = 0;
    u64 lost_from = ~u64{0};
    u64 lost_times = 0;
    u64 lost_ns = 0;
    bool refuses_interrupts = false; // setup_interrupt fails
    bool refuses_queues = false;     // alloc_queues has no memory
};

class virtio_bus {
  public:
    virtio_bus(machine& where, address_space& space);
    ~virtio_bus();

    wiring wires = wiring::shared;
    // Whether feature bits reach the device. On Haiku's PCI bus they do not.
    bool delivers_features = false;
    bus_faults faults;

    status_t negotiate(u64 supported, u64* negotiated);
    status_t clear_feature(u64 feature);
    status_t read_config(u8 offset, void* buffer, usize bytes);
    status_t alloc_queues(usize count, virtio_queue* queues, const u16* sizes);
    void free_queues();
    status_t setup_interrupt(virtio_intr_func handler, void* cookie);
    status_t free_interrupts();
    void interrupt(u32 pending);

    class ring;
    ring& queue(u32 index) { return *rings_.at(index); }
    usize queues() const { return rings_.size(); }
    u64 callbacks(u32 queue) const { return callbacks_[queue]; }
    bool interrupts_set_up() const { return installed_; }
    u8 device_status();

    // The functions as a driver gets them.
    static const virtio_device_interface& functions();

  private:
    void set_status(u8 bits);
    void call(ring& r);

    machine& machine_;
    address_space& space_;
    std::vector<std::unique_ptr<ring>> rings_;
    u64 features_ = 0;
    std::atomic<bool> installed_{false};
    std::mutex handling_; // an interrupt is taken; its handler is not removed meanwhile
    virtio_intr_func config_handler_ = nullptr;
    void* driver_cookie_ = nullptr;
    u64 callbacks_[VIRTIO_VIRTQUEUES_MAX_COUNT] = {};
};

class virtio_bus::ring {
  public:
    ring(machine& where, address_space& space, u32 number, u16 size, u64 features);
    ~ring();

    status_t request(const physical_entry* vector, usize read, usize written, void* cookie);
    bool dequeue(void** cookie, u32* used);
    u16 size() const { return size_; }
    u16 room() const { return free_; }
    void want_interrupts(bool wanted);
    // The driver's area of the ring, for tests.
    const vsnd::dma_region& memory() const { return memory_; }

    virtio_callback_func callback = nullptr;
    void* cookie = nullptr;

  private:
    friend virtio_bus;
    // One caller at a time, and not one who can be interrupted by another.
    class one_caller;
    struct transfer {
        u16 count = 0;
        void* cookie = nullptr;
        u32 indirect = 0; // an area of descriptors
    };
    vsnd::wire::virtq_desc* table() {
        return reinterpret_cast<vsnd::wire::virtq_desc*>(memory_.cpu);
    }
    u16* available(usize offset) { return reinterpret_cast<u16*>(memory_.cpu + avail_ + offset); }
    u8* used(usize offset) { return memory_.cpu + used_ + offset; }
    u16 fill(u16 index, vsnd::wire::virtq_desc* in, const physical_entry* vector, usize read,
             usize written);
    void publish(u16 head);

    machine& machine_;
    address_space& space_;
    u32 number_;
    u16 size_;
    u16 free_;
    u16 head_ = 0;
    u16 used_index_ = 0;
    bool event_index_;
    bool callback_uses_ = false;
    std::atomic<bool> busy_{false};
    u32 area_;
    vsnd::dma_region memory_;
    usize avail_;
    usize used_;
    std::vector<transfer> transfers_;
};

} // namespace simulated
