// Split rings whose chains have places of one length.

#include <doctest/doctest.h>

#include <ring/hand_device.hpp>
#include <vsnd/ring/split_places.hpp>

using namespace vsnd;
using ring_test::bench;
using ring_test::cookie_of;

namespace {

using places = bench<small_ring_policy>;

} // namespace

// [virtio 1.4] Split Virtqueues / The Virtqueue Descriptor Table
TEST_CASE("places: a chain of three lies as it is told, and a ring has a third as many places") {
    for (const u32 size : {4u, 16u, 64u}) {
        places b(size, 0);
        REQUIRE(b.first == status_code::ok);
        CHECK(b.queue.free_chains(3) == size / 3);
        CHECK(b.queue.free_chains(1) == size / 3);
        CHECK(b.queue.free_chains(0) == 0);
        CHECK(b.queue.free_chains(4) == 0);
        for (u32 i = 0; i < size / 3; ++i) {
            const ring_test::message m(0x9'0000'0000 + i * 0x10000);
            const auto slot = b.queue.bind(m.chain(), cookie_of(i));
            REQUIRE(slot.ok());
            REQUIRE(ok(b.queue.post(slot.value())));
            const u16 head = b.device.pop();
            CHECK(head % 3 == 0);
            const auto found = b.device.follow(head);
            REQUIRE(found.has_value());
            CHECK(*found == m.elements());
            (void)b.device.give(head, 8, false);
            const used u = b.queue.take();
            CHECK(u.type == used::kind::completed);
            CHECK(u.what == cookie_of(i));
            CHECK(u.written == 8);
        }
        CHECK(b.queue.free_chains(3) == 0);
        const ring_test::message m;
        CHECK(b.queue.bind(m.chain(), nullptr).code() == status_code::no_room);
    }
}

TEST_CASE("places: chains of one and two parts, and of none and four") {
    places b(16, 0);
    const ring_test::message m;
    const part four[4] = {m.parts[0], m.parts[1], m.parts[2], m.parts[2]};
    for (usize count = 1; count <= 2; ++count) {
        for (usize readable = 0; readable <= count; ++readable) {
            const auto slot = b.queue.bind({{m.parts, count}, readable}, cookie_of(1));
            REQUIRE(slot.ok());
            REQUIRE(ok(b.queue.post(slot.value())));
            const u16 head = b.device.pop();
            const auto found = b.device.follow(head);
            REQUIRE(found.has_value());
            REQUIRE(found->size() == count);
            u32 writable = 0;
            for (usize i = 0; i < count; ++i) {
                CHECK((*found)[i].address == m.parts[i].address.value);
                CHECK((*found)[i].writable == (i >= readable));
                if (i >= readable) writable += m.parts[i].bytes;
            }
            // More than it can hold is no length.
            (void)b.device.give(head, writable + 1, false);
            CHECK(b.queue.take().written == 0);
            CHECK(b.queue.counters().overlong != 0);
            CHECK(b.queue.unbind(slot.value()) == status_code::ok);
            CHECK(b.queue.unbind(slot.value()) == status_code::invalid_argument);
        }
    }
    CHECK(b.queue.bind({}, nullptr).code() == status_code::invalid_argument);
    CHECK(b.queue.bind({four, 1}, nullptr).code() == status_code::invalid_argument);
    CHECK(b.queue.free_chains(3) == 5);
}

TEST_CASE("places: one that was given back is used again last, also after a reset") {
    places b(64, 0);
    const ring_test::message m;
    const auto bind = [&](size_t name) { return b.queue.bind(m.chain(), cookie_of(name)).value(); };
    const auto head_of = [&](const auto& slot) {
        REQUIRE(ok(b.queue.post(slot)));
        const u16 head = b.device.pop();
        (void)b.device.give(head, 0, false);
        CHECK(b.queue.take().type == used::kind::completed);
        return head;
    };
    std::vector<u16> seen;
    for (u32 i = 0; i < 21; ++i) {
        const auto slot = bind(i);
        seen.push_back(head_of(slot));
        CHECK(b.queue.unbind(slot) == status_code::ok);
        for (u32 k = 0; k < i; ++k)
            CHECK(seen[k] != seen[i]);
    }
    const auto again = bind(1);
    CHECK(head_of(again) == seen[0]);
    REQUIRE(ok(b.queue.init(64, 0, b.memory.region(), {&b.rung})));
    b.device.start_over();
    CHECK(head_of(bind(2)) == seen[1]);
}

TEST_CASE("places: an id inside of a place, or of an empty one, is dropped") {
    places b(16, 0);
    const ring_test::message m;
    const auto slot = b.queue.bind(m.chain(), cookie_of(3)).value();
    REQUIRE(ok(b.queue.post(slot)));
    const u16 head = b.device.pop();
    for (const u32 id : {head + 1u, head + 2u, (head + 3u) % 15, 15u, 16u, ~0u}) {
        (void)b.device.give(id, 0, false);
        CHECK(b.queue.take().type == used::kind::dropped);
    }
    CHECK(b.queue.unbind(slot) == status_code::memory_still_owned);
    (void)b.device.give(head, 0, false);
    CHECK(b.queue.take().what == cookie_of(3));
    CHECK(b.queue.counters().unknown_ids == 6);
    CHECK_FALSE(b.queue.broken());
}
