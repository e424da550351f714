#pragma once
// The device's side of one split ring, for a driver that does everything right.

#include <vsnd/base/atomic.hpp>
#include <vsnd/ring/split_queue.hpp>
#include <vsnd/wire/split_ring.hpp>

#include <memory.hpp>

namespace bench {

class split_end {
  public:
    split_end() = default;
    split_end(u8* memory, u16 size)
        : memory_(memory), avail_(memory + wire::virtq_desc_bytes(size)),
          used_(memory + round_up(wire::virtq_desc_bytes(size) + wire::virtq_avail_bytes(size),
                                  wire::VIRTQ_USED_ALIGN)),
          size_(size) {}

    // Takes note of everything posted so far, and wants to hear of the next.
    void look() {
        known_ = get(avail_, wire::VIRTQ_AVAIL_IDX_OFFSET);
        set(used_, wire::virtq_avail_event_offset(size_), known_);
    }
    u32 pending() const { return static_cast<u16>(known_ - seen_); }

    // The parts of the oldest chain that is not completed.
    u32 front(wire::virtq_desc (&parts)[4]) const {
        const auto* d = table() + head();
        if (d->flags & wire::VIRTQ_DESC_F_INDIRECT) {
            const u32 count = d->len / sizeof(wire::virtq_desc);
            __builtin_memcpy(parts, at_bus(d->addr), count * sizeof(wire::virtq_desc));
            return count;
        }
        u32 count = 1;
        for (parts[0] = *d; parts[count - 1].flags & wire::VIRTQ_DESC_F_NEXT; ++count)
            parts[count] = table()[parts[count - 1].next];
        return count;
    }

    // Returns that chain. True: the driver wants an interrupt for it.
    bool complete(u32 written) {
        const u16 at = done_;
        auto* const element =
            reinterpret_cast<wire::virtq_used_elem*>(used_ + wire::VIRTQ_USED_RING_OFFSET) +
            at % size_;
        element->id = head();
        element->len = written;
        ++seen_;
        ++done_;
        set(used_, wire::VIRTQ_USED_IDX_OFFSET, done_);
        return get(avail_, wire::virtq_used_event_offset(size_)) == at;
    }

  private:
    static u16 get(const u8* base, usize at) {
        return load_acquire(reinterpret_cast<const le16*>(base + at));
    }
    static void set(u8* base, usize at, u16 value) {
        store_release(reinterpret_cast<le16*>(base + at), value);
    }
    const wire::virtq_desc* table() const {
        return reinterpret_cast<const wire::virtq_desc*>(memory_);
    }
    u16 head() const {
        return get(avail_, wire::VIRTQ_AVAIL_RING_OFFSET + usize{2} * (seen_ % size_));
    }

    u8* memory_ = nullptr;
    u8* avail_ = nullptr;
    u8* used_ = nullptr;
    u16 size_ = 0;
    u16 known_ = 0; // up to here it looked
    u16 seen_ = 0;  // up to here it completed
    u16 done_ = 0;
};

} // namespace bench
