#pragma once
// Getting a stream going again: STOP, RELEASE, SET_PARAMS, PREPARE, what was not played queued
// again in its order, START. The watchdog asks for it when the device falls silent.

#include <vsnd/sound/stream.hpp>

namespace vsnd {

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::recover_async() {
    status_code legal = legal_if(state() == stream_state::running);
    if (ok(legal) && this->playback() && this->in_flight() == 0) legal = status_code::would_block;
    return operate<stream_task::recover>(stream_state::released, legal);
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::recover_now() {
    if constexpr (Limits::small) {
        recovery_begins();
    } else {
        look_now(sequel::recovery);
    }
}

// Nobody completes a period meanwhile.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::recovery_begins() {
    prepare_again_ = true;
    if constexpr (Limits::resets) rescue_.as = stream_state::running;
    tell(*this->hooks_, {trace_step::recovery, id_, static_cast<u32>(status_code::in_progress)});
    store_relaxed(&this->not_now_, status_code::would_block); // for the user's periods
    this->take_audio(false); // and none is posted behind those that are marked now
    {
        // From here on a completion is a period that comes back unplayed.
        [[maybe_unused]] auto held = this->end_->lock();
        recovering_ = true;
        store_relaxed(&this->advance_frames_, usize{0});
        // A small driver sees to it when it does.
        for (u32 i = 0; i < this->params_.periods && !Limits::small; ++i) {
            message& m = this->messages_[i];
            m.again = this->playback() && m.at(place::device);
        }
    }
    advance();
}

// Prepared again. The ring goes round from the next period to fill, so the oldest comes first.
template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::queue_again() {
    message* m = this->head_;
    for (u32 i = 0; i < this->params_.periods; ++i, m = m->next) {
        if (!m->again) continue;
        m->again = false;
        [[maybe_unused]] auto held = this->end_->lock();
        const status_code posted = this->hand_over(*m);
        if (!ok(posted)) return posted;
    }
    return status_code::ok;
}

// No completion for the longest of four periods, the buffer and `least_stall_ns` is a stall. A
// guest that was late itself, or whose clock jumped, starts the count again.
template <class Port, class Handler, class Limits>
u64 stream<Port, Handler, Limits>::watch(u64 now) {
    if (!has_clock<hooks_type<Port>> || state_ != stream_state::running) return ~u64{0};
    const u64 position = this->position_frames();
    const bool late = now - watched_at_ > stall_limit_ns_ / 2;
    watched_at_ = now;
    if (late || position != seen_position_ || this->in_flight() == 0) {
        seen_position_ = position;
        seen_at_ = now;
    }
    if constexpr (Limits::resets) ring_again(now);
    if (now - seen_at_ >= stall_limit_ns_) {
        look_now(); // an interrupt may be lost
        seen_at_ = now;
        if (this->position_frames() == position) stalled(now);
    }
    return now + stall_limit_ns_ / 4;
}

// A doorbell can be lost, most of all the first: once more, before the device is thought stuck.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::ring_again(u64 now) {
    const bool silent = now - seen_at_ >= stall_limit_ns_ / 2;
    if (silent && !rescue_.rung) {
        [[maybe_unused]] auto held = this->end_->lock();
        this->end_->ring_locked();
    }
    rescue_.rung = silent;
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::stalled(u64 now) {
    ++this->counters_.stalls;
    if constexpr (Limits::resets) {
        // Is it gone, or does it want a reset?
        if (needs_reset(*card_->port_)) return card_->trouble(status_code::needs_reset);
    }
    if (now - recoveries_since_ > recovery_window_ns) {
        recoveries_since_ = now;
        recoveries_ = 0;
    }
    // A device that needs it again and again is left alone.
    if (recoveries_ == most_recoveries) return;
    if (!claim(stream_state::released)) return;
    ++recoveries_;
    recover_now();
}

// A request was not answered: what the device makes of it nobody knows.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::given_up() {
    if (!card_->begin_reset(status_code::timed_out)) refused(status_code::timed_out);
}

} // namespace vsnd
