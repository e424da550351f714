#pragma once
// A place in a packed ring, and the two questions about events that are asked of it.
// Spec: [virtio 1.4] Packed Virtqueues / Driver and Device Ring Wrap Counters, Driver and Device
// Event Suppression

#include <vsnd/wire/packed_ring.hpp>

namespace vsnd {

// The wrap counter is kept also as the two flags that it leads to: what is posted here, or is
// answered here, bears these marks. They turn into their opposites at the end of the ring.
struct packed_place {
    static constexpr u16 both_marks = wire::VIRTQ_DESC_F_AVAIL | wire::VIRTQ_DESC_F_USED;
    static constexpr u16 wrap_bit = 1u << wire::RING_EVENT_WRAP_SHIFT;

    u32 at = 0;
    u16 mark = 0;
    u16 counter = 0; // the wrap counter itself, where events have it

    static constexpr packed_place first_available() {
        return {0, wire::VIRTQ_DESC_F_AVAIL, wrap_bit};
    }
    static constexpr packed_place first_used() { return {0, both_marks, wrap_bit}; }

    VSND_HOT constexpr void step(u32 descriptors, u32 size) {
        at += descriptors;
        if (at >= size) [[unlikely]]
            wrap(size);
    }
    VSND_HOT constexpr void wrap(u32 size) {
        at -= size;
        mark ^= both_marks;
        counter ^= wrap_bit;
    }

    // Of the driver's place: offset and wrap counter as the device knows them.
    VSND_HOT constexpr u16 next_to_post() const { return static_cast<u16>(at | counter); }
    // Of the driver's place: how many descriptors were posted after the one that `event` names.
    VSND_HOT constexpr u32 behind(u16 event, u32 size) const {
        const u32 apart = event ^ counter; // the wrap bit: in another round
        u32 behind = at - 1 - apart;
        // So rare that it is worth a branch.
        if (__builtin_expect_with_probability(apart >= wrap_bit, 0, 0.999))
            behind += wrap_bit + size;
        return behind;
    }
    // Of the device's place: the event `ahead` descriptors from here; the next one where that is
    // more than a round.
    VSND_HOT constexpr u16 event_ahead(u32 ahead, u32 size) const {
        u32 place = at + ahead;
        if (place >= size) [[unlikely]]
            place = place - size < at ? place - size + wrap_bit : at;
        return static_cast<u16>(place + counter);
    }
};

} // namespace vsnd
