#pragma once
// What a stream can do, what is asked of it, and the way from one to the other.
// Spec: [virtio 1.4] Sound Device / PCM Stream Parameters

#include <vsnd/base/dma.hpp>
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
    u32 formats = 0;  // 1 << pcm_format
    u32 rates = 0;    // 1 << pcm_rate
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
    info.formats = static_cast<u32>(raw.formats) & detail::all_formats;
    info.rates = static_cast<u32>(raw.rates) & detail::all_rates;
    info.features = raw.features & known_features;
    info.hda_fn_nid = raw.hdr.hda_fn_nid;
    info.channels_min = raw.channels_min;
    info.channels_max = raw.channels_max;
    info.flow = static_cast<direction>(raw.direction & 1);
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

// Bytes of one period; 0 where it is no whole number of bytes or frames, or beyond 31 bits: more
// does not fit into one message.
[[gnu::noinline]] constexpr u32 period_bytes(const pcm_params& p) {
    const u64 bits = u64{p.period_frames} * frame_bits(p.format, p.channels);
    return (bits & 7) == 0 && bits >> 34 == 0 ? static_cast<u32>(bits >> 3) : 0;
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

// The memory that a stream plays from or records to, given with its parameters.
struct stream_memory {
    dma_region audio;   // audio_bytes(params): period after period, on pages of its own
    dma_region silence; // playback: silence_bytes(params), kernel memory that nobody else writes
};

// The least period, not below the one of `p`, that is a whole number of lines of memory; a line is a
// power of two. In frames.
constexpr u32 whole_line_frames(const pcm_params& p, u32 line_bytes) {
    u32 step = line_bytes * 8;
    for (u32 bits = frame_bits(p.format, p.channels); step > 1 && (bits & 1) == 0; bits >>= 1)
        step >>= 1;
    return static_cast<u32>(round_up(p.period_frames, step));
}

// Message transport only: the shared-memory features must not be selected.
inline constexpr u32 selectable_features =
    1u << wire::SND_PCM_F_MSG_POLLING | 1u << wire::SND_PCM_F_EVT_XRUNS;

// The offered format nearest to `want`: the same, else one that carries as much, else the next that
// carries more, else the one that carries most. A float comes after every integer. Errors:
// bad_format, only linear samples stand in for one another.
constexpr result<pcm_format> nearest_format(u64 offered, pcm_format want) {
    if ((offered & mask_of(want)) != 0) return want;
    const u32 linear = static_cast<u32>(offered) & detail::linear_formats;
    if (linear == 0 || (mask_of(want) & detail::linear_formats) == 0) {
        return status_code::bad_format;
    }
    return static_cast<pcm_format>(detail::nearest_of(detail::facts_of_formats, linear,
                                                      detail::facts_of(want), detail::same_level));
}

// Changes `p` to what the device can be asked for and is nearest to it. The answer: whether it was
// that already, or what was wrong with it; not everything can be helped: what was not is wrong the
// second time, too. `most_periods`: the card's limit.
[[gnu::noinline]] constexpr status_code approach(const stream_info& info, pcm_params& p,
                                                 u32 most_periods) {
    if (!info.usable) return status_code::not_available;
    status_code code = status_code::ok;
    const auto change = [&code](auto& member, auto to, status_code why) {
        if (member == to) return;
        member = to;
        code = why;
    };
    // The last one counts.
    change(p.periods, lesser(greater(p.periods, u32{1}), most_periods), status_code::bad_period);
    change(p.features, p.features & info.features & selectable_features, status_code::bad_feature);
    change(p.channels, lesser(greater(p.channels, info.channels_min), info.channels_max),
           status_code::bad_channels);
    const u32 rate = detail::nearest_rate_number(info.rates, p.rate_hz);
    change(p.rate_hz, detail::hz_of_rates[rate], status_code::bad_rate);
    const result<pcm_format> format = nearest_format(info.formats, p.format);
    if (!format.ok()) return format.code();
    change(p.format, format.value(), status_code::bad_format);
    // At most two periods in a row are not usable: half a byte, or 4 and 8 bytes.
    for (u32 steps = 0;; ++steps) {
        const u32 bytes = period_bytes(p);
        const bool fits = u64{bytes} * p.periods >> 32 == 0;
        if (fits && is_usable_period(bytes)) return code;
        if (ok(code)) code = status_code::bad_period;
        if (!fits || steps == 4) return code;
        ++p.period_frames;
    }
}

// Whether the device can be asked for exactly this.
// Errors: not_available, bad_format, bad_rate, bad_channels, bad_feature, bad_period.
constexpr status_code check_params(const stream_info& info, pcm_params p, u32 most_periods) {
    return approach(info, p, most_periods);
}

// The parameters nearest to `wanted` that the stream supports; check_params accepts them.
// Errors: not_available; bad_format, where nothing offered can stand in; bad_period.
constexpr result<pcm_params> nearest_params(const stream_info& info, const pcm_params& wanted,
                                            u32 most_periods) {
    result<pcm_params> near = wanted;
    (void)approach(info, near.value(), most_periods);
    near.set_code(approach(info, near.value(), most_periods));
    return near;
}

} // namespace vsnd
