#pragma once
// A card whose device gets into trouble while streams run, with a kernel that ticks when it was
// asked to, and a listener that counts what it is told.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>

namespace support {

using namespace vsnd;

inline constexpr u64 ms = 1'000'000;
inline constexpr u32 one_frame = 4; // 16 bit, stereo

struct told {
    u32 times = 0;
    status_code last = status_code::in_progress;
    u32 of_stream[8] = {};
};
struct rescue_listener {
    told* heard = nullptr;
    template <class Stream>
    void recovered(Stream& s, status_code code) {
        ++heard->times;
        ++heard->of_stream[s.id()];
        heard->last = code;
    }
};

// Whether `sink` is `data`, but for places where it began again at a period that was not yet
// complete, at most `most` bytes back.
inline bool plays_with_repeats(const bytes& sink, const bytes& data, usize period, usize most) {
    usize d = 0;
    constexpr usize sure = 64;
    for (usize s = 0; s < sink.size() && d < data.size(); ++s, ++d) {
        if (sink[s] == data[d] &&
            (s + 1 == sink.size() || d + 1 == data.size() || sink[s + 1] == data[d + 1]))
            continue;
        usize back = d / period * period;
        const auto fits = [&] {
            const usize n = std::min({sure, sink.size() - s, data.size() - back});
            return std::equal(sink.begin() + static_cast<std::ptrdiff_t>(s),
                              sink.begin() + static_cast<std::ptrdiff_t>(s + n),
                              data.begin() + static_cast<std::ptrdiff_t>(back));
        };
        if (sink[s] == data[d] && !fits()) continue;
        while (!fits()) {
            if (back == 0 || d - back > most) return false;
            back -= period;
        }
        d = back;
    }
    return d == data.size();
}

template <class Rig>
struct rescue_bench_of {
    using stream = typename Rig::stream;

    explicit rescue_bench_of(model::device_profile profile = model::default_profile())
        : r(std::move(profile), {&heard}) {
        r.kernel.ns_per_look = 20; // polling takes time
    }

    told heard;
    Rig r;

    static pcm_params small() {
        pcm_params p;
        p.period_frames = 256;
        p.periods = 4;
        return p;
    }
    stream& prepared(direction flow = direction::playback, u32 nth = 0) {
        if (r.driver.state() == card_state::closed) REQUIRE(r.open() == status_code::ok);
        stream& s = *r.driver.find(flow, nth);
        REQUIRE(r.prepare(s, small()) == status_code::ok);
        return s;
    }
    // With its buffer full of `data`, and started.
    stream& running(const bytes& data, u32 nth = 0) {
        stream& s = prepared(direction::playback, nth);
        REQUIRE(s.write({data.data(), 256 * 4 * one_frame}).value() == 256 * 4 * one_frame);
        REQUIRE(s.start() == status_code::ok);
        return s;
    }
    // As a kernel's timer does, at the time that tick wished for.
    void step(u64 longest_ns = 5 * ms) {
        const u64 now = r.device().now_ns();
        const u64 next = r.driver.tick(now);
        r.run(lesser(greater(next, now + 100'000) - now, longest_ns));
    }
    void steps(u64 ns) {
        const u64 end = r.device().now_ns() + ns;
        while (r.device().now_ns() < end)
            step();
    }
    void until_open() {
        for (u32 i = 0; i < 1000 && r.driver.state() != card_state::open; ++i)
            step();
        CHECK(r.driver.state() == card_state::open);
    }
    // Plays what is left of `data`, with `at` bytes written already.
    status_code go_on(stream& s, const bytes& data, usize& at, u64 longest = 30'000 * ms) {
        const u64 end = r.device().now_ns() + longest;
        while (at < data.size() && r.device().now_ns() < end) {
            const status_code fed = r.feed(s, data, at, ~usize{0});
            if (!ok(fed) && fed != status_code::busy) return fed;
            step();
        }
        return at == data.size() ? s.drain() : status_code::timed_out;
    }
    u64 rung() {
        u64 sum = 0;
        for (u32 q = 0; q < 4; ++q)
            sum += r.device().doorbells(q);
        return sum;
    }
};

using rescue_bench = rescue_bench_of<rig<rescue_listener>>;

} // namespace support
