// A kernel's own bits for formats and rates: there and back, by name, and tables that are wrong.

#include <doctest/doctest.h>

#include <initializer_list>

#include <vsnd/pcm/dialect.hpp>

using namespace vsnd;

namespace {

// OSS's bits for formats, and invented ones for rates.
constexpr dialect<pcm_format> formats[] = {{0x10, pcm_format::s16, "s16le"},
                                           {0x1000, pcm_format::s32_, "s32le"},
                                           {0x8, pcm_format::u8_, "u8"}};
constexpr dialect<pcm_rate> rates[] = {{1, pcm_rate::hz_8000, "8000"},
                                       {2, pcm_rate::hz_12000, "12000"},
                                       {0x8000'0000, pcm_rate::hz_48000, "48000"}};
static_assert(translates(formats, {16, 32, 8}));
static_assert(translates(rates, {8000, 12000, 48000}));

} // namespace

TEST_CASE("dialect: what a device offers, in the kernel's bits") {
    CHECK(to_kernel(formats, 0) == 0);
    CHECK(to_kernel(formats, mask_of(pcm_format::s16)) == 0x10);
    CHECK(to_kernel(formats, mask_of(pcm_format::u8_) | mask_of(pcm_format::s32_)) == 0x1008);
    CHECK(to_kernel(formats, mask_of(pcm_format::float64)) == 0); // the kernel has no word for it
    CHECK(to_kernel(formats, ~u64{0}) == 0x1018);
    CHECK(to_kernel(rates, ~u64{0}) == 0x8000'0003);
}

TEST_CASE("dialect: one of the kernel's bits, and what is none") {
    REQUIRE(find_entry(formats, 0x1000) != nullptr);
    CHECK(find_entry(formats, 0x1000)->vsnd == pcm_format::s32_);
    REQUIRE(find_entry(rates, 0x8000'0000) != nullptr);
    CHECK(rate_hz(find_entry(rates, 0x8000'0000)->vsnd) == 48000);
    for (const u32 none : {0u, 4u, 3u, 0x8000'0001u, ~0u})
        CHECK(find_entry(rates, none) == nullptr);
}

TEST_CASE("dialect: by name, as a whole, or all") {
    CHECK(named_set(rates, "8000") == 1);
    CHECK(named_set(rates, "12000") == 2);
    CHECK(named_set(rates, "all") == 0x8000'0003);
    CHECK(named_set(formats, "u8") == 8);
    for (const char* const nothing : {"", "800", "80000", "8000 ", "al", "alls", "48k", "ALL"})
        CHECK(named_set(rates, nothing) == 0);
}

TEST_CASE("dialect: a table with a mistake in it does not translate") {
    CHECK(translates(formats, {16, 32, 8}));
    CHECK_FALSE(translates(formats, {16, 24, 8})); // not what was meant
    constexpr dialect<pcm_rate> twice[] = {{1, pcm_rate::hz_8000, "8000"},
                                           {1, pcm_rate::hz_48000, "48000"}};
    CHECK_FALSE(translates(twice, {8000, 48000}));
    constexpr dialect<pcm_rate> ambiguous[] = {{1, pcm_rate::hz_8000, "8000"},
                                               {2, pcm_rate::hz_8000, "8k"}};
    CHECK_FALSE(translates(ambiguous, {8000, 8000}));
    constexpr dialect<pcm_rate> namesakes[] = {{1, pcm_rate::hz_8000, "low"},
                                               {2, pcm_rate::hz_48000, "low"}};
    CHECK_FALSE(translates(namesakes, {8000, 48000}));
    constexpr dialect<pcm_rate> two_bits[] = {{3, pcm_rate::hz_8000, "8000"}};
    CHECK_FALSE(translates(two_bits, {8000}));
    constexpr dialect<pcm_rate> nothing[] = {{0, pcm_rate::hz_8000, "8000"}};
    CHECK_FALSE(translates(nothing, {8000}));
}
