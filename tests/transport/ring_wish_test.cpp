// [virtio 1.4] Feature Bits

#include <doctest/doctest.h>

#include <vsnd/ring/packed_queue.hpp>
#include <vsnd/ring/split_queue.hpp>
#include <vsnd/transport/ring_wish.hpp>

using namespace vsnd;

namespace {
template <choice Event, choice Indirect>
struct policy : ring_policy {
    static constexpr choice event_idx = Event;
    static constexpr choice indirect = Indirect;
};
struct talkative : policy<choice::never, choice::never> {
    using order = same_host_order;
    static constexpr choice in_order = choice::negotiated;
    static constexpr choice notification_data = choice::always;
    static constexpr choice ring_reset = choice::negotiated;
    static constexpr choice access_platform = choice::always;
};
constexpr u64 event = u64{1} << 29;
constexpr u64 table = u64{1} << 28;
// ACCESS_PLATFORM, ORDER_PLATFORM, and what no ring has to do with: SUSPEND.
constexpr u64 suspend = u64{1} << 43;
constexpr u64 platform = u64{1} << 33 | u64{1} << 36 | suspend;
} // namespace

TEST_CASE("ring_wish: the rings' features follow the policy, and only they") {
    constexpr auto both = ring_wish<ring_policy>(~u64{0});
    CHECK(both.required == 0);
    CHECK(both.optional == (0xff'ffff | event | table | platform));
    constexpr auto mixed = ring_wish<policy<choice::always, choice::never>>(1);
    CHECK(mixed.required == event);
    CHECK(mixed.optional == (1 | platform));
    constexpr auto other = ring_wish<policy<choice::never, choice::always>>(event);
    CHECK(other.required == table);
    CHECK(other.optional == platform);
    constexpr auto split = ring_wish<talkative>(0);
    CHECK(split.required == (u64{1} << 38 | u64{1} << 33));
    CHECK(split.optional == (u64{1} << 35 | u64{1} << 40 | suspend));
    constexpr auto packed = ring_wish<talkative>(0, true);
    CHECK(packed.required == (split.required | u64{1} << 34));
    CHECK(packed.optional == split.optional);
}

namespace {
struct any_doorbell {
    void ring() {}
};
template <template <class, class> class Ring>
u16 size_with(u32 offered, usize bytes) {
    u8 byte = 0;
    return ring_size_for<Ring<any_doorbell, ring_policy>>(offered, {&byte, {}, bytes});
}
} // namespace

TEST_CASE("ring_wish: a packed ring is as large as its memory, and loses no more than it must") {
    using packed = packed_queue<any_doorbell, ring_policy>;
    CHECK(ring_size_for<packed>(64, {}) == 64);
    for (u16 size = 3; size <= 64; ++size)
        CHECK(size_with<packed_queue>(64, packed::memory_bytes(size)) == size);
    CHECK(size_with<packed_queue>(64, packed::memory_bytes(40) - 1) == 39);
    CHECK(size_with<packed_queue>(64, 1) == 3); // its set-up says that there is no memory
    CHECK(size_with<packed_queue>(2, 100'000) == 2);
    CHECK(size_with<split_queue>(100, 100'000) == 64);
    CHECK(size_with<split_queue>(31, 100'000) == 16);
}
