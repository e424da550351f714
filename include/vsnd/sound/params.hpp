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

constexpr const char* to_string(direction d) {
    return d == direction::playback ? "playback" : d == direction::capture ? "capture" : "invalid";
}

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
[[gnu::noinline]] constexpr u32 period_bytes(const pcm_params& p) {
    const u64 bits = u64{p.period_frames} * frame_bits(p.format, p.channels);
    return (bits & 7) == 0 && bits >> 35 == 0 ? static_cast<u32>(bits >> 3) : 0;
}

// Some devices take data of 4 bytes for a header and of 8 for a status.
constexpr bool is_usable_period(u32 bytes) {
    return (bytes & ~12u) != 0 || bytes == 12;
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
    const u64 bytes = period_bytes(p);
    const bool usable = is_usable_period(static_cast<u32>(bytes)) && p.periods - 1 < most_periods &&
                        (bytes * p.periods) >> 32 == 0;
    return usable ? status_code::ok : status_code::bad_period;
}

namespace detail {

inline constexpr u32 nothing_stands_in = 0x8000;

// How badly `have` stands in for `want`; lower is better. Wider ones without loss first, the
// narrowest of them; then the widest of the narrower ones; an integer before a float where
// neither loses, samples without padding and signed ones first. Only integers and floats stand in
// for one another.
constexpr u32 format_distance(const format_facts& want, const format_facts& have) {
    u32 distance = have.carried * 8u;
    if (have.carried < want.carried) distance = 0x4000 - distance;
    if (have.kind != want.kind) {
        // 0 and 1 are the integers, 2 the floats.
        const u32 both = static_cast<u32>(have.kind) | static_cast<u32>(want.kind);
        distance += both > 1 ? 0x2000 : 1;
    }
    if (have.physical != have.width) distance += 2;
    return want.carried == 0 || have.carried == 0 ? nothing_stands_in : distance;
}

} // namespace detail

// The offered format nearest to `want`. Errors: bad_format.
constexpr result<pcm_format> nearest_format(u64 offered, pcm_format want) {
    if ((offered & mask_of(want)) != 0) return want;
    const detail::format_facts& wanted = detail::facts_of(want);
    u32 least = detail::nothing_stands_in;
    u32 best = 0;
    for (u32 i = 0; i < pcm_format_count; ++i) {
        if ((static_cast<u32>(offered) >> i & 1) == 0) continue;
        const u32 distance = detail::format_distance(wanted, detail::facts_of_formats[i]);
        if (distance >= least) continue;
        least = distance;
        best = i;
    }
    if (least == detail::nothing_stands_in) return status_code::bad_format;
    return static_cast<pcm_format>(best);
}

namespace detail {

// Changes `p` as nearest_params says. Errors: as there; `p` is of no use then.
[[gnu::noinline]] constexpr status_code approach(const stream_info& info, pcm_params& p,
                                                 u32 most_periods) {
    const result<pcm_format> format = nearest_format(info.formats, p.format);
    const result<pcm_rate> rate = nearest_rate(info.rates, p.rate_hz);
    if (info.usable && !format.ok()) return format.code();
    p.format = format.value();
    p.rate_hz = rate_hz(rate.value());
    p.channels = lesser(greater(p.channels, info.channels_min), info.channels_max);
    p.features &= info.features & selectable_features;
    p.periods = lesser(greater(p.periods, u32{1}), most_periods);
    // At most two periods in a row are not usable: half a byte, or 4 and 8 bytes.
    for (u32 steps = 0; steps < 4 && !is_usable_period(period_bytes(p)); ++steps)
        ++p.period_frames;
    return check_params(info, p, most_periods);
}

} // namespace detail

// The parameters nearest to `wanted` that the stream supports; check_params accepts them.
// Errors: not_available; bad_format, where nothing offered can stand in; bad_rate; bad_period.
constexpr result<pcm_params> nearest_params(const stream_info& info, pcm_params wanted,
                                            u32 most_periods) {
    const status_code code = detail::approach(info, wanted, most_periods);
    if (!ok(code)) return code;
    return wanted;
}

} // namespace vsnd
