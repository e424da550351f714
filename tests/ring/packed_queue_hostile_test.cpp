// packed_queue against a device that lies: unknown ids, ids twice, lengths beyond the chain, flags
// and events without meaning, and random bytes all over the ring.
// [virtio 1.4] Packed Virtqueues

#include <doctest/doctest.h>

#include <set>

#include <ring/packed_hand_device.hpp>

using namespace ring_test;
using vsnd::status_code;
using kind = vsnd::used::kind;

namespace {

// A ring of eight with two chains of three bound, the first of them posted.
struct two_chains : packed_bench<> {
    explicit two_chains(uint64_t features = 0) : packed_bench<>(8, features) {
        posted = bind(m.chain(), 0);
        idle = bind(m.chain(), 1);
        REQUIRE(ok(queue.post(posted)));
        popped = device.pop().value();
    }
    message m;
    queue_type::slot posted;
    queue_type::slot idle;
    packed_hand_device::buffer popped;
};

} // namespace

TEST_CASE("packed: an id that the ring does not have is dropped and counted") {
    for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
        two_chains b(features);
        uint32_t expected = 0;
        for (const unsigned id : {8U, 9U, 256U, 0x7fffU, 0xffffU}) {
            CAPTURE(id);
            b.device.give(id, 0, b.popped.takes);
            const vsnd::used u = b.queue.take();
            CHECK(u.type == kind::dropped);
            CHECK(u.what == nullptr);
            CHECK(u.written == 0);
            CHECK(b.queue.counters().unknown_ids == ++expected);
        }
        // The chain that is with the device is unharmed.
        CHECK(b.queue.in_device() == 1);
        b.device.give(b.popped, 8);
        CHECK(b.queue.take().what == cookie_of(0));
        CHECK(b.queue.broken() == false);
    }
}

TEST_CASE("packed: an id twice, of an idle chain, of the middle of a chain, of nothing") {
    two_chains b;
    REQUIRE(ok(b.queue.post(b.idle)));
    const auto other = b.device.pop().value();
    b.device.give(other, 8);
    CHECK(b.queue.take().what == cookie_of(1));
    unsigned lies = 0;
    for (unsigned id = 0; id < 8; ++id) {
        if (id == b.popped.id) continue;
        CAPTURE(id);
        ++lies;
        b.device.give(id, 8, 3);
        CHECK(b.queue.take().type == kind::dropped);
    }
    CHECK(b.queue.counters().unknown_ids == lies);
    CHECK(b.queue.broken() == false);
    CHECK(b.queue.idle(b.idle));
    CHECK_FALSE(b.queue.idle(b.posted));
    b.device.give(b.popped, 8);
    CHECK(b.queue.take().what == cookie_of(0));
    b.device.give(b.popped, 8);
    CHECK(b.queue.take().type == kind::dropped);
}

TEST_CASE("packed: more unknown ids than the ring has entries break it, and a reset mends it") {
    two_chains b;
    for (unsigned i = 0; i < 8; ++i) {
        b.device.give(99, 0, 3);
        CHECK(b.queue.take().type == kind::dropped);
        CHECK(b.queue.broken() == false);
    }
    b.device.give(99, 0, 3);
    CHECK(b.queue.take().type == kind::dropped);
    CHECK(b.queue.broken() == true);
    b.queue.reset();
    b.device.start_over();
    CHECK(b.queue.broken() == false);
    CHECK(b.queue.counters().unknown_ids == 9);
    REQUIRE(ok(b.queue.post(b.posted)));
    b.device.give(b.device.pop().value(), 8);
    CHECK(b.queue.take().what == cookie_of(0));
}

TEST_CASE("packed: a length beyond the chain's writable bytes counts as none") {
    for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
        two_chains b(features);
        b.device.give(b.popped, 8);
        CHECK(b.queue.take().written == 8);
        CHECK(b.queue.counters().overlong == 0);
        uint32_t expected = 0;
        for (const uint32_t length : {9U, 1032U, 0xffff'ffffU}) {
            CAPTURE(length);
            REQUIRE(ok(b.queue.post(b.posted)));
            b.device.give(b.device.pop().value(), length);
            const vsnd::used u = b.queue.take();
            CHECK(u.type == kind::completed);
            CHECK(u.what == cookie_of(0));
            CHECK(u.written == 0);
            CHECK(b.queue.counters().overlong == ++expected);
        }
        CHECK(b.queue.broken() == false);
    }
}

// The marks alone say whose a descriptor is: [virtio 1.4] Driver and Device Ring Wrap Counters.
TEST_CASE("packed: marks of another round are no news") {
    two_chains b;
    const uint64_t ring = b.queue.addresses().descriptors.value;
    for (const unsigned flags : {0x0000U, 0x0080U, 0x8000U, 0x7f7fU}) {
        CAPTURE(flags);
        b.memory.put(ring + 14, 2, flags);
        CHECK(b.queue.take().type == kind::nothing);
        CHECK(b.queue.arm(1) == false);
    }
    b.memory.put(ring + 14, 2, 0xffff); // what else there is means nothing
    CHECK(b.queue.arm(1) == true);
    CHECK(b.queue.take().type == kind::completed);
}

TEST_CASE("packed: scribbling over the ring does not mislead the driver") {
    two_chains b;
    b.device.give(b.popped, 8);
    CHECK(b.queue.take().what == cookie_of(0));
    std::memset(b.memory.cpu(), 0xff, b.memory.size());
    CHECK(b.queue.unbind(b.posted) == status_code::ok);
    CHECK(b.queue.unbind(b.idle) == status_code::ok);
    CHECK(b.queue.free_chains(1) == 8);
    REQUIRE(ok(b.queue.post(b.bind(b.m.chain(), 2))));
    const auto popped = b.device.pop();
    REQUIRE(popped);
    CHECK(popped->elements == b.m.elements());
}

// The driver goes on whatever lies in the memory that the device can write: each cookie is one
// that was posted, no chain comes back twice, and all accesses are inside the memory.
TEST_CASE_TEMPLATE("packed: random bytes from the device", Policy, packed_policy,
                   packed_in_order_policy) {
    for (const unsigned size : {3U, 5U, 64U, 256U}) {
        for (uint64_t seed = 1; seed <= 6; ++seed) {
            CAPTURE(size);
            CAPTURE(seed);
            uint64_t state = seed * 0x9e37'79b9'7f4a'7c15;
            const auto below = [&](uint32_t n) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                return static_cast<uint32_t>(state >> 33) % n;
            };
            const uint64_t features = (seed & 1 ? event_idx_bit : 0) |
                                      (seed & 2 ? indirect_bit : 0) | (seed & 4 ? in_order_bit : 0);
            packed_bench<Policy> b(size, features);
            const message m;
            std::vector<typename packed_bench<Policy>::queue_type::slot> slots;
            for (size_t i = 0; b.queue.free_chains(3) != 0; ++i)
                slots.push_back(b.bind(m.chain(), i));
            std::set<size_t> out;
            unsigned wrong = 0;
            unsigned completed = 0;
            const auto came_back = [&](vsnd::cookie what) {
                wrong += out.erase(reinterpret_cast<size_t>(what) - 1) != 1;
                ++completed;
            };
            const uint32_t shared = 16 * size + 8;
            for (unsigned i = 0; i < 20'000; ++i) {
                if (b.queue.broken()) {
                    b.queue.reset();
                    out.clear();
                }
                const size_t which = below(static_cast<uint32_t>(slots.size()));
                switch (below(8)) {
                case 0:
                    for (unsigned n = below(4); n != 0; --n)
                        b.memory.cpu()[below(shared)] = static_cast<uint8_t>(below(256));
                    break;
                case 1: // plausible answers, now and then all over the ring
                    for (unsigned n = below(8) == 0 ? size : 1; n != 0; --n) {
                        const uint64_t d = bus_memory::base + 16 * (n == 1 ? below(size) : n - 1);
                        b.memory.put(d + 8, 4, below(2) ? below(12) : below(0xffff'ffff));
                        b.memory.put(d + 12, 2, below(size + 1));
                        b.memory.put(d + 14, 2, below(2) ? 0x8080 : 0);
                    }
                    break;
                case 2:
                case 3:
                    if (!b.queue.idle(slots[which])) break;
                    wrong += !ok(b.queue.post(slots[which]));
                    out.insert(which);
                    break;
                case 4: b.queue.kick(below(3)); break;
                case 5: (void)b.queue.arm(1 + below(300)); break;
                case 6: {
                    const vsnd::used u = b.queue.take();
                    wrong += (u.what != nullptr) != (u.type == kind::completed);
                    wrong += u.written > 8;
                    if (u.type == kind::completed) came_back(u.what);
                    break;
                }
                default: {
                    const vsnd::u32 skipped = below(300);
                    (void)b.queue.take_and_arm(
                        skipped, [&](vsnd::cookie, auto written) { return written() < 9; },
                        came_back);
                    break;
                }
                }
                if (i % 64 == 0) wrong += b.queue.in_device() != out.size();
            }
            CHECK(wrong == 0);
            CHECK(completed > 20);
        }
    }
}
