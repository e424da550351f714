// What a kernel's trace hook is told of a card and its streams.

#include <doctest/doctest.h>

#include <string>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;
template <class Handler = no_handler>
using rig = support::rig<Handler, support::without_resets>;

namespace {

std::string text_of(const trace_note& note) {
    std::string text = note.stream == card_itself ? "card " : std::to_string(note.stream) + " ";
    text += to_string(note.what);
    if (note.what == trace_step::request) return text + " " + std::to_string(note.number);
    if (note.what == trace_step::state)
        return text + " " + to_string(static_cast<stream_state>(note.number));
    return text + " " + to_string(static_cast<status_code>(note.number));
}

// All since the last call.
template <class Rig>
std::string notes(Rig& r) {
    std::string text;
    for (const trace_note& note : r.kernel.notes)
        text += text_of(note) + "\n";
    r.kernel.notes.clear();
    return text;
}

pcm_params small() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    return p;
}

} // namespace

TEST_CASE("trace hook: requests, answers and states, and not a word of periods") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    // Streams, jacks, channel maps, control elements.
    CHECK(notes(r) == "card request 256\ncard answer ok\n"
                      "card request 1\ncard answer ok\n"
                      "card request 512\ncard answer ok\n"
                      "card request 768\ncard answer ok\n");
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    CHECK(notes(r) == "0 request 257\n0 answer ok\n0 state params set\n"
                      "0 request 258\n0 answer ok\n0 state prepared\n");
    CHECK(r.play(out, support::noise(40'000)) == status_code::ok);
    CHECK(out.release() == status_code::ok);
    CHECK(notes(r) == "0 request 260\n0 answer ok\n0 state running\n"
                      "0 request 261\n0 answer ok\n0 state stopped\n"
                      "0 request 259\n0 answer ok\n0 state released\n");
    CHECK_CLEAN(r);
}

TEST_CASE("trace hook: an answer that comes too late, and the failure of the card") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    r.device().faults().requests.push_back({.code = wire::SND_R_PCM_SET_PARAMS,
                                            .what = model::request_fault::kind::late,
                                            .late_ns = 3'000'000'000});
    r.kernel.notes.clear();
    CHECK(r.prepare(out, small()) == status_code::timed_out);
    CHECK(notes(r) == "0 request 257\n0 state unknown\n");
    r.run(2'000'000'000);
    CHECK(notes(r) == "0 late answer ok\n");
    r.device().set_needs_reset();
    r.run(1);
    CHECK(notes(r) == "card failure device needs a reset\n0 state unknown\n");
}

TEST_CASE("trace hook: a recovery from its begin to its end") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    const bytes data = support::noise(4096);
    usize at = 0;
    REQUIRE(r.feed(out, data, at, data.size()) == status_code::ok);
    REQUIRE(out.start() == status_code::ok);
    r.kernel.notes.clear();
    CHECK(out.recover() == status_code::ok);
    CHECK(notes(r) == "0 recovery in progress\n"
                      "0 request 261\n0 answer ok\n0 state stopped\n"
                      "0 request 259\n0 answer ok\n0 state released\n"
                      "0 request 257\n0 answer ok\n0 state params set\n"
                      "0 request 258\n0 answer ok\n0 state prepared\n"
                      "0 request 260\n0 answer ok\n0 state running\n"
                      "0 recovery ok\n");
}

TEST_CASE("names of what a trace may hold") {
    CHECK(std::string(to_string(card_state::closed)) == "closed");
    CHECK(std::string(to_string(card_state::opening)) == "opening");
    CHECK(std::string(to_string(card_state::open)) == "open");
    CHECK(std::string(to_string(card_state::failed)) == "failed");
    CHECK(std::string(to_string(static_cast<card_state>(9))) == "invalid");
    CHECK(std::string(to_string(direction::playback)) == "playback");
    CHECK(std::string(to_string(direction::capture)) == "capture");
    CHECK(std::string(to_string(static_cast<direction>(9))) == "invalid");
    CHECK(std::string(to_string(stream_command::none)) == "none");
    CHECK(std::string(to_string(stream_command::set_params)) == "set params");
    CHECK(std::string(to_string(stream_command::prepare)) == "prepare");
    CHECK(std::string(to_string(stream_command::start)) == "start");
    CHECK(std::string(to_string(stream_command::stop)) == "stop");
    CHECK(std::string(to_string(stream_command::release)) == "release");
    CHECK(std::string(to_string(stream_command::forbidden)) == "forbidden");
    CHECK(std::string(to_string(static_cast<stream_command>(9))) == "invalid");
}
