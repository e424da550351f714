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
    const u64 bits = u64{p.period_frames} * frame_bits(p.format, p.channels);
    return (bits & 7) == 0 && bits >> 35 == 0 ? static_cast<u32>(bits >> 3) : 0;
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

// How many bits of sound a sample carries, a float as many as its mantissa; 0: it is neither
// integer nor float, and nothing stands in for it.
constexpr u32 carried_bits(const format_facts& f) {
    if (f.kind > sample_kind::floating) return 0;
    return f.kind != sample_kind::floating ? f.width : f.width == 64 ? 53 : 24;
}

// How badly `have` stands in for `want`; lower is better. Wider ones without loss first, the
// narrowest of them; then the widest of the narrower ones; an integer before a float where
// neither loses, signed before unsigned, samples without padding before others.
constexpr u32 format_distance(const format_facts& want, const format_facts& have) {
    const u32 wanted = carried_bits(want);
    const u32 had = carried_bits(have);
    u32 distance = had < wanted ? 10000 - had * 10 : had * 10;
    if (have.physical != have.width) distance += 2;
    if ((want.kind == sample_kind::floating) != (have.kind == sample_kind::floating)) {
        distance += 5000;
    }
    if ((want.kind == sample_kind::unsigned_integer) !=
        (have.kind == sample_kind::unsigned_integer)) {
        distance += 1;
    }
    return distance;
}

} // namespace detail

// The offered format nearest to `want`. Errors: bad_format.
constexpr result<pcm_format> nearest_format(u64 offered, pcm_format want) {
    if ((offered & mask_of(want)) != 0) return want;
    const detail::format_facts& wanted = detail::facts_of(want);
    u32 least = ~u32{0};
    u32 best = 0;
    for (u32 i = 0; i < pcm_format_count; ++i) {
        const detail::format_facts& had = detail::facts_of_formats[i];
        const u32 distance = detail::format_distance(wanted, had);
        if ((static_cast<u32>(offered) >> i & 1) == 0 || detail::carried_bits(had) == 0 ||
            distance >= least)
            continue;
        least = distance;
        best = i;
    }
    if (least == ~u32{0} || detail::carried_bits(wanted) == 0) return status_code::bad_format;
    return static_cast<pcm_format>(best);
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
