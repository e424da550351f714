// Rings a doorbell after posting, for order.py to look at the instructions.

#include <vsnd/ring/split_queue.hpp>

namespace {
struct bell {
    volatile vsnd::u32* address;
    void ring() { *address = 0x5e11; }
};
} // namespace

using queue = vsnd::split_queue<bell, vsnd::small_ring_policy>;

extern "C" void post_and_ring(queue& q, queue::slot s) {
    (void)q.post(s);
    q.ring();
}
extern "C" bool look(queue& q) {
    return q.arm(1);
}
