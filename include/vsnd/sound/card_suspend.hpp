#pragma once
// Suspending a card, resuming it, and losing it. A device without VIRTIO_F_SUSPEND is reset to be
// suspended and set up again to be resumed, by the routine of card_reset.hpp.

#include <vsnd/sound/card.hpp>

namespace vsnd {

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::suspend_async() {
    static_assert(Limits::resets, "Limits::resets leaves suspend and resume out");
    if (port_ == nullptr) return status_code::wrong_state;
    if (in_callback()) return status_code::wrong_context;
    const status_code code = call_to_suspend();
    if (code != status_code::in_progress) return code;
    if (take_turn(turn_type::suspension)) (void)end_turn();
    return outcome();
}

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::call_to_suspend() {
    queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
    if (state() == card_state::recovering) return status_code::busy;
    if (state() == card_state::suspended) return rescue_.waking ? status_code::busy : outcome();
    if (!ok(failure())) return failure();
    if (!is_open()) return status_code::wrong_state;
    // Streams come back just now.
    if (load_relaxed(&rescue_.step) != rescue_step::none) return status_code::busy;
    become(card_state::suspended);
    store_release(&outcome_, status_code::in_progress);
    return status_code::in_progress;
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::suspend_now() {
    if (state() == card_state::suspended && rescue_.step == rescue_step::none) {
        step_to(rescue_step::pausing);
    }
}

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::resume_async() {
    static_assert(Limits::resets, "Limits::resets leaves suspend and resume out");
    if (port_ == nullptr) return status_code::wrong_state;
    if (in_callback()) return status_code::wrong_context;
    const status_code code = call_to_resume();
    if (code != status_code::in_progress) return code;
    if (take_turn(turn_type::resumption)) (void)end_turn();
    return outcome();
}

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::call_to_resume() {
    queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
    if (state() == card_state::recovering) return status_code::busy;
    if (!ok(failure())) return failure();
    if (is_open()) return outcome();
    if (state() != card_state::suspended) return status_code::wrong_state;
    if (load_relaxed(&rescue_.step) != rescue_step::asleep || rescue_.waking) {
        return status_code::busy;
    }
    rescue_.waking = true;
    store_release(&outcome_, status_code::in_progress);
    return status_code::in_progress;
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::resume_now() {
    if (state() != card_state::suspended || rescue_.step != rescue_step::asleep) return;
    step_to(rescue_step::resuming);
    rescue_.due = time() + time_limit_;
}

// What runs is stopped; what is under way ends by itself.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::pause_streams(u64 now) {
    bool quiet = true;
    if constexpr (has_items<Limits>) quiet = !this->items_pending();
    for (stream_type& s : streams()) {
        if (!s.park()) rescue_.cold = true;
        quiet &= !s.busy();
    }
    if (rescue_.cold) {
        leave(rescue_.cause);
    } else if (quiet) {
        for (stream_type& s : streams())
            s.decide();
    } else {
        return;
    }
    step_to(rescue_step::settling);
    rescue_.due = now + soon_;
}

// Spec: [virtio 1.4] Device Suspend
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::sleep(u64 now) {
    if constexpr (can_suspend<Port>) {
        if (rescue_.step == rescue_step::settling && !rescue_.cold) {
            // Nothing that was posted is announced later.
            if (Limits::playback) ends_[wire::SND_VQ_TX].kick();
            if (Limits::capture) ends_[wire::SND_VQ_RX].kick();
            step_to(rescue_step::suspending);
            rescue_.due = now + time_limit_;
        }
        if (!rescue_.cold) {
            const status_code code = port_->suspend();
            if (ok(code)) return asleep(code);
            rescue_.cold = code != status_code::in_progress || now >= rescue_.due;
        }
    } else {
        rescue_.cold = true;
    }
    if (!rescue_.cold || !part_from_device(now)) return;
    const status_code stopped = port_->stop();
    if (!ok(stopped)) return fail(stopped);
    asleep(stopped);
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::asleep(status_code code) {
    step_to(rescue_step::asleep);
    tell(*hooks_, {trace_step::suspend, card_itself, static_cast<u32>(code)});
    store_release(&outcome_, code);
    wake(*hooks_);
}

// Spec: [virtio 1.4] Device Suspend
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::wake_up(u64 now) {
    if constexpr (can_suspend<Port>) {
        if (!rescue_.cold) {
            const status_code code = port_->resume();
            if (code == status_code::device_gone) return fail(code);
            if (code == status_code::in_progress && now < rescue_.due) return;
            rescue_.cold = !ok(code);
        }
        if (!rescue_.cold) {
            open_again(false);
            step_to(rescue_step::returning);
            for (u32 i = 0; i < Limits::events; ++i) {
                if (rescue_.owed[i]) (void)ends_[wire::SND_VQ_EVENT].post(event_chains_[i]);
                rescue_.owed[i] = false;
            }
            ends_[wire::SND_VQ_EVENT].kick();
            look_at_all();
            for (stream_type& s : streams())
                s.go_on();
            return;
        }
    }
    restart(now);
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::removed() {
    static_assert(Limits::resets, "Limits::resets leaves removal out");
    if (load_acquire(&port_) == nullptr) return;
    store_relaxed(&rescue_.removed, true);
    if (take_turn(turn_type::removal)) (void)end_turn();
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::lose_device() {
    if (port_ == nullptr) return;
    fail(status_code::device_gone);
    // Nobody gets at it any more.
    if (state() == card_state::failed) store_relaxed(&setting_up_, true);
}

} // namespace vsnd
