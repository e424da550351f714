// Audio memory behind a cache of which the device knows nothing: it plays what was flushed, and what
// it records is seen after an invalidation. Everything else is coherent.

#include <doctest/doctest.h>

#include <cstring>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;

namespace {

// Its audio is not coherent, and it forgets the hooks that a test names.
template <bool Hooks>
struct cached_kernel : support::sound_kernel {
    using sound_kernel::sound_kernel;
    dma_region audio_memory(u64 count) {
        return memory.allocate_cached(static_cast<usize>(count), 4096);
    }
    static constexpr u32 cache_line_bytes = model::cached_memory::line_bytes;
    void flush_audio(const u8* audio, usize count) requires(Hooks) {
        ++flushes;
        memory.flush(audio, count);
    }
    void invalidate_audio(u8* audio, usize count) requires(Hooks) {
        ++invalidations;
        memory.invalidate(audio, count);
    }
    u32 flushes = 0;
    u32 invalidations = 0;
};
static_assert(has_cached_audio<cached_kernel<true>> && !has_cached_audio<cached_kernel<false>>);
static_assert(audio_line_bytes<cached_kernel<true>> == 64);
static_assert(audio_line_bytes<cached_kernel<false>> == 1);

template <class Limits = default_limits, bool Hooks = true>
using cached_rig = support::rig<no_handler, Limits, ring_policy, split_queue, cached_kernel<Hooks>>;

pcm_params lines_of_64(u32 frames = 480, u32 periods = 4) {
    pcm_params p;
    p.period_frames = frames; // of 4 bytes
    p.periods = periods;
    return p;
}

template <class Rig>
auto& prepared(Rig& r, direction flow, const pcm_params& p = lines_of_64()) {
    REQUIRE(r.open() == status_code::ok);
    auto& s = *r.driver.find(flow);
    REQUIRE(r.prepare(s, p) == status_code::ok);
    return s;
}

// Fills in place, as far as there is room.
template <class Rig, class Stream>
void commit_some(Rig& r, Stream& s, const bytes& data, usize& at) {
    while (at < data.size()) {
        const auto room = s.acquire();
        if (!room.ok()) break;
        std::memcpy(room.value().data(), data.data() + at, room.value().size());
        at += room.value().size();
        REQUIRE(s.commit() == status_code::ok);
    }
    if (s.state() == stream_state::prepared) REQUIRE(s.start() == status_code::ok);
    r.kernel.wait(1'000'000);
}

} // namespace

TEST_CASE("cached audio: what is written and what is committed in place is played, silence too") {
    for (const bool in_place : {false, true}) {
        CAPTURE(in_place);
        cached_rig<> r;
        auto& out = prepared(r, direction::playback);
        // The end lies within a period: the drain pads it, and plays silence behind.
        const bytes data = support::noise(20 * out.period_bytes() + (in_place ? 0 : 100));
        usize at = 0;
        while (in_place && at < data.size())
            commit_some(r, out, data, at);
        CHECK((in_place ? out.drain() : r.play(out, data)) == status_code::ok);
        const auto& sink = r.device().stream(out.id()).sink();
        CHECK(support::plays_exactly(sink, data, out.params().format));
        CHECK(sink.size() > data.size()); // some silence
        CHECK(r.kernel.memory.lines_lost() == 0);
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("cached audio: a small driver flushes, too") {
    cached_rig<small_playback_limits> r;
    auto& out = prepared(r, direction::playback);
    const bytes data = support::noise(20 * out.period_bytes());
    for (usize at = 0; at < data.size();)
        commit_some(r, out, data, at);
    CHECK(out.drain() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(out.id()).sink(), data, out.params().format));
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("cached audio: what is recorded is read, in every period of every round") {
    for (const bool in_place : {false, true}) {
        CAPTURE(in_place);
        cached_rig<> r;
        auto& in = prepared(r, direction::capture);
        const bytes source = support::noise(200 * in.period_bytes());
        r.device().stream(in.id()).set_source(source);
        bytes got;
        for (u32 round = 0; round < 3; ++round) {
            REQUIRE(in.start() == status_code::ok);
            if (!in_place) {
                got = r.record(in, 9 * in.period_bytes() + 40);
            } else {
                got.clear();
                while (got.size() < 9 * in.period_bytes()) {
                    const auto there = in.acquire();
                    if (!there.ok()) {
                        r.kernel.wait(1'000'000);
                        continue;
                    }
                    got.insert(got.end(), there.value().begin(), there.value().end());
                    // A user who writes into what he was given: the next recording is whole.
                    std::memset(there.value().data(), 0x11, there.value().size());
                    REQUIRE(in.commit() == status_code::ok);
                }
            }
            const auto found = std::search(source.begin(), source.end(), got.begin(), got.end());
            CHECK(found != source.end());
            REQUIRE(in.stop() == status_code::ok);
            // What was captured before the stop is read after it, and its periods go back at START.
            while (in.acquire().ok()) {
                std::memset(in.acquire().value().data(), 0x22, in.acquire().value().size());
                REQUIRE(in.commit() == status_code::ok);
            }
        }
        CHECK(r.kernel.memory.lines_lost() == 0);
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

// The zeros that a capture stream begins with must not cover what the device records later.
TEST_CASE("cached audio: memory is zeroed for the device as well") {
    cached_rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& in = *r.driver.find(direction::capture);
    const pcm_params p = lines_of_64();
    const stream_memory memory = r.memory_for(p);
    REQUIRE(in.prepare(p, memory) == status_code::ok);
    bytes seen(memory.audio.bytes);
    REQUIRE(r.kernel.memory.read(memory.audio.bus, seen.data(), seen.size()));
    CHECK(seen == bytes(seen.size()));
    CHECK(r.driver.close() == status_code::ok);
}

TEST_CASE("cached audio: dropped, recovered and starved, the audio is whole") {
    cached_rig<> r;
    auto& out = prepared(r, direction::playback);
    const bytes lost = support::noise(4 * out.period_bytes(), 3);
    REQUIRE(out.write({lost.data(), lost.size()}).ok());
    REQUIRE(out.drop() == status_code::ok);
    const bytes data = support::noise(12 * out.period_bytes());
    usize at = 0;
    REQUIRE(r.feed(out, data, at, ~usize{0}) == status_code::ok);
    REQUIRE(out.recover() == status_code::ok); // what was queued is queued again
    out.set_xrun_policy(xrun_policy::silence);
    r.run(100'000'000); // it runs dry, and plays silence
    const usize before = r.device().stream(out.id()).sink().size();
    const bytes rest(data.begin() + static_cast<std::ptrdiff_t>(at), data.end());
    CHECK(r.play(out, rest) == status_code::ok);
    const auto& sink = r.device().stream(out.id()).sink();
    CHECK(std::search(sink.begin(), sink.end(), data.begin(),
                      data.begin() + static_cast<std::ptrdiff_t>(at)) != sink.end());
    CHECK(std::search(sink.begin() + static_cast<std::ptrdiff_t>(before) - 4096, sink.end(),
                      rest.begin(), rest.end()) != sink.end());
    CHECK(std::search(sink.begin(), sink.end(), lost.begin(), lost.begin() + 64) == sink.end());
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("cached audio: without the hooks the device plays rubbish, which the model shows") {
    cached_rig<default_limits, false> r;
    auto& out = prepared(r, direction::playback);
    const bytes data = support::noise(8 * out.period_bytes());
    CHECK(r.play(out, data) == status_code::ok);
    CHECK_FALSE(
        support::plays_exactly(r.device().stream(out.id()).sink(), data, out.params().format));
}

TEST_CASE("cached audio: a period is whole lines, on a line, or it is refused") {
    cached_rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    CHECK(out.check(lines_of_64(480)) == status_code::ok);
    CHECK(out.check(lines_of_64(481)) == status_code::bad_period);
    CHECK(out.nearest(lines_of_64(481)).value().period_frames == 496);
    CHECK(out.nearest(lines_of_64(480)).value().period_frames == 480);
    pcm_params odd = lines_of_64(100);
    odd.format = pcm_format::s24_3; // 6 bytes a frame
    CHECK(out.nearest(odd).value().period_frames == 128);
    odd.format = pcm_format::ima_adpcm; // a byte a frame
    CHECK(out.nearest(odd).value().period_frames == 128);
    stream_memory memory = r.memory_for(lines_of_64());
    memory.audio.bus = memory.audio.bus + 32;
    CHECK(out.prepare(lines_of_64(), memory) == status_code::no_memory);
    // Coherent audio lies where it likes.
    support::rig<> coherent;
    REQUIRE(coherent.open() == status_code::ok);
    CHECK(coherent.driver.find(direction::playback)->check(lines_of_64(481)) == status_code::ok);
}
