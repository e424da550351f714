#pragma once
// Completions and time.

#include <vsnd/sound/card.hpp>

namespace vsnd {

// The hot pump handles what is ordinary and calls nothing but the handler: a call in here would
// cost the saving of registers on every pump. All else is left to pump_on, for good.
template <class Port, class Handler, class Limits>
template <u32 Queue>
VSND_HOT bool card<Port, Handler, Limits>::pump() {
    endpoint_type& end = ends_[Queue];
    if (!end.begin_pump()) return false;
    if constexpr (is_audio(Queue) && has_take_and_arm<queue_type> && !Limits::small) {
        // What the device says it wrote to tx is of no use, and devices disagree about it.
        const auto good = [](cookie what, auto written) {
            const message& m = *static_cast<message*>(what);
            if (Queue == wire::SND_VQ_RX && !stream_of(m).recorded_whole(written())) return false;
            return m.ordinary();
        };
        [[maybe_unused]] stream_type* last = nullptr;
        const auto handle = [&](cookie what) {
            message& m = *static_cast<message*>(what);
            stream_type& s = stream_of(m);
            s.template completed_well<Queue == wire::SND_VQ_TX>(m);
            if constexpr (keeps_time) {
                // A batch is of one stream, mostly. The clocks of others are fed the long way.
                if (last != &s && last != nullptr) [[unlikely]] {
                    last->time_.fresh_ = true;
                    end.leave_clocks();
                }
                last = &s;
            }
            tell_period(s);
        };
        const bool done = end.queue().take_and_arm(end.skipped(), good, handle);
        if constexpr (keeps_time) {
            if (last != nullptr) last->feed_clock(hooks_->now_ns());
            if (done && !end.finish_pump()) [[unlikely]]
                return pump_on_clocks(Queue);
            if (done) return false;
        }
        if (!done || !end.finish_pump()) [[unlikely]]
            return pump_on(Queue, default_budget);
        return false;
    } else {
        return pump_on(Queue, default_budget);
    }
}

// A batch of several streams.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::pump_on_clocks(u32 queue) {
    const u64 now = hooks_->now_ns();
    for (stream_type& s : streams())
        if (s.end_ == &ends_[queue]) s.feed_if_fresh(now);
    return ends_[queue].finish_clocks() ? false : pump_on(queue, default_budget);
}

// The clocks hear of what came the long way, periods go back by them, and what waited for it goes on.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::caught_up(u32 queue) {
    if (Limits::small || !is_audio(queue)) return;
    [[maybe_unused]] u64 now = 0;
    if constexpr (keeps_time) now = hooks_->now_ns();
    for (stream_type& s : streams()) {
        if (s.end_ != &ends_[queue]) continue;
        if constexpr (keeps_time) s.caught_up(now);
        s.seen_all();
    }
}

template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::pump_on(u32 queue, u32 budget) {
    if constexpr (Limits::small) {
        return pump_long(queue, budget);
    } else {
        if (!take_turn(0)) {
            // In this order: who has the turn must find the pump free.
            ends_[queue].leave_pump();
            if (take_turn(u32{1} << queue)) (void)end_turn();
            return false;
        }
        const bool more = pump_long(queue, budget);
        (void)end_turn();
        return more;
    }
}

// With the turn.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::pump_long(u32 queue, u32 budget) {
    endpoint_type& end = ends_[queue];
    for (; budget != 0 && ok(failure_); --budget) {
        if constexpr (Limits::small) {
            const used u = end.next();
            if (u.type == used::kind::nothing) return false;
            completed(queue, u);
        } else {
            const used u = end.take();
            if (u.type != used::kind::nothing) {
                completed(queue, u);
                continue;
            }
            caught_up(queue);
            if (end.rest(interrupt_after(queue))) return false;
        }
    }
    if (Limits::resets && !ok(failure_)) {
        end.end_claim(); // no doorbell
    } else {
        end.leave_pump();
    }
    return ok(failure_);
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::completed(u32 queue, used u) {
    if (u.type == used::kind::dropped) {
        ++counters_.unknown_ids;
        if (ends_[queue].broken()) trouble(status_code::device_broken);
        return;
    }
    if (queue == wire::SND_VQ_CONTROL) return control_answered(control_.complete(u.what));
    if (queue == wire::SND_VQ_EVENT) return event_arrived(u.what);
    message& m = *static_cast<message*>(u.what);
    stream_of(m).completed(m, u.written);
}

template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::pump(u32 queue, u32 budget) {
    if (!reachable(queue) || budget == 0) return false;
    if constexpr (!Limits::small) {
        if (queue == wire::SND_VQ_TX && !Limits::playback) return false;
        if (queue == wire::SND_VQ_RX && !Limits::capture) return false;
        if (budget >= default_budget) {
            if (queue == wire::SND_VQ_TX) return pump<wire::SND_VQ_TX>();
            if (queue == wire::SND_VQ_RX) return pump<wire::SND_VQ_RX>();
        }
    }
    if (!ends_[queue].begin_pump()) return false;
    return pump_on(queue, budget);
}

template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::pump_all(u32 budget) {
    bool more = false;
    // Audio first: what came back must be seen before an answer that says it has.
    static_assert(wire::SND_VQ_CONTROL < wire::SND_VQ_EVENT &&
                  wire::SND_VQ_EVENT < wire::SND_VQ_TX && wire::SND_VQ_TX < wire::SND_VQ_RX);
    for (u32 queue = wire::SND_VQ_COUNT; queue-- != 0;)
        more |= pump(queue, budget);
    return more;
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::complete(u32 queue, used u) {
    if (!reachable(queue) || u.type == used::kind::nothing) return;
    // A pump of one completion, so that the handler is in a callback here too.
    const bool claimed = ends_[queue].begin_pump();
    const bool mine = take_turn(0);
    completed(queue, u);
    caught_up(queue);
    if (claimed) ends_[queue].leave_pump();
    if (mine) (void)end_turn();
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::control_answered(const control_answer& answer) {
    if (answer.late) {
        ++counters_.late_answers;
        if constexpr (has_items<Limits>) this->item_returned(answer.owner);
    } else if (answer.owner == card_itself) {
        got_streams(answer.code);
    } else if (has_items<Limits> && owns_items(answer.owner)) {
        if constexpr (has_items<Limits>) this->item_answered(answer);
    } else {
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
    bool owed = false;
    if constexpr (Limits::resets) rescue_.owed[i] = owed = state() == card_state::suspended;
    if (!owed) (void)ends_[wire::SND_VQ_EVENT].post(event_chains_[i]);
    ++counters_.events;
    handle_event(code, data);
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::handle_event(u32 code, u32 data) {
    if (code == wire::SND_EVT_PCM_XRUN && find(data) != nullptr) return tell_xrun(streams_[data]);
    if (period_event(code, data)) return;
    if constexpr (has_items<Limits>) {
        if (this->item_event(code, data)) return;
    }
    ++counters_.stray_events;
}

// Whether it says that a period of a stream has passed. Where code counts, only with a handler.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::period_event(u32 code, u32 data) {
    constexpr bool told = requires(Handler & h, stream_type & s) {
        h.period_elapsed(s);
    };
    if constexpr (told || !Limits::small) {
        if (code != wire::SND_EVT_PCM_PERIOD_ELAPSED || find(data) == nullptr) return false;
        if constexpr (told) handler_.period_elapsed(streams_[data]);
        return true;
    }
    return false;
}

// How many completions of a queue may pass before the next interrupt.
template <class Port, class Handler, class Limits>
u32 card<Port, Handler, Limits>::interrupt_after(u32 queue) {
    const u32 every = ends_[queue].policy().interrupt_every;
    u32 k = every;
    if (Limits::small || every == 1) return 1;
    for (const stream_type& s : streams()) {
        if (s.end_ == &ends_[queue]) k = lesser(k, s.interrupt_after(every));
    }
    return k;
}

template <class Port, class Handler, class Limits>
VSND_HOT void card<Port, Handler, Limits>::tell_period(stream_type& s) {
    if constexpr (requires { handler_.period_done(s); }) handler_.period_done(s);
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::tell_xrun(stream_type& s) {
    if constexpr (requires { handler_.xrun(s); }) handler_.xrun(s);
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::tell_recovered(stream_type& s, status_code code) {
    tell(*hooks_, {trace_step::recovery, s.id_, static_cast<u32>(code)});
    if constexpr (requires { handler_.recovered(s, code); }) {
        set_telling(true);
        handler_.recovered(s, code);
        set_telling(false);
    }
}

template <class Port, class Handler, class Limits>
u64 card<Port, Handler, Limits>::tick(u64 now) {
    if (load_acquire(&port_) == nullptr) return ~u64{0};
    if (!take_turn(0)) return now + shortly_;
    const u64 next = tick_on(now);
    // What was carried out meanwhile may want to be looked at sooner.
    return end_turn() ? lesser(next, now + shortly_) : next;
}

template <class Port, class Handler, class Limits>
u64 card<Port, Handler, Limits>::tick_on(u64 now) {
    u64 next = ~u64{0};
    if constexpr (Limits::resets) {
        rescue_.late = has_clock<hooks> && now - now_ > time_limit_ / 2;
        now_ = now;
        if (!step(now, next)) return next;
    }
    now_ = now;
    if (!reachable(wire::SND_VQ_CONTROL) || state() == card_state::failed) return next;
    control_.tick(now, next);
    if (state() == card_state::opening && !before(now, deadline_, next)) {
        if (overdue(card_itself, deadline_, now)) got_streams(status_code::timed_out);
    }
    if constexpr (has_items<Limits>) this->tick_items(now, next);
    for (stream_type& s : streams())
        next = lesser(next, s.tick(now));
    if (Limits::playback) ends_[wire::SND_VQ_TX].kick();
    if (Limits::capture) ends_[wire::SND_VQ_RX].kick();
    return next;
}

} // namespace vsnd
