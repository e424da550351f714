// Profiles: what a device of each kind offers.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;

TEST_CASE("profile: sizes and rates of the protocol") {
    // Spec: [virtio 1.4] Sound Device / PCM Control Messages: physical width of each format
    CHECK(format_bits(wire::SND_PCM_FMT_IMA_ADPCM) == 4);
    CHECK(format_bits(wire::SND_PCM_FMT_U8) == 8);
    CHECK(format_bits(wire::SND_PCM_FMT_U16) == 16);
    CHECK(format_bits(wire::SND_PCM_FMT_S18_3) == 24);
    CHECK(format_bits(wire::SND_PCM_FMT_U24_3) == 24);
    CHECK(format_bits(wire::SND_PCM_FMT_S20) == 32);
    CHECK(format_bits(wire::SND_PCM_FMT_FLOAT) == 32);
    CHECK(format_bits(wire::SND_PCM_FMT_FLOAT64) == 64);
    CHECK(format_bits(wire::SND_PCM_FMT_DSD_U8) == 8);
    CHECK(format_bits(wire::SND_PCM_FMT_DSD_U16) == 16);
    CHECK(format_bits(wire::SND_PCM_FMT_IEC958_SUBFRAME) == 32);
    CHECK(format_bits(wire::SND_PCM_FMT_COUNT) == 0);
    CHECK(rate_of(wire::SND_PCM_RATE_5512) == 5512);
    CHECK(rate_of(wire::SND_PCM_RATE_384000) == 384000);
    CHECK(rate_of(wire::SND_PCM_RATE_12000) == 12000);
    CHECK(rate_of(wire::SND_PCM_RATE_24000) == 24000);
    CHECK(rate_of(wire::SND_PCM_RATE_COUNT) == 0);
}

TEST_CASE("profile: what is offered follows its switches") {
    device_profile p = default_profile();
    guest_memory memory;
    const auto offered = [&] { return sound_device(memory, p).offered_features(); };
    CHECK(offered() == (bit(wire::F_VERSION_1) | bit(wire::F_EVENT_IDX) |
                        bit(wire::F_INDIRECT_DESC) | bit(wire::SND_F_CTLS)));
    p.version_1 = p.event_idx = p.indirect = p.controls_feature = false;
    CHECK(offered() == 0);
    p.controls_feature = true;
    CHECK(offered() == 1);
    p.suspend = true;
    CHECK(offered() == (bit(wire::F_SUSPEND) | 1));
}

TEST_CASE("profile: an older device's configuration ends early") {
    device_profile p = default_profile();
    p.config_bytes = 12;
    raw::driver d(p);
    CHECK(d.config(8) == 2);
    d.config(12);
    CHECK(d.device.violations().count(violation::register_outside) == 1);
}

TEST_CASE("profile: habits of answers") {
    device_profile p = default_profile();
    p.unknown_answer = 0;
    p.zero_count_is_bad = true;
    p.info_used_bytes = 4;
    p.control_delay_ns = 1000;
    p.release_code = wire::SND_S_IO_ERR;
    p.tx_writes_status = false;
    raw::driver d(p);
    d.up();
    const auto settle = [&] {
        d.device.advance(1000);
        return d.answer();
    };
    d.query(wire::SND_R_PCM_INFO, 0, 0, 32);
    CHECK(settle().code == wire::SND_S_BAD_MSG);
    d.query(wire::SND_R_PCM_INFO, 0, 4, 32);
    CHECK(settle().len == 4);
    d.pcm(0x42, 0);
    CHECK(settle().code == 0);
    CHECK(d.device.requests_unanswered() == 1);
    d.set_params(0);
    settle();
    d.pcm(wire::SND_R_PCM_PREPARE, 0);
    settle();
    raw::message m = d.play(0, raw::noise(1024));
    d.pcm(wire::SND_R_PCM_RELEASE, 0);
    settle();
    CHECK(m.answer().code == 0xeeee'eeee);
    CHECK(d.take(raw::tx).any);
}

TEST_CASE("profile: capture that never completes, and capture that claims everything") {
    device_profile p = default_profile();
    p.rx_completes = false;
    p.release_code = wire::SND_S_IO_ERR;
    for (const bool completes : {false, true}) {
        p.rx_completes = completes;
        p.rx_used_is_all = completes;
        raw::driver d(p);
        d.up();
        d.ready(2, 1024, 2);
        raw::message m = d.make(2, 1024);
        d.post(raw::rx, m);
        d.pcm(wire::SND_R_PCM_RELEASE, 2);
        const auto e = d.take(raw::rx);
        CHECK(e.any == completes);
        if (completes) CHECK(e.len == 1032);
        if (completes) CHECK(m.answer().code == wire::SND_S_IO_ERR);
    }
}
