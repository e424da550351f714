#pragma once
// A packed virtqueue, driver side, that satisfies vsnd::sound_queue.
// Spec: [virtio 1.4] Packed Virtqueues
//
// Chains are bound once. With an indirect table, built then, posting a chain is one descriptor of
// 16 bytes, whose flags go last; a direct chain is written anew at each post, since the device's
// answers overwrite the ring. Everything that decides where a completion belongs lies in the
// private shadow; of the ring only id, length and flags of an answer are read, once each.

#include <vsnd/port/queue.hpp>
#include <vsnd/ring/in_order.hpp>
#include <vsnd/ring/packed_descriptors.hpp>
#include <vsnd/ring/packed_place.hpp>
#include <vsnd/ring/ring.hpp>
#include <vsnd/wire/virtio.hpp>

namespace vsnd {

// Doorbell: `void ring()`, tells the device to look at this queue; with NOTIFICATION_DATA
// `void ring_with(u16 next)` instead: where the next descriptor goes in bits 0 to 14, and the wrap
// counter there in bit 15.
template <class Doorbell, class Policy = ring_policy>
class packed_queue {
    using order = typename Policy::order;
    using desc = wire::pvirtq_desc;
    static constexpr u16 no_such_flags = 0xffff;
    static constexpr u16 disabled = wire::RING_EVENT_FLAGS_DISABLE;

  public:
    class slot {
        friend packed_queue;
        packed_shadow* chain_ = nullptr;
    };

    static constexpr bool posts_before_start = true;
    static constexpr bool posts_always = true;
    static constexpr bool kicks_itself = false;
    static constexpr u16 most_descriptors = Policy::most_descriptors;

    static_assert(wire::pvirtq_size_is_valid(Policy::most_descriptors));

    // The size to use with a device that offers `offered` descriptors: any number will do.
    static constexpr u16 fitting_size(u32 offered) {
        return static_cast<u16>(lesser(offered, u32{most_descriptors}));
    }

    // How much memory `init` needs for a ring of `size`, whatever is negotiated.
    static constexpr usize memory_bytes(u16 size) {
        return tables_at(size) + packed_descriptors<Policy>::tables_bytes(size);
    }
    static constexpr usize memory_alignment = wire::PVIRTQ_DESC_ALIGN;

    // Sets up an empty ring in `memory`, which the device reaches and which stays with the ring
    // until the device is stopped. `features`: the negotiated bits.
    // Context: thread. Errors: invalid_argument, no size or too large; no_memory.
    status_code init(u16 size, u64 features, dma_region memory, Doorbell doorbell) {
        if (!wire::pvirtq_size_is_valid(size) || size > most_descriptors) {
            return status_code::invalid_argument;
        }
        if (memory.cpu == nullptr || memory.bytes < memory_bytes(size) ||
            memory.bus.value % memory_alignment != 0) {
            return status_code::no_memory;
        }
        memory_ = memory;
        size_ = size;
        doorbell_ = doorbell;
        const bool event_idx = chosen<Policy::event_idx>(has(features, wire::F_EVENT_IDX));
        by_place_ = event_idx ? wire::RING_EVENT_FLAGS_DESC : no_such_flags;
        in_order_ = has(features, wire::F_IN_ORDER);
        notification_data_ = has(features, wire::F_NOTIFICATION_DATA);
        shadows_.init(size, has(features, wire::F_INDIRECT_DESC),
                      memory.part(tables_at(size), packed_descriptors<Policy>::tables_bytes(size)));
        ring_ = reinterpret_cast<desc*>(memory.cpu);
        driver_event_ = event_at(wire::pvirtq_desc_bytes(size));
        device_event_ = driver_event_ + 1;
        counters_ = {};
        start_over();
        return status_code::ok;
    }

    ring_addresses addresses() const {
        const bus_address events = memory_.bus + wire::pvirtq_desc_bytes(size());
        return {memory_.bus, events, events + wire::PVIRTQ_EVENT_BYTES};
    }
    u16 size() const { return static_cast<u16>(size_); }
    const ring_counters& counters() const { return counters_; }

    result<slot> bind(const chain& c, cookie what) {
        const result<packed_shadow*> first = shadows_.bind(c, what);
        if (!first) return first.code();
        slot s;
        s.chain_ = first.value();
        return s;
    }

    // How many more chains of `parts` parts can be bound.
    usize free_chains(usize parts) const { return shadows_.free_chains(parts); }

    // The chain must be idle. The bound chains together fit the ring, so there is always room.
    // Spec: [virtio 1.4] Placing Available Buffers Into The Descriptor Ring
    VSND_HOT status_code post(slot s) {
        packed_shadow* const r = s.chain_;
        if (r->parts != 1) [[unlikely]]
            put_rest(r);
        desc* const d = ring_ + avail_.at;
        const u16 flags = r->flags | avail_.mark;
        r->in_device = true;
        put_descriptor(d, *r, r->id);
        avail_.step(r->parts, size_);
        if (has_in_order()) posted_.push(r->id);
        order::publish(&d->flags, flags);
        return status_code::ok;
    }

    // Rings the doorbell for the last `posted` chains, if the device wants it. Where chains differ
    // in length it may ring once more than that.
    // Spec: [virtio 1.4] Driver and Device Event Suppression
    VSND_HOT void kick(u32 posted) {
        order::full(); // pairs with the device's barrier between its event and the flags
        // The device writes the place before it asks for it.
        const u16 flags = order::consume(&device_event_->flags);
        if (flags == by_place_) [[likely]] {
            const u16 event = load_relaxed(&device_event_->desc);
            // The one that the device waits for is among them.
            if (avail_.behind(event, size_) < posted * shadows_.longest()) ring();
        } else if (posted != 0 && (flags & wire::RING_EVENT_FLAGS_MASK) != disabled) {
            ring();
        }
    }

    VSND_HOT void ring() {
        order::before_doorbell();
        if constexpr (Policy::notification_data != choice::never) {
            if (chosen<Policy::notification_data>(notification_data_)) {
                return doorbell_.ring_with(next_to_post());
            }
        }
        if constexpr (Policy::notification_data != choice::always) doorbell_.ring();
    }

    // What the doorbell says with NOTIFICATION_DATA.
    // Spec: [virtio 1.4] Driver Notifications
    u16 next_to_post() const { return avail_.next_to_post(); }

    // Real devices return stale ids after a reset; more of them than the ring has entries is a
    // device that has lost its mind.
    used take() {
        if (in_batch_) return next_of_batch();
        const desc* const d = ring_ + used_.at;
        if (!is_used(d, used_.mark)) return {};
        const u32 id = load_relaxed(&d->id);
        const u32 written = load_relaxed(&d->len);
        if (id >= size_ || !shadows_[id].in_device) return dropped();
        if constexpr (Policy::in_order != choice::never) {
            if (has_in_order()) {
                last_of_batch_ = id;
                last_written_ = written;
                return next_of_batch();
            }
        }
        return returned(shadows_[id], written);
    }

    // As the queue concept has it. With IN_ORDER nothing is taken here: take knows how.
    template <class Good, class Handle>
    VSND_HOT bool take_and_arm(const u32& skipped, Good good, Handle handle) {
        if (has_in_order()) return !news_after_arming(used_, skipped);
        const desc* const ring = ring_;
        packed_place place = used_;
        bool wrapped = false;
        while (is_used(ring + place.at, place.mark)) {
            const desc* const d = ring + place.at;
            const u32 id = load_relaxed(&d->id);
            if (id >= size_) [[unlikely]]
                return leave(place);
            packed_shadow& r = shadows_[id];
            if (!r.in_device) [[unlikely]]
                return leave(place);
            cookie what = r.what;
            if (!good(what, [d] { return load_relaxed(&d->len); })) [[unlikely]]
                return leave(place);
            r.in_device = false;
            place.at += r.parts;
            if (place.at >= size_) [[unlikely]] {
                place.wrap(size_);
                // A device that completes what is posted meanwhile must not keep us here.
                if (wrapped) {
                    handle(what);
                    return leave(place);
                }
                wrapped = true;
            }
            handle(what);
        }
        used_ = place;
        return !news_after_arming(place, skipped);
    }

    VSND_HOT bool arm(u32 k) { return news_after_arming(used_, k - 1); }

    bool batches() const { return by_place_ != no_such_flags; }
    void suppress_interrupts(bool suppress) {
        store_relaxed(&driver_event_->flags, suppress ? disabled : armed_flags());
    }

    bool idle(slot s) const { return !s.chain_->in_device; }

    // Chains that the device owns now.
    u32 in_device() const {
        u32 n = 0;
        for (u32 i = 0; i < size_; ++i)
            n += shadows_[i].in_device;
        return n;
    }

    status_code unbind(slot s) {
        packed_shadow* const r = s.chain_;
        if (r == nullptr || !r->bound) return status_code::invalid_argument;
        if (r->in_device) return status_code::memory_still_owned;
        shadows_.give_back(*r);
        return status_code::ok;
    }

    // Bound chains stay bound.
    void reset() {
        for (u32 i = 0; i < size_; ++i)
            shadows_[i].in_device = false;
        start_over();
    }

    bool broken() const { return broken_; }

  private:
    static constexpr usize tables_at(u16 size) {
        return round_up(wire::pvirtq_desc_bytes(size) + 2 * wire::PVIRTQ_EVENT_BYTES,
                        wire::PVIRTQ_DESC_ALIGN);
    }
    wire::pvirtq_event_suppress* event_at(usize at) const {
        return reinterpret_cast<wire::pvirtq_event_suppress*>(memory_.cpu + at);
    }
    static constexpr bool has(u64 features, u32 bit) { return ((features >> bit) & 1) != 0; }
    u16 armed_flags() const {
        return by_place_ == no_such_flags ? wire::RING_EVENT_FLAGS_ENABLE : by_place_;
    }
    VSND_HOT bool has_in_order() const { return chosen<Policy::in_order>(in_order_); }

    // Pairs with the device's barrier between an answer and its flags.
    VSND_HOT static bool is_used(const desc* d, u16 mark) {
        return ((order::consume(&d->flags) ^ mark) & packed_place::both_marks) == 0;
    }
    VSND_HOT bool leave(const packed_place& place) {
        used_ = place;
        return false;
    }

    // The completion after `skipped` more: its place is known when all chains take the same
    // number of descriptors; where they do not, the next one it is, which is never too late.
    // Without EVENT_IDX the flags say "always" and the place means nothing.
    VSND_HOT bool news_after_arming(const packed_place& place, const u32& skipped) {
        const u16 event = place.event_ahead(load_relaxed(&skipped) * shadows_.stride(), size_);
        store_relaxed(&driver_event_->desc, event);
        order::full(); // pairs with the device's barrier between an answer and the event
        return in_batch_ || is_used(ring_ + place.at, place.mark);
    }

    // All descriptors of a direct chain but the first, whose flags show them to the device. It is no
    // call and its state lies in memory, which keep_in_memory makes sure of: either a call or
    // more registers would make g++ save registers at every post, of indirect chains too.
    VSND_HOT void put_rest(const packed_shadow* s) {
        rest_ = {avail_, s->id, static_cast<u16>(s->parts - 1)};
        do {
            s = &shadows_[s->next];
            rest_.place.step(1, size_);
            keep_in_memory();
            desc* const d = ring_ + rest_.place.at;
            put_descriptor(d, *s, rest_.id);
            d->flags = static_cast<u16>(s->flags | rest_.place.mark);
            keep_in_memory();
        } while (--rest_.left != 0);
        keep_in_memory();
    }

    // The WRITE flag of an answer is not asked: devices leave it out.
    used returned(packed_shadow& r, u32 written) {
        r.in_device = false;
        used_.step(r.parts, size_);
        if (written <= r.capacity) return {r.what, written, used::kind::completed};
        ++counters_.overlong;
        return {r.what, 0, used::kind::completed};
    }

    // How many descriptors the device thinks that it answered for is anybody's guess.
    used dropped() {
        used_.step(greater(shadows_.stride(), u32{1}), size_);
        ++counters_.unknown_ids;
        if (++unknown_since_reset_ > size_) broken_ = true;
        return {nullptr, 0, used::kind::dropped};
    }

    // Those that were skipped have been written to the end. All that are with the device are in
    // `posted_`, the last of the batch among them.
    used next_of_batch() {
        const u32 id = posted_.front();
        posted_.pop();
        in_batch_ = id != last_of_batch_;
        packed_shadow& r = shadows_[id];
        return returned(r, in_batch_ ? r.capacity : last_written_);
    }

    void start_over() {
        __builtin_memset(ring_, 0, wire::pvirtq_desc_bytes(size_) + 2 * wire::PVIRTQ_EVENT_BYTES);
        driver_event_->desc = packed_place::wrap_bit;
        driver_event_->flags = armed_flags();
        avail_ = packed_place::first_available();
        used_ = packed_place::first_used();
        posted_.clear();
        in_batch_ = false;
        unknown_since_reset_ = 0;
        broken_ = false;
    }

    // The hot members first.
    desc* ring_ = nullptr;
    wire::pvirtq_event_suppress* driver_event_ = nullptr; // ours: when to interrupt
    wire::pvirtq_event_suppress* device_event_ = nullptr; // the device's: when to ring
    u32 size_ = 0;
    packed_place avail_;           // where the next descriptor goes
    packed_place used_;            // where the next answer comes
    u16 by_place_ = no_such_flags; // the flags of a device that names a place
    bool in_order_ = false;
    bool notification_data_ = false;
    bool in_batch_ = false; // one answer stood for several chains, and some are left to take
    bool broken_ = false;
    Doorbell doorbell_{};
    struct {
        packed_place place;
        u16 id = 0;
        u16 left = 0;
    } rest_; // of put_rest
    packed_descriptors<Policy> shadows_;

    dma_region memory_;
    ring_counters counters_;
    u32 unknown_since_reset_ = 0;
    u32 last_of_batch_ = 0;
    u32 last_written_ = 0;
    posted_order<Policy::in_order == choice::never ? 0u : u32{Policy::most_descriptors}> posted_;
};

} // namespace vsnd
