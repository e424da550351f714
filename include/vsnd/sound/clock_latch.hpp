#pragma once
// A small value with one writer that any context may read whole, also one that interrupts the
// writer. Two copies, and a sequence number that says which one is whole: the writer changes only
// the other copy, so a reader never waits for it.

#include <vsnd/base/atomic.hpp>

namespace vsnd {

template <class Value>
class clock_latch {
  public:
    // Context: any.
    Value load() const {
        for (;;) {
            const u32 seen = load_acquire(&sequence_);
            words copy;
            for (u32 i = 0; i < count; ++i)
                copy.word[i] = load_relaxed(&copies_[seen & 1].word[i]);
            __atomic_thread_fence(__ATOMIC_ACQUIRE); // pairs with the release fence in store
            if (load_relaxed(&sequence_) != seen) continue;
            Value value;
            __builtin_memcpy(static_cast<void*>(&value), copy.word, sizeof value);
            return value;
        }
    }

    // Context: the one writer's.
    void store(const Value& value) {
        words copy;
        __builtin_memcpy(copy.word, static_cast<const void*>(&value), sizeof value);
        const u32 next = sequence_ + 1;
        __atomic_thread_fence(__ATOMIC_RELEASE); // the number stored last time is seen first
        for (u32 i = 0; i < count; ++i)
            store_relaxed(&copies_[next & 1].word[i], copy.word[i]);
        store_release(&sequence_, next); // pairs with the acquire load in load
    }

  private:
    static_assert(sizeof(Value) % sizeof(usize) == 0);
    static constexpr u32 count = sizeof(Value) / sizeof(usize);
    struct words {
        usize word[count]{};
    };

    words copies_[2];
    u32 sequence_ = 0;
};

} // namespace vsnd
