// The one search behind formats and rates.

#include <doctest/doctest.h>

#include <vsnd/pcm/nearest.hpp>

using namespace vsnd;

TEST_CASE("nearest_of: the least that is not below, else the greatest below") {
    const u32 numbers[] = {40, 10, 30, 20};
    const auto best = [&](u32 offered, u32 want) {
        return detail::nearest_of(numbers, offered, want, 0);
    };
    CHECK(best(0b1111, 10) == 1);
    CHECK(best(0b1111, 11) == 3);
    CHECK(best(0b1111, 25) == 2);
    CHECK(best(0b1111, 0) == 1);
    CHECK(best(0b1111, 41) == 0);
    CHECK(best(0b1110, 41) == 2);
    CHECK(best(0b1010, 25) == 3);
    CHECK(best(0b0010, ~0u) == 1);
    CHECK(best(0b0001, 0) == 0);
}

TEST_CASE("nearest_of: what is alike is the same, the least of it first") {
    const u32 numbers[] = {0x11, 0x10, 0x21, 0x20};
    const auto best = [&](u32 offered, u32 want) {
        return detail::nearest_of(numbers, offered, want, 0xf);
    };
    CHECK(best(0b1111, 0x1f) == 1);
    CHECK(best(0b1101, 0x1f) == 0);
    CHECK(best(0b1100, 0x10) == 3);
    CHECK(best(0b1111, 0x30) == 3); // of those below
    CHECK(best(0b0111, 0x30) == 2);
    CHECK(best(0b0001, 0x30) == 0);
}
