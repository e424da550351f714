#pragma once
// Frame rates: the wire's numbers, their hertz, and the choice among those a stream offers.
// Spec: [virtio 1.4] Sound Device / VIRTIO_SND_R_PCM_INFO

#include <vsnd/base/status.hpp>
#include <vsnd/base/types.hpp>
#include <vsnd/pcm/nearest.hpp>
#include <vsnd/wire/sound.hpp>

namespace vsnd {

// The numbers are those of the wire, which are not in the order of the rates.
enum class pcm_rate : u8 {
    hz_5512 = wire::SND_PCM_RATE_5512,
    hz_8000 = wire::SND_PCM_RATE_8000,
    hz_11025 = wire::SND_PCM_RATE_11025,
    hz_16000 = wire::SND_PCM_RATE_16000,
    hz_22050 = wire::SND_PCM_RATE_22050,
    hz_32000 = wire::SND_PCM_RATE_32000,
    hz_44100 = wire::SND_PCM_RATE_44100,
    hz_48000 = wire::SND_PCM_RATE_48000,
    hz_64000 = wire::SND_PCM_RATE_64000,
    hz_88200 = wire::SND_PCM_RATE_88200,
    hz_96000 = wire::SND_PCM_RATE_96000,
    hz_176400 = wire::SND_PCM_RATE_176400,
    hz_192000 = wire::SND_PCM_RATE_192000,
    hz_384000 = wire::SND_PCM_RATE_384000,
    hz_12000 = wire::SND_PCM_RATE_12000,
    hz_24000 = wire::SND_PCM_RATE_24000,
};
inline constexpr u32 pcm_rate_count = wire::SND_PCM_RATE_COUNT;

constexpr u8 to_wire(pcm_rate rate) {
    return static_cast<u8>(rate);
}

// A number from a device or a user may be no rate at all; it then has 0 Hz and no mask.
constexpr bool is_known(pcm_rate rate) {
    return to_wire(rate) < pcm_rate_count;
}

constexpr u32 mask_of(pcm_rate rate) {
    return is_known(rate) ? 1u << to_wire(rate) : 0;
}

namespace detail {

inline constexpr u32 hz_of_rates[pcm_rate_count] = {
    5512,  8000,  11025, 16000,  22050,  32000,  44100, 48000,
    64000, 88200, 96000, 176400, 192000, 384000, 12000, 24000,
};

// Apart from the numbers: a kernel that prints nothing does not link them.
inline constexpr const char* names_of_rates[pcm_rate_count] = {
    "5512 Hz",   "8000 Hz",   "11025 Hz", "16000 Hz", "22050 Hz", "32000 Hz",
    "44100 Hz",  "48000 Hz",  "64000 Hz", "88200 Hz", "96000 Hz", "176400 Hz",
    "192000 Hz", "384000 Hz", "12000 Hz", "24000 Hz",
};

} // namespace detail

constexpr u32 rate_hz(pcm_rate rate) {
    return is_known(rate) ? detail::hz_of_rates[to_wire(rate)] : 0;
}

constexpr const char* to_string(pcm_rate rate) {
    return is_known(rate) ? detail::names_of_rates[to_wire(rate)] : "unknown rate";
}

namespace detail {

// The number of the best of the offered rates, of which there is at least one.
[[gnu::noinline]] constexpr u32 nearest_rate_number(u32 offered, u32 hz) {
    return nearest_of(hz_of_rates, offered, hz, 0);
}
inline constexpr u32 all_rates = (1u << pcm_rate_count) - 1;

} // namespace detail

// The rate of exactly so many hertz. Errors: bad_rate, the wire has no such rate.
constexpr result<pcm_rate> from_hz(u32 hz) {
    const u32 best = detail::nearest_rate_number(detail::all_rates, hz);
    if (detail::hz_of_rates[best] != hz) return status_code::bad_rate;
    return static_cast<pcm_rate>(best);
}

// The best of the offered rates (bits 1 << rate; unknown bits are ignored) for a wish of `hz`:
// the same, else the next higher, else the highest lower. Upwards first, since a higher rate
// carries all of the sound. Errors: bad_rate, none is offered.
constexpr result<pcm_rate> nearest_rate(u64 offered, u32 hz) {
    const u32 known = static_cast<u32>(offered) & detail::all_rates;
    if (known == 0) return status_code::bad_rate;
    return static_cast<pcm_rate>(detail::nearest_rate_number(known, hz));
}

} // namespace vsnd
