// The trace: the story of one playback, in order.

#include <doctest/doctest.h>

#include <string>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;

TEST_CASE("trace tells a playback from doorbell to underrun") {
    raw::driver d;
    d.up();
    d.device.trace().clear();
    d.ready(0, 192, 1); // 48 frames: 1 ms
    d.play(0, raw::noise(192));
    d.pcm(wire::SND_R_PCM_START, 0);
    d.device.advance(2'000'000);
    std::string story;
    for (const trace_event& e : d.device.trace().events()) {
        story += std::to_string(e.time_ns) + " " + to_string(e.kind);
        if (e.queue != trace_event::none) story += " q" + std::to_string(e.queue);
        if (e.stream != trace_event::none) story += " s" + std::to_string(e.stream);
        if (e.kind == trace_kind::asked)
            story += "\n"; // its bytes
        else
            story += " " + std::to_string(e.number) + " " + std::to_string(e.extra) + "\n";
    }
    CHECK(story == "0 doorbell q0 1 0\n"
                   "0 asked q0 s0\n"
                   "0 request q0 s0 257 32768\n"
                   "0 interrupt q0 0 0\n"
                   "0 doorbell q0 1 0\n"
                   "0 asked q0 s0\n"
                   "0 request q0 s0 258 32768\n"
                   "0 doorbell q2 1 0\n"
                   "0 buffer_seen q2 s0 0 0\n"
                   "0 doorbell q0 1 0\n"
                   "0 asked q0 s0\n"
                   "0 stream_started q2 s0 0 0\n"
                   "0 period_taken q2 s0 0 0\n"
                   "0 request q0 s0 260 32768\n"
                   "1000000 period_played q2 s0 0 0\n"
                   "1000000 period_completed q2 s0 0 0\n"
                   "1000000 interrupt q2 0 0\n"
                   "1000000 underrun q2 s0 48 0\n");
    CHECK(d.device.trace().count(trace_kind::doorbell) == 4);
    CHECK(d.device.trace().count(trace_kind::doorbell, raw::tx) == 1);
}

TEST_CASE("trace keeps no more than it is told to") {
    trace_log log;
    log.limit(2);
    for (u64 i = 0; i < 5; ++i)
        log.add({i, trace_kind::doorbell});
    CHECK(log.events().size() == 2);
    CHECK(log.events()[1].time_ns == 1);
    CHECK(!log.on());
    CHECK(std::string(to_string(trace_kind::reset)) == "reset");
}
