// split_queue against a device end written by hand: memory, binding, posting, taking.
// [virtio 1.4] Split Virtqueues

#include <doctest/doctest.h>

#include <ring/hand_device.hpp>

using namespace ring_test;
using vsnd::status_code;
using kind = vsnd::used::kind;

namespace {

struct never_policy : vsnd::ring_policy {
    static constexpr auto event_idx = vsnd::choice::never;
    static constexpr auto indirect = vsnd::choice::never;
};
struct always_policy : vsnd::ring_policy {
    static constexpr auto event_idx = vsnd::choice::always;
    static constexpr auto indirect = vsnd::choice::always;
};
using plain_queue = vsnd::split_queue<counting_doorbell>;
static_assert(vsnd::sound_queue<plain_queue>);
static_assert(vsnd::has_arm<plain_queue> && vsnd::has_ring<plain_queue>);
static_assert(vsnd::has_broken<plain_queue>);
constinit plain_queue constant_initialised;

} // namespace

// [virtio 1.4] Virtqueues / table of alignment and size requirements
// [virtio 1.4] Split Virtqueues / Virtqueues, driver 1
TEST_CASE("ring: the three parts are aligned, apart, and inside the memory") {
    for (unsigned size = 1; size <= 64; size *= 2) {
        CAPTURE(size);
        bench b(size, event_idx_bit | indirect_bit);
        REQUIRE(b.first == status_code::ok);
        const auto where = b.queue.addresses();
        const uint64_t descriptors = where.descriptors.value;
        const uint64_t avail = where.driver_area.value;
        const uint64_t used = where.device_area.value;
        CHECK(descriptors % 16 == 0);
        CHECK(avail % 2 == 0);
        CHECK(used % 4 == 0);
        CHECK(descriptors >= bus_memory::base);
        CHECK(avail >= descriptors + 16 * size);
        CHECK(used >= avail + 6 + 2 * size);
        CHECK(used + 6 + 8 * size <= bus_memory::base + b.memory.size());
        CHECK(b.queue.size() == size);
    }
}

// [virtio 1.4] Virtqueue Configuration: allocate and zero the rings
// [virtio 1.4] Split Virtqueues / Available Buffer Notification Suppression, driver 1
TEST_CASE("ring: a fresh ring is zero wherever the device looks, whatever the memory held") {
    bench b(8, event_idx_bit);
    CHECK(b.device.avail_flags() == 0);
    CHECK(b.device.avail_idx() == 0);
    CHECK(b.device.used_event() == 0);
    CHECK(b.device.used_flags() == 0);
    CHECK(b.device.used_idx() == 0);
    CHECK(b.queue.take().type == kind::nothing);
    CHECK(b.queue.in_device() == 0);
    CHECK(b.queue.free_chains(1) == 8);
}

TEST_CASE("ring: init refuses sizes and memory that cannot serve") {
    int rung = 0;
    bus_memory memory(plain_queue::memory_bytes(64));
    const vsnd::dma_region region = memory.region();
    for (const unsigned size : {0U, 3U, 63U, 128U, 65535U}) {
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
}

TEST_CASE("ring: the size that fits a device's offer is the largest power of two below both") {
    CHECK(plain_queue::fitting_size(0) == 0);
    CHECK(plain_queue::fitting_size(1) == 1);
    CHECK(plain_queue::fitting_size(3) == 2);
    CHECK(plain_queue::fitting_size(64) == 64);
    CHECK(plain_queue::fitting_size(100) == 64);
    CHECK(plain_queue::fitting_size(1024) == 64);
}

// [virtio 1.4] Placing Buffers Into The Descriptor Table
// [virtio 1.4] Split Virtqueues / Message Framing, driver 1
// [virtio 1.4] Split Virtqueues / Indirect Descriptors, driver 1
TEST_CASE_TEMPLATE("ring: a bound chain lies in the table as the specification has it", Policy,
                   vsnd::ring_policy, never_policy) {
    bench<Policy> b(8, 0);
    const message m;
    const auto before = b.device.avail_idx();
    const auto slot = b.queue.bind(m.chain(), cookie_of(0));
    REQUIRE(slot.ok());
    CHECK(b.device.avail_idx() == before); // binding shows the device nothing
    REQUIRE(ok(b.queue.post(slot.value())));
    REQUIRE(b.device.has_next());
    b.device.set_avail_event(5);
    b.queue.kick(1); // without EVENT_IDX the wish is ignored
    CHECK(b.rung == 1);
    const unsigned head = b.device.pop();
    CHECK(b.device.follow(head) == m.elements());
    // [virtio 1.4] Indirect Descriptors: no such flag unless negotiated.
    const auto first = b.device.own(head);
    CHECK(first.flags == 1);
    const auto second = b.device.own(first.next);
    CHECK(second.flags == 1);
    CHECK(b.device.own(second.next).flags == 2);
}

// [virtio 1.4] The Virtqueue Descriptor Table / Indirect Descriptors
// [virtio 1.4] Split Virtqueues / Message Framing, driver 1
// [virtio 1.4] Split Virtqueues / Indirect Descriptors, driver 2
// [virtio 1.4] Split Virtqueues / Indirect Descriptors, driver 4
TEST_CASE_TEMPLATE("ring: an indirect chain takes one descriptor and a table", Policy,
                   vsnd::ring_policy, always_policy) {
    bench<Policy> b(4, indirect_bit | event_idx_bit);
    std::vector<message> messages;
    for (uint64_t i = 0; i < 4; ++i)
        messages.emplace_back(0x100000 * (i + 1));
    for (size_t i = 0; i < 4; ++i) {
        const auto slot = b.queue.bind(messages[i].chain(), cookie_of(i));
        REQUIRE(slot.ok());
        REQUIRE(ok(b.queue.post(slot.value())));
    }
    b.device.set_avail_event(4);
    b.queue.kick(4); // with EVENT_IDX the wish holds
    CHECK(b.rung == 0);
    for (size_t i = 0; i < 4; ++i) {
        const unsigned head = b.device.pop();
        CHECK(b.device.own(head).flags == 4);
        CHECK(b.device.own(head).len == 3 * 16);
        CHECK(b.device.own(head).addr % 16 == 0);
        CHECK(b.device.follow(head) == messages[i].elements());
    }
    CHECK(b.queue.free_chains(3) == 0);
    CHECK(b.queue.bind(messages[0].chain(), nullptr).code() == status_code::no_room);
}

TEST_CASE("ring: one part, or more than a table holds, goes direct although indirect is on") {
    bench b(8, indirect_bit);
    const vsnd::part parts[6] = {{{16}, 1}, {{32}, 2}, {{48}, 3}, {{64}, 4}, {{80}, 5}, {{96}, 6}};
    for (const size_t count : {size_t{1}, size_t{5}}) {
        const auto slot = b.queue.bind({{parts, count}, count}, nullptr);
        REQUIRE(slot.ok());
        REQUIRE(ok(b.queue.post(slot.value())));
        const unsigned head = b.device.pop();
        CHECK((b.device.own(head).flags & 4) == 0);
        REQUIRE(b.device.follow(head).has_value());
        CHECK(b.device.follow(head)->size() == count);
    }
    CHECK(b.queue.free_chains(1) == 2);
}

// [virtio 1.4] Indirect Descriptors: no chain longer than the Queue Size, in a table neither.
// [virtio 1.4] The Virtqueue Descriptor Table: at most 2^32 bytes in total.
// [virtio 1.4] Split Virtqueues / The Virtqueue Descriptor Table, driver 1
// [virtio 1.4] Split Virtqueues / Indirect Descriptors, driver 3
TEST_CASE("ring: bind refuses what no queue may hold, and takes nothing") {
    for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
        CAPTURE(features);
        bench b(2, features);
        const message m;
        CHECK(b.queue.bind(m.chain(), nullptr).code() == status_code::no_room);
        CHECK(b.queue.bind({}, nullptr).code() == status_code::invalid_argument);
        const vsnd::part huge[2] = {{{0}, 0xffff'ffff}, {{0}, 2}};
        CHECK(b.queue.bind({huge, 1}, nullptr).code() == status_code::invalid_argument);
        CHECK(b.queue.free_chains(3) == 0);
        CHECK(b.queue.free_chains(0) == 0);
        CHECK(b.queue.free_chains(1) == 2);
    }
}

TEST_CASE("ring: room is counted in chains, and comes back") {
    for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
        CAPTURE(features);
        bench b(64, features);
        const size_t fits = features == 0 ? 21 : 64; // 64 heads: 21 chains of three, or 64 tables
        CHECK(b.queue.free_chains(3) == fits);
        const message m;
        std::vector<plain_queue::slot> slots;
        for (size_t i = 0; i < fits; ++i) {
            const auto slot = b.queue.bind(m.chain(), cookie_of(i));
            REQUIRE(slot.ok());
            slots.push_back(slot.value());
            CHECK(b.queue.free_chains(3) == fits - i - 1);
        }
        CHECK(b.queue.bind(m.chain(), nullptr).code() == status_code::no_room);
        for (const auto& s : slots)
            CHECK(b.queue.unbind(s) == status_code::ok);
        CHECK(b.queue.free_chains(1) == 64);
        CHECK(b.queue.free_chains(3) == fits);
        CHECK(b.queue.unbind(slots[0]) == status_code::invalid_argument);
        CHECK(b.queue.unbind({}) == status_code::invalid_argument);
    }
}

// [virtio 1.4] Supplying Buffers to The Device: the head goes to ring[idx % size], then idx.
// [virtio 1.4] Split Virtqueues / The Virtqueue Available Ring, driver 1
TEST_CASE("ring: posting the same chain again and again, through the wrap of the index") {
    bench b(4, event_idx_bit);
    const message m;
    const auto bound = b.queue.bind(m.chain(), cookie_of(7));
    REQUIRE(bound.ok());
    const auto slot = bound.value();
    unsigned wrong = 0;
    for (unsigned i = 0; i < 70'000; ++i) {
        wrong += !b.queue.idle(slot);
        wrong += !ok(b.queue.post(slot));
        wrong += b.device.avail_idx() != static_cast<uint16_t>(i + 1);
        wrong += b.queue.idle(slot);
        wrong += b.queue.take().type != kind::nothing;
        b.device.give(b.device.pop(), 8, true);
        const vsnd::used u = b.queue.take();
        wrong += u.type != kind::completed || u.what != cookie_of(7) || u.written != 8;
    }
    CHECK(wrong == 0);
    CHECK(b.device.follow(b.device.avail_entry(0)) == m.elements());
}

// [virtio 1.4] General Initialization And Device Operation / Device Cleanup, driver 1
TEST_CASE("ring: a chain that the device has is not given back") {
    bench b(4, 0);
    const message m;
    const auto slot = b.queue.bind(m.chain(), cookie_of(0)).value();
    REQUIRE(ok(b.queue.post(slot)));
    const auto memory = b.memory.copy();
    CHECK(b.queue.unbind(slot) == status_code::memory_still_owned);
    CHECK(b.queue.in_device() == 1);
    CHECK(b.memory.copy() == memory);
    b.device.give(b.device.pop(), 8, false);
    CHECK(b.queue.unbind(slot) == status_code::memory_still_owned); // not taken yet
    CHECK(b.queue.take().what == cookie_of(0));
    CHECK(b.queue.unbind(slot) == status_code::ok);
}

TEST_CASE("ring: completions come in the device's order, with the cookie of each") {
    bench b(8, indirect_bit);
    std::vector<unsigned> heads;
    const message m;
    for (size_t i = 0; i < 5; ++i) {
        REQUIRE(ok(b.queue.post(b.queue.bind(m.chain(), cookie_of(i)).value())));
        heads.push_back(b.device.pop());
    }
    for (const size_t i : {3U, 0U, 4U, 1U, 2U})
        b.device.give(heads[i], static_cast<uint32_t>(i), false);
    for (const size_t i : {3U, 0U, 4U, 1U, 2U}) {
        const vsnd::used u = b.queue.take();
        CHECK(u.type == kind::completed);
        CHECK(u.what == cookie_of(i));
        CHECK(u.written == i);
    }
    CHECK(b.queue.take().type == kind::nothing);
}

TEST_CASE("ring: reset empties the ring, keeps what is bound, and forgets what was posted") {
    bench b(8, event_idx_bit | indirect_bit);
    const message m;
    const auto slot = b.queue.bind(m.chain(), cookie_of(1)).value();
    REQUIRE(ok(b.queue.post(slot)));
    CHECK(b.queue.arm(3) == false);
    b.device.set_used_flags(1);
    b.device.give(b.device.pop(), 0, true);
    b.queue.reset();
    b.device.start_over();
    CHECK(b.device.avail_idx() == 0);
    CHECK(b.device.used_event() == 0);
    CHECK(b.device.used_idx() == 0);
    CHECK(b.device.used_flags() == 0);
    CHECK(b.queue.take().type == kind::nothing);
    CHECK(b.queue.in_device() == 0);
    REQUIRE(b.queue.post(slot) == status_code::ok);
    CHECK(b.device.follow(b.device.pop()) == m.elements());
}

// Some devices return ids from before a reset into the new ring: other chains must not answer.
TEST_CASE("ring: chains bound after others were given back have other heads") {
    bench b(8, indirect_bit);
    const message m;
    const auto old = b.queue.bind(m.chain(), cookie_of(1)).value();
    REQUIRE(ok(b.queue.post(old)));
    const unsigned old_head = b.device.pop();
    b.queue.reset();
    b.device.start_over();
    REQUIRE(ok(b.queue.unbind(old)));
    for (size_t i = 0; i < 7; ++i) {
        REQUIRE(ok(b.queue.post(b.queue.bind(m.chain(), cookie_of(i)).value())));
        CHECK(b.device.pop() != old_head);
    }
    b.device.give(old_head, 8, false);
    CHECK(b.queue.take().type == kind::dropped);
}

TEST_CASE("ring: a ring that is set up again goes on with other heads, and has all its room") {
    for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
        CAPTURE(features);
        bench b(8, features);
        const message m;
        std::vector<unsigned> old;
        for (size_t i = 0; i < 2; ++i) {
            REQUIRE(ok(b.queue.post(b.queue.bind(m.chain(), cookie_of(i)).value())));
            old.push_back(b.device.pop());
        }
        REQUIRE(ok(b.queue.init(8, features, b.memory.region(), {&b.rung})));
        b.device.start_over();
        CHECK(b.queue.free_chains(1) == 8);
        CHECK(b.queue.in_device() == 0);
        REQUIRE(ok(b.queue.post(b.queue.bind(m.chain(), cookie_of(7)).value())));
        const unsigned head = b.device.pop();
        CHECK(b.device.follow(head) == m.elements());
        for (const unsigned id : old) {
            CHECK(id != head);
            b.device.give(id, 8, false);
            CHECK(b.queue.take().type == kind::dropped);
        }
        b.device.give(head, 8, false);
        CHECK(b.queue.take().what == cookie_of(7));
        // Another size begins anew.
        REQUIRE(ok(b.queue.init(4, features, b.memory.region(), {&b.rung})));
        CHECK(b.queue.free_chains(1) == 4);
        for (size_t i = 0; i < 4; ++i)
            CHECK(b.queue.bind({{m.parts, 1}, 1}, nullptr).ok());
        CHECK(b.queue.bind({{m.parts, 1}, 1}, nullptr).code() == status_code::no_room);
    }
}
