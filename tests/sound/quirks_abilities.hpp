#pragma once
// Playback and capture as a user tries them on a device: each answers what came of it.

#include <support/quirks.hpp>

namespace support::quirks {

using stream_type = lab::stream;
using namespace vsnd;

inline constexpr verdict wrong = verdict::wrong;

inline verdict plays(lab& r) {
    stream_type& out = *r.out();
    if (!r.prepares(out)) return wrong;
    if (!r.plays(out, lab::song(out, 19))) return wrong;
    r.need(r.end_of(out).gaps() == 0, "a gap in the sound");
    r.need(out.position_frames() == out.submitted_frames(), "position at the end");
    return r.result(true);
}

// The last frame leaves the converter before STOP.
inline verdict keeps_tail(lab& r) {
    stream_type& out = *r.out();
    if (!r.prepares(out)) return wrong;
    const bytes data = lab::song(out, 11);
    if (!r.plays(out, data)) return wrong;
    return r.result(r.sink(out).size() - r.end_of(out).dropped_bytes() >= data.size());
}

// Statuses are written: none of the periods counts as failed.
inline verdict tells_status(lab& r) {
    stream_type& out = *r.out();
    if (!r.plays_a_song(out)) return wrong;
    return r.result(out.counters().io_errors == 0);
}

// STOP, a pause and START: not a frame is lost. Where a device has taken all it was given before
// STOP came, there is nothing to resume, and drop makes the stream fillable again.
inline verdict pauses(lab& r) {
    stream_type& out = *r.out();
    if (!r.prepares(out)) return wrong;
    const bytes first = lab::whole_periods(out, 12);
    const bytes second = lab::song(out, 9, 2);
    if (!r.feeds(out, first) || !r.need(out.stop(), "stop")) return wrong;
    const usize heard = r.sink(out).size();
    r.run(100 * ms);
    r.need(r.sink(out).size() == heard, "taken while stopped");
    r.need(out.stop() == status_code::ok, "stop twice");
    const status_code resumed = out.start();
    if (resumed == status_code::would_block) r.need(out.drop(), "drop");
    const bool goes_on = ok(resumed);
    if (!r.need(goes_on || resumed == status_code::would_block, "start again")) return wrong;
    bytes both = first;
    both.insert(both.end(), second.begin(), second.end());
    if (!r.need(r.play(out, second), "go on")) return wrong;
    r.need(plays_exactly(r.sink(out), both, out.params().format), "not exact");
    return r.result(goes_on);
}

inline verdict drops(lab& r) {
    stream_type& out = *r.out();
    if (!r.prepares(out) || !r.feeds(out, lab::whole_periods(out, 12))) return wrong;
    const u64 before = out.position_frames();
    if (!r.need(out.drop(), "drop")) return wrong;
    r.need(out.position_frames() >= before, "the position went back");
    r.need(out.state() == stream_state::prepared && out.in_flight() == 0, "not empty");
    return r.result(r.plays(out, lab::song(out, 11, 2), "replay"));
}

// Other parameters each time, the least and the most of everything that is offered.
inline verdict changes(lab& r) {
    stream_type& out = *r.out();
    const stream_info& info = out.info();
    for (const bool most : {false, true, false}) {
        pcm_params p = lab::usual();
        for (u32 f = 0; f < pcm_format_count; ++f)
            if ((info.formats >> f & 1) != 0 && (most || f <= static_cast<u32>(p.format)))
                p.format = static_cast<pcm_format>(f);
        p.channels = most ? info.channels_max : info.channels_min;
        p.rate_hz = most ? 48000 : 44100;
        p.period_frames = most ? 333 : 640;
        p.periods = most ? 7 : 4;
        if (!r.plays_a_song(out, p, p.period_frames)) return wrong;
    }
    return r.result(true);
}

inline verdict every_offer(lab& r, stream_type* s,
                           bool (*tries)(lab&, stream_type&, const pcm_params&)) {
    if (s == nullptr) return verdict::absent;
    const stream_info& info = s->info();
    const auto attempt = [&](pcm_format format, u32 rate, u8 channels) {
        pcm_params p;
        p.format = format;
        p.rate_hz = rate;
        p.channels = channels;
        p.periods = 4;
        p.period_frames = (rate / 50 + 1) & ~1u; // a buffer of 80 ms
        return r.need(s->check(p), to_string(format)) && tries(r, *s, p);
    };
    for (u32 f = 0; f < pcm_format_count; ++f)
        for (const u8 channels : {info.channels_min, info.channels_max})
            if ((info.formats >> f & 1) != 0 &&
                !attempt(static_cast<pcm_format>(f), 8000, channels))
                return wrong;
    const pcm_format any = nearest_format(info.formats, pcm_format::s16).value();
    for (u32 rate = 0; rate < pcm_rate_count; ++rate)
        if ((info.rates >> rate & 1) != 0 &&
            !attempt(any, rate_hz(static_cast<pcm_rate>(rate)), info.channels_min))
            return wrong;
    return r.result(true);
}

inline verdict plays_every_offer(lab& r) {
    return every_offer(r, r.out(), [](lab& l, stream_type& s, const pcm_params& p) {
        return l.need(l.prepare(s, p), "prepare") && l.plays(s, lab::song(s, 5)) &&
               l.need(s.release(), "release");
    });
}

// --- Capture. ---

// A stream that never completes says so in time, and gives its memory back at the reset.
inline verdict captures_nothing(lab& r, stream_type& in) {
    r.run(500 * ms);
    u8 frame[16];
    r.need(in.read({frame, sizeof(frame)}).code() == status_code::would_block, "read");
    const u64 before = r.device().now_ns();
    r.need(in.stop(), "stop");
    r.need(in.release() == status_code::memory_still_owned, "release");
    r.need(r.device().now_ns() - before < 5'000 * ms, "release takes its time");
    // The reset follows, and gives the memory back.
    for (vsnd::u32 i = 0; i < 10; ++i) {
        (void)r.driver.tick(r.device().now_ns());
        r.run(10 * ms);
    }
    r.need(in.state() == stream_state::released, "state");
    r.need(in.release(), "release, again");
    r.starts_afresh();
    return r.result(false);
}

inline verdict captures(lab& r) {
    if (r.in() == nullptr) return verdict::absent;
    stream_type& in = *r.in();
    if (!r.prepares(in) || !r.need(in.start(), "start")) return wrong;
    if (!r.can.captures) return captures_nothing(r, in);
    if (!r.records(in, 19)) return wrong;
    r.need(in.counters().bad_lengths == 0 && in.counters().io_errors == 0, "counters");
    r.need(r.end_of(in).gaps() == 0, "a gap in the recording");
    r.run(2 * ms); // in the middle of a period
    r.need(in.stop(), "stop") && r.need(in.release(), "release");
    r.need(in.counters().bad_lengths == 0, "a length at RELEASE");
    // Again, from a new beginning.
    r.need(r.prepares(in) && r.need(in.start(), "start") && r.records(in, 5), "record again");
    return r.result(true);
}

inline verdict pauses_capture(lab& r) {
    if (r.in() == nullptr || !r.can.captures) return verdict::absent;
    stream_type& in = *r.in();
    if (!r.prepares(in) || !r.need(in.start(), "start")) return wrong;
    if (!r.records(in, 9)) return wrong;
    r.run(2 * ms);
    for (u32 i = 0; i < 2; ++i) {
        if (!r.need(in.stop(), "stop")) return wrong;
        r.run(100 * ms);
        if (!r.need(in.start(), "start again") || !r.goes_on_recording(in, 12)) return wrong;
    }
    r.need(in.drop(), "drop") && r.need(in.start(), "start") && r.records(in, 9);
    return r.result(true);
}

inline verdict captures_every_offer(lab& r) {
    if (r.in() == nullptr || !r.can.captures) return verdict::absent;
    return every_offer(r, r.in(), [](lab& l, stream_type& s, const pcm_params& p) {
        return l.need(l.prepare(s, p), "prepare") && l.need(s.start(), "start") &&
               l.records(s, 5) && l.need(s.stop(), "stop") && l.need(s.release(), "release");
    });
}

inline verdict both_ways(lab& r) {
    if (r.in() == nullptr || !r.can.captures) return verdict::absent;
    stream_type &in = *r.in(), &out = *r.out();
    if (!r.prepares(in) || !r.prepares(out)) return wrong;
    const bytes data = lab::song(out, 30);
    usize at = 0;
    if (!r.need(in.start(), "start")) return wrong;
    for (u32 round = 0; round < 12; ++round) {
        if (!r.need(r.feed(out, data, at, 4000), "feed") || !r.goes_on_recording(in, 2))
            return wrong;
    }
    const bytes rest(data.begin() + static_cast<std::ptrdiff_t>(at), data.end());
    if (!r.need(r.play(out, rest), "play")) return wrong;
    r.need(plays_exactly(r.sink(out), data, out.params().format), "not exact");
    return r.result(true);
}

} // namespace support::quirks
