// Clauses of the packed ring that are seen best byte by byte: what the device has is not touched.

#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <map>

#include <ring/packed_hand_device.hpp>

using namespace ring_test;
using vsnd::status_code;
using kind = vsnd::used::kind;

namespace {

// A ring with chains that come and go, and a copy of every descriptor that the device has.
class guarded_ring {
  public:
    guarded_ring(unsigned size, uint64_t features, uint32_t seed)
        : b_(size, features), random_(seed) {
        const message m;
        while (b_.queue.free_chains(3) != 0) {
            idle_.push_back(slots_.size());
            slots_.push_back(b_.bind(m.chain(), slots_.size()));
        }
    }
    // Any operation of the driver, or an answer of the device.
    void step() {
        random_ = random_ * 1664525 + 1013904223;
        switch (random_ >> 16 & 7) {
        case 0:
        case 1:
        case 2: return post();
        case 3:
        case 4: return answer();
        case 5: b_.queue.kick(1); break;
        case 6: (void)b_.queue.arm(1 + (random_ >> 20) % 4); break;
        default: take(); break;
        }
        look();
    }
    unsigned wrong() const { return wrong_; }
    unsigned completed() const { return completed_; }

  private:
    using image = std::array<uint8_t, 16>;

    image descriptor(unsigned at) {
        image i;
        std::memcpy(i.data(), b_.memory.at(b_.queue.addresses().descriptors.value + 16 * at, 16),
                    16);
        return i;
    }
    void look() {
        for (const auto& [at, was] : exposed_)
            wrong_ += descriptor(at) != was;
    }
    void post() {
        if (idle_.empty()) return;
        wrong_ += !ok(b_.queue.post(slots_[idle_.front()]));
        idle_.pop_front();
        look();
        unsigned at = b_.device.next_avail();
        bool wrap = b_.device.avail_wrap();
        const auto popped = b_.device.pop();
        if (!popped) return void(++wrong_);
        for (unsigned i = 0; i < popped->takes; ++i) {
            wrong_ += exposed_.count(at) != 0; // a place that the device has not given back
            exposed_[at] = descriptor(at);
            b_.device.step(at, wrap, 1);
        }
        with_device_.push_back(*popped);
    }
    void answer() {
        if (with_device_.empty()) return;
        const size_t which = (random_ >> 20) % with_device_.size();
        const auto popped = with_device_[which];
        with_device_.erase(with_device_.begin() + static_cast<ptrdiff_t>(which));
        // As many places come back as the chain takes, from where the device writes next.
        unsigned at = b_.device.next_used();
        bool wrap = false;
        for (unsigned i = 0; i < popped.takes; ++i) {
            exposed_.erase(at);
            b_.device.step(at, wrap, 1);
        }
        b_.device.give(popped, 8);
    }
    void take() {
        const vsnd::used u = b_.queue.take();
        if (u.type == kind::nothing) return;
        ++completed_;
        wrong_ += u.type != kind::completed;
        for (size_t name = 0; name < slots_.size(); ++name)
            if (u.what == cookie_of(name)) idle_.push_back(name);
    }

    packed_bench<> b_;
    uint32_t random_;
    std::vector<packed_bench<>::queue_type::slot> slots_;
    std::deque<size_t> idle_;
    std::vector<packed_hand_device::buffer> with_device_;
    std::map<unsigned, image> exposed_;
    unsigned wrong_ = 0;
    unsigned completed_ = 0;
};

} // namespace

// [virtio 1.4] Packed Virtqueues / The Virtqueue Descriptor Table, driver 1
// [virtio 1.4] Packed Virtqueues / The Virtqueue Descriptor Table, driver 2
TEST_CASE("conformance: a packed descriptor that the device has is never written") {
    for (const unsigned size : {3U, 5U, 8U, 13U, 64U}) {
        for (const uint64_t features : {uint64_t{0}, indirect_bit, event_idx_bit | indirect_bit}) {
            CAPTURE(size);
            CAPTURE(features);
            guarded_ring ring(size, features, size);
            for (unsigned i = 0; i < 20'000; ++i)
                ring.step();
            CHECK(ring.wrong() == 0);
            CHECK(ring.completed() > 1000);
        }
    }
}

// [virtio 1.4] Packed Virtqueues / The Virtqueue Descriptor Table, driver 4
TEST_CASE("conformance: a second doorbell for the same packed descriptors shows nothing new") {
    packed_bench b(5, event_idx_bit);
    const message m;
    REQUIRE(ok(b.queue.post(b.bind(m.chain(), 0))));
    b.queue.ring();
    REQUIRE(b.device.pop());
    const auto memory = b.memory.copy();
    b.queue.ring();
    b.queue.ring();
    CHECK(b.rung == 3);
    CHECK_FALSE(b.device.has_next());
    CHECK(b.memory.copy() == memory);
}
