// The profiles of real devices: each keeps to its table of expectations.

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "profiles_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::careful_driver;
using raw::ms;

namespace {

constexpr u32 period = 1024;
constexpr u32 periods = 8; // more than any of these devices takes ahead

// What the driver finds out by playing.
void find_playback(careful_driver& d, profile_expectations& found) {
    const u32 out = d.find(wire::SND_D_OUTPUT);
    const auto audio = raw::noise(periods * period);
    d.prepare(out, period, periods);
    std::vector<raw::message> sent;
    for (u32 i = 0; i < periods; ++i)
        sent.push_back(d.play(out, {audio.begin() + i * period, audio.begin() + (i + 1) * period}));
    REQUIRE(d.pcm(wire::SND_R_PCM_START, out) == wire::SND_S_OK);
    const u64 begin = d.device.now_ns();
    d.device.advance(500 * ms);
    const pcm_stream& s = d.device.stream(out);
    found.plays = s.sink() == audio &&
                  s.played_frames_at(d.device.now_ns()) * d.frame_bytes(out) == audio.size();
    REQUIRE(d.completions(out).size() == periods);
    found.paces_playback = d.completions(out).back() > begin;
    found.tx_status = sent[0].answer().code == wire::SND_S_OK;
    const u64 last = d.completions(out).back();
    const u64 truth = audio.size() - s.played_frames_at(last) * d.frame_bytes(out);
    const u64 told = sent.back().answer().latency_bytes;
    found.latency = found.tx_status && told + period >= truth && truth + period >= told;
    d.play(out, raw::noise(period));
    d.device.advance(500 * ms);
    found.resumes = s.converted_frames() * d.frame_bytes(out) == (periods + 1) * period;
    CHECK(d.change(wire::SND_R_PCM_STOP, out) == wire::SND_S_OK);
    CHECK(d.change(wire::SND_R_PCM_RELEASE, out) == wire::SND_S_OK);
}

// The same by recording: a whole period, and half of one.
void find_capture(careful_driver& d, profile_expectations& found) {
    found.captures = found.short_capture = false;
    const u32 in = d.find(wire::SND_D_INPUT);
    if (in == ~u32{0}) return;
    const u32 bytes = 4800 * 4;
    d.prepare(in, bytes, 2);
    const raw::message whole = d.record(in, bytes);
    d.record(in, bytes);
    REQUIRE(d.pcm(wire::SND_R_PCM_START, in) == wire::SND_S_OK);
    d.device.advance(150 * ms);
    found.captures = d.take(raw::rx).len == bytes + 8 && whole.answer().code == wire::SND_S_OK &&
                     whole.data.cpu[1] == default_source_byte(1);
    CHECK(d.change(wire::SND_R_PCM_STOP, in) == wire::SND_S_OK);
    CHECK(d.change(wire::SND_R_PCM_RELEASE, in) == wire::SND_S_OK);
    const auto half = d.take(raw::rx);
    found.short_capture = half.any && half.len > 8 && half.len < bytes + 8;
    if (half.any && half.len == bytes + 8) found.true_used_bytes = false;
}

void find_answers(careful_driver& d, profile_expectations& found) {
    const device_profile& p = d.device.profile();
    const u32 streams = static_cast<u32>(p.streams.size());
    const raw::reply infos = d.ask_items(wire::SND_R_PCM_INFO, 0, streams, 32);
    REQUIRE(infos.code == wire::SND_S_OK);
    found.true_used_bytes = infos.len == 4 + 32 * streams;
    const auto answers = [&](u32 code, u32 size) {
        return d.ask_items(code, 0, 1, size).code == wire::SND_S_OK;
    };
    found.jacks = d.config(0) != 0 && answers(wire::SND_R_JACK_INFO, sizeof(wire::snd_jack_info));
    found.chmaps =
        d.config(8) != 0 && answers(wire::SND_R_CHMAP_INFO, sizeof(wire::snd_chmap_info));
    const bool has_controls = (d.wanted >> wire::SND_F_CTLS & 1) != 0 && d.config(12) != 0;
    found.controls = has_controls && answers(wire::SND_R_CTL_INFO, sizeof(wire::snd_ctl_info));
    found.event_idx = (d.wanted >> wire::F_EVENT_IDX & 1) != 0;
    found.indirect = (d.wanted >> wire::F_INDIRECT_DESC & 1) != 0;
    found.high_addresses = first_bus_of(p) >= parts::four_gib;
    found.xruns = (p.streams[0].features >> wire::SND_PCM_F_EVT_XRUNS & 1) != 0;
    const u32 unknown = d.pcm(0x42, 0);
    found.own_error_codes = unknown != 0 && (unknown < 0x8000 || unknown > 0x8003);
    found.events = d.device.queue(raw::event).popped() != 0;
}

// What most devices answer with an error, or do not mind at all.
void find_fatal(const named_profile& each, profile_expectations& found) {
    careful_driver lawless(each.make());
    lawless.come_up();
    const u32 out = lawless.find(wire::SND_D_OUTPUT);
    lawless.settle(lawless.fitting(out, 0, 4));
    lawless.pcm(wire::SND_R_PCM_STOP, out);
    if (lawless.device.crashed() == nullptr) lawless.doorbell(raw::event);
    found.mistakes_are_fatal = lawless.device.crashed() != nullptr;
}

} // namespace

TEST_CASE("profiles: each has a name of its own, and its queues and streams are possible") {
    std::set<std::string> names;
    for (const named_profile& each : all_profiles()) {
        CAPTURE(std::string(each.name));
        const device_profile p = each.make();
        CHECK(std::string(p.name) == each.name);
        CHECK(names.insert(each.name).second);
        CHECK_FALSE(p.streams.empty());
        for (const u16 size : p.queue_sizes)
            CHECK(wire::virtq_size_is_valid(size));
        for (const stream_profile& s : p.streams) {
            CHECK(s.formats != 0);
            CHECK((s.formats & ~all_formats) == 0);
            CHECK(s.rates != 0);
            CHECK((s.rates & ~all_rates) == 0);
            CHECK(s.channels_min <= s.channels_max);
        }
    }
    CHECK(names.size() == 12);
}

TEST_CASE("profiles: a careful driver finds what the table of expectations says") {
    for (const named_profile& each : all_profiles()) {
        CAPTURE(std::string(each.name));
        careful_driver d(each.make());
        d.come_up();
        profile_expectations found;
        find_answers(d, found);
        find_capture(d, found);
        find_playback(d, found);
        CHECK(d.device.crashed() == nullptr);
        CHECK(d.device.violations().count(violation::lifecycle) == 0);
        find_fatal(each, found);
        for (const expectation& row : expectations) {
            CAPTURE(std::string(row.name));
            CHECK(found.*row.can == each.can.*row.can);
        }
    }
}

TEST_CASE("profiles: every timing leaves the audio of every device as it is") {
    for (const named_profile& each : all_profiles()) {
        for (const named_timing& when : all_timings()) {
            CAPTURE(std::string(each.name));
            CAPTURE(std::string(when.name));
            device_profile p = each.make();
            when.apply(p);
            careful_driver d(p);
            d.come_up();
            const u32 out = d.find(wire::SND_D_OUTPUT);
            const auto audio = raw::noise(periods * period);
            d.prepare(out, period, periods);
            for (u32 i = 0; i < periods; ++i)
                d.play(out, {audio.begin() + i * period, audio.begin() + (i + 1) * period});
            REQUIRE(d.pcm(wire::SND_R_PCM_START, out) == wire::SND_S_OK);
            d.device.advance(2000 * ms);
            CHECK(d.device.stream(out).sink() == audio);
            CHECK(d.completions(out).size() == periods);
            CHECK(d.device.stream(out).gaps() == 0);
        }
    }
}
