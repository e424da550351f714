// Four broken chords, plucked left and right in turn, over a bass, with an echo that crosses
// sides. The length is on purpose no multiple of any usual period.

#include "melody.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace vsnd::play {
namespace {

constexpr u32 rate_hz = 48000;
constexpr double seconds_per_note = 0.15;
constexpr double ring_out_seconds = 1.0;
constexpr double pi = 3.14159265358979323846;

// One bar: a bass note and eight plucked ones, as MIDI note numbers (69 is A at 440 Hz).
struct bar {
    int bass;
    std::array<int, 8> notes;
};

constexpr std::array<bar, 4> bars = {{
    {.bass = 45, .notes = {57, 64, 69, 71, 72, 71, 69, 64}},
    {.bass = 41, .notes = {57, 60, 65, 69, 76, 72, 69, 65}},
    {.bass = 48, .notes = {55, 60, 64, 67, 74, 72, 67, 64}},
    {.bass = 43, .notes = {55, 59, 62, 67, 71, 74, 79, 83}},
}};

struct stereo {
    double left = 0;
    double right = 0;
};

using track = std::vector<stereo>;

double frequency_hz(int note) {
    return 440.0 * std::pow(2.0, (note - 69) / 12.0);
}

// Adds one plucked note: overtones that fade the faster the higher they are. `pan` is 0 (left)
// to 1 (right).
void pluck(track& into, double at_seconds, int note, double loudness, double pan,
           double decay_seconds) {
    const double step = 2.0 * pi * frequency_hz(note) / rate_hz;
    const usize first = static_cast<usize>(at_seconds * rate_hz);
    const usize length = static_cast<usize>(6.0 * decay_seconds * rate_hz);
    for (usize i = 0; i < length && first + i < into.size(); ++i) {
        const double t = static_cast<double>(i);
        const double fade = t / (decay_seconds * rate_hz);
        double value = 0;
        for (int k = 1; k <= 4; ++k) {
            value += std::sin(k * step * t) * std::exp(-fade * k) / (k * k);
        }
        // Three milliseconds of attack, so that nothing clicks.
        value *= loudness * std::min(1.0, t / (0.003 * rate_hz));
        into[first + i].left += value * std::cos(pan * pi / 2);
        into[first + i].right += value * std::sin(pan * pi / 2);
    }
}

void play_bar(track& into, const bar& what, double at_seconds) {
    pluck(into, at_seconds, what.bass, 0.34, 0.5, 0.55);
    for (usize i = 0; i < what.notes.size(); ++i) {
        const double accent = i % 4 == 0 ? 0.30 : 0.24;
        pluck(into, at_seconds + static_cast<double>(i) * seconds_per_note, what.notes[i], accent,
              i % 2 == 0 ? 0.28 : 0.72, 0.28);
    }
}

void add_echo(track& into, double delay_seconds, double loudness) {
    const usize delay = static_cast<usize>(delay_seconds * rate_hz);
    for (usize i = delay; i < into.size(); ++i) {
        into[i].left += loudness * into[i - delay].right;
        into[i].right += loudness * into[i - delay].left;
    }
}

void put_sample(std::vector<u8>& out, double value) {
    const double clipped = std::clamp(value, -1.0, 1.0);
    const u32 bits = static_cast<u32>(static_cast<s32>(std::lround(clipped * 32767.0)));
    out.push_back(static_cast<u8>(bits));
    out.push_back(static_cast<u8>(bits >> 8));
}

} // namespace

wav_audio make_melody() {
    const double bar_seconds = seconds_per_note * 8;
    const double total_seconds = bar_seconds * bars.size() + ring_out_seconds;
    track music(static_cast<usize>(total_seconds * rate_hz) + 77);
    for (usize i = 0; i < bars.size(); ++i) {
        play_bar(music, bars[i], static_cast<double>(i) * bar_seconds);
    }
    pluck(music, bar_seconds * bars.size(), 45, 0.3, 0.5, 0.3);
    pluck(music, bar_seconds * bars.size(), 69, 0.3, 0.4, 0.3);
    pluck(music, bar_seconds * bars.size(), 76, 0.25, 0.6, 0.3);
    add_echo(music, seconds_per_note * 1.5, 0.35);

    wav_audio audio;
    audio.rate_hz = rate_hz;
    audio.samples.reserve(music.size() * 4);
    const usize fade = rate_hz / 10;
    for (usize i = 0; i < music.size(); ++i) {
        const usize left = music.size() - i;
        const double gain = left < fade ? static_cast<double>(left) / fade : 1.0;
        put_sample(audio.samples, gain * music[i].left);
        put_sample(audio.samples, gain * music[i].right);
    }
    return audio;
}

} // namespace vsnd::play
