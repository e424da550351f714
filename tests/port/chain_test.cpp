#include <doctest/doctest.h>

#include <vsnd/port/chain.hpp>

using namespace vsnd;

// [virtio 1.4] Split Virtqueues / Message Framing
TEST_CASE("a chain is what the device reads, then what it writes") {
    const part readable[] = {{{0x1000}, 4}, {{0x2000}, 100}};
    const part writable[] = {{{0x3000}, 8}};
    const chain both{readable, writable};
    CHECK(both.parts() == 3);
    CHECK(both.readable[1].bytes == 100);
    CHECK(both.writable[0].address.value == 0x3000);
    CHECK(chain{}.parts() == 0);
    CHECK(chain{{}, writable}.parts() == 1);
}

TEST_CASE("a used entry says nothing unless told otherwise") {
    const used u;
    CHECK(u.type == used::kind::nothing);
    CHECK(u.what == nullptr);
    CHECK(u.written == 0);
}
