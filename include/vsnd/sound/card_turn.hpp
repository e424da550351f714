#pragma once
// The card's turn: everything but a period's ordinary way (commit, and the completions that the hot
// pump handles) is done by one context at a time. Who finds the turn taken leaves a mark and goes,
// and the holder does that work before it gives the turn up. Nobody spins, and an interrupt never
// waits for what it has interrupted. No lock is held meanwhile.
//
// A small driver has no turn: its calls come from one CPU at a time.

#include <vsnd/sound/card.hpp>

namespace vsnd {

// Takes the turn. False: somebody has it, who will see the marks.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::take_turn([[maybe_unused]] u32 marks) {
    if constexpr (Limits::small) {
        return true;
    } else {
        queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
        return turn_.take(marks, context_of(*hooks_));
    }
}

// The same without a mark, for a thread that needs it now.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::wait_for_turn() {
    while (!take_turn(0)) {
        if constexpr (has_wait<hooks>) hooks_->wait(1'000'000);
    }
}

// Does what the marks say, and gives the turn up when there is none. The answer: whether there was.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::end_turn() {
    bool any = false;
    if constexpr (!Limits::small) {
        for (u32 marks = next_marks(); marks != 0; marks = next_marks()) {
            any = true;
            // Audio first: what came back must be seen before an answer that says it has.
            for (u32 queue = wire::SND_VQ_COUNT; queue-- != 0;)
                if ((marks >> queue & 1) != 0) look_at(queue);
            if ((marks & turn_type::configuration) != 0) check_device();
            if constexpr (Limits::resets) {
                if ((marks & turn_type::removal) != 0) lose_device();
                if ((marks & turn_type::suspension) != 0) suspend_now();
                if ((marks & turn_type::resumption) != 0) resume_now();
            }
            if ((marks & turn_type::operations) == 0) continue;
            for (stream_type& s : streams())
                s.carry_out();
        }
    }
    return any;
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::look_at_all() {
    for (u32 queue = wire::SND_VQ_COUNT; queue-- != 0;)
        look_at(queue);
}

// None: the turn is given up.
template <class Port, class Handler, class Limits>
u32 card<Port, Handler, Limits>::next_marks() {
    queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
    return turn_.next();
}

// Handles all completions of a queue, or leaves them to who pumps it just now: it will come here.
// With the turn.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::look_at(u32 queue) {
    while (reachable(queue) && ends_[queue].begin_pump() && pump_long(queue, default_budget)) {
    }
}

// A handler is called while a queue is pumped, or in the card's turn, so a call from who does that
// comes from a handler. While the device is set up again every pump is claimed, and nobody called.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::in_callback() {
    if (Limits::resets && load_relaxed(&setting_up_)) return false;
    for (endpoint_type& end : ends_) {
        if (end.pumped_by(context_of(*hooks_))) return true;
    }
    if constexpr (!Limits::small) {
        queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
        if constexpr (has_context<hooks>) return turn_.taken && turn_.owner == hooks_->context();
        return turn_.telling;
    }
    return false;
}

// With the turn, but perhaps in no pump.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::set_telling([[maybe_unused]] bool telling) {
    if constexpr (!Limits::small) {
        queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
        turn_.telling = telling;
    }
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::check_device() {
    if (Limits::resets && state() == card_state::failed) return;
    if (port_ != nullptr && needs_reset(*port_)) trouble(status_code::needs_reset);
}

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::away() const {
    if constexpr (Limits::resets) {
        const card_state at = state();
        if (at == card_state::recovering) return status_code::busy;
        if (at == card_state::suspended) return status_code::suspended;
    }
    return status_code::ok;
}

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::no_audio() const {
    const status_code code = away();
    if (ok(code)) return status_code::wrong_state;
    return code == status_code::busy ? status_code::would_block : code;
}

} // namespace vsnd
