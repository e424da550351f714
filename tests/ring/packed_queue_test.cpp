// packed_queue against a device end written by hand: memory, binding, posting, taking.
// [virtio 1.4] Packed Virtqueues

#include <doctest/doctest.h>

#include <memory>

#include <ring/packed_hand_device.hpp>
#include <support/rounds.hpp>

using namespace ring_test;
using vsnd::status_code;
using kind = vsnd::used::kind;

namespace {

struct never_policy : packed_policy {
    static constexpr auto event_idx = vsnd::choice::never;
    static constexpr auto indirect = vsnd::choice::never;
};
struct always_policy : packed_policy {
    static constexpr auto event_idx = vsnd::choice::always;
    static constexpr auto indirect = vsnd::choice::always;
};
struct huge_policy : vsnd::ring_policy {
    static constexpr vsnd::u16 most_descriptors = 32768;
};
using plain_queue = vsnd::packed_queue<counting_doorbell>;
static_assert(vsnd::sound_queue<plain_queue>);
static_assert(vsnd::has_arm<plain_queue> && vsnd::has_ring<plain_queue>);
static_assert(vsnd::has_broken<plain_queue> && vsnd::has_take_and_arm<plain_queue>);
constinit plain_queue constant_initialised;

} // namespace

// [virtio 1.4] Packed Virtqueues / Structure Size and Alignment
// [virtio 1.4] Packed Virtqueues / Virtqueues, driver 1
TEST_CASE("packed: the three parts are aligned, apart, and inside the memory") {
    for (const unsigned size : {1U, 2U, 3U, 5U, 7U, 64U, 100U, 255U, 256U}) {
        CAPTURE(size);
        packed_bench b(size, event_idx_bit | indirect_bit);
        REQUIRE(b.first == status_code::ok);
        const auto where = b.queue.addresses();
        const uint64_t ring = where.descriptors.value;
        const uint64_t driver = where.driver_area.value;
        const uint64_t device = where.device_area.value;
        CHECK(ring % 16 == 0);
        CHECK(driver % 4 == 0);
        CHECK(device % 4 == 0);
        CHECK(ring >= bus_memory::base);
        CHECK(driver >= ring + 16 * size);
        CHECK(device >= driver + 4);
        CHECK(device + 4 <= bus_memory::base + b.memory.size());
        CHECK(b.queue.size() == size);
    }
}

// [virtio 1.4] The Virtqueue Descriptor Format: the descriptor ring is zero-initialized.
TEST_CASE("packed: a fresh ring is zero, whatever the memory held") {
    for (const uint64_t features : {uint64_t{0}, event_idx_bit}) {
        packed_bench b(8, features);
        for (unsigned i = 0; i < 8; ++i) {
            CHECK(b.device.own(i).flags == 0);
            CHECK(b.device.own(i).addr == 0);
        }
        CHECK_FALSE(b.device.has_next());
        CHECK(b.device.driver_event_flags() == (features == 0 ? 0 : 2));
        CHECK(b.device.driver_event_place() == 0x8000); // the first answer there is
        CHECK(b.queue.take().type == kind::nothing);
        CHECK(b.queue.in_device() == 0);
        CHECK(b.queue.free_chains(1) == 8);
    }
}

TEST_CASE("packed: init refuses sizes and memory that cannot serve") {
    int rung = 0;
    bus_memory memory(plain_queue::memory_bytes(64));
    const vsnd::dma_region region = memory.region();
    for (const unsigned size : {0U, 65U, 32769U, 65535U}) {
        CAPTURE(size);
        CHECK(constant_initialised.init(static_cast<vsnd::u16>(size), 0, region, {&rung}) ==
              status_code::invalid_argument);
    }
    const auto init_64 = [&](vsnd::dma_region r) {
        return constant_initialised.init(64, 0, r, {&rung});
    };
    CHECK(init_64({nullptr, region.bus, region.bytes}) == status_code::no_memory);
    CHECK(init_64({region.cpu, region.bus, region.bytes - 1}) == status_code::no_memory);
    CHECK(init_64({region.cpu, region.bus + 8, region.bytes}) == status_code::no_memory);
    CHECK(init_64(region) == status_code::ok);
    CHECK(constant_initialised.init(63, 0, region, {&rung}) == status_code::ok);
}

// [virtio 1.4] Packed Virtqueues: the Queue Size value does not have to be a power of 2.
TEST_CASE("packed: the size that fits a device's offer is the lesser of both") {
    CHECK(plain_queue::fitting_size(0) == 0);
    CHECK(plain_queue::fitting_size(3) == 3);
    CHECK(plain_queue::fitting_size(63) == 63);
    CHECK(plain_queue::fitting_size(100) == 64);
    CHECK(vsnd::packed_queue<counting_doorbell, huge_policy>::fitting_size(65535) == 32768);
}

// [virtio 1.4] Placing Available Buffers Into The Descriptor Ring
// [virtio 1.4] Packed Virtqueues / Scatter-Gather Support, driver 3
// [virtio 1.4] Packed Virtqueues / Indirect Descriptors, driver 1
TEST_CASE_TEMPLATE("packed: a direct chain lies in the ring as the specification has it", Policy,
                   packed_policy, never_policy) {
    packed_bench<Policy> b(5, 0);
    const message m;
    const auto slot = b.bind(m.chain(), 0);
    CHECK_FALSE(b.device.has_next()); // binding shows the device nothing
    // Through the end of the ring, where the wrap counter changes in the middle of a chain.
    for (unsigned round = 0; round < 40; ++round) {
        CAPTURE(round);
        const unsigned at = round * 3 % 5;
        REQUIRE(ok(b.queue.post(slot)));
        const auto popped = b.device.pop();
        REQUIRE(popped);
        CHECK(popped->takes == 3);
        CHECK_FALSE(popped->indirect);
        CHECK(popped->elements == m.elements());
        CHECK((b.device.own(at).flags & 7) == 1);
        CHECK((b.device.own((at + 1) % 5).flags & 7) == 1);
        CHECK((b.device.own((at + 2) % 5).flags & 7) == 2);
        CHECK_FALSE(b.device.has_next());
        b.device.give(*popped, 8);
        const vsnd::used u = b.queue.take();
        CHECK(u.what == cookie_of(0));
        CHECK(u.written == 8);
        CHECK(b.queue.take().type == kind::nothing);
    }
}

// [virtio 1.4] Indirect Flag: Scatter-Gather Support
// [virtio 1.4] Packed Virtqueues / Scatter-Gather Support, driver 3
// [virtio 1.4] Packed Virtqueues / Indirect Descriptors, driver 2
// [virtio 1.4] Packed Virtqueues / Indirect Descriptors, driver 4
TEST_CASE_TEMPLATE("packed: an indirect chain takes one descriptor and a table", Policy,
                   packed_policy, always_policy) {
    packed_bench<Policy> b(5, indirect_bit | event_idx_bit);
    std::vector<message> messages;
    for (uint64_t i = 0; i < 5; ++i)
        messages.emplace_back(0x100000 * (i + 1));
    for (size_t i = 0; i < 5; ++i)
        REQUIRE(ok(b.queue.post(b.bind(messages[i].chain(), i))));
    for (size_t i = 0; i < 5; ++i) {
        CHECK((b.device.own(static_cast<unsigned>(i)).flags & 7) == 4);
        CHECK(b.device.own(static_cast<unsigned>(i)).len == 3 * 16);
        CHECK(b.device.own(static_cast<unsigned>(i)).addr % 16 == 0);
        const auto popped = b.device.pop();
        REQUIRE(popped);
        CHECK(popped->takes == 1);
        CHECK(popped->elements == messages[i].elements());
    }
    CHECK_FALSE(b.device.has_next());
    CHECK(b.queue.free_chains(3) == 0);
    CHECK(b.queue.bind(messages[0].chain(), nullptr).code() == status_code::no_room);
}

TEST_CASE("packed: one part, or more than a table holds, goes direct although indirect is on") {
    packed_bench b(8, indirect_bit);
    const vsnd::part parts[6] = {{{16}, 1}, {{32}, 2}, {{48}, 3}, {{64}, 4}, {{80}, 5}, {{96}, 6}};
    for (const size_t count : {size_t{1}, size_t{5}}) {
        REQUIRE(ok(b.queue.post(b.bind({{parts, count}, count}, count))));
        const auto popped = b.device.pop();
        REQUIRE(popped);
        CHECK_FALSE(popped->indirect);
        CHECK(popped->takes == count);
        CHECK(popped->elements.size() == count);
    }
    CHECK(b.queue.free_chains(1) == 2);
    CHECK(b.queue.free_chains(4) == 2); // a table each
    CHECK(b.queue.free_chains(5) == 0);
}

// [virtio 1.4] Scatter-Gather Support: no descriptor list longer than the Queue Size.
// [virtio 1.4] Packed Virtqueues / Scatter-Gather Support, driver 1
// [virtio 1.4] Packed Virtqueues / Scatter-Gather Support, driver 2
// [virtio 1.4] Packed Virtqueues / Indirect Descriptors, driver 3
TEST_CASE("packed: bind refuses what no queue may hold, and changes nothing") {
    for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
        CAPTURE(features);
        packed_bench b(2, features);
        const message m;
        const auto memory = b.memory.copy();
        CHECK(b.queue.bind(m.chain(), nullptr).code() == status_code::no_room);
        CHECK(b.queue.bind({}, nullptr).code() == status_code::invalid_argument);
        const vsnd::part huge[2] = {{{0}, 0xffff'ffff}, {{0}, 2}};
        CHECK(b.queue.bind({huge, 1}, nullptr).code() == status_code::invalid_argument);
        CHECK(b.queue.free_chains(3) == 0);
        CHECK(b.queue.free_chains(0) == 0);
        CHECK(b.queue.free_chains(1) == 2);
        CHECK(b.memory.copy() == memory);
    }
}

// [virtio 1.4] Packed Virtqueues / Scatter-Gather Support, driver 5
TEST_CASE("packed: room is counted in chains, and comes back") {
    for (const unsigned size : {3U, 5U, 64U, 256U}) {
        for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
            CAPTURE(size);
            CAPTURE(features);
            packed_bench b(size, features);
            const size_t fits = features == 0 ? size / 3 : size;
            CHECK(b.queue.free_chains(3) == fits);
            const message m;
            std::vector<packed_bench<>::queue_type::slot> slots;
            for (size_t i = 0; i < fits; ++i) {
                slots.push_back(b.bind(m.chain(), i));
                CHECK(b.queue.free_chains(3) == fits - i - 1);
            }
            CHECK(b.queue.bind(m.chain(), nullptr).code() == status_code::no_room);
            for (const auto& s : slots)
                CHECK(b.queue.unbind(s) == status_code::ok);
            CHECK(b.queue.free_chains(1) == size);
            CHECK(b.queue.free_chains(3) == fits);
            CHECK(b.queue.unbind(slots[0]) == status_code::invalid_argument);
            CHECK(b.queue.unbind({}) == status_code::invalid_argument);
        }
    }
}

// [virtio 1.4] Driver and Device Ring Wrap Counters
// [virtio 1.4] Packed Virtqueues / Scatter-Gather Support, driver 4
TEST_CASE("packed: a full ring goes round and round, in any order") {
    for (const unsigned size : {3U, 5U, 64U, 256U}) {
        for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
            CAPTURE(size);
            CAPTURE(features);
            packed_bench b(size, features);
            const message m;
            const size_t fits = features == 0 ? size / 3 : size;
            std::vector<packed_bench<>::queue_type::slot> slots;
            for (size_t i = 0; i < fits; ++i)
                slots.push_back(b.bind(m.chain(), i));
            unsigned wrong = 0;
            for (unsigned round = 0; round < support::rounds(200); ++round) {
                std::vector<packed_hand_device::buffer> popped;
                for (const auto& s : slots)
                    wrong += !ok(b.queue.post(s));
                while (b.device.has_next())
                    popped.push_back(b.device.pop().value());
                wrong += popped.size() != fits;
                for (size_t i = 0; i < fits; ++i) {
                    const size_t which = round % 2 == 0 ? i : fits - 1 - i;
                    wrong += popped[which].elements != m.elements();
                    b.device.give(popped[which], 8);
                    const vsnd::used u = b.queue.take();
                    wrong += u.what != cookie_of(which) || u.written != 8;
                }
                wrong += b.queue.take().type != kind::nothing;
            }
            CHECK(wrong == 0);
            CHECK(b.queue.in_device() == 0);
        }
    }
}

TEST_CASE("packed: a chain as long as the ring, and the largest ring") {
    packed_bench b(3, 0);
    const message m;
    const auto slot = b.bind(m.chain(), 4);
    for (unsigned i = 0; i < 100; ++i) {
        REQUIRE(ok(b.queue.post(slot)));
        const auto popped = b.device.pop();
        REQUIRE(popped);
        CHECK(popped->elements == m.elements());
        b.device.give(*popped, 3);
        CHECK(b.queue.take().what == cookie_of(4));
    }
    const auto huge = std::make_unique<packed_bench<huge_policy>>(32768U, event_idx_bit);
    const vsnd::part part{{64}, 4};
    const auto one = huge->bind({{&part, 1}, 1}, 9);
    unsigned wrong = 0;
    for (unsigned i = 0; i < 100'000; ++i) {
        wrong += huge->queue.arm(1);
        wrong += !ok(huge->queue.post(one));
        wrong += !huge->device.give(huge->device.pop().value(), 0);
        wrong += huge->queue.take().what != cookie_of(9);
    }
    CHECK(wrong == 0);
}

// [virtio 1.4] Packed Virtqueues / The Virtqueue Descriptor Table, driver 2
TEST_CASE("packed: a chain that the device has is not given back") {
    packed_bench b(5, 0);
    const message m;
    const auto slot = b.bind(m.chain(), 0);
    REQUIRE(ok(b.queue.post(slot)));
    const auto memory = b.memory.copy();
    CHECK(b.queue.unbind(slot) == status_code::memory_still_owned);
    CHECK(b.queue.in_device() == 1);
    CHECK_FALSE(b.queue.idle(slot));
    CHECK(b.memory.copy() == memory);
    b.device.give(b.device.pop().value(), 8);
    CHECK(b.queue.unbind(slot) == status_code::memory_still_owned); // not taken yet
    CHECK(b.queue.take().what == cookie_of(0));
    CHECK(b.queue.unbind(slot) == status_code::ok);
}

TEST_CASE("packed: reset empties the ring, keeps what is bound, and forgets what was posted") {
    packed_bench b(5, event_idx_bit | indirect_bit);
    const message m;
    const auto slot = b.bind(m.chain(), 1);
    for (unsigned i = 0; i < 7; ++i) { // into the second round
        REQUIRE(ok(b.queue.post(slot)));
        b.device.give(b.device.pop().value(), 0);
        (void)b.queue.take();
    }
    REQUIRE(ok(b.queue.post(slot)));
    CHECK(b.queue.arm(3) == false);
    b.device.ask(0, 1);
    b.queue.reset();
    b.device.start_over();
    CHECK(b.device.driver_event_place() == 0x8000);
    CHECK(b.device.driver_event_flags() == 2);
    CHECK_FALSE(b.device.has_next());
    CHECK(b.queue.take().type == kind::nothing);
    CHECK(b.queue.in_device() == 0);
    b.queue.kick(0);
    CHECK(b.rung == 0); // nothing is left of before
    REQUIRE(ok(b.queue.post(slot)));
    const auto popped = b.device.pop();
    REQUIRE(popped);
    CHECK(popped->elements == m.elements());
}

// Some devices return ids from before a reset into the new ring: other chains must not answer.
TEST_CASE("packed: chains bound after others were given back have other ids") {
    packed_bench b(8, indirect_bit);
    const message m;
    const auto old = b.bind(m.chain(), 1);
    REQUIRE(ok(b.queue.post(old)));
    const unsigned old_id = b.device.pop()->id;
    b.queue.reset();
    b.device.start_over();
    REQUIRE(ok(b.queue.unbind(old)));
    for (size_t i = 0; i < 7; ++i) {
        REQUIRE(ok(b.queue.post(b.bind(m.chain(), i))));
        CHECK(b.device.pop()->id != old_id);
    }
    b.device.give(old_id, 8, 1);
    CHECK(b.queue.take().type == kind::dropped);
}

TEST_CASE("packed: a ring that is set up again goes on with other ids, and has all its room") {
    for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
        CAPTURE(features);
        packed_bench b(11, features);
        const message m;
        std::vector<packed_hand_device::buffer> old;
        for (size_t i = 0; i < 2; ++i) {
            REQUIRE(ok(b.queue.post(b.bind(m.chain(), i))));
            old.push_back(b.device.pop().value());
        }
        REQUIRE(ok(b.queue.init(11, features, b.memory.region(), {&b.rung, &b.told})));
        b.device.start_over();
        CHECK(b.queue.free_chains(1) == 11);
        CHECK(b.queue.in_device() == 0);
        REQUIRE(ok(b.queue.post(b.bind(m.chain(), 7))));
        const auto popped = b.device.pop();
        REQUIRE(popped);
        CHECK(popped->elements == m.elements());
        // A stale answer takes as much of the ring as a good one.
        for (const auto& stale : old) {
            CHECK(stale.id != popped->id);
            b.device.give(stale, 8);
            CHECK(b.queue.take().type == kind::dropped);
        }
        b.device.give(*popped, 8);
        CHECK(b.queue.take().what == cookie_of(7));
        // Another size begins anew.
        REQUIRE(ok(b.queue.init(4, features, b.memory.region(), {&b.rung, &b.told})));
        CHECK(b.queue.free_chains(1) == 4);
        for (size_t i = 0; i < 4; ++i)
            CHECK(b.queue.bind({{m.parts, 1}, 1}, nullptr).ok());
        CHECK(b.queue.bind({{m.parts, 1}, 1}, nullptr).code() == status_code::no_room);
    }
}
