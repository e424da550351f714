#pragma once
// The queue of a kernel whose virtqueues take scatter lists and give cookies back (Haiku, FreeBSD,
// NuttX, Zephyr): a table of bound chains, over a few functions of the kernel's.
//
//   struct my_virtqueue {
//       using segment = ...;                   // an entry of the kernel's scatter lists
//       static segment segment_of(const part&);
//       u32 size() const;                      // descriptors in the ring
//       bool enqueue(void* cookie, const segment* list, u32 readable, u32 writable);
//           // First what the device reads, then what it writes. The list stays as it is until its
//           // cookie comes back. False: the kernel's queue did not take it.
//       bool dequeue(void*& cookie, u32& written);   // false: nothing there
//       void notify();                         // only if enqueue does not ring the doorbell itself
//   };
//   using my_queue = sg_queue<my_virtqueue>;   // the queue_type of a device port
//
// None of these may block or allocate. What the kernel's virtqueue leaves out is here: chains are
// bound to descriptors beforehand, the device's answers are judged, memory is ordered.

#include <vsnd/port/queue.hpp>

namespace vsnd {

template <class Virtqueue, u32 Chains = 64>
class sg_queue {
    using segment = typename Virtqueue::segment;
    static constexpr u32 most_parts = 3;

    struct entry {
        cookie what = nullptr;
        u32 readable = 0;
        u32 writable = 0;
        u32 writable_bytes = 0;
        bool bound = false;
        bool in_device = false;
        segment parts[most_parts]{};
    };

  public:
    struct slot {
        entry* chain = nullptr;
    };

    static constexpr bool posts_before_start = false;
    static constexpr bool kicks_itself = !requires(Virtqueue & q) { q.notify(); };

    // Empty, over this queue of the kernel's. Context: thread, while nobody uses it.
    void init(const Virtqueue& kernels) {
        kernels_ = kernels;
        free_ = kernels_.size();
        in_device_ = 0;
        for (entry& e : entries_)
            e = {};
    }

    result<slot> bind(const chain& c, cookie what) {
        const u32 count = static_cast<u32>(c.parts.size());
        if (count > most_parts || c.readable > count) return status_code::invalid_argument;
        entry* e = entries_;
        while (e != entries_ + Chains && e->bound)
            ++e;
        if (count > free_ || e == entries_ + Chains) return status_code::no_room;
        const u32 readable = static_cast<u32>(c.readable);
        *e = {.what = what, .readable = readable, .writable = count - readable, .bound = true};
        for (u32 i = 0; i < count; ++i) {
            e->parts[i] = Virtqueue::segment_of(c.parts[i]);
            if (i >= readable) e->writable_bytes += c.parts[i].bytes;
        }
        free_ -= count;
        return slot{e};
    }

    status_code post(slot s) {
        entry& e = *s.chain;
        if (e.in_device) return status_code::busy;
        // What the chain's memory holds is there before the device is told of it.
        __atomic_thread_fence(__ATOMIC_RELEASE);
        e.in_device = kernels_.enqueue(&e, e.parts, e.readable, e.writable);
        in_device_ += e.in_device ? 1 : 0;
        return e.in_device ? status_code::ok : status_code::no_room;
    }

    used take() {
        void* token = nullptr;
        u32 written = 0;
        if (!kernels_.dequeue(token, written)) return {};
        // The memory of the chain is read after the announcement that it came back.
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        // The kernel looked the cookie up by the device's number, which may be an old one.
        const usize at = reinterpret_cast<usize>(token) - reinterpret_cast<usize>(entries_);
        if (at >= sizeof(entries_) || at % sizeof(entry) != 0) return dropped();
        entry& e = *static_cast<entry*>(token);
        if (!e.in_device) return dropped();
        e.in_device = false;
        --in_device_;
        return {e.what, written > e.writable_bytes ? 0 : written, used::kind::completed};
    }

    status_code unbind(slot s) {
        if (s.chain->in_device) return status_code::memory_still_owned;
        free_ += s.chain->readable + s.chain->writable;
        s.chain->bound = false;
        return status_code::ok;
    }

    void kick(u32) requires(!kicks_itself) { kernels_.notify(); }

    // How many chains of so many descriptors the ring has room for in all. Context: any.
    u32 room(u32 descriptors) const {
        u32 chains = 0;
        for (u32 left = kernels_.size(); left >= descriptors && chains < Chains; ++chains)
            left -= descriptors;
        return chains;
    }

    // How many chains the device has; 0: its ring may be freed. Context: as take.
    u32 in_device() const { return in_device_; }

  private:
    static used dropped() { return {nullptr, 0, used::kind::dropped}; }

    Virtqueue kernels_{};
    u32 free_ = 0;
    u32 in_device_ = 0;
    entry entries_[Chains]{};
};

} // namespace vsnd
