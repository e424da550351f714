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
    queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
    if (state_ == card_state::recovering) return status_code::busy;
    if (state_ == card_state::suspended) {
        if (rescue_.step == rescue_step::resuming) return status_code::busy;
        return load_acquire(&outcome_);
    }
    if (!ok(failure_)) return failure_;
    if (!is_open()) return status_code::wrong_state;
    if (rescue_.step != rescue_step::none) return status_code::busy; // streams come back just now
    state_ = card_state::suspended;
    outcome_ = status_code::in_progress;
    rescue_.cold = false;
    rescue_.cause = status_code::needs_reset;
    rescue_.step = rescue_step::pausing;
    return status_code::in_progress;
}

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::resume_async() {
    static_assert(Limits::resets, "Limits::resets leaves suspend and resume out");
    if (port_ == nullptr) return status_code::wrong_state;
    if (in_callback()) return status_code::wrong_context;
    queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
    if (state_ == card_state::recovering) return status_code::busy;
    if (!ok(failure_)) return failure_;
    if (is_open()) return load_acquire(&outcome_);
    if (state_ != card_state::suspended) return status_code::wrong_state;
    if (rescue_.step != rescue_step::asleep) return status_code::busy;
    outcome_ = status_code::in_progress;
    rescue_.step = rescue_step::resuming;
    rescue_.due = time() + time_limit_;
    return status_code::in_progress;
}

// What runs is stopped; what is under way ends by itself.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::pause_streams(u64 now) {
    bool quiet = true;
    if constexpr (has_items<Limits>) quiet = !this->items_pending();
    for (stream_type& s : streams()) {
        if (!s.park()) rescue_.cold = true;
        quiet &= !s.pending_;
    }
    if (rescue_.cold) {
        leave(rescue_.cause);
    } else if (quiet) {
        for (stream_type& s : streams())
            s.decide();
    } else {
        return;
    }
    rescue_.step = rescue_step::settling;
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
            rescue_.step = rescue_step::suspending;
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
    rescue_.step = rescue_step::asleep;
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
            state_ = card_state::open;
            rescue_.step = rescue_step::returning;
            for (u32 i = 0; i < Limits::events; ++i) {
                if (rescue_.owed[i]) (void)ends_[wire::SND_VQ_EVENT].post(event_chains_[i]);
                rescue_.owed[i] = false;
            }
            ends_[wire::SND_VQ_EVENT].kick();
            (void)pump_all();
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
    if (port_ == nullptr || failure_ == status_code::device_gone) return;
    fail(status_code::device_gone);
    if (state_ == card_state::failed) setting_up_ = true; // nobody gets at it any more
}

} // namespace vsnd
