// The formatters for fmt.

#include <doctest/doctest.h>

#include <string>

#include <vsnd/fmt.hpp>
#include <vsnd/model/conversation.hpp>

using namespace vsnd;

namespace {

template <class T>
std::string text(const T& value) {
    return fmt::format("{}", value);
}

} // namespace

TEST_CASE("fmt: names") {
    CHECK(text(status_code::timed_out) == "timed out");
    CHECK(text(pcm_format::s16) == "S16");
    CHECK(text(from_hz(48000).value()) == "48000 Hz");
    CHECK(text(channel_position::fl) == to_string(channel_position::fl));
    CHECK(text(direction::capture) == "capture");
    CHECK(text(card_state::open) == "open");
    CHECK(text(stream_state::params_set) == "params set");
    CHECK(text(stream_command::release) == "release");
    CHECK(text(model::trace_kind::doorbell) == "doorbell");
}

TEST_CASE("fmt: a width pads as it does for strings") {
    CHECK(fmt::format("[{:>8}]", direction::capture) == "[ capture]");
    CHECK(fmt::format("[{:<6}]", pcm_format::s16) == "[S16   ]");
    CHECK(fmt::format("[{:.2}]", status_code::timed_out) == "[ti]");
}

TEST_CASE("fmt: parameters, information, counters") {
    pcm_params p;
    CHECK(text(p) == "S16, 2 channels, 48000 Hz, 4 x 1024 frames");
    p.channels = 1;
    p.features = 1u << wire::SND_PCM_F_EVT_XRUNS;
    CHECK(text(p) == "S16, 1 channel, 48000 Hz, 4 x 1024 frames, EVT_XRUNS");
    stream_info info;
    CHECK(text(info) == "not usable");
    info.usable = true;
    info.channels_min = 1;
    info.channels_max = 2;
    info.formats = mask_of(pcm_format::s16) | mask_of(pcm_format::float32);
    info.rates = mask_of(from_hz(44100).value()) | mask_of(from_hz(48000).value());
    CHECK(text(info) == "playback, 1 to 2 channels, formats S16, FLOAT, rates 44100 Hz, 48000 Hz, "
                        "features nothing");
    CHECK(text(stream_counters{.xruns = 1,
                               .io_errors = 2,
                               .short_captures = 3,
                               .bad_lengths = 4,
                               .stalls = 5,
                               .recoveries = 6}) ==
          "xruns 1, I/O errors 2, short captures 3, bad lengths 4, stalls 5, recoveries 6");
    CHECK(text(card_counters{.unknown_ids = 1,
                             .late_answers = 2,
                             .malformed_infos = 3,
                             .events = 4,
                             .stray_events = 5}) ==
          "unknown ids 1, late answers 2, malformed infos 3, events 4, stray events 5");
}

TEST_CASE("fmt: what a trace hook was told") {
    CHECK(text(trace_note{trace_step::request, 2, wire::SND_R_PCM_START}) ==
          "stream 2: request: PCM_START");
    CHECK(text(trace_note{trace_step::state, 2, static_cast<u32>(stream_state::running)}) ==
          "stream 2: state: running");
    CHECK(text(trace_note{trace_step::failure, card_itself,
                          static_cast<u32>(status_code::needs_reset)}) ==
          "card: failure: device needs a reset");
}

TEST_CASE("fmt: lines of a trace, and broken clauses") {
    using namespace vsnd::model;
    CHECK(text(trace_event{12'345'678, trace_kind::doorbell, wire::SND_VQ_TX, trace_event::none,
                           3}) == "   12.345 ms  driver -> tx       doorbell, 3 new");
    violation_log log;
    trace_log trace;
    log.tell(trace);
    log.add(violation::lifecycle, 5, "START while idle");
    const std::string rule = "[virtio 1.4] Sound Device / ";
    CHECK(text(violation::lifecycle).substr(0, rule.size()) == rule);
    CHECK(text(log.entries()[0]) == text(violation::lifecycle) + " (START while idle)");
    REQUIRE(trace.events().size() == 1);
    CHECK(text(trace.events()[0]) ==
          "    0.000 ms  !!!                the driver broke " + text(violation::lifecycle));
    CHECK(conversation(trace, log)[0] == text(trace.events()[0]) + " (START while idle)");
}
