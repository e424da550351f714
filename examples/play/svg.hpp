#pragma once
// The little SVG that the timeline needs. Coordinates are rounded to a tenth of a pixel, which
// keeps the file small and the same on every machine.

#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

namespace vsnd::play {

inline std::string svg_number(double value) {
    const double tenths = std::round(value * 10);
    char text[32];
    const bool whole = std::fmod(tenths, 10) == 0;
    std::snprintf(text, sizeof text, whole ? "%.0f" : "%.1f", tenths == 0 ? 0.0 : tenths / 10);
    return text;
}

// Text that may hold any byte of a file name, as XML 1.0 can carry it.
inline std::string svg_escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c; break;
        }
    }
    return out;
}

class svg_writer {
  public:
    void raw(std::string_view text) { text_ += text; }

    void rect(const char* style, double x, double y, double width, double height,
              const char* more = "") {
        text_ += "<rect class=\"";
        text_ += style;
        text_ += "\" x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" width=\"" +
                 svg_number(width) + "\" height=\"" + svg_number(height) + "\" " + more + "/>\n";
    }

    void words(const char* style, double x, double y, std::string_view text) {
        text_ += "<text class=\"";
        text_ += style;
        text_ += "\" x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\">" + svg_escape(text) +
                 "</text>\n";
    }

    // A path that is built up by the caller with move, across and so on; empty ones vanish.
    void path(const char* style, const std::string& steps) {
        if (steps.empty()) return;
        text_ += "<path class=\"";
        text_ += style;
        text_ += "\" d=\"" + steps + "\"/>\n";
    }

    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

// One step of a path: a letter and its numbers.
inline std::string svg_step(char letter, double first) {
    return std::string(1, letter).append(svg_number(first));
}
inline std::string svg_step(char letter, double first, double second) {
    return svg_step(letter, first).append(1, ' ').append(svg_number(second));
}

inline std::string svg_move(double x, double y) {
    return svg_step('M', x, y);
}
inline std::string svg_line_to(double x, double y) {
    return svg_step('L', x, y);
}
inline std::string svg_across(double x) {
    return svg_step('H', x);
}
inline std::string svg_up_down(double y) {
    return svg_step('V', y);
}
// A round dot: a line of no length with round ends, so that a row of dots is one path.
inline std::string svg_dot(double x, double y) {
    return svg_move(x, y) + "h0";
}

} // namespace vsnd::play
