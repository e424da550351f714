#pragma once
// What happened, when: enough to draw a timeline of a stream, its doorbells and interrupts.

#include <utility>
#include <vector>

#include <vsnd/base/types.hpp>

namespace vsnd::model {

enum class trace_kind : u8 {
    doorbell,         // number: how many chains were new
    interrupt,        // queue, or config_queue for a configuration change
    request,          // number: request code, extra: answer (0: none)
    buffer_seen,      // the device knows of a buffer; number: its ordinal in the stream
    period_taken,     // the device turns to it, to read (tx) or fill (rx) it
    period_completed, // it is in the used ring; extra: latency_bytes
    period_played,    // tx: its last frame left the converter (later than completed)
    stream_started,
    stream_stopped,
    underrun, // tx: the converter ran dry, rx: it had no buffer; number: the frame
    resumed,  // data again after an underrun; number: the frame
    event,    // number: event code, extra: data
    config_changed,
    needs_reset,
    reset,
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
};

constexpr const char* to_string(trace_kind kind) {
    constexpr const char* names[] = {
        "doorbell",         "interrupt",     "request",        "buffer_seen",    "period_taken",
        "period_completed", "period_played", "stream_started", "stream_stopped", "underrun",
        "resumed",          "event",         "config_changed", "needs_reset",    "reset"};
    return names[static_cast<usize>(kind)];
}

class trace_log {
  public:
    void add(trace_event e) {
        if (events_.size() < limit_) events_.push_back(e);
    }
    void limit(usize most) { limit_ = most; } // a long soak needs no timeline
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
