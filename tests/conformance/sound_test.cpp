// Clauses of the sound chapter, on the whole driver.

#include <doctest/doctest.h>

#include <conformance/session.hpp>

using namespace conformance;

// [virtio 1.4] Sound Device / Device Initialization, driver 1
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Configuration Space, driver 2
TEST_CASE("conformance: without CTLS no part of controls is read") {
    check_never({violation::controls_read_without_feature});
    auto profile = model::default_profile();
    profile.controls_feature = false;
    rig<> r(profile);
    r.kernel.recording = true;
    work(r);
    const u64 at = model::pci_place::device_config + offsetof(wire::snd_config, controls);
    usize others = 0;
    for (const auto& a : r.kernel.record) {
        const bool config = a.bar == model::pci_place::structures_bar && !a.write &&
                            a.offset >= model::pci_place::device_config && a.offset < at + 4;
        others += config && a.offset < at;
        CHECK_FALSE((config && a.offset >= at));
    }
    CHECK(others != 0);
}

// [virtio 1.4] Sound Device / Device Initialization, driver 2
// [virtio 1.4] Sound Device / Device Initialization, driver 3
TEST_CASE("conformance: event buffers wait from the first START on, and come back after use") {
    check_never({violation::event_queue_empty, violation::event_buffer_small,
                 violation::event_buffer_readable});
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& events = r.device().queue(wire::SND_VQ_EVENT);
    CHECK(events.fresh() == default_limits::events);
    CHECK(r.device().doorbells(wire::SND_VQ_EVENT) == 0); // some devices do not survive one
    for (u32 i = 0; i < 200; ++i) {
        CHECK(r.device().send_event(wire::SND_EVT_PCM_XRUN, 0));
        r.run(1000);
    }
    CHECK(r.driver.counters().events == 200);
    CHECK(r.device().events_lost() == 0);
    CHECK(events.fresh() + events.in_flight() == default_limits::events);
}

// [virtio 1.4] Sound Device / Item Information Request, driver 1
// [virtio 1.4] Sound Device / Item Information Request, driver 2
TEST_CASE("conformance: information is asked for within the numbers, with room for the answer") {
    check_never({violation::query_range, violation::query_response_size});
    for (const usize count : {usize{0}, usize{1}, usize{4}, usize{5}, usize{16}, usize{20}}) {
        CAPTURE(count);
        auto profile = model::default_profile();
        profile.streams.resize(count, profile.streams[0]);
        rig<> r(profile);
        REQUIRE(r.open() == status_code::ok);
        CHECK(r.driver.stream_count() == std::min(count, usize{default_limits::streams}));
        CHECK((requests(r, wire::SND_R_PCM_INFO) != 0) == (count != 0));
        CHECK_CLEAN(r);
    }
}

// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 1
// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 4
// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 6
TEST_CASE("conformance: parameters as they are sent: whole periods, channels, padding") {
    check_never({violation::period_not_divider, violation::channels_out_of_range,
                 violation::padding_not_zero});
    auto profile = model::default_profile();
    profile.streams[0].channels_min = 2;
    profile.streams[0].channels_max = 5;
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(0);
    usize sent = 0;
    for (u32 channels = 0; channels < 256; ++channels) {
        pcm_params p = sixteen_bit(100 + channels, 1 + channels % 32);
        p.channels = static_cast<u8>(channels);
        const status_code code = r.prepare(out, p);
        CHECK((code == status_code::ok) == (channels >= 2 && channels <= 5));
        if (ok(code)) REQUIRE(out.release() == status_code::ok);
        sent += ok(code);
    }
    CHECK(sent == 4);
    CHECK(requests(r, wire::SND_R_PCM_SET_PARAMS) == sent);
    CHECK_CLEAN(r);
}

// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 2
// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 3
// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 5
TEST_CASE("conformance: the device hears only of formats, rates and features that it has") {
    check_never({violation::parameter_undefined, violation::parameter_not_offered,
                 violation::shared_memory_both, violation::shared_memory_selected});
    auto profile = model::default_profile();
    profile.streams[0].formats = model::bit(wire::SND_PCM_FMT_S16) | ~model::all_formats;
    profile.streams[0].rates = model::bit(wire::SND_PCM_RATE_48000) | ~model::all_rates;
    profile.streams[0].features = ~u32{0} & ~(1u << wire::SND_PCM_F_EVT_XRUNS);
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(0);
    const auto accepted = [&](auto change) {
        pcm_params p = sixteen_bit(480, 4);
        change(p);
        const status_code code = r.prepare(out, p);
        if (ok(code)) REQUIRE(out.release() == status_code::ok);
        return ok(code);
    };
    usize good = 0;
    for (u32 f = 0; f < 256; ++f)
        good += accepted([f](pcm_params& p) { p.format = static_cast<pcm_format>(f); });
    CHECK(good == 1);
    for (u32 rate = 0; rate <= wire::SND_PCM_RATE_COUNT; ++rate)
        good += accepted([rate](pcm_params& p) { p.rate_hz = model::rate_of(rate); });
    CHECK(good == 2);
    for (u32 features = 0; features < 64; ++features)
        good += accepted([features](pcm_params& p) { p.features = features; });
    CHECK(good == 4); // none, and message polling
    CHECK(requests(r, wire::SND_R_PCM_SET_PARAMS) == good);
    CHECK_CLEAN(r);
}

// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 7
TEST_CASE("conformance: audio goes by messages, output through tx and input through rx") {
    check_never({violation::io_direction, violation::io_layout, violation::io_stream_id});
    at_work([](auto& r) {
        using model::trace_kind;
        CHECK(r.device().trace().count(trace_kind::period_completed, wire::SND_VQ_TX) >= 20);
        CHECK(r.device().trace().count(trace_kind::period_completed, wire::SND_VQ_RX) >= 20);
    });
}

// [virtio 1.4] Sound Device / PCM Output Stream, driver 1
// [virtio 1.4] Sound Device / PCM Output Stream, driver 2
TEST_CASE("conformance: tx gets whole periods and nothing to write but the status") {
    check_never({violation::tx_period_size, violation::tx_writable_buffer});
}

// [virtio 1.4] Sound Device / PCM Input Stream, driver 1
// [virtio 1.4] Sound Device / PCM Input Stream, driver 2
TEST_CASE("conformance: rx has whole empty periods before START and nothing to read but the id") {
    check_never(
        {violation::rx_period_size, violation::rx_empty_at_start, violation::rx_readable_buffer});
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& in = *r.driver.find(direction::capture);
    REQUIRE(r.prepare(in, sixteen_bit(480, 7)) == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    CHECK(r.device().queue(wire::SND_VQ_RX).in_flight() == 7);
}
