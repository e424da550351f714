// The page: title, legend, and one panel for each span of time that is worth looking at.

#include "timeline.hpp"

#include "svg.hpp"
#include "timeline_panel.hpp"

#include <algorithm>
#include <cmath>

namespace vsnd::play {
namespace {

constexpr double page_width = 1280;
constexpr double zoom_ms = 200;
constexpr double header_height = 92;

// One class for each thing that is drawn, named after what it means.
constexpr const char* style_sheet = R"(<style>
text { font-family: "DejaVu Sans", "Segoe UI", Helvetica, Arial, sans-serif; fill: #334155 }
.title { font-size: 20px; font-weight: 600; fill: #0f172a }
.subtitle { font-size: 13px; fill: #475569 }
.panel-title { font-size: 14px; font-weight: 600; fill: #0f172a }
.row { font-size: 11px; text-anchor: end; fill: #475569 }
.stream { font-size: 12px; font-weight: 600; text-anchor: end; fill: #0f172a }
.tick { font-size: 11px; text-anchor: middle; fill: #475569 }
.unit, .key { font-size: 11px; fill: #475569 }
.scale { font-size: 9px; text-anchor: end; fill: #94a3b8 }
.number { font-size: 9px; text-anchor: middle; fill: #ffffff }
.page { fill: #ffffff }
.frame { fill: #f8fafc; stroke: #cbd5e1 }
.grid { stroke: #e2e8f0; fill: none }
.rule { stroke: #e2e8f0; fill: none }
.lens { fill: #fde68a; fill-opacity: 0.35 }
.sound { fill: #94a3b8 }
.playback-bar { fill: #2563eb } .playback-bar-odd { fill: #5b8def }
.playback-dot { stroke: #2563eb; stroke-width: 5; stroke-linecap: round; fill: none }
.playback-tick { stroke: #2563eb; stroke-width: 1; fill: none }
.playback-way { stroke: #2563eb; stroke-opacity: 0.35; fill: none }
.playback-depth { fill: #2563eb; fill-opacity: 0.25; stroke: #2563eb }
.capture-bar { fill: #0f766e } .capture-bar-odd { fill: #34a59b }
.capture-dot { stroke: #0f766e; stroke-width: 5; stroke-linecap: round; fill: none }
.capture-tick { stroke: #0f766e; stroke-width: 1; fill: none }
.capture-way { stroke: #0f766e; stroke-opacity: 0.35; fill: none }
.capture-depth { fill: #0f766e; fill-opacity: 0.25; stroke: #0f766e }
.silence-bar { fill: #cbd5e1 }
.doorbell { stroke: #d97706; stroke-width: 1.4; fill: none }
.interrupt { stroke: #db2777; stroke-width: 1.4; fill: none }
</style>
)";

// Draws the keys from the right edge inwards, so that they never collide with the titles.
void draw_legend(svg_writer& out) {
    const double y = 80;
    double x = 132;
    const auto key = [&](const char* text, double width) {
        out.words("key", x + 24, y + 4, text);
        x += width;
    };
    out.path("playback-dot", svg_dot(x + 14, y));
    key("submitted, taken", 130);
    out.rect("playback-bar", x + 2, y - 6, 9, 12);
    out.rect("playback-bar-odd", x + 11, y - 6, 9, 12);
    key("a period played", 125);
    out.rect("capture-bar", x + 2, y - 6, 9, 12);
    out.rect("capture-bar-odd", x + 11, y - 6, 9, 12);
    key("a period recorded", 138);
    out.rect("silence-bar", x + 2, y - 6, 18, 12);
    key("silence after the end", 158);
    out.path("playback-depth", svg_move(x, y + 6) + svg_up_down(y) + svg_across(x + 7) +
                                   svg_up_down(y - 6) + svg_across(x + 13) + svg_up_down(y + 1) +
                                   svg_across(x + 20) + svg_up_down(y + 6));
    key("periods with the device", 168);
    out.path("doorbell", svg_move(x + 8, y - 6) + svg_up_down(y + 6) + svg_move(x + 14, y - 6) +
                             svg_up_down(y + 6));
    key("doorbell", 90);
    out.path("interrupt", svg_move(x + 8, y - 6) + svg_up_down(y + 6) + svg_move(x + 14, y - 6) +
                              svg_up_down(y + 6));
    key("interrupt", 0);
}

std::vector<panel> choose_panels(const timeline& what) {
    const double length = what.to_ms - what.from_ms;
    const bool enlarge = length > 1.5 * zoom_ms;
    std::vector<panel> panels{
        {.title = "The whole run", .from_ms = what.from_ms, .to_ms = what.to_ms, .lenses = {}}};
    if (!enlarge) return panels;
    panels.push_back({.title = "The beginning",
                      .from_ms = what.from_ms,
                      .to_ms = what.from_ms + zoom_ms,
                      .lenses = {}});
    if (length > 3 * zoom_ms) {
        panels.push_back({.title = "The end",
                          .from_ms = what.to_ms - zoom_ms,
                          .to_ms = what.to_ms,
                          .lenses = {}});
    }
    for (usize_t i = 1; i < panels.size(); ++i) {
        panels[0].lenses.push_back({.from_ms = panels[i].from_ms, .to_ms = panels[i].to_ms});
    }
    return panels;
}

} // namespace

std::string draw_timeline(const timeline& what) {
    timeline sane = what;
    if (!(sane.to_ms > sane.from_ms)) sane.to_ms = sane.from_ms + 1;
    svg_writer body;
    double y = header_height;
    for (const panel& each : choose_panels(sane)) {
        y += draw_panel(body, sane, each, page_width, y) + 30;
    }
    svg_writer page;
    const std::string size =
        "width=\"" + svg_number(page_width) + "\" height=\"" + svg_number(y) + "\"";
    page.raw("<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + " viewBox=\"0 0 " +
             svg_number(page_width) + " " + svg_number(y) + "\">\n");
    page.raw(style_sheet);
    page.rect("page", 0, 0, page_width, y);
    page.words("title", 24, 34, sane.title);
    page.words("subtitle", 24, 56, sane.subtitle);
    draw_legend(page);
    page.raw(body.take());
    page.raw("</svg>\n");
    return page.take();
}

} // namespace vsnd::play
