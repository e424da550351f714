#pragma once
// Which layout an answer to CTL_INFO is in. By the specification an item has 92 bytes and its
// value begins at byte 68; a device built from a header whose compiler aligns 64-bit numbers has
// 96 bytes and 72. A device may also put either value into items of the size that was asked for.
// Spec: [virtio 1.4] Sound Device / Control Element Information
//
// The device does not say which it is, so the four combinations are tried on what it wrote, and
// the one that breaks the fewest rules wins. What counts:
// - the head of each item: type, access, count and name are what they may be. Taken at a wrong
//   distance, the second item already fails all of it.
// - the value of each item: least <= greatest, a step within the range, zero in the gap and in
//   what the type leaves unused. Off by one word, a range is nearly always upside down, or its
//   64-bit bounds are multiples of 2^32.
// - the length: items of this size make up what was written.
// - the usual pair, 92 with 68 and 96 with 72, and between these two the specification's.

#include <vsnd/sound/element.hpp>

namespace vsnd {

struct element_layout {
    u32 item_bytes = sizeof(wire::snd_ctl_info);
    u32 value_offset = offsetof(wire::snd_ctl_info, value);

    constexpr bool operator==(const element_layout&) const = default;

    // Item `i` of an answer's payload; empty where it was not written as a whole.
    constexpr span<const u8> item(span<const u8> payload, u32 i) const {
        const u64 at = u64{i} * item_bytes;
        if (at + item_bytes > payload.size()) return {};
        return payload.part(static_cast<usize>(at), item_bytes);
    }
};

inline constexpr element_layout specified_layout{};
inline constexpr element_layout aligned_layout{sizeof(wire::snd_ctl_info_aligned),
                                               offsetof(wire::snd_ctl_info_aligned, value)};

namespace detail {

// How many of the item's words from `at` on are not zero.
inline u32 stray_words(span<const u8> item, usize at) {
    u32 stray = 0;
    for (; at + sizeof(u32) <= item.size(); at += sizeof(u32)) {
        stray += word_at(item, at) != 0 ? 1 : 0;
    }
    return stray;
}

// How many bytes of the value a type uses. A switch may be described as a range from 0 to 1.
constexpr usize used_bytes(element_type type) {
    switch (type) {
    case element_type::boolean:
    case element_type::integer: return sizeof(wire::snd_ctl_range);
    case element_type::integer64: return sizeof(wire::snd_ctl_range64);
    case element_type::enumerated: return sizeof(wire::snd_ctl_enumerated);
    default: return 0;
    }
}

constexpr bool only_high(s64 bound) {
    return bound != 0 && static_cast<u32>(bound) == 0;
}

inline u32 faults_of_value(span<const u8> item, usize offset, element_type type) {
    const span<const u8> value = item.part(offset, item.size());
    element_info range;
    range.type = type;
    u32 faults = judge_range(value, range) ? 0 : 2;
    const u64 width = static_cast<u64>(range.highest) - static_cast<u64>(range.lowest);
    if (range.step > width && type < element_type::enumerated) ++faults;
    if (type == element_type::integer64) {
        faults += only_high(range.lowest) ? 1 : 0;
        faults += only_high(range.highest) ? 1 : 0;
    }
    if (type == element_type::boolean) {
        const u32 highest = word_at(value, 4);
        faults += word_at(value, 0) != 0 || highest > 1 || word_at(value, 8) > highest ? 1 : 0;
    }
    const usize gap = offsetof(wire::snd_ctl_info, value);
    if (offset != gap && word_at(item, gap) != 0) faults += 2;
    return faults + stray_words(value, used_bytes(type));
}

inline u32 faults_of_item(span<const u8> item, usize offset) {
    const u32 type = word_at(item, offsetof(wire::snd_ctl_info, type));
    const u32 count = word_at(item, offsetof(wire::snd_ctl_info, count));
    const u32 access = word_at(item, offsetof(wire::snd_ctl_info, access));
    char name[element_name_bytes];
    u32 faults = 0;
    if (!copy_name(item.part(offsetof(wire::snd_ctl_info, name), sizeof(name)), name,
                   sizeof(name))) {
        faults += 4;
    }
    if (access >> (wire::SND_CTL_ACCESS_TLV_COMMAND + 1) != 0) faults += 4;
    if (type >= wire::SND_CTL_TYPE_COUNT) return faults + 8;
    const auto known = static_cast<element_type>(type);
    if (count == 0 || count > most_values(known)) faults += 4;
    return faults + faults_of_value(item, offset, known);
}

} // namespace detail

// `payload` is what the device wrote after the header of its answer, or the whole buffer where it
// did not say how much that was; `count` is how many items were asked for. Looks at 32 items.
inline element_layout find_element_layout(span<const u8> payload, u32 count) {
    constexpr u32 enough_items = 32;
    const element_layout candidates[] = {
        specified_layout,
        aligned_layout,
        {aligned_layout.item_bytes, specified_layout.value_offset},
        {specified_layout.item_bytes, aligned_layout.value_offset},
    };
    element_layout best;
    u32 fewest = 0xffffffff;
    for (const element_layout& layout : candidates) {
        const bool usual = layout == specified_layout || layout == aligned_layout;
        const bool whole = u64{count} * layout.item_bytes == payload.size();
        u32 faults = (usual ? 0 : 2) + (whole ? 0 : 1);
        for (u32 i = 0; i < lesser(count, enough_items); ++i) {
            const span<const u8> item = layout.item(payload, i);
            // The last one may be cut off; the first must be there.
            const u32 missing = i == 0 ? 1000 : 3;
            faults +=
                4 * (item.empty() ? missing : detail::faults_of_item(item, layout.value_offset));
        }
        if (faults < fewest) {
            fewest = faults;
            best = layout;
        }
    }
    return best;
}

} // namespace vsnd
