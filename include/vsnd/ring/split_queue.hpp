#pragma once
// A split virtqueue, driver side, that satisfies vsnd::sound_queue.
// Spec: [virtio 1.4] Split Virtqueues
//
// Chains are bound once: their descriptors are written then and never again, so that posting one
// is a store into the available ring, the index, and the doorbell's test. Everything that decides
// where a completion belongs lies in private memory; the descriptor table is never read back.

#include <vsnd/port/queue.hpp>
#include <vsnd/ring/split_descriptors.hpp>
#include <vsnd/wire/virtio.hpp>

namespace vsnd {

// Where the device finds the three parts of a ring.
struct ring_addresses {
    bus_address descriptors;
    bus_address driver_area; // the available ring
    bus_address device_area; // the used ring
};

// What a ring counts about its device.
struct ring_counters {
    u32 unknown_ids = 0; // completions of chains that were not with the device
    u32 overlong = 0;    // completions that claim more bytes than the chain can hold
    u32 doorbells = 0;   // times the doorbell was rung
};

// Doorbell: `void ring()`, tells the device to look at this queue.
template <class Doorbell, class Policy = ring_policy>
class split_queue {
    using order = typename Policy::order;

    // What is known about the chain whose head is the descriptor of the same number.
    struct record {
        cookie what;
        u32 capacity; // bytes that the device may write
        u16 head;
        bool bound;
        bool in_device;
    };

  public:
    class slot {
        friend split_queue;
        record* chain_ = nullptr;
    };

    static constexpr bool posts_before_start = true;
    static constexpr bool kicks_itself = false;
    static constexpr u16 most_descriptors = Policy::most_descriptors;

    static_assert(wire::virtq_size_is_valid(Policy::most_descriptors));

    // The size to use with a device that offers `offered` descriptors: a power of two, 0 if none.
    static constexpr u16 fitting_size(u32 offered) {
        u32 size = most_descriptors;
        while (size > offered)
            size /= 2;
        return static_cast<u16>(size);
    }

    // How much memory `init` needs for a ring of `size`, whatever is negotiated.
    static constexpr usize memory_bytes(u16 size) {
        return tables_at(size) + split_descriptors<Policy>::tables_bytes(size);
    }
    static constexpr usize memory_alignment = 16;

    // Sets up an empty ring in `memory`, which the device reaches and which stays with the ring
    // until the device is stopped. `features`: the negotiated bits.
    // Context: thread. Errors: invalid_argument, no power of two, or too large; no_memory.
    status_code init(u16 size, u64 features, dma_region memory, Doorbell doorbell) {
        if (!wire::virtq_size_is_valid(size) || size > most_descriptors) {
            return status_code::invalid_argument;
        }
        if (memory.cpu == nullptr || memory.bytes < memory_bytes(size) ||
            memory.bus.value % memory_alignment != 0) {
            return status_code::no_memory;
        }
        memory_ = memory;
        size_ = size;
        mask_ = static_cast<u16>(size - 1);
        doorbell_ = doorbell;
        event_idx_ = ((features >> wire::F_EVENT_IDX) & 1) != 0;
        const bool indirect = ((features >> wire::F_INDIRECT_DESC) & 1) != 0;
        descriptors_.init(
            size, indirect, memory,
            memory.part(tables_at(size), split_descriptors<Policy>::tables_bytes(size)));
        avail_ = memory.cpu + avail_at(size);
        used_ = memory.cpu + used_at(size);
        for (u16 i = 0; i < size; ++i) {
            records_[i] = record{};
            records_[i].head = i;
        }
        counters_ = {};
        start_over();
        return status_code::ok;
    }

    ring_addresses addresses() const {
        return {memory_.bus, memory_.bus + avail_at(size_), memory_.bus + used_at(size_)};
    }
    u16 size() const { return size_; }
    const ring_counters& counters() const { return counters_; }

    result<slot> bind(const chain& c, cookie what) {
        const result<u16> head = descriptors_.write(c);
        if (!head) return head.code();
        record& r = records_[head.value()];
        r.what = what;
        r.bound = true;
        r.in_device = false;
        r.capacity = 0;
        for (const part& p : c.writable)
            r.capacity += p.bytes;
        slot s;
        s.chain_ = &r;
        return s;
    }

    // How many more chains of `parts` parts can be bound.
    usize free_chains(usize parts) const { return descriptors_.free_chains(parts); }

    // Spec: [virtio 1.4] Supplying Buffers to The Device
    VSND_HOT status_code post(slot s) {
        record* const r = s.chain_;
        if (r->in_device) return status_code::busy;
        r->in_device = true;
        const u16 at = avail_idx_;
        const u16 next = static_cast<u16>(at + 1);
        u8* const avail = avail_;
        store_relaxed(avail_ring(avail) + (at & mask_), r->head);
        avail_idx_ = next;
        order::publish(field(avail, wire::VIRTQ_AVAIL_IDX_OFFSET), next);
        return status_code::ok;
    }

    // Rings the doorbell for everything posted since the last kick, if the device wants it.
    // Spec: [virtio 1.4] Available Buffer Notification Suppression
    VSND_HOT void kick() {
        order::full(); // pairs with the device's barrier between avail_event and avail.idx
        const u16 now = avail_idx_;
        const u16 before = kicked_idx_;
        kicked_idx_ = now;
        bool wanted;
        if (has_event_idx()) {
            const u16 event = load_relaxed(field(used_, avail_event_at()));
            wanted = static_cast<u16>(now - event - 1) < static_cast<u16>(now - before);
        } else {
            wanted = now != before && (load_relaxed(field(used_, wire::VIRTQ_USED_FLAGS_OFFSET)) &
                                       wire::VIRTQ_USED_F_NO_NOTIFY) == 0;
        }
        if (wanted) ring();
    }

    VSND_HOT void ring() {
        ++counters_.doorbells;
        doorbell_.ring();
    }

    // Spec: [virtio 1.4] The Virtqueue Used Ring
    VSND_HOT used take() {
        const u8* const base = used_;
        const u16 at = used_idx_;
        const u16 end = order::consume(field(base, wire::VIRTQ_USED_IDX_OFFSET));
        if (end == at) return {};
        if (static_cast<u16>(end - at) > size_) return leaped();
        const u8* const element =
            base + wire::VIRTQ_USED_RING_OFFSET + usize{static_cast<u16>(at & mask_)} * 8;
        const u32 id = load_relaxed(word(element));
        const u32 written = load_relaxed(word(element + 4));
        used_idx_ = static_cast<u16>(at + 1);
        if (id >= size_) return unknown();
        record& r = records_[id];
        if (!r.in_device) return unknown();
        r.in_device = false;
        if (written > r.capacity) return overlong(r.what);
        return {r.what, written, used::kind::completed};
    }

    // Spec: [virtio 1.4] Used Buffer Notification Suppression
    VSND_HOT bool arm(u32 k) {
        const u16 at = used_idx_;
        if (!has_event_idx()) k = 1; // the flags stay 0: the device always interrupts
        if (has_event_idx()) {
            store_relaxed(field(avail_, used_event_at()), static_cast<u16>(at + k - 1));
        }
        order::full(); // pairs with the device's barrier between used.idx and used_event
        const u16 end = order::consume(field(used_, wire::VIRTQ_USED_IDX_OFFSET));
        return static_cast<u16>(end - at) >= k;
    }

    bool idle(slot s) const { return !s.chain_->in_device; }

    // Chains that the device owns now.
    u32 in_device() const {
        u32 n = 0;
        for (u16 i = 0; i < size_; ++i)
            n += records_[i].in_device;
        return n;
    }

    status_code unbind(slot s) {
        record* const r = s.chain_;
        if (r == nullptr || !r->bound) return status_code::invalid_argument;
        if (r->in_device) return status_code::memory_still_owned;
        r->bound = false;
        descriptors_.give_back(r->head);
        return status_code::ok;
    }

    // Bound chains stay bound.
    void reset() {
        for (u16 i = 0; i < size_; ++i)
            records_[i].in_device = false;
        start_over();
    }

    bool broken() const { return broken_; }

  private:
    static constexpr usize avail_at(u16 size) { return wire::virtq_desc_bytes(size); }
    static constexpr usize used_at(u16 size) {
        return round_up(avail_at(size) + wire::virtq_avail_bytes(size), wire::VIRTQ_USED_ALIGN);
    }
    static constexpr usize tables_at(u16 size) {
        return round_up(used_at(size) + wire::virtq_used_bytes(size), wire::VIRTQ_DESC_ALIGN);
    }

    VSND_HOT static le16* field(u8* base, usize at) { return reinterpret_cast<le16*>(base + at); }
    VSND_HOT static const le16* field(const u8* base, usize at) {
        return reinterpret_cast<const le16*>(base + at);
    }
    VSND_HOT static const le32* word(const u8* at) { return reinterpret_cast<const le32*>(at); }
    VSND_HOT static le16* avail_ring(u8* avail) {
        return field(avail, wire::VIRTQ_AVAIL_RING_OFFSET);
    }
    VSND_HOT usize used_event_at() const { return wire::virtq_used_event_offset(size_); }
    VSND_HOT usize avail_event_at() const { return wire::virtq_avail_event_offset(size_); }

    VSND_HOT bool has_event_idx() const {
        if constexpr (Policy::event_idx == choice::negotiated) return event_idx_;
        return Policy::event_idx == choice::always;
    }
    void start_over() {
        __builtin_memset(avail_, 0, wire::virtq_avail_bytes(size_));
        __builtin_memset(used_, 0, wire::virtq_used_bytes(size_));
        avail_idx_ = kicked_idx_ = used_idx_ = 0;
        unknown_since_reset_ = 0;
        broken_ = false;
    }

    // The cold ends of take. Real devices return stale ids after a reset; more of them than the
    // ring has entries, or an index that leaps, is a device that has lost its mind.
    [[gnu::noinline]] used unknown() {
        ++counters_.unknown_ids;
        if (++unknown_since_reset_ > size_) broken_ = true;
        return {nullptr, 0, used::kind::dropped};
    }
    [[gnu::noinline]] used leaped() {
        broken_ = true;
        return {nullptr, 0, used::kind::dropped};
    }
    [[gnu::noinline]] used overlong(cookie what) {
        ++counters_.overlong;
        return {what, 0, used::kind::completed};
    }

    // The hot members first.
    u8* avail_ = nullptr;
    u8* used_ = nullptr;
    u16 size_ = 0;
    u16 mask_ = 0;
    u16 avail_idx_ = 0;  // where the next head goes
    u16 kicked_idx_ = 0; // avail_idx_ at the last kick
    u16 used_idx_ = 0;   // the next completion to take
    bool event_idx_ = false;
    bool broken_ = false;
    Doorbell doorbell_{};
    record records_[most_descriptors]{};

    dma_region memory_;
    ring_counters counters_;
    u32 unknown_since_reset_ = 0;
    split_descriptors<Policy> descriptors_;
};

} // namespace vsnd
