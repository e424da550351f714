// The control channel: answers of every kind at every request, late, lost and never.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;
template <class Handler = no_handler>
using rig = support::rig<Handler, support::without_resets>;
using kind = model::request_fault::kind;

namespace {

pcm_params small() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    return p;
}

const bytes sound = support::noise(4096);

// The calls that lead up to and over the request `code`; the last answer.
status_code until(rig<>& r, rig<>::stream& s, u32 code) {
    const status_code prepared = r.prepare(s, small());
    if (code == wire::SND_R_PCM_SET_PARAMS || code == wire::SND_R_PCM_PREPARE) return prepared;
    REQUIRE(prepared == status_code::ok);
    if (s.playback()) REQUIRE(s.write({sound.data(), 4096}).value() == 4096);
    const status_code started = s.start();
    if (code == wire::SND_R_PCM_START) return started;
    REQUIRE(started == status_code::ok);
    r.run(7'000'000);
    const status_code stopped = s.stop();
    if (code == wire::SND_R_PCM_STOP) return stopped;
    REQUIRE(stopped == status_code::ok);
    return s.release();
}

// Where a stream is after the device refused a request.
stream_state after_refusal(u32 code) {
    switch (code) {
    case wire::SND_R_PCM_START: return stream_state::prepared;
    case wire::SND_R_PCM_STOP: return stream_state::running;
    case wire::SND_R_PCM_RELEASE: return stream_state::stopped;
    default: return stream_state::released;
    }
}

constexpr u32 requests[] = {wire::SND_R_PCM_SET_PARAMS, wire::SND_R_PCM_PREPARE,
                            wire::SND_R_PCM_START, wire::SND_R_PCM_STOP, wire::SND_R_PCM_RELEASE};

void expect_plays_again(rig<>& r) {
    r.device().faults().requests.clear();
    CHECK(r.driver.close() == status_code::ok);
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    const usize heard = r.device().stream(0).sink().size();
    CHECK(r.play(out, sound) == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), sound, pcm_format::s16, heard));
    CHECK(r.driver.close() == status_code::ok);
}

} // namespace

// [virtio 1.4] Sound Device / Device Operation: the response's code
TEST_CASE("from_device knows the four answers and calls everything else a bad one") {
    CHECK(from_device(wire::SND_S_OK) == status_code::ok);
    CHECK(from_device(wire::SND_S_BAD_MSG) == status_code::device_bad_msg);
    CHECK(from_device(wire::SND_S_NOT_SUPP) == status_code::device_not_supp);
    CHECK(from_device(wire::SND_S_IO_ERR) == status_code::device_io_err);
    for (const u32 code : {0u, 1u, 0x7fffu, 0x8004u, 0x8000'0000u, 0xffff'ffffu})
        CHECK(from_device(code) == status_code::device_bad_answer);
}

TEST_CASE("the device's refusal of any request reaches the caller, who can try again") {
    const struct {
        u32 answer;
        status_code expected;
    } answers[] = {{wire::SND_S_BAD_MSG, status_code::device_bad_msg},
                   {wire::SND_S_NOT_SUPP, status_code::device_not_supp},
                   {wire::SND_S_IO_ERR, status_code::device_io_err},
                   {0xdead, status_code::device_bad_answer}};
    for (const direction flow : {direction::playback, direction::capture}) {
        for (const u32 request : requests) {
            for (const auto& a : answers) {
                CAPTURE(request);
                CAPTURE(a.answer);
                rig<> r;
                REQUIRE(r.open() == status_code::ok);
                auto& s = *r.driver.find(flow);
                r.device().faults().requests.push_back({request, kind::answer, a.answer, 0, 0, 1});
                CHECK(to_string(until(r, s, request)) == to_string(a.expected));
                CHECK(to_string(s.state()) == to_string(after_refusal(request)));
                // The fault has passed: the same stream comes through.
                CHECK(s.release() == status_code::ok);
                CHECK(s.in_flight() == 0);
                CHECK(until(r, s, wire::SND_R_PCM_RELEASE) == status_code::ok);
                CHECK_CLEAN(r);
                expect_plays_again(r);
                CHECK_CLEAN(r);
            }
        }
    }
}

TEST_CASE("a refused STOP leaves a stream that runs, takes audio and can be drained") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    r.device().faults().requests.push_back(
        {wire::SND_R_PCM_STOP, kind::answer, wire::SND_S_IO_ERR, 0, 0, 1});
    CHECK(until(r, out, wire::SND_R_PCM_STOP) == status_code::device_io_err);
    CHECK(out.state() == stream_state::running);
    const bytes more = support::noise(1024, 9);
    CHECK(out.write({more.data(), more.size()}).value() == 1024);
    CHECK(out.drain() == status_code::ok);
    bytes all = sound;
    all.insert(all.end(), more.begin(), more.end());
    CHECK(support::plays_exactly(r.device().stream(0).sink(), all, pcm_format::s16));
    CHECK_CLEAN(r);
}

TEST_CASE("no answer to any request: timed out in bounded time, unknown, and close gets it back") {
    for (const direction flow : {direction::playback, direction::capture}) {
        for (const u32 request : requests) {
            CAPTURE(request);
            rig<> r;
            REQUIRE(r.open() == status_code::ok);
            auto& s = *r.driver.find(flow);
            r.device().faults().requests.push_back({request, kind::no_answer});
            CHECK(to_string(until(r, s, request)) == std::string("timed out"));
            CHECK(s.state() == stream_state::unknown);
            CHECK(r.device().now_ns() < 3 * default_limits::control_timeout_ns);
            CHECK(s.start() == status_code::wrong_state);
            expect_plays_again(r);
            CHECK_CLEAN(r);
        }
    }
}

TEST_CASE("a lost START: the stream can be released and used again") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    r.device().faults().requests.push_back(
        {wire::SND_R_PCM_START, kind::no_answer, wire::SND_S_OK, 0, 0, 1});
    CHECK(until(r, out, wire::SND_R_PCM_START) == status_code::timed_out);
    CHECK(out.release() == status_code::ok);
    CHECK(out.state() == stream_state::released);
    CHECK(until(r, out, wire::SND_R_PCM_RELEASE) == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("an answer that comes late is counted and told to nobody") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    r.device().faults().requests.push_back(
        {wire::SND_R_PCM_START, kind::late, 0, 3'000'000'000, 0, 1});
    CHECK(until(r, out, wire::SND_R_PCM_START) == status_code::timed_out);
    CHECK(r.driver.counters().late_answers == 0);
    CHECK(out.state() == stream_state::unknown);
    r.run(2'000'000'000);
    CHECK(r.driver.counters().late_answers == 1);
    CHECK(out.outcome() == status_code::timed_out);
    CHECK(out.state() == stream_state::unknown);
    expect_plays_again(r);
    CHECK_CLEAN(r);
}

TEST_CASE("the memory of an unanswered request is not used again before a reset") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    // As many as there are streams, one after the other: each keeps its cell and its descriptors.
    r.device().faults().requests.push_back({wire::SND_R_PCM_SET_PARAMS, kind::no_answer});
    for (u32 id = 0; id < 4; ++id)
        CHECK(r.prepare(*r.driver.find(id), small()) == status_code::timed_out);
    CHECK(r.device().requests_unanswered() == 4);
    CHECK(r.device().queue(wire::SND_VQ_CONTROL).in_flight() == 4);
    CHECK(r.device().violations().count(model::violation::exposed_descriptor_altered) == 0);
    expect_plays_again(r);
    CHECK_CLEAN(r);
}

TEST_CASE("requests that the device swallows without end exhaust the cells, and a code says so") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    r.device().faults().requests.push_back({wire::SND_R_PCM_RELEASE, kind::no_answer});
    status_code last = status_code::ok;
    u32 tries = 0;
    for (; tries < 100; ++tries) {
        last = out.release();
        if (last != status_code::timed_out) break;
    }
    CHECK(last == status_code::no_room);
    CHECK(tries >= default_limits::streams);
    expect_plays_again(r);
    CHECK_CLEAN(r);
}

// A device's back end may not be ready yet when the first doorbell rings.
TEST_CASE("a doorbell that was lost is rung again before the time is over") {
    rig<> well;
    REQUIRE(well.open() == status_code::ok);
    rig<> r;
    r.device().faults().lost_doorbells = 1;
    r.device().faults().lost_doorbell_queue = wire::SND_VQ_CONTROL;
    CHECK(r.open() == status_code::ok);
    CHECK(r.device().now_ns() < default_limits::control_timeout_ns / 2);
    CHECK(r.device().doorbells(wire::SND_VQ_CONTROL) ==
          well.device().doorbells(wire::SND_VQ_CONTROL) + 1);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("operations of several streams go on side by side") {
    model::device_profile profile = model::default_profile();
    profile.control_delay_ns = 100'000'000;
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    const u64 before = r.device().now_ns();
    for (u32 id = 0; id < 4; ++id) {
        auto& s = *r.driver.find(id);
        CHECK(s.prepare_async(small(), r.memory_for(small())) == status_code::in_progress);
        CHECK(s.release_async() == status_code::busy);
    }
    r.run(250'000'000);
    for (u32 id = 0; id < 4; ++id) {
        CHECK(r.driver.find(id)->outcome() == status_code::ok);
        CHECK(r.driver.find(id)->state() == stream_state::prepared);
    }
    CHECK(r.device().now_ns() - before < 300'000'000); // two requests each, all in parallel
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}
