#pragma once
// The media clock of a stream: when it runs, who feeds it, and the periods that go back by it.

#include <vsnd/sound/stream.hpp>

namespace vsnd {

template <class Port, class Handler, class Limits>
clock_reading stream<Port, Handler, Limits>::position() const requires(Limits::clock) {
    if constexpr (keeps_time) {
        if (card_ == nullptr) return {};
        // With the lock: whoever stops the clock must not have an older time than a reader had.
        [[maybe_unused]] auto held = this->end_->lock();
        return time_.clock_.position(this->hooks_->now_ns(), this->submitted_now());
    } else {
        const pcm_params& p = this->params_;
        return {this->position_frames(), 0, greater(p.period_frames, u32{1024} + p.rate_hz / 100)};
    }
}

template <class Port, class Handler, class Limits>
u64 stream<Port, Handler, Limits>::when(u64 frames) const requires(Limits::clock) {
    if constexpr (keeps_time) {
        return time_.clock_.when(frames);
    } else {
        return frames <= this->position_frames() ? 0 : media_clock::never;
    }
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::set_pacing(pacing p) requires(Limits::clock) {
    if constexpr (keeps_time) {
        if (state() != stream_state::released || busy()) return status_code::wrong_state;
        store_relaxed(&this->by_clock_, p == pacing::clock);
        return status_code::ok;
    } else {
        return p == pacing::device ? status_code::ok : status_code::not_available;
    }
}

template <class Port, class Handler, class Limits>
status_code
stream<Port, Handler, Limits>::set_device_buffer(device_buffer b) requires(Limits::clock) {
    if (state() != stream_state::released || busy()) return status_code::wrong_state;
    if constexpr (keeps_time) {
        time_.buffer_ = b;
        time_.buffer_known_ = true;
    }
    return status_code::ok;
}

// START is about to be sent. A device that was only stopped goes on where it was: where the
// position stopped, or with what it completed, if that is more.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::start_clock() {
    if constexpr (keeps_time) {
        u64 from = this->position_frames();
        if (state_ == stream_state::stopped) from = greater(from, time_.clock_.told());
        [[maybe_unused]] auto held = this->end_->lock();
        time_.clock_.start(from, this->hooks_->now_ns());
    }
}

// It stands still before STOP is heard: to fall behind a little is mended by the next completion.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::stop_clock() {
    if constexpr (keeps_time) {
        [[maybe_unused]] auto held = this->end_->lock();
        const u64 submitted = this->submitted_now();
        time_.clock_.stop(this->hooks_->now_ns(), submitted);
    }
}

// Prepared anew, and not by a recovery: nothing is under way to the user.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::prepare_clock() {
    if constexpr (keeps_time) {
        if (recovering_) return;
        time_.oldest_ = this->head_;
        time_.given_.add(this->position_frames() - time_.given_.load());
    }
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::tick_clock(u64& next) {
    if constexpr (keeps_time) {
        if (!time_.clock_.running()) return;
        // Not the caller's time, which may be old: the position must not fall behind what it was.
        const u64 now = this->hooks_->now_ns();
        const u64 submitted = this->submitted_frames();
        if (draining_ && this->in_flight() == 0) {
            if (played_out()) return play_out();
            next = lesser(next, time_.clock_.when(end_of_drain()));
            // Nothing more is to be learned, and the end shall come.
            if (time_.clock_.when(submitted) <= now) return;
        }
        {
            [[maybe_unused]] auto held = this->end_->lock();
            time_.clock_.tick(this->hooks_->now_ns(), this->submitted_now());
        }
        next = lesser(next, now + time_.clock_.tick_ns());
        if (this->by_clock_) tick_pacing(now, next);
    }
}

// What was played and has come back is the user's, by a pump.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::tick_pacing(u64 now, u64& next) {
    const u64 given = time_.given_.load();
    const u64 due = lesser(this->position_frames(), given + this->params_.period_frames);
    if (due > given && time_.clock_.when(due) <= now) look_now();
    const u64 at = time_.clock_.when(time_.given_.load() + this->params_.period_frames);
    if (at > now) next = lesser(next, at);
}

// Silence that was put off is played in its time.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::tick_silence([[maybe_unused]] u64 now,
                                                 [[maybe_unused]] u64& next) {
    if constexpr (keeps_time) {
        if (time_.silent_until_ == 0 || state_ != stream_state::running || draining_) return;
        play_silence();
        if (time_.silent_until_ > now) next = lesser(next, time_.silent_until_);
    }
}

// A batch of completions was handled. From the pump.
template <class Port, class Handler, class Limits>
VSND_TINY void stream<Port, Handler, Limits>::feed_clock(u64 now) {
    time_.clock_.completed(this->position_frames(), now);
}

// The same, where this stream may have had none of them.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::feed_if_fresh(u64 now) {
    if (!time_.fresh_) return;
    time_.fresh_ = false;
    feed_clock(now);
}

// The long way of a pump found nothing more.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::caught_up(u64 now) {
    feed_if_fresh(now);
    if (this->by_clock_) give_back(now);
}

// Kept, with the number of frames that it moved the position by.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::completed_by_clock(message& m, u32 written) {
    const u64 before = this->position_frames();
    if (this->playback()) {
        this->played(m, place::kept);
        m.captured = static_cast<u32>(this->position_frames() - before);
    } else {
        this->recorded(m, written, place::kept);
    }
    if (this->in_flight() == 0 && (draining_ || reclaiming_)) ran_dry();
}

// What was played goes back to the user, in its order.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::give_back(u64 now) {
    if (time_.oldest_ == nullptr) return;
    bool any = false;
    const u64 reached = time_.clock_.position(now, this->submitted_frames()).frames;
    u64 frames = time_.given_.load();
    for (u32 i = 0; i < this->params_.periods; ++i) {
        message& m = *time_.oldest_;
        if (!m.at(place::kept)) break;
        const u64 more = this->playback() ? m.captured : this->layout_.frames(m.captured);
        if (frames + more > reached) break;
        frames += more;
        time_.given_.add(more);
        time_.oldest_ = m.next;
        m.move_to(this->playback() ? place::idle : place::filled);
        any = true;
        card_->tell_period(*this);
    }
    if (any && this->in_flight() == 0 && !time_.oldest_->at(place::kept)) ran_dry();
}

// The frame at whose end nothing of what was submitted can be in the device any more.
template <class Port, class Handler, class Limits>
u64 stream<Port, Handler, Limits>::end_of_drain() const {
    const u64 submitted = this->submitted_frames();
    const u64 now = this->hooks_->now_ns();
    return submitted + lesser(time_.clock_.position(now, submitted).error_frames, drain_tail());
}

template <class Port, class Handler, class Limits>
bool stream<Port, Handler, Limits>::played_out() const {
    if constexpr (keeps_time) {
        const u64 at = time_.clock_.when(end_of_drain());
        return at == media_clock::never || at <= this->hooks_->now_ns();
    }
    return true;
}

} // namespace vsnd
