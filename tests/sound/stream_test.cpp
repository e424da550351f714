// Bad input: every public call of a stream in every context that it may be made in by mistake. Each
// answers its code; the device hears nothing, and the stream is byte for byte what it was.

#include <doctest/doctest.h>

#include <functional>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;

namespace {

struct calls_back {
    std::function<void()>* what = nullptr;
    template <class Stream>
    void period_done(Stream&) {
        if (*what) (*what)();
    }
};

// What fails stays as it is: card_reset_test.cpp has the others.
using rig = support::rig<calls_back, support::without_resets>;
using stream_type = rig::stream;
using code = status_code;

bytes image(const stream_type& s) {
    const auto* raw = reinterpret_cast<const u8*>(&s);
    return {raw, raw + sizeof(s)};
}

pcm_params small() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    return p;
}

u8 piece[16384];

struct call {
    const char* name;
    code (*make)(rig& r, stream_type& s, const stream_memory& m);
};

constexpr call calls[] = {
    {"prepare", [](rig&, stream_type& s, const stream_memory& m) { return s.prepare(small(), m); }},
    {"prepare_async",
     [](rig&, stream_type& s, const stream_memory& m) { return s.prepare_async(small(), m); }},
    {"start", [](rig&, stream_type& s, const stream_memory&) { return s.start(); }},
    {"start now",
     [](rig&, stream_type& s, const stream_memory&) { return s.start(start_mode::now); }},
    {"start_async", [](rig&, stream_type& s, const stream_memory&) { return s.start_async(); }},
    {"stop", [](rig&, stream_type& s, const stream_memory&) { return s.stop(); }},
    {"stop_async", [](rig&, stream_type& s, const stream_memory&) { return s.stop_async(); }},
    {"drain", [](rig&, stream_type& s, const stream_memory&) { return s.drain(); }},
    {"drain_async", [](rig&, stream_type& s, const stream_memory&) { return s.drain_async(); }},
    {"drop", [](rig&, stream_type& s, const stream_memory&) { return s.drop(); }},
    {"drop_async", [](rig&, stream_type& s, const stream_memory&) { return s.drop_async(); }},
    {"release", [](rig&, stream_type& s, const stream_memory&) { return s.release(); }},
    {"release_async", [](rig&, stream_type& s, const stream_memory&) { return s.release_async(); }},
    {"write",
     [](rig&, stream_type& s, const stream_memory&) {
         return s.write({piece, 100}).code();
     }},
    {"read",
     [](rig&, stream_type& s, const stream_memory&) {
         return s.read({piece, 100}).code();
     }},
    {"acquire", [](rig&, stream_type& s, const stream_memory&) { return s.acquire().code(); }},
    {"commit", [](rig&, stream_type& s, const stream_memory&) { return s.commit(); }},
};
constexpr usize call_count = sizeof(calls) / sizeof(calls[0]);

enum context { released, full, running, stopped, lost, busy, failed, closed, in_callback };
constexpr const char* context_names[] = {
    "released", "prepared and full", "running", "stopped", "unknown", "busy", "failed",
    "closed",   "callback"};

// What each call answers in each context; `none` where it is legal and does something.
constexpr code none = code::count_;
constexpr code ws = code::wrong_state;
constexpr code wc = code::wrong_context;
constexpr code wb = code::would_block;
constexpr code by = code::busy;
constexpr code nr = code::needs_reset;

constexpr code playback_answers[call_count][9] = {
    // released, full, running, stopped, unknown, busy, failed, closed, callback
    {none, ws, ws, ws, ws, by, nr, ws, wc},         // prepare
    {none, ws, ws, ws, ws, by, nr, ws, wc},         // prepare_async
    {ws, none, none, none, ws, by, nr, ws, wc},     // start
    {ws, none, none, none, ws, by, nr, ws, wc},     // start now
    {ws, none, none, none, ws, by, nr, ws, wc},     // start_async
    {ws, none, none, none, ws, by, nr, ws, wc},     // stop
    {ws, none, none, none, ws, by, nr, ws, wc},     // stop_async
    {ws, none, none, none, ws, by, nr, ws, wc},     // drain
    {ws, none, none, none, ws, by, nr, ws, wc},     // drain_async
    {ws, none, none, none, ws, by, nr, ws, wc},     // drop
    {ws, none, none, none, ws, by, nr, ws, wc},     // drop_async
    {none, none, none, none, none, by, nr, ws, wc}, // release
    {none, none, none, none, none, by, nr, ws, wc}, // release_async
    {ws, wb, wb, ws, ws, wb, ws, ws, wc},           // write
    {ws, ws, ws, ws, ws, ws, ws, ws, wc},           // read
    {ws, wb, wb, ws, ws, wb, ws, ws, none},         // acquire
    {ws, ws, ws, ws, ws, ws, ws, ws, ws},           // commit
};

constexpr code capture_answers[call_count][9] = {
    {none, ws, ws, ws, ws, by, nr, ws, wc},         // prepare
    {none, ws, ws, ws, ws, by, nr, ws, wc},         // prepare_async
    {ws, none, none, none, ws, by, nr, ws, wc},     // start
    {ws, none, none, none, ws, by, nr, ws, wc},     // start now
    {ws, none, none, none, ws, by, nr, ws, wc},     // start_async
    {ws, none, none, none, ws, by, nr, ws, wc},     // stop
    {ws, none, none, none, ws, by, nr, ws, wc},     // stop_async
    {ws, none, none, none, ws, by, nr, ws, wc},     // drain
    {ws, none, none, none, ws, by, nr, ws, wc},     // drain_async
    {ws, none, none, none, ws, by, nr, ws, wc},     // drop
    {ws, none, none, none, ws, by, nr, ws, wc},     // drop_async
    {none, none, none, none, none, by, nr, ws, wc}, // release
    {none, none, none, none, none, by, nr, ws, wc}, // release_async
    {ws, ws, ws, ws, ws, ws, ws, ws, wc},           // write
    {ws, wb, wb, wb, wb, wb, wb, ws, wc},           // read
    {ws, wb, wb, wb, wb, wb, wb, ws, none},         // acquire
    {ws, ws, ws, ws, ws, ws, ws, ws, ws},           // commit
};

// Brings the stream into a context. Playback has its whole buffer with the device then.
void enter(rig& r, stream_type& s, context where, const stream_memory& memory) {
    using kind = model::request_fault::kind;
    auto& faults = r.device().faults().requests;
    if (where == released) return;
    REQUIRE(s.prepare(small(), memory) == code::ok);
    if (s.flow() == direction::playback) REQUIRE(s.write({piece, 4096}).value() == 4096);
    if (where == full) return;
    if (where == lost || where == busy)
        faults.push_back({wire::SND_R_PCM_START, where == lost ? kind::no_answer : kind::late,
                          wire::SND_S_OK, 1'000'000'000, 0, 1});
    if (where == busy) {
        REQUIRE(s.start_async() == code::in_progress);
        return;
    }
    REQUIRE(s.start() == (where == lost ? code::timed_out : code::ok));
    if (where == stopped) REQUIRE(s.stop() == code::ok);
    if (where == failed) {
        r.device().set_needs_reset();
        r.run(0);
        REQUIRE(r.driver.state() == card_state::failed);
    }
    if (where == closed) REQUIRE(r.driver.close() == code::ok);
}

void try_call(rig& r, stream_type& s, const stream_memory& m, const call& c, code expected) {
    const bytes before = image(s);
    const u64 heard = r.heard();
    const u64 now = r.device().now_ns();
    CHECK(to_string(c.make(r, s, m)) == to_string(expected));
    CHECK(image(s) == before);
    CHECK(r.heard() == heard);
    CHECK(r.device().now_ns() == now);
}

void try_all(direction flow, const code (&answers)[call_count][9]) {
    for (int at = released; at <= in_callback; ++at) {
        std::function<void()> callback;
        rig r(model::default_profile(), {&callback});
        CAPTURE(context_names[at]);
        REQUIRE(r.open() == code::ok);
        auto& s = *r.driver.find(flow);
        const stream_memory memory = r.memory_for(small());
        if (at == in_callback) {
            u32 called = 0;
            callback = [&] {
                if (called++ != 0) return;
                for (usize i = 0; i < call_count; ++i) {
                    CAPTURE(calls[i].name);
                    if (answers[i][at] != none) try_call(r, s, memory, calls[i], answers[i][at]);
                }
            };
            enter(r, s, running, memory);
            r.run(6'000'000);
            CHECK(called != 0);
            callback = {};
        } else {
            enter(r, s, static_cast<context>(at), memory);
            for (usize i = 0; i < call_count; ++i) {
                CAPTURE(calls[i].name);
                if (answers[i][at] != none) try_call(r, s, memory, calls[i], answers[i][at]);
            }
        }
        CHECK(r.driver.close() == code::ok);
        CHECK_CLEAN(r);
    }
}

} // namespace

TEST_CASE("every call of a playback stream in every context") {
    try_all(direction::playback, playback_answers);
}

TEST_CASE("every call of a capture stream in every context") {
    try_all(direction::capture, capture_answers);
}

TEST_CASE("prepare names what is wrong, and nobody hears of it") {
    std::function<void()> nothing;
    rig r(model::default_profile(), {&nothing});
    REQUIRE(r.open() == code::ok);
    for (const direction flow : {direction::playback, direction::capture}) {
        stream_type& s = *r.driver.find(flow);
        const stream_memory good = r.memory_for(small());
        const auto refused = [&](const pcm_params& p, const stream_memory& m, code expected) {
            const bytes before = image(s);
            const u64 heard = r.heard();
            CHECK(to_string(s.prepare(p, m)) == to_string(expected));
            CHECK(to_string(s.prepare_async(p, m)) == to_string(expected));
            CHECK(image(s) == before);
            CHECK(r.heard() == heard);
        };
        const auto changed = [](auto change) {
            pcm_params p = small();
            change(p);
            return p;
        };
        refused(changed([](auto& p) { p.format = static_cast<pcm_format>(25); }), good,
                code::bad_format);
        refused(changed([](auto& p) { p.rate_hz = 47999; }), good, code::bad_rate);
        refused(changed([](auto& p) { p.channels = 9; }), good, code::bad_channels);
        refused(changed([](auto& p) { p.channels = 0; }), good, code::bad_channels);
        refused(changed([](auto& p) { p.period_frames = 0; }), good, code::bad_period);
        refused(changed([](auto& p) { p.period_frames = 2; }), good, code::bad_period);
        refused(changed([](auto& p) { p.periods = 0; }), good, code::bad_period);
        refused(changed([](auto& p) { p.periods = 33; }), good, code::bad_period);
        refused(changed([](auto& p) { p.features = 1; }), good, code::bad_feature);
        refused(small(), {}, code::no_memory);
        refused(small(), {good.audio.part(0, 4095), good.silence}, code::no_memory);
        refused(changed([](auto& p) { p.period_frames = 0x0100'0000; }), good, code::no_memory);
        if (flow == direction::playback) {
            refused(small(), {good.audio, {}}, code::no_memory);
            refused(small(), {good.audio, good.silence.part(0, 1023)}, code::no_memory);
        }
    }
    CHECK_CLEAN(r);
}

TEST_CASE("streams that do not exist are not found") {
    std::function<void()> nothing;
    rig r(model::default_profile(), {&nothing});
    CHECK(r.driver.find(0) == nullptr);
    REQUIRE(r.open() == code::ok);
    CHECK(r.driver.device_streams() == 4);
    CHECK(r.driver.stream_count() == 4);
    CHECK(r.driver.find(4) == nullptr);
    CHECK(r.driver.find(0xffff'ffff) == nullptr);
    CHECK(r.driver.find(direction::playback, 2) == nullptr);
    CHECK(r.driver.find(direction::capture, 2) == nullptr);
    for (u32 id = 0; id < 4; ++id) {
        REQUIRE(r.driver.find(id) != nullptr);
        CHECK(r.driver.find(id)->id() == id);
    }
}

TEST_CASE("a stream says what it can do") {
    std::function<void()> nothing;
    rig r(model::qemu_profile(), {&nothing});
    REQUIRE(r.open() == code::ok);
    stream_type& s = *r.driver.find(direction::playback);
    pcm_params p = small();
    CHECK(s.check(p) == code::ok);
    p.format = pcm_format::s24;
    p.rate_hz = 24000;
    CHECK(s.check(p) == code::bad_format);
    const auto near = s.nearest(p);
    REQUIRE(near.ok());
    CHECK(near.value().format == pcm_format::s32_); // 24 bits, no loss
    CHECK(near.value().rate_hz == 32000);
    CHECK(s.check(near.value()) == code::ok);
    CHECK(s.info().channels_max == 16);
    // It was asked once: QEMU would say 1 after a mono stream.
    p = small();
    p.channels = 1;
    REQUIRE(r.prepare(s, p) == code::ok);
    REQUIRE(s.release() == code::ok);
    CHECK(s.info().channels_max == 16);
    CHECK(r.prepare(s, small()) == code::ok);
    CHECK_CLEAN(r);
}
