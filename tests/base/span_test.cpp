#include <doctest/doctest.h>

#include <vsnd/base/span.hpp>
#include <vsnd/base/types.hpp>

using namespace vsnd;

TEST_CASE("a span sees what it was made from") {
    int numbers[] = {1, 2, 3, 4};
    const span<int> all = numbers;
    CHECK(all.size() == 4);
    CHECK(all.size_bytes() == 16);
    CHECK(all[2] == 3);
    all[2] = 30;
    CHECK(numbers[2] == 30);
    int sum = 0;
    for (const int n : all)
        sum += n;
    CHECK(sum == 37);
    const span<const int> constant = all;
    CHECK(constant.data() == numbers);
    CHECK(constant.size() == 4);
}

TEST_CASE("an empty span has nothing") {
    const span<u8> none;
    CHECK(none.empty());
    CHECK(none.size() == 0);
    CHECK(none.data() == nullptr);
    CHECK(none.begin() == none.end());
}

TEST_CASE("a part is clipped to what exists") {
    const char text[] = {'a', 'b', 'c', 'd', 'e'};
    const span<const char> all = text;
    CHECK(all.part(1, 2).size() == 2);
    CHECK(all.part(1, 2)[0] == 'b');
    CHECK(all.part(3, 10).size() == 2);
    CHECK(all.part(5, 1).empty());
    CHECK(all.part(100, 1).empty());
    CHECK(all.part(1, ~usize{0}).size() == 4);
    CHECK(all.part(~usize{0}, ~usize{0}).empty());
}
