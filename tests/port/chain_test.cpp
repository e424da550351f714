#include <doctest/doctest.h>

#include <vsnd/port/chain.hpp>

using namespace vsnd;

// [virtio 1.4] Split Virtqueues / Message Framing
TEST_CASE("a chain is what the device reads, then what it writes") {
    const part parts[] = {{{0x1000}, 4}, {{0x2000}, 100}, {{0x3000}, 8}};
    const chain both{parts, 2};
    CHECK(both.parts.size() == 3);
    CHECK(both.parts[1].bytes == 100);
    CHECK(both.readable == 2);
    CHECK(chain{}.parts.empty());
    CHECK(chain{parts}.readable == 0);
}

TEST_CASE("a used entry says nothing unless told otherwise") {
    const used u;
    CHECK(u.type == used::kind::nothing);
    CHECK(u.what == nullptr);
    CHECK(u.written == 0);
}
