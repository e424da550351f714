#pragma once
// Completions and time.

#include <vsnd/sound/card.hpp>

namespace vsnd {

template <class Port, class Handler, class Limits>
template <u32 Queue>
VSND_HOT bool card<Port, Handler, Limits>::pump(u32 budget) {
    endpoint_type& end = ends_[Queue];
    if (!end.begin_pump()) return false;
    do {
        for (;;) {
            const used u = end.take();
            if (u.type == used::kind::nothing) break;
            if (u.type == used::kind::completed) [[likely]] {
                completed<Queue>(u);
            } else {
                unknown_completion(end);
            }
            if (--budget == 0 || !ok(failure_)) [[unlikely]] {
                end.kick();
                end.leave_pump();
                return ok(failure_);
            }
        }
    } while (!end.end_pump([this] { return interrupt_after<Queue>(); }));
    return false;
}

template <class Port, class Handler, class Limits>
template <u32 Queue>
VSND_HOT void card<Port, Handler, Limits>::completed(const used& u) {
    if constexpr (Queue == wire::SND_VQ_TX) {
        message& m = *static_cast<message*>(u.what);
        stream_type& s = static_cast<stream_type&>(*m.owner);
        if (m.silence) [[unlikely]]
            return s.silence_done(m);
        s.played(m);
        if (s.dry()) [[unlikely]]
            s.ran_dry();
        tell_period(s);
    } else if constexpr (Queue == wire::SND_VQ_RX) {
        message& m = *static_cast<message*>(u.what);
        stream_type& s = static_cast<stream_type&>(*m.owner);
        s.recorded(m, u.written);
        if (s.dry()) [[unlikely]]
            s.ran_dry();
        tell_period(s);
    } else if constexpr (Queue == wire::SND_VQ_CONTROL) {
        control_answered(control_.complete(u.what));
    } else {
        event_arrived(u.what);
    }
}

template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::pump(u32 queue, u32 budget) {
    if (!reachable(queue)) return false;
    switch (queue) {
    case wire::SND_VQ_CONTROL: return pump<wire::SND_VQ_CONTROL>(budget);
    case wire::SND_VQ_EVENT: return pump<wire::SND_VQ_EVENT>(budget);
    case wire::SND_VQ_TX:
        if constexpr (Limits::playback) return pump<wire::SND_VQ_TX>(budget);
        break;
    case wire::SND_VQ_RX:
        if constexpr (Limits::capture) return pump<wire::SND_VQ_RX>(budget);
        break;
    default: break;
    }
    return false;
}

template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::pump_all(u32 budget) {
    bool more = false;
    // Audio first: what came back must be seen before an answer that says it has.
    constexpr u32 order[] = {wire::SND_VQ_TX, wire::SND_VQ_RX, wire::SND_VQ_EVENT,
                             wire::SND_VQ_CONTROL};
    for (const u32 queue : order)
        more |= pump(queue, budget);
    return more;
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::complete(u32 queue, const used& u) {
    if (!reachable(queue) || u.type == used::kind::nothing) return;
    if (u.type == used::kind::dropped) return unknown_completion(ends_[queue]);
    switch (queue) {
    case wire::SND_VQ_CONTROL: return completed<wire::SND_VQ_CONTROL>(u);
    case wire::SND_VQ_EVENT: return completed<wire::SND_VQ_EVENT>(u);
    case wire::SND_VQ_TX:
        if constexpr (Limits::playback) return completed<wire::SND_VQ_TX>(u);
        break;
    case wire::SND_VQ_RX:
        if constexpr (Limits::capture) return completed<wire::SND_VQ_RX>(u);
        break;
    default: break;
    }
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::unknown_completion(endpoint_type& end) {
    ++counters_.unknown_ids;
    if (end.broken()) fail(status_code::device_broken);
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::control_answered(const control_answer& answer) {
    if (answer.late) {
        ++counters_.late_answers;
    } else if (answer.owner == card_itself) {
        got_streams(answer.code);
    } else if (answer.owner < stream_count_) {
        streams_[answer.owner].answered(answer.code);
    }
}

// Events are copied and their buffer goes back before anybody hears of them.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::event_arrived(cookie what) {
    auto* const event = static_cast<wire::snd_event*>(what);
    const u32 code = load_relaxed(&event->hdr.code);
    const u32 data = load_relaxed(&event->data);
    const usize i = static_cast<usize>(event - shared_->events);
    (void)ends_[wire::SND_VQ_EVENT].post(event_chains_[i]);
    ++counters_.events;
    handle_event(code, data);
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::handle_event(u32 code, u32 data) {
    if (code == wire::SND_EVT_PCM_XRUN && find(data) != nullptr) return tell_xrun(streams_[data]);
    ++counters_.stray_events;
}

template <class Port, class Handler, class Limits>
template <u32 Queue>
u32 card<Port, Handler, Limits>::interrupt_after() {
    u32 k = ends_[Queue].policy().interrupt_every;
    if (k == 1 || Queue == wire::SND_VQ_CONTROL || Queue == wire::SND_VQ_EVENT) return 1;
    const bool tx = Queue == wire::SND_VQ_TX;
    for (u32 id = 0; id < stream_count_; ++id) {
        if (streams_[id].playback() == tx) k = lesser(k, streams_[id].interrupt_after(k));
    }
    return k;
}

template <class Port, class Handler, class Limits>
VSND_HOT void card<Port, Handler, Limits>::tell_period(stream_type& s) {
    if constexpr (requires { handler_.period_done(s); }) {
        callback_in_ = context_of(*hooks_) + 1;
        handler_.period_done(s);
        callback_in_ = 0;
    }
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::tell_xrun(stream_type& s) {
    if constexpr (requires { handler_.xrun(s); }) {
        callback_in_ = context_of(*hooks_) + 1;
        handler_.xrun(s);
        callback_in_ = 0;
    }
}

template <class Port, class Handler, class Limits>
u64 card<Port, Handler, Limits>::tick(u64 now) {
    now_ = now;
    u64 next = ~u64{0};
    if (port_ == nullptr || state_ == card_state::failed) return next;
    for (;;) {
        const control_answer overdue = control_.expire(now, next);
        if (overdue.late) break;
        control_answered(overdue);
        if (port_ == nullptr) return ~u64{0};
    }
    for (u32 id = 0; id < stream_count_; ++id)
        streams_[id].tick(now, next);
    if constexpr (Limits::playback) {
        if (reachable(wire::SND_VQ_TX)) ends_[wire::SND_VQ_TX].kick();
    }
    if constexpr (Limits::capture) {
        if (reachable(wire::SND_VQ_RX)) ends_[wire::SND_VQ_RX].kick();
    }
    return next;
}

} // namespace vsnd
