#pragma once
// Requests to one control element: judged, done, answered. CTL_INFO is answered with the other
// queries (control_requests.hpp).
// Spec: [virtio 1.4] Sound Device / Control Elements, Control Element Value, Control Element
// Metadata

#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <vsnd/model/device_core.hpp>
#include <vsnd/model/element_state.hpp>

namespace vsnd::model {

struct control_answer {
    u32 code = wire::SND_S_OK; // 0: never answered
    std::vector<u8> payload;
};

class element_requests {
  public:
    element_requests(device_core& core, std::deque<control_element>& elements)
        : core_(core), elements_(elements) {}

    // `room` is what the driver gave for the answer, with its header.
    control_answer execute(const std::vector<u8>& request, u64 room) {
        if (request.size() < sizeof(wire::snd_ctl_hdr)) return malformed("no control_id");
        wire::snd_ctl_hdr header{};
        std::memcpy(&header, request.data(), sizeof(header));
        const u32 code = header.hdr.code;
        const u32 id = header.control_id;
        if (id >= elements_.size())
            return refuse(violation::control_id_out_of_range, "element " + std::to_string(id), bad);
        const std::vector<u8> body(request.begin() + sizeof(header), request.end());
        const bool bodiless = code == wire::SND_R_CTL_ENUM_ITEMS || code == wire::SND_R_CTL_READ ||
                              code == wire::SND_R_CTL_TLV_READ;
        if (bodiless && !body.empty()) return malformed(std::to_string(request.size()) + " bytes");
        if (!allowed(id, code)) return {none, {}};
        switch (code) {
        case wire::SND_R_CTL_ENUM_ITEMS: return enum_items(id, room - sizeof(wire::snd_hdr));
        case wire::SND_R_CTL_READ: return read(id, room - sizeof(wire::snd_hdr));
        case wire::SND_R_CTL_WRITE: return write(id, body);
        case wire::SND_R_CTL_TLV_READ: return tlv_read(id, room - sizeof(wire::snd_hdr));
        default: return tlv_submit(id, code, body);
        }
    }

    // Tells the driver, where it has asked for control elements. False: the event is lost.
    bool notify(u32 id, u16 mask) {
        return core_.has(wire::SND_F_CTLS) &&
               core_.send_event(wire::SND_EVT_CTL_NOTIFY, (id & 0xffffu) | u32{mask} << 16);
    }
    static constexpr u16 value_changed = 1u << wire::SND_CTL_EVT_MASK_VALUE;
    static constexpr u16 info_changed = 1u << wire::SND_CTL_EVT_MASK_INFO;
    static constexpr u16 tlv_changed = 1u << wire::SND_CTL_EVT_MASK_TLV;

  private:
    static constexpr u32 bad = wire::SND_S_BAD_MSG;
    static constexpr u32 none = wire::SND_S_NOT_SUPP;

    control_answer refuse(violation what, std::string detail, u32 code) {
        core_.violate(what, std::move(detail));
        return {code, {}};
    }
    control_answer malformed(std::string detail) {
        return refuse(violation::request_layout, std::move(detail), bad);
    }
    bool allowed(u32 id, u32 code);
    control_answer enum_items(u32 id, u64 room);
    control_answer read(u32 id, u64 room);
    control_answer write(u32 id, const std::vector<u8>& body);
    control_answer tlv_read(u32 id, u64 room);
    control_answer tlv_submit(u32 id, u32 code, const std::vector<u8>& body);

    device_core& core_;
    std::deque<control_element>& elements_;
};

// Spec: [virtio 1.4] Sound Device / Control Element Value, Control Element Metadata
inline bool element_requests::allowed(u32 id, u32 code) {
    const struct {
        u32 code;
        u32 right;
        violation what;
    } rows[] = {
        {wire::SND_R_CTL_READ, element_access::read, violation::control_read_denied},
        {wire::SND_R_CTL_WRITE, element_access::write, violation::control_write_denied},
        {wire::SND_R_CTL_TLV_READ, element_access::tlv_read, violation::control_tlv_read_denied},
        {wire::SND_R_CTL_TLV_WRITE, element_access::tlv_write, violation::control_tlv_write_denied},
        {wire::SND_R_CTL_TLV_COMMAND, element_access::tlv_command,
         violation::control_tlv_command_denied},
    };
    for (const auto& row : rows) {
        if (row.code != code || elements_[id].may(row.right)) continue;
        core_.violate(row.what, "element " + std::to_string(id));
        return false;
    }
    return true;
}

inline control_answer element_requests::enum_items(u32 id, u64 room) {
    const control_element& e = elements_[id];
    if (e.profile().type != wire::SND_CTL_TYPE_ENUMERATED)
        return refuse(violation::enum_items_of_other_type, "element " + std::to_string(id), none);
    control_answer a{wire::SND_S_OK, e.item_names()};
    // A count that was a lie binds nobody.
    if (room < a.payload.size() && e.profile().announced_items == 0)
        return malformed("room for " + std::to_string(room) + " bytes of options");
    if (room < a.payload.size()) a.payload.resize(static_cast<usize>(room));
    return a;
}

inline control_answer element_requests::read(u32 id, u64 room) {
    control_element& e = elements_[id];
    control_answer a{wire::SND_S_OK, e.bytes()};
    if (room != sizeof(wire::snd_ctl_value)) {
        core_.violate(violation::request_layout,
                      "room for a value of " + std::to_string(room) + " bytes");
        if (room < a.payload.size()) return {bad, {}};
    }
    if (!core_.profile.short_values)
        a.payload.resize(static_cast<usize>(lesser(room, u64{sizeof(wire::snd_ctl_value)})));
    e.note_read();
    return a;
}

inline control_answer element_requests::write(u32 id, const std::vector<u8>& body) {
    control_element& e = elements_[id];
    if (body.size() != sizeof(wire::snd_ctl_value)) {
        core_.violate(violation::request_layout,
                      "a value of " + std::to_string(body.size()) + " bytes");
        if (body.size() < e.value_bytes()) return {bad, {}};
    }
    std::vector<u8> value(body.begin(),
                          body.begin() + static_cast<std::ptrdiff_t>(e.value_bytes()));
    if (const auto wrong = e.wrong_with(value))
        return refuse(violation::control_value_invalid, *wrong, bad);
    e.note_write();
    const bool other = e.set(std::move(value));
    if (other && core_.profile.notifies_writes) notify(id, value_changed);
    return {};
}

// As much as there is room for, with the length of all of it.
inline control_answer element_requests::tlv_read(u32 id, u64 room) {
    const control_element& e = elements_[id];
    if (room < sizeof(wire::snd_ctl_tlv))
        return malformed("room for metadata of " + std::to_string(room) + " bytes");
    if (e.metadata().empty()) return {none, {}};
    control_answer a;
    for (const le32 word : e.metadata()) {
        u8 bytes[4];
        std::memcpy(bytes, &word, sizeof(bytes));
        a.payload.insert(a.payload.end(), bytes, bytes + sizeof(bytes));
    }
    if (a.payload.size() > room) a.payload.resize(static_cast<usize>(room));
    return a;
}

inline control_answer element_requests::tlv_submit(u32 id, u32 code, const std::vector<u8>& body) {
    wire::snd_ctl_tlv header{};
    if (body.size() < sizeof(header))
        return malformed("metadata of " + std::to_string(body.size()) + " bytes");
    std::memcpy(&header, body.data(), sizeof(header));
    const u64 follows = body.size() - sizeof(header);
    const std::string detail = "length " + std::to_string(header.length) + ", " +
                               std::to_string(follows) + " bytes follow";
    if (header.length > wire::SND_CTL_TLV_MAX_BYTES || follows > wire::SND_CTL_TLV_MAX_BYTES)
        return refuse(violation::control_tlv_too_long, detail, bad);
    if (header.length % 4 != 0 || header.length != follows)
        return refuse(violation::control_tlv_length, detail, bad);
    std::vector<u32> words;
    for (usize at = 0; at < body.size(); at += 4) {
        le32 word{};
        std::memcpy(&word, body.data() + at, sizeof(word));
        words.push_back(word);
    }
    control_element& e = elements_[id];
    if (code == wire::SND_R_CTL_TLV_COMMAND) {
        e.note_command(std::move(words));
        return {};
    }
    const bool other = words != e.metadata();
    e.set_metadata(std::move(words));
    if (other && core_.profile.notifies_writes) notify(id, tlv_changed);
    return {};
}

} // namespace vsnd::model
