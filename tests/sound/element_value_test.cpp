// The values of all six types, between the wire and the caller, and the names of items.

#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <string>

#include <support/rounds.hpp>
#include <vsnd/sound/element_value.hpp>

#include "element_items.hpp"

using namespace vsnd;

namespace {

constexpr auto invalid = status_code::invalid_argument;
constexpr auto bad_answer = status_code::device_bad_answer;

element_info judged(u32 type, u32 count, s32 lowest = -10, s32 highest = 10) {
    wire::snd_ctl_info raw = raw_element(type, count);
    if (type == wire::SND_CTL_TYPE_INTEGER) raw.value = raw_integer(lowest, highest).value;
    if (type == wire::SND_CTL_TYPE_INTEGER64) raw.value = raw_integer64(lowest, highest).value;
    if (type == wire::SND_CTL_TYPE_ENUMERATED) {
        raw.value.enumerated.items = static_cast<u32>(highest);
    }
    return judge(raw);
}

struct filled_value : wire::snd_ctl_value {
    explicit filled_value(int byte) { std::memset(static_cast<void*>(this), byte, sizeof(*this)); }
};

} // namespace

// [virtio 1.4] Sound Device / Value
TEST_CASE("element_value: what is set is what is there, on the wire too") {
    filled_value raw(0);
    const element_info boolean = judged(0, 128);
    CHECK(set_boolean(boolean, raw, 127, true) == status_code::ok);
    CHECK(raw.value.integer[127] == 1);
    CHECK(get_boolean(boolean, raw, 127).value());
    CHECK_FALSE(get_boolean(boolean, raw, 126).value());

    const element_info integer = judged(1, 128);
    CHECK(set_integer(integer, raw, 3, -7) == status_code::ok);
    CHECK(raw.value.integer[3] == 0xfffffff9);
    CHECK(get_integer(integer, raw, 3).value() == -7);

    const element_info integer64 = judged(2, 64);
    CHECK(set_integer64(integer64, raw, 63, -9) == status_code::ok);
    CHECK(raw.value.integer64[63] == 0xfffffffffffffff7);
    CHECK(get_integer64(integer64, raw, 63).value() == -9);

    const element_info enumerated = judged(3, 128, 0, 5);
    CHECK(set_enumerated(enumerated, raw, 9, 4) == status_code::ok);
    CHECK(raw.value.enumerated[9] == 4);
    CHECK(get_enumerated(enumerated, raw, 9).value() == 4);

    const element_info bytes = judged(4, 512);
    CHECK(set_byte(bytes, raw, 511, 0xfe) == status_code::ok);
    CHECK(raw.value.bytes[511] == 0xfe);
    CHECK(get_byte(bytes, raw, 511).value() == 0xfe);

    const element_info iec958 = judged(5, 1);
    wire::snd_ctl_iec958 digital{};
    digital.channel_status[0] = 4;
    digital.dig_subframe[3] = 9;
    CHECK(set_iec958(iec958, raw, digital) == status_code::ok);
    CHECK(raw.value.bytes[0] == 4);
    CHECK(raw.value.bytes[175] == 9);
    CHECK(get_iec958(iec958, raw).value().dig_subframe[3] == 9);
}

// [virtio 1.4] Sound Device / Value
TEST_CASE("element_value: no value beyond the count, no value out of range, nothing changes") {
    const u32 counts[] = {128, 128, 64, 128, 512};
    for (u32 type = 0; type < 5; type++) {
        CAPTURE(type);
        filled_value raw(0);
        const element_info full = judged(type, counts[type]);
        CHECK(set_value(full, raw, counts[type] - 1, 1) == status_code::ok);
        CHECK(get_value(full, raw, counts[type] - 1).value() == 1);
        for (const u32 i : {counts[type], counts[type] + 1, 0x80000000u, 0xffffffffu}) {
            CHECK(set_value(full, raw, i, 1) == invalid);
            CHECK(get_value(full, raw, i).code() == invalid);
        }
        const element_info two = judged(type, 2);
        CHECK(get_value(two, raw, 1).ok());
        CHECK(get_value(two, raw, 2).code() == invalid);
        filled_value before(0);
        CHECK(set_value(two, before, 0, two.highest + 1) == invalid);
        CHECK(set_value(two, before, 0, two.lowest - 1) == invalid);
        CHECK(set_value(two, before, 0, std::numeric_limits<s64>::min()) == invalid);
        CHECK(bytes_of(before) == byte_vector(512));
    }
}

TEST_CASE("element_value: what the device gives out of range is refused") {
    const filled_value raw(0xff);
    CHECK(get_boolean(judged(0, 1), raw, 0).code() == bad_answer);
    CHECK(get_integer(judged(1, 1, 0, 10), raw, 0).code() == bad_answer);
    CHECK(get_integer(judged(1, 1, -1, 10), raw, 0).value() == -1);
    CHECK(get_integer64(judged(2, 1, 0, 10), raw, 0).code() == bad_answer);
    CHECK(get_enumerated(judged(3, 1, 0, 10), raw, 0).code() == bad_answer);
    CHECK(get_byte(judged(4, 1), raw, 0).value() == 0xff);
}

TEST_CASE("element_value: each type has its own functions") {
    filled_value raw(0);
    for (u32 type = 0; type < 6; type++) {
        CAPTURE(type);
        const element_info info = judged(type, 1);
        CHECK(get_boolean(info, raw, 0).ok() == (type == 0));
        CHECK(get_integer(info, raw, 0).ok() == (type == 1));
        CHECK(get_integer64(info, raw, 0).ok() == (type == 2));
        CHECK(get_enumerated(info, raw, 0).ok() == (type == 3));
        CHECK(get_byte(info, raw, 0).ok() == (type == 4));
        CHECK(get_iec958(info, raw).ok() == (type == 5));
        CHECK(get_value(info, raw, 0).ok() == (type != 5));
        CHECK(ok(set_boolean(info, raw, 0, false)) == (type == 0));
        CHECK(ok(set_integer(info, raw, 0, 0)) == (type == 1));
        CHECK(ok(set_integer64(info, raw, 0, 0)) == (type == 2));
        CHECK(ok(set_enumerated(info, raw, 0, 0)) == (type == 3));
        CHECK(ok(set_byte(info, raw, 0, 0)) == (type == 4));
        CHECK(ok(set_iec958(info, raw, {})) == (type == 5));
        CHECK(check_values(info, raw) == status_code::ok);
    }
    element_info unusable = judged(1, 1, 1, 0);
    CHECK_FALSE(unusable.usable);
    CHECK(check_values(unusable, raw) == invalid);
    CHECK(get_value(unusable, raw, 0).code() == invalid);
    CHECK(get_iec958(judged(5, 2), raw).code() == invalid);
    // An element that no judge has seen.
    unusable = judged(2, 1);
    unusable.count = 0xffff;
    CHECK(get_value(unusable, raw, 64).code() == invalid);
}

TEST_CASE("element_value: all values of an element are looked at") {
    filled_value raw(0);
    const element_info info = judged(1, 3, 0, 10);
    raw.value.integer[3] = 11; // behind the last one
    CHECK(check_values(info, raw) == status_code::ok);
    raw.value.integer[2] = 11;
    CHECK(check_values(info, raw) == invalid);
    raw.value.integer[2] = 10;
    CHECK(check_values(info, raw) == status_code::ok);
}

TEST_CASE("element_value: the nearest value in range and on a step") {
    const element_info info = judge(raw_integer(-100, 103, 10));
    CHECK(nearest_value(info, -1000) == -100);
    CHECK(nearest_value(info, 1000) == 100);
    CHECK(nearest_value(info, 14) == 10);
    CHECK(nearest_value(info, 15) == 10);
    CHECK(nearest_value(info, 16) == 20);
    CHECK(nearest_value(info, -14) == -10);
    CHECK(nearest_value(judge(raw_integer(-100, 103, 0)), 57) == 57);
    constexpr s64 least = std::numeric_limits<s64>::min(), most = std::numeric_limits<s64>::max();
    CHECK(nearest_value(judge(raw_integer64(least, most, 1)), most) == most);
    CHECK(nearest_value(judge(raw_integer64(least, most, u64{1} << 63)), 1) == 0);
    CHECK(nearest_value(judge(raw_integer64(least, most, u64{1} << 63)), most) == 0);
    CHECK(nearest_value(judged(3, 1, 0, 5), 7) == 4);
    CHECK(nearest_value(judged(0, 1), 7) == 1);
    CHECK(nearest_value(judged(5, 1), 7) == 0);
}

// [virtio 1.4] Sound Device / Query information
TEST_CASE("element_value: the names of items") {
    const element_info info = judged(3, 1, 0, 4);
    byte_vector payload(3 * 64);
    std::memcpy(payload.data(), "Line", 4);
    std::memset(payload.data() + 64, 'x', 64);
    item_name name;
    CHECK(get_item_name(info, view(payload), 0, name) == status_code::ok);
    CHECK(std::string(name) == "Line");
    CHECK(get_item_name(info, view(payload), 1, name) == bad_answer);
    CHECK(std::string(name) == std::string(63, 'x'));
    CHECK(get_item_name(info, view(payload), 2, name) == bad_answer);
    CHECK(std::string(name).empty());
    for (const u32 i : {3u, 4u, 0x04000000u, 0xffffffffu}) {
        std::memset(name, 'y', sizeof(name));
        CHECK(get_item_name(info, view(payload), i, name) == invalid);
        CHECK(std::string(name).empty());
    }
    CHECK(get_item_name(judged(1, 1), view(payload), 0, name) == invalid);
}

TEST_CASE("element_value: any element and any value: in range or refused") {
    hostile_bytes random(16);
    item_name name;
    wire::snd_ctl_value raw{};
    u32 good = 0;
    for (u32 round = 0; round < support::rounds(100000); round++) {
        auto item = random.structure<wire::snd_ctl_info>();
        item.type = random.below(6);
        item.count = random.below(150);
        const element_info info = judge(item);
        if (round % 16 == 0) raw = random.structure<wire::snd_ctl_value>();
        const u32 i = random.below(4) == 0 ? random.word() : random.below(150);
        const result<s64> value = get_value(info, raw, i);
        const bool sound =
            !value.ok() || (info.usable && i < info.count && in_range(info, value.value()) &&
                            in_range(info, nearest_value(info, value.value())));
        if (!sound) REQUIRE(sound);
        good += value.ok() ? 1 : 0;
        if (round % 8 != 0) continue;
        const byte_vector payload = random.take(random.below(300));
        (void)get_item_name(info, view(payload), i % 5, name);
        const bool terminated = std::memchr(name, 0, sizeof(name)) != nullptr;
        if (!terminated) REQUIRE(terminated);
        const bool all = check_values(info, raw) == status_code::ok;
        const bool agree =
            !all || info.type == element_type::iec958 || get_value(info, raw, 0).ok();
        if (!agree) REQUIRE(agree);
    }
    CHECK(good > support::rounds(1000));
}
