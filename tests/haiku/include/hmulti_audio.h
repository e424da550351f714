#pragma once
// The multi_audio protocol: operations, constants and structures, laid out as callers lay them out.

#include <Drivers.h>

enum {
    B_MULTI_GET_DESCRIPTION = B_AUDIO_DRIVER_BASE + 20,
    B_MULTI_GET_EVENT_INFO,
    B_MULTI_SET_EVENT_INFO,
    B_MULTI_GET_EVENT,
    B_MULTI_GET_ENABLED_CHANNELS,
    B_MULTI_SET_ENABLED_CHANNELS,
    B_MULTI_GET_GLOBAL_FORMAT,
    B_MULTI_SET_GLOBAL_FORMAT,
    B_MULTI_GET_CHANNEL_FORMATS,
    B_MULTI_SET_CHANNEL_FORMATS,
    B_MULTI_GET_MIX,
    B_MULTI_SET_MIX,
    B_MULTI_LIST_MIX_CHANNELS,
    B_MULTI_LIST_MIX_CONTROLS,
    B_MULTI_LIST_MIX_CONNECTIONS,
    B_MULTI_GET_BUFFERS,
    B_MULTI_SET_BUFFERS,
    B_MULTI_SET_START_TIME,
    B_MULTI_BUFFER_EXCHANGE,
    B_MULTI_BUFFER_FORCE_STOP,
    B_MULTI_LIST_EXTENSIONS,
    B_MULTI_GET_EXTENSION,
    B_MULTI_SET_EXTENSION,
    B_MULTI_LIST_MODES,
    B_MULTI_GET_MODE,
    B_MULTI_SET_MODE
};

#define B_SR_8000 0x1
#define B_SR_11025 0x2
#define B_SR_12000 0x4
#define B_SR_16000 0x8
#define B_SR_22050 0x10
#define B_SR_24000 0x20
#define B_SR_32000 0x40
#define B_SR_44100 0x80
#define B_SR_48000 0x100
#define B_SR_64000 0x200
#define B_SR_88200 0x400
#define B_SR_96000 0x800
#define B_SR_176400 0x1000
#define B_SR_192000 0x2000
#define B_SR_384000 0x4000
#define B_SR_1536000 0x10000
#define B_SR_CVSR 0x10000000UL
#define B_SR_SAME_AS_INPUT 0x40000000UL
#define B_SR_IS_GLOBAL 0x80000000UL

// 18, 20 and 24 bit lie in the upper bits of 32.
#define B_FMT_8BIT_S 0x01
#define B_FMT_8BIT_U 0x02
#define B_FMT_16BIT 0x10
#define B_FMT_18BIT 0x20
#define B_FMT_20BIT 0x40
#define B_FMT_24BIT 0x100
#define B_FMT_32BIT 0x1000
#define B_FMT_FLOAT 0x20000
#define B_FMT_DOUBLE 0x40000
#define B_FMT_SAME_AS_INPUT 0x40000000UL
#define B_FMT_IS_GLOBAL 0x80000000UL

#define B_MULTI_LOCK_INTERNAL 0x1
#define B_MULTI_INTERFACE_PLAYBACK 0x1
#define B_MULTI_INTERFACE_RECORD 0x2
#define B_CURRENT_INTERFACE_VERSION 0x4502
#define B_MINIMUM_INTERFACE_VERSION 0x4502

#define B_CHANNEL_LEFT 0x1
#define B_CHANNEL_RIGHT 0x2
#define B_CHANNEL_CENTER 0x4
#define B_CHANNEL_SUB 0x8
#define B_CHANNEL_REARLEFT 0x10
#define B_CHANNEL_REARRIGHT 0x20
#define B_CHANNEL_FRONT_LEFT_CENTER 0x40
#define B_CHANNEL_FRONT_RIGHT_CENTER 0x80
#define B_CHANNEL_BACK_CENTER 0x100
#define B_CHANNEL_SIDE_LEFT 0x200
#define B_CHANNEL_SIDE_RIGHT 0x400
#define B_CHANNEL_TOP_CENTER 0x800
#define B_CHANNEL_TOP_FRONT_LEFT 0x1000
#define B_CHANNEL_TOP_FRONT_CENTER 0x2000
#define B_CHANNEL_TOP_FRONT_RIGHT 0x4000
#define B_CHANNEL_TOP_BACK_LEFT 0x8000
#define B_CHANNEL_TOP_BACK_CENTER 0x10000
#define B_CHANNEL_TOP_BACK_RIGHT 0x20000
#define B_CHANNEL_SURROUND_BUS 0x1000000
#define B_CHANNEL_STEREO_BUS 0x2000000
#define B_CHANNEL_MONO_BUS 0x4000000

#define B_CHANNEL_RCA 0x1
#define B_CHANNEL_XLR 0x2
#define B_CHANNEL_TRS 0x4
#define B_CHANNEL_QUARTER_INCH_MONO 0x8
#define B_CHANNEL_MINI_JACK_STEREO 0x10
#define B_CHANNEL_QUARTER_INCH_STEREO 0x20
#define B_CHANNEL_ANALOG_HEADER 0x100
#define B_CHANNEL_OPTICAL_SPDIF 0x1000
#define B_CHANNEL_COAX_SPDIF 0x2000

typedef enum {
    B_MULTI_NO_CHANNEL_KIND,
    B_MULTI_OUTPUT_CHANNEL = 0x1,
    B_MULTI_INPUT_CHANNEL = 0x2,
    B_MULTI_OUTPUT_BUS = 0x4,
    B_MULTI_INPUT_BUS = 0x8,
    B_MULTI_AUX_BUS = 0x10
} channel_kind;

typedef struct multi_channel_info {
    int32 channel_id;
    channel_kind kind;
    uint32 designations;
    uint32 connectors;
    uint32 _reserved_[4];
} multi_channel_info;

typedef struct multi_description {
    size_t info_size;
    uint32 interface_version;
    uint32 interface_minimum;
    char friendly_name[32];
    char vendor_info[32];
    int32 output_channel_count;
    int32 input_channel_count;
    int32 output_bus_channel_count;
    int32 input_bus_channel_count;
    int32 aux_bus_channel_count;
    int32 request_channel_count;
    multi_channel_info* channels;
    uint32 output_rates;
    uint32 input_rates;
    float min_cvsr_rate;
    float max_cvsr_rate;
    uint32 output_formats;
    uint32 input_formats;
    uint32 lock_sources;
    uint32 timecode_sources;
    uint32 interface_flags;
    bigtime_t start_latency;
    uint32 _reserved_[11];
    char control_panel[64];
} multi_description;

typedef struct multi_channel_enable {
    size_t info_size;
    uchar* enable_bits; // a bit for each channel, the first one in the lowest bit
    uint32 lock_source;
    int32 lock_data;
    uint32 timecode_source;
    uint32* connectors;
} multi_channel_enable;

typedef struct _multi_format {
    uint32 rate;
    float cvsr;
    uint32 format;
    uint32 _reserved_[3];
} _multi_format;

enum { B_MULTI_NO_TIMECODE };

typedef struct multi_format_info {
    size_t info_size;
    bigtime_t output_latency;
    bigtime_t input_latency;
    int32 timecode_kind;
    uint32 _reserved_[7];
    _multi_format input;
    _multi_format output;
} multi_format_info;

typedef struct multi_mix_value {
    int32 id;
    union {
        float gain; // dB
        uint32 mux;
        bool enable;
        uint32 _reserved_[2];
    };
    int32 ramp;
    uint32 _reserved_2[2];
} multi_mix_value;

typedef struct multi_mix_value_info {
    size_t info_size;
    int32 item_count;
    multi_mix_value* values;
    int32 at_frame;
} multi_mix_value_info;

#define B_MULTI_MIX_JUNCTION 0x1
#define B_MULTI_MIX_GAIN 0x2
#define B_MULTI_MIX_MUX 0x4
#define B_MULTI_MIX_ENABLE 0x8
#define B_MULTI_MIX_GROUP 0x10
#define B_MULTI_MIX_KIND_MASK 0xffff
#define B_MULTI_MIX_MUX_VALUE 0x0104

enum strind_id {
    S_null,
    S_OUTPUT,
    S_INPUT,
    S_SETUP,
    S_TONE_CONTROL,
    S_EXTENDED_SETUP,
    S_ENHANDED_SETUP,
    S_MASTER,
    S_BEEP,
    S_PHONE,
    S_MIC,
    S_LINE,
    S_CD,
    S_VIDEO,
    S_AUX,
    S_WAVE,
    S_GAIN,
    S_LEVEL,
    S_VOLUME,
    S_MUTE,
    S_ENABLE,
    S_STEREO_MIX,
    S_MONO_MIX,
    S_OUTPUT_STEREO_MIX,
    S_OUTPUT_MONO_MIX,
    S_OUTPUT_BASS,
    S_OUTPUT_TREBLE,
    S_OUTPUT_3D_CENTER,
    S_OUTPUT_3D_DEPTH,
    S_HEADPHONE,
    S_SPDIF,
    S_USERID = 1000000
};

typedef struct multi_mix_control {
    int32 id;
    uint32 flags; // B_MULTI_MIX_*
    int32 master;
    union {
        struct {
            float min_gain;
            float max_gain;
            float granularity;
        } gain; // dB
        struct {
            uint32 _reserved;
        } mux;
        struct {
            uint32 _reserved;
        } enable;
        uint32 _reserved[12];
    };
    enum strind_id string; // S_null: `name` counts
    int32 parent;
    char name[48];
} multi_mix_control;

typedef struct multi_mix_channel_info {
    size_t info_size;
    int32 channel_count;
    int32* channels;
    int32 max_count;
    int32 actual_count;
    int32** controls;
} multi_mix_channel_info;

typedef struct multi_mix_control_info {
    size_t info_size;
    int32 control_count; // in: room; out: how many there are
    multi_mix_control* controls;
} multi_mix_control_info;

typedef struct multi_mix_connection {
    int32 from;
    int32 to;
    uint32 _reserved_[2];
} multi_mix_connection;

typedef struct multi_mix_connection_info {
    size_t info_size;
    int32 max_count;
    int32 actual_count;
    multi_mix_connection* connections;
} multi_mix_connection_info;

#define B_MULTI_BUFFER_PLAYBACK 0x1
#define B_MULTI_BUFFER_RECORD 0x2
#define B_MULTI_BUFFER_METERING 0x4
#define B_MULTI_BUFFER_TIMECODE 0x40000

typedef struct buffer_desc {
    char* base;    // the first sample of the channel
    size_t stride; // bytes from one to the next
    uint32 _reserved_[2];
} buffer_desc;

typedef struct multi_buffer_list {
    size_t info_size;
    uint32 flags;

    int32 request_playback_buffers;
    int32 request_playback_channels;
    uint32 request_playback_buffer_size; // frames; 0: the driver's choice
    int32 return_playback_buffers;
    int32 return_playback_channels;
    uint32 return_playback_buffer_size;
    buffer_desc** playback_buffers; // by buffer, then by channel
    void* _reserved_1;

    int32 request_record_buffers;
    int32 request_record_channels;
    uint32 request_record_buffer_size;
    int32 return_record_buffers;
    int32 return_record_channels;
    uint32 return_record_buffer_size;
    buffer_desc** record_buffers;
    void* _reserved_2;
} multi_buffer_list;

typedef struct multi_buffer_info {
    size_t info_size;
    uint32 flags;

    bigtime_t played_real_time;
    bigtime_t played_frames_count;
    int32 _reserved_0;
    int32 playback_buffer_cycle;

    bigtime_t recorded_real_time;
    bigtime_t recorded_frames_count;
    int32 _reserved_1;
    int32 record_buffer_cycle;

    int32 meter_channel_count;
    char* meters_peak;
    char* meters_average;

    int32 hours;
    int32 minutes;
    int32 seconds;
    int32 tc_frames;
    int32 at_frame_delta;
} multi_buffer_info;
