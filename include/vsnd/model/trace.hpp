#pragma once
// What happened, when: enough to draw a timeline of a stream, its doorbells and interrupts, and to
// tell the run as a conversation (conversation.hpp).

#include <vector>

#include <vsnd/base/types.hpp>

namespace vsnd::model {

enum class trace_kind : u8 {
    doorbell,     // number: how many chains were new
    interrupt,    // queue, or config_queue for a configuration change
    request,      // number: request code, extra: answer (0: none)
    buffer_seen,  // the device knows of a buffer; number: its ordinal in the stream; more: bytes
    period_taken, // the device turns to it, to read (tx) or fill (rx) it
    period_completed, // it is in the used ring; extra: latency_bytes; more: the code answered
    period_played,    // tx: its last frame left the converter (later than completed)
    stream_started,
    stream_stopped,
    underrun, // tx: the converter ran dry, rx: it had no buffer; number: the frame
    resumed,  // data again after an underrun; number: the frame
    event,    // number: event code, extra: data
    config_changed,
    needs_reset,
    reset,
    asked,          // a request came; number, extra, more: its first 24 bytes
    status_write,   // number: what the driver wrote
    status_refused, // FEATURES_OK did not stay
    features,       // number: what the driver accepted, extra: what was offered
    queue_enabled,  // number: its size, extra: 1 for a packed ring
    violation,      // number: which, extra: its place in the log of violations
    count_
};

struct trace_event {
    static constexpr u32 none = 0xffff'ffff;
    static constexpr u32 config_queue = 0xffff;
    u64 time_ns;
    trace_kind kind;
    u32 queue = none;
    u32 stream = none;
    u64 number = 0;
    u64 extra = 0;
    u64 more = 0;
};

constexpr const char* to_string(trace_kind kind) {
    constexpr const char* names[] = {"doorbell",       "interrupt",      "request",
                                     "buffer_seen",    "period_taken",   "period_completed",
                                     "period_played",  "stream_started", "stream_stopped",
                                     "underrun",       "resumed",        "event",
                                     "config_changed", "needs_reset",    "reset",
                                     "asked",          "status_write",   "status_refused",
                                     "features",       "queue_enabled",  "violation"};
    static_assert(sizeof(names) / sizeof(names[0]) == static_cast<usize>(trace_kind::count_));
    return names[static_cast<usize>(kind)];
}

class trace_log {
  public:
    void add(trace_event e) {
        if (on()) events_.push_back(e);
    }
    // A long soak needs no timeline: at 0 nothing is kept, and nothing is prepared for keeping.
    void limit(usize most) { limit_ = most; }
    bool on() const { return events_.size() < limit_; }
    const std::vector<trace_event>& events() const { return events_; }
    void clear() { events_.clear(); }

    usize count(trace_kind kind, u32 queue = trace_event::none) const {
        usize n = 0;
        for (const trace_event& e : events_)
            n += e.kind == kind && (queue == trace_event::none || e.queue == queue);
        return n;
    }

  private:
    std::vector<trace_event> events_;
    usize limit_ = 1'000'000;
};

} // namespace vsnd::model
