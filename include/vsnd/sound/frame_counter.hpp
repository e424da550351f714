#pragma once
// A 64-bit count of frames with one writer that any context may read, also one that interrupts
// the writer.

#include <vsnd/base/atomic.hpp>

namespace vsnd {

// Where 64 bits are one access, that is all there is to it.
template <bool One_access>
class basic_frame_counter {
  public:
    VSND_TINY void add(u64 frames) { store_relaxed(&value_, value_ + frames); }
    u64 load() const { return load_relaxed(&value_); }
    void reset() { store_relaxed(&value_, u64{0}); }

  private:
    u64 value_ = 0;
};

// Elsewhere a latch: two copies, and a sequence number that says which one is whole. The writer
// changes only the other copy, so a reader never waits for it.
template <>
class basic_frame_counter<false> {
  public:
    void add(u64 frames) { write(value_ + frames); }
    void reset() { write(0); }

    u64 load() const {
        for (;;) {
            const u32 seen = load_acquire(&sequence_);
            const half_pair& whole = copies_[seen & 1];
            const u64 low = load_relaxed(&whole.low);
            const u64 high = load_relaxed(&whole.high);
            __atomic_thread_fence(__ATOMIC_ACQUIRE); // pairs with the release fence in write
            if (load_relaxed(&sequence_) == seen) return high << 32 | low;
        }
    }

  private:
    struct half_pair {
        u32 low = 0;
        u32 high = 0;
    };

    void write(u64 value) {
        value_ = value;
        const u32 next = sequence_ + 1;
        __atomic_thread_fence(__ATOMIC_RELEASE); // the number stored last time is seen first
        half_pair& other = copies_[next & 1];
        store_relaxed(&other.low, static_cast<u32>(value));
        store_relaxed(&other.high, static_cast<u32>(value >> 32));
        store_release(&sequence_, next); // pairs with the acquire load in load
    }

    u64 value_ = 0; // the writer's own
    u32 sequence_ = 0;
    half_pair copies_[2];
};

using frame_counter = basic_frame_counter<(sizeof(void*) >= 8)>;

} // namespace vsnd
