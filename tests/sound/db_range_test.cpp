// Decibels against the same computed with floating point, and metadata that makes no sense.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <support/rounds.hpp>
#include <vsnd/sound/db_range.hpp>

#include "element_items.hpp"

using namespace vsnd;

namespace {

constexpr s32 least32 = std::numeric_limits<s32>::min();
constexpr s32 most32 = std::numeric_limits<s32>::max();

struct decoded {
    status_code code;
    db_range range;
};

decoded decode(const byte_vector& bytes, s32 lowest, s32 highest) {
    decoded out{};
    out.code = find_db_range(view(bytes), judge(raw_integer(lowest, highest)), out.range);
    return out;
}
decoded decode(std::initializer_list<s64> list, s32 lowest, s32 highest) {
    return decode(words(list), lowest, highest);
}

// The same with doubles: an amplitude between two, in hundredths of a dB.
double linear(s32 db_lowest, s32 db_highest, double part) {
    const double floor = db_lowest <= centi_db_mute ? 0 : std::pow(10, db_lowest / 2000.0);
    return 2000 * std::log10(floor + (std::pow(10, db_highest / 2000.0) - floor) * part);
}

} // namespace

// [virtio 1.4] Sound Device / Metadata
TEST_CASE("db_range: a scale") {
    const decoded d = decode({1, 8, -6000, 50}, 0, 120);
    REQUIRE(d.code == status_code::ok);
    for (s32 raw = 0; raw <= 120; raw++) {
        CHECK(to_centi_db(d.range, raw) == -6000 + 50 * raw);
        CHECK(to_raw(d.range, -6000 + 50 * raw) == raw);
        CHECK(to_raw(d.range, -6000 + 50 * raw + 25) == raw);
        CHECK(to_raw(d.range, -6000 + 50 * raw + 26) == lesser(raw + 1, 120));
    }
    CHECK(to_centi_db(d.range, -1) == -6000);
    CHECK(to_centi_db(d.range, most32) == 0);
    CHECK(to_raw(d.range, most32) == 120);
    CHECK(to_raw(d.range, least32) == 0);
    CHECK_FALSE(can_mute(d.range));
    CHECK(quietest_centi_db(d.range) == -6000);
    CHECK(loudest_centi_db(d.range) == 0);
}

TEST_CASE("db_range: a scale whose lowest value is silence") {
    const decoded d = decode({1, 8, -6000, 0x10000 | 50}, -3, 120);
    REQUIRE(d.code == status_code::ok);
    CHECK(can_mute(d.range));
    CHECK(to_centi_db(d.range, -3) == centi_db_mute);
    CHECK(to_centi_db(d.range, -2) == -5950);
    CHECK(quietest_centi_db(d.range) == -5950);
    CHECK(to_raw(d.range, centi_db_mute) == -3);
    CHECK(to_raw(d.range, least32) == -3);
    CHECK(to_raw(d.range, -8000) == -2);
}

TEST_CASE("db_range: least and greatest, with silence and without") {
    for (const u32 type : {SNDRV_CTL_TLVT_DB_MINMAX, SNDRV_CTL_TLVT_DB_MINMAX_MUTE}) {
        const decoded d = decode({type, 8, -5000, 1200}, 0, 255);
        REQUIRE(d.code == status_code::ok);
        CHECK(can_mute(d.range) == (type == SNDRV_CTL_TLVT_DB_MINMAX_MUTE));
        for (s32 raw = 1; raw <= 255; raw++) {
            CHECK(to_centi_db(d.range, raw) == std::lround(-5000 + 6200 * raw / 255.0));
            CHECK(to_raw(d.range, to_centi_db(d.range, raw)) == raw);
        }
    }
    const decoded wide = decode({4, 8, -9999999, 9999999}, least32, most32);
    REQUIRE(wide.code == status_code::ok);
    CHECK(to_centi_db(wide.range, least32) == -9999999);
    CHECK(to_centi_db(wide.range, 0) == 0);
    CHECK(to_centi_db(wide.range, most32) == 9999999);
    CHECK(to_raw(wide.range, most32) == most32);
    const decoded one = decode({4, 8, -100, 100}, 7, 7);
    REQUIRE(one.code == status_code::ok);
    CHECK(to_centi_db(one.range, 7) == -100);
    CHECK(to_raw(one.range, 50) == 7);
    CHECK(quietest_centi_db(one.range) == -100);
}

TEST_CASE("db_range: a linear volume, within one hundredth of a dB down to -110 dB") {
    const struct {
        s32 raw_lowest, raw_highest, db_lowest, db_highest;
    } cases[] = {
        {0, 255, centi_db_mute, 0},
        {0, 65535, centi_db_mute, 600},
        {-100, 100, -4000, 1200},
        {0, 1000, -9600, 0},
        {0, 100, -11000, -50},
        {0, 31, -1, 0},
        {0, 200000, centi_db_mute, 1},
        {5, 6, -100, 100},
        {0, 64, 0, 2400},
        {least32, most32, -9000, 3000},
    };
    for (const auto& c : cases) {
        const decoded d = decode({2, 8, c.db_lowest, c.db_highest}, c.raw_lowest, c.raw_highest);
        REQUIRE(d.code == status_code::ok);
        CHECK(can_mute(d.range) == (c.db_lowest == centi_db_mute));
        CHECK(to_centi_db(d.range, c.raw_lowest) == c.db_lowest);
        CHECK(to_centi_db(d.range, c.raw_highest) == c.db_highest);
        const double width = static_cast<double>(c.raw_highest) - c.raw_lowest;
        s32 last = c.db_lowest;
        double worst = 0;
        for (int i = 1; i < 1000; i++) {
            const double step = std::floor(width * i / 1000);
            const auto raw = static_cast<s32>(c.raw_lowest + step);
            if (step < 1) continue;
            const s32 got = to_centi_db(d.range, raw);
            worst =
                std::fmax(worst, std::fabs(got - linear(c.db_lowest, c.db_highest, step / width)));
            CHECK(got >= last);
            last = got;
            CHECK(to_centi_db(d.range, to_raw(d.range, got)) == got);
        }
        CAPTURE(c.db_lowest);
        CAPTURE(c.raw_highest);
        CHECK(worst <= 1.0);
    }
}

TEST_CASE("db_range: the logarithm and its inverse") {
    CHECK(detail::octaves_below(0x80000000) == 1u << 20);
    CHECK(detail::octaves_below(1) == 32u << 20);
    CHECK(detail::octaves_below(0xffffffff) <= 1);
    double worst = 0;
    for (u32 gain = 1; gain < 0xfff00000; gain += gain / 512 + 1) {
        const double exact = -std::log2(gain / 4294967296.0) * 1048576;
        worst = std::fmax(worst, std::fabs(detail::octaves_below(gain) - exact));
    }
    CHECK(worst <= 1.01);
    for (u32 centi_db = 0; centi_db < 11000; centi_db++) {
        const double exact = std::pow(10, -static_cast<double>(centi_db) / 2000) * 4294967296.0;
        const double got = detail::gain_below(centi_db);
        if (std::fabs(got / exact - 1) > 2e-5 + 1 / exact) CHECK(got == exact);
    }
    CHECK(detail::gain_below(19267) == 0);
    CHECK(detail::gain_below(0xffffffff) == 0);
}

TEST_CASE("db_range: segments, with a gap") {
    // 0 to 10: from silence, in steps of 2 dB; 20 to 30: -30 to -10 dB; 31: 0 dB.
    const decoded d = decode({3,  72, 0, 10, 1,     8,     -5000, 0x10000 | 200, //
                              20, 30, 4, 8,  -3000, -1000,                       //
                              31, 31, 4, 8,  0,     0},
                             0, 31);
    REQUIRE(d.code == status_code::ok);
    CHECK(d.range.count == 3);
    CHECK(to_centi_db(d.range, 0) == centi_db_mute);
    CHECK(to_centi_db(d.range, 1) == -4800);
    CHECK(to_centi_db(d.range, 10) == -3000);
    CHECK(to_centi_db(d.range, 15) == -3000);
    CHECK(to_centi_db(d.range, 20) == -3000);
    CHECK(to_centi_db(d.range, 25) == -2000);
    CHECK(to_centi_db(d.range, 31) == 0);
    CHECK(to_raw(d.range, -2000) == 25);
    CHECK(to_raw(d.range, -500) == 30);
    CHECK(to_raw(d.range, -499) == 31);
    CHECK(loudest_centi_db(d.range) == 0);
}

TEST_CASE("db_range: in a container, after other metadata") {
    const decoded d = decode({0, 32, 0x101, 8, 3, 4, 4, 8, -100, 100}, 0, 2);
    REQUIRE(d.code == status_code::ok);
    CHECK(to_centi_db(d.range, 1) == 0);
}

TEST_CASE("db_range: where there is none") {
    CHECK(decode(byte_vector{}, 0, 2).code == status_code::not_available);
    CHECK(decode(byte_vector(64), 0, 2).code == status_code::not_available);
    CHECK(decode({0x101, 8, 3, 4}, 0, 2).code == status_code::not_available);
    db_range range;
    const byte_vector scale = words({1, 8, -6000, 50});
    CHECK(find_db_range(view(scale), judge(raw_integer64(0, 2)), range) ==
          status_code::not_available);
    CHECK(find_db_range(view(scale), judge(raw_integer(2, 0)), range) ==
          status_code::not_available);
    CHECK(range.count == 0);
}

TEST_CASE("db_range: what makes no sense is refused, and the range stays as it was") {
    const std::vector<byte_vector> wrong = {
        words({1, 4, -6000}),                                   // too short
        words({1, 8, -6000}),                                   // cut off
        words({4, 8, 100, -100}),                               // upside down
        words({2, 8, 100, -100}),                               //
        words({4, 8, -10000000, 0}),                            // quieter than silence
        words({4, 8, 0, 10000000}),                             //
        words({1, 8, 0, 0xffff}),                               // steps up to there
        words({3, 0}),                                          // no segments
        words({3, 8, 0, 10}),                                   // a segment without a curve
        words({3, 20, 0, 10, 1, 8, -6000}),                     // half a curve
        words({3, 24, 0, 10, 1, 12, -6000, 50}),                // a curve that leads out
        words({3, 24, 0, 10, 1, 0xffffffff, -6000, 50}),        //
        words({3, 24, 0, 10, 1, 4, -6000, 50}),                 // too short
        words({3, 24, 0, 10, 3, 8, -6000, 50}),                 // segments within a segment
        words({3, 24, 10, 0, 1, 8, -6000, 50}),                 // upside down
        words({3, 28, 0, 10, 1, 8, -6000, 50, 7}),              // something left over
        words({3, 48, 0, 10, 1, 8, 0, 1, 10, 20, 1, 8, 0, 1}),  // overlapping
        words({3, 48, 20, 30, 1, 8, 0, 1, 10, 19, 1, 8, 0, 1}), // falling
    };
    for (usize i = 0; i < wrong.size(); i++) {
        CAPTURE(i);
        db_range range;
        range.count = 77;
        CHECK(find_db_range(view(wrong[i]), judge(raw_integer(0, 1000)), range) ==
              status_code::device_bad_answer);
        CHECK(range.count == 77);
    }
    byte_vector many = words({3, 24 * 17});
    for (s32 i = 0; i < 17; i++) {
        const byte_vector one = words({i, i, 4, 8, i, i});
        many.insert(many.end(), one.begin(), one.end());
    }
    CHECK(decode(many, 0, 100).code == status_code::no_room);
    many[4] = 24 * 16 & 0xff;
    CHECK(decode(many, 0, 100).code == status_code::ok);
}

TEST_CASE("db_range: any metadata, any element: values in range, dB in range, always an end") {
    hostile_bytes random(19);
    u32 good = 0;
    for (u32 round = 0; round < support::rounds(100000); round++) {
        byte_vector bytes = words({random.below(7), 8 * (1 + random.below(8))});
        const byte_vector rest = random.take(random.below(80));
        bytes.insert(bytes.end(), rest.begin(), rest.end());
        if (bytes[0] == 3 && bytes.size() > 24) bytes[16] = static_cast<u8>(random.below(6));
        if (bytes[0] == 3 && bytes.size() > 24) bytes[20] = 8;
        bytes.shrink_to_fit();
        const auto lowest = static_cast<s32>(random.word());
        const auto highest = static_cast<s32>(random.word());
        const decoded d = decode(bytes, lowest, highest);
        if (d.code != status_code::ok) continue;
        good++;
        const auto ask = static_cast<s32>(random.word());
        const s32 db = to_centi_db(d.range, ask);
        const s32 raw = round % 4 == 0 ? to_raw(d.range, ask) : lowest;
        const bool sound = db >= centi_db_mute && db <= -centi_db_mute && raw >= lowest &&
                           raw <= highest && d.range.count <= most_db_segments;
        if (!sound) REQUIRE(sound);
    }
    CHECK(good > support::rounds(1000));
}

TEST_CASE("db_range: without metadata, a dB for each value") {
    element_info info;
    info.type = element_type::integer;
    info.lowest = -24;
    info.highest = 24;
    const db_range range = assumed_db_range(info);
    CHECK(quietest_centi_db(range) == 0);
    CHECK(loudest_centi_db(range) == 4800);
    CHECK_FALSE(can_mute(range));
    for (s32 raw = -24; raw <= 24; ++raw) {
        CHECK(to_centi_db(range, raw) == (raw + 24) * 100);
        CHECK(to_raw(range, (raw + 24) * 100) == raw);
    }
    // Very many, or one.
    info.lowest = -0x8000'0000ll;
    info.highest = 0x7fff'ffff;
    CHECK(loudest_centi_db(assumed_db_range(info)) == 2'000'000);
    CHECK(to_raw(assumed_db_range(info), 2'000'000) == 0x7fff'ffff);
    CHECK(to_raw(assumed_db_range(info), 0) == -0x7fff'ffff - 1);
    info.lowest = info.highest = 7;
    CHECK(to_raw(assumed_db_range(info), 50) == 7);
}
