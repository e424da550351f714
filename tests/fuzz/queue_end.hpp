#pragma once
// The device's end of one split virtqueue, over raw memory.
// [virtio 1.4] Split Virtqueues

#include "memory.hpp"

namespace fuzz {

struct piece {
    u64 address = 0;
    u32 bytes = 0;
    bool writable = false;
};

// One chain of the driver's.
struct buffer {
    static constexpr u32 most = 8; // the driver has no reason to make longer ones

    u16 head = 0;
    u32 count = 0;
    piece pieces[most]{};

    u32 writable_bytes() const {
        u32 n = 0;
        for (u32 i = 0; i < count; ++i)
            n += pieces[i].writable ? pieces[i].bytes : 0;
        return n;
    }
};

class queue_end {
  public:
    // As the driver sets them by registers.
    u16 size = 0;
    u16 vector = 0xffff;
    bool enabled = false;
    u64 descriptors = 0;
    u64 driver_area = 0;
    u64 device_area = 0;

    enum class news : u8 { nothing, chain, nonsense };

    // The next chain that the driver has made available.
    news next(guest_memory& m, buffer& b) {
        const u16 idx = read16(m, driver_area + 2);
        if (size == 0 || idx == next_avail_) return news::nothing;
        if (static_cast<u16>(idx - next_avail_) > size) return news::nonsense;
        b = {};
        b.head = read16(m, driver_area + 4 + u64{2} * (next_avail_ % size));
        ++next_avail_;
        return follow(m, b) ? news::chain : news::nonsense;
    }

    // Returns a chain; the answer: whether the driver wants an interrupt.
    // [virtio 1.4] Used Buffer Notification Suppression
    bool give(guest_memory& m, u32 id, u32 written, bool event_idx) {
        if (size == 0) return false;
        const u64 element = device_area + 4 + u64{8} * (next_used_ % size);
        write32(m, element, id);
        write32(m, element + 4, written);
        const u16 placed = next_used_;
        leap(m, 1);
        if (event_idx) return read16(m, driver_area + 4 + u64{2} * size) == placed;
        return (read16(m, driver_area) & 1) == 0;
    }
    void leap(guest_memory& m, u16 by) {
        next_used_ = static_cast<u16>(next_used_ + by);
        write16(m, device_area + 2, next_used_);
    }
    void set_avail_event(guest_memory& m) {
        write16(m, device_area + 4 + u64{8} * size, next_avail_);
    }
    void set_flags(guest_memory& m, u16 flags) { write16(m, device_area, flags); }

  private:
    static u64 read(guest_memory& m, u64 bus, usize n) {
        const u8* const p = m.at(bus, n);
        u64 v = 0;
        for (usize i = 0; p != nullptr && i < n; ++i)
            v |= u64{p[i]} << (8 * i);
        return v;
    }
    static void write(guest_memory& m, u64 bus, usize n, u64 v) {
        u8* const p = m.at(bus, n);
        for (usize i = 0; p != nullptr && i < n; ++i)
            p[i] = static_cast<u8>(v >> (8 * i));
    }
    static u16 read16(guest_memory& m, u64 bus) { return static_cast<u16>(read(m, bus, 2)); }
    static void write16(guest_memory& m, u64 bus, u16 v) { write(m, bus, 2, v); }
    static void write32(guest_memory& m, u64 bus, u32 v) { write(m, bus, 4, v); }

    bool follow(guest_memory& m, buffer& b) const {
        u64 table = descriptors;
        u32 entries = size;
        u32 at = b.head;
        bool inside = false;
        for (;;) {
            if (at >= entries || b.count == buffer::most) return false;
            const u64 d = table + u64{16} * at;
            const u64 address = read(m, d, 8);
            const u32 length = static_cast<u32>(read(m, d + 8, 4));
            const u16 flags = read16(m, d + 12);
            if ((flags & 4) != 0) {
                if (inside || b.count != 0 || (flags & 1) != 0 || length % 16 != 0) return false;
                inside = true;
                table = address;
                entries = length / 16;
                at = 0;
                continue;
            }
            if (m.at(address, length) == nullptr) return false;
            b.pieces[b.count++] = {address, length, (flags & 2) != 0};
            if ((flags & 1) == 0) return true;
            at = read16(m, d + 14);
        }
    }

    u16 next_avail_ = 0;
    u16 next_used_ = 0;
};

} // namespace fuzz
