#include <doctest/doctest.h>

#include <vsnd/model/wide.hpp>

using namespace vsnd;
using model::plain_u128;

TEST_CASE("wide: products, quotients and remainders of known numbers") {
    const u64 all = ~u64{0};
    const plain_u128 square = plain_u128{all} * all; // 2^128 - 2^65 + 1
    CHECK(static_cast<u64>(square >> 64) == all - 1);
    CHECK(static_cast<u64>(square) == 1);
    CHECK(square / all == all);
    CHECK(square % all == 0);
    CHECK((square + 5) / all == all);
    CHECK((square + 5) % all == 5);
    CHECK((square - 1) / all == all - 1);
    CHECK(square > all);
    CHECK(plain_u128{all} + 1 > all);
    CHECK(plain_u128{1'000'000'007} * 1'000'000'009 / 1'000'000'007 == 1'000'000'009);
}
