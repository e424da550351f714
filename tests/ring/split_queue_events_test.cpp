// When split_queue rings the doorbell and when it asks for an interrupt, and in which order it
// touches shared memory.
// [virtio 1.4] Available Buffer Notification Suppression, Used Buffer Notification Suppression

#include <doctest/doctest.h>

#include <ring/hand_device.hpp>

using namespace ring_test;
using vsnd::status_code;

namespace {

template <class Bench>
auto bind_some(Bench& b, size_t count) {
    std::vector<typename Bench::queue_type::slot> slots;
    const message m;
    for (size_t i = 0; i < count; ++i) {
        const auto slot = b.queue.bind(m.chain(), cookie_of(i));
        REQUIRE(slot.ok());
        slots.push_back(slot.value());
    }
    return slots;
}

template <class Bench>
void finish_all(Bench& b, bool event_idx) {
    while (b.device.has_next())
        b.device.give(b.device.pop(), 0, event_idx);
    while (b.queue.take().type != vsnd::used::kind::nothing) {
    }
}

// The order policy of the library, with a witness at each of its three places.
struct witness {
    uint8_t* entry = nullptr; // the available ring's first entry
    uint8_t* idx = nullptr;
    unsigned entry_at_publish = 0;
    unsigned published = 0;
    unsigned idx_at_full = 0;
    unsigned fulls = 0;
    unsigned consumed = 0;
};
witness seen;

struct watched_order : vsnd::same_host_order {
    template <class Field, class Value>
    static void publish(Field* field, Value value) {
        ++seen.published;
        seen.entry_at_publish = seen.entry[0];
        vsnd::same_host_order::publish(field, value);
    }
    template <class Field>
    static auto consume(const Field* field) {
        ++seen.consumed;
        return vsnd::same_host_order::consume(field);
    }
    static void full() {
        ++seen.fulls;
        seen.idx_at_full = seen.idx[0];
        vsnd::same_host_order::full();
    }
};
struct watched_policy : vsnd::ring_policy {
    using order = watched_order;
};

} // namespace

// With the feature: notify when the entry that avail_event names was written since the last look.
// [virtio 1.4] Split Virtqueues / Available Buffer Notification Suppression, driver 5
// [virtio 1.4] Split Virtqueues / Available Buffer Notification Suppression, driver 6
// [virtio 1.4] Split Virtqueues / Available Buffer Notification Suppression, driver 7
TEST_CASE("ring: with EVENT_IDX the doorbell follows avail_event, past 65536") {
    bench b(8, event_idx_bit | indirect_bit);
    const auto slots = bind_some(b, 8);
    uint32_t random = 1;
    uint16_t written = 0; // entries written so far, by the rule's own counting
    unsigned wrong = 0;
    for (unsigned round = 0; round < 30'000; ++round) {
        random = random * 1664525 + 1013904223;
        const unsigned batch = (random >> 24) % 9;
        const uint16_t event = static_cast<uint16_t>(written + (random >> 16) % 12 - 2);
        b.device.set_avail_event(event);
        b.device.set_used_flags(static_cast<uint16_t>(random >> 31)); // MUST be ignored
        bool named = false;
        for (unsigned i = 0; i < batch; ++i) {
            wrong += !ok(b.queue.post(slots[i]));
            named = named || written == event;
            ++written;
        }
        const int before = b.rung;
        b.queue.kick(batch);
        wrong += (b.rung - before) != static_cast<int>(named);
        b.queue.kick(0); // nothing new: nothing to tell
        wrong += (b.rung - before) != static_cast<int>(named);
        finish_all(b, true);
    }
    CHECK(wrong == 0);
    CHECK(b.rung > 1000);
}

// [virtio 1.4] Split Virtqueues / Available Buffer Notification Suppression, driver 2
// [virtio 1.4] Split Virtqueues / Available Buffer Notification Suppression, driver 3
// [virtio 1.4] Split Virtqueues / Available Buffer Notification Suppression, driver 4
TEST_CASE("ring: without EVENT_IDX the doorbell follows the flags, and avail_event is ignored") {
    bench b(8, 0);
    const auto slots = bind_some(b, 2);
    for (const uint16_t flags : {uint16_t{0}, uint16_t{1}}) {
        CAPTURE(flags);
        for (uint16_t event = 0; event < 5; ++event) {
            b.device.set_used_flags(flags);
            b.device.set_avail_event(event);
            const int before = b.rung;
            REQUIRE(ok(b.queue.post(slots[0])));
            REQUIRE(ok(b.queue.post(slots[1])));
            b.queue.kick(2);
            CHECK(b.rung - before == (flags == 0 ? 1 : 0));
            b.queue.kick(0);
            CHECK(b.rung - before == (flags == 0 ? 1 : 0));
            finish_all(b, false);
        }
    }
    b.device.set_used_flags(1);
    const int before = b.rung;
    b.queue.ring(); // in any case
    CHECK(b.rung == before + 1);
}

// The driver MUST set flags to 0, and used_event says after which entry it wants to be told.
// [virtio 1.4] Split Virtqueues / Used Buffer Notification Suppression, driver 3
// [virtio 1.4] Split Virtqueues / Used Buffer Notification Suppression, driver 4
TEST_CASE("ring: arm asks for an interrupt after exactly k completions, past 65536") {
    bench b(8, event_idx_bit | indirect_bit);
    const auto slots = bind_some(b, 8);
    unsigned wrong = 0;
    for (unsigned round = 0; round < 12'000; ++round) {
        const unsigned k = 1 + round % 8;
        wrong += b.queue.arm(k); // nothing is here yet
        for (const auto& s : slots)
            wrong += !ok(b.queue.post(s));
        for (unsigned i = 1; i <= 8; ++i) {
            const bool interrupt = b.device.give(b.device.pop(), 0, true);
            wrong += interrupt != (i == k);
        }
        wrong += b.device.avail_flags() != 0;
        while (b.queue.take().type != vsnd::used::kind::nothing) {
        }
    }
    CHECK(wrong == 0);
    CHECK(b.device.used_idx() == static_cast<uint16_t>(8 * 12'000));
}

TEST_CASE("ring: arm says that the news is here when the interrupt may have been missed") {
    bench b(8, event_idx_bit | indirect_bit);
    const auto slots = bind_some(b, 4);
    for (const auto& s : slots)
        REQUIRE(ok(b.queue.post(s)));
    b.device.give(b.device.pop(), 0, true);
    b.device.give(b.device.pop(), 0, true);
    CHECK(b.queue.arm(3) == true); // two of three are here: no harm in taking them
    CHECK(b.device.give(b.device.pop(), 0, true) == true);
    CHECK(b.queue.arm(3) == true);
    CHECK(b.queue.arm(1) == true);
    finish_all(b, true);
    CHECK(b.queue.arm(1) == false);
}

// [virtio 1.4] Split Virtqueues / Used Buffer Notification Suppression, driver 1
TEST_CASE("ring: without EVENT_IDX every completion interrupts, whatever arm was told") {
    bench b(8, 0);
    const auto slots = bind_some(b, 2);
    CHECK(b.queue.arm(2) == false);
    CHECK(b.device.avail_flags() == 0);
    REQUIRE(ok(b.queue.post(slots[0])));
    CHECK(b.device.give(b.device.pop(), 0, false) == true);
    CHECK(b.queue.arm(2) == true); // one is here: it may have interrupted before
}

// [virtio 1.4] Updating idx: a barrier before, so that the device sees the most up-to-date copy.
// [virtio 1.4] Notifying The Device: a barrier before reading flags or avail_event.
// [virtio 1.4] Split Virtqueues / Updating idx, driver 1
// [virtio 1.4] Split Virtqueues / Notifying The Device, driver 1
TEST_CASE("ring: the entry is there before the index, the index before the doorbell's test") {
    seen = {};
    bench<watched_policy> b(4, event_idx_bit);
    const auto where = b.queue.addresses();
    seen.idx = b.memory.at(where.driver_area.value + 2, 2);
    seen.entry = b.memory.at(where.driver_area.value + 4, 2);
    const vsnd::part part{{64}, 4};
    const auto first = b.queue.bind({{&part, 1}, 1}, nullptr);
    const auto second = b.queue.bind({{&part, 1}, 1}, nullptr);
    REQUIRE(first.ok());
    REQUIRE(second.ok());
    REQUIRE(ok(b.queue.post(second.value()))); // its head is not 0, so that it can be told apart
    CHECK(seen.published == 1);
    CHECK(seen.entry_at_publish == b.device.avail_entry(0));
    CHECK(seen.entry_at_publish != 0);
    CHECK(seen.fulls == 0);
    b.queue.kick(1);
    CHECK(seen.fulls == 1);
    CHECK(seen.idx_at_full == 1);
    CHECK(b.rung == 1);
    CHECK(seen.consumed == 0);
    CHECK(b.queue.take().type == vsnd::used::kind::nothing);
    CHECK(seen.consumed == 1);
    CHECK(b.queue.arm(1) == false);
    CHECK(seen.fulls == 2);
    CHECK(seen.consumed == 2);
}
