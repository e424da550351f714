// The private shadow of a packed ring: ids, room, and what a chain will look like.
// [virtio 1.4] Packed Virtqueues / Scatter-Gather Support

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include <ring/hand_device.hpp>
#include <vsnd/ring/packed_descriptors.hpp>

using namespace ring_test;
using vsnd::status_code;

namespace {

struct small_policy : vsnd::ring_policy {
    static constexpr vsnd::u16 most_descriptors = 8;
};
struct direct_policy : small_policy {
    static constexpr auto indirect = vsnd::choice::never;
};
using shadows = vsnd::packed_descriptors<small_policy>;
static_assert(shadows::tables_bytes(5) == 5 * 4 * 16);
static_assert(vsnd::packed_descriptors<direct_policy>::tables_bytes(5) == 0);

} // namespace

TEST_CASE("packed_descriptors: a direct chain is linked in private") {
    shadows s;
    s.init(5, false, {});
    const message m;
    const auto bound = s.bind(m.chain(), cookie_of(3));
    REQUIRE(bound.ok());
    const vsnd::packed_shadow& first = *bound.value();
    CHECK(first.what == cookie_of(3));
    CHECK(first.capacity == 8);
    CHECK(first.parts == 3);
    CHECK(first.bound);
    CHECK_FALSE(first.in_device);
    const vsnd::packed_shadow& second = s[first.next];
    const vsnd::packed_shadow& third = s[second.next];
    CHECK(first.addr == m.parts[0].address.value);
    CHECK(second.addr == m.parts[1].address.value);
    CHECK(third.addr == m.parts[2].address.value);
    CHECK(second.len == 1024);
    CHECK(first.flags == 1);
    CHECK(second.flags == 1);
    CHECK(third.flags == 2);
    CHECK(s.stride() == 3);
}

TEST_CASE("packed_descriptors: an indirect chain is a table, written once") {
    bus_memory memory(shadows::tables_bytes(8));
    shadows s;
    s.init(8, true, memory.region());
    const message m;
    std::set<vsnd::u64> tables;
    for (size_t i = 0; i < 8; ++i) {
        const auto bound = s.bind(m.chain(), cookie_of(i));
        REQUIRE(bound.ok());
        const vsnd::packed_shadow& r = *bound.value();
        CHECK(r.parts == 1);
        CHECK(r.flags == 4);
        CHECK(r.len == 48);
        CHECK(tables.insert(r.addr).second);
        CHECK(memory.get(r.addr + 16, 8) == m.parts[1].address.value);
        CHECK(memory.get(r.addr + 32 + 8, 4) == 8);
        CHECK(memory.get(r.addr + 14, 2) == 0); // no NEXT in a table
        CHECK(memory.get(r.addr + 32 + 14, 2) == 2);
    }
    CHECK(s.stride() == 1);
    CHECK(s.bind(m.chain(), nullptr).code() == status_code::no_room);
}

TEST_CASE("packed_descriptors: the stride is that of all bound chains, or 0") {
    shadows s;
    s.init(8, false, {});
    const message m;
    const vsnd::chain one{{m.parts, 1}, 1};
    vsnd::packed_shadow& longer = *s.bind(m.chain(), nullptr).value();
    vsnd::packed_shadow& shorter = *s.bind(one, nullptr).value();
    CHECK(s.stride() == 0);
    (void)s.bind(m.chain(), nullptr);
    CHECK(s.stride() == 0);
    s.init(8, false, {});
    CHECK(s.stride() == 0);
    (void)longer;
    vsnd::packed_shadow& only = *s.bind(one, nullptr).value();
    CHECK(s.stride() == 1);
    s.give_back(only);
    (void)shorter;
    CHECK(s.bind(m.chain(), nullptr).value()->parts == 3);
    CHECK(s.stride() == 3);
}

TEST_CASE("packed_descriptors: ids are used again last, whole chains at a time") {
    shadows s;
    s.init(7, false, {});
    const message m;
    const vsnd::chain one{{m.parts, 1}, 1};
    unsigned wrong = 0;
    std::vector<vsnd::packed_shadow*> held;
    for (unsigned i = 0; i < 1000; ++i) {
        const bool longer = i % 2 == 0;
        const auto bound = s.bind(longer ? m.chain() : one, nullptr);
        if (bound) {
            std::set<vsnd::u16> mine;
            vsnd::u16 at = bound.value()->id;
            for (unsigned n = bound.value()->parts; n != 0; --n, at = s[at].next)
                mine.insert(at);
            wrong += mine.size() != bound.value()->parts;
            held.push_back(bound.value());
        } else {
            wrong += held.empty();
            const vsnd::usize before = s.free_chains(1);
            const vsnd::u16 parts = held.front()->parts;
            s.give_back(*held.front());
            held.erase(held.begin());
            wrong += s.free_chains(1) != before + parts;
        }
    }
    CHECK(wrong == 0);
    // One id of seven is given back: the next one bound is another, while there is another.
    s.init(7, false, {});
    vsnd::packed_shadow& old = *s.bind(one, nullptr).value();
    s.give_back(old);
    for (unsigned i = 0; i < 6; ++i)
        CHECK(s.bind(one, nullptr).value() != &old);
    CHECK(s.bind(one, nullptr).value() == &old);
}
