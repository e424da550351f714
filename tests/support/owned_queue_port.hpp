#pragma once
// A kernel that owns its virtqueues, as Haiku, FreeBSD and NuttX do: the driver gives it scatter
// lists and gets cookies back, and compiles no ring and no transport of this library. The rings are
// in here, written for this test alone; the device behind them is the model.
//
// Its habits: posting rings the doorbell at once, nothing can be posted before the device's start,
// there is no interrupt suppression, completions are sometimes announced without there being any,
// and every call of a queue needs its lock.

#include <map>
#include <stdexcept>
#include <vector>

#include <vsnd/model/sound_device.hpp>
#include <vsnd/port/device.hpp>
#include <vsnd/wire/split_ring.hpp>
#include <vsnd/wire/virtio.hpp>

namespace support {

using vsnd::status_code;
using vsnd::u16;
using vsnd::u32;
using vsnd::u64;
using vsnd::u8;
using vsnd::usize;

class owned_queue_port;

class owned_queue {
  public:
    struct record { // what the kernel keeps of a bound scatter list
        std::vector<vsnd::part> readable;
        std::vector<vsnd::part> writable;
        vsnd::cookie what = nullptr;
        u16 head = 0;
        bool with_device = false;
    };
    struct slot {
        record* entry = nullptr;
    };
    static constexpr bool posts_before_start = false;
    static constexpr bool kicks_itself = true;
    static constexpr u16 size = 64;
    static constexpr usize avail_at = 16 * size;
    static constexpr usize used_at = avail_at + 4 + 2 * size + 4;

    vsnd::result<slot> bind(const vsnd::chain& c, vsnd::cookie what);
    status_code post(slot s);
    vsnd::used take();
    status_code unbind(slot s);

  private:
    friend owned_queue_port;
    void enable();
    void put(usize at, const void* value, usize count) {
        __builtin_memcpy(memory_.cpu + at, value, count);
    }

    owned_queue_port* port_ = nullptr;
    u32 number_ = 0;
    vsnd::dma_region memory_;
    std::map<u16, record> records_; // by head; a scatter list has three descriptors of its own
    u16 avail_idx_ = 0;
    u16 used_idx_ = 0;
};

class owned_queue_port {
  public:
    using queue_type = owned_queue;

    explicit owned_queue_port(vsnd::model::device_profile p = vsnd::model::default_profile())
        : device(memory, std::move(p)) {
        for (u32 q = 0; q < 4; ++q) {
            queues[q].port_ = this;
            queues[q].number_ = q;
            queues[q].memory_ = memory.allocate(4096, 4096);
        }
    }

    // The device port.
    vsnd::result<u64> negotiate(u64 wanted);
    status_code read_config(u32 offset, vsnd::span<u8> into);
    vsnd::result<owned_queue*> queue(u32 index);
    status_code start();
    status_code stop();

    // The hooks, in the port itself. There is no clock: time is the number of ticks.
    u32 lock(u32 queue) {
        for (const bool h : held)
            if (h) throw std::logic_error("a lock within a lock");
        held[queue] = true;
        ++locks;
        return 0x10c4 + queue;
    }
    void unlock(u32 queue, u32 saved) {
        if (!held[queue] || saved != 0x10c4 + queue) throw std::logic_error("not its lock");
        held[queue] = false;
    }
    void wait(u64) {
        for (const bool h : held)
            if (h) throw std::logic_error("a wait with a lock held");
        if (++waits > 5'000'000) throw std::runtime_error("the driver waits for ever");
        device.advance(100'000);
    }
    void must_hold(u32 queue) const {
        if (!held[queue]) throw std::logic_error("a queue is used without its lock");
    }

    vsnd::model::guest_memory memory;
    vsnd::model::sound_device device;
    owned_queue queues[4];
    bool held[4] = {};
    bool started = false;
    u64 locks = 0;
    u64 waits = 0;
};

inline vsnd::result<owned_queue::slot> owned_queue::bind(const vsnd::chain& c, vsnd::cookie what) {
    port_->must_hold(number_);
    if (c.parts.size() > 3) return status_code::invalid_argument;
    for (u16 head = 0; head + 3 <= size; head = static_cast<u16>(head + 3)) {
        if (records_.count(head) != 0) continue;
        record& r = records_[head];
        r.readable.assign(c.parts.begin(), c.parts.begin() + c.readable);
        r.writable.assign(c.parts.begin() + c.readable, c.parts.end());
        r.what = what;
        r.head = head;
        return slot{&r};
    }
    return status_code::no_room;
}

inline status_code owned_queue::post(slot s) {
    port_->must_hold(number_);
    if (!port_->started) throw std::logic_error("a post before the start");
    if (s.entry->with_device) return status_code::busy;
    s.entry->with_device = true;
    const usize parts = s.entry->readable.size() + s.entry->writable.size();
    for (usize i = 0; i < parts; ++i) {
        const bool reads = i < s.entry->readable.size();
        const vsnd::part& p =
            reads ? s.entry->readable[i] : s.entry->writable[i - s.entry->readable.size()];
        vsnd::wire::virtq_desc d{};
        d.addr = p.address.value;
        d.len = p.bytes;
        d.flags = static_cast<u16>((reads ? 0 : vsnd::wire::VIRTQ_DESC_F_WRITE) |
                                   (i + 1 < parts ? vsnd::wire::VIRTQ_DESC_F_NEXT : 0));
        d.next = static_cast<u16>(i + 1 < parts ? s.entry->head + i + 1 : 0);
        put((s.entry->head + i) * 16, &d, sizeof(d));
    }
    put(avail_at + 4 + 2u * (avail_idx_ % size), &s.entry->head, 2);
    ++avail_idx_;
    put(avail_at + 2, &avail_idx_, 2);
    port_->device.notify(number_);
    return status_code::ok;
}

inline vsnd::used owned_queue::take() {
    port_->must_hold(number_);
    u16 end = 0;
    __builtin_memcpy(&end, memory_.cpu + used_at + 2, 2);
    if (end == used_idx_) return {};
    u32 element[2];
    __builtin_memcpy(element, memory_.cpu + used_at + 4 + 8u * (used_idx_ % size), 8);
    ++used_idx_;
    const auto found = records_.find(static_cast<u16>(element[0]));
    if (element[0] >= size || found == records_.end() || !found->second.with_device)
        return {nullptr, 0, vsnd::used::kind::dropped};
    found->second.with_device = false;
    return {found->second.what, element[1], vsnd::used::kind::completed};
}

inline status_code owned_queue::unbind(slot s) {
    port_->must_hold(number_);
    if (s.entry->with_device) return status_code::memory_still_owned;
    records_.erase(s.entry->head);
    return status_code::ok;
}

inline void owned_queue::enable() {
    __builtin_memset(memory_.cpu, 0, memory_.bytes);
    avail_idx_ = used_idx_ = 0;
    port_->device.set_queue_size(number_, size);
    const usize at[] = {0, avail_at, used_at};
    for (u32 i = 0; i < 3; ++i)
        port_->device.set_queue_address(number_, i, memory_.bus.value + at[i]);
    port_->device.enable_queue(number_, 1);
}

inline vsnd::result<u64> owned_queue_port::negotiate(u64 wanted) {
    using namespace vsnd::wire;
    if (const status_code reset = stop(); !ok(reset)) return reset;
    u8 code = DEVICE_STATUS_ACKNOWLEDGE;
    device.write_status(code);
    device.write_status(code |= DEVICE_STATUS_DRIVER);
    device.accept_features(1, 1u << (F_VERSION_1 - 32));
    device.accept_features(0, static_cast<u32>(wanted & device.offered_features()));
    device.write_status(code |= DEVICE_STATUS_FEATURES_OK);
    if ((device.read_status() & DEVICE_STATUS_FEATURES_OK) == 0)
        return status_code::features_refused;
    return wanted & device.offered_features();
}

inline status_code owned_queue_port::read_config(u32 offset, vsnd::span<u8> into) {
    const u8 before = device.read_generation();
    for (usize i = 0; i < into.size(); i += 4) {
        const u32 value = device.read_config(offset + static_cast<u32>(i));
        __builtin_memcpy(into.data() + i, &value, 4);
    }
    return device.read_generation() == before ? status_code::ok : status_code::device_broken;
}

inline vsnd::result<owned_queue*> owned_queue_port::queue(u32 index) {
    if (device.registers(index).most < size_t{owned_queue::size}) return status_code::queue_missing;
    queues[index].enable();
    return &queues[index];
}

inline status_code owned_queue_port::start() {
    device.write_status(device.read_status() | vsnd::wire::DEVICE_STATUS_DRIVER_OK);
    started = true;
    return status_code::ok;
}

inline status_code owned_queue_port::stop() {
    started = false;
    device.write_status(0);
    return device.read_status() == 0 ? status_code::ok : status_code::memory_still_owned;
}

static_assert(vsnd::sound_queue<owned_queue>);
static_assert(vsnd::device_port<owned_queue_port>);
static_assert(!vsnd::has_arm<owned_queue> && !vsnd::has_kick<owned_queue>);
static_assert(!vsnd::has_clock<owned_queue_port> && vsnd::has_lock<owned_queue_port>);

} // namespace support
