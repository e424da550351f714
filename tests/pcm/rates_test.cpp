#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include <support/rounds.hpp>
#include <vsnd/pcm/rates.hpp>

using namespace vsnd;

namespace {

// By number on the wire. [virtio 1.4] Sound Device / VIRTIO_SND_R_PCM_INFO
constexpr u32 hz_by_number[] = {5512,  8000,  11025, 16000,  22050,  32000,  44100, 48000,
                                64000, 88200, 96000, 176400, 192000, 384000, 12000, 24000};
static_assert(std::size(hz_by_number) == pcm_rate_count);

// The choice again, by sorting instead of searching.
u32 expected_choice(u64 offered, u32 hz) {
    std::set<u32> rates;
    for (u32 i = 0; i < pcm_rate_count; i++) {
        if ((offered >> i & 1) != 0) rates.insert(hz_by_number[i]);
    }
    if (rates.empty()) return 0;
    const auto found = rates.lower_bound(hz);
    return found == rates.end() ? *rates.rbegin() : *found;
}

} // namespace

TEST_CASE("rates: numbers, hertz and names") {
    for (u32 i = 0; i < pcm_rate_count; i++) {
        const auto rate = static_cast<pcm_rate>(i);
        CHECK(is_known(rate));
        CHECK(to_wire(rate) == i);
        CHECK(rate_hz(rate) == hz_by_number[i]);
        CHECK(mask_of(rate) == u64{1} << i);
        CHECK(std::string(to_string(rate)) == std::to_string(hz_by_number[i]) + " Hz");
        REQUIRE(from_hz(hz_by_number[i]).ok());
        CHECK(from_hz(hz_by_number[i]).value() == rate);
    }
}

TEST_CASE("rates: what is no rate") {
    for (const u32 hz : {0u, 1u, 5511u, 5513u, 44101u, 768000u, 0xffffffffu}) {
        CHECK(from_hz(hz).code() == status_code::bad_rate);
    }
    for (u32 number = pcm_rate_count; number < 256; number++) {
        const auto rate = static_cast<pcm_rate>(number);
        CHECK_FALSE(is_known(rate));
        CHECK(rate_hz(rate) == 0);
        CHECK(mask_of(rate) == 0);
        CHECK(std::string(to_string(rate)) == "unknown rate");
    }
}

TEST_CASE("rates: the same, else the next higher, else the highest lower") {
    const u64 offered = mask_of(pcm_rate::hz_8000) | mask_of(pcm_rate::hz_44100) |
                        mask_of(pcm_rate::hz_24000) | mask_of(pcm_rate::hz_96000);
    CHECK(nearest_rate(offered, 44100).value() == pcm_rate::hz_44100);
    CHECK(nearest_rate(offered, 48000).value() == pcm_rate::hz_96000);
    CHECK(nearest_rate(offered, 22050).value() == pcm_rate::hz_24000);
    CHECK(nearest_rate(offered, 192000).value() == pcm_rate::hz_96000);
    CHECK(nearest_rate(offered, 0).value() == pcm_rate::hz_8000);
    CHECK(nearest_rate(offered, 0xffffffff).value() == pcm_rate::hz_96000);
    CHECK(nearest_rate(0, 48000).code() == status_code::bad_rate);
    // Bits beyond the known rates are from a later specification, or garbage.
    CHECK(nearest_rate(~u64{0} << pcm_rate_count, 48000).code() == status_code::bad_rate);
    CHECK(nearest_rate(~u64{0}, 50000).value() == pcm_rate::hz_64000);
}

TEST_CASE("rates: the choice for every offer of rates") {
    constexpr u32 wishes[] = {0,     5512,  5513,  11999, 12000, 12001,  23999,
                              24000, 44100, 48000, 48001, 96000, 200000, 384001};
    u32 wrong = 0;
    // Every seventh, but all over.
    constexpr u64 offers = (u64{1} << pcm_rate_count) - 1;
    for (u64 i = 0; i < support::rounds(offers / 7); ++i) {
        const u64 offered = 1 + i * 7919 % offers;
        for (const u32 hz : wishes) {
            const auto found = nearest_rate(offered, hz);
            if (!found.ok() || rate_hz(found.value()) != expected_choice(offered, hz)) wrong++;
        }
    }
    CHECK(wrong == 0);
}
