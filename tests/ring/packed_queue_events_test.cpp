// When packed_queue rings the doorbell and when it asks for an interrupt, and in which order it
// touches shared memory.
// [virtio 1.4] Packed Virtqueues / Driver and Device Event Suppression

#include <doctest/doctest.h>

#include <ring/packed_hand_device.hpp>
#include <support/rounds.hpp>

using namespace ring_test;
using vsnd::status_code;
using kind = vsnd::used::kind;

namespace {

template <class Bench>
auto bind_some(Bench& b, size_t count) {
    std::vector<typename Bench::queue_type::slot> slots;
    const message m;
    for (size_t i = 0; i < count; ++i)
        slots.push_back(b.bind(m.chain(), i));
    return slots;
}

template <class Bench>
void finish_all(Bench& b) {
    while (b.device.has_next())
        b.device.give(b.device.pop().value(), 0);
    while (b.queue.take().type != kind::nothing) {
    }
}

// A witness at each of the three places where order matters.
struct packed_witness {
    uint8_t* first = nullptr; // the ring's first descriptor
    uint8_t event_at_full = 0;
    uint8_t flags_at_publish = 0;
    uint8_t second_at_publish = 0;
    uint8_t flags_at_full = 0;
    uint8_t length_at_publish = 0;
    unsigned published = 0;
    unsigned fulls = 0;
    unsigned consumed = 0;
};
packed_witness seen;

struct watched_order : vsnd::same_host_order {
    template <class Field, class Value>
    static void publish(Field* field, Value value) {
        ++seen.published;
        seen.length_at_publish = seen.first[8];
        seen.flags_at_publish = seen.first[14];
        seen.second_at_publish = seen.first[16 + 14];
        vsnd::same_host_order::publish(field, value);
    }
    template <class Field>
    static auto consume(const Field* field) {
        ++seen.consumed;
        return vsnd::same_host_order::consume(field);
    }
    static void full() {
        ++seen.fulls;
        seen.flags_at_full = seen.first[14];
        seen.event_at_full = seen.first[16 * 4];
        vsnd::same_host_order::full();
    }
};
struct watched_policy : packed_policy {
    using order = watched_order;
};
struct telling_policy : packed_policy {
    static constexpr auto notification_data = vsnd::choice::negotiated;
};
struct always_telling_policy : packed_policy {
    static constexpr auto notification_data = vsnd::choice::always;
};

} // namespace

// Notify when the descriptor that the device named was made available since the last look.
TEST_CASE("packed: with EVENT_IDX the doorbell follows the device's place, round after round") {
    for (const unsigned size : {3U, 5U, 8U, 64U}) {
        for (const uint64_t features : {event_idx_bit, event_idx_bit | indirect_bit}) {
            CAPTURE(size);
            CAPTURE(features);
            packed_bench b(size, features);
            const unsigned takes = (features & indirect_bit) != 0 ? 1 : 3;
            const auto slots = bind_some(b, size / takes);
            uint32_t random = 1;
            unsigned wrong = 0;
            unsigned at = 0;
            bool wrap = true;
            for (unsigned round = 0; round < support::rounds(20'000); ++round) {
                random = random * 1664525 + 1013904223;
                const unsigned batch = (random >> 16) % (static_cast<unsigned>(slots.size()) + 1);
                // A place up to a ring's length ahead, as a device may name, or just behind.
                unsigned named = at;
                bool named_wrap = wrap;
                b.device.step(named, named_wrap, (random >> 8) % size);
                if (random >> 31 != 0) {
                    named = at;
                    named_wrap = wrap;
                    b.device.step(named, named_wrap, 2 * size - 1); // one before
                }
                b.device.ask_for(named, named_wrap);
                bool passed = false;
                for (unsigned i = 0; i < batch; ++i) {
                    wrong += !ok(b.queue.post(slots[i]));
                    for (unsigned d = 0; d < takes; ++d) {
                        passed = passed || (at == named && wrap == named_wrap);
                        b.device.step(at, wrap, 1);
                    }
                }
                const int before = b.rung;
                b.queue.kick(batch);
                wrong += (b.rung - before) != static_cast<int>(passed);
                b.queue.kick(0); // nothing new: nothing to tell
                wrong += (b.rung - before) != static_cast<int>(passed);
                finish_all(b);
            }
            CHECK(wrong == 0);
            CHECK(b.rung > int{support::rounds(1000)});
        }
    }
}

TEST_CASE("packed: the doorbell follows enable and disable, with and without EVENT_IDX") {
    for (const uint64_t features : {uint64_t{0}, event_idx_bit}) {
        CAPTURE(features);
        packed_bench b(8, features);
        const auto slots = bind_some(b, 2);
        for (const unsigned flags : {0U, 1U, 0U, 0xfffcU, 0xfffdU}) { // the rest is reserved
            CAPTURE(flags);
            b.device.ask(0x1234, flags);
            const int before = b.rung;
            REQUIRE(ok(b.queue.post(slots[0])));
            REQUIRE(ok(b.queue.post(slots[1])));
            b.queue.kick(2);
            CHECK(b.rung - before == ((flags & 1) == 0 ? 1 : 0));
            b.queue.kick(0);
            CHECK(b.rung - before == ((flags & 1) == 0 ? 1 : 0));
            finish_all(b);
        }
        b.device.ask(0, 1);
        const int before = b.rung;
        b.queue.ring(); // in any case
        CHECK(b.rung == before + 1);
    }
}

// RING_EVENT_FLAGS_DESC is only valid with EVENT_IDX: without it, better once too often.
TEST_CASE("packed: a place named without EVENT_IDX, or flags without meaning, ring always") {
    packed_bench b(8, 0);
    const auto slots = bind_some(b, 1);
    int expected = 0;
    for (const unsigned flags : {2U, 3U}) {
        b.device.ask(7, flags);
        REQUIRE(ok(b.queue.post(slots[0])));
        b.queue.kick(1);
        CHECK(b.rung == ++expected);
        finish_all(b);
    }
}

// The device is told a place, and interrupts for that descriptor alone.
TEST_CASE("packed: arm asks for an interrupt after exactly k completions") {
    for (const unsigned size : {3U, 5U, 8U, 64U}) {
        for (const uint64_t features : {event_idx_bit, event_idx_bit | indirect_bit}) {
            CAPTURE(size);
            CAPTURE(features);
            packed_bench b(size, features);
            const unsigned fits = (features & indirect_bit) != 0 ? size : size / 3;
            const auto slots = bind_some(b, fits);
            unsigned wrong = 0;
            for (unsigned round = 0; round < support::rounds(3'000); ++round) {
                const unsigned k = 1 + round % fits;
                wrong += b.queue.arm(k); // nothing is here yet
                for (const auto& s : slots)
                    wrong += !ok(b.queue.post(s));
                std::vector<packed_hand_device::buffer> popped;
                while (b.device.has_next())
                    popped.push_back(b.device.pop().value());
                for (unsigned i = 1; i <= fits; ++i) {
                    const unsigned which = round % 3 == 0 ? fits - i : i - 1; // in any order
                    wrong += b.device.give(popped[which], 0) != (i == k);
                }
                wrong += b.device.driver_event_flags() != 2;
                while (b.queue.take().type != kind::nothing) {
                }
            }
            CHECK(wrong == 0);
        }
    }
}

TEST_CASE("packed: where chains differ in length, or k is beyond a round, the next one counts") {
    packed_bench b(8, event_idx_bit);
    const message m;
    const vsnd::part part{{64}, 4};
    const auto longer = b.bind(m.chain(), 0);
    CHECK_FALSE(b.queue.arm(2));
    CHECK(b.device.driver_event_place() == (0x8000 | 3)); // after one chain of three
    CHECK_FALSE(b.queue.arm(5));
    CHECK(b.device.driver_event_place() == 0x8000);
    const auto shorter = b.bind({{&part, 1}, 1}, 1);
    CHECK_FALSE(b.queue.arm(2));
    CHECK(b.device.driver_event_place() == 0x8000);
    REQUIRE(ok(b.queue.post(longer)));
    REQUIRE(ok(b.queue.post(shorter)));
    const auto first = b.device.pop().value();
    const auto second = b.device.pop().value();
    CHECK(b.device.give(second, 0));
    CHECK(b.queue.take().what == cookie_of(1));
    CHECK_FALSE(b.queue.arm(2));
    CHECK(b.device.give(first, 0));
    CHECK(b.queue.take().what == cookie_of(0));
    // All of one length again.
    REQUIRE(ok(b.queue.unbind(longer)));
    REQUIRE(ok(b.queue.unbind(shorter)));
    (void)b.bind({{&part, 1}, 1}, 1);
    CHECK_FALSE(b.queue.arm(3));
    CHECK(b.device.driver_event_place() == (0x8000 | 6)); // at 4, and two more
    CHECK_FALSE(b.queue.arm(6));
    CHECK(b.device.driver_event_place() == 1); // in the next round
}

TEST_CASE("packed: arm says that the news is here when the interrupt may have been missed") {
    packed_bench b(8, event_idx_bit | indirect_bit);
    const auto slots = bind_some(b, 4);
    for (const auto& s : slots)
        REQUIRE(ok(b.queue.post(s)));
    b.device.give(b.device.pop().value(), 0);
    b.device.give(b.device.pop().value(), 0);
    CHECK(b.queue.arm(3) == true); // two of three are here: no harm in taking them
    CHECK(b.device.give(b.device.pop().value(), 0) == true);
    CHECK(b.queue.arm(1) == true);
    finish_all(b);
    CHECK(b.queue.arm(1) == false);
}

TEST_CASE("packed: without EVENT_IDX every completion interrupts, whatever arm was told") {
    packed_bench b(8, 0);
    const auto slots = bind_some(b, 2);
    CHECK(b.queue.arm(2) == false);
    CHECK(b.device.driver_event_flags() == 0);
    REQUIRE(ok(b.queue.post(slots[0])));
    CHECK(b.device.give(b.device.pop().value(), 0) == true);
    CHECK(b.queue.arm(2) == true); // one is here: it may have interrupted before
}

TEST_CASE("packed: take_and_arm hands over what is good, then arms") {
    for (const uint64_t features : {event_idx_bit, event_idx_bit | indirect_bit}) {
        CAPTURE(features);
        packed_bench b(12, features);
        const auto slots = bind_some(b, 4);
        const unsigned takes = (features & indirect_bit) != 0 ? 1 : 3;
        for (const auto& s : slots)
            REQUIRE(ok(b.queue.post(s)));
        for (unsigned i = 0; i < 3; ++i)
            b.device.give(b.device.pop().value(), i);
        const vsnd::u32 skipped = 1;
        std::vector<vsnd::cookie> handled;
        const auto handle = [&](vsnd::cookie what) {
            handled.push_back(what);
            CHECK(ok(b.queue.post(slots[handled.size() - 1]))); // may be posted again at once
        };
        const auto first_two = [](vsnd::cookie, auto written) { return written() < 2; };
        CHECK_FALSE(b.queue.take_and_arm(skipped, first_two, handle));
        CHECK(handled == std::vector<vsnd::cookie>{cookie_of(0), cookie_of(1)});
        const vsnd::used u = b.queue.take(); // the one that was not good is still there
        CHECK(u.what == cookie_of(2));
        CHECK(u.written == 2);
        CHECK(b.queue.take_and_arm(skipped, first_two, handle));
        CHECK(handled.size() == 2);
        CHECK(b.device.driver_event_place() ==
              (0x8000 | (4 * takes) % 12) - (takes == 3 ? 0x8000u : 0u));
        b.device.give(99, 0, takes);
        CHECK_FALSE(b.queue.take_and_arm(skipped, first_two, handle));
        CHECK(b.queue.take().type == kind::dropped);
        CHECK(handled.size() == 2);
    }
}

TEST_CASE("packed: take_and_arm ends although the device completes all that is posted") {
    packed_bench b(4, event_idx_bit | indirect_bit);
    const auto slots = bind_some(b, 1);
    REQUIRE(ok(b.queue.post(slots[0])));
    b.device.give(b.device.pop().value(), 0);
    unsigned handled = 0;
    const auto again = [&](vsnd::cookie) {
        ++handled;
        REQUIRE(ok(b.queue.post(slots[0])));
        b.device.give(b.device.pop().value(), 0);
    };
    const vsnd::u32 skipped = 0;
    CHECK_FALSE(b.queue.take_and_arm(
        skipped, [](vsnd::cookie, auto) { return true; }, again));
    CHECK(handled == 8); // two rounds
    CHECK(b.queue.take().what == cookie_of(0));
}

// [virtio 1.4] Packed Virtqueues / Updating flags: a barrier before, so that the device sees the
// most up-to-date copy. Sending Available Buffer Notifications: a barrier before reading the
// device's event suppression.
// [virtio 1.4] Packed Virtqueues / Scatter-Gather Support, driver 6
// [virtio 1.4] Packed Virtqueues / Updating flags, driver 1
// [virtio 1.4] Packed Virtqueues / Sending Available Buffer Notifications, driver 1
TEST_CASE("packed: the flags of the first descriptor go last, and before the doorbell's test") {
    seen = {};
    packed_bench<watched_policy> b(4, event_idx_bit);
    seen.first = b.memory.at(b.queue.addresses().descriptors.value, 16);
    const message m;
    const auto slot = b.bind(m.chain(), 0);
    REQUIRE(ok(b.queue.post(slot)));
    CHECK(seen.published == 1);
    CHECK(seen.flags_at_publish == 0);     // not yet
    CHECK(seen.length_at_publish == 4);    // the header
    CHECK(seen.second_at_publish == 0x81); // available, and another follows
    CHECK(seen.fulls == 0);
    CHECK(seen.consumed == 0);
    b.queue.kick(1);
    CHECK(seen.fulls == 1);
    CHECK(seen.flags_at_full == 0x81);
    CHECK(seen.consumed == 1);
    CHECK(b.rung == 1);
    CHECK(b.queue.take().type == kind::nothing);
    CHECK(seen.consumed == 2);
    CHECK(b.queue.arm(2) == false);
    CHECK(seen.fulls == 2);
    CHECK(seen.event_at_full == 3); // the place is there before the barrier
    CHECK(seen.consumed == 3);
}

// [virtio 1.4] The Virtqueue Descriptor Table: next_off and next_wrap match the next descriptor
// not yet made available to the device.
// [virtio 1.4] Packed Virtqueues / The Virtqueue Descriptor Table, driver 3
TEST_CASE_TEMPLATE("packed: with NOTIFICATION_DATA the doorbell says where the next one goes",
                   Policy, telling_policy, always_telling_policy) {
    for (const uint64_t features : {uint64_t{0}, indirect_bit}) {
        packed_bench<Policy> b(5, features | notification_data_bit);
        const auto slots = bind_some(b, 1);
        unsigned wrong = 0;
        for (unsigned i = 0; i < 100; ++i) {
            b.told = 0xffff;
            wrong += !ok(b.queue.post(slots[0]));
            b.queue.kick(1);
            const auto popped = b.device.pop().value();
            wrong += b.told != (b.device.next_avail() | (b.device.avail_wrap() ? 0x8000u : 0u));
            b.device.give(popped, 0);
            (void)b.queue.take();
        }
        CHECK(wrong == 0);
        CHECK(b.rung == 100);
    }
}

TEST_CASE("packed: without NOTIFICATION_DATA the doorbell says nothing") {
    packed_bench<telling_policy> b(5, 0);
    b.told = 0xffff;
    const auto slots = bind_some(b, 1);
    REQUIRE(ok(b.queue.post(slots[0])));
    b.queue.kick(1);
    CHECK(b.rung == 1);
    CHECK(b.told == 0xffff);
}
