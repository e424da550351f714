#pragma once
// The operations of a stream: begun by the caller, advanced by answers and ticks, one command
// after the other until the goal is reached.

#include <vsnd/sound/stream.hpp>

namespace vsnd {

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::init(card_type& owner, u32 id, const wire::snd_pcm_info& said) {
    static_cast<stream_facts&>(*this) = {};
    card_ = &owner;
    id_ = id;
    wire::snd_pcm_info raw; // the device may write there again
    __builtin_memcpy(&raw, &said, sizeof(raw));
    info_ = judge(raw);
    if (!info_.usable) ++owner.counters_.malformed_infos;
    // A direction that these limits leave out has no code that could serve it.
    const bool out = info_.flow == direction::playback;
    if (!(out ? Limits::playback : Limits::capture)) info_.usable = false;
    const u32 queue = out || !Limits::capture ? wire::SND_VQ_TX : wire::SND_VQ_RX;
    this->hooks_ = owner.hooks_;
    this->playback_ = out;
    if constexpr (keeps_time) time_.bit_ = u32{1} << id;
    this->end_ = &owner.ends_[queue];
    this->counters_ = {};
    if constexpr (Limits::resets) rescue_ = {};
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::prepare_async(const pcm_params& p,
                                                         const stream_memory& memory) {
    const status_code fits = check(p);
    if (!ok(fits)) return fits;
    const bool out = info_.flow == direction::playback;
    if (memory.audio.cpu == nullptr || memory.audio.bytes < audio_bytes(p)) {
        return status_code::no_memory;
    }
    if (out && (memory.silence.cpu == nullptr || memory.silence.bytes < silence_bytes(p))) {
        return status_code::no_memory;
    }
    if constexpr (line_bytes > 1) {
        const u64 places = memory.audio.bus.value | (out ? memory.silence.bus.value : 0);
        if ((places & (line_bytes - 1)) != 0) return status_code::no_memory;
    }
    const status_code begun =
        begin(stream_state::prepared, legal_if(state_ == stream_state::released));
    if (!ok(begun)) return begun;
    const status_code bound =
        this->bind_all(p, memory, card_->shared_->streams[id_], area_bus(), id_);
    if (!ok(bound)) {
        finish(bound);
        return bound;
    }
    if constexpr (Limits::resets) rescue_.memory = memory;
    card_->settle_policy(*this->end_);
    const u64 frames = u64{p.period_frames} * greater(p.periods, u32{4});
    if constexpr (keeps_time) time_.set_up(p, out);
    stall_limit_ns_ = greater(ns_of_frames(frames, p.rate_hz), least_stall_ns);
    advance();
    return outcome();
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::start_async(start_mode mode) {
    const bool fresh = state_ == stream_state::prepared;
    const bool resumes = state_ == stream_state::stopped;
    status_code legal = legal_if(fresh || resumes || state_ == stream_state::running);
    if (ok(legal) && (fresh || resumes) && this->playback() && mode == start_mode::when_full) {
        const u32 needed = fresh ? this->params_.periods : 1;
        if (this->in_flight() < needed) legal = status_code::would_block;
    }
    return go(stream_state::running, legal);
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::stop_async() {
    const bool idle = state_ == stream_state::prepared || state_ == stream_state::stopped;
    return go(idle ? state_ : stream_state::stopped,
              legal_if(idle || state_ == stream_state::running));
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::drop_async() {
    const bool legal = state_ == stream_state::prepared || state_ == stream_state::running ||
                       state_ == stream_state::stopped;
    const status_code begun = begin(stream_state::released, legal_if(legal));
    if (!ok(begun)) return begun;
    prepare_again_ = true;
    this->take_audio(false);
    advance();
    return outcome();
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::release_async() {
    const status_code begun = begin(stream_state::released, status_code::ok);
    if (!ok(begun)) return begun;
    this->take_audio(false);
    advance();
    return outcome();
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::go(stream_goal goal, status_code legal) {
    const status_code begun = begin(goal, legal);
    if (!ok(begun)) return begun;
    advance();
    return outcome();
}

// Takes the stream for an operation, or says why not; then nothing has changed.
template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::begin(stream_goal goal, status_code legal) {
    if (card_ == nullptr) return status_code::wrong_state;
    if (!ok(card_->away())) return card_->away();
    if (card_->in_callback()) return status_code::wrong_context;
    [[maybe_unused]] auto held = card_->ends_[wire::SND_VQ_CONTROL].lock();
    if (!ok(card_->away())) return card_->away();
    if (!ok(card_->failure_)) return card_->failure_;
    if (!card_->is_open()) return status_code::wrong_state;
    if (pending_) return status_code::busy;
    if (!ok(legal)) return legal;
    pending_ = true;
    goal_ = goal;
    verdict_ = status_code::ok;
    outcome_ = status_code::in_progress;
    return status_code::ok;
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::advance() {
    const stream_command c = next_command(state_, goal_);
    if (c == stream_command::none) return arrived();
    if (c == stream_command::forbidden) return finish(status_code::wrong_state);
    if (c == stream_command::release && state_ == stream_state::unknown) draining_ = false;
    before(c);
    const u64 now = card_->time();
    if (!send_later_) deadline_ = now + card_->time_limit_;
    if constexpr (Limits::resets) rescue_.forgiven = false;
    send_later_ = !send(c, now);
}

// What must hold before the device hears a command.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::before(stream_command c) {
    if (c == stream_command::prepare) prepare_clock();
    if (c == stream_command::stop || c == stream_command::release) stop_clock();
    if (c == stream_command::start) {
        // Periods may come back before the answer does.
        this->advance_frames_ = this->params_.period_frames;
        this->take_audio(!draining_);
        if (!this->playback()) {
            const status_code posted = this->post_idle();
            if (!ok(posted)) verdict_ = posted;
        }
        this->end_->kick();
        look_now();
        start_clock();
    } else if (c == stream_command::stop || c == stream_command::release) {
        this->take_audio(false);
        // RELEASE returns what the device knows of; what it hears of later comes back in error.
        this->end_->kick();
    }
}

template <class Port, class Handler, class Limits>
bool stream<Port, Handler, Limits>::send(stream_command c, u64 now) {
    sent_ = c;
    wire::snd_pcm_set_params r{};
    r.hdr.hdr.code = request_code(c);
    r.hdr.stream_id = id_;
    u32 bytes = sizeof(wire::snd_pcm_hdr);
    if (c == stream_command::set_params) {
        const pcm_params& p = this->params_;
        bytes = sizeof(r);
        r.buffer_bytes = this->period_bytes_ * p.periods;
        r.period_bytes = this->period_bytes_;
        r.features = p.features;
        r.channels = p.channels;
        r.format = to_wire(p.format);
        r.rate = static_cast<u8>(detail::nearest_rate_number(info_.rates, p.rate_hz));
    }
    return ok(card_->control_.send(id_, &r, bytes, {}, now));
}

// An answer came, or the time for it is over.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::answered(status_code code) {
    if (!pending_) return;
    if (!ok(code)) return refused(code);
    become(state_after(sent_));
    // What was queued before comes before what the user commits now.
    if (sent_ == stream_command::prepare)
        this->take_audio(this->playback() && !(Limits::resets && recovering_));
    if (sent_ == stream_command::stop) {
        look_now(); // what came back before the answer counts, seen or not
        this->advance_frames_ = 0;
    }
    if (sent_ == stream_command::release) {
        this->advance_frames_ = 0;
        // The device has returned every period by now, but they may lie unseen in the queue.
        reclaiming_ = true;
        deadline_ = card_->time() + card_->time_limit_;
        look_now();
        return reclaimed();
    }
    advance();
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::refused(status_code code) {
    draining_ = prepare_again_ = false;
    if (code == status_code::timed_out) {
        become(stream_state::unknown);
        this->advance_frames_ = 0;
        this->take_audio(false);
        stop_clock();
    } else if (sent_ == stream_command::set_params || sent_ == stream_command::prepare) {
        // Nothing is with the device yet: the stream is as it was before.
        become(stream_state::released);
        this->unbind_all();
        card_->settle_policy(*this->end_);
    } else {
        // The stream is as it was before the command.
        const bool runs = state_ == stream_state::running;
        if (runs) start_clock();
        if (!runs) stop_clock();
        this->advance_frames_ = runs ? this->params_.period_frames : 0;
        this->take_audio(runs || (this->playback() && state_ == stream_state::prepared));
    }
    finish(code);
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::arrived() {
    if (draining_ && goal_ == stream_state::running) {
        if (!Limits::small) deadline_ = card_->time() + drain_limit();
        play_out();
        look_now(); // completions go on
        return;
    }
    draining_ = false;
    if (goal_ == stream_state::released) {
        if (prepare_again_) {
            prepare_again_ = false;
            goal_ = stream_state::prepared;
            if (!recovering_) this->forget_queued();
            return advance();
        }
        this->unbind_all();
        card_->settle_policy(*this->end_);
    }
    if (recovering_ && goal_ == stream_state::prepared) {
        verdict_ = queue_again();
        if constexpr (Limits::resets) {
            if (rescue_.as != stream_state::running) {
                this->take_audio(this->playback());
                return finish(verdict_);
            }
        }
        goal_ = stream_state::running;
        return advance();
    }
    finish(verdict_);
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::finish(status_code code) {
    send_later_ = false;
    const bool recovered = recovering_;
    recovering_ = false;
    this->not_now_ = card_->no_audio();
    if (recovered && ok(code)) ++this->counters_.recoveries;
    bool asked = true;
    if constexpr (Limits::resets) {
        asked = !rescue_.unasked;
        rescue_.unasked = false;
        seen_at_ = card_->now_; // the watchdog counts anew; not ahead of a tick under way
    }
    {
        // Both at once: who sees the outcome may begin anew, and must neither be told `busy` nor
        // have the old outcome stored over his own.
        [[maybe_unused]] auto held = card_->ends_[wire::SND_VQ_CONTROL].lock();
        pending_ = false;
        if (asked) store_release(&outcome_, code);
    }
    wake(*card_->hooks_);
    if (recovered) card_->tell_recovered(*this, code);
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::wait(status_code begun) {
    return begun == status_code::in_progress ? card_->wait_for(outcome_) : begun;
}

// Pumps the stream's queue, and has it interrupt at every completion while the operation lasts:
// with fewer periods left than a batch, the interrupt asked for last would never come.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::look_now() {
    const u32 queue = this->playback() ? wire::SND_VQ_TX : wire::SND_VQ_RX;
    this->end_->want_attention();
    while (card_->pump(queue, default_budget)) {
    }
}

// Everything has come back after RELEASE: go on. Otherwise a later completion calls again.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::reclaimed() {
    {
        // A control answer, a completion and a tick may all get here: one of them goes on.
        [[maybe_unused]] auto held = this->end_->lock();
        if (!reclaiming_ || this->owned() != 0) return;
        reclaiming_ = false;
    }
    advance();
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::fail(status_code code) {
    stop_clock();
    this->advance_frames_ = 0;
    this->take_audio(false);
    draining_ = reclaiming_ = prepare_again_ = send_later_ = false;
    const bool told = recovering_ || state_ == stream_state::released;
    if (state_ != stream_state::released) become(stream_state::unknown);
    if (pending_) finish(code);
    if (Limits::resets && !told) card_->tell_recovered(*this, code);
}

template <class Port, class Handler, class Limits>
u64 stream<Port, Handler, Limits>::tick(u64 now) {
    u64 next = ~u64{0};
    tick_clock(next);
    if (!pending_) return lesser(next, watch(now));
    if (send_later_) advance();
    if (now >= deadline_ && !put_off(now)) overdue(now);
    if (Limits::resets && pending_) next = lesser(next, now + card_->time_limit_ / 4);
    return pending_ ? lesser(next, deadline_) : next; // perhaps of the command that follows
}

// Whether a deadline is over, and still nobody is late but this guest: an interrupt may be lost, and
// one that could not look for long waits a little longer.
template <class Port, class Handler, class Limits>
bool stream<Port, Handler, Limits>::put_off([[maybe_unused]] u64 now) {
    if constexpr (Limits::resets) {
        (void)card_->pump(wire::SND_VQ_CONTROL, default_budget);
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
