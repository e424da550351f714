// [virtio 1.4] Feature Bits

#include <doctest/doctest.h>

#include <vsnd/transport/ring_wish.hpp>

using namespace vsnd;

namespace {
template <choice Event, choice Indirect>
struct policy : ring_policy {
    static constexpr choice event_idx = Event;
    static constexpr choice indirect = Indirect;
};
struct talkative : policy<choice::never, choice::never> {
    static constexpr choice in_order = choice::negotiated;
    static constexpr choice notification_data = choice::always;
};
constexpr u64 event = u64{1} << 29;
constexpr u64 table = u64{1} << 28;
} // namespace

TEST_CASE("ring_wish: the rings' features follow the policy, and only they") {
    constexpr auto both = ring_wish<ring_policy>(~u64{0});
    CHECK(both.required == 0);
    CHECK(both.optional == (0xff'ffff | event | table));
    constexpr auto mixed = ring_wish<policy<choice::always, choice::never>>(1);
    CHECK(mixed.required == event);
    CHECK(mixed.optional == 1);
    constexpr auto other = ring_wish<policy<choice::never, choice::always>>(event);
    CHECK(other.required == table);
    CHECK(other.optional == 0);
    constexpr auto packed = ring_wish<talkative>(0, true);
    CHECK(packed.required == (u64{1} << 34 | u64{1} << 38));
    CHECK(packed.optional == u64{1} << 35);
    constexpr auto split = ring_wish<talkative>(0);
    CHECK(split.required == 0);
    CHECK(split.optional == 0);
}
