#pragma once
// Channel maps: which loudspeaker each channel of a stream is meant for, as the device says it.
// Spec: [virtio 1.4] Sound Device / VIRTIO_SND_R_CHMAP_INFO

#include <vsnd/pcm/channels.hpp>
#include <vsnd/sound/params.hpp>

namespace vsnd {

struct channel_map {
    u32 hda_fn_nid = 0; // links it to the streams with the same number
    direction flow = direction::playback;
    u8 channels = 0;
    bool usable = false;    // the direction exists, and the channel count is 1 to 18
    bool malformed = false; // something undefined was masked away, or it is not usable
    channel_position positions[wire::SND_CHMAP_MAX_SIZE]{};

    constexpr span<const channel_position> view() const { return {positions, channels}; }
};

// Positions that do not exist become `none`. A map that is not usable has no channels.
constexpr channel_map judge(const wire::snd_chmap_info& raw) {
    channel_map map;
    const u8 flow = raw.direction;
    const u8 channels = raw.channels;
    map.hda_fn_nid = raw.hdr.hda_fn_nid;
    map.usable = flow <= wire::SND_D_INPUT && channels != 0 && channels <= wire::SND_CHMAP_MAX_SIZE;
    map.malformed = !map.usable;
    if (!map.usable) return map;
    map.flow = static_cast<direction>(flow);
    map.channels = channels;
    for (u32 i = 0; i < channels; ++i) {
        const auto position = static_cast<channel_position>(raw.positions[i]);
        if (is_known(position)) {
            map.positions[i] = position;
        } else {
            map.malformed = true;
        }
    }
    return map;
}

// The device's map for a stream: the first usable one of the stream's function group, direction
// and channel count; nullptr where there is none.
constexpr const channel_map* find_channel_map(span<const channel_map> maps, u32 hda_fn_nid,
                                              direction flow, u32 channels) {
    for (const channel_map& map : maps) {
        if (map.usable && map.hda_fn_nid == hda_fn_nid && map.flow == flow &&
            map.channels == channels) {
            return &map;
        }
    }
    return nullptr;
}

// The positions of a stream's channels: the device's map, or the usual order where it has none;
// empty where there is no usual order either. Valid as long as `maps` is.
constexpr span<const channel_position>
stream_positions(span<const channel_map> maps, u32 hda_fn_nid, direction flow, u32 channels) {
    const channel_map* const map = find_channel_map(maps, hda_fn_nid, flow, channels);
    return map != nullptr ? map->view() : default_channel_map(channels);
}

} // namespace vsnd
