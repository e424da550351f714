#pragma once
// What the card tells a stream: that time has passed, that it failed, and when it shall interrupt.

#include <vsnd/sound/stream.hpp>

namespace vsnd {

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::fail(status_code code) {
    stop_clock();
    store_relaxed(&this->advance_frames_, usize{0});
    this->take_audio(false);
    draining_ = reclaiming_ = prepare_again_ = send_later_ = false;
    sequel_ = sequel::none;
    const bool told = recovering_ || state_ == stream_state::released;
    if (state_ != stream_state::released) become(stream_state::unknown);
    if (pending_) finish(code);
    if (Limits::resets && !told) card_->tell_recovered(*this, code);
}

template <class Port, class Handler, class Limits>
u64 stream<Port, Handler, Limits>::tick(u64 now) {
    u64 next = ~u64{0};
    tick_clock(next);
    if (!pending_) {
        tick_silence(now, next);
        return lesser(next, watch(now));
    }
    if (send_later_) advance();
    if (now >= deadline_ && !put_off(now)) overdue(now);
    if (Limits::resets && pending_) next = lesser(next, now + card_->time_limit_ / 4);
    return pending_ ? lesser(next, deadline_) : next; // perhaps of the command that follows
}

// Whether a deadline is over, and still nobody is late but this guest: an interrupt may be lost,
// and one that could not look for long waits a little longer.
template <class Port, class Handler, class Limits>
bool stream<Port, Handler, Limits>::put_off([[maybe_unused]] u64 now) {
    if constexpr (Limits::resets) {
        card_->look_at(wire::SND_VQ_CONTROL);
        if (!pending_ || now < deadline_) return true;
        if (!card_->rescue_.late || rescue_.forgiven) return false;
        rescue_.forgiven = true;
        deadline_ = now + card_->time_limit_ / 4;
        return true;
    }
    return false;
}

// Neither a request's answer, nor the end of a drain, nor the last period after RELEASE came in
// time.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::overdue(u64 now) {
    // Requests that were never answered have taken all the room.
    if (send_later_) return refused(status_code::no_room);
    if (card_->overdue(id_, deadline_, now)) return given_up();
    bool reclaimed_in_vain = false;
    {
        // The completion waited for may be handled at this very moment, by the pump.
        [[maybe_unused]] auto held = this->end_->lock();
        if (now < deadline_) return;
        reclaimed_in_vain = reclaiming_;
        if (!reclaiming_ && (!draining_ || goal_ != stream_state::running)) return;
        reclaiming_ = draining_ = false;
        if (!reclaimed_in_vain) goal_ = stream_state::stopped;
    }
    if (reclaimed_in_vain) {
        if constexpr (Limits::resets) {
            verdict_ = status_code::memory_still_owned; // until the reset is confirmed
            if (card_->begin_reset(status_code::timed_out)) return;
        }
        prepare_again_ = false;
        become(stream_state::unknown);
        return finish(status_code::memory_still_owned);
    }
    verdict_ = status_code::timed_out;
    advance();
}

// How many completions of this stream may pass before the next interrupt; only periods that the
// device knows of count. `every`: the queue's policy.
template <class Port, class Handler, class Limits>
u32 stream<Port, Handler, Limits>::interrupt_after(u32 every) const {
    if (this->ring_ == nullptr) return every;
    if (!pending_ && this->end_->driver_polls()) return every;
    if (pending_) return 1; // it drains, stops or starts: every completion may be the one
    if (state_ != stream_state::running) return every;
    // Looks at its periods as often as they are due; what came between would be heard of late.
    if (Limits::clock && this->by_clock_) return 1;
    const u32 known = this->in_flight();
    return known > safety_periods + 1 ? lesser(every, known - safety_periods) : 1;
}

} // namespace vsnd
