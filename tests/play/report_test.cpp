// The report of examples/play: what counts as exact, and what the trace of a run says.

#include <doctest/doctest.h>

#include <play/report.hpp>

#include <vector>

using namespace vsnd;
using namespace vsnd::play;
using model::trace_kind;

namespace {

wav_audio four_frames() {
    wav_audio sound;
    sound.samples = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    return sound;
}

// Two playback periods of 48 frames (1 ms), given at -1 ms, taken at 0 and 1, heard to 1 and 2.
session_record small_run() {
    session_record run;
    run.period_frames = 48;
    run.periods = 2;
    run.start_ns = 10'000'000;
    run.playback.id = 0;
    run.playback.queue = 2;
    run.playback.submitted_ns = {9'000'000, 9'000'000};
    run.capture.id = 1;
    run.capture.queue = 3;
    const auto note = [&](u64 ns, trace_kind kind, u64 number) {
        run.trace.push_back(
            {.time_ns = ns, .kind = kind, .queue = 2, .stream = 0, .number = number, .extra = 0});
    };
    note(9'500'000, trace_kind::doorbell, 2);
    note(9'500'000, trace_kind::buffer_seen, 0);
    note(9'500'000, trace_kind::buffer_seen, 1);
    for (u64 i = 0; i < 2; ++i) {
        const u64 begun = 10'000'000 + i * 1'000'000;
        note(begun, trace_kind::period_taken, i);
        note(begun + 500'000, trace_kind::period_completed, i);
        note(begun + 500'000, trace_kind::interrupt, 0);
        note(begun + 1'000'000, trace_kind::period_played, i);
    }
    return run;
}

} // namespace

TEST_CASE("report: exact is the whole sound and then nothing but silence") {
    const wav_audio sound = four_frames();
    std::vector<u8> bytes = sound.samples;
    CHECK(compare(sound, bytes).exact);
    bytes.resize(64, 0);
    CHECK(compare(sound, bytes).exact);
    bytes[41] = 1;
    CHECK_FALSE(compare(sound, bytes).exact);
    CHECK(compare(sound, bytes).frame == 10);
    CHECK(compare(sound, bytes).channel == 0);
    bytes = sound.samples;
    bytes[11] ^= 1;
    CHECK_FALSE(compare(sound, bytes).exact);
    CHECK(compare(sound, bytes).frame == 2);
    CHECK(compare(sound, bytes).channel == 1);
    bytes.assign(sound.samples.begin(), sound.samples.begin() + 12);
    CHECK_FALSE(compare(sound, bytes).exact);
    CHECK(compare(sound, bytes).frame == 3);
    CHECK_FALSE(compare(sound, {}).exact);
}

TEST_CASE("report: the silence of unsigned samples is not zero") {
    wav_audio sound;
    sound.format = pcm_format::u8_;
    sound.samples = {1, 2};
    CHECK(compare(sound, {1, 2, 0x80, 0x80}).exact);
    CHECK_FALSE(compare(sound, {1, 2, 0, 0}).exact);
}

TEST_CASE("report: the trace becomes the lives of the periods") {
    const session_record run = small_run();
    const stream_life life = life_of(run, run.playback, flow::playback, 48000);
    REQUIRE(life.periods.size() == 2);
    CHECK(life.periods[1].submitted_ms == doctest::Approx(-1));
    CHECK(life.periods[1].taken_ms == doctest::Approx(1));
    CHECK(life.periods[1].returned_ms == doctest::Approx(1.5));
    CHECK(life.periods[1].begun_ms == doctest::Approx(1));
    CHECK(life.periods[1].ended_ms == doctest::Approx(2));
    CHECK(life_of(run, run.capture, flow::capture, 48000).periods.empty());
}

TEST_CASE("report: the numbers of a stream") {
    const session_record run = small_run();
    const stream_life life = life_of(run, run.playback, flow::playback, 48000);
    const stream_numbers numbers = numbers_of(run, run.playback, life, four_frames());
    CHECK(numbers.periods == 2);
    CHECK(numbers.doorbells_per_period == doctest::Approx(0.5));
    CHECK(numbers.interrupts_per_period == doctest::Approx(1));
    CHECK(numbers.mean_latency_ms == doctest::Approx(1.5));
    CHECK(numbers.greatest_latency_ms == doctest::Approx(2));
    const stream_life none = life_of(run, run.capture, flow::capture, 48000);
    CHECK(numbers_of(run, run.capture, none, four_frames()).periods == 0);
}

TEST_CASE("report: the timeline spans the run and knows how loud it was") {
    const timeline what = timeline_of(small_run(), four_frames(), "a name");
    CHECK(what.title.find("a name") != std::string::npos);
    CHECK(what.from_ms < -1);
    CHECK(what.from_ms > -10);
    CHECK(what.to_ms > 2);
    CHECK(what.to_ms < 10);
    REQUIRE(what.marks.size() == 2);
    CHECK(what.marks[0].times_ms.size() == 1);
    CHECK(what.marks[1].times_ms.size() == 2);
    REQUIRE(what.peaks.size() == 1);
    // The last sample, 0x100f, is the greatest.
    CHECK(what.peaks[0] == doctest::Approx(0x100f / 32768.0));
}

TEST_CASE("report: every format has a loudness between 0 and 1") {
    const pcm_format formats[] = {pcm_format::u8_,  pcm_format::s16,     pcm_format::s24_3,
                                  pcm_format::s32_, pcm_format::float32, pcm_format::float64};
    for (const pcm_format format : formats) {
        wav_audio sound;
        sound.format = format;
        sound.channels = 1;
        for (u32 i = 0; i < 240; ++i)
            sound.samples.push_back(static_cast<u8>(i * 37));
        // Also numbers that are none.
        for (u32 i = 0; i < 240; ++i)
            sound.samples.push_back(0xff);
        for (const double peak : timeline_of(small_run(), sound, "x").peaks) {
            CHECK(peak >= 0);
            CHECK(peak <= 1);
        }
    }
}
