// The skeleton is a whole port: a card opens it, and learns that nothing is there yet.

#include <doctest/doctest.h>

#include <vsnd/port/skeleton.hpp>
#include <vsnd/vsnd.hpp>

using namespace vsnd;

TEST_CASE("a card on the skeleton answers with the skeleton's code and stays closed") {
    skeleton::device port;
    card<skeleton::device> c;
    alignas(card_alignment) static u8 memory[card_bytes<>()];
    CHECK(c.open(port, {memory, {0x10000}, sizeof(memory)}) == status_code::not_available);
    CHECK(c.state() == card_state::closed);
    CHECK(c.stream_count() == 0);
    CHECK(c.find(0) == nullptr);
    CHECK(c.close() == status_code::ok);
}
