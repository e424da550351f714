#pragma once
// Jacks: what the device says of one, judged, and the request to regroup it.
// Spec: [virtio 1.4] Sound Device / VIRTIO_SND_R_JACK_INFO
// Spec: [virtio 1.4] Sound Device / VIRTIO_SND_R_JACK_REMAP

#include <vsnd/base/status.hpp>
#include <vsnd/sound/hda_pin.hpp>
#include <vsnd/wire/sound.hpp>

namespace vsnd {

struct jack_info {
    u32 hda_fn_nid = 0; // links it to the streams with the same number
    jack_configuration configuration;
    u32 caps = 0;           // pin_cap, several or-ed
    bool can_remap = false; // make_jack_remap works
    bool connected = false;
    bool malformed = false; // something undefined was masked away

    constexpr bool has(pin_cap cap) const { return (caps & static_cast<u32>(cap)) != 0; }
};

// Never fails: a jack of which nothing is known is still a jack.
constexpr jack_info judge(const wire::snd_jack_info& raw) {
    constexpr u32 known_features = 1u << wire::SND_JACK_F_REMAP;
    const u32 features = raw.features;
    const u32 caps = raw.hda_reg_caps;
    const u8 connected = raw.connected;
    jack_info info;
    info.hda_fn_nid = raw.hdr.hda_fn_nid;
    info.configuration = decode_jack_configuration(raw.hda_reg_defconf);
    info.caps = caps & known_pin_caps;
    info.can_remap = (features & known_features) != 0;
    info.connected = connected != 0;
    info.malformed = info.configuration.malformed || (features & ~known_features) != 0 ||
                     (caps & ~known_pin_caps) != 0 || connected > 1;
    for (const u8 byte : raw.padding) {
        info.malformed = info.malformed || byte != 0;
    }
    return info;
}

// The request that moves a jack to another association and sequence. Both are of four bits: they
// are fields of the pin default configuration.
// Errors: not_available, the jack cannot be remapped; invalid_argument.
constexpr result<wire::snd_jack_remap> make_jack_remap(u32 jack_id, const jack_info& info,
                                                       u32 association, u32 sequence) {
    if (!info.can_remap) return status_code::not_available;
    if (association > 15 || sequence > 15) return status_code::invalid_argument;
    wire::snd_jack_remap request{};
    request.hdr.hdr.code = wire::SND_R_JACK_REMAP;
    request.hdr.jack_id = jack_id;
    request.association = association;
    request.sequence = sequence;
    return request;
}

} // namespace vsnd
