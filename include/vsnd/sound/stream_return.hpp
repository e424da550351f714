#pragma once
// A stream whose card is reset or suspended: what it was, and how it becomes that again.

#include <vsnd/sound/stream.hpp>

namespace vsnd {

// As what it comes back. An operation that was under way is over: one that was to stop the stream,
// or to give it back, has had its way; one that was to start or prepare it has not.
template <class Port, class Handler, class Limits>
stream_state stream<Port, Handler, Limits>::comes_back_as() const {
    using enum stream_state;
    if (recovering_ || rescue_.parked) return rescue_.as;
    if (pending_) {
        if (goal_ == released) return prepare_again_ ? prepared : released;
        if (goal_ == running && state_ == running) return running; // it was to play to its end
        const bool was = state_ == prepared || state_ == running || state_ == stopped;
        return was ? prepared : released;
    }
    if (state_ == running) return running;
    return state_ == prepared || state_ == stopped ? prepared : released;
}

// The card is about to lose its device.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::leave(status_code cause) {
    decide();
    stop_clock();
    rescue_.emptied = pending_ && prepare_again_ && !recovering_;
    draining_ = reclaiming_ = prepare_again_ = send_later_ = false;
    sequel_ = sequel::none;
    if (!recovering_ && pending_) finish(ok(verdict_) ? cause : verdict_);
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::decide() {
    rescue_.as = comes_back_as();
    this->take_audio(false);
    store_relaxed(&this->not_now_, card_->no_audio());
}

// A period that came back before the device was reset.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::came_last(message& m, u32 written) {
    if (m.silence) return m.move_to(place::idle);
    if constexpr (keeps_time) {
        if (this->by_clock_) return completed_by_clock(m, written);
    }
    if (this->playback()) {
        this->played(m);
    } else {
        this->recorded(m, written);
    }
    card_->tell_period(*this);
}

// What the device has not played by now will be queued again.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::part_from_device() {
    store_relaxed(&this->advance_frames_, usize{0});
    this->in_device_[0] = this->in_device_[1] = 0;
    if (this->ring_ == nullptr) return;
    if (rescue_.as == stream_state::released) {
        this->forget();
        if (state_ != stream_state::released) become(stream_state::released);
        return;
    }
    if (rescue_.emptied) return this->forget_queued();
    for (message& m : this->messages_) {
        if (!m.at(place::device)) continue;
        m.again = this->playback() && !m.silence;
        if (!m.again) m.move_to(place::idle);
    }
}

// Before anybody can call for anything: it is on its way. With the control queue's lock held.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::claim_return(bool anew) {
    if (anew ? rescue_.as == stream_state::released : !rescue_.parked) return;
    if (!pending_) rescue_.unasked = true;
    pending_ = recovering_ = request_.busy = true;
}

// The device runs again, and knows nothing of this stream.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::come_back() {
    rescue_.parked = false;
    if (rescue_.as == stream_state::released) return;
    become(stream_state::released);
    if (rescue_.emptied) prepare_clock(); // nothing of before is under way to the user
    rescue_.emptied = false;
    const status_code bound =
        this->bind_again(request_.memory, card_->shared_->streams[id_], area_bus());
    card_->settle_policy(*this->end_); // the queue is a new one
    if (!ok(bound)) {
        this->unbind_all();
        return finish(bound);
    }
    goal_ = stream_state::prepared;
    verdict_ = status_code::ok;
    tell(*this->hooks_, {trace_step::recovery, id_, static_cast<u32>(status_code::in_progress)});
    advance();
}

// Stops what runs, to be suspended. False: it cannot be stopped.
template <class Port, class Handler, class Limits>
bool stream<Port, Handler, Limits>::park() {
    {
        queue_lock<hooks_type<Port>> held(*card_->hooks_, wire::SND_VQ_CONTROL);
        if (request_.busy || state_ != stream_state::running) return true;
        if (rescue_.parked) return false;
        rescue_.parked = rescue_.unasked = request_.busy = true;
        rescue_.as = stream_state::running;
    }
    begin(stream_state::stopped);
    store_relaxed(&this->not_now_, status_code::suspended);
    advance();
    return true;
}

// The device was suspended, and runs again: it has what it had.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::go_on() {
    if (!rescue_.parked) {
        if (state_ == stream_state::prepared) this->take_audio(this->playback());
        store_relaxed(&this->not_now_, status_code::wrong_state);
        return;
    }
    rescue_.parked = false;
    begin(stream_state::running);
    store_relaxed(&this->not_now_, status_code::would_block);
    advance();
}

} // namespace vsnd
