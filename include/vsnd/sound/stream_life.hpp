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
    bool mine = true;
    const status_code refused =
        called(stream_state::prepared, legal_if(state() == stream_state::released),
               stream_task::called, mine);
    if (!ok(refused)) return refused;
    if constexpr (Limits::small) {
        prepare_now(p, memory);
    } else {
        request_.params = p;
        request_.memory = memory;
        {
            queue_lock<hooks_type<Port>> held(*card_->hooks_, wire::SND_VQ_CONTROL);
            mine = call_for(stream_task::prepare);
        }
        if (mine) card_->end_turn();
    }
    return outcome();
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::prepare_now(const pcm_params& p, const stream_memory& memory) {
    const status_code bound =
        this->bind_all(p, memory, card_->shared_->streams[id_], area_bus(), id_);
    if (!ok(bound)) return finish(bound);
    card_->settle_policy(*this->end_);
    const u64 frames = u64{p.period_frames} * greater(p.periods, u32{4});
    if constexpr (keeps_time) time_.set_up(p, this->playback());
    stall_limit_ns_ = greater(ns_of_frames(frames, p.rate_hz), least_stall_ns);
    advance();
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::start_async(start_mode mode) {
    const stream_state at = state();
    const bool fresh = at == stream_state::prepared;
    const bool resumes = at == stream_state::stopped;
    status_code legal = legal_if(fresh || resumes || at == stream_state::running);
    if (ok(legal) && (fresh || resumes) && this->playback() && mode == start_mode::when_full) {
        const u32 needed = fresh ? this->params_.periods : 1;
        if (this->in_flight() < needed) legal = status_code::would_block;
    }
    return operate<stream_task::go>(stream_state::running, legal);
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::stop_async() {
    const stream_state at = state();
    const bool idle = at == stream_state::prepared || at == stream_state::stopped;
    return operate<stream_task::go>(idle ? at : stream_state::stopped,
                                    legal_if(idle || at == stream_state::running));
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::drop_async() {
    return operate<stream_task::drop>(stream_state::released, legal_if(active(state())));
}

template <class Port, class Handler, class Limits>
status_code stream<Port, Handler, Limits>::release_async() {
    return operate<stream_task::release>(stream_state::released, status_code::ok);
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
        start_clock(); // from before what a device completes that does not wait for START
        // Periods may come back before the answer does.
        store_relaxed(&this->advance_frames_, usize{this->params_.period_frames});
        this->take_audio(!draining_);
        if (!this->playback()) {
            const status_code posted = this->post_idle();
            if (!ok(posted)) verdict_ = posted;
            if constexpr (keeps_time) time_.oldest_ = this->first_unread();
        }
        this->end_->kick();
        look_now();
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
    // What came back before the answer counts, seen or not.
    if (sent_ == stream_command::stop) return look_now(sequel::stopped);
    if (sent_ == stream_command::release) {
        store_relaxed(&this->advance_frames_, usize{0});
        // The device has returned every period by now, but they may lie unseen in the queue.
        reclaiming_ = true;
        deadline_ = card_->time() + card_->time_limit_;
        look_now();
        return reclaimed();
    }
    advance();
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::stopped() {
    store_relaxed(&this->advance_frames_, usize{0});
    advance();
}

template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::refused(status_code code) {
    draining_ = prepare_again_ = false;
    if (code == status_code::timed_out) {
        become(stream_state::unknown);
        store_relaxed(&this->advance_frames_, usize{0});
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
        store_relaxed(&this->advance_frames_, usize{runs ? this->params_.period_frames : 0});
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
    store_relaxed(&this->not_now_, card_->no_audio());
    if constexpr (!Limits::small) store_relaxed(&this->closing_, false);
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
        if constexpr (!Limits::small) request_.busy = false;
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
    if constexpr (Limits::small) {
        while (card_->pump(queue, default_budget)) {
        }
    } else {
        card_->look_at(queue);
    }
}

// Looks, and goes on when everything that came back by now has been seen: at once, or when the one
// who pumps just now has done.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::look_now([[maybe_unused]] sequel next) {
    if constexpr (Limits::small) {
        look_now();
        stopped();
    } else {
        sequel_ = next;
        look_now();
    }
}

// The queue's pump is claimed, and nothing is left in it.
template <class Port, class Handler, class Limits>
void stream<Port, Handler, Limits>::seen_all() {
    const sequel next = sequel_;
    sequel_ = sequel::none;
    if (next == sequel::stopped) stopped();
    if (next == sequel::recovery) recovery_begins();
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

} // namespace vsnd
