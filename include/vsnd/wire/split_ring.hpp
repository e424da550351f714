#pragma once
// The split virtqueue: its structures, flags and the arithmetic of its three parts.
// Spec: [virtio 1.4] Split Virtqueues

#include <vsnd/base/endian.hpp>
#include <vsnd/base/types.hpp>

namespace vsnd::wire {

// Queue sizes are powers of two, at most this.
inline constexpr u32 VIRTQ_MAX_SIZE = 32768;

constexpr bool virtq_size_is_valid(u32 size) {
    return size != 0 && size <= VIRTQ_MAX_SIZE && (size & (size - 1)) == 0;
}

// Spec: [virtio 1.4] The Virtqueue Descriptor Table
struct virtq_desc {
    le64 addr;
    le32 len;
    le16 flags; // VIRTQ_DESC_F_*
    le16 next;  // with VIRTQ_DESC_F_NEXT
};
static_assert(sizeof(virtq_desc) == 16);
static_assert(offsetof(virtq_desc, addr) == 0);
static_assert(offsetof(virtq_desc, len) == 8);
static_assert(offsetof(virtq_desc, flags) == 12);
static_assert(offsetof(virtq_desc, next) == 14);

inline constexpr u16 VIRTQ_DESC_F_NEXT = 1;
inline constexpr u16 VIRTQ_DESC_F_WRITE = 2;
inline constexpr u16 VIRTQ_DESC_F_INDIRECT = 4;

// The available ring: this, le16 ring[size], le16 used_event.
// Spec: [virtio 1.4] The Virtqueue Available Ring
struct virtq_avail {
    le16 flags; // VIRTQ_AVAIL_F_*
    le16 idx;
};
static_assert(sizeof(virtq_avail) == 4);
static_assert(offsetof(virtq_avail, idx) == 2);

inline constexpr u16 VIRTQ_AVAIL_F_NO_INTERRUPT = 1;

// The used ring: this, virtq_used_elem ring[size], le16 avail_event.
// Spec: [virtio 1.4] The Virtqueue Used Ring
struct virtq_used {
    le16 flags; // VIRTQ_USED_F_*
    le16 idx;
};
static_assert(sizeof(virtq_used) == 4);
static_assert(offsetof(virtq_used, idx) == 2);

struct virtq_used_elem {
    le32 id;
    le32 len;
};
static_assert(sizeof(virtq_used_elem) == 8);
static_assert(offsetof(virtq_used_elem, len) == 4);

inline constexpr u16 VIRTQ_USED_F_NO_NOTIFY = 1;

// Alignment and bytes of the three parts. The bytes count the event fields too: they are there
// in memory whether or not F_EVENT_IDX was negotiated.
// Spec: [virtio 1.4] Virtqueues / table of alignment and size requirements
inline constexpr usize VIRTQ_DESC_ALIGN = 16;
inline constexpr usize VIRTQ_AVAIL_ALIGN = 2;
inline constexpr usize VIRTQ_USED_ALIGN = 4;

constexpr usize virtq_desc_bytes(u32 size) {
    return usize{size} * sizeof(virtq_desc);
}
constexpr usize virtq_avail_bytes(u32 size) {
    return 6 + usize{size} * sizeof(le16);
}
constexpr usize virtq_used_bytes(u32 size) {
    return 6 + usize{size} * sizeof(virtq_used_elem);
}
static_assert(virtq_desc_bytes(64) == 1024);
static_assert(virtq_avail_bytes(64) == 134);
static_assert(virtq_used_bytes(64) == 518);

// Offsets inside the available ring.
inline constexpr usize VIRTQ_AVAIL_FLAGS_OFFSET = 0;
inline constexpr usize VIRTQ_AVAIL_IDX_OFFSET = 2;
inline constexpr usize VIRTQ_AVAIL_RING_OFFSET = 4;
constexpr usize virtq_used_event_offset(u32 size) {
    return VIRTQ_AVAIL_RING_OFFSET + usize{size} * sizeof(le16);
}

// Offsets inside the used ring.
inline constexpr usize VIRTQ_USED_FLAGS_OFFSET = 0;
inline constexpr usize VIRTQ_USED_IDX_OFFSET = 2;
inline constexpr usize VIRTQ_USED_RING_OFFSET = 4;
constexpr usize virtq_avail_event_offset(u32 size) {
    return VIRTQ_USED_RING_OFFSET + usize{size} * sizeof(virtq_used_elem);
}
static_assert(virtq_used_event_offset(64) + 2 == virtq_avail_bytes(64));
static_assert(virtq_avail_event_offset(64) + 2 == virtq_used_bytes(64));

} // namespace vsnd::wire
