#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace vsnd::play {
namespace {

// What the picture shows before the first event and after the last.
constexpr double margin_ms = 3;

double ms_between(u64 from_ns, u64 to_ns) {
    return (static_cast<double>(to_ns) - static_cast<double>(from_ns)) / 1e6;
}

// The loudness of one sample, 0 to 1.
double loudness(const wav_audio& sound, usize at) {
    const u8* const p = sound.samples.data() + at;
    const u32 size = wav_sample_bytes(sound.format);
    double value = 0;
    if (sound.format == pcm_format::float32) {
        float f = 0;
        std::memcpy(&f, p, sizeof f);
        value = static_cast<double>(f);
    } else if (sound.format == pcm_format::float64) {
        std::memcpy(&value, p, sizeof value);
    } else if (sound.format == pcm_format::u8_) {
        value = (*p - 128) / 128.0;
    } else {
        u32 bits = 0;
        for (u32 i = 0; i < size; ++i)
            bits |= static_cast<u32>(p[i]) << (8 * (i + 4 - size));
        value = static_cast<double>(static_cast<s32>(bits)) / 2147483648.0;
    }
    return std::isfinite(value) ? std::min(std::abs(value), 1.0) : 0;
}

// One peak for each half millisecond.
std::vector<double> peaks_of(const wav_audio& sound) {
    const u64 frames_per_peak = std::max<u64>(1, sound.rate_hz / 2000);
    std::vector<double> peaks;
    for (u64 frame = 0; frame < sound.frames(); frame += frames_per_peak) {
        const u64 end = std::min(sound.frames(), frame + frames_per_peak);
        double peak = 0;
        for (u64 at = frame * sound.frame_bytes(); at < end * sound.frame_bytes();
             at += wav_sample_bytes(sound.format)) {
            peak = std::max(peak, loudness(sound, static_cast<usize>(at)));
        }
        peaks.push_back(peak);
    }
    return peaks;
}

bool is_silence(const wav_audio& sound, u8 byte, usize at) {
    return byte == silence_byte(sound.format, at);
}

mark_row marks_of(const session_record& run, model::trace_kind what, const char* name,
                  mark_kind kind) {
    mark_row row{.name = name, .kind = kind, .times_ms = {}};
    for (const model::trace_event& each : run.trace) {
        const bool audio = each.queue == run.playback.queue || each.queue == run.capture.queue;
        if (each.kind == what && audio) {
            row.times_ms.push_back(ms_between(run.start_ns, each.time_ns));
        }
    }
    return row;
}

u64 count_of(const session_record& run, model::trace_kind what, u32 queue) {
    u64 count = 0;
    for (const model::trace_event& each : run.trace) {
        count += each.kind == what && each.queue == queue ? 1 : 0;
    }
    return count;
}

// The first and the last moment at which anything happened to a period.
void stretch(timeline& what, const stream_life& stream) {
    for (const period_life& each : stream.periods) {
        for (const double at : {each.submitted_ms, each.returned_ms, each.ended_ms}) {
            if (at == period_life::never) continue;
            what.from_ms = std::min(what.from_ms, at);
            what.to_ms = std::max(what.to_ms, at);
        }
    }
}

std::string describe(const session_record& run, const wav_audio& sound) {
    return std::to_string(sound.rate_hz) + " Hz, " + wav_format_name(sound.format) + ", " +
           std::to_string(sound.channels) + (sound.channels == 1 ? " channel" : " channels") +
           "; up to " + std::to_string(run.periods) + " periods of " +
           std::to_string(run.period_frames) + " frames with the device";
}

} // namespace

comparison compare(const wav_audio& sound, const std::vector<u8>& bytes) {
    const usize size = sound.samples.size();
    const auto differ = [&](usize at) {
        return comparison{
            .exact = false,
            .frame = at / sound.frame_bytes(),
            .channel = static_cast<u32>(at % sound.frame_bytes() / wav_sample_bytes(sound.format))};
    };
    const auto split =
        std::mismatch(sound.samples.begin(), sound.samples.end(), bytes.begin(), bytes.end());
    if (split.first != sound.samples.end()) {
        return differ(static_cast<usize>(split.first - sound.samples.begin()));
    }
    for (usize at = size; at < bytes.size(); ++at) {
        if (!is_silence(sound, bytes[at], at)) return differ(at);
    }
    return {.exact = true, .frame = 0, .channel = 0};
}

stream_life life_of(const session_record& run, const stream_record& stream, flow direction,
                    u32 rate_hz) {
    using model::trace_kind;
    const bool plays = direction == flow::playback;
    const double period_ms = 1000.0 * run.period_frames / rate_hz;
    stream_life life{.name = plays ? "playback" : "capture", .direction = direction, .periods = {}};
    double recorded_until = 0;
    for (const model::trace_event& each : run.trace) {
        if (each.stream != stream.id || each.queue != stream.queue) continue;
        const double at = ms_between(run.start_ns, each.time_ns);
        const usize number = static_cast<usize>(each.number);
        if (each.kind == trace_kind::buffer_seen) {
            period_life fresh;
            const bool known = number < stream.submitted_ns.size();
            fresh.silence = plays && !known;
            fresh.submitted_ms = known ? ms_between(run.start_ns, stream.submitted_ns[number]) : at;
            life.periods.push_back(fresh);
            continue;
        }
        if (number >= life.periods.size()) continue;
        period_life& period = life.periods[number];
        if (each.kind == trace_kind::period_taken) period.taken_ms = at;
        if (each.kind == trace_kind::period_completed) period.returned_ms = at;
        const bool heard =
            each.kind == (plays ? trace_kind::period_played : trace_kind::period_completed);
        if (heard && period.taken_ms != period_life::never) {
            period.ended_ms = at;
            period.begun_ms = at - period_ms;
            if (plays) continue;
            // A stop cuts the last period short, which then begins where the one before ended.
            period.begun_ms = std::max(period.begun_ms, recorded_until);
            recorded_until = at;
            // A recording device touches its buffer only when it has something to put there.
            period.taken_ms = std::min(period.taken_ms, period.begun_ms);
        }
    }
    return life;
}

stream_numbers numbers_of(const session_record& run, const stream_record& stream,
                          const stream_life& life, const wav_audio& sound) {
    stream_numbers numbers;
    double sum = 0;
    u64 heard = 0;
    for (const period_life& each : life.periods) {
        if (each.ended_ms == period_life::never || each.silence) continue;
        const double latency = life.direction == flow::playback ? each.begun_ms - each.submitted_ms
                                                                : each.returned_ms - each.begun_ms;
        sum += latency;
        numbers.greatest_latency_ms = std::max(numbers.greatest_latency_ms, latency);
        ++heard;
    }
    numbers.periods = heard;
    numbers.frames = stream.bytes.size() / sound.frame_bytes();
    if (heard == 0) return numbers;
    const double periods = static_cast<double>(heard);
    numbers.mean_latency_ms = sum / periods;
    numbers.doorbells_per_period =
        static_cast<double>(count_of(run, model::trace_kind::doorbell, stream.queue)) / periods;
    numbers.interrupts_per_period =
        static_cast<double>(count_of(run, model::trace_kind::interrupt, stream.queue)) / periods;
    return numbers;
}

timeline timeline_of(const session_record& run, const wav_audio& sound, const std::string& name) {
    timeline what;
    what.title = "vsnd-play: " + name;
    what.subtitle = describe(run, sound);
    what.streams = {life_of(run, run.playback, flow::playback, sound.rate_hz),
                    life_of(run, run.capture, flow::capture, sound.rate_hz)};
    what.marks = {marks_of(run, model::trace_kind::doorbell, "doorbells", mark_kind::doorbell),
                  marks_of(run, model::trace_kind::interrupt, "interrupts", mark_kind::interrupt)};
    for (const stream_life& each : what.streams)
        stretch(what, each);
    what.from_ms -= margin_ms;
    what.to_ms += margin_ms;
    what.peaks = peaks_of(sound);
    if (!what.streams[0].periods.empty() &&
        what.streams[0].periods[0].begun_ms != period_life::never) {
        what.sound_from_ms = what.streams[0].periods[0].begun_ms;
    }
    what.sound_to_ms =
        what.sound_from_ms + 1000.0 * static_cast<double>(sound.frames()) / sound.rate_hz;
    return what;
}

} // namespace vsnd::play
