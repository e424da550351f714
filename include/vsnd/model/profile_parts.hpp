#pragma once
// What the profiles of real devices are put together from.

#include <initializer_list>

#include <vsnd/model/profile.hpp>

namespace vsnd::model::parts {

inline constexpr u64 u8_s16_s24_s32 = bit(wire::SND_PCM_FMT_U8) | bit(wire::SND_PCM_FMT_S16) |
                                      bit(wire::SND_PCM_FMT_S24) | bit(wire::SND_PCM_FMT_S32);
inline constexpr u64 s16 = bit(wire::SND_PCM_FMT_S16);
inline constexpr u64 rates_8k_to_48k =
    bit(wire::SND_PCM_RATE_8000) | bit(wire::SND_PCM_RATE_11025) | bit(wire::SND_PCM_RATE_16000) |
    bit(wire::SND_PCM_RATE_22050) | bit(wire::SND_PCM_RATE_32000) | bit(wire::SND_PCM_RATE_44100) |
    bit(wire::SND_PCM_RATE_48000);
// All that the protocol had before 12000 and 24000.
inline constexpr u64 first_14_rates = bit(wire::SND_PCM_RATE_384000 + 1) - 1;
inline constexpr u64 four_gib = u64{1} << 32;
inline constexpr u32 short_config_bytes = 12; // without `controls`

inline stream_profile stream(u8 direction, u64 formats, u64 rates, u8 channels_min,
                             u8 channels_max) {
    return {direction, formats, rates, channels_min, channels_max, 0, 0};
}

inline wire::snd_chmap_info chmap(u8 direction, std::initializer_list<u8> positions) {
    wire::snd_chmap_info map{};
    map.direction = direction;
    map.channels = static_cast<u8>(positions.size());
    usize i = 0;
    for (const u8 p : positions)
        map.positions[i++] = p;
    return map;
}

inline wire::snd_jack_info jack() {
    wire::snd_jack_info info{};
    info.hda_reg_defconf = 0x0101'4010; // a green line-out jack at the rear
    info.connected = 1;
    return info;
}

inline void queues_of(device_profile& p, u16 size) {
    for (u16& each : p.queue_sizes)
        each = size;
}

// A device that knows nothing but VERSION_1.
inline void version_1_only(device_profile& p) {
    p.event_idx = false;
    p.indirect = false;
}

} // namespace vsnd::model::parts
