#pragma once
// Deliberately bad drivers, of control elements.

#include <cstring>
#include <vector>

#include "bad_driver.hpp"

namespace vsnd::model::bad {

// A request to one element, with `payload` after its header and `room` for what is answered.
inline auto ask_element(u32 code, u32 id, std::vector<u8> payload = {}, u32 room = 0) {
    return [=](driver& d) {
        d.up();
        d.ask_element(code, id, payload, room);
    };
}
// Metadata of `length` bytes, as it says, with `follows` of them there.
inline std::vector<u8> tlv_bytes(u32 length, u32 follows) {
    std::vector<u8> all(8 + follows);
    raw::put_little(all.data() + 4, length);
    return all;
}

// Spec: [virtio 1.4] Sound Device / Control Element Value, Control Element Metadata
inline const bad_driver element_table[] = {
    {violation::control_id_out_of_range,
     ask_element(wire::SND_R_CTL_READ, default_element::count, {}, 512)},
    {violation::enum_items_of_other_type,
     ask_element(wire::SND_R_CTL_ENUM_ITEMS, default_element::playback_volume, {}, 192)},
    {violation::control_read_denied,
     ask_element(wire::SND_R_CTL_READ, default_element::trigger, {}, 512)},
    {violation::control_write_denied,
     ask_element(wire::SND_R_CTL_WRITE, default_element::peak_meter, std::vector<u8>(512))},
    {violation::control_value_invalid,
     ask_element(wire::SND_R_CTL_WRITE, default_element::playback_volume,
                 std::vector<u8>(512, 101))},
    {violation::control_tlv_read_denied,
     ask_element(wire::SND_R_CTL_TLV_READ, default_element::playback_switch, {}, 64)},
    {violation::control_tlv_write_denied,
     ask_element(wire::SND_R_CTL_TLV_WRITE, default_element::playback_volume, tlv_bytes(8, 8))},
    {violation::control_tlv_command_denied,
     ask_element(wire::SND_R_CTL_TLV_COMMAND, default_element::capture_gain, tlv_bytes(8, 8))},
    {violation::control_tlv_too_long,
     ask_element(wire::SND_R_CTL_TLV_WRITE, default_element::capture_gain,
                 tlv_bytes(65540, 65540))},
    {violation::control_tlv_length,
     ask_element(wire::SND_R_CTL_TLV_COMMAND, default_element::equalizer, tlv_bytes(12, 8))},
};

} // namespace vsnd::model::bad
