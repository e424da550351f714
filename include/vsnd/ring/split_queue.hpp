#pragma once
// A split virtqueue, driver side, that satisfies vsnd::sound_queue.
// Spec: [virtio 1.4] Split Virtqueues
//
// Chains are bound once: their descriptors are written then and never again, so that posting one
// is a store into the available ring, the index, and the doorbell's test. Everything that decides
// where a completion belongs lies in private memory; the descriptor table is never read back.

#include <vsnd/port/queue.hpp>
#include <vsnd/ring/ring.hpp>
#include <vsnd/ring/split_in_order.hpp>
#include <vsnd/ring/split_places.hpp>
#include <vsnd/wire/virtio.hpp>

namespace vsnd {

// Doorbell: `void ring()`, tells the device to look at this queue; with NOTIFICATION_DATA
// `void ring_with(u16 next)` instead: the available index.
template <class Doorbell, class Policy = ring_policy>
class split_queue {
    using order = typename Policy::order;

    using record = split_record;
    using descriptors = split_descriptors<Policy>;

    // The parts of a ring's memory. Where they lie does not depend on the size in use.
    static constexpr u16 most = Policy::most_descriptors;
    static constexpr usize avail_at = wire::virtq_desc_bytes(most);
    static constexpr usize used_at =
        round_up(avail_at + wire::virtq_avail_bytes(most), wire::VIRTQ_USED_ALIGN);
    static constexpr usize tables_at =
        round_up(used_at + wire::virtq_used_bytes(most), wire::VIRTQ_DESC_ALIGN);

  public:
    class slot {
        friend split_queue;
        record* chain_ = nullptr;
    };

    static constexpr bool posts_before_start = true;
    static constexpr bool posts_always = true;
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

    // How much memory `init` needs for a ring of a size, whatever is negotiated; here the same for
    // every size.
    static constexpr usize memory_bytes(u32) { return tables_at + descriptors::tables_bytes; }
    static constexpr usize memory_alignment = 16;

    // Sets up an empty ring in `memory`, which the device reaches and which stays with the ring
    // until the device is stopped. `features`: the negotiated bits.
    // Context: thread. Errors: invalid_argument, no power of two, or too large; no_memory.
    [[gnu::noinline]] status_code init(u32 size, u64 features, const dma_region& memory,
                                       const Doorbell& doorbell) {
        if (!wire::virtq_size_is_valid(size) || size > most) return status_code::invalid_argument;
        if (memory.cpu == nullptr || memory.bytes < memory_bytes(size) ||
            memory.bus.value % memory_alignment != 0) {
            return status_code::no_memory;
        }
        bus_ = memory.bus;
        size_ = size;
        mask_ = size - 1;
        doorbell_ = doorbell;
        event_idx_ = (features >> wire::F_EVENT_IDX & 1) != 0;
        if constexpr (Policy::notification_data != choice::never) {
            notification_data_ = (features >> wire::F_NOTIFICATION_DATA & 1) != 0;
        }
        in_order_.init(reinterpret_cast<wire::virtq_desc*>(memory.cpu), size,
                       (features >> wire::F_IN_ORDER & 1) != 0);
        descriptors_.init(size, (features >> wire::F_INDIRECT_DESC & 1) != 0,
                          in_order_.on() ? in_order_.private_table() : memory.cpu,
                          memory.cpu + tables_at, bus_ + tables_at);
        avail_ = memory.cpu + avail_at;
        used_ = memory.cpu + used_at;
        used_event_ = field(avail_, wire::virtq_used_event_offset(size));
        avail_event_ = field(used_, wire::virtq_avail_event_offset(size));
        counters_ = {};
        start_over();
        return status_code::ok;
    }

    ring_addresses addresses() const { return {bus_, bus_ + avail_at, bus_ + used_at}; }
    u16 size() const { return static_cast<u16>(size_); }
    const ring_counters& counters() const { return counters_; }

    result<slot> bind(const chain& c, cookie what) {
        const result<record*> bound = descriptors_.bind(c, what);
        if (!bound) return bound.code();
        slot s;
        s.chain_ = bound.value();
        return s;
    }

    // How many more chains of `parts` parts can be bound.
    usize free_chains(usize parts) const { return descriptors_.free_chains(parts); }

    // The chain must be idle. Spec: [virtio 1.4] Supplying Buffers to The Device
    VSND_HOT status_code post(slot s) {
        record* const r = s.chain_;
        r->in_device = true;
        const u32 at = avail_idx_;
        const u16 next = static_cast<u16>(at + 1);
        u8* const avail = avail_;
        const u16 head = in_order_.on() ? in_order_.place(r->head) : r->head;
        store_relaxed(avail_ring(avail) + (at & mask_), head);
        avail_idx_ = next;
        order::publish(field(avail, wire::VIRTQ_AVAIL_IDX_OFFSET), next);
        return status_code::ok;
    }

    // Rings the doorbell for the last `posted` chains, if the device wants it.
    // Spec: [virtio 1.4] Available Buffer Notification Suppression
    VSND_HOT void kick(u32 posted) {
        order::full(); // pairs with the device's barrier between avail_event and avail.idx
        if (has_event_idx()) {
            const u16 event = load_relaxed(avail_event_);
            // Among the last `posted` entries is the one that the device waits for.
            if (static_cast<u16>(avail_idx_ - 1 - event) < posted) ring();
        } else {
            const u16 flags = load_relaxed(field(used_, wire::VIRTQ_USED_FLAGS_OFFSET));
            if (posted != 0 && (flags & wire::VIRTQ_USED_F_NO_NOTIFY) == 0) ring();
        }
    }

    VSND_TINY void ring() {
        order::before_doorbell();
        if constexpr (Policy::notification_data != choice::never) {
            if (chosen<Policy::notification_data>(notification_data_)) {
                return doorbell_.ring_with(next_to_post());
            }
        }
        if constexpr (Policy::notification_data != choice::always) doorbell_.ring();
    }

    // What the doorbell says with NOTIFICATION_DATA. Spec: [virtio 1.4] Driver Notifications
    u16 next_to_post() const { return avail_idx_; }

    // Real devices return stale ids after a reset; more of them than the ring has entries, or an
    // index that leaps, is a device that has lost its mind.
    // Spec: [virtio 1.4] The Virtqueue Used Ring
    used take() {
        if (in_order_.in_batch()) return next_of_batch();
        const u32 at = used_idx_;
        const u16 end = order::consume(field(used_, wire::VIRTQ_USED_IDX_OFFSET));
        const u32 left = static_cast<u16>(end - at);
        if (left == 0) return {};
        if (left > size_) {
            broken_ = true;
            return {nullptr, 0, used::kind::dropped};
        }
        used_idx_ = static_cast<u16>(at + 1);
        const u32 id = load_relaxed(word(element(used_, at)));
        const u32 written = load_relaxed(word(element(used_, at) + 4));
        if constexpr (Policy::in_order != choice::never) {
            if (in_order_.on() && id < size_ && in_order_.begin_batch(id, written)) {
                used_idx_ = static_cast<u16>(at);
                return next_of_batch();
            }
        }
        if (id >= size_ || in_order_.on() || !descriptors_[id].in_device) {
            ++counters_.unknown_ids;
            if (++unknown_since_reset_ > size_) broken_ = true;
            return {nullptr, 0, used::kind::dropped};
        }
        return returned(descriptors_[id], written);
    }

    // Takes completions for as long as they are known and `good(cookie, written)` says so, and hands
    // each to `handle(cookie)`, which may post it again; then arms for the one after `skipped` more.
    // `written()` reads the length, which is not judged yet. True: all was taken and nothing came
    // meanwhile. False: go on with take; a completion that was not taken is read again there, and
    // judged again. With IN_ORDER nothing is taken here: take knows how.
    template <class Good, class Handle>
    VSND_HOT bool take_and_arm(const u32& skipped, Good good, Handle handle) {
        const u8* const base = used_;
        if (in_order_.on()) return !news_after_arming(base, used_idx_, skipped);
        const u32 end = order::consume(field(base, wire::VIRTQ_USED_IDX_OFFSET));
        u32 at = used_idx_;
        if (end != at) [[likely]] {
            const u32 stop = at + ((end - at) & 0xffff);
            do {
                const u8* const e = element(base, at);
                const u32 id = load_relaxed(word(e));
                if (id >= size_) [[unlikely]]
                    break;
                record& r = descriptors_[id];
                if (!r.in_device) [[unlikely]]
                    break;
                cookie what = r.what;
                if (!good(what, [e] { return load_relaxed(word(e + 4)); })) [[unlikely]]
                    break;
                r.in_device = false;
                handle(what);
            } while (++at != stop);
            used_idx_ = static_cast<u16>(at);
            if (at != stop) [[unlikely]]
                return false;
        }
        return !news_after_arming(base, at, skipped);
    }

    // Spec: [virtio 1.4] Used Buffer Notification Suppression
    VSND_HOT bool arm(u32 k) { return news_after_arming(used_, used_idx_, k - 1); }

    bool batches() const { return has_event_idx(); }
    // With EVENT_IDX the flags have to be 0: an event that is far away has to do.
    void suppress_interrupts(bool suppress) {
        const bool flag = suppress && !has_event_idx();
        store_relaxed(field(avail_, wire::VIRTQ_AVAIL_FLAGS_OFFSET),
                      flag ? wire::VIRTQ_AVAIL_F_NO_INTERRUPT : u16{0});
    }

    bool idle(slot s) const { return !s.chain_->in_device; }

    // Chains that the device owns now.
    u32 in_device() const {
        u32 n = 0;
        for (u32 i = 0; i < size_; ++i)
            n += descriptors_[i].in_device;
        return n;
    }

    status_code unbind(slot s) {
        record* const r = s.chain_;
        if (r == nullptr || !r->bound) return status_code::invalid_argument;
        if (r->in_device) return status_code::memory_still_owned;
        descriptors_.give_back(*r);
        return status_code::ok;
    }

    // Bound chains stay bound.
    void reset() {
        for (u32 i = 0; i < size_; ++i)
            descriptors_[i].in_device = false;
        start_over();
    }

    bool broken() const { return broken_; }

  private:
    VSND_TINY static le16* field(u8* base, usize at) { return reinterpret_cast<le16*>(base + at); }
    VSND_TINY static const le16* field(const u8* base, usize at) {
        return reinterpret_cast<const le16*>(base + at);
    }
    VSND_TINY static const le32* word(const u8* at) { return reinterpret_cast<const le32*>(at); }
    VSND_TINY static le16* avail_ring(u8* avail) {
        return field(avail, wire::VIRTQ_AVAIL_RING_OFFSET);
    }

    VSND_HOT const u8* element(const u8* base, u32 at) const {
        return base + wire::VIRTQ_USED_RING_OFFSET +
               usize{at & mask_} * sizeof(wire::virtq_used_elem);
    }

    // Without EVENT_IDX the device ignores used_event, and goes by the flags.
    VSND_HOT bool news_after_arming(const u8* base, u32 at, const u32& skipped) {
        store_relaxed(used_event_, static_cast<u16>(at + load_relaxed(&skipped)));
        order::full(); // pairs with the device's barrier between used.idx and used_event
        if (in_order_.in_batch()) return true;
        return order::consume(field(base, wire::VIRTQ_USED_IDX_OFFSET)) != static_cast<u16>(at);
    }

    VSND_TINY used returned(record& r, u32 written) {
        r.in_device = false;
        if (written <= r.capacity) return {r.what, written, used::kind::completed};
        ++counters_.overlong;
        return {r.what, 0, used::kind::completed};
    }

    // Those that were skipped have been written to the end.
    used next_of_batch() {
        if constexpr (Policy::in_order != choice::never) {
            used_idx_ = static_cast<u16>(used_idx_ + 1);
            u32 written = 0;
            record& r = descriptors_[in_order_.next_of_batch(written)];
            return returned(r, in_order_.in_batch() ? r.capacity : written);
        }
        return {};
    }

    VSND_TINY bool has_event_idx() const {
        if constexpr (Policy::event_idx == choice::negotiated) return event_idx_;
        return Policy::event_idx == choice::always;
    }
    void start_over() {
        __builtin_memset(avail_, 0, tables_at - avail_at); // and the used ring
        avail_idx_ = used_idx_ = 0;
        in_order_.start_over();
        unknown_since_reset_ = 0;
        broken_ = false;
    }

    // The hot members first.
    u8* avail_ = nullptr;
    u8* used_ = nullptr;
    le16* avail_event_ = nullptr; // in the used ring
    le16* used_event_ = nullptr;  // in the available ring
    u32 size_ = 0;
    u32 mask_ = 0;
    u16 avail_idx_ = 0; // where the next head goes
    u16 used_idx_ = 0;  // the next completion to take
    bool event_idx_ = false;
    bool notification_data_ = false;
    bool broken_ = false;
    Doorbell doorbell_{};
    bus_address bus_;
    ring_counters counters_;
    u32 unknown_since_reset_ = 0;
    descriptors descriptors_;
    [[no_unique_address]] split_in_order<Policy> in_order_;
};

} // namespace vsnd
