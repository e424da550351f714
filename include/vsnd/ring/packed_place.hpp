#pragma once
// A place in a packed ring, and the two questions about events that are asked of it.
// Spec: [virtio 1.4] Packed Virtqueues / Driver and Device Ring Wrap Counters, Driver and Device
// Event Suppression

#include <vsnd/wire/packed_ring.hpp>

namespace vsnd {

// The wrap counter is kept as the two flags that it leads to: what is posted here, or is answered
// here, bears these marks. They turn into their opposites at the end of the ring.
struct packed_place {
    static constexpr u16 both_marks = wire::VIRTQ_DESC_F_AVAIL | wire::VIRTQ_DESC_F_USED;
    static constexpr u16 wrap_bit = 1u << wire::RING_EVENT_WRAP_SHIFT;

    u32 at = 0;
    u16 mark = 0;

    static constexpr packed_place first_available() { return {0, wire::VIRTQ_DESC_F_AVAIL}; }
    static constexpr packed_place first_used() { return {0, both_marks}; }

    VSND_HOT constexpr void step(u32 descriptors, u32 size) {
        at += descriptors;
        if (at >= size) [[unlikely]] {
            at -= size;
            mark ^= both_marks;
        }
    }

    // Of the driver's place: offset and wrap counter as the device knows them.
    VSND_HOT constexpr u16 next_to_post() const {
        // The mark of a round with wrap counter 1 is the low one.
        return static_cast<u16>(at | (u32{mark} << 8 & wrap_bit));
    }
    // Of the driver's place: whether `event` is among the last `count` descriptors.
    VSND_HOT constexpr bool has_passed(u16 event, u32 count, u32 size) const {
        u32 behind = at - 1 - (event & u32{wire::RING_EVENT_OFFSET_MASK});
        if (((event ^ u32{mark} << 8) & wrap_bit) != 0) behind += size;
        return behind < count;
    }
    // Of the device's place: the event `ahead` descriptors from here; the next one where that is
    // more than a round.
    VSND_HOT constexpr u16 event_ahead(u32 ahead, u32 size) const {
        u32 place = at + ahead;
        if (place >= size) [[unlikely]]
            place = place - size < at ? place - size + wrap_bit : at;
        return static_cast<u16>(place + (mark & wrap_bit));
    }
};

} // namespace vsnd
