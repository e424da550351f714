#pragma once
// The device's side of one packed ring, for a driver that does everything right.

#include <vsnd/base/atomic.hpp>
#include <vsnd/ring/packed_queue.hpp>
#include <vsnd/wire/packed_ring.hpp>

#include <memory.hpp>

namespace bench {

class packed_end {
  public:
    packed_end() = default;
    packed_end(u8* memory, u16 size)
        : ring_(reinterpret_cast<wire::pvirtq_desc*>(memory)),
          driver_event_(reinterpret_cast<wire::pvirtq_event_suppress*>(
              memory + wire::pvirtq_desc_bytes(size))),
          device_event_(driver_event_ + 1), size_(size) {}

    // Takes note of everything posted so far, and wants to hear of the next.
    void look() {
        for (; available(known_); known_ = after(known_))
            pending_ += (ring_[known_.at].flags & wire::VIRTQ_DESC_F_NEXT) == 0;
        store_relaxed(&device_event_->desc, named(known_));
        store_release(&device_event_->flags, u16{wire::RING_EVENT_FLAGS_DESC});
    }
    u32 pending() const { return pending_; }

    // The parts of the oldest chain that is not completed.
    template <class Part>
    u32 front(Part (&parts)[4]) const {
        const wire::pvirtq_desc& first = ring_[seen_.at];
        u32 count = 0;
        if ((first.flags & wire::VIRTQ_DESC_F_INDIRECT) != 0) {
            const auto* const table =
                reinterpret_cast<const wire::pvirtq_desc*>(at_bus(first.addr));
            for (; count < first.len / sizeof(first); ++count)
                copy(parts[count], table[count]);
            return count;
        }
        for (place p = seen_;; p = after(p)) {
            copy(parts[count++], ring_[p.at]);
            if (last(p)) return count;
        }
    }

    // Returns that chain. True: the driver wants an interrupt for it.
    bool complete(u32 written) {
        place end = seen_;
        while (!last(end))
            end = after(end);
        const u16 id = ring_[end.at].id;
        wire::pvirtq_desc& answer = ring_[seen_.at];
        answer.id = id;
        answer.len = written;
        store_release(&answer.flags, seen_.wrapped ? u16{0} : both_marks);
        const bool told = load_acquire(&driver_event_->desc) == named(seen_);
        seen_ = after(end);
        --pending_;
        return told;
    }

  private:
    static constexpr u16 both_marks = wire::VIRTQ_DESC_F_AVAIL | wire::VIRTQ_DESC_F_USED;

    struct place {
        u32 at = 0;
        bool wrapped = false; // an odd number of times
    };
    place after(place p) const {
        return p.at + 1 == size_ ? place{0, !p.wrapped} : place{p.at + 1, p.wrapped};
    }
    // As events name it: the wrap counter starts as 1.
    static u16 named(place p) {
        return static_cast<u16>(p.at | (p.wrapped ? 0u : 1u << wire::RING_EVENT_WRAP_SHIFT));
    }
    bool available(place p) const {
        const u16 wanted = p.wrapped ? wire::VIRTQ_DESC_F_USED : wire::VIRTQ_DESC_F_AVAIL;
        return (load_acquire(&ring_[p.at].flags) & both_marks) == wanted;
    }
    bool last(place p) const { return (ring_[p.at].flags & wire::VIRTQ_DESC_F_NEXT) == 0; }
    template <class Part>
    static void copy(Part& into, const wire::pvirtq_desc& from) {
        into.addr = from.addr;
        into.len = from.len;
    }

    wire::pvirtq_desc* ring_ = nullptr;
    wire::pvirtq_event_suppress* driver_event_ = nullptr;
    wire::pvirtq_event_suppress* device_event_ = nullptr;
    u32 size_ = 0;
    u32 pending_ = 0;
    place known_; // up to here it looked
    place seen_;  // up to here it completed
};

} // namespace bench
