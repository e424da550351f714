#include <doctest/doctest.h>

#include <vsnd/base/types.hpp>

using namespace vsnd;

TEST_CASE("the integer types have the widths of their names") {
    CHECK(sizeof(u8) == 1);
    CHECK(sizeof(u16) == 2);
    CHECK(sizeof(u32) == 4);
    CHECK(sizeof(u64) == 8);
    CHECK(sizeof(s32) == 4);
    CHECK(sizeof(s64) == 8);
    CHECK(static_cast<u32>(-1) > 0);
    CHECK(static_cast<s32>(-1) < 0);
}

TEST_CASE("lesser and greater") {
    CHECK(lesser(2, 3) == 2);
    CHECK(lesser(3, 2) == 2);
    CHECK(greater(2, 3) == 3);
    CHECK(greater(u64{1} << 40, u64{1}) == u64{1} << 40);
    CHECK(lesser(-1, 1) == -1);
    static_assert(lesser(5, 5) == 5 && greater(5, 5) == 5);
}

TEST_CASE("round_up goes to the next multiple of a power of two") {
    CHECK(round_up(0, 16) == 0);
    CHECK(round_up(1, 16) == 16);
    CHECK(round_up(16, 16) == 16);
    CHECK(round_up(17, 16) == 32);
    CHECK(round_up(4095, 4096) == 4096);
    for (usize n = 0; n < 100; ++n) {
        CHECK(round_up(n, 1) == n);
        CHECK(round_up(n, 8) % 8 == 0);
        CHECK(round_up(n, 8) - n < 8);
    }
}
