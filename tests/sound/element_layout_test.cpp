// Which layout an answer is in: devices built by the specification's text and devices built by a
// compiler, each with the sizes it was asked for and with its own.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <support/rounds.hpp>
#include <vsnd/sound/element_layout.hpp>

#include "element_items.hpp"

using namespace vsnd;

namespace {

using plain = wire::snd_ctl_info;
using aligned = wire::snd_ctl_info_aligned;

template <class Info>
std::vector<byte_vector> mixer() {
    return {bytes_of(raw_integer<Info>(0, 100)),
            bytes_of(raw_element<Info>(0, 2, "Switch")),
            bytes_of(raw_integer64<Info>(-5, 1234567890123)),
            bytes_of(raw_enumerated<Info>(3)),
            bytes_of(raw_integer<Info>(-6000, 0, 0)),
            bytes_of(raw_element<Info>(4, 512, "Blob"))};
}

// An answer's payload: items one after the other, each in `distance` bytes.
byte_vector payload(const std::vector<byte_vector>& items, usize distance) {
    byte_vector out;
    for (byte_vector item : items) {
        item.resize(distance);
        out.insert(out.end(), item.begin(), item.end());
    }
    out.shrink_to_fit();
    return out;
}

element_layout found(const byte_vector& bytes, usize count) {
    return find_element_layout(view(bytes), static_cast<u32>(count));
}

template <class Info>
void check_each_alone(u32 distance, u32 value_offset) {
    for (const byte_vector& item : mixer<Info>()) {
        const element_info whole = judge_element(view(item), sizeof(Info) - 24);
        const byte_vector bytes = payload({item}, distance);
        const element_layout layout = found(bytes, 1);
        const element_info info = judge_element(layout.item(view(bytes), 0), layout.value_offset);
        CAPTURE(std::string(whole.name));
        CAPTURE(std::string(to_string(whole.type)));
        // Where the value says nothing, either layout gives the same element.
        if (whole.type != element_type::boolean && whole.type != element_type::bytes) {
            CHECK(layout.value_offset == value_offset);
        }
        CHECK(info.type == whole.type);
        CHECK(info.lowest == whole.lowest);
        CHECK(info.highest == whole.highest);
        CHECK(info.items == whole.items);
        CHECK_FALSE(info.malformed);
    }
}

} // namespace

// [virtio 1.4] Sound Device / Control Element Information
TEST_CASE("element_layout: answers of their own size") {
    CHECK(found(payload(mixer<plain>(), 92), 6) == specified_layout);
    CHECK(found(payload(mixer<aligned>(), 96), 6) == aligned_layout);
    check_each_alone<plain>(92, 68);
    check_each_alone<aligned>(96, 72);
}

TEST_CASE("element_layout: answers in items of the size that was asked for") {
    CHECK(found(payload(mixer<plain>(), 96), 6) == element_layout{96, 68});
    CHECK(found(payload(mixer<aligned>(), 92), 6) == element_layout{92, 72});
    check_each_alone<plain>(96, 68);
    // The last word of a 64-bit step does not fit: it counts as 0.
    check_each_alone<aligned>(92, 72);
}

TEST_CASE("element_layout: 96 bytes each into the room for 92, the last one cut off") {
    byte_vector bytes = payload(mixer<aligned>(), 96);
    bytes.resize(6 * 92);
    bytes.shrink_to_fit();
    const element_layout layout = found(bytes, 6);
    CHECK(layout == aligned_layout);
    CHECK(layout.item(view(bytes), 4).size() == 96);
    CHECK(layout.item(view(bytes), 5).empty());
}

TEST_CASE("element_layout: 92 bytes each although there was room for 96, all of it returned") {
    byte_vector bytes = payload(mixer<plain>(), 92);
    bytes.resize(6 * 96);
    CHECK(found(bytes, 6) == specified_layout);
}

TEST_CASE("element_layout: where the items do not tell, the length does, then the specification") {
    CHECK(found(byte_vector(96), 1) == aligned_layout);
    CHECK(found(byte_vector(92), 1) == specified_layout);
    CHECK(found(byte_vector(90), 1) == specified_layout);
    CHECK(found({}, 0) == specified_layout);
    CHECK(found({}, 0xffffffff) == specified_layout);
    const auto switch_of = [](auto raw) {
        raw.value.integer.highest = 1;
        raw.value.integer.step = 1;
        return bytes_of(raw);
    };
    CHECK(found(switch_of(raw_element<plain>(0)), 1) == specified_layout);
    CHECK(found(switch_of(raw_element<aligned>(0)), 1) == aligned_layout);
}

TEST_CASE("element_layout: many ranges, alone and in items of the other size") {
    hostile_bytes random(14);
    u32 wrong = 0;
    for (u32 round = 0; round < support::rounds(20000); round++) {
        const s32 lowest = static_cast<s32>(random.below(20000)) - 10000;
        const s32 highest = lowest + 2 + static_cast<s32>(random.below(20000));
        const u32 step = random.below(3);
        const auto a = bytes_of(raw_integer<plain>(lowest, highest, step));
        const auto b = bytes_of(raw_integer<aligned>(lowest, highest, step));
        wrong += found(a, 1) == specified_layout ? 0 : 1;
        wrong += found(b, 1) == aligned_layout ? 0 : 1;
        wrong += found(payload({a}, 96), 1).value_offset == 68 ? 0 : 1;
        wrong += found(payload({b}, 92), 1).value_offset == 72 ? 0 : 1;
    }
    CHECK(wrong == 0);
}

TEST_CASE("element_layout: any bytes end in one of the four, and items stay within them") {
    hostile_bytes random(15);
    u32 whole = 0;
    for (u32 round = 0; round < support::rounds(20000); round++) {
        const byte_vector bytes = random.take(random.below(500));
        const u32 count = random.below(4) == 0 ? random.word() : random.below(6);
        const element_layout layout = find_element_layout(view(bytes), count);
        const bool good = (layout.item_bytes == 92 || layout.item_bytes == 96) &&
                          (layout.value_offset == 68 || layout.value_offset == 72);
        if (!good) REQUIRE(good);
        const u32 i = random.below(8) == 0 ? random.word() : random.below(6);
        const span<const u8> item = layout.item(view(bytes), i);
        if (item.empty()) continue;
        whole++;
        const bool inside = item.begin() >= view(bytes).begin() && item.end() <= view(bytes).end();
        if (!inside) REQUIRE(inside);
    }
    CHECK(whole > support::rounds(1000));
}
