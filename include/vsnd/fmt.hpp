#pragma once
// Formatters for the fmt library: what the driver and the model say of themselves, as
// fmt::format("{}", x). Hosted, and for those who ask: no other header includes this one, and only
// it needs fmt. A width and an alignment may be given, as for any string.
//
//     fmt::print("{}: {}\n", stream.state(), stream.info());
//     for (const auto& e : device.trace().events())
//         fmt::print("{}\n", e);

#include <string>

#include <fmt/format.h>

#include <vsnd/model/sentence.hpp>
#include <vsnd/pcm/channels.hpp>
#include <vsnd/sound/card.hpp>

namespace vsnd::formatting {

// Of what has a name.
template <class T>
requires requires(T value) {
    fmt::string_view(to_string(value));
}
fmt::string_view of(T value) {
    return to_string(value);
}

inline std::string of(const pcm_params& p) {
    return fmt::format("{}, {} channel{}, {} Hz, {} x {} frames", to_string(p.format), p.channels,
                       p.channels == 1 ? "" : "s", p.rate_hz, p.periods, p.period_frames) +
           (p.features == 0 ? std::string()
                            : ", " + model::bits_text(p.features, model::pcm_feature_name));
}

inline std::string of(const stream_info& info) {
    if (!info.usable) return "not usable";
    const auto format = [](u32 i) { return to_string(static_cast<pcm_format>(i)); };
    const auto rate = [](u32 i) { return to_string(static_cast<pcm_rate>(i)); };
    return fmt::format("{}, {} to {} channels, formats {}, rates {}, features {}",
                       to_string(info.flow), info.channels_min, info.channels_max,
                       model::bits_text(info.formats, format), model::bits_text(info.rates, rate),
                       model::bits_text(info.features, model::pcm_feature_name));
}

inline std::string of(const stream_counters& c) {
    return fmt::format("xruns {}, I/O errors {}, short captures {}, bad lengths {}, stalls {}, "
                       "recoveries {}",
                       c.xruns, c.io_errors, c.short_captures, c.bad_lengths, c.stalls,
                       c.recoveries);
}

inline std::string of(const card_counters& c) {
    return fmt::format("unknown ids {}, late answers {}, malformed infos {}, events {}, "
                       "stray events {}",
                       c.unknown_ids, c.late_answers, c.malformed_infos, c.events, c.stray_events);
}

inline std::string of(const trace_note& note) {
    const std::string who =
        note.stream == card_itself ? "card" : fmt::format("stream {}", note.stream);
    const auto what = [&note]() -> std::string {
        switch (note.what) {
        case trace_step::request: return model::request_name(note.number);
        case trace_step::state: return to_string(static_cast<stream_state>(note.number));
        default: return to_string(static_cast<status_code>(note.number));
        }
    };
    return fmt::format("{}: {}: {}", who, to_string(note.what), what());
}

inline std::string of(const model::trace_event& e) {
    return model::line_of(e);
}
inline std::string of(model::violation v) {
    return model::to_string(v);
}
inline std::string of(const model::violation_log::entry& e) {
    return model::to_string(e.what) + " (" + e.detail + ")";
}

// Formats as the text of a value.
template <class T>
struct formatter : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const T& value, Context& context) const {
        const auto words = of(value);
        return fmt::formatter<fmt::string_view>::format(words, context);
    }
};

} // namespace vsnd::formatting

template <>
struct fmt::formatter<vsnd::status_code> : vsnd::formatting::formatter<vsnd::status_code> {};
template <>
struct fmt::formatter<vsnd::pcm_format> : vsnd::formatting::formatter<vsnd::pcm_format> {};
template <>
struct fmt::formatter<vsnd::pcm_rate> : vsnd::formatting::formatter<vsnd::pcm_rate> {};
template <>
struct fmt::formatter<vsnd::channel_position>
    : vsnd::formatting::formatter<vsnd::channel_position> {};
template <>
struct fmt::formatter<vsnd::direction> : vsnd::formatting::formatter<vsnd::direction> {};
template <>
struct fmt::formatter<vsnd::card_state> : vsnd::formatting::formatter<vsnd::card_state> {};
template <>
struct fmt::formatter<vsnd::stream_state> : vsnd::formatting::formatter<vsnd::stream_state> {};
template <>
struct fmt::formatter<vsnd::stream_command> : vsnd::formatting::formatter<vsnd::stream_command> {};
template <>
struct fmt::formatter<vsnd::pcm_params> : vsnd::formatting::formatter<vsnd::pcm_params> {};
template <>
struct fmt::formatter<vsnd::stream_info> : vsnd::formatting::formatter<vsnd::stream_info> {};
template <>
struct fmt::formatter<vsnd::stream_counters> : vsnd::formatting::formatter<vsnd::stream_counters> {
};
template <>
struct fmt::formatter<vsnd::card_counters> : vsnd::formatting::formatter<vsnd::card_counters> {};
template <>
struct fmt::formatter<vsnd::trace_note> : vsnd::formatting::formatter<vsnd::trace_note> {};
template <>
struct fmt::formatter<vsnd::model::trace_kind>
    : vsnd::formatting::formatter<vsnd::model::trace_kind> {};
template <>
struct fmt::formatter<vsnd::model::trace_event>
    : vsnd::formatting::formatter<vsnd::model::trace_event> {};
template <>
struct fmt::formatter<vsnd::model::violation>
    : vsnd::formatting::formatter<vsnd::model::violation> {};
template <>
struct fmt::formatter<vsnd::model::violation_log::entry>
    : vsnd::formatting::formatter<vsnd::model::violation_log::entry> {};
