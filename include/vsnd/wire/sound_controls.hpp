#pragma once
// Channel maps and control elements of the sound device, as they lie in memory.
// Spec: [virtio 1.4] Sound Device / Channel Map Control Messages
// Spec: [virtio 1.4] Sound Device / Control Elements

#include <vsnd/wire/sound.hpp>

namespace vsnd::wire {

// Channel positions.
inline constexpr u8 SND_CHMAP_NONE = 0;  // undefined
inline constexpr u8 SND_CHMAP_NA = 1;    // silent
inline constexpr u8 SND_CHMAP_MONO = 2;  // mono stream
inline constexpr u8 SND_CHMAP_FL = 3;    // front left
inline constexpr u8 SND_CHMAP_FR = 4;    // front right
inline constexpr u8 SND_CHMAP_RL = 5;    // rear left
inline constexpr u8 SND_CHMAP_RR = 6;    // rear right
inline constexpr u8 SND_CHMAP_FC = 7;    // front center
inline constexpr u8 SND_CHMAP_LFE = 8;   // low frequency
inline constexpr u8 SND_CHMAP_SL = 9;    // side left
inline constexpr u8 SND_CHMAP_SR = 10;   // side right
inline constexpr u8 SND_CHMAP_RC = 11;   // rear center
inline constexpr u8 SND_CHMAP_FLC = 12;  // front left center
inline constexpr u8 SND_CHMAP_FRC = 13;  // front right center
inline constexpr u8 SND_CHMAP_RLC = 14;  // rear left center
inline constexpr u8 SND_CHMAP_RRC = 15;  // rear right center
inline constexpr u8 SND_CHMAP_FLW = 16;  // front left wide
inline constexpr u8 SND_CHMAP_FRW = 17;  // front right wide
inline constexpr u8 SND_CHMAP_FLH = 18;  // front left high
inline constexpr u8 SND_CHMAP_FCH = 19;  // front center high
inline constexpr u8 SND_CHMAP_FRH = 20;  // front right high
inline constexpr u8 SND_CHMAP_TC = 21;   // top center
inline constexpr u8 SND_CHMAP_TFL = 22;  // top front left
inline constexpr u8 SND_CHMAP_TFR = 23;  // top front right
inline constexpr u8 SND_CHMAP_TFC = 24;  // top front center
inline constexpr u8 SND_CHMAP_TRL = 25;  // top rear left
inline constexpr u8 SND_CHMAP_TRR = 26;  // top rear right
inline constexpr u8 SND_CHMAP_TRC = 27;  // top rear center
inline constexpr u8 SND_CHMAP_TFLC = 28; // top front left center
inline constexpr u8 SND_CHMAP_TFRC = 29; // top front right center
inline constexpr u8 SND_CHMAP_TSL = 30;  // top side left
inline constexpr u8 SND_CHMAP_TSR = 31;  // top side right
inline constexpr u8 SND_CHMAP_LLFE = 32; // left low frequency
inline constexpr u8 SND_CHMAP_RLFE = 33; // right low frequency
inline constexpr u8 SND_CHMAP_BC = 34;   // bottom center
inline constexpr u8 SND_CHMAP_BLC = 35;  // bottom left center
inline constexpr u8 SND_CHMAP_BRC = 36;  // bottom right center
inline constexpr u8 SND_CHMAP_COUNT = 37;

inline constexpr u8 SND_CHMAP_MAX_SIZE = 18; // channels in one map

struct snd_chmap_info {
    snd_info hdr;
    u8 direction; // SND_D_*
    u8 channels;
    u8 positions[SND_CHMAP_MAX_SIZE]; // SND_CHMAP_*
};
static_assert(sizeof(snd_chmap_info) == 24);
static_assert(offsetof(snd_chmap_info, direction) == 4);
static_assert(offsetof(snd_chmap_info, channels) == 5);
static_assert(offsetof(snd_chmap_info, positions) == 6);

struct snd_ctl_hdr {
    snd_hdr hdr;
    le32 control_id;
};
static_assert(sizeof(snd_ctl_hdr) == 8);
static_assert(offsetof(snd_ctl_hdr, control_id) == 4);

// Roles. On the wire bit 0 of a role is the direction (SND_D_*), the rest is one of these.
inline constexpr u32 SND_CTL_ROLE_UNDEFINED = 0;
inline constexpr u32 SND_CTL_ROLE_VOLUME = 1;
inline constexpr u32 SND_CTL_ROLE_MUTE = 2;
inline constexpr u32 SND_CTL_ROLE_GAIN = 3;

inline constexpr u32 SND_CTL_TYPE_BOOLEAN = 0;
inline constexpr u32 SND_CTL_TYPE_INTEGER = 1;
inline constexpr u32 SND_CTL_TYPE_INTEGER64 = 2;
inline constexpr u32 SND_CTL_TYPE_ENUMERATED = 3;
inline constexpr u32 SND_CTL_TYPE_BYTES = 4;
inline constexpr u32 SND_CTL_TYPE_IEC958 = 5;
inline constexpr u32 SND_CTL_TYPE_COUNT = 6;

// Access rights (bit numbers).
inline constexpr u32 SND_CTL_ACCESS_READ = 0;
inline constexpr u32 SND_CTL_ACCESS_WRITE = 1;
inline constexpr u32 SND_CTL_ACCESS_VOLATILE = 2;
inline constexpr u32 SND_CTL_ACCESS_INACTIVE = 3;
inline constexpr u32 SND_CTL_ACCESS_TLV_READ = 4;
inline constexpr u32 SND_CTL_ACCESS_TLV_WRITE = 5;
inline constexpr u32 SND_CTL_ACCESS_TLV_COMMAND = 6;

// The greatest `count` a control element of each type may have.
inline constexpr u32 SND_CTL_COUNT_INTEGER = 128; // booleans and enumerated elements too
inline constexpr u32 SND_CTL_COUNT_INTEGER64 = 64;
inline constexpr u32 SND_CTL_COUNT_BYTES = 512;
inline constexpr u32 SND_CTL_COUNT_IEC958 = 1;

// A le64 where the wire aligns it to four bytes only. The specification's structures have no
// padding, and the compiler would put some before a le64.
struct le64_split {
    le32 low;
    le32 high;

    constexpr operator u64() const { return u64{low} | u64{high} << 32; }
    constexpr le64_split& operator=(u64 v) {
        low = static_cast<u32>(v);
        high = static_cast<u32>(v >> 32);
        return *this;
    }
};
static_assert(sizeof(le64_split) == 8 && alignof(le64_split) == 4);

// The specification's min and max are macros in some kernels: here lowest and highest.
struct snd_ctl_range {
    le32 lowest;
    le32 highest;
    le32 step; // 0: of variable size
};
struct snd_ctl_range64 {
    le64_split lowest;
    le64_split highest;
    le64_split step;
};
struct snd_ctl_enumerated {
    le32 items;
};

struct snd_ctl_info {
    snd_info hdr;
    le32 role;
    le32 type;   // SND_CTL_TYPE_*
    le32 access; // 1 << SND_CTL_ACCESS_*
    le32 count;
    le32 index;
    u8 name[44];
    union {
        snd_ctl_range integer;
        snd_ctl_range64 integer64;
        snd_ctl_enumerated enumerated;
    } value;
};
static_assert(sizeof(snd_ctl_info) == 92);
static_assert(offsetof(snd_ctl_info, role) == 4);
static_assert(offsetof(snd_ctl_info, type) == 8);
static_assert(offsetof(snd_ctl_info, access) == 12);
static_assert(offsetof(snd_ctl_info, count) == 16);
static_assert(offsetof(snd_ctl_info, index) == 20);
static_assert(offsetof(snd_ctl_info, name) == 24);
static_assert(offsetof(snd_ctl_info, value) == 68);

// The same as compilers lay it out where a le64 is aligned to eight bytes, and as Linux on 64-bit
// machines has it: a device built from such a header has its value four bytes later. `size` of a
// query, or the length of the answer, tells the two apart.
struct snd_ctl_info_aligned {
    snd_info hdr;
    le32 role;
    le32 type;
    le32 access;
    le32 count;
    le32 index;
    u8 name[44];
    le32 gap; // not in the specification
    union {
        snd_ctl_range integer;
        snd_ctl_range64 integer64;
        snd_ctl_enumerated enumerated;
    } value;
};
static_assert(sizeof(snd_ctl_info_aligned) == 96);
static_assert(offsetof(snd_ctl_info_aligned, name) == 24);
static_assert(offsetof(snd_ctl_info_aligned, value) == 72);
static_assert(offsetof(snd_ctl_range, highest) == 4 && offsetof(snd_ctl_range, step) == 8);
static_assert(offsetof(snd_ctl_range64, highest) == 8 && offsetof(snd_ctl_range64, step) == 16);

struct snd_ctl_enum_item {
    u8 item[64];
};
static_assert(sizeof(snd_ctl_enum_item) == 64);

struct snd_ctl_iec958 {
    u8 channel_status[24]; // the specification's status
    u8 subcode[147];
    u8 pad;
    u8 dig_subframe[4];
};
static_assert(sizeof(snd_ctl_iec958) == 176);
static_assert(offsetof(snd_ctl_iec958, subcode) == 24);
static_assert(offsetof(snd_ctl_iec958, pad) == 171);
static_assert(offsetof(snd_ctl_iec958, dig_subframe) == 172);

struct snd_ctl_value {
    union {
        le32 integer[128];
        le64 integer64[64];
        le32 enumerated[128];
        u8 bytes[512];
        snd_ctl_iec958 iec958;
    } value;
};
static_assert(sizeof(snd_ctl_value) == 512);

// The value, in words, follows. `length` is its length in bytes, a multiple of four.
struct snd_ctl_tlv {
    le32 type;
    le32 length;
};
static_assert(sizeof(snd_ctl_tlv) == 8);
static_assert(offsetof(snd_ctl_tlv, length) == 4);

inline constexpr u32 SND_CTL_TLV_MAX_BYTES = 65536; // of a value that the driver submits

// What a control notification is about (bit numbers).
inline constexpr u16 SND_CTL_EVT_MASK_VALUE = 0;
inline constexpr u16 SND_CTL_EVT_MASK_INFO = 1;
inline constexpr u16 SND_CTL_EVT_MASK_TLV = 2;

struct snd_ctl_event {
    snd_hdr hdr; // code is SND_EVT_CTL_NOTIFY
    le16 control_id;
    le16 mask; // 1 << SND_CTL_EVT_MASK_*
};
static_assert(sizeof(snd_ctl_event) == sizeof(snd_event));
static_assert(offsetof(snd_ctl_event, control_id) == 4);
static_assert(offsetof(snd_ctl_event, mask) == 6);

} // namespace vsnd::wire
