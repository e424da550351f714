#pragma once
// The device end of a split virtqueue, read from the specification's chapter and sharing no code
// with ring/. It trusts nothing: every index, flag, address and length is checked, and what the
// driver got wrong is a recorded violation. A chain that cannot be used breaks the queue.
// Spec: [virtio 1.4] Split Virtqueues

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <vsnd/model/guest_memory.hpp>
#include <vsnd/model/in_order_answers.hpp>
#include <vsnd/model/violations.hpp>
#include <vsnd/wire/split_ring.hpp>

namespace vsnd::model {

struct segment {
    bus_address address;
    u32 bytes;
};

// One buffer that the driver made available.
struct device_chain {
    u16 head = 0;
    std::vector<segment> readable;
    std::vector<segment> writable;
    u64 readable_bytes = 0;
    u64 writable_bytes = 0;

    struct copy { // the descriptors as they were when the device first saw them
        bus_address at;
        wire::virtq_desc value;
    };
    std::vector<copy> seen;
    std::vector<u16> own; // which of the queue's own descriptors it occupies
};

struct queue_setup {
    u16 size = 0;
    bus_address descriptors;
    bus_address driver_area;
    bus_address device_area;
    bool event_idx = false;
    bool indirect = false;
    u64 address_end = 0; // what the device cannot reach, from here on; 0: nothing
    bool packed = false;
    bool in_order = false;
};

// What an address is that the device cannot reach.
inline violation violation_outside(const guest_memory& memory) {
    return memory.behind_iommu() ? violation::iommu_fault : violation::buffer_outside_memory;
}

class virtqueue {
  public:
    virtqueue(guest_memory& memory, violation_log& log, const u64& now_ns, u32 index)
        : memory_(memory), log_(log), now_ns_(now_ns), index_(index) {}

    void enable(const queue_setup& setup);
    void disable();
    bool enabled() const { return enabled_; }
    bool broken() const { return broken_; }
    u16 size() const { return setup_.size; }

    // How many chains lie in the available ring that pop has not seen; none when broken.
    u16 fresh();
    std::optional<device_chain> pop();
    // Gives a chain back. The interrupt is decided by take_notification, once for all since the
    // last. `id` and `written` may be lies that a fault asks for. With IN_ORDER the answer waits
    // until all earlier chains are done, and take_notification writes one for as many as it may.
    void push_used(const device_chain& chain, u32 id, u32 written);
    bool take_notification();
    // A used element that belongs to no chain of this ring.
    void push_stale(u32 id, u32 written) {
        if (enabled_ && !broken_) put_used(id, written, 1);
    }
    // Where the driver puts its next chain, as a doorbell with NOTIFICATION_DATA says it.
    u16 next_to_come() const {
        u16 idx = 0;
        memory_.load(avail(wire::VIRTQ_AVAIL_IDX_OFFSET), idx);
        return idx;
    }

    // Does the device want doorbells? Written to the ring each time.
    void want_doorbells(bool wanted);
    bool wants_doorbells() const { return wanted_; }

    u64 popped() const { return popped_; }
    u64 returned() const { return returned_; }
    usize in_flight() const { return in_flight_; }
    u64 interrupts_suppressed() const { return suppressed_; }

    // Copies bytes out of, or into, a chain's segments from offset `at` on; returns how many.
    usize read(const std::vector<segment>& from, u64 at, u8* into, usize bytes);
    usize write(const std::vector<segment>& to, u64 at, const u8* from, usize bytes);

  private:
    friend class chain_walk;
    void violate(violation what, std::string detail) {
        log_.add(what, now_ns_, "queue " + std::to_string(index_) + ": " + std::move(detail));
    }
    void break_down(violation what, std::string detail) {
        broken_ = true;
        violate(what, std::move(detail));
    }
    bool outside(bus_address at, u64 bytes);
    void put_used(u32 id, u32 written, u16 chains);
    template <class Access>
    usize each(const std::vector<segment>& parts, u64 at, usize bytes, Access access);
    bus_address avail(usize offset) const { return setup_.driver_area + offset; }
    bus_address used(usize offset) const { return setup_.device_area + offset; }
    void check_flags(u16 flags);

    guest_memory& memory_;
    violation_log& log_;
    const u64& now_ns_;
    u32 index_;
    queue_setup setup_;
    bool enabled_ = false;
    bool broken_ = false;
    bool wanted_ = true;
    bool flags_reported_ = false;
    u16 last_avail_ = 0;
    u16 used_idx_ = 0;
    u16 signalled_ = 0;
    u64 popped_ = 0;
    u64 returned_ = 0;
    u64 suppressed_ = 0;
    usize in_flight_ = 0;
    std::vector<bool> occupied_;
    u32 next_descriptor_ = 0; // with IN_ORDER: where the next chain begins
    in_order_answers order_;
};

inline void virtqueue::enable(const queue_setup& setup) {
    disable();
    setup_ = setup;
    enabled_ = true;
    occupied_.assign(setup.size, false);
    u16 flags = 0;
    if (outside(setup.descriptors, wire::virtq_desc_bytes(setup.size)) ||
        outside(setup.driver_area, wire::virtq_avail_bytes(setup.size)) ||
        outside(setup.device_area, wire::virtq_used_bytes(setup.size)))
        return;
    if (memory_.load(used(0), flags) && flags != 0)
        violate(violation::used_flags_not_zero, "flags " + std::to_string(flags));
    want_doorbells(true);
}

inline void virtqueue::disable() {
    enabled_ = broken_ = flags_reported_ = false;
    wanted_ = true;
    last_avail_ = used_idx_ = signalled_ = 0;
    in_flight_ = 0;
    next_descriptor_ = 0;
    occupied_.clear();
    order_.clear();
}

inline bool virtqueue::outside(bus_address at, u64 bytes) {
    if (memory_.contains(at, bytes)) return false;
    break_down(violation_outside(memory_),
               std::to_string(bytes) + " bytes at " + std::to_string(at.value));
    return true;
}

inline u16 virtqueue::fresh() {
    u16 idx = 0;
    if (!enabled_ || broken_) return 0;
    if (!memory_.load(avail(wire::VIRTQ_AVAIL_IDX_OFFSET), idx)) {
        outside(avail(wire::VIRTQ_AVAIL_IDX_OFFSET), 2);
        return 0;
    }
    const u16 count = static_cast<u16>(idx - last_avail_);
    if (count <= setup_.size) return count;
    break_down(violation::available_index_leap,
               "from " + std::to_string(last_avail_) + " to " + std::to_string(idx));
    return 0;
}

inline void virtqueue::check_flags(u16 flags) {
    const bool good = setup_.event_idx ? flags == 0 : flags <= 1;
    if (good || flags_reported_) return;
    flags_reported_ = true;
    violate(violation::available_flags, "flags " + std::to_string(flags));
}

inline void virtqueue::push_used(const device_chain& chain, u32 id, u32 written) {
    for (const auto& d : chain.seen) {
        wire::virtq_desc now{};
        if (!memory_.read(d.at, &now, sizeof(now)) || std::memcmp(&now, &d.value, sizeof(now)) != 0)
            violate(violation::exposed_descriptor_altered, "head " + std::to_string(chain.head));
    }
    for (u16 d : chain.own)
        occupied_[d] = false;
    --in_flight_;
    ++returned_;
    if (!setup_.in_order) return put_used(id, written, 1);
    order_.done(chain.head, id, written);
}

// The used index skips the elements of those that the answer stands for, too.
inline void virtqueue::put_used(u32 id, u32 written, u16 chains) {
    const u16 next = static_cast<u16>(used_idx_ + chains);
    const usize at = wire::VIRTQ_USED_RING_OFFSET +
                     usize{used_idx_ % u32{setup_.size}} * sizeof(wire::virtq_used_elem);
    const bool written_all = memory_.store(used(at), id) && memory_.store(used(at + 4), written) &&
                             memory_.store(used(wire::VIRTQ_USED_IDX_OFFSET), next);
    used_idx_ = next;
    if (!written_all) outside(used(0), wire::virtq_used_bytes(setup_.size));
}

// Spec: [virtio 1.4] Split / Used Buffer Notification Suppression
inline bool virtqueue::take_notification() {
    if (!enabled_) return false;
    while (const auto a = order_.next())
        put_used(a->id, a->written, a->chains);
    if (signalled_ == used_idx_) return false;
    u16 flags = 0;
    u16 used_event = 0;
    const bool read = memory_.load(avail(wire::VIRTQ_AVAIL_FLAGS_OFFSET), flags) &&
                      memory_.load(avail(wire::virtq_used_event_offset(setup_.size)), used_event);
    if (!read) return false;
    check_flags(flags);
    // With EVENT_IDX: was the entry that the driver waits for among those written since?
    const u16 count = static_cast<u16>(used_idx_ - signalled_);
    const bool passed = static_cast<u16>(used_event - signalled_) < count;
    signalled_ = used_idx_;
    const bool wanted = setup_.event_idx ? passed : (flags & 1) == 0;
    if (!wanted) ++suppressed_;
    return wanted;
}

// Spec: [virtio 1.4] Split / Available Buffer Notification Suppression
inline void virtqueue::want_doorbells(bool wanted) {
    wanted_ = wanted;
    if (!enabled_ || broken_) return;
    const u16 flags = !setup_.event_idx && !wanted ? wire::VIRTQ_USED_F_NO_NOTIFY : 0;
    // A wish as far in the future as it can be is no wish.
    const u16 event = wanted ? last_avail_ : static_cast<u16>(last_avail_ - 1);
    memory_.store(used(wire::VIRTQ_USED_FLAGS_OFFSET), flags);
    if (setup_.event_idx) memory_.store(used(wire::virtq_avail_event_offset(setup_.size)), event);
}

template <class Access>
usize virtqueue::each(const std::vector<segment>& parts, u64 at, usize bytes, Access access) {
    usize done = 0;
    for (const segment& s : parts) {
        if (done == bytes) break;
        if (at >= s.bytes) {
            at -= s.bytes;
            continue;
        }
        const usize n = lesser(static_cast<usize>(s.bytes - at), bytes - done);
        if (!access(s.address + at, done, n)) {
            outside(s.address + at, n);
            break;
        }
        done += n;
        at = 0;
    }
    return done;
}

inline usize virtqueue::read(const std::vector<segment>& from, u64 at, u8* into, usize bytes) {
    return each(from, at, bytes, [&](bus_address a, usize done, usize n) {
        return memory_.read(a, into + done, n);
    });
}

inline usize virtqueue::write(const std::vector<segment>& to, u64 at, const u8* from, usize bytes) {
    return each(to, at, bytes, [&](bus_address a, usize done, usize n) {
        return memory_.write(a, from + done, n);
    });
}

} // namespace vsnd::model

#include <vsnd/model/chain_walk.hpp>
