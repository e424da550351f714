#pragma once
// The packed virtqueue: its structures, flags and the arithmetic of its parts.
// Spec: [virtio 1.4] Packed Virtqueues

#include <vsnd/wire/split_ring.hpp>

namespace vsnd::wire {

// NEXT, WRITE and INDIRECT are those of the split ring; the queue size may be any number up to
// 32768, not only a power of two.
inline constexpr u16 VIRTQ_DESC_F_AVAIL = 1u << 7;
inline constexpr u16 VIRTQ_DESC_F_USED = 1u << 15;

constexpr bool pvirtq_size_is_valid(u32 size) {
    return size != 0 && size <= VIRTQ_MAX_SIZE;
}

struct pvirtq_desc {
    le64 addr;
    le32 len;
    le16 id;
    le16 flags; // VIRTQ_DESC_F_*
};
static_assert(sizeof(pvirtq_desc) == 16);
static_assert(offsetof(pvirtq_desc, addr) == 0);
static_assert(offsetof(pvirtq_desc, len) == 8);
static_assert(offsetof(pvirtq_desc, id) == 12);
static_assert(offsetof(pvirtq_desc, flags) == 14);

// Spec: [virtio 1.4] Event Suppression Structure Format
struct pvirtq_event_suppress {
    le16 desc;  // with RING_EVENT_FLAGS_DESC: offset in bits 0-14, wrap counter in bit 15
    le16 flags; // RING_EVENT_FLAGS_* in bits 0-1, the rest 0
};
static_assert(sizeof(pvirtq_event_suppress) == 4);
static_assert(offsetof(pvirtq_event_suppress, desc) == 0);
static_assert(offsetof(pvirtq_event_suppress, flags) == 2);

inline constexpr u16 RING_EVENT_FLAGS_ENABLE = 0;
inline constexpr u16 RING_EVENT_FLAGS_DISABLE = 1;
inline constexpr u16 RING_EVENT_FLAGS_DESC = 2; // only with F_EVENT_IDX
inline constexpr u16 RING_EVENT_FLAGS_MASK = 3;

inline constexpr u16 RING_EVENT_OFFSET_MASK = 0x7fff;
inline constexpr u32 RING_EVENT_WRAP_SHIFT = 15;

// Spec: [virtio 1.4] Packed Virtqueues / table of alignment and size requirements
inline constexpr usize PVIRTQ_DESC_ALIGN = 16;
inline constexpr usize PVIRTQ_EVENT_ALIGN = 4;
inline constexpr usize PVIRTQ_EVENT_BYTES = sizeof(pvirtq_event_suppress);

constexpr usize pvirtq_desc_bytes(u32 size) {
    return usize{size} * sizeof(pvirtq_desc);
}

} // namespace vsnd::wire
