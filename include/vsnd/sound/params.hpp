#pragma once
// What a stream can do, what is asked of it, and the way from one to the other.
// Spec: [virtio 1.4] Sound Device / PCM Stream Parameters

#include <vsnd/base/status.hpp>
#include <vsnd/pcm/formats.hpp>
#include <vsnd/pcm/frames.hpp>
#include <vsnd/pcm/rates.hpp>
#include <vsnd/wire/sound.hpp>

namespace vsnd {

enum class direction : u8 { playback = wire::SND_D_OUTPUT, capture = wire::SND_D_INPUT };

// What the device said of a stream, with everything undefined masked away. Asked once and kept:
// some devices change their answer with the parameters in use.
struct stream_info {
    u64 formats = 0;  // 1 << pcm_format
    u64 rates = 0;    // 1 << pcm_rate
    u32 features = 0; // 1 << wire::SND_PCM_F_*
    u32 hda_fn_nid = 0;
    u8 channels_min = 0;
    u8 channels_max = 0;
    direction flow = direction::playback;
    bool usable = false; // it makes sense: at least one format, rate and channel count

    constexpr bool has(pcm_format f) const { return (formats & mask_of(f)) != 0; }
};

constexpr stream_info judge(const wire::snd_pcm_info& raw) {
    constexpr u32 known_features = 0x1f;
    stream_info info;
    info.formats = raw.formats & ((u64{1} << pcm_format_count) - 1);
    info.rates = raw.rates & ((u64{1} << pcm_rate_count) - 1);
    info.features = raw.features & known_features;
    info.hda_fn_nid = raw.hdr.hda_fn_nid;
    info.channels_min = raw.channels_min;
    info.channels_max = raw.channels_max;
    info.flow = raw.direction == wire::SND_D_INPUT ? direction::capture : direction::playback;
    info.usable = info.formats != 0 && info.rates != 0 && raw.direction <= wire::SND_D_INPUT &&
                  info.channels_min != 0 && info.channels_min <= info.channels_max;
    return info;
}

struct pcm_params {
    pcm_format format = pcm_format::s16;
    u8 channels = 2;
    u32 rate_hz = 48000;
    u32 period_frames = 1024;
    u32 periods = 4;  // in the buffer
    u32 features = 0; // 1 << wire::SND_PCM_F_MSG_POLLING, 1 << wire::SND_PCM_F_EVT_XRUNS

    constexpr bool operator==(const pcm_params&) const = default;
};

// Bytes of one period; 0 where it is no whole number of bytes or frames, or beyond 32 bits.
constexpr u32 period_bytes(const pcm_params& p) {
    const frame_layout frames(p.format, p.channels);
    if (!frames.whole_frames(p.period_frames)) return 0;
    const u64 bytes = frames.bytes(u64{p.period_frames});
    return bytes >> 32 == 0 ? static_cast<u32>(bytes) : 0;
}

// How much audio memory a stream needs: the periods one after the other.
constexpr u64 audio_bytes(const pcm_params& p) {
    return u64{period_bytes(p)} * p.periods;
}

// How much memory the silence of a playback stream needs: one period.
constexpr u64 silence_bytes(const pcm_params& p) {
    return period_bytes(p);
}

// Message transport only: the shared-memory features must not be selected.
inline constexpr u32 selectable_features =
    1u << wire::SND_PCM_F_MSG_POLLING | 1u << wire::SND_PCM_F_EVT_XRUNS;

// Whether the device can be asked for exactly this. `most_periods`: the card's limit.
// Errors: bad_format, bad_rate, bad_channels, bad_feature, bad_period.
constexpr status_code check_params(const stream_info& info, const pcm_params& p, u32 most_periods) {
    if (!info.usable) return status_code::not_available;
    if (!info.has(p.format)) return status_code::bad_format;
    const result<pcm_rate> rate = from_hz(p.rate_hz);
    if (!rate.ok() || (info.rates & mask_of(rate.value())) == 0) return status_code::bad_rate;
    if (p.channels < info.channels_min || p.channels > info.channels_max) {
        return status_code::bad_channels;
    }
    if ((p.features & ~(info.features & selectable_features)) != 0) return status_code::bad_feature;
    const u32 bytes = period_bytes(p);
    // Some devices take data of 4 bytes for a header and of 8 for a status.
    if (bytes == 0 || bytes == 4 || bytes == 8) return status_code::bad_period;
    if (p.periods == 0 || p.periods > most_periods || audio_bytes(p) >> 32 != 0) {
        return status_code::bad_period;
    }
    return status_code::ok;
}

namespace detail {

// How badly `have` stands in for `want`; lower is better. Only linear integers and floats stand
// in for one another: wider ones without loss first, the narrowest of them; then the widest of
// the narrower ones; an integer before a float where neither loses, signed before unsigned.
constexpr u32 format_distance(pcm_format want, pcm_format have) {
    constexpr u32 never = 0xffffffff;
    if (want == have) return 0;
    if (!(is_linear(want) || is_float(want)) || !(is_linear(have) || is_float(have))) return never;
    // A float carries as many bits as its mantissa.
    const auto carried = [](pcm_format f) {
        return !is_float(f) ? sample_bits(f) : sample_bits(f) == 64 ? u32{53} : u32{24};
    };
    const u32 wanted = carried(want);
    const u32 had = carried(have);
    const u32 loss = had < wanted ? 1000 + (wanted - had) * 10 : (had - wanted) * 10;
    const u32 packing = physical_bits(have) - sample_bits(have) != 0 ? 2 : 0;
    const u32 kind = is_float(want) == is_float(have) ? 0 : 500;
    const u32 sign = is_unsigned(want) == is_unsigned(have) ? 0 : 1;
    return 1 + loss + packing + kind + sign;
}

} // namespace detail

// The offered format nearest to `want`. Errors: bad_format.
constexpr result<pcm_format> nearest_format(u64 offered, pcm_format want) {
    constexpr u32 never = 0xffffffff;
    u32 best_distance = never;
    pcm_format best = want;
    for (u32 i = 0; i < pcm_format_count; ++i) {
        const auto f = static_cast<pcm_format>(i);
        if ((offered & mask_of(f)) == 0) continue;
        const u32 d = detail::format_distance(want, f);
        if (d < best_distance) {
            best_distance = d;
            best = f;
        }
    }
    if (best_distance == never) return status_code::bad_format;
    return best;
}

// The parameters nearest to `wanted` that the stream supports; check_params accepts them.
// Errors: not_available; bad_format, where nothing offered can stand in; bad_rate; bad_period.
constexpr result<pcm_params> nearest_params(const stream_info& info, pcm_params wanted,
                                            u32 most_periods) {
    if (!info.usable) return status_code::not_available;
    const result<pcm_format> format = nearest_format(info.formats, wanted.format);
    if (!format.ok()) return format.code();
    const result<pcm_rate> rate = nearest_rate(info.rates, wanted.rate_hz);
    if (!rate.ok()) return rate.code();
    wanted.format = format.value();
    wanted.rate_hz = rate_hz(rate.value());
    wanted.channels = lesser(greater(wanted.channels, info.channels_min), info.channels_max);
    wanted.features &= info.features & selectable_features;
    wanted.periods = lesser(greater(wanted.periods, u32{1}), most_periods);
    wanted.period_frames = greater(wanted.period_frames, u32{1});
    const frame_layout frames(wanted.format, wanted.channels);
    if (!frames.whole_frames(wanted.period_frames)) ++wanted.period_frames;
    while (period_bytes(wanted) == 4 || period_bytes(wanted) == 8) {
        wanted.period_frames += frames.group_frames();
    }
    const status_code code = check_params(info, wanted, most_periods);
    if (!ok(code)) return code;
    return wanted;
}

} // namespace vsnd
