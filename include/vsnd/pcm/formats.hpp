#pragma once
// Sample formats: widths, kinds, names and what silence looks like in each. Sizes are in bits,
// since a sample of IMA ADPCM has four.
// Spec: [virtio 1.4] Sound Device / VIRTIO_SND_R_PCM_INFO

#include <vsnd/base/span.hpp>
#include <vsnd/base/types.hpp>
#include <vsnd/wire/sound.hpp>

namespace vsnd {

// The numbers are those of the wire. A trailing underscore keeps the name of an integer type of
// this library free, so that `using enum` stays possible.
enum class pcm_format : u8 {
    ima_adpcm = 0,
    mu_law,
    a_law,
    s8,
    u8_,
    s16,
    u16_,
    s18_3,
    u18_3,
    s20_3,
    u20_3,
    s24_3,
    u24_3,
    s20,
    u20,
    s24,
    u24,
    s32_,
    u32_,
    float32,
    float64,
    dsd_u8,
    dsd_u16,
    dsd_u32,
    iec958_subframe,
};
inline constexpr u32 pcm_format_count = 25;

constexpr u8 to_wire(pcm_format format) {
    return static_cast<u8>(format);
}

// A number from a device or a user may be no format at all; everything below then answers 0,
// false or "unknown".
constexpr bool is_known(pcm_format format) {
    return to_wire(format) < pcm_format_count;
}

constexpr u32 mask_of(pcm_format format) {
    return is_known(format) ? 1u << to_wire(format) : 0;
}

enum class sample_kind : u8 {
    signed_integer,
    unsigned_integer,
    floating,
    companded, // 8-bit logarithmic
    adpcm,     // differences, four bits each
    dsd,       // one-bit samples, eight or more to a word
    subframe,  // IEC 60958, with its channel status bits
    unknown,
};

namespace detail {

// What is to be known of a format, as one number. In the order of these numbers a format comes
// after all those that carry less: integers by their bits, those without padding and signed ones
// first, then the floats. `level` 0: not linear.
constexpr u32 facts(u32 width, u32 physical, u32 level, sample_kind kind) {
    return level << 24 | physical << 16 | static_cast<u32>(kind) << 8 | width;
}
inline constexpr u32 same_level = 0xff'ffff;

inline constexpr u32 facts_of_formats[pcm_format_count + 1] = {
    facts(4, 4, 0, sample_kind::adpcm),              // IMA_ADPCM
    facts(8, 8, 0, sample_kind::companded),          // MU_LAW
    facts(8, 8, 0, sample_kind::companded),          // A_LAW
    facts(8, 8, 1, sample_kind::signed_integer),     // S8
    facts(8, 8, 1, sample_kind::unsigned_integer),   // U8
    facts(16, 16, 2, sample_kind::signed_integer),   // S16
    facts(16, 16, 2, sample_kind::unsigned_integer), // U16
    facts(18, 24, 3, sample_kind::signed_integer),   // S18_3
    facts(18, 24, 3, sample_kind::unsigned_integer), // U18_3
    facts(20, 24, 4, sample_kind::signed_integer),   // S20_3
    facts(20, 24, 4, sample_kind::unsigned_integer), // U20_3
    facts(24, 24, 5, sample_kind::signed_integer),   // S24_3
    facts(24, 24, 5, sample_kind::unsigned_integer), // U24_3
    facts(20, 32, 4, sample_kind::signed_integer),   // S20
    facts(20, 32, 4, sample_kind::unsigned_integer), // U20
    facts(24, 32, 5, sample_kind::signed_integer),   // S24
    facts(24, 32, 5, sample_kind::unsigned_integer), // U24
    facts(32, 32, 6, sample_kind::signed_integer),   // S32
    facts(32, 32, 6, sample_kind::unsigned_integer), // U32
    facts(32, 32, 7, sample_kind::floating),         // FLOAT
    facts(64, 64, 8, sample_kind::floating),         // FLOAT64
    facts(8, 8, 0, sample_kind::dsd),                // DSD_U8
    facts(16, 16, 0, sample_kind::dsd),              // DSD_U16
    facts(32, 32, 0, sample_kind::dsd),              // DSD_U32
    facts(32, 32, 0, sample_kind::subframe),         // IEC958_SUBFRAME
    facts(0, 0, 0, sample_kind::unknown),
};

// Apart from the facts: a kernel that prints nothing does not link them.
inline constexpr const char* names_of_formats[pcm_format_count] = {
    "IMA_ADPCM", "MU_LAW", "A_LAW",   "S8",      "U8",
    "S16",       "U16",    "S18_3",   "U18_3",   "S20_3",
    "U20_3",     "S24_3",  "U24_3",   "S20",     "U20",
    "S24",       "U24",    "S32",     "U32",     "FLOAT",
    "FLOAT64",   "DSD_U8", "DSD_U16", "DSD_U32", "IEC958_SUBFRAME",
};

constexpr u32 width_of(u32 facts) {
    return facts & 0xff;
}
constexpr u32 physical_of(u32 facts) {
    return facts >> 16 & 0xff;
}
constexpr sample_kind kind_of(u32 facts) {
    return static_cast<sample_kind>(facts >> 8 & 0xff);
}

constexpr u32 facts_of(pcm_format format) {
    return facts_of_formats[is_known(format) ? to_wire(format) : pcm_format_count];
}

// Bits 1 << pcm_format.
inline constexpr u32 all_formats = (1u << pcm_format_count) - 1;
inline constexpr u32 linear_formats = [] {
    u32 all = 0;
    for (u32 i = 0; i < pcm_format_count; ++i)
        if (facts_of_formats[i] > same_level) all |= 1u << i;
    return all;
}();

} // namespace detail

// The specification's name of the format, without its prefix.
constexpr const char* to_string(pcm_format format) {
    return is_known(format) ? detail::names_of_formats[to_wire(format)] : "unknown format";
}

// Significant bits of a sample. In a wider container they are the lowest bits.
constexpr u32 sample_bits(pcm_format format) {
    return detail::width_of(detail::facts_of(format));
}

// Bits that a sample occupies in memory: 4, 8, 16, 24, 32 or 64.
constexpr u32 physical_bits(pcm_format format) {
    return detail::physical_of(detail::facts_of(format));
}

constexpr sample_kind kind_of(pcm_format format) {
    return detail::kind_of(detail::facts_of(format));
}
constexpr bool is_signed(pcm_format format) {
    return kind_of(format) == sample_kind::signed_integer;
}
constexpr bool is_unsigned(pcm_format format) {
    return kind_of(format) == sample_kind::unsigned_integer;
}
constexpr bool is_float(pcm_format format) {
    return kind_of(format) == sample_kind::floating;
}
constexpr bool is_dsd(pcm_format format) {
    return kind_of(format) == sample_kind::dsd;
}
// Integer samples, which may be added, scaled and compared as they are.
constexpr bool is_linear(pcm_format format) {
    return kind_of(format) <= sample_kind::unsigned_integer;
}

// The bytes of silence, the lowest first; `count` of them repeat from the start of a sample on.
struct silence_pattern {
    u32 bytes = 0;
    u32 count = 1;

    constexpr u8 at(u32 i) const { return static_cast<u8>(bytes >> (8 * i)); }
};

// Unsigned samples rest in the middle of their width, not of their container. mu-law and A-law
// rest at the positive code next to zero, the idle codes of ITU-T G.711. A DSD stream rests on
// 0x69, whose ones and zeros balance; all zeros would be full scale.
constexpr silence_pattern silence_of(pcm_format format) {
    const u32 facts = detail::facts_of(format);
    const sample_kind kind = detail::kind_of(facts);
    if (kind == sample_kind::unsigned_integer) {
        return {1u << (detail::width_of(facts) - 1), detail::physical_of(facts) / 8};
    }
    if (kind == sample_kind::dsd) return {0x69, 1};
    if (kind != sample_kind::companded) return {};
    return {format == pcm_format::mu_law ? 0xffu : 0xd5u, 1};
}

// What lies at `byte_index` of a silent buffer that starts with a whole sample.
constexpr u8 silence_byte(pcm_format format, usize byte_index) {
    const silence_pattern pattern = silence_of(format);
    // 3 is the only count that is no power of two; a constant divisor needs no runtime.
    return pattern.at(
        static_cast<u32>(pattern.count == 3 ? byte_index % 3 : byte_index & (pattern.count - 1u)));
}

// Fills a buffer that starts with a whole sample. Only for memory that may be touched directly.
// Context: any.
constexpr void fill_silence(span<u8> into, pcm_format format) {
    const silence_pattern pattern = silence_of(format);
    u32 at = 0;
    for (u8& byte : into) {
        byte = pattern.at(at);
        if (++at == pattern.count) at = 0;
    }
}

static_assert(to_wire(pcm_format::ima_adpcm) == wire::SND_PCM_FMT_IMA_ADPCM);
static_assert(to_wire(pcm_format::mu_law) == wire::SND_PCM_FMT_MU_LAW);
static_assert(to_wire(pcm_format::a_law) == wire::SND_PCM_FMT_A_LAW);
static_assert(to_wire(pcm_format::s8) == wire::SND_PCM_FMT_S8);
static_assert(to_wire(pcm_format::u8_) == wire::SND_PCM_FMT_U8);
static_assert(to_wire(pcm_format::s16) == wire::SND_PCM_FMT_S16);
static_assert(to_wire(pcm_format::u16_) == wire::SND_PCM_FMT_U16);
static_assert(to_wire(pcm_format::s18_3) == wire::SND_PCM_FMT_S18_3);
static_assert(to_wire(pcm_format::u18_3) == wire::SND_PCM_FMT_U18_3);
static_assert(to_wire(pcm_format::s20_3) == wire::SND_PCM_FMT_S20_3);
static_assert(to_wire(pcm_format::u20_3) == wire::SND_PCM_FMT_U20_3);
static_assert(to_wire(pcm_format::s24_3) == wire::SND_PCM_FMT_S24_3);
static_assert(to_wire(pcm_format::u24_3) == wire::SND_PCM_FMT_U24_3);
static_assert(to_wire(pcm_format::s20) == wire::SND_PCM_FMT_S20);
static_assert(to_wire(pcm_format::u20) == wire::SND_PCM_FMT_U20);
static_assert(to_wire(pcm_format::s24) == wire::SND_PCM_FMT_S24);
static_assert(to_wire(pcm_format::u24) == wire::SND_PCM_FMT_U24);
static_assert(to_wire(pcm_format::s32_) == wire::SND_PCM_FMT_S32);
static_assert(to_wire(pcm_format::u32_) == wire::SND_PCM_FMT_U32);
static_assert(to_wire(pcm_format::float32) == wire::SND_PCM_FMT_FLOAT);
static_assert(to_wire(pcm_format::float64) == wire::SND_PCM_FMT_FLOAT64);
static_assert(to_wire(pcm_format::dsd_u8) == wire::SND_PCM_FMT_DSD_U8);
static_assert(to_wire(pcm_format::dsd_u16) == wire::SND_PCM_FMT_DSD_U16);
static_assert(to_wire(pcm_format::dsd_u32) == wire::SND_PCM_FMT_DSD_U32);
static_assert(to_wire(pcm_format::iec958_subframe) == wire::SND_PCM_FMT_IEC958_SUBFRAME);
static_assert(pcm_format_count == wire::SND_PCM_FMT_COUNT);

} // namespace vsnd
