#pragma once
// Control elements (volumes, switches, selectors): what the device says of one, judged; what may
// be asked of it; and what a notification says.
// Spec: [virtio 1.4] Sound Device / Control Elements

#include <vsnd/base/span.hpp>
#include <vsnd/base/status.hpp>
#include <vsnd/sound/params.hpp>
#include <vsnd/wire/sound_controls.hpp>

namespace vsnd {

// The numbers are those of the wire.
enum class element_role : u8 { undefined, volume, mute, gain };
enum class element_type : u8 { boolean, integer, integer64, enumerated, bytes, iec958 };
enum class element_access : u8 {
    read = wire::SND_CTL_ACCESS_READ,
    write = wire::SND_CTL_ACCESS_WRITE,
    changes_silently = wire::SND_CTL_ACCESS_VOLATILE,
    inactive = wire::SND_CTL_ACCESS_INACTIVE,
    tlv_read = wire::SND_CTL_ACCESS_TLV_READ,
    tlv_write = wire::SND_CTL_ACCESS_TLV_WRITE,
    tlv_command = wire::SND_CTL_ACCESS_TLV_COMMAND,
};

inline constexpr usize element_name_bytes = sizeof(wire::snd_ctl_info::name);

struct element_info {
    s64 lowest = 0; // the range of one value, for every type but iec958
    s64 highest = 0;
    u64 step = 0;       // 0: of variable size
    u32 hda_fn_nid = 0; // links it to the streams with the same number
    u32 access = 0;     // 1 << element_access
    u32 index = 0;      // tells apart elements of one name
    u32 items = 0;      // of an enumerated element
    u16 count = 0;      // how many values it has
    element_role role = element_role::undefined;
    element_type type = element_type::boolean;
    direction flow = direction::playback; // means something only where there is a role
    bool usable = false;    // type, count and range make sense: only then anything may be sent
    bool malformed = false; // something undefined was masked away, or it is not usable
    char name[element_name_bytes]{}; // printable ASCII, always terminated

    constexpr bool has(element_access right) const {
        return (access >> static_cast<u8>(right) & 1) != 0;
    }
};

// The greatest count of values that an element of this type may have.
constexpr u32 most_values(element_type type) {
    switch (type) {
    case element_type::integer64: return wire::SND_CTL_COUNT_INTEGER64;
    case element_type::bytes: return wire::SND_CTL_COUNT_BYTES;
    case element_type::iec958: return wire::SND_CTL_COUNT_IEC958;
    default: return wire::SND_CTL_COUNT_INTEGER;
    }
}

namespace detail {

// Fields of an item whose place and length are not known while compiling; what lies beyond the
// end is 0.
inline u32 word_at(span<const u8> bytes, usize at) {
    if (at > bytes.size() || bytes.size() - at < sizeof(u32)) return 0;
    le32 word;
    __builtin_memcpy(&word, bytes.data() + at, sizeof(word));
    return word;
}
inline s64 long_at(span<const u8> bytes, usize at) {
    return static_cast<s64>(u64{word_at(bytes, at)} | u64{word_at(bytes, at + 4)} << 32);
}

// Copies a name from the device and terminates it. False where the device gave no proper one:
// empty, not terminated, or with something in it that is not printable ASCII (becomes '?').
inline bool copy_name(span<const u8> from, char* to, usize room) {
    bool proper = true;
    usize i = 0;
    for (; i + 1 < room && i < from.size(); ++i) {
        const u8 byte = from[i];
        if (byte == 0) break;
        const bool printable = byte >= 0x20 && byte < 0x7f;
        to[i] = printable ? static_cast<char>(byte) : '?';
        proper = proper && printable;
    }
    to[i] = 0;
    return proper && i != 0 && i < from.size() && from[i] == 0;
}

// The role's lowest bit is the direction, the rest says what it is. False: undefined.
inline bool judge_role(u32 role, element_info& info) {
    if (role == wire::SND_CTL_ROLE_UNDEFINED) return true;
    const u32 kind = role >> 1;
    if (kind == wire::SND_CTL_ROLE_UNDEFINED || kind > wire::SND_CTL_ROLE_GAIN) return false;
    info.role = static_cast<element_role>(kind);
    info.flow = static_cast<direction>(role & 1);
    return true;
}

// A step that leads out of the range at once is none. False: there was such a one.
inline bool judge_step(element_info& info) {
    const u64 width = static_cast<u64>(info.highest) - static_cast<u64>(info.lowest);
    if (info.step <= width) return true;
    info.step = 0;
    return width == 0;
}

// The range of one value. False: it makes no sense.
inline bool judge_range(span<const u8> value, element_info& info) {
    switch (info.type) {
    case element_type::boolean: info.highest = 1; break;
    case element_type::integer:
        info.lowest = static_cast<s32>(word_at(value, 0));
        info.highest = static_cast<s32>(word_at(value, 4));
        info.step = word_at(value, 8);
        return info.lowest <= info.highest;
    case element_type::integer64:
        info.lowest = long_at(value, 0);
        info.highest = long_at(value, 8);
        info.step = static_cast<u64>(long_at(value, 16));
        return info.lowest <= info.highest;
    case element_type::enumerated:
        info.items = word_at(value, 0);
        info.highest = s64{info.items} - 1;
        break;
    case element_type::bytes: info.highest = 255; break;
    case element_type::iec958: return true;
    }
    info.step = 1;
    return info.highest >= 0;
}

} // namespace detail

// One item of an answer to CTL_INFO. `value_offset` is where the item's value begins: 68 by the
// specification, 72 where a compiler has aligned it (sound/element_layout.hpp tells which).
inline element_info judge_element(span<const u8> item, usize value_offset) {
    using wire_info = wire::snd_ctl_info;
    constexpr u32 known_access = (1u << (wire::SND_CTL_ACCESS_TLV_COMMAND + 1)) - 1;
    element_info info;
    const u32 access = detail::word_at(item, offsetof(wire_info, access));
    const u32 type = detail::word_at(item, offsetof(wire_info, type));
    const u32 count = detail::word_at(item, offsetof(wire_info, count));
    info.hda_fn_nid = detail::word_at(item, 0);
    info.index = detail::word_at(item, offsetof(wire_info, index));
    info.access = access & known_access;
    const span<const u8> name = item.part(offsetof(wire_info, name), element_name_bytes);
    bool proper = detail::copy_name(name, info.name, element_name_bytes);
    proper &= detail::judge_role(detail::word_at(item, offsetof(wire_info, role)), info);
    proper &= access == info.access;
    if (type < wire::SND_CTL_TYPE_COUNT) {
        info.type = static_cast<element_type>(type);
        info.usable = detail::judge_range(item.part(value_offset, item.size()), info) &&
                      count != 0 && count <= most_values(info.type);
    }
    proper &= detail::judge_step(info);
    if (info.usable) info.count = static_cast<u16>(count);
    info.malformed = !info.usable || !proper;
    return info;
}
inline element_info judge(const wire::snd_ctl_info& raw) {
    return judge_element({reinterpret_cast<const u8*>(&raw), sizeof(raw)},
                         offsetof(wire::snd_ctl_info, value));
}
inline element_info judge(const wire::snd_ctl_info_aligned& raw) {
    return judge_element({reinterpret_cast<const u8*>(&raw), sizeof(raw)},
                         offsetof(wire::snd_ctl_info_aligned, value));
}

// Whether the driver may send the request with this right at all.
// Errors: not_available, the element lacks the right or is not usable.
constexpr status_code may(const element_info& info, element_access right) {
    return info.usable && info.has(right) ? status_code::ok : status_code::not_available;
}
constexpr status_code may_read(const element_info& info) {
    return may(info, element_access::read);
}
constexpr status_code may_write(const element_info& info) {
    return may(info, element_access::write);
}
constexpr status_code may_tlv_read(const element_info& info) {
    return may(info, element_access::tlv_read);
}
constexpr status_code may_tlv_write(const element_info& info) {
    return may(info, element_access::tlv_write);
}
constexpr status_code may_tlv_command(const element_info& info) {
    return may(info, element_access::tlv_command);
}

// What an EVT_CTL_NOTIFY says: ask again for what changed.
struct element_notice {
    u32 control_id = 0;
    bool value = false;
    bool info = false;
    bool tlv = false;
    bool usable = false;    // the element exists
    bool malformed = false; // it does not, or undefined reasons were masked away
};

// `data` is the event's, `controls` how many elements the device has.
constexpr element_notice decode_element_notice(u32 data, u32 controls) {
    constexpr u32 known = (1u << (wire::SND_CTL_EVT_MASK_TLV + 1)) - 1;
    const u32 mask = data >> 16;
    element_notice out;
    out.control_id = data & 0xffff;
    out.value = (mask >> wire::SND_CTL_EVT_MASK_VALUE & 1) != 0;
    out.info = (mask >> wire::SND_CTL_EVT_MASK_INFO & 1) != 0;
    out.tlv = (mask >> wire::SND_CTL_EVT_MASK_TLV & 1) != 0;
    out.usable = out.control_id < controls;
    out.malformed = !out.usable || (mask & ~known) != 0;
    return out;
}

constexpr const char* to_string(element_role role) {
    constexpr const char* names[] = {"undefined", "volume", "mute", "gain"};
    return role <= element_role::gain ? names[static_cast<u8>(role)] : "unknown role";
}

constexpr const char* to_string(element_type type) {
    constexpr const char* names[] = {"boolean",    "integer", "integer64",
                                     "enumerated", "bytes",   "iec958"};
    return type <= element_type::iec958 ? names[static_cast<u8>(type)] : "unknown type";
}

constexpr const char* to_string(element_access right) {
    constexpr const char* names[] = {"read",     "write",     "volatile",   "inactive",
                                     "TLV read", "TLV write", "TLV command"};
    return right <= element_access::tlv_command ? names[static_cast<u8>(right)] : "unknown right";
}

} // namespace vsnd
