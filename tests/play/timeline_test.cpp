// The picture of examples/play: right numbers, well-formed whatever the run was like.

#include <doctest/doctest.h>

#include <play/svg.hpp>
#include <play/timeline.hpp>

#include <string>
#include <vector>

using namespace vsnd::play;

namespace {

// Periods of 10 ms, two in flight, each played as the one before it ends.
stream_life regular(const char* name, flow direction, int count) {
    stream_life stream{.name = name, .direction = direction, .periods = {}};
    for (int i = 0; i < count; ++i) {
        const double begun = 10.0 * i;
        const double submitted = i < 2 ? -1.0 : begun - 9.0;
        stream.periods.push_back({.submitted_ms = submitted,
                                  .taken_ms = submitted + 1,
                                  .returned_ms = begun + 10,
                                  .begun_ms = begun,
                                  .ended_ms = begun + 10});
    }
    return stream;
}

timeline run_of(int periods) {
    timeline what;
    what.title = "a <title> & \"more\"";
    what.subtitle = "a subtitle";
    what.from_ms = -1;
    what.to_ms = 10.0 * periods;
    what.streams = {regular("playback", flow::playback, periods),
                    regular("capture", flow::capture, periods)};
    mark_row bells{.name = "doorbells", .kind = mark_kind::doorbell, .times_ms = {}};
    mark_row news{.name = "interrupts", .kind = mark_kind::interrupt, .times_ms = {}};
    for (int i = 0; i < periods; ++i) {
        bells.times_ms.push_back(10.0 * i + 1);
        news.times_ms.push_back(10.0 * i + 10);
    }
    what.marks = {bells, news};
    what.peaks.assign(100, 0.5);
    what.sound_to_ms = what.to_ms;
    return what;
}

int count_of(const std::string& text, const std::string& part) {
    int count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

bool shows(const std::string& svg, const std::string& words) {
    return svg.find(std::string(">").append(words).append("</text>")) != std::string::npos;
}

// Every element is closed, quotes pair up, and no number went wrong.
bool well_formed(const std::string& svg) {
    std::vector<std::string> open;
    for (auto at = svg.find('<'); at != std::string::npos; at = svg.find('<', at + 1)) {
        const auto end = svg.find('>', at);
        if (end == std::string::npos) return false;
        const std::string tag = svg.substr(at + 1, end - at - 1);
        if (tag.find('<') != std::string::npos || count_of(tag, "\"") % 2 != 0) return false;
        const std::string name = tag.substr(0, tag.find(' '));
        if (name[0] == '/') {
            if (open.empty() || open.back() != name.substr(1)) return false;
            open.pop_back();
        } else if (tag.back() != '/') {
            open.push_back(name);
        }
    }
    return open.empty() && svg.find("nan") == std::string::npos &&
           svg.find("inf") == std::string::npos;
}

} // namespace

TEST_CASE("timeline: the queue depth goes up at submission and down at return") {
    const std::vector<depth_step> steps = queue_depth(regular("p", flow::playback, 4));
    REQUIRE(steps.size() == 8);
    const int depths[] = {1, 2, 1, 2, 1, 2, 1, 0};
    const double times[] = {-1, -1, 10, 11, 20, 21, 30, 40};
    for (unsigned i = 0; i < 8; ++i) {
        CHECK(steps[i].depth == depths[i]);
        CHECK(steps[i].at_ms == times[i]);
    }
}

TEST_CASE("timeline: a period that never came back stays in the queue") {
    stream_life stream = regular("p", flow::playback, 2);
    stream.periods[1].returned_ms = period_life::never;
    CHECK(queue_depth(stream).back().depth == 1);
    stream.periods[1].submitted_ms = period_life::never;
    CHECK(queue_depth(stream).back().depth == 0);
    CHECK(queue_depth(stream_life{}).empty());
}

TEST_CASE("timeline: ticks are 1, 2 or 5 times a power of ten") {
    CHECK(tick_step(200, 10) == doctest::Approx(20));
    CHECK(tick_step(5801, 10) == doctest::Approx(1000));
    CHECK(tick_step(1000, 10) == doctest::Approx(100));
    CHECK(tick_step(3, 10) == doctest::Approx(0.5));
    CHECK(tick_step(3600000, 10) == doctest::Approx(500000));
    CHECK(tick_step(0, 10) > 0);
    CHECK(tick_step(100, 0) > 0);
}

TEST_CASE("timeline: a short run has one panel, a long one its beginning and end enlarged") {
    const std::string brief = draw_timeline(run_of(20));
    const std::string longer = draw_timeline(run_of(50));
    const std::string longest = draw_timeline(run_of(300));
    CHECK(count_of(brief, "class=\"frame\"") == 1);
    CHECK(count_of(longer, "class=\"frame\"") == 2);
    CHECK(count_of(longest, "class=\"frame\"") == 3);
    CHECK(count_of(longest, "class=\"lens\"") == 2);
    CHECK(longest.find("The beginning") != std::string::npos);
    CHECK(longest.find("The end") != std::string::npos);
}

TEST_CASE("timeline: everything of the run is in it") {
    const std::string svg = draw_timeline(run_of(20));
    CHECK(well_formed(svg));
    for (const char* name : {"playback", "capture", "submitted", "taken", "played", "recorded",
                             "queue depth", "doorbells", "interrupts", "sound", "ms"}) {
        CAPTURE(name);
        CHECK(shows(svg, name));
    }
    // Enlarged, each period carries its number, in both streams.
    for (int i = 0; i < 20; ++i) {
        const std::string label = "class=\"number\"";
        CHECK(shows(svg, std::to_string(i)));
        CHECK(count_of(svg, label) == 40);
    }
    CHECK(svg.find("a &lt;title&gt; &amp; &quot;more&quot;") != std::string::npos);
}

TEST_CASE("timeline: an hour of sound is hardly larger than a minute") {
    const auto minute = draw_timeline(run_of(6000)).size();
    const auto hour = draw_timeline(run_of(360000)).size();
    CHECK(hour < 2 * minute);
    CHECK(hour < 1000000);
}

TEST_CASE("timeline: runs that went wrong are drawn too") {
    CHECK(well_formed(draw_timeline(timeline{})));
    timeline odd = run_of(10);
    for (stream_life& stream : odd.streams) {
        for (period_life& each : stream.periods)
            each = period_life{};
    }
    odd.peaks.clear();
    CHECK(well_formed(draw_timeline(odd)));
    odd.streams[0].periods = {{.submitted_ms = 5,
                               .taken_ms = period_life::never,
                               .returned_ms = 3,
                               .begun_ms = 9,
                               .ended_ms = 7}};
    odd.to_ms = odd.from_ms;
    CHECK(well_formed(draw_timeline(odd)));
    odd.title = std::string("\x01 <\x7f");
    CHECK(draw_timeline(odd).find("? &lt;?") != std::string::npos);
}

TEST_CASE("timeline: numbers are short and never minus zero") {
    CHECK(svg_number(12) == "12");
    CHECK(svg_number(12.34) == "12.3");
    CHECK(svg_number(-0.04) == "0");
    CHECK(svg_number(-1.25) == "-1.3");
    CHECK(svg_number(0.96) == "1");
}
