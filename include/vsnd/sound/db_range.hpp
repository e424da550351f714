#pragma once
// Volumes in decibels: ALSA's dB metadata decoded, and the way between an element's values and
// hundredths of a dB, with integers alone.
// Spec: [virtio 1.4] Sound Device / Control Element Metadata
//
// Values that are linear amplitudes need logarithms: these come bit by bit, from squaring. The
// result is within one hundredth of a dB for all that is at most 110 dB below the loudest.

#include <vsnd/pcm/division.hpp>
#include <vsnd/sound/element_tlv.hpp>

namespace vsnd {

// Silence. Nothing decoded lies below it, or above its negative.
inline constexpr s32 centi_db_mute = -9999999;

inline constexpr u32 most_db_segments = 16;

// A part of the range of values on one curve.
struct db_segment {
    s32 raw_lowest = 0;
    s32 raw_highest = 0;
    s32 db_lowest = 0; // hundredths of a dB, all of them
    s32 db_highest = 0;
    u32 floor_gain = 0;  // linear: the amplitude at raw_lowest, in parts of 2^32 of the highest
    bool linear = false; // in amplitude; otherwise in dB
    bool silent = false; // raw_lowest is silence
};

struct db_range {
    s32 raw_lowest = 0; // the element's own range
    s32 raw_highest = 0;
    u32 count = 0;
    db_segment segments[most_db_segments]{}; // rising, with gaps perhaps
};

namespace detail {

// How far an amplitude (in parts of 2^32, not 0) lies below 1, in parts of 2^20 of an octave. Less
// than one part too much.
constexpr u32 octaves_below(u32 gain) {
    u32 octaves = 1;
    for (; (gain >> 31) == 0 && octaves < 32; ++octaves) {
        gain <<= 1;
    }
    u32 part = 0;
    for (u32 bit = 0; bit < 20; ++bit) {
        u64 square = u64{gain} * gain >> 31;
        const u32 carry = static_cast<u32>(square >> 32);
        if (carry != 0) square >>= 1;
        gain = static_cast<u32>(square);
        part = part << 1 | carry;
    }
    return (octaves << 20) - part;
}

// An octave is 602.05999 hundredths of a dB.
constexpr s32 centi_db_below(u32 gain) {
    constexpr u64 octave = 39456604; // in parts of 2^16
    return static_cast<s32>((octaves_below(gain) * octave + (u64{1} << 35)) >> 36);
}

// The amplitude that lies so far below 1; 0 where it is too small to tell.
constexpr u32 gain_below(u32 centi_db) {
    if (centi_db > 19266) return 0;
    constexpr u32 octaves_per_unit = 7133786; // parts of 2^20 of an octave, in parts of 2^12
    const u32 wanted = static_cast<u32>(u64{centi_db} * octaves_per_unit >> 12);
    u32 gain = 0;
    for (u32 bit = 0x80000000; bit != 0; bit >>= 1) {
        if (octaves_below(gain | bit) >= wanted) gain |= bit;
    }
    return gain;
}

constexpr u32 distance(s32 from, s32 to) {
    return static_cast<u32>(to) - static_cast<u32>(from);
}

// raw_lowest < raw < raw_highest.
constexpr s32 linear_centi_db(const db_segment& s, s32 raw) {
    const u64 n = u64{distance(s.raw_lowest, raw)} << 32;
    const u64 part = slow_divide(n, distance(s.raw_lowest, s.raw_highest)).quotient;
    const u64 gain = s.floor_gain + part - (s.floor_gain * part >> 32);
    const s32 below = centi_db_below(static_cast<u32>(lesser(gain, u64{0xffffffff})));
    return greater(s.db_highest - below, s.db_lowest);
}
constexpr s32 segment_centi_db(const db_segment& s, s32 raw) {
    if (raw == s.raw_lowest) return s.silent ? centi_db_mute : s.db_lowest;
    if (raw == s.raw_highest) return s.db_highest;
    if (s.linear) return linear_centi_db(s, raw);
    const u32 width = distance(s.raw_lowest, s.raw_highest);
    const u64 n = u64{distance(s.db_lowest, s.db_highest)} * distance(s.raw_lowest, raw);
    return s.db_lowest + static_cast<s32>(slow_divide(n + width / 2, width).quotient);
}

// Makes a segment of one item of dB metadata. False: it makes no sense, or is none.
inline bool decode_segment(u32 type, s32 first, u32 second, db_segment& s) {
    if (s.raw_lowest > s.raw_highest) return false;
    s64 highest = static_cast<s32>(second);
    switch (type) {
    case SNDRV_CTL_TLVT_DB_SCALE: {
        const u64 width = distance(s.raw_lowest, s.raw_highest);
        highest = first + static_cast<s64>((second & 0xffff) * width);
        s.silent = (second & 0x10000) != 0;
        break;
    }
    case SNDRV_CTL_TLVT_DB_MINMAX: break;
    case SNDRV_CTL_TLVT_DB_MINMAX_MUTE: s.silent = true; break;
    case SNDRV_CTL_TLVT_DB_LINEAR:
        s.linear = true;
        s.silent = first <= centi_db_mute;
        break;
    default: return false;
    }
    if (first < centi_db_mute || first > highest || highest > -centi_db_mute) return false;
    s.db_lowest = first;
    s.db_highest = static_cast<s32>(highest);
    if (s.linear && !s.silent) s.floor_gain = gain_below(distance(first, s.db_highest));
    return true;
}

// A range is a list of: lowest and highest value, and the dB metadata between them.
inline status_code decode_segments(const element_tlv& tlv, db_range& range) {
    constexpr usize head = 2 * sizeof(u32) + sizeof(wire::snd_ctl_tlv);
    span<const u8> rest = tlv.value;
    while (!rest.empty()) {
        const usize length = word_at(rest, 12);
        if (rest.size() < head || length < 8 || length > rest.size() - head) {
            return status_code::device_bad_answer;
        }
        if (range.count == most_db_segments) return status_code::no_room;
        db_segment& s = range.segments[range.count];
        s.raw_lowest = static_cast<s32>(word_at(rest, 0));
        s.raw_highest = static_cast<s32>(word_at(rest, 4));
        const bool rising =
            range.count == 0 || s.raw_lowest > range.segments[range.count - 1].raw_highest;
        const s32 first = static_cast<s32>(word_at(rest, 16));
        if (!rising || !decode_segment(word_at(rest, 8), first, word_at(rest, 20), s)) {
            return status_code::device_bad_answer;
        }
        ++range.count;
        rest = rest.part(head + round_up(length, sizeof(u32)), rest.size());
    }
    return range.count != 0 ? status_code::ok : status_code::device_bad_answer;
}

inline status_code decode_db(const element_tlv& tlv, const element_info& info, db_range& range) {
    range = db_range{};
    range.raw_lowest = static_cast<s32>(info.lowest);
    range.raw_highest = static_cast<s32>(info.highest);
    if (tlv.cut) return status_code::device_bad_answer;
    if (tlv.type == SNDRV_CTL_TLVT_DB_RANGE) return decode_segments(tlv, range);
    db_segment& s = range.segments[0];
    s.raw_lowest = range.raw_lowest;
    s.raw_highest = range.raw_highest;
    range.count = 1;
    return tlv.value.size() >= 2 * sizeof(u32) &&
                   decode_segment(tlv.type, static_cast<s32>(tlv.word(0)), tlv.word(1), s)
               ? status_code::ok
               : status_code::device_bad_answer;
}

} // namespace detail

// The first dB metadata in the payload of an answer to TLV_READ, for an element of type integer.
// Errors: not_available, there is none, or the element has another type; device_bad_answer, it
// makes no sense or was cut off; no_room, it has more than 16 segments. `range` is as it was.
inline status_code find_db_range(span<const u8> payload, const element_info& info,
                                 db_range& range) {
    if (!info.usable || info.type != element_type::integer) return status_code::not_available;
    tlv_walk walk(payload);
    element_tlv tlv;
    while (walk.next(tlv)) {
        if (tlv.type < SNDRV_CTL_TLVT_DB_SCALE || tlv.type > SNDRV_CTL_TLVT_DB_MINMAX_MUTE) {
            continue;
        }
        db_range found;
        const status_code code = detail::decode_db(tlv, info, found);
        if (ok(code)) range = found;
        return code;
    }
    return status_code::not_available;
}

// For an element of type integer whose device does not say what its values sound like: a dB for
// each value, from 0 upwards, but at most 20,000: more values share them.
constexpr db_range assumed_db_range(const element_info& info) {
    constexpr s64 most = 20000;
    db_range range;
    range.raw_lowest = static_cast<s32>(info.lowest);
    range.raw_highest = static_cast<s32>(info.highest);
    range.count = 1;
    const s64 values = lesser(greater(info.highest - info.lowest, s64{1}), most);
    range.segments[0] = {.raw_lowest = range.raw_lowest,
                         .raw_highest = range.raw_highest,
                         .db_highest = static_cast<s32>(values) * 100};
    return range;
}

// What a value sounds like; centi_db_mute is silence. A value between two segments sounds like the
// end of the lower one, a value outside the range like the nearest inside.
constexpr s32 to_centi_db(const db_range& range, s32 raw) {
    raw = lesser(greater(raw, range.raw_lowest), range.raw_highest);
    const db_segment* s = range.segments;
    for (u32 i = 1; i < range.count && range.segments[i].raw_lowest <= raw; ++i) {
        s = &range.segments[i];
    }
    return detail::segment_centi_db(*s, lesser(greater(raw, s->raw_lowest), s->raw_highest));
}

// The value that sounds nearest to it, the quieter one of two. Where the device's curve falls in
// places, some value of the range.
constexpr s32 to_raw(const db_range& range, s32 centi_db) {
    const s32 wanted = lesser(greater(centi_db, centi_db_mute), -centi_db_mute);
    if (to_centi_db(range, range.raw_highest) <= wanted) return range.raw_highest;
    s64 quieter = range.raw_lowest;
    s64 louder = range.raw_highest; // loud enough
    while (quieter < louder) {
        const s64 middle = (quieter + louder) >> 1;
        if (to_centi_db(range, static_cast<s32>(middle)) >= wanted) {
            louder = middle;
        } else {
            quieter = middle + 1;
        }
    }
    const s32 raw = static_cast<s32>(louder);
    if (raw == range.raw_lowest) return raw;
    const s32 above = to_centi_db(range, raw) - wanted;
    const s32 below = wanted - to_centi_db(range, raw - 1);
    return below <= above ? raw - 1 : raw;
}

// Whether the lowest value is silence, and the quietest and loudest sound.
constexpr bool can_mute(const db_range& range) {
    return to_centi_db(range, range.raw_lowest) == centi_db_mute;
}
constexpr s32 loudest_centi_db(const db_range& range) {
    return to_centi_db(range, range.raw_highest);
}
constexpr s32 quietest_centi_db(const db_range& range) {
    const bool silent = can_mute(range) && range.raw_lowest < range.raw_highest;
    return to_centi_db(range, silent ? range.raw_lowest + 1 : range.raw_lowest);
}

} // namespace vsnd
