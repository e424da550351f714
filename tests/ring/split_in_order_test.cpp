// Split rings whose device answers in order, for many chains at once.
// [virtio 1.4] Split Virtqueues / In-order use of descriptors

#include <doctest/doctest.h>

#include <conformance/session.hpp>
#include <ring/both_ends.hpp>
#include <ring/hand_device.hpp>
#include <support/rounds.hpp>

using namespace vsnd;

namespace {

using ends = ring_test::both_ends<split_queue, model::virtqueue>;
using namespace ring_test::features;

struct ordered : ring_policy {
    static constexpr u16 most_descriptors = 16;
    static constexpr choice in_order = choice::negotiated;
};
struct ordered_64 : ring_policy {
    static constexpr choice in_order = choice::negotiated;
};
struct no_bell {
    void ring() {}
};
using queue_type = split_queue<no_bell, ordered>;

// A ring of 8 with chains of two parts, of which the device may write `room` bytes.
struct in_order_ring {
    static constexpr u32 room = 100;

    in_order_ring() {
        REQUIRE(ok(queue.init(8, in_order, memory.region(), {})));
        for (usize i = 0; i < 4; ++i) {
            const part parts[] = {{{0x1000 + 0x100 * i}, 16}, {{0x2000 + 0x100 * i}, room}};
            slots.push_back(queue.bind({parts, 1}, cookie_of(i)).value());
        }
    }
    static cookie cookie_of(usize i) { return reinterpret_cast<cookie>(i + 1); }
    void post(std::initializer_list<usize> which) {
        for (const usize i : which)
            REQUIRE(ok(queue.post(slots[i])));
    }
    u16 head(u32 entry) { return device().avail_entry(entry); }
    // One answer for `count` chains, the last of which lies at `id`.
    void answer(u16 id, u32 length, u16 count) {
        device().set_used_entry(idx, id, length);
        device().set_used_idx(idx = static_cast<u16>(idx + count));
    }
    void expect(usize which, u32 written) {
        const used u = queue.take();
        CHECK(u.type == used::kind::completed);
        CHECK(u.what == cookie_of(which));
        CHECK(u.written == written);
    }
    ring_test::hand_device device() { return {memory, 8, queue.addresses()}; }
    u16 word(u32 descriptor, u32 at) {
        return static_cast<u16>(memory.get(memory.base + 16 * descriptor + at, 2));
    }

    ring_test::bus_memory memory{queue_type::memory_bytes(8)};
    queue_type queue;
    std::vector<queue_type::slot> slots;
    u16 idx = 0;
};

} // namespace

// [virtio 1.4] Split Virtqueues / The Virtqueue Descriptor Table, driver 2
TEST_CASE("split in order: descriptors follow one another round the table, whatever is posted") {
    in_order_ring r;
    u32 at = 0;
    for (u32 round = 0; round < 50; ++round) {
        const usize which = (round * 3 + round / 7) % 4;
        r.post({which});
        REQUIRE(r.head(round) == at);
        REQUIRE(r.memory.get(r.memory.base + 16 * at, 8) == 0x1000 + 0x100 * which);
        REQUIRE(r.word(at, 12) == 1); // NEXT
        REQUIRE(r.word(at, 14) == (at + 1) % 8);
        at = (at + 1) % 8;
        REQUIRE(r.memory.get(r.memory.base + 16 * at, 8) == 0x2000 + 0x100 * which);
        REQUIRE(r.word(at, 12) == 2); // WRITE
        r.answer(static_cast<u16>((at + 7) % 8), round, 1);
        at = (at + 1) % 8;
        r.expect(which, round);
    }
    CHECK(r.queue.counters().unknown_ids == 0);
}

TEST_CASE("split in order: one answer for many, and those before the last were filled") {
    in_order_ring r;
    r.post({2, 0, 3, 1});
    r.answer(4, 17, 3); // 2, 0 and 3; the last one lies at 4
    r.expect(2, r.room);
    CHECK(r.queue.arm(1)); // some are left to take
    r.expect(0, r.room);
    r.expect(3, 17);
    CHECK(r.queue.take().type == used::kind::nothing);
    CHECK_FALSE(r.queue.arm(1));
    r.post({0});
    r.answer(0, 5, 2); // the ring is round: 1 lies at 6, 0 at 0
    r.expect(1, r.room);
    r.expect(0, 5);
    CHECK(r.queue.in_device() == 0);
}

TEST_CASE("split in order: an answer that names no chain of the device is dropped") {
    in_order_ring r;
    r.post({0, 1});
    for (const u16 id : {u16{1}, u16{4}, u16{7}, u16{8}, u16{0xffff}}) {
        CAPTURE(id);
        r.answer(id, 4, 1);
        CHECK(r.queue.take().type == used::kind::dropped);
    }
    CHECK(r.queue.counters().unknown_ids == 5);
    CHECK(r.queue.in_device() == 2);
    // It answers for more than it says that it used: what follows is broken.
    r.answer(2, 4, 1);
    r.expect(0, r.room);
    r.expect(1, 4);
    CHECK(r.queue.take().type == used::kind::dropped);
    CHECK(r.queue.broken());
    r.queue.reset();
    r.idx = 0;
    r.post({1, 0});
    CHECK(r.head(0) == 0);
    r.answer(2, 9, 2);
    r.expect(1, r.room);
    r.expect(0, 9);
    // An old place of a chain that was posted elsewhere since.
    r.post({1});
    r.answer(0, 9, 1);
    CHECK(r.queue.take().type == used::kind::dropped);
}

TEST_CASE("split: two readings of the chapter understand each other") {
    for (const u16 size : {u16{4}, u16{64}, u16{256}}) {
        for (const u64 features : {u64{0}, event_idx, indirect, event_idx | indirect,
                                   in_order | event_idx, in_order | event_idx | indirect}) {
            CAPTURE(size);
            CAPTURE(features);
            ends b(size, features, 1);
            b.steps(support::rounds(15'000));
            CHECK(b.completed() > support::rounds(500));
            CHECK(b.rung() > support::rounds(100));
            CHECK(b.interrupts() > support::rounds(100));
        }
    }
}

// [virtio 1.4] Split Virtqueues / The Virtqueue Descriptor Table, driver 2
// [virtio 1.4] Split Virtqueues / Indirect Descriptors, driver 5
TEST_CASE("split in order: the whole driver plays and records on a device that batches") {
    struct profile_of {
        bool indirect;
        u16 size;
    };
    for (const auto& [tables, size] :
         {profile_of{true, 64}, profile_of{false, 64}, profile_of{false, 32}}) {
        auto profile = model::default_profile();
        profile.in_order = true;
        profile.indirect = tables;
        profile.queue_sizes[wire::SND_VQ_TX] = profile.queue_sizes[wire::SND_VQ_RX] = size;
        conformance::rig<no_handler, default_limits, ordered_64> r(profile);
        conformance::work(r);
        CHECK((r.port.features() & feature(wire::F_IN_ORDER)) != 0);
        CHECK(r.driver.counters().unknown_ids == 0);
        CHECK_MESSAGE(r.device().violations().entries().empty(), r.report());
    }
    // By default it is not asked for.
    auto profile = model::default_profile();
    profile.in_order = true;
    conformance::rig<> without(profile);
    REQUIRE(without.open() == status_code::ok);
    CHECK((without.port.features() & feature(wire::F_IN_ORDER)) == 0);
}
