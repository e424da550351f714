#pragma once
// What kind of device the model is: how many streams, what they take, how they pace, and the
// habits in which real devices differ. A profile is fixed for the life of a model device; what
// goes wrong at run time is in faults.hpp.

#include <vector>

#include <vsnd/base/types.hpp>
#include <vsnd/model/element_defaults.hpp>
#include <vsnd/wire/sound.hpp>
#include <vsnd/wire/sound_controls.hpp>
#include <vsnd/wire/virtio.hpp>

namespace vsnd::model {

// Physical bits of one sample, 0 for an undefined format.
constexpr u32 format_bits(u32 format) {
    constexpr u8 bits[wire::SND_PCM_FMT_COUNT] = {4,  8,  8,  8,  8,  16, 16, 24, 24,
                                                  24, 24, 24, 24, 32, 32, 32, 32, 32,
                                                  32, 32, 64, 8,  16, 32, 32};
    return format < wire::SND_PCM_FMT_COUNT ? bits[format] : 0;
}

// Frames per second, 0 for an undefined rate.
constexpr u32 rate_of(u32 rate) {
    constexpr u32 hz[wire::SND_PCM_RATE_COUNT] = {5512,   8000,   11025, 16000, 22050, 32000,
                                                  44100,  48000,  64000, 88200, 96000, 176400,
                                                  192000, 384000, 12000, 24000};
    return rate < wire::SND_PCM_RATE_COUNT ? hz[rate] : 0;
}

inline constexpr u64 all_formats = (u64{1} << wire::SND_PCM_FMT_COUNT) - 1;
inline constexpr u64 all_rates = (u64{1} << wire::SND_PCM_RATE_COUNT) - 1;

constexpr u64 bit(u32 n) {
    return u64{1} << n;
}

// How a stream's buffers complete.
enum class pacing : u8 {
    // Each buffer completes at the very nanosecond at which its last frame enters the device's own
    // buffer of `buffer_frames` (0: leaves the converter).
    paced,
    // Every `tick_ns` after START the device tops up its buffer of `buffer_frames`, and all that
    // was taken whole completes at once, before it is played. So does QEMU.
    burst,
    // Playback: each buffer completes as soon as it is seen, in any state; the device keeps the
    // audio. Capture is paced.
    copy,
    // Playback: one buffer at START and one after each period of the clock, whatever the converter
    // does. Capture is paced.
    virtual_clock,
};

// What latency_bytes tells when a buffer of playback completes.
enum class latency_habit : u8 {
    nothing, // 0
    queued,  // what was taken and is not played yet, this buffer included
    ahead,   // the same without this buffer
    payload, // the buffer's own length
};

// How a device finds the parts of a tx or rx message.
enum class framing_habit : u8 {
    by_bytes,   // header first, status last, however the descriptors are cut
    by_lengths, // 4 bytes are the header, 8 the status, all else is data; what does not fit is
                // dropped and never returned
};

struct stream_profile {
    u8 direction = wire::SND_D_OUTPUT;
    u64 formats = bit(wire::SND_PCM_FMT_S16);
    u64 rates = bit(wire::SND_PCM_RATE_48000);
    u8 channels_min = 1;
    u8 channels_max = 2;
    u32 features = 0; // 1 << SND_PCM_F_*
    u32 nid = 0;
};

struct device_profile {
    const char* name = "default";

    // Features and queues
    bool version_1 = true;
    bool event_idx = true;
    bool indirect = true;
    bool packed = false;
    bool in_order = false;
    bool notification_data = false; // a doorbell says where the next buffer goes
    bool notif_config_data = false; // over PCI a doorbell says what the device calls its queue
    bool ring_reset = false;
    u32 ring_reset_looks = 0;    // so many reads find the reset of a queue under way
    bool order_platform = false; // hardware, with the barriers that it needs
    bool iommu = false;          // ACCESS_PLATFORM: refuses a driver without it
    bool controls_feature = false;
    bool suspend = false;   // VIRTIO_F_SUSPEND
    u64 extra_features = 0; // offered besides; for a driver that must ignore them
    u16 queue_sizes[wire::SND_VQ_COUNT] = {64, 64, 64, 64};
    u32 config_bytes = sizeof(wire::snd_config); // older devices end before `controls`: 12

    // Items
    std::vector<stream_profile> streams;
    std::vector<wire::snd_jack_info> jacks;
    std::vector<wire::snd_chmap_info> chmaps;
    bool answers_jacks = true;  // else NOT_SUPP, whatever the configuration says
    bool answers_chmaps = true; // the same
    std::vector<element_profile> elements;
    bool answers_controls = true; // else controls_answer, as without the feature
    element_layout ctl_info_layout = element_layout::plain;
    bool short_values = false;   // CTL_READ writes the value's members only, not all 512 bytes
    bool notifies_writes = true; // a driver's own write is an event too, if it changed anything
    bool info_size_is_strict = false; // a query with another item size than the device's: BAD_MSG

    // Time
    pacing pace = pacing::paced;
    u32 buffer_frames = 0;
    u64 tick_ns = 10'000'000;
    u64 control_delay_ns = 0; // from the doorbell to the answer of a request
    u64 suspend_delay_ns = 0; // from SUSPEND to the suspended state, at least
    u64 resume_delay_ns = 0;  // from DRIVER_OK until the device runs again
    latency_habit latency = latency_habit::queued;
    bool suppresses_doorbells = false; // while a stream runs, the device polls its queue itself
    u64 doorbell_deadline_ns = 2'000'000'000; // a doorbell owed for so long is missing
    s32 drift_ppm = 0;            // the converter runs so much faster than its nominal rate
    u64 late_ns = 0;              // each completion comes between 0 and so much too late
    u64 stall_every_ns = 0;       // 0: never; else completions pause at each multiple of this time,
    u64 stall_ns = 0;             // for so long, and then catch up
    u32 release_wait_periods = 0; // RELEASE of a stream with buffers is answered so much later

    // Habits
    bool strict_lifecycle = true; // else a wrong transition is done and answered with OK
    bool strict_params = true;    // else SET_PARAMS takes anything
    bool whole_frames = true;     // a period that is not whole frames answers NOT_SUPP
    u32 lifecycle_answer = wire::SND_S_BAD_MSG;
    u32 unknown_answer = wire::SND_S_BAD_MSG; // 0: never answered
    u32 release_code = wire::SND_S_OK;        // status of buffers that RELEASE returns
    bool bad_stream_needs_reset = false;      // a stream id out of range in SET_PARAMS or RELEASE
    bool channels_max_follows = false;        // PCM_INFO tells the last PREPARE's channels
    bool zero_count_is_bad = false;           // a query for no items answers BAD_MSG
    bool ignores_start_id = false;            // a query begins at item 0
    bool checks_query_range = true;           // false: items that do not exist are rubbish
    bool exact_responses = false; // room for more than the answer to a query answers BAD_MSG
    u32 info_descriptors = 0;     // queries have exactly so many, or answer BAD_MSG; 0: any
    u32 error_answer = 0;         // what every error answers; 0: the right code
    u32 controls_answer = wire::SND_S_NOT_SUPP; // control element requests, where there are none
    bool serves_events = true;                  // false: the event queue is never looked at
    u32 info_used_bytes = 0;                    // used length of INFO answers, 0: the true one
    bool rx_status_after_data = false; // short capture: the status follows the audio at once
    bool rx_used_is_all = false;       // the used length of rx is the whole writable area
    bool rx_completes = true;          // false: captures nothing, not even at RELEASE
    bool rx_whole_only = false;        // a short capture is an error, and says nothing
    bool tx_writes_status = true;      // false: the status of tx is never written
    bool exact_tx = false;             // data that is not period_bytes long: IO_ERR
    bool exact_rx = false;
    framing_habit framing = framing_habit::by_bytes;
    bool whole_frames_at_prepare = false; // the NOT_SUPP of whole_frames comes at PREPARE
    bool empty_stops = false;          // playback that ran dry, or starts so, waits for a new START
    bool stale_after_reset = false;    // buffers of before a reset come back into the new ring
    u64 address_end = 0;               // a descriptor from here on needs a reset; 0: anywhere
    u32 fatal_doorbells = 0;           // 1 << queue: a doorbell there is the end
    bool zero_period_is_fatal = false; // in SET_PARAMS
    bool wrong_state_is_fatal = false; // a wrong transition, data before PREPARE or after STOP
};

// Where a guest's memory may begin on the bus, so that this device can reach all of it. Above 4 GiB
// by default: an address cut to 32 bits hits nothing.
inline u64 first_bus_of(const device_profile& p) {
    return p.address_end == 0 ? 0x1'4000'0000 : 0x4000'0000;
}

// Two outputs and two inputs that take every format and rate: the strict device to test against.
inline device_profile default_profile() {
    device_profile p;
    const u32 xruns = 1u << wire::SND_PCM_F_EVT_XRUNS;
    const u32 polling = 1u << wire::SND_PCM_F_MSG_POLLING;
    const stream_profile out{wire::SND_D_OUTPUT, all_formats, all_rates, 1, 8, xruns | polling, 0};
    stream_profile in = out;
    in.direction = wire::SND_D_INPUT;
    p.streams = {out, out, in, in};
    wire::snd_jack_info jack{};
    jack.features = 1u << wire::SND_JACK_F_REMAP;
    jack.hda_reg_defconf = 0x0101'4010; // a green line-out jack at the rear
    jack.connected = 1;
    p.jacks.push_back(jack);
    jack.features = 0;
    jack.hda_reg_defconf = 0x01a1'9020; // a pink microphone jack at the rear
    p.jacks.push_back(jack);
    for (u8 direction : {wire::SND_D_OUTPUT, wire::SND_D_INPUT}) {
        wire::snd_chmap_info map{};
        map.direction = direction;
        map.channels = 2;
        map.positions[0] = wire::SND_CHMAP_FL;
        map.positions[1] = wire::SND_CHMAP_FR;
        p.chmaps.push_back(map);
    }
    p.controls_feature = true;
    p.elements = default_elements();
    return p;
}

// One output and one input with the habits of QEMU's device.
inline device_profile qemu_profile() {
    device_profile p;
    p.name = "qemu";
    const u64 formats = bit(wire::SND_PCM_FMT_S8) | bit(wire::SND_PCM_FMT_U8) |
                        bit(wire::SND_PCM_FMT_S16) | bit(wire::SND_PCM_FMT_U16) |
                        bit(wire::SND_PCM_FMT_S32) | bit(wire::SND_PCM_FMT_U32) |
                        bit(wire::SND_PCM_FMT_FLOAT);
    const u64 rates = (u64{1} << (wire::SND_PCM_RATE_384000 + 1)) - 1;
    const stream_profile out{wire::SND_D_OUTPUT, formats, rates, 1, 16, 0, 0};
    stream_profile in = out;
    in.direction = wire::SND_D_INPUT;
    p.streams = {out, in};
    p.answers_jacks = false;
    p.answers_chmaps = false;
    p.pace = pacing::burst;
    p.buffer_frames = 1024;
    p.latency = latency_habit::nothing;
    p.controls_answer = wire::SND_S_BAD_MSG;
    p.serves_events = false;
    p.stale_after_reset = true;
    p.strict_lifecycle = false;
    p.strict_params = false;
    p.whole_frames = false;
    p.bad_stream_needs_reset = true;
    p.channels_max_follows = true;
    p.rx_status_after_data = true;
    return p;
}

} // namespace vsnd::model
