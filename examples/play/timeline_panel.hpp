#pragma once
// One panel of the timeline: all rows, over one span of time.

#include "svg.hpp"
#include "timeline.hpp"

#include <string>
#include <vector>

namespace vsnd::play {

using usize_t = std::vector<int>::size_type;

struct time_span {
    double from_ms = 0;
    double to_ms = 0;
};

struct panel {
    std::string title;
    double from_ms = 0;
    double to_ms = 0;
    std::vector<time_span> lenses; // what other panels enlarge, shaded here
};

// Draws it from `y` down; returns its height.
double draw_panel(svg_writer& out, const timeline& what, const panel& which, double page_width,
                  double y);

} // namespace vsnd::play
