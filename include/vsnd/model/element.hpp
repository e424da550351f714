#pragma once
// What a control element of the model is: its facts as a profile gives them, and builders for its
// metadata. Nothing is checked here, so that a test can describe an element that makes no sense.
// Spec: [virtio 1.4] Sound Device / Control Elements

#include <string>
#include <utility>
#include <vector>

#include <vsnd/base/types.hpp>
#include <vsnd/wire/sound_controls.hpp>

namespace vsnd::model {

// A role as it lies on the wire: what it is for, and in which direction.
constexpr u32 element_role(u32 what, u8 direction) {
    return what << 1 | direction;
}

namespace element_access {
inline constexpr u32 read = 1u << wire::SND_CTL_ACCESS_READ;
inline constexpr u32 write = 1u << wire::SND_CTL_ACCESS_WRITE;
inline constexpr u32 read_write = read | write;
inline constexpr u32 is_volatile = 1u << wire::SND_CTL_ACCESS_VOLATILE;
inline constexpr u32 inactive = 1u << wire::SND_CTL_ACCESS_INACTIVE;
inline constexpr u32 tlv_read = 1u << wire::SND_CTL_ACCESS_TLV_READ;
inline constexpr u32 tlv_write = 1u << wire::SND_CTL_ACCESS_TLV_WRITE;
inline constexpr u32 tlv_command = 1u << wire::SND_CTL_ACCESS_TLV_COMMAND;
} // namespace element_access

struct element_profile {
    std::string name; // 44 bytes or more: no terminator on the wire
    u32 index = 0;
    u32 role = wire::SND_CTL_ROLE_UNDEFINED; // see element_role
    u32 type = wire::SND_CTL_TYPE_BOOLEAN;
    u32 access = element_access::read_write;
    u32 count = 1;
    u32 nid = 0;
    // INTEGER and INTEGER64, as signed numbers of that width
    s64 lowest = 0;
    s64 highest = 1;
    s64 step = 1;
    // ENUMERATED: the options' names, 64 bytes or more have no terminator
    std::vector<std::string> items;
    u32 announced_items = 0; // 0: as many as there are
    // The value to begin with; what is missing is 0.
    std::vector<s64> values; // numbers, options and booleans
    std::vector<u8> bytes;   // BYTES and IEC958
    // Words as TLV_READ hands them out: type, length in bytes, value. A lie is told as it is.
    std::vector<u32> metadata;
};

// Which structure CTL_INFO is made of.
enum class element_layout : u8 {
    plain,   // 92 bytes, as in the text of the specification
    aligned, // 96 bytes, as compilers lay it out: the value is four bytes later
    asked,   // the aligned one where the query's size says 96 or more, else the plain one
};

// Metadata in words. The types are those that ALSA defines; decibels are in hundredths.
namespace tlv {
using words = std::vector<u32>;

inline constexpr u32 container = 0;
inline constexpr u32 db_scale = 1;
inline constexpr u32 db_linear = 2;
inline constexpr u32 db_range = 3;
inline constexpr u32 db_minmax = 4;
inline constexpr u32 db_minmax_mute = 5;

inline words make(u32 type, const words& value) {
    words all{type, static_cast<u32>(4 * value.size())};
    all.insert(all.end(), value.begin(), value.end());
    return all;
}
constexpr u32 word(s32 centibels) {
    return static_cast<u32>(centibels);
}
// The lowest value is `lowest`, and each step adds `step`.
inline words scale(s32 lowest, u16 step, bool mutes = false) {
    return make(db_scale, {word(lowest), u32{step} | (mutes ? 0x1'0000u : 0u)});
}
// The value is proportional to the amplitude.
inline words linear(s32 lowest, s32 highest) {
    return make(db_linear, {word(lowest), word(highest)});
}
inline words minmax(s32 lowest, s32 highest, bool mutes = false) {
    return make(mutes ? db_minmax_mute : db_minmax, {word(lowest), word(highest)});
}
// One part of a range: the values from `lowest` to `highest` follow metadata of their own.
struct part {
    s32 lowest;
    s32 highest;
    words inner;
};
inline words range(const std::vector<part>& parts) {
    words value;
    for (const part& p : parts) {
        value.push_back(word(p.lowest));
        value.push_back(word(p.highest));
        value.insert(value.end(), p.inner.begin(), p.inner.end());
    }
    return make(db_range, value);
}
// Several of them in one.
inline words together(const std::vector<words>& all) {
    words value;
    for (const words& one : all)
        value.insert(value.end(), one.begin(), one.end());
    return make(container, value);
}
} // namespace tlv

} // namespace vsnd::model
