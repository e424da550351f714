#pragma once
// The parts of a stream that move audio without being hot: write, read, drain and silence.

#include <vsnd/sound/stream.hpp>

namespace vsnd {

template <class Port, class Handler, class Limits>
result<usize> stream<Port, Handler, Limits>::write(span<const u8> from) requires(!Limits::small) {
    if (card_ == nullptr) return status_code::wrong_state;
    if (card_->in_callback()) return status_code::wrong_context;
    if (!this->playback()) return status_code::wrong_state;
    if (!this->accepts()) return load_relaxed(&this->not_now_);
    if (from.size() < this->layout_.group_bytes()) return status_code::invalid_argument;
    usize done = 0;
    while (done < from.size()) {
        const auto room = this->acquire();
        if (!room.ok()) break;
        const usize left = lesser(from.size() - done, room.value().size());
        const u32 bytes = this->layout_.round_down(static_cast<u32>(left));
        if (bytes == 0) break;
        copy_in(*this->hooks_, room.value().data(), from.data() + done, bytes);
        done += bytes;
        store_relaxed(&this->filled_, this->filled_ + bytes);
        if (this->filled_ < this->period_bytes_) continue;
        if (!ok(this->commit())) break; // taken all the same; the next call tries again
    }
    if (done == 0) return status_code::would_block;
    return done;
}

template <class Port, class Handler, class Limits>
result<usize> stream<Port, Handler, Limits>::read(span<u8> into) {
    if (card_ == nullptr) return status_code::wrong_state;
    if (card_->in_callback()) return status_code::wrong_context;
    if (this->playback() || !this->bound()) return status_code::wrong_state;
    if (into.size() < this->layout_.group_bytes()) return status_code::invalid_argument;
    usize done = 0;
    while (done < into.size()) {
        const auto there = this->acquire();
        if (!there.ok()) break;
        const usize left = lesser(into.size() - done, there.value().size());
        const u32 bytes = this->layout_.round_down(static_cast<u32>(left));
        if (bytes == 0) break;
        copy_out(*this->hooks_, into.data() + done, there.value().data(), bytes);
        done += bytes;
        store_relaxed(&this->filled_, this->filled_ + bytes);
        if (bytes < there.value().size()) continue;
        if (!ok(this->commit())) break; // read all the same; the next call tries again
    }
    if (done == 0) return status_code::would_block;
    return done;
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::drain_async() {
    if (!this->playback()) return stop_async();
    return operate<stream_task::drain>(stream_state::running, legal_if(active(state())));
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::drain_now() {
    if constexpr (!Limits::small) {
        const status_code padded = pad_last_period();
        if (!ok(padded)) return finish(padded);
    }
    if (this->in_flight() == 0 && state_ != stream_state::running) {
        // Nothing was ever queued: there is nothing to play.
        goal_ = state_;
        return finish(status_code::ok);
    }
    silence_left_ = drain_tail();
    draining_ = true; // before it takes no more audio: running dry is no xrun from here on
    this->take_audio(false);
    advance();
}

template <class Port, class Handler, class Limits>
u32 stream<Port, Handler, Limits>::drain_tail() const {
    const u32 told = load_relaxed(&drain_tail_frames_);
    if (told != default_drain_tail) return told;
    if constexpr (keeps_time) return time_.buffer_.frames_at(this->params_.rate_hz);
    return 1024 + this->params_.rate_hz / 100;
}

// A drain that takes twice as long as all that is queued, and a request's time, is stuck.
template <class Port, class Handler, class Limits>
u64 stream<Port, Handler, Limits>::drain_limit() const {
    if constexpr (!has_clock<hooks_type<Port>>) return card_->time_limit_;
    // Since the last silence came back.
    if constexpr (Limits::small) return card_->time_limit_ + 2 * stall_limit_ns_;
    const pcm_params& p = this->params_;
    u64 frames = u64{p.period_frames} * (p.periods + silence_chains) + silence_left_;
    // A device may have taken more than there is room for.
    if constexpr (keeps_time) frames += this->submitted_frames() - time_.clock_.told();
    return card_->time_limit_ + 2 * ns_of_frames(frames, p.rate_hz);
}

// What `write` left in a period that is not full goes out with silence behind it. The padding is
// no audio of the user's: it does not count as submitted.
template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::pad_last_period() {
    if (this->held() == nullptr || this->filled_ == 0) return status_code::ok;
    message& m = *this->held();
    const u32 filled = this->filled_;
    copy_in(*this->hooks_, m.audio + filled, this->silence_ + filled, this->period_bytes_ - filled);
    store_relaxed(&m.padding,
                  this->params_.period_frames - static_cast<u32>(this->layout_.frames(filled)));
    const status_code code = this->commit();
    if (!ok(code)) store_relaxed(&m.padding, u32{0});
    return code;
}

// Silence right behind the last audio, as much as is still needed and the chains allow; and STOP
// when none is needed any more. A thread that begins a drain and the pump may both get here: the
// queue's lock decides who posts a chain and who sends STOP.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::play_out() {
    bool over = false;
    const bool played = played_out();
    if (Limits::small) deadline_ = card_->time() + drain_limit();
    {
        [[maybe_unused]] auto held = this->end_->lock();
        if (!draining_ || goal_ != stream_state::running) return;
        u32 ahead = this->silence_in_flight() * this->params_.period_frames;
        for (u32 i = 0; i < silence_chains && ahead < silence_left_; ++i) {
            message& m = this->silences()[i];
            if (!m.at(place::idle)) continue;
            if (!ok(this->hand_over(m))) break;
            ahead += this->params_.period_frames;
        }
        over = silence_left_ == 0 && this->in_flight() == 0 && played;
        if (over) goal_ = stream_state::stopped;
    }
    if (over) advance();
}

// A completion that is not ordinary, or of a small driver.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::completed(message& m, u32 written) {
    if constexpr (Limits::small) return came_back(m);
    if (m.silence) return silence_done(m);
    if constexpr (keeps_time) {
        time_.fresh_ = true;
        if (this->by_clock_) return completed_by_clock(m, written);
    }
    if (this->playback()) {
        this->played(m);
    } else {
        this->recorded(m, written);
    }
    if (this->in_flight() == 0) ran_dry();
    card_->tell_period(*this);
}

// The same of a small driver.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::came_back(message& m) {
    {
        [[maybe_unused]] auto held = this->end_->lock();
        const u32 code = m.take_reply();
        if (!m.silence) {
            if (code != wire::SND_S_OK) ++this->counters_.io_errors;
            this->position_.add(this->advance_frames_);
            m.again = recovering_;
        } else if (this->in_flight() == 0) {
            silence_left_ -= lesser(silence_left_, this->params_.period_frames);
        }
        this->returned(m);
    }
    if (this->in_flight() == 0) ran_dry();
    if (!m.silence) card_->tell_period(*this);
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::silence_done(message& m) {
    (void)m.take_reply();
    {
        [[maybe_unused]] auto held = this->end_->lock();
        this->returned(m);
        if (this->in_flight() == 0)
            silence_left_ -= lesser(silence_left_, this->params_.period_frames);
    }
    if (reclaiming_) return reclaimed();
    if (state_ != stream_state::running) return;
    if (draining_) return play_out();
    if constexpr (!Limits::small) play_silence();
}

// As long as there is no audio, where the policy wants it so. The first period of audio queues up
// behind it.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::play_silence() {
    [[maybe_unused]] auto held = this->end_->lock();
    if (load_relaxed(&xrun_policy_) != xrun_policy::silence) return;
    if (!this->playback() || pending_) return;
    if constexpr (keeps_time) {
        // There is audio, if the device took it before its time.
        if (this->by_clock_ && time_.oldest_->at(place::kept)) return;
    }
    for (u32 i = 0; i < silence_chains && this->in_flight() == 0; ++i) {
        message& m = this->silences()[i];
        if (!m.at(place::idle)) continue;
        if (!silence_due() || !ok(this->hand_over(m))) return;
    }
}

// A device that takes silence at once could keep the pump at it for ever: what is handed over ahead
// of time has an end, and a tick goes on.
template <class Port, class Handler, class Limits>
bool stream<Port, Handler, Limits>::silence_due() {
    if constexpr (keeps_time) {
        const u64 now = this->hooks_->now_ns();
        const u64 until = greater(time_.silent_until_, now);
        if (until - now > stall_limit_ns_) return false;
        const pcm_params& p = this->params_;
        time_.silent_until_ = until + ns_of_frames(p.period_frames, p.rate_hz);
    }
    return true;
}

// The last period of audio came back.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::ran_dry() {
    if (reclaiming_) return reclaimed();
    if (state_ != stream_state::running || this->advance_frames_ == 0) return;
    if (draining_) return play_out();
    ++this->counters_.xruns;
    card_->tell_xrun(*this);
    if constexpr (!Limits::small) {
        play_silence();
        if (load_relaxed(&xrun_policy_) != xrun_policy::stop || this->in_flight() != 0) return;
        if (!claim(stream_state::stopped)) return;
        verdict_ = status_code::xrun;
        advance();
    }
}

} // namespace vsnd
