#pragma once
// The log of the clauses that a driver was seen to break: which, when, and how.

#include <string>
#include <utility>
#include <vector>

#include <vsnd/model/clauses.hpp>
#include <vsnd/model/trace.hpp>

namespace vsnd::model {

constexpr const clause& clause_of(violation v) {
    return clauses[static_cast<usize>(v)];
}

// "[virtio 1.4] Title: rule"
inline std::string to_string(violation v) {
    const clause& c = clause_of(v);
    return std::string("[virtio 1.4] ") + c.title + ": " + c.rule;
}

class violation_log {
  public:
    struct entry {
        violation what;
        u64 time_ns;
        std::string detail;
    };

    void add(violation what, u64 time_ns, std::string detail) {
        ++counts_[static_cast<usize>(what)];
        if (trace_ != nullptr)
            trace_->add({time_ns, trace_kind::violation, trace_event::none, trace_event::none,
                         static_cast<u64>(what), entries_.size()});
        if (entries_.size() < longest) entries_.push_back({what, time_ns, std::move(detail)});
    }
    void clear() {
        entries_.clear();
        for (u64& n : counts_)
            n = 0;
    }
    // Each is told there, too, among what else happened.
    void tell(trace_log& trace) { trace_ = &trace; }

    // No MUST was broken; advice may have been ignored.
    bool clean() const { return count_of(strength::must) == 0; }
    u64 count(violation what) const { return counts_[static_cast<usize>(what)]; }
    u64 count_of(strength force) const {
        u64 sum = 0;
        for (const clause& c : clauses)
            if (c.force == force) sum += count(c.id);
        return sum;
    }
    // The first `longest` of them, in the order in which they were seen.
    const std::vector<entry>& entries() const { return entries_; }

    // One line for each entry: time, name, clause, detail.
    std::string report() const {
        std::string text;
        for (const entry& e : entries_)
            text += std::to_string(e.time_ns) + " ns: " + clause_of(e.what).name + ": " +
                    to_string(e.what) + " (" + e.detail + ")\n";
        return text;
    }

  private:
    static constexpr usize longest = 1000;
    std::vector<entry> entries_;
    u64 counts_[static_cast<usize>(violation::count_)] = {};
    trace_log* trace_ = nullptr;
};

} // namespace vsnd::model
