#pragma once
// The metadata of a control element: type, length, value; values that hold further ones. Every
// length in it is the device's claim, and none is trusted.
// Spec: [virtio 1.4] Sound Device / Control Element Metadata

#include <vsnd/sound/element.hpp>

namespace vsnd {

// The types that ALSA defines, by its names (include/uapi/sound/tlv.h of Linux).
inline constexpr u32 SNDRV_CTL_TLVT_CONTAINER = 0;
inline constexpr u32 SNDRV_CTL_TLVT_DB_SCALE = 1;
inline constexpr u32 SNDRV_CTL_TLVT_DB_LINEAR = 2;
inline constexpr u32 SNDRV_CTL_TLVT_DB_RANGE = 3;
inline constexpr u32 SNDRV_CTL_TLVT_DB_MINMAX = 4;
inline constexpr u32 SNDRV_CTL_TLVT_DB_MINMAX_MUTE = 5;
inline constexpr u32 SNDRV_CTL_TLVT_CHMAP_FIXED = 0x101;
inline constexpr u32 SNDRV_CTL_TLVT_CHMAP_VAR = 0x102;
inline constexpr u32 SNDRV_CTL_TLVT_CHMAP_PAIRED = 0x103;

// Containers within containers are followed this far.
inline constexpr u32 most_tlv_depth = 4;

struct element_tlv {
    u32 type = SNDRV_CTL_TLVT_CONTAINER;
    span<const u8> value; // clipped to what there is
    bool cut = false;     // there is less than its length says

    // A word of the value; 0 beyond its end.
    u32 word(usize i) const { return detail::word_at(value, i * sizeof(u32)); }
};

// Goes through the metadata of one element, in order, containers opened. Ends on any input: every
// step consumes at least the eight bytes of a head.
class tlv_walk {
  public:
    // `payload` is what the device wrote behind the header of its answer. It holds one TLV;
    // anything behind that one is not looked at.
    explicit tlv_walk(span<const u8> payload) : bytes_(payload) {
        const usize head = sizeof(wire::snd_ctl_tlv);
        const usize rest = payload.size() < head ? 0 : payload.size() - head;
        const usize length = detail::word_at(payload, offsetof(wire::snd_ctl_tlv, length));
        malformed_ = length > rest;
        ends_[0] = lesser(payload.size(), head + padded(length, rest));
    }

    // The next one that is no container. False: there is none.
    bool next(element_tlv& out) {
        while (find_head()) {
            out.type = detail::word_at(bytes_, at_);
            const usize length = detail::word_at(bytes_, at_ + sizeof(u32));
            at_ += sizeof(wire::snd_ctl_tlv);
            const usize rest = ends_[depth_] - at_;
            const usize after = at_ + padded(length, rest);
            out.cut = length > rest;
            malformed_ = malformed_ || out.cut;
            if (out.type != SNDRV_CTL_TLVT_CONTAINER) {
                out.value = bytes_.part(at_, lesser(length, rest));
                at_ = after;
                return true;
            }
            if (depth_ < most_tlv_depth) {
                ends_[++depth_] = after;
            } else {
                malformed_ = true;
                at_ = after;
            }
        }
        return false;
    }

    // Something was cut off (for lack of room, perhaps), nested too deeply or left over.
    bool malformed() const { return malformed_; }

  private:
    static constexpr usize padded(usize length, usize rest) {
        return lesser(round_up(lesser(length, rest), sizeof(u32)), rest);
    }

    // Leaves what has ended. False: everything has.
    bool find_head() {
        while (ends_[depth_] - at_ < sizeof(wire::snd_ctl_tlv)) {
            malformed_ = malformed_ || at_ != ends_[depth_];
            at_ = ends_[depth_];
            if (depth_ == 0) return false;
            --depth_;
        }
        return true;
    }

    span<const u8> bytes_;
    usize at_ = 0;
    usize ends_[most_tlv_depth + 1]{};
    u32 depth_ = 0;
    bool malformed_ = false;
};

} // namespace vsnd
