#include <doctest/doctest.h>

#include <random>
#include <vector>

#include <vsnd/model/wide.hpp>
#include <vsnd/pcm/division.hpp>

using namespace vsnd;

namespace {

using model::u128;

// Values where carries and rounding turn, for a given divisor.
std::vector<u64> interesting(u64 divisor) {
    std::vector<u64> values = {0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    for (const u64 factor : {u64{1}, u64{2}, u64{1000}, u64{0xffffffff}, u64{1} << 40}) {
        const u64 product = divisor * factor;
        values.insert(values.end(), {product - 1, product, product + 1});
    }
    for (u32 bit = 33; bit < 64; bit += 5) {
        values.insert(values.end(), {(u64{1} << bit) - 1, u64{1} << bit});
    }
    values.push_back(~u64{0});
    values.push_back(~u64{0} - 1);
    return values;
}

const u32 divisors[] = {
    1,      2,      3,          4,          5,          6,          7,          8,         10,
    12,     24,     641,        1000,       2040,       44100,      48000,      65535,     65536,
    384000, 999999, 1000000000, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};

} // namespace

TEST_CASE("division: slow division agrees with the machine's") {
    std::mt19937_64 random(1);
    for (const u32 divisor : divisors) {
        for (const u64 n : interesting(divisor)) {
            CHECK(slow_divide(n, divisor).quotient == n / divisor);
            CHECK(slow_divide(n, divisor).remainder == n % divisor);
        }
    }
    for (u32 i = 0; i < 2000; i++) {
        const u64 n = random();
        const u64 divisor = (random() >> (random() % 64)) | 1;
        CHECK(slow_divide(n, divisor).quotient == n / divisor);
        CHECK(slow_divide(n, divisor).remainder == n % divisor);
    }
    CHECK(slow_divide(~u64{0}, ~u64{0}).quotient == 1);
    CHECK(slow_divide(~u64{0}, u64{1} << 63).remainder == (u64{1} << 63) - 1);
    CHECK(slow_divide(17, 0).quotient == 0);
    CHECK(slow_divide(17, 0).remainder == 17);
}

TEST_CASE("division: the upper half of a product, with and without a wide multiplication") {
    std::mt19937_64 random(2);
    for (u32 i = 0; i < 5000; i++) {
        const u64 a = i < 4 ? ~u64{0} - (i & 1) : random() >> (random() % 64);
        const u64 b = i < 4 ? ~u64{0} - (i >> 1) : random() >> (random() % 64);
        const u64 expected = static_cast<u64>((u128{a} * b) >> 64);
        CHECK(high_product_in_parts(a, b) == expected);
        CHECK(high_product(a, b) == expected);
    }
}

TEST_CASE("division: a short quotient agrees with the machine's") {
    std::mt19937_64 random(3);
    for (const u32 divisor : divisors) {
        for (const u64 n : interesting(divisor))
            CHECK(short_quotient(n, divisor) == n / divisor);
        for (u32 i = 0; i < 2000; i++) {
            const u64 n = random() >> (random() % 64);
            CHECK(short_quotient(n, divisor) == n / divisor);
        }
    }
    for (const u64 n : {u64{0}, u64{1}, ~u64{0}})
        CHECK(short_quotient(n, 0) == 0);
}

TEST_CASE("division: a fraction is exact as long as the result fits") {
    std::mt19937_64 random(4);
    u32 judged = 0;
    for (const u32 numerator : divisors) {
        for (const u32 denominator : divisors) {
            const fraction by(numerator, denominator);
            std::vector<u64> values = interesting(denominator);
            for (u32 i = 0; i < 40; i++) {
                values.push_back(random() >> (random() % 64));
            }
            u32 wrong = 0;
            for (const u64 n : values) {
                const u128 product = u128{n} * numerator;
                const u128 floor = product / denominator;
                const bool whole = product % denominator == 0;
                const u128 ceiling = whole ? floor : floor + 1;
                if (ceiling > ~u64{0}) continue;
                judged++;
                if (by.floor(n) != floor || by.ceiling(n) != ceiling) wrong++;
                if (by.is_whole(n) != whole) wrong++;
            }
            CAPTURE(numerator);
            CAPTURE(denominator);
            CHECK(wrong == 0);
        }
    }
    CHECK(judged > 20000);
}
