// The whole stream suite on every device of model/profiles.hpp, each against its own table of what
// it can do. Nothing here or in the driver asks which device it is: the tables alone differ.

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "quirks_abilities.hpp"

using namespace vsnd;
using namespace support::quirks;
using model::profile_expectations;
using support::bytes;

namespace {

// --- Notification, and what goes wrong. ---

verdict batches(lab& r) {
    stream_type& out = *r.out();
    r.need(r.driver.set_policy(wire::SND_VQ_TX, {4, 4}), "set_policy");
    r.need(r.driver.set_policy(wire::SND_VQ_RX, {4, 4}), "set_policy");
    if (!r.prepares(out) || !r.plays(out, lab::song(out, 30))) return wrong;
    r.need(r.end_of(out).gaps() == 0, "a gap in the sound");
    if (r.in() == nullptr || !r.can.captures) return r.result(true);
    stream_type& in = *r.in();
    return r.result(r.prepares(in) && r.need(in.start(), "start") && r.records(in, 19));
}

// The writer comes too late.
bool runs_dry(lab& r, stream_type& out, const pcm_params& p) {
    if (!r.prepares(out, p) || !r.feeds(out, lab::whole_periods(out, 12))) return false;
    r.run(500 * ms);
    (void)r.driver.pump_all();
    return r.need(out.counters().xruns != 0, "not counted") &&
           r.need(r.driver.handler().xruns != 0, "not told") &&
           r.need(out.in_flight() == 0, "in flight");
}

verdict goes_on_after_xrun(lab& r) {
    stream_type& out = *r.out();
    if (!runs_dry(r, out, lab::usual())) return wrong;
    const bytes more = lab::whole_periods(out, 8, 2);
    const usize heard = r.sink(out).size();
    if (!r.feeds(out, more)) return wrong;
    r.run(500 * ms);
    const bool resumed = support::plays_exactly(r.sink(out), more, out.params().format, heard);
    // The way back that works everywhere.
    r.need(out.drop(), "drop") && r.plays(out, lab::song(out, 9, 3), "after drop");
    return r.result(resumed);
}

verdict xrun_events(lab& r) {
    stream_type& out = *r.out();
    pcm_params p = lab::usual();
    p.features = 1u << wire::SND_PCM_F_EVT_XRUNS;
    if (!runs_dry(r, out, p)) return wrong;
    r.need(r.driver.counters().stray_events == 0, "stray events");
    return r.result(r.driver.counters().events != 0);
}

constexpr bool is_end(status_code code) {
    return code == status_code::timed_out || code == status_code::device_gone ||
           code == status_code::needs_reset || code == status_code::device_broken;
}

verdict unplugged(lab& r) {
    stream_type& out = *r.out();
    if (!r.prepares(out) || !r.feeds(out, lab::whole_periods(out, 12))) return wrong;
    r.device().faults().gone = true;
    const u64 before = r.device().now_ns();
    r.need(is_end(out.drain()), "drain of a device that is gone");
    (void)out.release();
    r.need(r.driver.close(), "close");
    r.need(!ok(r.open()), "open");
    r.need(r.device().now_ns() - before < 10'000 * ms, "it takes its time");
    return r.result(true);
}

verdict needs_reset(lab& r) {
    stream_type& out = *r.out();
    if (!r.prepares(out) || !r.feeds(out, lab::whole_periods(out, 12))) return wrong;
    r.device().set_needs_reset();
    r.run(0);
    r.need(out.drain() == status_code::busy, "the card is being reset");
    for (u32 i = 0; i < 10; ++i) {
        (void)r.driver.tick(r.device().now_ns());
        r.run(10 * ms);
    }
    r.need(out.state() == vsnd::stream_state::running, "it runs again");
    const status_code after = out.drain();
    r.need(ok(after) || is_end(after), std::string("drain: ") + to_string(after));
    r.starts_afresh();
    return r.result(true);
}

// Every request of a stream's life that is never answered: told by its name, in time, and not
// the end.
verdict times_out(lab& r) {
    const u32 requests[] = {wire::SND_R_PCM_SET_PARAMS, wire::SND_R_PCM_PREPARE,
                            wire::SND_R_PCM_START, wire::SND_R_PCM_STOP, wire::SND_R_PCM_RELEASE};
    for (const u32 request : requests) {
        stream_type& out = *r.out();
        const std::string name = "request " + std::to_string(request);
        r.device().faults().requests.push_back({request, model::request_fault::kind::no_answer});
        const u64 before = r.device().now_ns();
        const auto wanted = out.nearest(lab::usual()).value();
        status_code code = r.prepare(out, wanted);
        const bytes data = support::noise(usize{out.period_bytes()} * 12);
        usize at = 0;
        for (; ok(code) && at < data.size(); r.kernel.wait(ms))
            code = r.feed(out, data, at, ~usize{0});
        if (ok(code)) code = out.stop();
        if (ok(code)) code = out.release();
        r.need(code == status_code::timed_out, name + ": " + to_string(code));
        r.need(r.driver.failure() == status_code::timed_out, name + ": a reset follows");
        r.need(r.device().now_ns() - before < 5'000 * ms, name + ": it takes its time");
        if (!r.starts_afresh()) return wrong;
    }
    return r.result(true);
}

// Closed in the middle of a sound, and opened again.
verdict closes(lab& r) {
    for (u32 round = 0; round < 3; ++round) {
        stream_type& out = *r.out();
        if (!r.prepares(out) || !r.feeds(out, lab::whole_periods(out, 12, round))) return wrong;
        if (!r.starts_afresh()) return wrong;
    }
    return r.result(true);
}

template <u32 Feature>
verdict has_feature(lab& r) {
    const bool offered = (r.device().features() >> Feature & 1) != 0;
    return r.plays_a_song(*r.out()) ? r.result(offered) : wrong;
}

// --- The table. ---

using expected = profile_expectations;

struct ability {
    const char* name;
    verdict (*tries)(lab&);
    bool expected::*can; // null: every device
};

constexpr ability abilities[] = {
    {"plays exactly, no gap", plays, &expected::plays},
    {"drain keeps the tail", keeps_tail, nullptr},
    {"tells tx status", tells_status, &expected::tx_status},
    {"stop and go on", pauses, &expected::paces_playback},
    {"drop and replay", drops, nullptr},
    {"other parameters", changes, nullptr},
    {"plays all it offers", plays_every_offer, nullptr},
    {"captures exactly", captures, &expected::captures},
    {"capture: stop and go on", pauses_capture, &expected::captures},
    {"captures all it offers", captures_every_offer, &expected::captures},
    {"both at once", both_ways, &expected::captures},
    {"batched by four", batches, nullptr},
    {"goes on after an xrun", goes_on_after_xrun, &expected::resumes},
    {"xrun as an event", xrun_events, &expected::xruns},
    {"unplugged: in good order", unplugged, nullptr},
    {"needs reset: starts afresh", needs_reset, nullptr},
    {"no answer: timed_out", times_out, nullptr},
    {"close while playing", closes, nullptr},
    {"event index", has_feature<wire::F_EVENT_IDX>, &expected::event_idx},
    {"indirect descriptors", has_feature<wire::F_INDIRECT_DESC>, &expected::indirect},
};
constexpr usize ability_count = sizeof(abilities) / sizeof(abilities[0]);

void print_table(const std::vector<std::vector<verdict>>& found) {
    const auto& profiles = model::all_profiles();
    fmt::print("\n{:28}", "");
    for (usize p = 0; p < profiles.size(); ++p)
        fmt::print("{:>6}", static_cast<char>('A' + p));
    for (usize a = 0; a < ability_count; ++a) {
        fmt::print("\n{:28}", abilities[a].name);
        for (const auto& row : found)
            fmt::print("{:>6}", to_string(row[a]));
    }
    fmt::print("\n");
    for (usize p = 0; p < profiles.size(); ++p)
        fmt::print("{}: {}\n", static_cast<char>('A' + p), profiles[p].name);
}

} // namespace

TEST_CASE("quirks: the stream suite on every device, each against its own table") {
    std::vector<std::vector<verdict>> found;
    for (const model::named_profile& each : model::all_profiles()) {
        found.emplace_back();
        for (const ability& a : abilities) {
            lab r(each);
            const verdict v = r.why.empty() ? a.tries(r) : wrong;
            found.back().push_back(r.why.empty() ? v : wrong);
            const bool can = a.can == nullptr || each.can.*a.can;
            const bool as_told = v == (can ? verdict::yes : verdict::no) ||
                                 (v == verdict::absent && (!can || r.in() == nullptr));
            const std::string what =
                fmt::format("{}: {}: {} {}", each.name, a.name, to_string(v), r.why);
            CHECK_MESSAGE((as_told && r.why.empty()), what);
        }
    }
    print_table(found);
}

// How completions stand to the converter is no habit of one device: each may be early, late or
// in bursts.
TEST_CASE("quirks: every device in every timing plays and records exactly") {
    for (const model::named_profile& each : model::all_profiles()) {
        for (const model::named_timing& timing : model::all_timings()) {
            model::device_profile profile = each.make();
            timing.apply(profile);
            lab r(profile, each.can);
            stream_type& out = *r.out();
            const bool played = r.prepares(out) && r.plays(out, lab::song(out, 30));
            const bool recorded =
                r.in() == nullptr || !r.can.captures ||
                (r.prepares(*r.in()) && r.need(r.in()->start(), "start") && r.records(*r.in(), 19));
            const bool gaps = r.end_of(out).gaps() != 0;
            const verdict v = r.result(played && recorded && !gaps);
            const std::string what =
                fmt::format("{}, {}: {} {}", each.name, timing.name, to_string(v), r.why);
            CHECK_MESSAGE(v == verdict::yes, what);
        }
    }
}
