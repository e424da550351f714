#pragma once
// The devices of virtual machine monitors on a host with sound of its own. (QEMU's present one is
// in profile.hpp.)

#include <vsnd/model/profile_parts.hpp>

namespace vsnd::model {

// The first QEMU that had the device: the used length of an INFO answer leaves out the items.
inline device_profile qemu_8_2_profile() {
    device_profile p = qemu_profile();
    p.name = "qemu 8.2";
    p.config_bytes = parts::short_config_bytes;
    p.info_used_bytes = sizeof(wire::snd_hdr);
    return p;
}

// Strict about transitions and lengths; a period of 0 bytes is its end.
inline device_profile crosvm_profile() {
    using namespace wire;
    device_profile p;
    p.name = "crosvm";
    parts::queues_of(p, 1024);
    const u64 rates = parts::rates_8k_to_48k;
    p.streams = {parts::stream(SND_D_OUTPUT, parts::u8_s16_s24_s32, rates, 1, 6),
                 parts::stream(SND_D_OUTPUT, parts::u8_s16_s24_s32, rates, 1, 6),
                 parts::stream(SND_D_INPUT, parts::u8_s16_s24_s32, rates, 1, 2)};
    // Several maps belong to one node.
    p.chmaps = {parts::chmap(SND_D_OUTPUT, {SND_CHMAP_MONO}),
                parts::chmap(SND_D_OUTPUT, {SND_CHMAP_FL, SND_CHMAP_FR}),
                parts::chmap(SND_D_OUTPUT, {SND_CHMAP_FL, SND_CHMAP_FR, SND_CHMAP_RL, SND_CHMAP_RR,
                                            SND_CHMAP_FC, SND_CHMAP_LFE}),
                parts::chmap(SND_D_INPUT, {SND_CHMAP_FL, SND_CHMAP_FR})};
    p.answers_jacks = false;
    p.buffer_frames = 480;
    p.latency = latency_habit::ahead;
    p.release_wait_periods = 2;
    p.lifecycle_answer = SND_S_NOT_SUPP;
    p.whole_frames_at_prepare = true;
    p.zero_period_is_fatal = true;
    p.exact_tx = true;
    p.rx_used_is_all = true;
    return p;
}

// The daemon of rust-vmm with a backend that plays: a wrong transition kills it.
inline device_profile vhost_device_sound_profile() {
    using namespace wire;
    device_profile p;
    p.name = "vhost-device-sound";
    p.config_bytes = parts::short_config_bytes;
    const u64 rates = parts::rates_8k_to_48k;
    p.streams = {parts::stream(SND_D_OUTPUT, parts::u8_s16_s24_s32, rates, 1, 6),
                 parts::stream(SND_D_INPUT, parts::u8_s16_s24_s32, rates, 1, 6)};
    // The right front channel is told as the one four places on.
    p.chmaps = {parts::chmap(SND_D_OUTPUT, {SND_CHMAP_FL, u8{SND_CHMAP_FR + 4}})};
    p.answers_jacks = false;
    p.buffer_frames = 1024;
    p.latency = latency_habit::payload;
    p.unknown_answer = 0;
    p.zero_count_is_bad = true;
    p.wrong_state_is_fatal = true;
    return p;
}

// The same without a sound card: playback is swallowed at once, capture never comes.
inline device_profile vhost_device_sound_null_profile() {
    device_profile p = vhost_device_sound_profile();
    p.name = "vhost-device-sound, null backend";
    p.pace = pacing::copy;
    p.rx_completes = false;
    return p;
}

// Goes by the number and the lengths of descriptors.
inline device_profile libkrun_profile() {
    device_profile p = vhost_device_sound_profile();
    p.name = "libkrun";
    p.wrong_state_is_fatal = false;
    p.unknown_answer = wire::SND_S_NOT_SUPP;
    p.info_descriptors = 3;
    p.framing = framing_habit::by_lengths;
    return p;
}

// A period at START and one for each period of its clock, whether the backend plays or not.
inline device_profile aosp_emulator_profile() {
    device_profile p;
    p.name = "aosp emulator";
    const u64 rates = parts::rates_8k_to_48k;
    p.streams = {parts::stream(wire::SND_D_OUTPUT, parts::s16, rates, 1, 2),
                 parts::stream(wire::SND_D_INPUT, parts::s16, rates, 1, 2)};
    p.answers_jacks = false;
    p.answers_chmaps = false;
    p.pace = pacing::virtual_clock;
    return p;
}

// The one open device with control elements: a volume and a switch, without metadata.
inline device_profile stratovirt_profile() {
    device_profile p;
    p.name = "stratovirt";
    const u64 rates = parts::rates_8k_to_48k;
    p.streams = {parts::stream(wire::SND_D_OUTPUT, parts::u8_s16_s24_s32, rates, 1, 2),
                 parts::stream(wire::SND_D_INPUT, parts::u8_s16_s24_s32, rates, 1, 2)};
    p.answers_jacks = false;
    p.answers_chmaps = false;
    p.buffer_frames = 1024;
    p.controls_feature = true;
    element_profile volume;
    volume.name = "Master Playback Volume";
    volume.role = element_role(wire::SND_CTL_ROLE_VOLUME, wire::SND_D_OUTPUT);
    volume.type = wire::SND_CTL_TYPE_INTEGER;
    volume.highest = 100;
    volume.values = {100};
    element_profile playing;
    playing.name = "Master Playback Switch";
    playing.role = element_role(wire::SND_CTL_ROLE_MUTE, wire::SND_D_OUTPUT);
    playing.values = {1};
    p.elements = {volume, playing};
    return p;
}

} // namespace vsnd::model
