#pragma once
// From the call of an operation to its beginning: the caller takes the stream, and who has the
// card's turn carries it out.

#include <vsnd/sound/stream.hpp>

namespace vsnd {

// Takes the stream for an operation, or says why not; then nothing has changed. `mine`: the turn,
// if the task can be carried out now.
template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::called(stream_goal goal, status_code legal,
                                                  [[maybe_unused]] stream_task task,
                                                  [[maybe_unused]] bool& mine) {
    if (card_ == nullptr) return status_code::wrong_state;
    if (card_->in_callback()) return status_code::wrong_context;
    [[maybe_unused]] auto held = card_->ends_[wire::SND_VQ_CONTROL].lock();
    if (!ok(card_->away())) return card_->away();
    if (!ok(card_->failure())) return card_->failure();
    if (!card_->is_open()) return status_code::wrong_state;
    // Opened anew, the device has no such stream any more.
    if (!Limits::small && id_ >= card_->stream_count_) return status_code::wrong_state;
    if constexpr (Limits::small) {
        if (pending_) return status_code::busy;
        if (!ok(legal)) return legal;
        begin(goal);
        store_release(&outcome_, status_code::in_progress);
    } else {
        if (request_.busy) return status_code::busy;
        if (!ok(legal)) return legal;
        request_.busy = true;
        request_.goal = goal;
        store_release(&outcome_, status_code::in_progress);
        if (task == stream_task::drain) store_relaxed(&this->closing_, true);
        if (task != stream_task::called) mine = call_for(task);
    }
    return status_code::ok;
}

// With the control queue's lock held. The answer: whether the turn is the caller's.
template <class Port, class Handler, class Limits>
bool stream<Port, Handler, Limits>::call_for(stream_task task) {
    request_.task = task;
    return card_->turn_.take(card_->turn_.operations, context_of(*card_->hooks_));
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::begin(stream_goal goal) {
    pending_ = true;
    goal_ = goal;
    verdict_ = status_code::ok;
}

// For an operation of the card's own, with the turn. False: one of the user's is under way.
template <class Port, class Handler, class Limits>
bool stream<Port, Handler, Limits>::claim(stream_goal goal) {
    if constexpr (Limits::small) {
        if (pending_) return false;
        outcome_ = status_code::in_progress;
    } else {
        queue_lock<hooks_type<Port>> held(*card_->hooks_, wire::SND_VQ_CONTROL);
        if (request_.busy) return false;
        request_.busy = true;
        store_release(&outcome_, status_code::in_progress);
    }
    begin(goal);
    return true;
}

template <class Port, class Handler, class Limits>
bool stream<Port, Handler, Limits>::busy() {
    if (card_ == nullptr || card_->hooks_ == nullptr) return false;
    queue_lock<hooks_type<Port>> held(*card_->hooks_, wire::SND_VQ_CONTROL);
    return request_.busy;
}

template <class Port, class Handler, class Limits>
template <stream_task Task>
status_code stream<Port, Handler, Limits>::operate(stream_goal goal, status_code legal) {
    bool mine = true;
    const status_code refused = called(goal, legal, Task, mine);
    if (!ok(refused)) return refused;
    if constexpr (Limits::small) {
        carry<Task>();
    } else {
        if (mine) card_->end_turn();
    }
    return outcome();
}

// What an operation does first.
template <class Port, class Handler, class Limits>
template <stream_task Task>
void stream<Port, Handler, Limits>::carry() {
    using enum stream_task;
    if constexpr (Task == prepare) return prepare_now(request_.params, request_.memory);
    if constexpr (Task == drain) return drain_now();
    if constexpr (Task == recover) return recover_now();
    if constexpr (Task == drop) prepare_again_ = true;
    if constexpr (Task == drop || Task == release) this->take_audio(false);
    advance();
}

// Carries out what was called for. With the turn.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::carry_out() {
    if constexpr (!Limits::small) {
        using enum stream_task;
        stream_task task = none;
        status_code away = status_code::ok;
        {
            queue_lock<hooks_type<Port>> held(*card_->hooks_, wire::SND_VQ_CONTROL);
            if (request_.task == called) return;
            task = request_.task;
            request_.task = none;
            away = ok(card_->failure()) ? card_->away() : card_->failure();
        }
        if (task == none) return;
        if (!ok(away)) return finish(away);
        begin(request_.goal);
        switch (task) {
        case none:
        case stream_task::called: return;
        case go: return carry<go>();
        case stream_task::prepare: return carry<stream_task::prepare>();
        case stream_task::drop: return carry<stream_task::drop>();
        case stream_task::release: return carry<stream_task::release>();
        case stream_task::drain: return carry<stream_task::drain>();
        case stream_task::recover: return carry<stream_task::recover>();
        }
    }
}

// The card is closed.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::end() {
    bool any = false;
    {
        [[maybe_unused]] auto held = card_->ends_[wire::SND_VQ_CONTROL].lock();
        any = request_.busy;
        request_.task = stream_task::none;
    }
    if (any) finish(status_code::wrong_state);
}

} // namespace vsnd
