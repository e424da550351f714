#pragma once
// The chains that the device has, in the order in which they were posted. With IN_ORDER it may
// answer for many of them by naming the last one.
// Spec: [virtio 1.4] In-order use of descriptors

#include <vsnd/ring/policy.hpp>

namespace vsnd {

// Room for `Most` ids, which is as many as the ring has; without IN_ORDER it takes no room.
template <u32 Most>
class posted_order {
  public:
    void clear() { first_ = count_ = 0; }
    bool empty() const { return count_ == 0; }
    u16 front() const { return ids_[first_]; }

    VSND_HOT void push(u16 id) {
        const u32 at = first_ + count_;
        ids_[at < Most ? at : at - Most] = id;
        ++count_;
    }
    void pop() {
        first_ = first_ + 1 == Most ? 0 : first_ + 1;
        --count_;
    }

  private:
    u16 ids_[Most]{};
    u32 first_ = 0;
    u32 count_ = 0;
};

template <>
class posted_order<0> {
  public:
    void clear() {}
    bool empty() const { return true; }
    u16 front() const { return 0; }
    VSND_HOT void push(u16) {}
    void pop() {}
};

} // namespace vsnd
