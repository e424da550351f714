#pragma once
// Control elements that change by themselves: knobs that somebody else turns. Included by
// sound_device.hpp.
// Spec: [virtio 1.4] Sound Device / Control Element Notifications

#include <vsnd/model/sound_device.hpp>

namespace vsnd::model {

inline void sound_device::set_element(u32 id, const std::vector<s64>& values) {
    set_element_bytes(id, elements_.at(id).encode(values));
}

inline void sound_device::set_element_bytes(u32 id, std::vector<u8> value) {
    control_element& e = elements_.at(id);
    const bool told = !e.may(element_access::is_volatile);
    if (e.set(std::move(value)) && told) notify_element(id, element_requests::value_changed);
}

inline void sound_device::set_element_info(u32 id, element_profile facts) {
    elements_.at(id).change_facts(std::move(facts));
    notify_element(id, element_requests::info_changed);
}

inline void sound_device::set_element_metadata(u32 id, std::vector<u32> words) {
    elements_.at(id).set_metadata(std::move(words));
    notify_element(id, element_requests::tlv_changed);
}

inline bool sound_device::notify_element(u32 id, u16 mask) {
    const bool sent = usable() && control_.to_elements().notify(id, mask);
    raise_interrupts();
    return sent;
}

} // namespace vsnd::model
