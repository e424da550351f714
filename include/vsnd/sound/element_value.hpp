#pragma once
// The values of a control element, between the wire and the caller; and the names of the items of
// an enumerated one. Nothing out of range passes, in either direction.
// Spec: [virtio 1.4] Sound Device / Control Element Value
//
// Errors of every get_*: invalid_argument, another type or an index that the element does not
// have; device_bad_answer, the device gave a value out of range.
// Errors of every set_*: invalid_argument, also for a value out of range; nothing has changed.

#include <vsnd/pcm/division.hpp>
#include <vsnd/sound/element.hpp>

namespace vsnd {

constexpr bool in_range(const element_info& info, s64 value) {
    return value >= info.lowest && value <= info.highest;
}

// The value nearest to `wanted` that lies in the range and on a step.
constexpr s64 nearest_value(const element_info& info, s64 wanted) {
    if (info.type == element_type::iec958 || info.lowest > info.highest) return info.lowest;
    wanted = lesser(greater(wanted, info.lowest), info.highest);
    if (info.step < 2) return wanted;
    const u64 distance = static_cast<u64>(wanted) - static_cast<u64>(info.lowest);
    const u64 width = static_cast<u64>(info.highest) - static_cast<u64>(info.lowest);
    const u64 beyond = slow_divide(distance, info.step).remainder;
    u64 snapped = distance - beyond;
    if (beyond > info.step - beyond && width - snapped >= info.step) snapped += info.step;
    return static_cast<s64>(static_cast<u64>(info.lowest) + snapped);
}

namespace detail {

inline s64 raw_value(element_type type, const wire::snd_ctl_value& raw, u32 i) {
    switch (type) {
    case element_type::boolean: return raw.value.integer[i];
    case element_type::integer: return static_cast<s32>(u32{raw.value.integer[i]});
    case element_type::integer64: return static_cast<s64>(u64{raw.value.integer64[i]});
    case element_type::enumerated: return raw.value.enumerated[i];
    case element_type::bytes: return raw.value.bytes[i];
    case element_type::iec958: break;
    }
    return 0;
}

// `count` of a judged element never exceeds what the wire has room for; of any other it may.
constexpr bool has_value(const element_info& info, u32 i) {
    return info.usable && info.type != element_type::iec958 && i < info.count &&
           i < most_values(info.type);
}

} // namespace detail

// A value of any type but iec958.
inline result<s64> get_value(const element_info& info, const wire::snd_ctl_value& raw, u32 i) {
    if (!detail::has_value(info, i)) return status_code::invalid_argument;
    const s64 value = detail::raw_value(info.type, raw, i);
    if (!in_range(info, value)) return status_code::device_bad_answer;
    return value;
}
inline status_code set_value(const element_info& info, wire::snd_ctl_value& raw, u32 i, s64 value) {
    if (!detail::has_value(info, i) || !in_range(info, value)) return status_code::invalid_argument;
    switch (info.type) {
    case element_type::integer64: raw.value.integer64[i] = static_cast<u64>(value); break;
    case element_type::bytes: raw.value.bytes[i] = static_cast<u8>(value); break;
    default: raw.value.integer[i] = static_cast<u32>(value); break;
    }
    return status_code::ok;
}

namespace detail {

template <class T>
inline result<T> get_as(element_type type, const element_info& info, const wire::snd_ctl_value& raw,
                        u32 i) {
    if (info.type != type) return status_code::invalid_argument;
    const result<s64> found = get_value(info, raw, i);
    if (!found.ok()) return found.code();
    return static_cast<T>(found.value());
}
inline status_code set_as(element_type type, const element_info& info, wire::snd_ctl_value& raw,
                          u32 i, s64 value) {
    if (info.type != type) return status_code::invalid_argument;
    return set_value(info, raw, i, value);
}

} // namespace detail

inline result<bool> get_boolean(const element_info& info, const wire::snd_ctl_value& raw, u32 i) {
    return detail::get_as<bool>(element_type::boolean, info, raw, i);
}
inline result<s32> get_integer(const element_info& info, const wire::snd_ctl_value& raw, u32 i) {
    return detail::get_as<s32>(element_type::integer, info, raw, i);
}
inline result<s64> get_integer64(const element_info& info, const wire::snd_ctl_value& raw, u32 i) {
    return detail::get_as<s64>(element_type::integer64, info, raw, i);
}
inline result<u32> get_enumerated(const element_info& info, const wire::snd_ctl_value& raw, u32 i) {
    return detail::get_as<u32>(element_type::enumerated, info, raw, i);
}
inline result<u8> get_byte(const element_info& info, const wire::snd_ctl_value& raw, u32 i) {
    return detail::get_as<u8>(element_type::bytes, info, raw, i);
}
inline result<wire::snd_ctl_iec958> get_iec958(const element_info& info,
                                               const wire::snd_ctl_value& raw) {
    if (!info.usable || info.type != element_type::iec958) return status_code::invalid_argument;
    return raw.value.iec958;
}

inline status_code set_boolean(const element_info& info, wire::snd_ctl_value& raw, u32 i,
                               bool value) {
    return detail::set_as(element_type::boolean, info, raw, i, value ? 1 : 0);
}
inline status_code set_integer(const element_info& info, wire::snd_ctl_value& raw, u32 i,
                               s32 value) {
    return detail::set_as(element_type::integer, info, raw, i, value);
}
inline status_code set_integer64(const element_info& info, wire::snd_ctl_value& raw, u32 i,
                                 s64 value) {
    return detail::set_as(element_type::integer64, info, raw, i, value);
}
inline status_code set_enumerated(const element_info& info, wire::snd_ctl_value& raw, u32 i,
                                  u32 value) {
    return detail::set_as(element_type::enumerated, info, raw, i, value);
}
inline status_code set_byte(const element_info& info, wire::snd_ctl_value& raw, u32 i, u8 value) {
    return detail::set_as(element_type::bytes, info, raw, i, value);
}
inline status_code set_iec958(const element_info& info, wire::snd_ctl_value& raw,
                              const wire::snd_ctl_iec958& value) {
    if (!info.usable || info.type != element_type::iec958) return status_code::invalid_argument;
    raw.value.iec958 = value;
    return status_code::ok;
}

// Whether all values of the element are there and in range. Errors: invalid_argument.
inline status_code check_values(const element_info& info, const wire::snd_ctl_value& raw) {
    if (!info.usable) return status_code::invalid_argument;
    if (info.type == element_type::iec958) return status_code::ok;
    for (u32 i = 0; i < info.count; ++i) {
        if (!get_value(info, raw, i).ok()) return status_code::invalid_argument;
    }
    return status_code::ok;
}

using item_name = char[sizeof(wire::snd_ctl_enum_item)];

// The name of item `i` from the payload of an answer to CTL_ENUM_ITEMS; `out` is terminated, and
// empty where there is no such item.
// Errors: invalid_argument, the element has no such item, or the payload does not hold it;
// device_bad_answer, the name is no proper one (`out` has what could be made of it).
inline status_code get_item_name(const element_info& info, span<const u8> payload, u32 i,
                                 item_name& out) {
    out[0] = 0;
    const u64 at = u64{i} * sizeof(item_name);
    if (info.type != element_type::enumerated || i >= info.items ||
        at + sizeof(item_name) > payload.size()) {
        return status_code::invalid_argument;
    }
    const span<const u8> item = payload.part(static_cast<usize>(at), sizeof(item_name));
    return detail::copy_name(item, out, sizeof(item_name)) ? status_code::ok
                                                           : status_code::device_bad_answer;
}

} // namespace vsnd
