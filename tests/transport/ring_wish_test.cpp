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
}
