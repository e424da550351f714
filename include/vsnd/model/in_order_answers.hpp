#pragma once
// With IN_ORDER: the buffers of a queue in the order in which they were made available, and the
// answers that may be written for them, one for as many as are done.
// Spec: [virtio 1.4] In-order use of descriptors

#include <deque>
#include <optional>

#include <vsnd/base/types.hpp>

namespace vsnd::model {

class in_order_answers {
  public:
    struct answer {
        u32 id;
        u32 written;
        u32 descriptors; // of the ring, all of them together
        u16 chains;
    };

    void clear() { waiting_.clear(); }
    void available(u16 head, u64 writable_bytes, u32 descriptors) {
        waiting_.push_back({head, 0, 0, writable_bytes, descriptors, false});
    }
    void done(u16 head, u32 id, u32 written) {
        for (waiting& w : waiting_) {
            if (w.head != head || w.done) continue;
            w.done = true;
            w.id = id;
            w.written = written;
            return;
        }
    }

    // One for the oldest that are done; nothing while the very oldest is not. Only buffers that were
    // used completely may be left out.
    std::optional<answer> next() {
        if (waiting_.empty() || !waiting_.front().done) return {};
        answer a{};
        bool whole = false;
        do {
            const waiting& w = waiting_.front();
            whole = w.written == w.writable_bytes;
            a = {w.id, w.written, a.descriptors + w.descriptors, static_cast<u16>(a.chains + 1)};
            waiting_.pop_front();
        } while (whole && !waiting_.empty() && waiting_.front().done);
        return a;
    }

  private:
    struct waiting {
        u16 head;
        u32 id;
        u32 written;
        u64 writable_bytes;
        u32 descriptors;
        bool done;
    };
    std::deque<waiting> waiting_;
};

} // namespace vsnd::model
