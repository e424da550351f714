// Whole runs of examples/play: the driver, the PCI transport, the ring and the model together.

#include <doctest/doctest.h>

#include <play/report.hpp>
#include <play/session.hpp>
#include <vsnd/pcm/rates.hpp>

#include <string>

using namespace vsnd;
using namespace vsnd::play;

namespace {

wav_audio noise(pcm_format format, u32 channels, u32 rate_hz, u64 frames) {
    wav_audio sound;
    sound.format = format;
    sound.channels = channels;
    sound.rate_hz = rate_hz;
    u32 state = 88172645u;
    sound.samples.resize(static_cast<usize>(frames * sound.frame_bytes()));
    for (u8& each : sound.samples) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        each = static_cast<u8>(state >> 8);
    }
    return sound;
}

std::string all_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& each : lines)
        text += each + "\n";
    return text;
}

// Everything arrived, both ways, in time, and by the rules.
void check_exact(const wav_audio& sound) {
    CAPTURE(to_string(sound.format));
    CAPTURE(sound.channels);
    CAPTURE(sound.rate_hz);
    CAPTURE(sound.frames());
    const session_record run = run_session(sound, {});
    CHECK(run.error == "");
    CHECK(all_of(run.violations) == "");
    CHECK(compare(sound, run.playback.bytes).exact);
    CHECK(run.capture.bytes == sound.samples);
    CHECK(run.playback.gaps == 0);
    CHECK(run.capture.gaps == 0);
    CHECK(run.playback.xruns == 0);
    CHECK(run.capture.xruns == 0);
    const u64 periods = (sound.frames() + run.period_frames - 1) / run.period_frames;
    CHECK(run.playback.submitted_ns.size() == periods);
    // Nobody waited for anything but the sound itself.
    const double nominal_ms = 1000.0 * static_cast<double>(sound.frames()) / sound.rate_hz;
    const double period_ms = 1000.0 * run.period_frames / sound.rate_hz;
    const double ms = static_cast<double>(run.end_ns - run.start_ns) / 1e6;
    CHECK(ms >= nominal_ms - 10);
    CHECK(ms <= nominal_ms + 6 * period_ms + 2000.0 * 1504 / sound.rate_hz + 20);
}

} // namespace

TEST_CASE("play: every WAV format goes round bit-exactly") {
    const pcm_format formats[] = {pcm_format::u8_,  pcm_format::s16,     pcm_format::s24_3,
                                  pcm_format::s32_, pcm_format::float32, pcm_format::float64};
    for (const pcm_format format : formats) {
        for (const u32 channels : {1u, 2u, 6u})
            check_exact(noise(format, channels, 48000, 9999));
    }
}

TEST_CASE("play: every rate of the protocol") {
    for (u32 i = 0; i < pcm_rate_count; ++i) {
        const u32 hz = rate_hz(static_cast<pcm_rate>(i));
        check_exact(noise(pcm_format::s16, 2, hz, hz / 4 + 7));
    }
}

TEST_CASE("play: every length around the period and the buffer") {
    const u32 period = choose_period_frames(48000);
    for (const u64 frames :
         {u64{1}, u64{2}, u64{period} - 1, u64{period}, u64{period} + 1, u64{4} * period - 1,
          u64{4} * period, u64{4} * period + 1, u64{9} * period, u64{9} * period + 1}) {
        check_exact(noise(pcm_format::s16, 2, 48000, frames));
    }
}

TEST_CASE("play: as many channels as the protocol can name") {
    check_exact(noise(pcm_format::s16, 255, 48000, 6000));
    check_exact(noise(pcm_format::u8_, 255, 8000, 1));
}

TEST_CASE("play: one flipped bit is found where it is") {
    const wav_audio sound = noise(pcm_format::s16, 2, 48000, 10001);
    const session_record run = run_session(sound, {.flip_a_bit = true, .progress = [](double) {}});
    CHECK(run.ok());
    const comparison heard = compare(sound, run.playback.bytes);
    CHECK_FALSE(heard.exact);
    CHECK(heard.frame == 5000);
    CHECK_FALSE(compare(sound, run.capture.bytes).exact);
    CHECK(compare(sound, run.capture.bytes).frame == 5000);
}

TEST_CASE("play: progress runs from the start to the end") {
    double last = 0;
    int calls = 0;
    const auto watch = [&](double part) {
        CHECK(part >= last);
        last = part;
        ++calls;
    };
    run_session(noise(pcm_format::s16, 1, 48000, 48000), {.flip_a_bit = false, .progress = watch});
    CHECK(last == 1.0);
    CHECK(calls > 20);
}

TEST_CASE("play: the period lasts about 21 ms at every rate") {
    CHECK(choose_period_frames(48000) == 1024);
    CHECK(choose_period_frames(44100) == 1024);
    for (u32 i = 0; i < pcm_rate_count; ++i) {
        const u32 hz = rate_hz(static_cast<pcm_rate>(i));
        const u32 frames = choose_period_frames(hz);
        CHECK((frames & (frames - 1)) == 0);
        CHECK(frames * 1000 / hz >= 11);
        CHECK(frames * 1000 / hz <= 31);
    }
}

TEST_CASE("play: the numbers and the picture of a whole run") {
    const wav_audio sound = noise(pcm_format::s16, 2, 48000, 48000);
    const session_record run = run_session(sound, {});
    const stream_life played = life_of(run, run.playback, flow::playback, sound.rate_hz);
    const stream_numbers numbers = numbers_of(run, run.playback, played, sound);
    CHECK(numbers.periods == 47);
    CHECK(numbers.doorbells_per_period <= 1.1);
    CHECK(numbers.interrupts_per_period <= 1.1);
    CHECK(numbers.doorbells_per_period > 0);
    CHECK(numbers.interrupts_per_period > 0);
    // Never more than the buffer, and what the device has of its own.
    CHECK(numbers.greatest_latency_ms <= 4 * 1024 / 48.0 + 10);
    for (usize i = 0; i < 47; ++i) {
        const period_life& each = played.periods[i];
        CHECK(each.submitted_ms <= each.taken_ms);
        CHECK(each.taken_ms <= each.returned_ms);
        CHECK(each.returned_ms <= each.ended_ms);
        CHECK(each.ended_ms == doctest::Approx(1024 / 48.0 * static_cast<double>(i + 1)));
        CHECK_FALSE(each.silence);
    }
    CHECK(played.periods.back().silence);
    CHECK(draw_timeline(timeline_of(run, sound, "noise")).find("The end") != std::string::npos);
}
