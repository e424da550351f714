#pragma once
// A run as a conversation between driver and device: who said what on which queue, when, and what
// the answer was.
//
//       12.345 ms  driver -> control  PCM_SET_PARAMS stream 0: S16, 2 channels, 48000 Hz, ...
//       12.345 ms  device -> control  OK
//       21.000 ms  driver -> tx       stream 0: 4096 bytes (period 7)
//      940.000 ms  ... tx             stream 0: 46 more periods, 46 answered OK; 46 doorbells
//
//     for (const std::string& line : conversation(device.trace(), device.violations()))
//         puts(line.c_str());
//
// Between two other lines only the first two of a kind of traffic are told, the rest is counted.

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <vsnd/model/sentence.hpp>

namespace vsnd::model {

struct conversation_options {
    bool full = false; // every period, and what the device does with it
    u32 told = 2;      // of a kind of traffic, before the rest is counted
};

namespace detail {

class conversation_writer {
  public:
    conversation_writer(const violation_log& log, conversation_options options)
        : log_(log), options_(options) {}

    void add(const trace_event& e) {
        if (options_.full) return write(line_of(e, &log_));
        if (is_inner(e)) return;
        if (!is_traffic(e))
            fold();
        else if (!told(e))
            return;
        write(line_of(e, &log_));
    }

    std::vector<std::string> end() {
        fold();
        return std::move(lines_);
    }

  private:
    // Queue, stream, kind, and what tells those of a kind apart: the code.
    using traffic = std::tuple<u32, u32, trace_kind, u64>;
    struct tally {
        u32 told = 0;
        u64 more = 0;
    };

    void write(std::string line) { lines_.push_back(std::move(line)); }

    // What a device does by itself, period by period.
    static bool is_inner(const trace_event& e) {
        return e.kind == trace_kind::period_taken || e.kind == trace_kind::period_played;
    }
    // What goes on all the time while a stream runs.
    static bool is_traffic(const trace_event& e) {
        switch (e.kind) {
        case trace_kind::doorbell:
        case trace_kind::interrupt:
            return e.queue != wire::SND_VQ_CONTROL && e.queue < wire::SND_VQ_COUNT;
        case trace_kind::buffer_seen:
        case trace_kind::period_completed: return true;
        case trace_kind::event: return e.number == wire::SND_EVT_PCM_PERIOD_ELAPSED;
        default: return false;
        }
    }
    static u64 code_of(const trace_event& e) {
        return e.kind == trace_kind::period_completed ? e.more
               : e.kind == trace_kind::event          ? e.extra
                                                      : 0;
    }

    // False: it is only counted.
    bool told(const trace_event& e) {
        tally& t = tallies_[{e.queue, e.stream, e.kind, code_of(e)}];
        if (t.told < options_.told) return ++t.told, true;
        ++t.more;
        until_ns_ = e.time_ns;
        return false;
    }

    static std::string counted(const traffic& what, u64 n) {
        const auto kind = std::get<trace_kind>(what);
        const u64 code = std::get<u64>(what);
        const std::string count = std::to_string(n);
        const std::string plural = n == 1 ? "" : "s";
        switch (kind) {
        case trace_kind::buffer_seen: return count + " more period" + plural;
        case trace_kind::period_completed:
            return count + " answered " + answer_name(static_cast<u32>(code));
        case trace_kind::event:
            return count + " PCM_PERIOD_ELAPSED of stream " + std::to_string(code);
        default: return count + " " + to_string(kind) + plural;
        }
    }

    // A line for each queue that has said more than was told.
    void fold() {
        std::map<u32, std::string> queues;
        u32 last = trace_event::none;
        for (const auto& [what, t] : tallies_) {
            if (t.more == 0) continue;
            std::string& text = queues[std::get<0>(what)];
            const u32 stream = std::get<1>(what); // doorbells and interrupts have none
            const bool other = text.empty() || stream != last;
            if (!text.empty()) text += other ? "; " : ", ";
            if (other && stream != trace_event::none)
                text += "stream " + std::to_string(stream) + ": ";
            text += counted(what, t.more);
            last = stream;
        }
        for (const auto& [queue, text] : queues) {
            std::string line = time_text(until_ns_) + "  ... ";
            line += queue_name(queue);
            line.resize(line.size() + 15 - queue_name(queue).size(), ' ');
            line += text;
            write(std::move(line));
        }
        tallies_.clear();
    }

    const violation_log& log_;
    conversation_options options_;
    std::vector<std::string> lines_;
    std::map<traffic, tally> tallies_;
    u64 until_ns_ = 0;
};

} // namespace detail

// The lines of a run, in the order of time, without line ends.
inline std::vector<std::string> conversation(const trace_log& trace, const violation_log& log,
                                             conversation_options options = {}) {
    // What is noticed late (a stream that ran dry) is recorded late, with its true time.
    std::vector<trace_event> events = trace.events();
    std::stable_sort(events.begin(), events.end(), [](const trace_event& a, const trace_event& b) {
        return a.time_ns < b.time_ns;
    });
    detail::conversation_writer writer(log, options);
    for (const trace_event& e : events)
        writer.add(e);
    return writer.end();
}

} // namespace vsnd::model
