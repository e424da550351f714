#pragma once
// Requests about control elements, written into memory that the caller gives. Each checks the
// element's rights first: what must not be sent is never built.
// Spec: [virtio 1.4] Sound Device / Control Elements
//
// Errors of each: no_room, `out` is too small; not_available, the element lacks the right or is
// not usable; invalid_argument. `out` has not changed then.

#include <vsnd/sound/element_value.hpp>

namespace vsnd {

// How long the two sides of a request are. The device writes a snd_hdr and then the payload.
struct element_request {
    u32 request_bytes = 0; // for the device to read, from the beginning of `out`
    u32 payload_bytes = 0; // for the device to write, behind its snd_hdr
};

// Bytes of `out` that any request but TLV_WRITE and TLV_COMMAND fits into.
inline constexpr usize element_request_room =
    sizeof(wire::snd_ctl_hdr) + sizeof(wire::snd_ctl_value);

namespace detail {

template <class Message>
inline void put(span<u8> out, usize at, const Message& message) {
    __builtin_memcpy(out.data() + at, &message, sizeof(message));
}

// How much of a value's memory an element uses.
constexpr usize value_bytes(const element_info& info) {
    switch (info.type) {
    case element_type::integer64: return info.count * sizeof(le64);
    case element_type::bytes: return info.count;
    case element_type::iec958: return sizeof(wire::snd_ctl_iec958);
    default: return info.count * sizeof(le32);
    }
}

// A request that starts with the element's header and goes on with `more` bytes.
inline result<element_request> begin_request(span<u8> out, u32 code, u32 control_id, u32 more,
                                             u32 payload) {
    const element_request sizes{static_cast<u32>(sizeof(wire::snd_ctl_hdr)) + more, payload};
    if (out.size() < sizes.request_bytes) return status_code::no_room;
    wire::snd_ctl_hdr header;
    header.hdr.code = code;
    header.control_id = control_id;
    put(out, 0, header);
    return sizes;
}

inline result<element_request> tlv_request(span<u8> out, u32 code, u32 control_id, u32 type,
                                           span<const u8> value) {
    constexpr u32 head = sizeof(wire::snd_ctl_tlv);
    if (value.size() > wire::SND_CTL_TLV_MAX_BYTES || value.size() % sizeof(u32) != 0) {
        return status_code::invalid_argument;
    }
    const u32 length = static_cast<u32>(value.size());
    const auto begun = begin_request(out, code, control_id, head + length, 0);
    if (!begun.ok()) return begun;
    wire::snd_ctl_tlv tlv;
    tlv.type = type;
    tlv.length = length;
    put(out, sizeof(wire::snd_ctl_hdr), tlv);
    if (length != 0) {
        __builtin_memcpy(out.data() + sizeof(wire::snd_ctl_hdr) + head, value.data(), length);
    }
    return begun;
}

} // namespace detail

// CTL_INFO for `count` of the device's `controls` elements from `start_id` on. `item_bytes` is 92;
// 96 for a device that answers 92 with BAD_MSG or NOT_SUPP.
inline result<element_request> make_element_query(span<u8> out, u32 controls, u32 start_id,
                                                  u32 count,
                                                  u32 item_bytes = sizeof(wire::snd_ctl_info)) {
    const u64 payload = u64{count} * item_bytes;
    if (count == 0 || u64{start_id} + count > controls || payload >> 32 != 0) {
        return status_code::invalid_argument;
    }
    if (out.size() < sizeof(wire::snd_query_info)) return status_code::no_room;
    wire::snd_query_info query;
    query.hdr.code = wire::SND_R_CTL_INFO;
    query.start_id = start_id;
    query.count = count;
    query.size = item_bytes;
    detail::put(out, 0, query);
    return element_request{sizeof(query), static_cast<u32>(payload)};
}

// CTL_ENUM_ITEMS. All names come in one answer: `payload_room` says how much of it there is place
// for. Errors: no_room, also where the names do not fit; invalid_argument, another type.
inline result<element_request> make_items_query(span<u8> out, u32 control_id,
                                                const element_info& info, usize payload_room) {
    if (!info.usable) return status_code::not_available;
    if (info.type != element_type::enumerated) return status_code::invalid_argument;
    const u64 payload = u64{info.items} * sizeof(wire::snd_ctl_enum_item);
    if (payload > payload_room || payload >> 32 != 0) return status_code::no_room;
    return detail::begin_request(out, wire::SND_R_CTL_ENUM_ITEMS, control_id, 0,
                                 static_cast<u32>(payload));
}

inline result<element_request> make_value_read(span<u8> out, u32 control_id,
                                               const element_info& info) {
    const status_code right = may_read(info);
    if (!ok(right)) return right;
    return detail::begin_request(out, wire::SND_R_CTL_READ, control_id, 0,
                                 sizeof(wire::snd_ctl_value));
}

// Errors: invalid_argument, a value is out of range.
inline result<element_request> make_value_write(span<u8> out, u32 control_id,
                                                const element_info& info,
                                                const wire::snd_ctl_value& value) {
    const status_code right = may_write(info);
    if (!ok(right)) return right;
    const status_code good = check_values(info, value);
    if (!ok(good)) return good;
    const auto begun =
        detail::begin_request(out, wire::SND_R_CTL_WRITE, control_id, sizeof(value), 0);
    if (!begun.ok()) return begun;
    // Only the element's own values: what lies behind them may be anything of the caller's.
    u8* const to = out.data() + sizeof(wire::snd_ctl_hdr);
    __builtin_memset(to, 0, sizeof(value));
    __builtin_memcpy(to, &value, detail::value_bytes(info));
    return begun;
}

// CTL_TLV_READ of metadata whose value has at most `value_room` bytes; a longer one comes cut off.
// Errors: invalid_argument, `value_room` is no multiple of 4 or above 65536.
inline result<element_request> make_tlv_read(span<u8> out, u32 control_id, const element_info& info,
                                             u32 value_room) {
    const status_code right = may_tlv_read(info);
    if (!ok(right)) return right;
    if (value_room > wire::SND_CTL_TLV_MAX_BYTES || value_room % sizeof(u32) != 0) {
        return status_code::invalid_argument;
    }
    return detail::begin_request(out, wire::SND_R_CTL_TLV_READ, control_id, 0,
                                 static_cast<u32>(sizeof(wire::snd_ctl_tlv)) + value_room);
}

// Errors: invalid_argument, the value is no multiple of 4 bytes or above 65536.
inline result<element_request> make_tlv_write(span<u8> out, u32 control_id,
                                              const element_info& info, u32 type,
                                              span<const u8> value) {
    const status_code right = may_tlv_write(info);
    if (!ok(right)) return right;
    return detail::tlv_request(out, wire::SND_R_CTL_TLV_WRITE, control_id, type, value);
}
inline result<element_request> make_tlv_command(span<u8> out, u32 control_id,
                                                const element_info& info, u32 type,
                                                span<const u8> value) {
    const status_code right = may_tlv_command(info);
    if (!ok(right)) return right;
    return detail::tlv_request(out, wire::SND_R_CTL_TLV_COMMAND, control_id, type, value);
}

} // namespace vsnd
