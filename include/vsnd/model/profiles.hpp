#pragma once
// Every device that a driver meets, as a profile with a name, and with what it can do: the whole
// suite of a driver runs under each of them.
//
//     for (const named_profile& each : all_profiles()) {
//         const device_profile profile = each.make();
//         guest_memory memory(first_bus_of(profile));
//         sound_device device(memory, profile);
//         ... plays only where each.can.plays, records only where each.can.captures ...
//     }
//     for (const expectation& row : expectations) print(row.name, each.can.*row.can);
//
// Time is an axis of its own: each of all_timings() changes any profile to be early, late, bursty,
// stalling or drifting. A hostile device is none of these: see faults.hpp.

#include <vector>

#include <vsnd/model/profiles_firmware.hpp>
#include <vsnd/model/profiles_hosts.hpp>

namespace vsnd::model {

// What a driver gets from a device when it does everything right.
struct profile_expectations {
    bool plays = true;          // every byte of a tx buffer reaches the converter
    bool paces_playback = true; // tx completes as the converter goes on; false: all of it at once
    bool tx_status = true;      // the status of tx is written
    bool latency = true;        // and tells how much is ahead
    bool resumes = true;        // playback that ran dry goes on when there is data again
    bool captures = true;
    bool short_capture = true;   // RELEASE returns a part-filled buffer with its audio
    bool true_used_bytes = true; // used lengths tell how much was written
    bool jacks = false;
    bool chmaps = false;
    bool controls = false;
    bool events = true; // the event queue is served
    bool xruns = false; // as events
    bool event_idx = true;
    bool indirect = true;
    bool high_addresses = true;      // above 4 GiB
    bool own_error_codes = false;    // errors are told by codes that the protocol does not have
    bool mistakes_are_fatal = false; // what others answer with an error is the device's end
};

// The same as a table, to print or to go through.
struct expectation {
    const char* name;
    bool profile_expectations::*can;
};
inline constexpr expectation expectations[] = {
    {"plays", &profile_expectations::plays},
    {"paces_playback", &profile_expectations::paces_playback},
    {"tx_status", &profile_expectations::tx_status},
    {"latency", &profile_expectations::latency},
    {"resumes", &profile_expectations::resumes},
    {"captures", &profile_expectations::captures},
    {"short_capture", &profile_expectations::short_capture},
    {"true_used_bytes", &profile_expectations::true_used_bytes},
    {"jacks", &profile_expectations::jacks},
    {"chmaps", &profile_expectations::chmaps},
    {"controls", &profile_expectations::controls},
    {"events", &profile_expectations::events},
    {"xruns", &profile_expectations::xruns},
    {"event_idx", &profile_expectations::event_idx},
    {"indirect", &profile_expectations::indirect},
    {"high_addresses", &profile_expectations::high_addresses},
    {"own_error_codes", &profile_expectations::own_error_codes},
    {"mistakes_are_fatal", &profile_expectations::mistakes_are_fatal},
};
static_assert(sizeof(expectations) / sizeof(expectation) == sizeof(profile_expectations));

struct named_profile {
    const char* name; // as in device_profile
    device_profile (*make)();
    profile_expectations can;
};

inline const std::vector<named_profile>& all_profiles() {
    static const std::vector<named_profile> all = {
        {"default",
         default_profile,
         {.jacks = true, .chmaps = true, .controls = true, .xruns = true}},
        {"qemu", qemu_profile, {.latency = false, .events = false}},
        {"qemu 8.2",
         qemu_8_2_profile,
         {.latency = false, .true_used_bytes = false, .events = false}},
        {"crosvm",
         crosvm_profile,
         {.short_capture = false,
          .true_used_bytes = false,
          .chmaps = true,
          .mistakes_are_fatal = true}},
        {"vhost-device-sound",
         vhost_device_sound_profile,
         {.latency = false, .chmaps = true, .mistakes_are_fatal = true}},
        {"vhost-device-sound, null backend",
         vhost_device_sound_null_profile,
         {.paces_playback = false,
          .latency = false,
          .captures = false,
          .short_capture = false,
          .chmaps = true,
          .mistakes_are_fatal = true}},
        {"libkrun", libkrun_profile, {.latency = false, .chmaps = true}},
        {"aosp emulator", aosp_emulator_profile, {}},
        {"stratovirt", stratovirt_profile, {.controls = true}},
        {"libvmm",
         libvmm_profile,
         {.short_capture = false, .event_idx = false, .indirect = false, .own_error_codes = true}},
        {"vcml",
         vcml_profile,
         {.tx_status = false,
          .latency = false,
          .resumes = false,
          .captures = false,
          .short_capture = false,
          .event_idx = false,
          .indirect = false}},
        {"semu",
         semu_profile,
         {.paces_playback = false,
          .captures = false,
          .short_capture = false,
          .jacks = true,
          .chmaps = true,
          .events = false,
          .event_idx = false,
          .indirect = false,
          .high_addresses = false,
          .mistakes_are_fatal = true}},
    };
    return all;
}

// How completions stand to the converter, whatever the device.
struct named_timing {
    const char* name;
    void (*apply)(device_profile&);
};

inline const std::vector<named_timing>& all_timings() {
    static const std::vector<named_timing> all = {
        {"exact",
         [](device_profile& p) {
             p.pace = pacing::paced;
             p.buffer_frames = 0;
         }},
        {"early", // each frame is taken 1024 frames before it is played
         [](device_profile& p) {
             p.pace = pacing::paced;
             p.buffer_frames = 1024;
         }},
        {"burst",
         [](device_profile& p) {
             p.pace = pacing::burst;
             p.buffer_frames = 1024;
             p.tick_ns = 10'000'000;
         }},
        {"late", [](device_profile& p) { p.late_ns = 5'000'000; }},
        {"stall", // for 20 ms in each second
         [](device_profile& p) {
             p.stall_every_ns = 1'000'000'000;
             p.stall_ns = 20'000'000;
         }},
        {"fast", [](device_profile& p) { p.drift_ppm = 100; }},
        {"slow", [](device_profile& p) { p.drift_ppm = -100; }},
    };
    return all;
}

} // namespace vsnd::model
