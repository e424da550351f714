#pragma once
// The sound device on the wire: identifiers, messages and PCM structures, as they lie in memory.
// Names are the specification's without the prefix VIRTIO_ (virtio_), so that a search finds both.
// Spec: [virtio 1.4] Sound Device

#include <vsnd/base/endian.hpp>
#include <vsnd/base/types.hpp>

namespace vsnd::wire {

// Spec: [virtio 1.4] Sound Device / Virtqueues
inline constexpr u32 SND_VQ_CONTROL = 0;
inline constexpr u32 SND_VQ_EVENT = 1;
inline constexpr u32 SND_VQ_TX = 2;
inline constexpr u32 SND_VQ_RX = 3;
inline constexpr u32 SND_VQ_COUNT = 4;

// Spec: [virtio 1.4] Sound Device / Feature Bits (a bit number)
inline constexpr u32 SND_F_CTLS = 0;

// Spec: [virtio 1.4] Sound Device / Device Configuration Layout
struct snd_config {
    le32 jacks;
    le32 streams;
    le32 chmaps;
    le32 controls; // exists only with SND_F_CTLS; older devices end before it
};
static_assert(sizeof(snd_config) == 16);
static_assert(offsetof(snd_config, jacks) == 0);
static_assert(offsetof(snd_config, streams) == 4);
static_assert(offsetof(snd_config, chmaps) == 8);
static_assert(offsetof(snd_config, controls) == 12);

// Requests, events and answers share one number space.
// Spec: [virtio 1.4] Sound Device / Device Operation
inline constexpr u32 SND_R_JACK_INFO = 0x0001;
inline constexpr u32 SND_R_JACK_REMAP = 0x0002;

inline constexpr u32 SND_R_PCM_INFO = 0x0100;
inline constexpr u32 SND_R_PCM_SET_PARAMS = 0x0101;
inline constexpr u32 SND_R_PCM_PREPARE = 0x0102;
inline constexpr u32 SND_R_PCM_RELEASE = 0x0103;
inline constexpr u32 SND_R_PCM_START = 0x0104;
inline constexpr u32 SND_R_PCM_STOP = 0x0105;

inline constexpr u32 SND_R_CHMAP_INFO = 0x0200;

inline constexpr u32 SND_R_CTL_INFO = 0x0300;
inline constexpr u32 SND_R_CTL_ENUM_ITEMS = 0x0301;
inline constexpr u32 SND_R_CTL_READ = 0x0302;
inline constexpr u32 SND_R_CTL_WRITE = 0x0303;
inline constexpr u32 SND_R_CTL_TLV_READ = 0x0304;
inline constexpr u32 SND_R_CTL_TLV_WRITE = 0x0305;
inline constexpr u32 SND_R_CTL_TLV_COMMAND = 0x0306;

inline constexpr u32 SND_EVT_JACK_CONNECTED = 0x1000;
inline constexpr u32 SND_EVT_JACK_DISCONNECTED = 0x1001;
inline constexpr u32 SND_EVT_PCM_PERIOD_ELAPSED = 0x1100;
inline constexpr u32 SND_EVT_PCM_XRUN = 0x1101;
inline constexpr u32 SND_EVT_CTL_NOTIFY = 0x1200;

inline constexpr u32 SND_S_OK = 0x8000;
inline constexpr u32 SND_S_BAD_MSG = 0x8001;
inline constexpr u32 SND_S_NOT_SUPP = 0x8002;
inline constexpr u32 SND_S_IO_ERR = 0x8003;

inline constexpr u8 SND_D_OUTPUT = 0;
inline constexpr u8 SND_D_INPUT = 1;

// Starts every request and every answer.
struct snd_hdr {
    le32 code;
};
static_assert(sizeof(snd_hdr) == 4);

struct snd_event {
    snd_hdr hdr;
    le32 data;
};
static_assert(sizeof(snd_event) == 8);
static_assert(offsetof(snd_event, data) == 4);

// Spec: [virtio 1.4] Sound Device / Item Information Request
struct snd_query_info {
    snd_hdr hdr;
    le32 start_id;
    le32 count;
    le32 size; // of one item's structure, in bytes
};
static_assert(sizeof(snd_query_info) == 16);
static_assert(offsetof(snd_query_info, start_id) == 4);
static_assert(offsetof(snd_query_info, count) == 8);
static_assert(offsetof(snd_query_info, size) == 12);

// Starts every item's structure.
struct snd_info {
    le32 hda_fn_nid;
};
static_assert(sizeof(snd_info) == 4);

// Spec: [virtio 1.4] Sound Device / Jack Control Messages
inline constexpr u32 SND_JACK_F_REMAP = 0; // a bit number

struct snd_jack_hdr {
    snd_hdr hdr;
    le32 jack_id;
};
static_assert(sizeof(snd_jack_hdr) == 8);
static_assert(offsetof(snd_jack_hdr, jack_id) == 4);

struct snd_jack_info {
    snd_info hdr;
    le32 features; // 1 << SND_JACK_F_*
    le32 hda_reg_defconf;
    le32 hda_reg_caps;
    u8 connected;
    u8 padding[7];
};
static_assert(sizeof(snd_jack_info) == 24);
static_assert(offsetof(snd_jack_info, features) == 4);
static_assert(offsetof(snd_jack_info, hda_reg_defconf) == 8);
static_assert(offsetof(snd_jack_info, hda_reg_caps) == 12);
static_assert(offsetof(snd_jack_info, connected) == 16);
static_assert(offsetof(snd_jack_info, padding) == 17);

struct snd_jack_remap {
    snd_jack_hdr hdr; // code is SND_R_JACK_REMAP
    le32 association;
    le32 sequence;
};
static_assert(sizeof(snd_jack_remap) == 16);
static_assert(offsetof(snd_jack_remap, association) == 8);
static_assert(offsetof(snd_jack_remap, sequence) == 12);

// Spec: [virtio 1.4] Sound Device / PCM Control Messages
struct snd_pcm_hdr {
    snd_hdr hdr;
    le32 stream_id;
};
static_assert(sizeof(snd_pcm_hdr) == 8);
static_assert(offsetof(snd_pcm_hdr, stream_id) == 4);

// PCM stream features (bit numbers).
inline constexpr u32 SND_PCM_F_SHMEM_HOST = 0;
inline constexpr u32 SND_PCM_F_SHMEM_GUEST = 1;
inline constexpr u32 SND_PCM_F_MSG_POLLING = 2;
inline constexpr u32 SND_PCM_F_EVT_SHMEM_PERIODS = 3;
inline constexpr u32 SND_PCM_F_EVT_XRUNS = 4;

// Sample formats; width / physical width in bits.
inline constexpr u8 SND_PCM_FMT_IMA_ADPCM = 0;        //  4 /  4
inline constexpr u8 SND_PCM_FMT_MU_LAW = 1;           //  8 /  8
inline constexpr u8 SND_PCM_FMT_A_LAW = 2;            //  8 /  8
inline constexpr u8 SND_PCM_FMT_S8 = 3;               //  8 /  8
inline constexpr u8 SND_PCM_FMT_U8 = 4;               //  8 /  8
inline constexpr u8 SND_PCM_FMT_S16 = 5;              // 16 / 16
inline constexpr u8 SND_PCM_FMT_U16 = 6;              // 16 / 16
inline constexpr u8 SND_PCM_FMT_S18_3 = 7;            // 18 / 24
inline constexpr u8 SND_PCM_FMT_U18_3 = 8;            // 18 / 24
inline constexpr u8 SND_PCM_FMT_S20_3 = 9;            // 20 / 24
inline constexpr u8 SND_PCM_FMT_U20_3 = 10;           // 20 / 24
inline constexpr u8 SND_PCM_FMT_S24_3 = 11;           // 24 / 24
inline constexpr u8 SND_PCM_FMT_U24_3 = 12;           // 24 / 24
inline constexpr u8 SND_PCM_FMT_S20 = 13;             // 20 / 32
inline constexpr u8 SND_PCM_FMT_U20 = 14;             // 20 / 32
inline constexpr u8 SND_PCM_FMT_S24 = 15;             // 24 / 32
inline constexpr u8 SND_PCM_FMT_U24 = 16;             // 24 / 32
inline constexpr u8 SND_PCM_FMT_S32 = 17;             // 32 / 32
inline constexpr u8 SND_PCM_FMT_U32 = 18;             // 32 / 32
inline constexpr u8 SND_PCM_FMT_FLOAT = 19;           // 32 / 32
inline constexpr u8 SND_PCM_FMT_FLOAT64 = 20;         // 64 / 64
inline constexpr u8 SND_PCM_FMT_DSD_U8 = 21;          //  8 /  8
inline constexpr u8 SND_PCM_FMT_DSD_U16 = 22;         // 16 / 16
inline constexpr u8 SND_PCM_FMT_DSD_U32 = 23;         // 32 / 32
inline constexpr u8 SND_PCM_FMT_IEC958_SUBFRAME = 24; // 32 / 32
inline constexpr u8 SND_PCM_FMT_COUNT = 25;

// Frame rates. 12000 and 24000 came last, so the numbers do not follow the rates.
inline constexpr u8 SND_PCM_RATE_5512 = 0;
inline constexpr u8 SND_PCM_RATE_8000 = 1;
inline constexpr u8 SND_PCM_RATE_11025 = 2;
inline constexpr u8 SND_PCM_RATE_16000 = 3;
inline constexpr u8 SND_PCM_RATE_22050 = 4;
inline constexpr u8 SND_PCM_RATE_32000 = 5;
inline constexpr u8 SND_PCM_RATE_44100 = 6;
inline constexpr u8 SND_PCM_RATE_48000 = 7;
inline constexpr u8 SND_PCM_RATE_64000 = 8;
inline constexpr u8 SND_PCM_RATE_88200 = 9;
inline constexpr u8 SND_PCM_RATE_96000 = 10;
inline constexpr u8 SND_PCM_RATE_176400 = 11;
inline constexpr u8 SND_PCM_RATE_192000 = 12;
inline constexpr u8 SND_PCM_RATE_384000 = 13;
inline constexpr u8 SND_PCM_RATE_12000 = 14;
inline constexpr u8 SND_PCM_RATE_24000 = 15;
inline constexpr u8 SND_PCM_RATE_COUNT = 16;

struct snd_pcm_info {
    snd_info hdr;
    le32 features; // 1 << SND_PCM_F_*
    le64 formats;  // 1 << SND_PCM_FMT_*
    le64 rates;    // 1 << SND_PCM_RATE_*
    u8 direction;  // SND_D_*
    u8 channels_min;
    u8 channels_max;
    u8 padding[5];
};
static_assert(sizeof(snd_pcm_info) == 32);
static_assert(offsetof(snd_pcm_info, features) == 4);
static_assert(offsetof(snd_pcm_info, formats) == 8);
static_assert(offsetof(snd_pcm_info, rates) == 16);
static_assert(offsetof(snd_pcm_info, direction) == 24);
static_assert(offsetof(snd_pcm_info, channels_min) == 25);
static_assert(offsetof(snd_pcm_info, channels_max) == 26);
static_assert(offsetof(snd_pcm_info, padding) == 27);

// Spec: [virtio 1.4] Sound Device / PCM Stream Parameters
struct snd_pcm_set_params {
    snd_pcm_hdr hdr; // code is SND_R_PCM_SET_PARAMS
    le32 buffer_bytes;
    le32 period_bytes;
    le32 features; // 1 << SND_PCM_F_*
    u8 channels;
    u8 format; // SND_PCM_FMT_*
    u8 rate;   // SND_PCM_RATE_*
    u8 padding;
};
static_assert(sizeof(snd_pcm_set_params) == 24);
static_assert(offsetof(snd_pcm_set_params, buffer_bytes) == 8);
static_assert(offsetof(snd_pcm_set_params, period_bytes) == 12);
static_assert(offsetof(snd_pcm_set_params, features) == 16);
static_assert(offsetof(snd_pcm_set_params, channels) == 20);
static_assert(offsetof(snd_pcm_set_params, format) == 21);
static_assert(offsetof(snd_pcm_set_params, rate) == 22);
static_assert(offsetof(snd_pcm_set_params, padding) == 23);

// Starts a chain of tx or rx. Spec: [virtio 1.4] Sound Device / PCM I/O Messages
struct snd_pcm_xfer {
    le32 stream_id;
};
static_assert(sizeof(snd_pcm_xfer) == 4);

// Ends a chain of tx or rx. The specification calls `code` status, a macro in some kernels.
struct snd_pcm_status {
    le32 code; // SND_S_*
    le32 latency_bytes;
};
static_assert(sizeof(snd_pcm_status) == 8);
static_assert(offsetof(snd_pcm_status, code) == 0);
static_assert(offsetof(snd_pcm_status, latency_bytes) == 4);

} // namespace vsnd::wire
