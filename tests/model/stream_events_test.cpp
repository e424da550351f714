// Events of streams: only what a stream selected, and only where there is a buffer for it.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;

namespace {

constexpr u32 xruns = 1u << wire::SND_PCM_F_EVT_XRUNS;
constexpr u32 periods = 1u << wire::SND_PCM_F_EVT_SHMEM_PERIODS;

device_profile with_period_events() {
    device_profile p = default_profile();
    for (stream_profile& s : p.streams)
        s.features |= periods;
    return p;
}

void prepare(driver& d, u32 stream, u32 features) {
    auto p = driver::params(stream, 1024, 4);
    p.features = features;
    REQUIRE(d.ask(p).code == wire::SND_S_OK);
    REQUIRE(d.pcm(wire::SND_R_PCM_PREPARE, stream) == wire::SND_S_OK);
}

// How often this event of this stream was sent.
usize sent(driver& d, u32 code, u32 stream) {
    usize n = 0;
    for (const trace_event& e : d.device.trace().events())
        n += e.kind == trace_kind::event && e.number == code && e.extra == stream;
    return n;
}

} // namespace

TEST_CASE("an underrun and an overrun are told to a stream that wants to know") {
    // Spec: [virtio 1.4] Sound Device / PCM Notifications
    for (const u32 wanted : {0u, xruns}) {
        CAPTURE(wanted);
        driver d;
        d.up();
        prepare(d, 1, wanted);
        prepare(d, 3, wanted);
        d.play(1, raw::noise(1024));
        raw::message m = d.make(3, 1024);
        d.post(raw::rx, m);
        d.pcm(wire::SND_R_PCM_START, 1);
        d.pcm(wire::SND_R_PCM_START, 3);
        d.device.advance(50'000'000);
        const usize expected = wanted == 0 ? 0 : 1; // once for each time that it runs dry
        CHECK(sent(d, wire::SND_EVT_PCM_XRUN, 1) == expected);
        CHECK(sent(d, wire::SND_EVT_PCM_XRUN, 3) == expected);
        d.play(1, raw::noise(1024));
        d.device.advance(50'000'000);
        CHECK(sent(d, wire::SND_EVT_PCM_XRUN, 1) == 2 * expected);
        CHECK(d.device.violations().clean());
    }
}

TEST_CASE("elapsed periods are told where a stream selected it, though there is no shared memory") {
    for (const u32 wanted : {0u, periods}) {
        CAPTURE(wanted);
        driver d(with_period_events());
        d.up();
        prepare(d, 0, wanted);
        for (int i = 0; i < 3; ++i)
            d.play(0, raw::noise(1024));
        d.pcm(wire::SND_R_PCM_START, 0);
        d.device.advance(50'000'000);
        CHECK(sent(d, wire::SND_EVT_PCM_PERIOD_ELAPSED, 0) == (wanted == 0 ? 0u : 3u));
        CHECK(d.device.stream(0).buffers_completed() == 3);
        CHECK(d.device.violations().clean());
    }
}

TEST_CASE("events of streams that find no buffer are lost, and counted") {
    driver d(with_period_events());
    d.up();
    prepare(d, 0, periods);
    for (int i = 0; i < 6; ++i)
        d.play(0, raw::noise(1024));
    d.pcm(wire::SND_R_PCM_START, 0);
    d.device.advance(50'000'000);
    CHECK(d.device.events_sent() == 4); // as many as there are buffers
    CHECK(d.device.events_lost() == 2);
}

TEST_CASE("a jack's event comes with its information changed") {
    // Spec: [virtio 1.4] Sound Device / Jack Notifications
    driver d;
    d.up();
    const auto connected = [&](u32 id) {
        std::vector<u8> bytes;
        d.query(wire::SND_R_JACK_INFO, id, 1, sizeof(wire::snd_jack_info), &bytes);
        return bytes.at(offsetof(wire::snd_jack_info, connected));
    };
    CHECK(connected(0) == 1);
    d.device.set_jack(0, false);
    CHECK(connected(0) == 0);
    CHECK(sent(d, wire::SND_EVT_JACK_DISCONNECTED, 0) == 1);
    d.device.set_jack(0, true);
    CHECK(connected(0) == 1);
    CHECK(sent(d, wire::SND_EVT_JACK_CONNECTED, 0) == 1);
    CHECK(d.device.violations().entries().empty());
}
