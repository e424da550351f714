// What the device says of a jack, and the request to regroup it.

#include <doctest/doctest.h>

#include <support/rounds.hpp>
#include <vsnd/sound/jack.hpp>

#include "element_items.hpp"

using namespace vsnd;

namespace {

wire::snd_jack_info raw_jack() {
    wire::snd_jack_info raw{};
    raw.hdr.hda_fn_nid = 3;
    raw.features = 1u << wire::SND_JACK_F_REMAP;
    raw.hda_reg_defconf = 0x01014010; // green line out at the rear, group 1
    raw.hda_reg_caps = 0x14;          // output, presence detection
    raw.connected = 1;
    return raw;
}

} // namespace

// [virtio 1.4] Sound Device / VIRTIO_SND_R_JACK_INFO
TEST_CASE("jack: what the device says") {
    const jack_info jack = judge(raw_jack());
    CHECK(jack.hda_fn_nid == 3);
    CHECK(jack.configuration.place == jack_place::rear);
    CHECK(jack.configuration.device == jack_device::line_out);
    CHECK(jack.configuration.colour == jack_colour::green);
    CHECK(jack.configuration.association == 1);
    CHECK(jack.has(pin_cap::output));
    CHECK(jack.has(pin_cap::presence_detect));
    CHECK_FALSE(jack.has(pin_cap::input));
    CHECK(jack.can_remap);
    CHECK(jack.connected);
    CHECK_FALSE(jack.malformed);

    wire::snd_jack_info raw = raw_jack();
    raw.connected = 0;
    raw.features = 0;
    CHECK_FALSE(judge(raw).connected);
    CHECK_FALSE(judge(raw).can_remap);
    CHECK_FALSE(judge(wire::snd_jack_info{}).malformed);
}

// [virtio 1.4] Sound Device / Jack Information
TEST_CASE("jack: undefined features and padding are masked and reported") {
    for (u32 bit = 1; bit < 32; bit++) {
        wire::snd_jack_info raw = raw_jack();
        raw.features = 1u << bit;
        CHECK(judge(raw).malformed);
        CHECK_FALSE(judge(raw).can_remap);
    }
    for (usize i = 0; i < sizeof(wire::snd_jack_info::padding); i++) {
        wire::snd_jack_info raw = raw_jack();
        raw.padding[i] = 1;
        CHECK(judge(raw).malformed);
        CHECK(judge(raw).connected);
    }
}

TEST_CASE("jack: undefined registers and flags are masked and reported") {
    wire::snd_jack_info raw = raw_jack();
    raw.hda_reg_caps = 0xffffffff;
    CHECK(judge(raw).caps == known_pin_caps);
    CHECK(judge(raw).malformed);
    raw = raw_jack();
    raw.hda_reg_defconf = 0x00e00000;
    CHECK(judge(raw).configuration.device == jack_device::unknown);
    CHECK(judge(raw).malformed);
    raw = raw_jack();
    raw.connected = 2;
    CHECK(judge(raw).connected);
    CHECK(judge(raw).malformed);
}

// [virtio 1.4] Sound Device / VIRTIO_SND_R_JACK_REMAP
TEST_CASE("jack: the remap request, only for a jack that has the feature") {
    jack_info jack = judge(raw_jack());
    const auto request = make_jack_remap(5, jack, 15, 2);
    REQUIRE(request.ok());
    CHECK(request.value().hdr.hdr.code == wire::SND_R_JACK_REMAP);
    CHECK(request.value().hdr.jack_id == 5);
    CHECK(request.value().association == 15);
    CHECK(request.value().sequence == 2);
    CHECK(make_jack_remap(5, jack, 16, 2).code() == status_code::invalid_argument);
    CHECK(make_jack_remap(5, jack, 0, 16).code() == status_code::invalid_argument);
    jack.can_remap = false;
    CHECK(make_jack_remap(5, jack, 1, 2).code() == status_code::not_available);
}

TEST_CASE("jack: any bytes become a jack with defined values alone") {
    hostile_bytes random(11);
    u32 connected = 0;
    for (u32 round = 0; round < support::rounds(100000); round++) {
        const auto raw = random.structure<wire::snd_jack_info>();
        const jack_info jack = judge(raw);
        const bool proper =
            (jack.caps & ~known_pin_caps) == 0 && jack.configuration.place <= jack_place::unknown &&
            jack.configuration.association < 16 && jack.configuration.sequence < 16 &&
            (!jack.configuration.malformed || jack.malformed);
        if (!proper) REQUIRE(proper);
        connected += jack.connected ? 1 : 0;
    }
    CHECK(connected > support::rounds(10000));
    CHECK(connected < support::rounds(100000));
}
