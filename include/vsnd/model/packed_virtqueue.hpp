#pragma once
// The device end of a packed virtqueue, read from the specification's chapter and sharing no code
// with ring/. It has the interface of virtqueue.hpp and trusts as little: a chain that cannot be
// used breaks the queue, and whatever the driver got wrong is a recorded violation.
// Spec: [virtio 1.4] Packed Virtqueues

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <vsnd/model/virtqueue.hpp>
#include <vsnd/wire/packed_ring.hpp>

namespace vsnd::model {

class packed_virtqueue {
  public:
    packed_virtqueue(guest_memory& memory, violation_log& log, const u64& now_ns, u32 index)
        : memory_(memory), log_(log), now_ns_(now_ns), index_(index) {}

    void enable(const queue_setup& setup);
    void disable();
    bool enabled() const { return enabled_; }
    bool broken() const { return broken_; }
    u16 size() const { return setup_.size; }

    // How many lists are available that pop has not seen; none when broken.
    u16 fresh();
    std::optional<device_chain> pop();
    // `id` and `written` may be lies. With IN_ORDER the answer waits until all earlier buffers are
    // done, and take_notification writes one for as many as it may.
    void push_used(const device_chain& chain, u32 id, u32 written);
    bool take_notification();
    // An answer that belongs to no buffer of this ring.
    void push_stale(u32 id, u32 written) {
        if (enabled_ && !broken_) put_used(id, written, 1);
    }

    // Where the driver puts its next list, as a doorbell with NOTIFICATION_DATA says it.
    u16 next_to_come() const {
        place p = avail_;
        u16 flags = 0;
        for (u32 seen = 0; seen < setup_.size && is_available(p, flags); ++seen)
            p.step(1, setup_.size);
        return p.name();
    }

    void want_doorbells(bool wanted);
    bool wants_doorbells() const { return wanted_; }

    u64 popped() const { return popped_; }
    u64 returned() const { return returned_; }
    usize in_flight() const { return ids_.size(); }
    u64 interrupts_suppressed() const { return suppressed_; }

    usize read(const std::vector<segment>& from, u64 at, u8* into, usize bytes);
    usize write(const std::vector<segment>& to, u64 at, const u8* from, usize bytes);

  private:
    friend class list_walk;

    // An offset in the ring with a wrap counter.
    struct place {
        u32 at = 0;
        bool wrap = true;
        void step(u32 count, u32 size) {
            for (; count != 0; --count)
                if (++at == size) {
                    at = 0;
                    wrap = !wrap;
                }
        }
        u16 name() const { return static_cast<u16>(at | (wrap ? 0x8000u : 0u)); }
        // In two rounds, after which offset and counter are as before.
        u32 of_two_rounds(u32 size) const { return wrap ? at : at + size; }
    };
    void violate(violation what, std::string detail) {
        log_.add(what, now_ns_, "queue " + std::to_string(index_) + ": " + std::move(detail));
    }
    void break_down(violation what, std::string detail) {
        broken_ = true;
        violate(what, std::move(detail));
    }
    bool outside(bus_address at, u64 bytes);
    bus_address descriptor(u32 at) const {
        return setup_.descriptors + u64{at} * sizeof(wire::pvirtq_desc);
    }
    bool is_available(const place& p, u16& flags) const;
    void judge_ring_is_zero();
    void judge_event(u16 name, u16 flags);
    void judge_unaltered(u32 at);
    void put_used(u32 id, u32 written, u32 takes);
    template <class Access>
    usize each(const std::vector<segment>& parts, u64 at, usize bytes, Access access);

    guest_memory& memory_;
    violation_log& log_;
    const u64& now_ns_;
    u32 index_;
    queue_setup setup_;
    bool enabled_ = false;
    bool broken_ = false;
    bool wanted_ = true;
    bool flags_reported_ = false;
    bool offset_reported_ = false;
    place avail_;        // the next list to take
    place used_;         // where the next answer goes
    u64 used_since_ = 0; // descriptors used since the driver was last considered for an interrupt
    u64 popped_ = 0;
    u64 returned_ = 0;
    u64 suppressed_ = 0;
    std::set<u16> ids_; // in flight
    in_order_answers order_;
    // The ring as the device first saw it, where it has not answered yet.
    std::vector<std::optional<wire::pvirtq_desc>> exposed_;
};

inline void packed_virtqueue::enable(const queue_setup& setup) {
    disable();
    setup_ = setup;
    enabled_ = true;
    exposed_.assign(setup.size, std::nullopt);
    if (outside(setup.descriptors, wire::pvirtq_desc_bytes(setup.size)) ||
        outside(setup.driver_area, wire::PVIRTQ_EVENT_BYTES) ||
        outside(setup.device_area, wire::PVIRTQ_EVENT_BYTES))
        return;
    judge_ring_is_zero();
    want_doorbells(true);
}

inline void packed_virtqueue::disable() {
    enabled_ = broken_ = flags_reported_ = offset_reported_ = false;
    wanted_ = true;
    avail_ = used_ = {};
    used_since_ = 0;
    ids_.clear();
    order_.clear();
    exposed_.clear();
}

inline bool packed_virtqueue::outside(bus_address at, u64 bytes) {
    if (memory_.contains(at, bytes)) return false;
    break_down(violation_outside(memory_),
               std::to_string(bytes) + " bytes at " + std::to_string(at.value));
    return true;
}

// Spec: [virtio 1.4] Packed / The Virtqueue Descriptor Format
inline void packed_virtqueue::judge_ring_is_zero() {
    std::vector<u8> ring(wire::pvirtq_desc_bytes(setup_.size));
    memory_.read(setup_.descriptors, ring.data(), ring.size());
    for (usize i = 0; i < ring.size(); ++i)
        if (ring[i] != 0)
            return violate(violation::packed_ring_not_zero, "byte " + std::to_string(i));
}

// AVAIL is the wrap counter, USED is its opposite.
inline bool packed_virtqueue::is_available(const place& p, u16& flags) const {
    if (!memory_.load(descriptor(p.at) + offsetof(wire::pvirtq_desc, flags), flags)) return false;
    return ((flags & wire::VIRTQ_DESC_F_AVAIL) != 0) == p.wrap &&
           ((flags & wire::VIRTQ_DESC_F_USED) != 0) != p.wrap;
}

inline u16 packed_virtqueue::fresh() {
    if (!enabled_ || broken_) return 0;
    u16 lists = 0;
    bool open = false; // a list whose end is not there counts too: the device begins it
    place p = avail_;
    for (u32 seen = 0; seen < setup_.size; ++seen, p.step(1, setup_.size)) {
        u16 flags = 0;
        if (!is_available(p, flags)) break;
        open = (flags & wire::VIRTQ_DESC_F_NEXT) != 0;
        lists = static_cast<u16>(lists + !open);
    }
    lists = static_cast<u16>(lists + open);
    return lists;
}

// What the device has taken and not answered, the driver leaves alone.
inline void packed_virtqueue::judge_unaltered(u32 at) {
    if (!exposed_[at]) return;
    wire::pvirtq_desc now{};
    if (!memory_.read(descriptor(at), &now, sizeof(now)) ||
        std::memcmp(&now, &*exposed_[at], sizeof(now)) != 0)
        violate(violation::packed_descriptor_altered, "descriptor " + std::to_string(at));
    exposed_[at].reset();
}

inline void packed_virtqueue::push_used(const device_chain& chain, u32 id, u32 written) {
    for (const auto& d : chain.seen) {
        wire::virtq_desc now{};
        if (!memory_.read(d.at, &now, sizeof(now)) || std::memcmp(&now, &d.value, sizeof(now)) != 0)
            violate(violation::packed_descriptor_altered, "id " + std::to_string(chain.head));
    }
    ids_.erase(chain.head);
    ++returned_;
    if (!setup_.in_order) return put_used(id, written, static_cast<u32>(chain.own.size()));
    order_.done(chain.head, id, written);
}

// The flags go last, and everything before them is then there.
inline void packed_virtqueue::put_used(u32 id, u32 written, u32 takes) {
    place p = used_;
    for (u32 i = 0; i < takes; ++i, p.step(1, setup_.size))
        judge_unaltered(p.at);
    u16 flags = written != 0 ? wire::VIRTQ_DESC_F_WRITE : u16{0};
    if (used_.wrap) flags |= wire::VIRTQ_DESC_F_AVAIL | wire::VIRTQ_DESC_F_USED;
    const bus_address d = descriptor(used_.at);
    const bool all = memory_.store(d + offsetof(wire::pvirtq_desc, len), written) &&
                     memory_.store(d + offsetof(wire::pvirtq_desc, id), static_cast<u16>(id)) &&
                     memory_.store(d + offsetof(wire::pvirtq_desc, flags), flags);
    if (!all) outside(d, sizeof(wire::pvirtq_desc));
    used_ = p;
    used_since_ += takes;
}

// Spec: [virtio 1.4] Packed / Event Suppression Structure Format
inline void packed_virtqueue::judge_event(u16 name, u16 flags) {
    const u16 most =
        setup_.event_idx ? wire::RING_EVENT_FLAGS_DESC : wire::RING_EVENT_FLAGS_DISABLE;
    const u32 offset = name & wire::RING_EVENT_OFFSET_MASK;
    if (flags > most) {
        if (!std::exchange(flags_reported_, true))
            violate(violation::packed_event_flags, "flags " + std::to_string(flags));
    } else if (flags == wire::RING_EVENT_FLAGS_DESC && offset >= setup_.size) {
        if (!std::exchange(offset_reported_, true))
            violate(violation::packed_event_offset, "offset " + std::to_string(offset));
    }
}

// Spec: [virtio 1.4] Packed / Driver and Device Event Suppression
inline bool packed_virtqueue::take_notification() {
    if (!enabled_) return false;
    while (const auto a = order_.next())
        put_used(a->id, a->written, a->descriptors);
    if (used_since_ == 0) return false;
    u16 name = 0;
    u16 flags = 0;
    const bus_address event = setup_.driver_area;
    if (!memory_.load(event + offsetof(wire::pvirtq_event_suppress, flags), flags) ||
        !memory_.load(event, name))
        return false;
    judge_event(name, flags);
    const place asked{name & u32{wire::RING_EVENT_OFFSET_MASK},
                      name >> wire::RING_EVENT_WRAP_SHIFT != 0};
    const u32 rounds = 2u * setup_.size;
    const u32 behind =
        (used_.of_two_rounds(setup_.size) + 2 * rounds - 1 - asked.of_two_rounds(setup_.size)) %
        rounds;
    const bool passed = behind < used_since_;
    used_since_ = 0;
    const bool by_place = setup_.event_idx && flags == wire::RING_EVENT_FLAGS_DESC;
    const bool wanted = by_place ? passed : flags != wire::RING_EVENT_FLAGS_DISABLE;
    if (!wanted) ++suppressed_;
    return wanted;
}

inline void packed_virtqueue::want_doorbells(bool wanted) {
    wanted_ = wanted;
    if (!enabled_ || broken_) return;
    const u16 asked =
        setup_.event_idx ? wire::RING_EVENT_FLAGS_DESC : wire::RING_EVENT_FLAGS_ENABLE;
    memory_.store(setup_.device_area, avail_.name());
    memory_.store(setup_.device_area + offsetof(wire::pvirtq_event_suppress, flags),
                  wanted ? asked : wire::RING_EVENT_FLAGS_DISABLE);
}

template <class Access>
usize packed_virtqueue::each(const std::vector<segment>& parts, u64 at, usize bytes,
                             Access access) {
    usize done = 0;
    for (const segment& s : parts) {
        const u64 skip = lesser(at, u64{s.bytes});
        const usize n = lesser(static_cast<usize>(s.bytes - skip), bytes - done);
        at -= skip;
        if (n == 0) continue;
        if (!access(s.address + skip, done, n)) {
            outside(s.address + skip, n);
            break;
        }
        done += n;
    }
    return done;
}

inline usize packed_virtqueue::read(const std::vector<segment>& from, u64 at, u8* into,
                                    usize bytes) {
    return each(from, at, bytes, [&](bus_address a, usize done, usize n) {
        return memory_.read(a, into + done, n);
    });
}

inline usize packed_virtqueue::write(const std::vector<segment>& to, u64 at, const u8* from,
                                     usize bytes) {
    return each(to, at, bytes, [&](bus_address a, usize done, usize n) {
        return memory_.write(a, from + done, n);
    });
}

} // namespace vsnd::model

#include <vsnd/model/list_walk.hpp>
