#pragma once
// The devices of small machines, met on memory-mapped I/O: an seL4 monitor and two simulators.

#include <vsnd/model/profile_parts.hpp>

namespace vsnd::model {

// seL4's libvmm: its own error codes, and a query for items that do not exist is answered.
inline device_profile libvmm_profile() {
    device_profile p;
    p.name = "libvmm";
    parts::version_1_only(p);
    const u64 rates = parts::rates_8k_to_48k;
    p.streams = {parts::stream(wire::SND_D_OUTPUT, parts::s16, rates, 1, 2),
                 parts::stream(wire::SND_D_INPUT, parts::s16, rates, 1, 2)};
    p.answers_jacks = false;
    p.answers_chmaps = false;
    p.info_descriptors = 3;
    p.checks_query_range = false;
    p.error_answer = 2;
    p.rx_whole_only = true;
    return p;
}

// A SystemC model: exact lengths, no status, no capture, and it stops for good when it runs dry.
inline device_profile vcml_profile() {
    device_profile p;
    p.name = "vcml";
    parts::version_1_only(p);
    const u64 rates = parts::rates_8k_to_48k;
    p.streams = {parts::stream(wire::SND_D_OUTPUT, parts::s16, rates, 1, 2),
                 parts::stream(wire::SND_D_INPUT, parts::s16, rates, 1, 2)};
    p.answers_jacks = false;
    p.answers_chmaps = false;
    p.exact_responses = true;
    p.exact_tx = true;
    p.exact_rx = true;
    p.empty_stops = true;
    p.strict_lifecycle = false; // START while running is the way to go on
    p.tx_writes_status = false;
    p.rx_completes = false;
    return p;
}

// A small RISC-V machine: one mono output, doorbells that fault, no address above 4 GiB.
inline device_profile semu_profile() {
    using namespace wire;
    device_profile p;
    p.name = "semu";
    parts::version_1_only(p);
    p.streams = {parts::stream(SND_D_OUTPUT, parts::s16, parts::first_14_rates, 1, 1)};
    p.jacks = {parts::jack()};
    p.chmaps = {parts::chmap(SND_D_OUTPUT, {SND_CHMAP_MONO})};
    p.pace = pacing::copy;
    p.ignores_start_id = true;
    p.serves_events = false;
    p.fatal_doorbells = 1u << SND_VQ_EVENT | 1u << SND_VQ_RX;
    p.address_end = parts::four_gib;
    return p;
}

} // namespace vsnd::model
