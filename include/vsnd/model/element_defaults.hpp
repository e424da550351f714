#pragma once
// The control elements of the default profile: each type, each usual kind of metadata, each access
// right, and elements that share a name.
// Spec: [virtio 1.4] Sound Device / Control Element Information

#include <vector>

#include <vsnd/model/element.hpp>

namespace vsnd::model {

// Their places in default_elements().
namespace default_element {
inline constexpr u32 playback_volume = 0; // INTEGER, 2 channels, dB scale that mutes
inline constexpr u32 playback_switch = 1; // BOOLEAN, 2 channels
inline constexpr u32 second_volume = 2;   // INTEGER of the same name, index 1, dB range
inline constexpr u32 capture_gain = 3;    // INTEGER below zero, dB min/max, TLV writable
inline constexpr u32 capture_source = 4;  // ENUMERATED, 3 options
inline constexpr u32 fine_volume = 5;     // INTEGER64, dB linear
inline constexpr u32 equalizer = 6;       // BYTES, 32; a container; TLV commands
inline constexpr u32 digital_out = 7;     // IEC958
inline constexpr u32 peak_meter = 8;      // INTEGER, 2 channels, read-only, volatile
inline constexpr u32 trigger = 9;         // BOOLEAN, write-only
inline constexpr u32 surround_mode = 10;  // ENUMERATED, inactive
inline constexpr u32 count = 11;
} // namespace default_element

namespace detail {

inline element_profile volume(std::string name, u32 index, std::vector<u32> metadata) {
    element_profile e;
    e.name = std::move(name);
    e.index = index;
    e.role = element_role(wire::SND_CTL_ROLE_VOLUME, wire::SND_D_OUTPUT);
    e.type = wire::SND_CTL_TYPE_INTEGER;
    e.access = element_access::read_write | element_access::tlv_read;
    e.count = 2;
    e.highest = 100;
    e.values = {75, 75};
    e.metadata = std::move(metadata);
    return e;
}

inline element_profile of_type(std::string name, u32 type, u32 count) {
    element_profile e;
    e.name = std::move(name);
    e.type = type;
    e.count = count;
    return e;
}

} // namespace detail

inline std::vector<element_profile> default_elements() {
    using namespace wire;
    std::vector<element_profile> all(default_element::count);
    const auto at = [&](u32 id) -> element_profile& { return all[id]; };

    at(default_element::playback_volume) =
        detail::volume("Master Playback Volume", 0, tlv::scale(-10000, 100, true));
    at(default_element::second_volume) = detail::volume(
        "Master Playback Volume", 1,
        tlv::range({{0, 50, tlv::scale(-6000, 100)}, {51, 100, tlv::minmax(-950, 0)}}));

    auto& mute = at(default_element::playback_switch);
    mute = detail::of_type("Master Playback Switch", SND_CTL_TYPE_BOOLEAN, 2);
    mute.role = element_role(SND_CTL_ROLE_MUTE, SND_D_OUTPUT);
    mute.values = {1, 1};

    auto& gain = at(default_element::capture_gain);
    gain = detail::of_type("Mic Capture Volume", SND_CTL_TYPE_INTEGER, 1);
    gain.role = element_role(SND_CTL_ROLE_GAIN, SND_D_INPUT);
    gain.access |= element_access::tlv_read | element_access::tlv_write;
    gain.lowest = -24;
    gain.highest = 24;
    gain.step = 3;
    gain.metadata = tlv::minmax(-1200, 1200);

    auto& source = at(default_element::capture_source);
    source = detail::of_type("Capture Source", SND_CTL_TYPE_ENUMERATED, 1);
    source.items = {"Mic", "Line", "Loopback"};
    source.values = {1};

    auto& fine = at(default_element::fine_volume);
    fine = detail::of_type("Fine Playback Volume", SND_CTL_TYPE_INTEGER64, 1);
    fine.role = element_role(SND_CTL_ROLE_VOLUME, SND_D_OUTPUT);
    fine.access |= element_access::tlv_read;
    fine.highest = s64{1} << 40;
    fine.step = 0;
    fine.values = {s64{1} << 39};
    fine.metadata = tlv::linear(-9000, 0);

    auto& equalizer = at(default_element::equalizer);
    equalizer = detail::of_type("Equalizer", SND_CTL_TYPE_BYTES, 32);
    equalizer.access |= element_access::tlv_read | element_access::tlv_command;
    equalizer.bytes = {1, 2, 3, 4};
    equalizer.metadata = tlv::together({tlv::scale(-1200, 50), tlv::make(0x8000, {7, 8, 9})});

    auto& digital = at(default_element::digital_out);
    digital = detail::of_type("IEC958 Playback Default", SND_CTL_TYPE_IEC958, 1);
    digital.bytes = {0x04, 0x82, 0x00, 0x02}; // consumer, no copyright, original, 48 kHz

    auto& meter = at(default_element::peak_meter);
    meter = detail::of_type("Peak Meter", SND_CTL_TYPE_INTEGER, 2);
    meter.access = element_access::read | element_access::is_volatile;
    meter.highest = 0x7fff'ffff;
    meter.step = 0;

    auto& trigger = at(default_element::trigger);
    trigger = detail::of_type("Self Test", SND_CTL_TYPE_BOOLEAN, 1);
    trigger.access = element_access::write;

    auto& surround = at(default_element::surround_mode);
    surround = detail::of_type("Surround Mode", SND_CTL_TYPE_ENUMERATED, 1);
    surround.access |= element_access::inactive;
    surround.items = {"Off", "On"};
    return all;
}

} // namespace vsnd::model
