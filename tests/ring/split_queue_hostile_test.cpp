// split_queue against used rings that lie: nothing the device writes is believed unchecked.
// [virtio 1.4] The Virtqueue Used Ring

#include <doctest/doctest.h>

#include <ring/hand_device.hpp>

using namespace ring_test;
using vsnd::status_code;
using kind = vsnd::used::kind;

namespace {

// A ring of eight with two chains of three bound, the first of them posted.
struct two_chains : bench<> {
    explicit two_chains(uint64_t features = 0) : bench<>(8, features) {
        posted = queue.bind(m.chain(), cookie_of(0)).value();
        idle = queue.bind(m.chain(), cookie_of(1)).value();
        REQUIRE(ok(queue.post(posted)));
        head = device.pop();
    }
    message m;
    queue_type::slot posted;
    queue_type::slot idle;
    unsigned head = 0;
};

} // namespace

TEST_CASE("ring: an id that the ring does not have is dropped and counted") {
    two_chains b;
    uint32_t expected = 0;
    for (const uint32_t id : {8U, 9U, 0xffffU, 0x10000U, 0x7fff'ffffU, 0xffff'ffffU}) {
        CAPTURE(id);
        b.device.give(id, 0, false);
        const vsnd::used u = b.queue.take();
        CHECK(u.type == kind::dropped);
        CHECK(u.what == nullptr);
        CHECK(u.written == 0);
        CHECK(b.queue.counters().unknown_ids == ++expected);
    }
    // The chain that is with the device is unharmed.
    CHECK(b.queue.in_device() == 1);
    b.device.give(b.head, 8, false);
    CHECK(b.queue.take().what == cookie_of(0));
    CHECK(b.queue.broken() == false);
}

TEST_CASE("ring: the first id that a ring of the largest size does not have") {
    bench b(64, 0);
    const vsnd::part part{{64}, 4};
    for (size_t i = 0; i < 64; ++i)
        REQUIRE(ok(b.queue.post(b.queue.bind({{&part, 1}, 1}, cookie_of(i)).value())));
    b.device.give(64, 0, false);
    CHECK(b.queue.take().type == kind::dropped);
    b.device.give(63, 0, false);
    CHECK(b.queue.take().type == kind::completed);
}

TEST_CASE("ring: an id twice, of an idle chain, of the middle of a chain, of a free descriptor") {
    two_chains b;
    const unsigned middle = b.device.own(b.head).next;
    REQUIRE(ok(b.queue.post(b.idle)));
    const unsigned other = b.device.pop();
    b.device.give(other, 8, false);
    CHECK(b.queue.take().what == cookie_of(1));

    std::vector<uint32_t> wrong{middle, other};
    for (uint32_t id = 0; id < 8; ++id)
        if (id != b.head) wrong.push_back(id);
    // More lies than the ring has entries would break it: a real device sends a few.
    wrong.resize(8);
    for (const uint32_t id : wrong) {
        CAPTURE(id);
        b.device.give(id, 8, false);
        CHECK(b.queue.take().type == kind::dropped);
    }
    CHECK(b.queue.counters().unknown_ids == 8);
    CHECK(b.queue.broken() == false);
    CHECK(b.queue.idle(b.idle));
    CHECK_FALSE(b.queue.idle(b.posted));
    b.device.give(b.head, 8, false);
    CHECK(b.queue.take().what == cookie_of(0));
    b.device.give(b.head, 8, false);
    CHECK(b.queue.take().type == kind::dropped);
}

TEST_CASE("ring: more unknown ids than the ring has entries break it, and a reset mends it") {
    two_chains b;
    for (unsigned i = 0; i < 8; ++i) {
        b.device.give(99, 0, false);
        CHECK(b.queue.take().type == kind::dropped);
        CHECK(b.queue.broken() == false);
    }
    b.device.give(99, 0, false);
    CHECK(b.queue.take().type == kind::dropped);
    CHECK(b.queue.broken() == true);
    b.queue.reset();
    CHECK(b.queue.broken() == false);
    CHECK(b.queue.counters().unknown_ids == 9);
    CHECK(b.queue.post(b.posted) == status_code::ok);
}

TEST_CASE("ring: an index that leaps, forwards or back, breaks the ring and completes nothing") {
    for (const unsigned leap : {9U, 10U, 1000U, 32768U, 65535U}) {
        CAPTURE(leap);
        two_chains b;
        for (unsigned i = 0; i < 8; ++i)
            b.device.set_used_entry(i, b.head, 8);
        b.device.set_used_idx(static_cast<uint16_t>(leap));
        for (unsigned i = 0; i < 20; ++i)
            CHECK(b.queue.take().what == nullptr);
        CHECK(b.queue.broken() == true);
        CHECK(b.queue.in_device() == 1);
        b.queue.reset();
        CHECK(b.queue.broken() == false);
        CHECK(b.queue.in_device() == 0);
    }
}

TEST_CASE("ring: an index ahead of the entries returns what the ring holds, once") {
    two_chains b;
    for (unsigned i = 0; i < 8; ++i)
        b.device.set_used_entry(i, b.head, 8);
    b.device.set_used_idx(8); // as many as the ring has: plausible by the index alone
    CHECK(b.queue.take().what == cookie_of(0));
    for (unsigned i = 0; i < 7; ++i)
        CHECK(b.queue.take().type == kind::dropped);
    CHECK(b.queue.take().type == kind::nothing);
    CHECK(b.queue.in_device() == 0);
}

// The driver MUST NOT make assumptions about data beyond the first len bytes: a length that the
// chain cannot hold says nothing about any byte.
// [virtio 1.4] Split Virtqueues / The Virtqueue Used Ring, driver 1
TEST_CASE("ring: a length beyond the chain's writable bytes counts as none") {
    for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
        two_chains b(features);
        b.device.give(b.head, 8, false);
        CHECK(b.queue.take().written == 8);
        CHECK(b.queue.counters().overlong == 0);
        uint32_t expected = 0;
        for (const uint32_t length : {9U, 1032U, 0xffff'ffffU}) {
            CAPTURE(length);
            REQUIRE(ok(b.queue.post(b.posted)));
            b.device.give(b.device.pop(), length, false);
            const vsnd::used u = b.queue.take();
            CHECK(u.type == kind::completed);
            CHECK(u.what == cookie_of(0));
            CHECK(u.written == 0);
            CHECK(b.queue.counters().overlong == ++expected);
        }
        CHECK(b.queue.broken() == false);
    }
}

TEST_CASE("ring: a chain without writable parts can have had nothing written") {
    bench b(4, 0);
    const vsnd::part part{{64}, 4};
    const auto slot = b.queue.bind({{&part, 1}, 1}, cookie_of(5)).value();
    REQUIRE(ok(b.queue.post(slot)));
    b.device.give(b.device.pop(), 1, false);
    const vsnd::used u = b.queue.take();
    CHECK(u.what == cookie_of(5));
    CHECK(u.written == 0);
    CHECK(b.queue.counters().overlong == 1);
}

// [virtio 1.4] The Virtqueue Descriptor Table: the device MUST NOT write to it. One that does
// leads the driver nowhere: it never reads the table back.
TEST_CASE("ring: scribbling over descriptors and the available ring does not mislead the driver") {
    two_chains b;
    const auto where = b.queue.addresses();
    std::memset(b.memory.at(where.descriptors.value, 8 * 16), 0xff, 8 * 16);
    std::memset(b.memory.at(where.driver_area.value, 6 + 2 * 8), 0xff, 6 + 2 * 8);
    b.device.give(b.head, 8, false);
    CHECK(b.queue.take().what == cookie_of(0));
    CHECK(b.queue.unbind(b.posted) == status_code::ok);
    CHECK(b.queue.unbind(b.idle) == status_code::ok);
    CHECK(b.queue.free_chains(1) == 8);
    const auto again = b.queue.bind(b.m.chain(), cookie_of(2));
    REQUIRE(again.ok());
    REQUIRE(ok(b.queue.post(again.value())));
    CHECK(b.device.avail_idx() == 2); // the driver's own count, not what memory says
    CHECK(b.device.follow(b.device.avail_entry(1)) == b.m.elements());
}
