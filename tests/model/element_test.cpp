// Control elements: what they tell, what they take, and what becomes of their metadata.

#include <doctest/doctest.h>

#include <set>
#include <utility>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;
namespace de = default_element;

namespace {

constexpr u32 value_bytes = sizeof(wire::snd_ctl_value);

template <class Item>
std::vector<Item> items_of(const std::vector<u8>& bytes) {
    std::vector<Item> items(bytes.size() / sizeof(Item));
    std::memcpy(items.data(), bytes.data(), items.size() * sizeof(Item));
    return items;
}

std::vector<u32> words_of(const std::vector<u8>& bytes) {
    std::vector<u32> words = items_of<u32>(bytes);
    for (u32& word : words)
        word = to_little(word);
    return words;
}

std::vector<u8> bytes_of(const std::vector<u32>& words, usize bytes) {
    std::vector<u8> all(greater(bytes, 4 * words.size()));
    for (usize i = 0; i < words.size(); ++i)
        raw::put_little(all.data() + 4 * i, words[i]);
    return all;
}

u32 write(driver& d, u32 id, const std::vector<u32>& words) {
    return d.ask_element(wire::SND_R_CTL_WRITE, id, bytes_of(words, value_bytes)).code;
}

} // namespace

TEST_CASE("element: the default ones are as the specification wants them") {
    // Spec: [virtio 1.4] Sound Device / Control Element Information
    driver d;
    d.up();
    REQUIRE(d.config(12) == de::count);
    std::vector<u8> bytes;
    REQUIRE(d.query(wire::SND_R_CTL_INFO, 0, de::count, 92, &bytes) == wire::SND_S_OK);
    std::set<u32> types;
    std::set<std::pair<std::string, u32>> names;
    u32 rights = 0;
    for (const auto& info : items_of<wire::snd_ctl_info>(bytes)) {
        constexpr u32 most[wire::SND_CTL_TYPE_COUNT] = {
            wire::SND_CTL_COUNT_INTEGER, wire::SND_CTL_COUNT_INTEGER, wire::SND_CTL_COUNT_INTEGER64,
            wire::SND_CTL_COUNT_INTEGER, wire::SND_CTL_COUNT_BYTES,   wire::SND_CTL_COUNT_IEC958};
        REQUIRE(info.type < wire::SND_CTL_TYPE_COUNT);
        CHECK(u32{info.role} / 2 <= wire::SND_CTL_ROLE_GAIN);
        CHECK(u32{info.access} < 128);
        CHECK(info.count >= 1);
        CHECK(info.count <= most[info.type]);
        CHECK(info.name[0] != 0);
        CHECK(info.name[43] == 0);
        names.insert({reinterpret_cast<const char*>(info.name), info.index});
        types.insert(info.type);
        rights |= info.access;
    }
    CHECK(names.size() == de::count); // name and index together are unique
    CHECK(types.size() == wire::SND_CTL_TYPE_COUNT);
    CHECK(rights == 0x7f);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("element: its information in both layouts, and in the size that was asked for") {
    const struct {
        model::element_layout layout;
        u32 asked;
        u32 value_at; // where the value's own numbers begin
    } rows[] = {{model::element_layout::plain, 92, 68},   {model::element_layout::plain, 96, 68},
                {model::element_layout::aligned, 96, 72}, {model::element_layout::aligned, 92, 72},
                {model::element_layout::asked, 92, 68},   {model::element_layout::asked, 96, 72}};
    for (const auto& row : rows) {
        CAPTURE(row.asked);
        CAPTURE(row.value_at);
        device_profile p = default_profile();
        p.ctl_info_layout = row.layout;
        driver d(p);
        d.up();
        std::vector<u8> bytes;
        REQUIRE(d.query(wire::SND_R_CTL_INFO, de::capture_gain, 3, row.asked, &bytes) ==
                wire::SND_S_OK);
        REQUIRE(bytes.size() == 3 * row.asked);
        const auto word = [&](usize item, usize at) {
            u32 value = 0;
            std::memcpy(&value, bytes.data() + item * row.asked + at, 4);
            return to_little(value);
        };
        CHECK(word(0, 4) == model::element_role(wire::SND_CTL_ROLE_GAIN, wire::SND_D_INPUT));
        CHECK(word(0, row.value_at) == static_cast<u32>(-24));
        CHECK(word(0, row.value_at + 4) == 24);
        CHECK(word(0, row.value_at + 8) == 3);
        CHECK(word(1, 8) == wire::SND_CTL_TYPE_ENUMERATED);
        CHECK(word(1, row.value_at) == 3);
        CHECK(word(2, row.value_at + 8) == 0); // 2^40: its low half
        CHECK(word(2, row.value_at + 12) == 1u << 8);
        if (row.value_at == 72) CHECK(word(0, 68) == 0);
    }
}

TEST_CASE("element: a device that takes no other item size than its own") {
    device_profile p = default_profile();
    p.info_size_is_strict = true;
    driver d(p);
    d.up();
    CHECK(d.query(wire::SND_R_CTL_INFO, 0, 1, 92) == wire::SND_S_OK);
    CHECK(d.query(wire::SND_R_CTL_INFO, 0, 1, 96) == wire::SND_S_BAD_MSG);
    CHECK(d.query(wire::SND_R_PCM_INFO, 0, 1, 32) == wire::SND_S_OK);
    CHECK(d.query(wire::SND_R_PCM_INFO, 0, 1, 40) == wire::SND_S_BAD_MSG);
}

TEST_CASE("element: the options of an enumerated one") {
    driver d;
    d.up();
    const auto r = d.ask_element(wire::SND_R_CTL_ENUM_ITEMS, de::capture_source, {}, 3 * 64);
    REQUIRE(r.code == wire::SND_S_OK);
    CHECK(r.len == 4 + 3 * 64);
    const auto items = items_of<wire::snd_ctl_enum_item>(r.payload);
    CHECK(std::string(reinterpret_cast<const char*>(items[0].item)) == "Mic");
    CHECK(std::string(reinterpret_cast<const char*>(items[2].item)) == "Loopback");
    CHECK(d.device.violations().entries().empty());
    // Less room than for all of them.
    CHECK(d.ask_element(wire::SND_R_CTL_ENUM_ITEMS, de::capture_source, {}, 128).code ==
          wire::SND_S_BAD_MSG);
    CHECK(d.device.violations().count(violation::request_layout) == 1);
}

TEST_CASE("element: values are read and written, each type as it lies on the wire") {
    // Spec: [virtio 1.4] Sound Device / Control Element Value
    driver d;
    d.up();
    const auto read = [&](u32 id) {
        const auto r = d.ask_element(wire::SND_R_CTL_READ, id, {}, value_bytes);
        CHECK(r.code == wire::SND_S_OK);
        CHECK(r.len == 4 + value_bytes);
        return r.payload;
    };
    CHECK(words_of(read(de::playback_volume))[1] == 75);
    CHECK(write(d, de::playback_volume, {10, 20}) == wire::SND_S_OK);
    CHECK(words_of(read(de::playback_volume))[0] == 10);
    CHECK(d.device.element(de::playback_volume).values() == std::vector<s64>{10, 20});
    CHECK(d.device.element(de::playback_volume).reads() == 2);
    CHECK(d.device.element(de::playback_volume).writes() == 1);

    CHECK(write(d, de::capture_gain, {static_cast<u32>(-24)}) == wire::SND_S_OK);
    CHECK(d.device.element(de::capture_gain).values() == std::vector<s64>{-24});
    CHECK(write(d, de::fine_volume, {5, 1u << 7}) == wire::SND_S_OK);
    CHECK(d.device.element(de::fine_volume).values() == std::vector<s64>{(s64{1} << 39) + 5});
    CHECK(read(de::equalizer)[3] == 4);
    CHECK(write(d, de::equalizer, {0x0403'0201, 0xffff'ffff}) == wire::SND_S_OK);
    CHECK(d.device.element(de::equalizer).bytes().size() == 32);
    CHECK(read(de::equalizer)[7] == 0xff);
    CHECK(read(de::digital_out)[1] == 0x82);
    CHECK(write(d, de::digital_out, {7}) == wire::SND_S_OK);
    CHECK(d.device.element(de::digital_out).bytes().size() == 176);
    CHECK(write(d, de::surround_mode, {1}) == wire::SND_S_OK); // inactive, but it may be set
    CHECK(write(d, de::trigger, {1}) == wire::SND_S_OK);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("element: values that it cannot have are refused, and change nothing") {
    driver d;
    d.up();
    CHECK(write(d, de::playback_volume, {10, 101}) == wire::SND_S_BAD_MSG);
    CHECK(write(d, de::playback_switch, {2, 0}) == wire::SND_S_BAD_MSG);
    CHECK(write(d, de::capture_gain, {static_cast<u32>(-25)}) == wire::SND_S_BAD_MSG);
    CHECK(write(d, de::capture_source, {3}) == wire::SND_S_BAD_MSG);
    CHECK(write(d, de::fine_volume, {1, 1u << 8}) == wire::SND_S_BAD_MSG);
    CHECK(d.device.violations().count(violation::control_value_invalid) == 5);
    CHECK(d.device.element(de::playback_volume).values() == std::vector<s64>{75, 75});
    CHECK(d.device.events_sent() == 0);
}

TEST_CASE("element: less than the whole structure is judged, and done where it suffices") {
    driver d;
    d.up();
    const auto judged = [&] { return d.device.violations().count(violation::request_layout); };
    CHECK(d.ask_element(wire::SND_R_CTL_READ, de::playback_volume, {}, 8).len == 12);
    CHECK(d.ask_element(wire::SND_R_CTL_READ, de::playback_volume, {}, 4).code ==
          wire::SND_S_BAD_MSG);
    const std::vector<u8> half = {1, 0, 0, 0};
    const std::vector<u8> whole = {1, 0, 0, 0, 2, 0, 0, 0};
    CHECK(d.ask_element(wire::SND_R_CTL_WRITE, de::playback_volume, half).code ==
          wire::SND_S_BAD_MSG);
    CHECK(d.ask_element(wire::SND_R_CTL_WRITE, de::playback_volume, whole).code == wire::SND_S_OK);
    CHECK(judged() == 4);
    CHECK(d.device.element(de::playback_volume).values() == std::vector<s64>{1, 2});
    CHECK(d.ask(wire::snd_hdr{{wire::SND_R_CTL_READ}}, 512).code == wire::SND_S_BAD_MSG);
    CHECK(d.ask_element(wire::SND_R_CTL_READ, 0, half, 512).code == wire::SND_S_BAD_MSG);
    CHECK(d.ask_element(wire::SND_R_CTL_TLV_READ, 0, {}, 7).code == wire::SND_S_BAD_MSG);
    CHECK(d.ask_element(wire::SND_R_CTL_TLV_WRITE, de::capture_gain, half).code ==
          wire::SND_S_BAD_MSG);
    CHECK(judged() == 8);
}

TEST_CASE("element: a device that writes the members of a value alone") {
    device_profile p = default_profile();
    p.short_values = true;
    driver d(p);
    d.up();
    CHECK(d.ask_element(wire::SND_R_CTL_READ, de::playback_volume, {}, value_bytes).len == 12);
    CHECK(d.ask_element(wire::SND_R_CTL_READ, de::digital_out, {}, value_bytes).len == 180);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("element: metadata, whole and as much as there is room for") {
    // Spec: [virtio 1.4] Sound Device / Control Element Metadata
    driver d;
    d.up();
    const auto read = [&](u32 id, u32 room) {
        return d.ask_element(wire::SND_R_CTL_TLV_READ, id, {}, room);
    };
    CHECK(words_of(read(de::playback_volume, 16).payload) ==
          std::vector<u32>{tlv::db_scale, 8, static_cast<u32>(-10000), 0x1'0064});
    const auto range = read(de::second_volume, 256);
    CHECK(range.len == 4 + 4 * 14);
    CHECK(words_of(range.payload)[1] == 48);
    CHECK(words_of(range.payload)[4] == tlv::db_scale);
    CHECK(words_of(range.payload)[10] == tlv::db_minmax);
    CHECK(words_of(read(de::fine_volume, 16).payload)[0] == tlv::db_linear);
    CHECK(words_of(read(de::equalizer, 64).payload)[0] == tlv::container);

    const auto part = read(de::second_volume, 20);
    CHECK(part.code == wire::SND_S_OK);
    CHECK(part.len == 24);
    CHECK(words_of(part.payload)[1] == 48); // the length is that of all of it
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("element: metadata is written, and commands arrive") {
    driver d;
    d.up();
    const auto fresh = tlv::minmax(-300, 300);
    CHECK(d.ask_element(wire::SND_R_CTL_TLV_WRITE, de::capture_gain, bytes_of(fresh, 0)).code ==
          wire::SND_S_OK);
    CHECK(d.device.element(de::capture_gain).metadata() == fresh);
    const auto command = tlv::make(0x1234, {1, 2, 3});
    CHECK(d.ask_element(wire::SND_R_CTL_TLV_COMMAND, de::equalizer, bytes_of(command, 0)).code ==
          wire::SND_S_OK);
    REQUIRE(d.device.element(de::equalizer).commands().size() == 1);
    CHECK(d.device.element(de::equalizer).commands()[0] == command);
    // The longest that is allowed.
    const auto longest = tlv::make(1, std::vector<u32>(wire::SND_CTL_TLV_MAX_BYTES / 4));
    CHECK(d.ask_element(wire::SND_R_CTL_TLV_COMMAND, de::equalizer, bytes_of(longest, 0)).code ==
          wire::SND_S_OK);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("element: what is refused says so") {
    driver d;
    d.up();
    CHECK(d.ask_element(wire::SND_R_CTL_READ, 99, {}, 512).code == wire::SND_S_BAD_MSG);
    CHECK(d.ask_element(wire::SND_R_CTL_READ, de::trigger, {}, 512).code == wire::SND_S_NOT_SUPP);
    CHECK(write(d, de::peak_meter, {1, 1}) == wire::SND_S_NOT_SUPP);
    CHECK(d.ask_element(wire::SND_R_CTL_ENUM_ITEMS, 0, {}, 64).code == wire::SND_S_NOT_SUPP);
    CHECK(d.device.violations().entries().size() == 4);
}

TEST_CASE("element: a reset of the device brings back what it began with") {
    driver d;
    d.up();
    write(d, de::playback_volume, {1, 2});
    d.up();
    CHECK(d.device.element(de::playback_volume).values() == std::vector<s64>{75, 75});
}
