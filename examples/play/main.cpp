// vsnd-play [INPUT.wav] [-o DIRECTORY] [--trace[=full]] [--fault flip]
// Plays a WAV file through the driver into the model device, records it back, and says whether
// every bit arrived.

#include "melody.hpp"
#include "report.hpp"
#include "session.hpp"
#include "timeline.hpp"
#include "wav.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace {

using namespace vsnd;
using namespace vsnd::play;

constexpr const char* usage =
    "usage: vsnd-play [INPUT.wav] [-o DIRECTORY] [--trace[=full]] [--fault flip]";
constexpr const char* help =
    "Plays INPUT.wav, or a melody, through the driver into a model device, and records it back.\n"
    "  -o DIRECTORY   where played.wav, captured.wav and timeline.svg go (build/play)\n"
    "  --trace        prints what driver and device said to each other, and when; repeated\n"
    "                 periods are counted, with --trace=full each is told\n"
    "  --fault flip   the device spoils one bit, which must be found\n";

struct command_line {
    std::string input; // empty: the melody
    std::string directory = "build/play";
    bool flip = false;
    bool trace = false;
    bool trace_full = false;
    bool help = false;
    bool valid = true;
};

command_line parse(int count, char** words) {
    command_line line;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        const bool more = i + 1 < count;
        if (word == "-h" || word == "--help") {
            line.help = true;
        } else if (word == "-o" && more) {
            line.directory = words[++i];
        } else if (word == "--trace" || word == "--trace=full") {
            line.trace = true;
            line.trace_full = word != "--trace";
        } else if (word == "--fault" && more && std::string(words[i + 1]) == "flip") {
            line.flip = true;
            ++i;
        } else if (line.input.empty() && !word.empty() && word[0] != '-') {
            line.input = word;
        } else {
            line.valid = false;
        }
    }
    return line;
}

int complain(const std::string& what) {
    std::fprintf(stderr, "vsnd-play: %s\n", what.c_str());
    return 1;
}

// A bar that only ever grows, so that it looks right in a terminal and in a log.
class progress_bar {
  public:
    progress_bar() { std::printf("  playing and recording  ["); }
    void show(double part) {
        for (; drawn_ < static_cast<int>(part * width); ++drawn_)
            std::fputc('=', stdout);
        std::fflush(stdout);
    }
    void finish() { std::printf("]\n\n"); }

  private:
    static constexpr int width = 40;
    int drawn_ = 0;
};

void print_row(const char* name, const std::string& playback, const std::string& capture) {
    std::printf("  %-28s %10s %10s\n", name, playback.c_str(), capture.c_str());
}

std::string decimal(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
}

std::string outcome(const comparison& result) {
    return result.exact ? "yes" : "no";
}

void print_table(const stream_numbers& played, const stream_numbers& captured,
                 const session_record& run, const wav_audio& sound) {
    const auto count = [](u64 n) { return std::to_string(n); };
    print_row("", "playback", "capture");
    print_row("frames", count(played.frames), count(captured.frames));
    const u64 sound_frames = sound.frames();
    print_row("  of them silent, at the end",
              count(played.frames - std::min(played.frames, sound_frames)),
              count(captured.frames - std::min(captured.frames, sound_frames)));
    print_row("periods", count(played.periods), count(captured.periods));
    print_row("doorbells per period", decimal(played.doorbells_per_period),
              decimal(captured.doorbells_per_period));
    print_row("interrupts per period", decimal(played.interrupts_per_period),
              decimal(captured.interrupts_per_period));
    print_row("latency, mean (ms)", decimal(played.mean_latency_ms),
              decimal(captured.mean_latency_ms));
    print_row("latency, greatest (ms)", decimal(played.greatest_latency_ms),
              decimal(captured.greatest_latency_ms));
    print_row("gaps in the sound", count(run.playback.gaps), count(run.capture.gaps));
}

void print_difference(const char* what, const comparison& result) {
    if (result.exact) return;
    std::printf("  %s differs first at frame %llu, channel %u\n", what,
                static_cast<unsigned long long>(result.frame), result.channel);
}

bool write_text(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.flush();
    return static_cast<bool>(file);
}

// Writes the three results. Returns the one that could not be written, or nothing.
std::string write_results(const std::filesystem::path& directory, const session_record& run,
                          const wav_audio& sound, const std::string& name) {
    wav_audio out = sound;
    out.samples = run.playback.bytes;
    if (write_wav((directory / "played.wav").string(), out) != wav_fault::none) {
        return "played.wav";
    }
    out.samples = run.capture.bytes;
    if (write_wav((directory / "captured.wav").string(), out) != wav_fault::none) {
        return "captured.wav";
    }
    const std::string picture = draw_timeline(timeline_of(run, sound, name));
    return write_text(directory / "timeline.svg", picture) ? "" : "timeline.svg";
}

// Prints what came of the run; true: nothing was wrong with it.
bool judge(const session_record& run, const wav_audio& sound) {
    const stream_life played = life_of(run, run.playback, flow::playback, sound.rate_hz);
    const stream_life captured = life_of(run, run.capture, flow::capture, sound.rate_hz);
    print_table(numbers_of(run, run.playback, played, sound),
                numbers_of(run, run.capture, captured, sound), run, sound);
    const comparison heard = compare(sound, run.playback.bytes);
    const comparison recorded = compare(sound, run.capture.bytes);
    print_row("same bits", outcome(heard), outcome(recorded));
    std::printf("\n");
    print_difference("what was played", heard);
    print_difference("what was captured", recorded);
    for (const std::string& each : run.violations) {
        std::printf("  the driver broke: %s\n", each.c_str());
    }
    const bool exact = heard.exact && recorded.exact;
    std::printf("  bit-exact: %s\n", exact ? "yes" : "no");
    return exact && run.violations.empty() && run.playback.gaps + run.capture.gaps == 0;
}

int run_with(const command_line& line) {
    wav_reading input;
    if (line.input.empty()) {
        input.audio = make_melody();
    } else {
        input = read_wav(line.input);
        if (!input.ok()) return complain(line.input + ": " + input.text);
    }
    const wav_audio& sound = input.audio;
    std::error_code failed;
    std::filesystem::create_directories(line.directory, failed);
    if (failed) return complain(line.directory + ": " + failed.message());

    const std::string name =
        line.input.empty() ? "a melody" : std::filesystem::path(line.input).filename().string();
    std::printf("vsnd-play: %s, %u Hz, %s, %u channel%s, %.2f s\n", name.c_str(), sound.rate_hz,
                wav_format_name(sound.format), sound.channels, sound.channels == 1 ? "" : "s",
                static_cast<double>(sound.frames()) / sound.rate_hz);
    progress_bar bar;
    const session_record run =
        run_session(sound, {.flip_a_bit = line.flip,
                            .tell = line.trace,
                            .tell_all = line.trace_full,
                            .progress = [&bar](double part) { bar.show(part); }});
    bar.finish();
    for (const std::string& said : run.conversation)
        std::printf("%s\n", said.c_str());
    if (line.trace) std::printf("\n");
    if (!run.ok()) return complain(run.error);
    const std::string unwritten = write_results(line.directory, run, sound, name);
    if (!unwritten.empty()) return complain(line.directory + "/" + unwritten + ": cannot write it");
    const bool good = judge(run, sound);
    std::printf("  see %s/timeline.svg; hear played.wav and captured.wav beside it\n",
                line.directory.c_str());
    return good ? 0 : 1;
}

} // namespace

int main(int count, char** words) {
    const command_line line = parse(count, words);
    if (line.help) {
        std::printf("%s\n%s", usage, help);
        return 0;
    }
    if (!line.valid) return complain(usage);
    try {
        return run_with(line);
    } catch (const std::exception& fault) {
        return complain(fault.what());
    }
}
