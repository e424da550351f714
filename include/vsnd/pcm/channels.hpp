#pragma once
// Channel positions, their names, and the usual order of channels.
// Spec: [virtio 1.4] Sound Device / VIRTIO_SND_R_CHMAP_INFO

#include <vsnd/base/span.hpp>
#include <vsnd/base/types.hpp>
#include <vsnd/wire/sound_controls.hpp>

namespace vsnd {

// The numbers are those of the wire.
enum class channel_position : u8 {
    none = wire::SND_CHMAP_NONE,
    na = wire::SND_CHMAP_NA,
    mono = wire::SND_CHMAP_MONO,
    fl = wire::SND_CHMAP_FL,
    fr = wire::SND_CHMAP_FR,
    rl = wire::SND_CHMAP_RL,
    rr = wire::SND_CHMAP_RR,
    fc = wire::SND_CHMAP_FC,
    lfe = wire::SND_CHMAP_LFE,
    sl = wire::SND_CHMAP_SL,
    sr = wire::SND_CHMAP_SR,
    rc = wire::SND_CHMAP_RC,
    flc = wire::SND_CHMAP_FLC,
    frc = wire::SND_CHMAP_FRC,
    rlc = wire::SND_CHMAP_RLC,
    rrc = wire::SND_CHMAP_RRC,
    flw = wire::SND_CHMAP_FLW,
    frw = wire::SND_CHMAP_FRW,
    flh = wire::SND_CHMAP_FLH,
    fch = wire::SND_CHMAP_FCH,
    frh = wire::SND_CHMAP_FRH,
    tc = wire::SND_CHMAP_TC,
    tfl = wire::SND_CHMAP_TFL,
    tfr = wire::SND_CHMAP_TFR,
    tfc = wire::SND_CHMAP_TFC,
    trl = wire::SND_CHMAP_TRL,
    trr = wire::SND_CHMAP_TRR,
    trc = wire::SND_CHMAP_TRC,
    tflc = wire::SND_CHMAP_TFLC,
    tfrc = wire::SND_CHMAP_TFRC,
    tsl = wire::SND_CHMAP_TSL,
    tsr = wire::SND_CHMAP_TSR,
    llfe = wire::SND_CHMAP_LLFE,
    rlfe = wire::SND_CHMAP_RLFE,
    bc = wire::SND_CHMAP_BC,
    blc = wire::SND_CHMAP_BLC,
    brc = wire::SND_CHMAP_BRC,
};
inline constexpr u32 channel_position_count = wire::SND_CHMAP_COUNT;

constexpr u8 to_wire(channel_position position) {
    return static_cast<u8>(position);
}

// Devices send numbers that are no positions: judge before use.
constexpr bool is_known(channel_position position) {
    return to_wire(position) < channel_position_count;
}

namespace detail {

struct position_names {
    const char* brief;
    const char* full;
};

inline constexpr position_names names_of_positions[channel_position_count] = {
    {"NONE", "undefined"},
    {"NA", "silent"},
    {"MONO", "mono"},
    {"FL", "front left"},
    {"FR", "front right"},
    {"RL", "rear left"},
    {"RR", "rear right"},
    {"FC", "front center"},
    {"LFE", "low frequency"},
    {"SL", "side left"},
    {"SR", "side right"},
    {"RC", "rear center"},
    {"FLC", "front left center"},
    {"FRC", "front right center"},
    {"RLC", "rear left center"},
    {"RRC", "rear right center"},
    {"FLW", "front left wide"},
    {"FRW", "front right wide"},
    {"FLH", "front left high"},
    {"FCH", "front center high"},
    {"FRH", "front right high"},
    {"TC", "top center"},
    {"TFL", "top front left"},
    {"TFR", "top front right"},
    {"TFC", "top front center"},
    {"TRL", "top rear left"},
    {"TRR", "top rear right"},
    {"TRC", "top rear center"},
    {"TFLC", "top front left center"},
    {"TFRC", "top front right center"},
    {"TSL", "top side left"},
    {"TSR", "top side right"},
    {"LLFE", "left low frequency"},
    {"RLFE", "right low frequency"},
    {"BC", "bottom center"},
    {"BLC", "bottom left center"},
    {"BRC", "bottom right center"},
};

inline constexpr channel_position map_mono[] = {channel_position::mono};
// The second pair is the rear one, and the low-frequency channel comes last of the first six:
// ALSA's order.
inline constexpr channel_position map_surround[] = {
    channel_position::fl, channel_position::fr,  channel_position::rl, channel_position::rr,
    channel_position::fc, channel_position::lfe, channel_position::sl, channel_position::sr,
};
inline constexpr channel_position map_2_1[] = {
    channel_position::fl,
    channel_position::fr,
    channel_position::lfe,
};
inline constexpr channel_position map_6_1[] = {
    channel_position::fl, channel_position::fr,  channel_position::rl, channel_position::rr,
    channel_position::fc, channel_position::lfe, channel_position::rc,
};

} // namespace detail

// The specification's short name, and words for people.
constexpr const char* to_string(channel_position position) {
    return is_known(position) ? detail::names_of_positions[to_wire(position)].brief
                              : "unknown position";
}
constexpr const char* full_name(channel_position position) {
    return is_known(position) ? detail::names_of_positions[to_wire(position)].full
                              : "unknown position";
}

// The order of channels where the device has no map for the stream: mono; 2.0; 2.1; 4.0; 5.0;
// 5.1; 6.1; 7.1. Empty for 0 and for more than 8 channels, which have no usual order.
constexpr span<const channel_position> default_channel_map(u32 channels) {
    switch (channels) {
    case 1: return detail::map_mono;
    case 3: return detail::map_2_1;
    case 7: return detail::map_6_1;
    case 2:
    case 4:
    case 5:
    case 6:
    case 8: return {detail::map_surround, channels};
    default: return {};
    }
}

} // namespace vsnd
