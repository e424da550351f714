// The rows of a panel. Whatever is closer together than the eye can part is drawn once, so that
// the picture of an hour is no larger than that of a minute.

#include "timeline_panel.hpp"

#include <algorithm>
#include <cmath>

namespace vsnd::play {
namespace {

constexpr double label_width = 132;
constexpr double right_margin = 24;
constexpr double row_height = 24;
constexpr double mark_height = 18;
constexpr double depth_height = 46;
constexpr double sound_height = 56;

// Where the time of a panel lies on the page.
struct ruler {
    double from_ms;
    double to_ms;
    double left;
    double right;

    double x(double ms) const { return left + (ms - from_ms) / (to_ms - from_ms) * (right - left); }
    bool holds(double ms) const { return ms >= from_ms && ms <= to_ms; }
    double clipped(double ms) const { return x(std::clamp(ms, from_ms, to_ms)); }
    double pixels(double ms) const { return ms / (to_ms - from_ms) * (right - left); }
};

struct styles {
    const char* bar;
    const char* odd;
    const char* dot;
    const char* tick;
    const char* way;
    const char* depth;
};

constexpr styles styles_of(flow direction) {
    if (direction == flow::playback) {
        return {"playback-bar",  "playback-bar-odd", "playback-dot",
                "playback-tick", "playback-way",     "playback-depth"};
    }
    return {"capture-bar",  "capture-bar-odd", "capture-dot",
            "capture-tick", "capture-way",     "capture-depth"};
}

// Two marks nearer than this are one.
constexpr double finest_pixels = 0.7;

void draw_grid(svg_writer& out, const ruler& time, double top, double bottom) {
    const double step = tick_step(time.to_ms - time.from_ms, 10);
    std::string lines;
    for (double k = std::ceil(time.from_ms / step); k * step <= time.to_ms; ++k) {
        const double at = time.x(k * step);
        lines += svg_move(at, top) + svg_up_down(bottom);
        out.words("tick", at, bottom + 15, svg_number(k * step));
    }
    out.path("grid", lines);
    out.words("unit", time.left - 34, bottom + 15, "ms");
}

// The loudest of the peaks from one index to another, whatever part of them exists.
double loudest(const std::vector<double>& peaks, double from, double to) {
    const double count = static_cast<double>(peaks.size());
    if (!(to >= 0) || !(from < count)) return 0;
    const usize_t first = static_cast<usize_t>(std::max(from, 0.0));
    const usize_t last = static_cast<usize_t>(std::min(to, count - 1));
    double peak = 0;
    for (usize_t i = first; i <= last && i < peaks.size(); ++i)
        peak = std::max(peak, peaks[i]);
    return std::min(peak, 1.0);
}

void draw_sound(svg_writer& out, const timeline& what, const ruler& time, double y) {
    out.words("row", time.left - 10, y + sound_height / 2 + 4, "sound");
    const double length = what.sound_to_ms - what.sound_from_ms;
    const double middle = y + sound_height / 2;
    const double per_ms = static_cast<double>(what.peaks.size()) / length;
    const double column_ms = (time.to_ms - time.from_ms) / (time.right - time.left);
    std::string upper;
    std::string lower;
    for (double x = time.left; x < time.right; x += 1) {
        const double from = time.from_ms + (x - time.left) * column_ms - what.sound_from_ms;
        const double high = 0.5 + loudest(what.peaks, from * per_ms, (from + column_ms) * per_ms) *
                                      (sound_height / 2 - 3);
        upper += upper.empty() ? svg_move(x, middle - high) : svg_line_to(x, middle - high);
        lower.insert(0, svg_line_to(x, middle + high));
    }
    out.path("sound", upper + lower + "Z");
}

// Dots where they can be told apart, ticks where they cannot.
void draw_moments(svg_writer& out, const stream_life& stream, double period_life::*when,
                  const ruler& time, double y, bool roomy) {
    std::string steps;
    double last = -1e9;
    for (const period_life& each : stream.periods) {
        const double at = each.*when;
        if (!time.holds(at) || time.x(at) - last < finest_pixels) continue;
        last = time.x(at);
        steps += roomy ? svg_dot(last, y) : svg_move(last, y - 6) + svg_up_down(y + 6);
    }
    const styles style = styles_of(stream.direction);
    out.path(roomy ? style.dot : style.tick, steps);
}

// The part of a straight line that lies within the panel.
std::string clipped_line(const ruler& time, double from_ms, double from_y, double to_ms,
                         double to_y) {
    if (from_ms == period_life::never || to_ms < time.from_ms || from_ms > time.to_ms) return "";
    const double slope = to_ms > from_ms ? (to_y - from_y) / (to_ms - from_ms) : 0;
    const double first = std::max(from_ms, time.from_ms);
    const double last = std::min(to_ms, time.to_ms);
    const bool whole = last == to_ms;
    return svg_move(time.x(first), from_y + slope * (first - from_ms)) +
           svg_line_to(time.x(last), whole ? to_y : from_y + slope * (last - from_ms));
}

// The way of each period from one row to the next: its slope is the time it waited.
void draw_ways(svg_writer& out, const stream_life& stream, const ruler& time, double submitted_y,
               double taken_y, double begun_y) {
    std::string steps;
    for (const period_life& each : stream.periods) {
        steps += clipped_line(time, each.submitted_ms, submitted_y, each.taken_ms, taken_y);
        steps += clipped_line(time, each.taken_ms, taken_y, each.begun_ms, begun_y);
    }
    out.path(styles_of(stream.direction).way, steps);
}

void draw_bars(svg_writer& out, const stream_life& stream, const ruler& time, double y,
               bool roomy) {
    const styles style = styles_of(stream.direction);
    std::string even;
    std::string odd;
    std::string silence;
    double covered = time.left - 1e6;
    for (usize_t i = 0; i < stream.periods.size(); ++i) {
        const period_life& each = stream.periods[i];
        if (each.begun_ms == period_life::never || each.ended_ms == period_life::never) continue;
        if (each.ended_ms <= time.from_ms || each.begun_ms >= time.to_ms) continue;
        const double left = time.clipped(each.begun_ms);
        const double right = std::max(time.clipped(each.ended_ms), left + 0.3);
        if (right - covered < finest_pixels) continue;
        covered = right;
        std::string& into = each.silence ? silence : i % 2 == 0 ? even : odd;
        into +=
            svg_move(left, y - 8) + svg_across(right) + svg_up_down(y + 8) + svg_across(left) + "Z";
    }
    out.path(style.bar, even);
    out.path(style.odd, odd);
    out.path("silence-bar", silence);
    for (usize_t i = 0; roomy && i < stream.periods.size(); ++i) {
        const period_life& each = stream.periods[i];
        if (!time.holds(each.begun_ms) || !time.holds(each.ended_ms)) continue;
        const double middle = time.x((each.begun_ms + each.ended_ms) / 2);
        out.words("number", middle, y + 3, std::to_string(i));
    }
}

// A staircase; a column of pixels in which it goes up and down shows its full height there.
void draw_depth(svg_writer& out, const stream_life& stream, const ruler& time, double y) {
    const std::vector<depth_step> steps = queue_depth(stream);
    int highest = 1;
    for (const depth_step& each : steps)
        highest = std::max(highest, each.depth);
    const double base = y + depth_height - 4;
    const double unit = (depth_height - 10) / highest;
    const auto level = [&](int depth) { return base - unit * depth; };
    std::string line = svg_move(time.left, base);
    int depth = 0;
    int low = 0;
    int high = 0;
    double column = time.left;
    const auto finish_column = [&] {
        if (high != depth) line += svg_up_down(level(high));
        if (low != depth && low != high) line += svg_up_down(level(low));
        line += svg_up_down(level(depth));
    };
    for (const depth_step& each : steps) {
        if (each.at_ms > time.to_ms) break;
        const double x = time.clipped(each.at_ms);
        if (x - column >= finest_pixels) {
            finish_column();
            line += svg_across(x);
            column = x;
            low = high = depth;
        }
        depth = each.depth;
        low = each.at_ms < time.from_ms ? depth : std::min(low, depth);
        high = each.at_ms < time.from_ms ? depth : std::max(high, depth);
    }
    finish_column();
    line += svg_across(time.right) + svg_up_down(base);
    out.path(styles_of(stream.direction).depth, line + "Z");
    out.words("row", time.left - 26, y + depth_height / 2 + 4, "queue depth");
    out.words("scale", time.left - 8, level(highest) + 5, std::to_string(highest));
    out.words("scale", time.left - 8, base + 2, "0");
}

bool is_roomy(const stream_life& stream, const ruler& time) {
    double count = 0;
    for (const period_life& each : stream.periods)
        count += time.holds(each.ended_ms) ? 1 : 0;
    return (time.right - time.left) / std::max(1.0, count) > 18;
}

double draw_stream(svg_writer& out, const stream_life& stream, const ruler& time, double y) {
    const bool plays = stream.direction == flow::playback;
    const bool roomy = is_roomy(stream, time);
    const double first = y + 24;
    const double second = first + row_height;
    const double third = second + row_height;
    out.words("stream", time.left - 10, y + 10, stream.name);
    out.words("row", time.left - 10, first + 4, "submitted");
    out.words("row", time.left - 10, second + 4, "taken");
    out.words("row", time.left - 10, third + 4, plays ? "played" : "recorded");
    if (roomy) draw_ways(out, stream, time, first, second, third - 8);
    draw_moments(out, stream, &period_life::submitted_ms, time, first, roomy);
    draw_moments(out, stream, &period_life::taken_ms, time, second, roomy);
    draw_bars(out, stream, time, third, roomy);
    draw_depth(out, stream, time, third + 12);
    return third + 12 + depth_height - y;
}

void draw_marks(svg_writer& out, const mark_row& row, const ruler& time, double y) {
    out.words("row", time.left - 10, y + mark_height / 2 + 4, row.name);
    std::string steps;
    double last = -1e9;
    for (const double at : row.times_ms) {
        if (!time.holds(at) || time.x(at) - last < finest_pixels) continue;
        last = time.x(at);
        steps += svg_move(last, y + 3) + svg_up_down(y + mark_height - 3);
    }
    out.path(row.kind == mark_kind::doorbell ? "doorbell" : "interrupt", steps);
}

double panel_height(const timeline& what) {
    const double stream = 24 + 2 * row_height + 12 + depth_height + 8;
    return (what.peaks.empty() ? 0 : sound_height) +
           stream * static_cast<double>(what.streams.size()) +
           mark_height * static_cast<double>(what.marks.size()) + 12;
}

} // namespace

double tick_step(double span_ms, int wanted) {
    const double rough = span_ms / std::max(1, wanted);
    if (!(rough > 0) || !std::isfinite(rough)) return 1;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (power * factor >= rough * 0.999) return power * factor;
    }
    return power * 10;
}

std::vector<depth_step> queue_depth(const stream_life& stream) {
    std::vector<depth_step> changes;
    for (const period_life& each : stream.periods) {
        if (each.submitted_ms == period_life::never) continue;
        changes.push_back({.at_ms = each.submitted_ms, .depth = 1});
        if (each.returned_ms != period_life::never) {
            changes.push_back({.at_ms = each.returned_ms, .depth = -1});
        }
    }
    // At the same moment the one that came back counts first: it made the room.
    std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) {
        return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.depth < b.depth;
    });
    int depth = 0;
    for (depth_step& each : changes) {
        depth = std::max(0, depth + each.depth);
        each.depth = depth;
    }
    return changes;
}

double draw_panel(svg_writer& out, const timeline& what, const panel& which, double page_width,
                  double y) {
    const ruler time{which.from_ms, which.to_ms, label_width, page_width - right_margin};
    const double top = y + 26;
    const double height = panel_height(what);
    out.words("panel-title", 24, y + 16, which.title);
    out.rect("frame", time.left, top, time.right - time.left, height);
    for (const time_span& lens : which.lenses) {
        const double left = time.clipped(lens.from_ms);
        out.rect("lens", left, top, time.clipped(lens.to_ms) - left, height);
    }
    draw_grid(out, time, top, top + height);
    double row = top + 4;
    if (!what.peaks.empty()) {
        draw_sound(out, what, time, row);
        row += sound_height;
    }
    for (const stream_life& stream : what.streams) {
        row += draw_stream(out, stream, time, row) + 8;
    }
    for (const mark_row& marks : what.marks) {
        draw_marks(out, marks, time, row);
        row += mark_height;
    }
    return 26 + height + 20;
}

} // namespace vsnd::play
