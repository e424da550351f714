#pragma once
// What one recorded event says, in words: who speaks on which queue, and what.
//
//     line_of(event)                     "  12.345 ms  driver -> control  PCM_START stream 0"
//     line_of(event, &device.violations())   the same; a broken clause with its circumstances

#include <cstdio>
#include <cstring>
#include <string>

#include <vsnd/model/profile.hpp>
#include <vsnd/model/sentence_names.hpp>
#include <vsnd/model/violations.hpp>
#include <vsnd/pcm/formats.hpp>

namespace vsnd::model {

namespace detail {

// Whole microseconds; no floating point, so that a line is the same everywhere.
inline std::string time_text(u64 ns) {
    char text[48];
    std::snprintf(text, sizeof(text), "%5llu.%03llu ms",
                  static_cast<unsigned long long>(ns / 1'000'000),
                  static_cast<unsigned long long>(ns / 1'000 % 1'000));
    return text;
}

// "driver -> tx      ": as wide as the longest.
inline std::string heading(bool driver, u32 queue) {
    std::string text = driver ? "driver -> " : "device -> ";
    text += queue == trace_event::none ? (driver ? "device" : "driver") : queue_name(queue);
    text.resize(greater(text.size(), usize{17}), ' ');
    return text + "  ";
}

inline std::string stream_text(const trace_event& e) {
    return "stream " + std::to_string(e.stream);
}
inline std::string period_text(const trace_event& e) {
    return "period " + std::to_string(e.number);
}

template <class Message>
Message message_of(const trace_event& e) {
    const u64 words[3] = {e.number, e.extra, e.more};
    static_assert(sizeof(Message) <= sizeof(words));
    Message m{};
    std::memcpy(&m, words, sizeof(m));
    return m;
}

inline std::string params_text(const wire::snd_pcm_set_params& p) {
    const u32 rate = rate_of(p.rate);
    std::string text = format_bits(p.format) != 0 ? to_string(static_cast<pcm_format>(p.format))
                                                  : "format " + std::to_string(p.format);
    text += ", " + std::to_string(p.channels) + (p.channels == 1 ? " channel, " : " channels, ");
    text += rate != 0 ? std::to_string(rate) + " Hz" : "rate " + std::to_string(p.rate);
    text += ", period " + std::to_string(p.period_bytes) + " bytes, buffer " +
            std::to_string(p.buffer_bytes);
    return p.features == 0 ? text : text + ", " + bits_text(p.features, pcm_feature_name);
}

inline std::string request_text(const trace_event& e) {
    const u32 code = message_of<wire::snd_hdr>(e).code;
    const std::string name = request_name(code);
    const auto id = [](u32 n) { return std::to_string(n); };
    switch (code) {
    case wire::SND_R_JACK_INFO:
    case wire::SND_R_PCM_INFO:
    case wire::SND_R_CHMAP_INFO:
    case wire::SND_R_CTL_INFO: {
        const auto q = message_of<wire::snd_query_info>(e);
        return name + " from " + id(q.start_id) + ", " + id(q.count) + " of " + id(q.size) +
               " bytes";
    }
    case wire::SND_R_JACK_REMAP: {
        const auto r = message_of<wire::snd_jack_remap>(e);
        return name + " jack " + id(r.hdr.jack_id) + ": association " + id(r.association) +
               ", sequence " + id(r.sequence);
    }
    case wire::SND_R_PCM_SET_PARAMS:
        return name + " " + stream_text(e) + ": " +
               params_text(message_of<wire::snd_pcm_set_params>(e));
    case wire::SND_R_PCM_PREPARE:
    case wire::SND_R_PCM_RELEASE:
    case wire::SND_R_PCM_START:
    case wire::SND_R_PCM_STOP: return name + " " + stream_text(e);
    default: break;
    }
    const bool element = code > wire::SND_R_CTL_INFO && code <= wire::SND_R_CTL_TLV_COMMAND;
    return element ? name + " element " + id(message_of<wire::snd_ctl_hdr>(e).control_id) : name;
}

inline std::string event_text(const trace_event& e) {
    const u32 data = static_cast<u32>(e.extra);
    const std::string id = std::to_string(data);
    switch (e.number) {
    case wire::SND_EVT_JACK_CONNECTED: return "JACK_CONNECTED jack " + id;
    case wire::SND_EVT_JACK_DISCONNECTED: return "JACK_DISCONNECTED jack " + id;
    case wire::SND_EVT_PCM_PERIOD_ELAPSED: return "PCM_PERIOD_ELAPSED stream " + id;
    case wire::SND_EVT_PCM_XRUN: return "PCM_XRUN stream " + id;
    case wire::SND_EVT_CTL_NOTIFY:
        return "CTL_NOTIFY element " + std::to_string(data & 0xffff) + ": " +
               bits_text(data >> 16, change_name);
    default: return "event " + std::to_string(e.number) + ", data " + id;
    }
}

inline std::string violation_text(const trace_event& e, const violation_log* log) {
    const auto what = static_cast<violation>(e.number);
    std::string text = "the driver broke " + to_string(what);
    if (log == nullptr || e.extra >= log->entries().size()) return text;
    const violation_log::entry& entry = log->entries()[static_cast<usize>(e.extra)];
    const bool same = entry.what == what && entry.time_ns == e.time_ns; // not of a cleared log
    return same ? text + " (" + entry.detail + ")" : text;
}

// An audio buffer on its way there and back.
inline std::string buffer_text(const trace_event& e) {
    const bool tx = e.queue == wire::SND_VQ_TX;
    const std::string size = std::to_string(e.more) + " bytes (" + period_text(e) + ")";
    switch (e.kind) {
    case trace_kind::buffer_seen: return stream_text(e) + (tx ? ": " : ": room for ") + size;
    case trace_kind::period_taken: return stream_text(e) + " begins " + period_text(e);
    case trace_kind::period_played: return stream_text(e) + " has played " + period_text(e);
    default: break;
    }
    return stream_text(e) + ": " + period_text(e) + " " + answer_name(static_cast<u32>(e.more)) +
           ", latency " + std::to_string(e.extra) + " bytes";
}

// Does the driver say it?
constexpr bool spoken_by_driver(trace_kind kind) {
    return kind == trace_kind::doorbell || kind == trace_kind::asked ||
           kind == trace_kind::buffer_seen || kind == trace_kind::reset ||
           kind == trace_kind::status_write || kind == trace_kind::features ||
           kind == trace_kind::queue_enabled;
}

inline std::string said(const trace_event& e, const violation_log* log) {
    const auto frame = [&e] { return " at frame " + std::to_string(e.number); };
    switch (e.kind) {
    case trace_kind::doorbell: return "doorbell, " + std::to_string(e.number) + " new";
    case trace_kind::interrupt: return "interrupt";
    case trace_kind::request:
        if (e.extra == 0) return "no answer to " + request_name(static_cast<u32>(e.number));
        return answer_name(static_cast<u32>(e.extra));
    case trace_kind::stream_started: return stream_text(e) + " runs";
    case trace_kind::stream_stopped: return stream_text(e) + " stands still";
    case trace_kind::underrun: return stream_text(e) + " has run dry" + frame();
    case trace_kind::resumed: return stream_text(e) + " goes on" + frame();
    case trace_kind::event: return event_text(e);
    case trace_kind::config_changed: return "the configuration has changed";
    case trace_kind::needs_reset: return "DEVICE_NEEDS_RESET";
    case trace_kind::reset: return "reset";
    case trace_kind::asked: return request_text(e);
    case trace_kind::status_write: return "status " + bits_text(e.number, status_name, " | ");
    case trace_kind::status_refused: return "refuses FEATURES_OK";
    case trace_kind::features:
        return "accepts " + bits_text(e.number, feature_name) + "; offered were " +
               bits_text(e.extra, feature_name);
    case trace_kind::queue_enabled:
        return "queue of " + std::to_string(e.number) + (e.extra != 0 ? ", packed" : ", split");
    case trace_kind::violation: return violation_text(e, log);
    default: return buffer_text(e);
    }
}

} // namespace detail

// One event as a line, without a line end. With the log of violations a broken clause comes with
// its circumstances.
inline std::string line_of(const trace_event& e, const violation_log* log = nullptr) {
    std::string text = detail::time_text(e.time_ns) + "  ";
    const bool loud = e.kind == trace_kind::violation;
    text += loud ? "!!!                " // as wide as a heading
                 : detail::heading(detail::spoken_by_driver(e.kind), e.queue);
    return text + detail::said(e, log);
}

} // namespace vsnd::model
