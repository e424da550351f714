// A run told as a conversation: what is said, what is folded, what is not.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include <vsnd/model/conversation.hpp>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;

namespace {

std::string told(raw::driver& d, conversation_options options = {}) {
    std::string text;
    for (const std::string& line : conversation(d.device.trace(), d.device.violations(), options))
        text += line + "\n";
    return text;
}

usize lines_with(const std::string& text, const std::string& words) {
    usize n = 0;
    for (usize at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
        ++n;
    return n;
}

bool says(const std::string& text, const std::string& words) {
    return lines_with(text, words) != 0;
}

// A device that plays `periods` periods of 1 ms.
void play(raw::driver& d, u32 periods) {
    d.ready(0, 192, periods);
    for (u32 i = 0; i < periods; ++i)
        d.play(0, raw::noise(192));
    d.pcm(wire::SND_R_PCM_START, 0);
    d.device.advance(u64{periods} * 1'000'000);
}

} // namespace

TEST_CASE("conversation: a short playback, word by word") {
    raw::driver d;
    d.up();
    play(d, 1);
    d.device.advance(345'000);
    d.pcm(wire::SND_R_PCM_STOP, 0);
    d.pcm(wire::SND_R_PCM_RELEASE, 0);
    d.reset();
    CHECK(told(d) ==
          "    0.000 ms  driver -> device   reset\n"
          "    0.000 ms  driver -> device   status ACKNOWLEDGE\n"
          "    0.000 ms  driver -> device   status ACKNOWLEDGE | DRIVER\n"
          "    0.000 ms  driver -> device   accepts CTLS, INDIRECT_DESC, EVENT_IDX, VERSION_1; "
          "offered were CTLS, INDIRECT_DESC, EVENT_IDX, VERSION_1\n"
          "    0.000 ms  driver -> device   status ACKNOWLEDGE | DRIVER | FEATURES_OK\n"
          "    0.000 ms  driver -> control  queue of 64, split\n"
          "    0.000 ms  driver -> event    queue of 64, split\n"
          "    0.000 ms  driver -> tx       queue of 64, split\n"
          "    0.000 ms  driver -> rx       queue of 64, split\n"
          "    0.000 ms  driver -> device   status ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK\n"
          "    0.000 ms  driver -> event    doorbell, 4 new\n"
          "    0.000 ms  driver -> control  doorbell, 1 new\n"
          "    0.000 ms  driver -> control  PCM_SET_PARAMS stream 0: S16, 2 channels, 48000 Hz, "
          "period 192 bytes, buffer 192\n"
          "    0.000 ms  device -> control  OK\n"
          "    0.000 ms  device -> control  interrupt\n"
          "    0.000 ms  driver -> control  doorbell, 1 new\n"
          "    0.000 ms  driver -> control  PCM_PREPARE stream 0\n"
          "    0.000 ms  device -> control  OK\n"
          "    0.000 ms  driver -> tx       doorbell, 1 new\n"
          "    0.000 ms  driver -> tx       stream 0: 192 bytes (period 0)\n"
          "    0.000 ms  driver -> control  doorbell, 1 new\n"
          "    0.000 ms  driver -> control  PCM_START stream 0\n"
          "    0.000 ms  device -> tx       stream 0 runs\n"
          "    0.000 ms  device -> control  OK\n"
          "    1.000 ms  device -> tx       stream 0: period 0 OK, latency 0 bytes\n"
          "    1.000 ms  device -> tx       interrupt\n"
          "    1.000 ms  device -> tx       stream 0 has run dry at frame 48\n"
          "    1.345 ms  driver -> control  doorbell, 1 new\n"
          "    1.345 ms  driver -> control  PCM_STOP stream 0\n"
          "    1.345 ms  device -> tx       stream 0 stands still\n"
          "    1.345 ms  device -> control  OK\n"
          "    1.345 ms  driver -> control  doorbell, 1 new\n"
          "    1.345 ms  driver -> control  PCM_RELEASE stream 0\n"
          "    1.345 ms  device -> control  OK\n"
          "    1.345 ms  driver -> device   reset\n");
}

TEST_CASE("conversation: in full, the device tells what it does with each period") {
    raw::driver d;
    d.up();
    play(d, 1);
    const std::string text = told(d, {.full = true});
    CHECK(says(text, "    0.000 ms  device -> tx       stream 0 begins period 0\n"));
    CHECK(says(text, "    1.000 ms  device -> tx       stream 0 has played period 0\n"));
    CHECK(!says(told(d), "period 0\n"));
}

TEST_CASE("conversation: repeated traffic is counted between two other lines") {
    raw::driver d;
    d.up(u64{1} << wire::F_EVENT_IDX);
    play(d, 20);
    d.pcm(wire::SND_R_PCM_STOP, 0);
    const std::string text = told(d);
    CHECK(lines_with(text, "192 bytes (period") == 2);
    CHECK(lines_with(text, " OK, latency") == 2);
    CHECK(says(text, "    0.000 ms  ... tx             stream 0: 18 more periods; 18 doorbells\n"));
    CHECK(says(text, "   20.000 ms  ... tx             stream 0: 18 answered OK; 18 interrupts\n"));
    // More of it, and all.
    CHECK(lines_with(told(d, {.told = 5}), "192 bytes (period") == 5);
    const std::string full = told(d, {.full = true});
    CHECK(lines_with(full, "192 bytes (period") == 20);
    CHECK(lines_with(full, " OK, latency") == 20);
    CHECK(!says(full, "..."));
}

TEST_CASE("conversation: other answers are not folded into the good ones") {
    raw::driver d;
    d.up(u64{1} << wire::F_EVENT_IDX);
    d.device.faults().io_error_stream = 0;
    d.device.faults().io_errors = 3;
    play(d, 6);
    const std::string text = told(d);
    CHECK(lines_with(text, " IO_ERR, latency") == 2);
    CHECK(lines_with(text, " OK, latency") == 2);
    CHECK(says(text, "stream 0: 1 answered OK, 1 answered IO_ERR; "));
}

TEST_CASE("conversation: jacks, control elements, xruns and the configuration") {
    raw::driver d;
    d.up();
    d.query(wire::SND_R_JACK_INFO, 0, 1, sizeof(wire::snd_jack_info));
    d.ask(wire::snd_jack_remap{{{wire::SND_R_JACK_REMAP}, 0}, 3, 4});
    d.ask_element(wire::SND_R_CTL_READ, 2, {}, 512);
    d.device.set_jack(0, true);
    d.device.set_jack(0, false);
    d.device.notify_element(1, 3);
    d.device.send_event(wire::SND_EVT_PCM_XRUN, 1);
    d.device.send_event(0x1234, 5);
    d.device.set_config(1, 2, 3, 4);
    d.device.set_needs_reset();
    const std::string text = told(d);
    CHECK(says(text, "driver -> control  JACK_INFO from 0, 1 of 24 bytes\n"));
    CHECK(says(text, "driver -> control  JACK_REMAP jack 0: association 3, sequence 4\n"));
    CHECK(says(text, "driver -> control  CTL_READ element 2\n"));
    CHECK(says(text, "device -> event    JACK_CONNECTED jack 0\n"));
    CHECK(says(text, "device -> event    JACK_DISCONNECTED jack 0\n"));
    CHECK(says(text, "device -> event    CTL_NOTIFY element 1: value, information\n"));
    CHECK(says(text, "device -> event    PCM_XRUN stream 1\n"));
    CHECK(says(text, "device -> driver   the configuration has changed\n"));
    CHECK(says(text, "device -> config   interrupt\n"));
    CHECK(says(text, "device -> driver   DEVICE_NEEDS_RESET\n"));
}

TEST_CASE("conversation: period events are traffic, other events are not") {
    raw::driver d;
    d.up();
    for (u32 i = 0; i < 4; ++i)
        d.device.send_event(wire::SND_EVT_PCM_PERIOD_ELAPSED, 1);
    std::string text = told(d);
    CHECK(lines_with(text, "PCM_PERIOD_ELAPSED stream 1\n") == 2);
    CHECK(says(text, "... event          2 PCM_PERIOD_ELAPSED of stream 1"));
}

TEST_CASE("conversation: an unanswered request, odd requests and refused features") {
    raw::driver d;
    d.device.faults().refuses_features_ok = true;
    d.until_features_ok();
    CHECK(says(told(d), "device -> driver   refuses FEATURES_OK\n"));
    d.device.faults().refuses_features_ok = false;
    d.up();
    d.device.faults().requests.push_back({wire::SND_R_PCM_PREPARE, request_fault::kind::no_answer});
    d.ready(0, 192, 1);
    auto odd = raw::driver::params(0, 192, 1);
    odd.format = 77;
    odd.rate = 99;
    odd.channels = 1;
    odd.features = 1u << wire::SND_PCM_F_EVT_XRUNS | 1u << 9;
    d.ask(odd);
    d.ask(wire::snd_hdr{0x777});
    const std::string text = told(d);
    CHECK(says(text, "device -> control  no answer to PCM_PREPARE\n"));
    CHECK(says(text, "stream 0: format 77, 1 channel, rate 99, period 192 bytes, buffer 192, "
                     "EVT_XRUNS, bit 9\n"));
    CHECK(says(text, "driver -> control  request 1911\n"));
}

TEST_CASE("conversation: a broken clause stands where it was broken, with its title") {
    raw::driver d;
    d.up();
    d.pcm(wire::SND_R_PCM_START, 0);
    const std::string text = told(d);
    const usize asked = text.find("PCM_START stream 0");
    const usize broken = text.find("    0.000 ms  !!!                the driver broke [virtio 1.4] "
                                   "Sound Device / PCM");
    REQUIRE(broken != std::string::npos);
    CHECK(asked < broken);
    CHECK(broken < text.find("device -> control", asked));
    CHECK(says(text, "(request 260 while idle)\n"));
    // The circumstances are gone with the log, the clause is not.
    d.device.violations().clear();
    CHECK(says(told(d), "the driver broke [virtio 1.4] Sound Device / PCM"));
    CHECK(!says(told(d), "while idle"));
}

TEST_CASE("conversation: a trace that is off keeps nothing of all this") {
    raw::driver d;
    d.device.trace().limit(0);
    d.up();
    play(d, 4);
    d.pcm(wire::SND_R_PCM_START, 7);
    CHECK(!d.device.trace().on());
    CHECK(d.device.trace().events().empty());
    CHECK(d.device.violations().entries().size() == 1);
    CHECK(told(d) == "");
}
