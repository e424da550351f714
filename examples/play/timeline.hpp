#pragma once
// A picture of a run: what became of each period, how full the queues were, and what it cost in
// doorbells and interrupts. Drawn as SVG, which every browser shows.

#include <string>
#include <vector>

namespace vsnd::play {

// The life of one period, in milliseconds from the start of the streams (what the driver filled
// beforehand has times below 0). A step that never happened is `never`.
struct period_life {
    static constexpr double never = -1e300;

    double submitted_ms = never; // the driver gave it to the device
    double taken_ms = never;     // the device read its descriptors
    double returned_ms = never;  // the device gave it back
    double begun_ms = never;     // its first frame was played or recorded
    double ended_ms = never;     // and its last
    bool silence = false;        // the driver's own, after the end of the sound
};

enum class flow { playback, capture };

struct stream_life {
    std::string name;
    flow direction = flow::playback;
    std::vector<period_life> periods; // in the order of submission
};

enum class mark_kind { doorbell, interrupt };

// Something that happens at moments, such as "doorbells".
struct mark_row {
    std::string name;
    mark_kind kind = mark_kind::doorbell;
    std::vector<double> times_ms; // ascending
};

struct timeline {
    std::string title;
    std::string subtitle;
    double from_ms = 0;
    double to_ms = 0;
    std::vector<stream_life> streams;
    std::vector<mark_row> marks;
    // The loudness of what was played, 0 to 1, evenly spread from `sound_from_ms` on.
    std::vector<double> peaks;
    double sound_from_ms = 0;
    double sound_to_ms = 0;
};

// How many periods the driver had handed over and not got back, after each change.
struct depth_step {
    double at_ms = 0;
    int depth = 0;
};
std::vector<depth_step> queue_depth(const stream_life& stream);

// A distance of 1, 2 or 5 times a power of ten, that divides `span_ms` into about `wanted` parts.
double tick_step(double span_ms, int wanted);

// The whole picture: an overview, and where the run is long, its beginning and its end enlarged.
std::string draw_timeline(const timeline& what);

} // namespace vsnd::play
