// Optional hooks: used where they are, free where they are not.

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include <vsnd/port/hooks.hpp>

using namespace vsnd;

namespace {

struct bare {};

struct rich {
    std::vector<u32> calls;
    u32 lock(u32 queue) {
        calls.push_back(100 + queue);
        return queue + 7;
    }
    void unlock(u32 queue, u32 saved) { calls.push_back(1000 * queue + saved); }
    u64 now_ns() { return 5; }
    void wait(u64) {}
    void wake() { calls.push_back(1); }
    u32 context() { return 3; }
    void copy_in(u8* audio, const u8* from, usize n) { std::memcpy(audio, from, n), ++copies; }
    void copy_out(u8* to, const u8* audio, usize n) { std::memcpy(to, audio, n), ++copies; }
    void fill(u8* audio, u8 value, usize n) { std::memset(audio, value, n), ++copies; }
    u32 copies = 0;
};

struct half_a_lock {
    u32 lock(u32) { return 0; }
};

struct with_hooks_apart {
    rich kernel;
    rich& hooks() { return kernel; }
};

} // namespace

TEST_CASE("which hooks a type has") {
    CHECK(has_lock<rich>);
    CHECK(has_clock<rich>);
    CHECK(has_wait<rich>);
    CHECK_FALSE(has_lock<bare>);
    CHECK_FALSE(has_clock<bare>);
    CHECK_FALSE(has_wait<bare>);
    CHECK_FALSE(has_lock<half_a_lock>);
}

TEST_CASE("queue_lock takes and gives back, with what lock answered, once") {
    rich r;
    {
        queue_lock<rich> held(r, 2);
        REQUIRE(r.calls == std::vector<u32>{102});
    }
    CHECK(r.calls == std::vector<u32>{102, 2009});
    bare b;
    const queue_lock<bare> nothing(b, 0);
    CHECK(__is_empty(queue_lock<bare>));
}

TEST_CASE("hooks lie in the port or in what it names") {
    rich own;
    CHECK(&hooks_of(own) == &own);
    with_hooks_apart port;
    CHECK(&hooks_of(port) == &port.kernel);
    CHECK(__is_same(hooks_type<with_hooks_apart>, rich));
    CHECK(__is_same(hooks_type<bare>, bare));
}

TEST_CASE("audio is touched through the port where it wants that") {
    rich r;
    bare b;
    u8 audio[8] = {};
    const u8 sound[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    u8 back[8] = {};
    copy_in(r, audio, sound, 8);
    copy_out(r, back, audio, 8);
    CHECK(std::memcmp(back, sound, 8) == 0);
    fill(r, audio, 9, 8);
    CHECK(audio[7] == 9);
    CHECK(r.copies == 3);

    copy_in(b, audio, sound, 8);
    CHECK(audio[3] == 4);
    copy_out(b, back, audio, 4);
    fill(b, audio, 0x80, 2);
    CHECK(audio[1] == 0x80);
    CHECK(audio[2] == 3);
}

TEST_CASE("wake and context fall back to nothing and to 0") {
    rich r;
    bare b;
    wake(r);
    wake(b);
    CHECK(r.calls == std::vector<u32>{1});
    CHECK(context_of(r) == 3);
    CHECK(context_of(b) == 0);
}

TEST_CASE("notes go to a trace hook, and nowhere without one") {
    struct listener {
        std::vector<trace_note> heard;
        void trace(const trace_note& note) { heard.push_back(note); }
    } kernel;
    tell(kernel, {trace_step::request, 3, 0x104});
    REQUIRE(kernel.heard.size() == 1);
    CHECK(kernel.heard[0].what == trace_step::request);
    CHECK(kernel.heard[0].stream == 3);
    CHECK(kernel.heard[0].number == 0x104);
    bare nobody;
    tell(nobody, {trace_step::failure, card_itself, 1});
    for (const auto what : {trace_step::request, trace_step::answer, trace_step::late,
                            trace_step::state, trace_step::recovery, trace_step::failure})
        CHECK(std::string(to_string(what)) != "invalid");
    CHECK(std::string(to_string(static_cast<trace_step>(99))) == "invalid");
}

namespace {
struct cached {
    static constexpr u32 cache_line_bytes = 32;
    u32 flushed = 0;
    u32 invalidated = 0;
    void flush_audio(const u8*, usize bytes) { flushed += static_cast<u32>(bytes); }
    void invalidate_audio(u8*, usize bytes) { invalidated += static_cast<u32>(bytes); }
};
static_assert(has_cached_audio<cached> && audio_line_bytes<cached> == 32);
static_assert(!has_cached_audio<bare> && audio_line_bytes<bare> == 1);
} // namespace

TEST_CASE("audio is flushed and invalidated by the port, and left alone without it") {
    cached kernel;
    bare coherent;
    u8 audio[64] = {7};
    flush_audio(kernel, audio, 64);
    invalidate_audio(kernel, audio, 32);
    flush_audio(coherent, audio, 64);
    invalidate_audio(coherent, audio, 64);
    CHECK(kernel.flushed == 64);
    CHECK(kernel.invalidated == 32);
    CHECK(audio[0] == 7);
}
