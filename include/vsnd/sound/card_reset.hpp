#pragma once
// A card in trouble resets its device, sets it up again and brings its streams back. Trouble comes
// in any context; the work is done by tick, a step at a time.

#include <vsnd/sound/card.hpp>

namespace vsnd {

// Begins a reset, unless one is under way. False: there were too many of them lately, or the card
// is not up; nothing has changed. With the turn.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::begin_reset([[maybe_unused]] status_code cause) {
    if constexpr (Limits::resets) {
        const u64 now = time();
        {
            queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
            if (state() == card_state::suspended) {
                rescue_.cold = true; // the next step sees it
                rescue_.cause = cause;
            }
            if (!ok(away())) return true;
            if (state() != card_state::open || !rescue_.limit.allows(now, reset_window_)) {
                return false;
            }
            become(card_state::recovering);
            store_relaxed(&failure_, cause);
            step_to(rescue_step::settling);
            rescue_.due = now + soon_;
        }
        tell(*hooks_, {trace_step::reset, card_itself, static_cast<u32>(cause)});
        leave(cause);
        wake(*hooks_);
        return true;
    } else {
        return false;
    }
}

// What is under way ends, and no more audio is taken.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::leave(status_code cause) {
    for (stream_type& s : streams())
        s.leave(cause);
    if constexpr (has_items<Limits>) this->end_items(cause);
}

// The part of a tick that resets, suspends and resumes. False: there is no other part now.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::step(u64 now, u64& next) {
    if (rescue_.step == rescue_step::none) return true;
    do_step(now, next);
    const rescue_step at = rescue_.step;
    if (at != rescue_step::none && at != rescue_step::asleep) next = lesser(next, now + soon_);
    return is_open() || at == rescue_step::pausing;
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::do_step(u64 now, u64& next) {
    switch (rescue_.step) {
    case rescue_step::settling:
        if (before(now, rescue_.due, next)) return;
        return state() == card_state::recovering ? restart(now) : sleep(now);
    case rescue_step::pausing: return pause_streams(now);
    case rescue_step::suspending: return sleep(now);
    case rescue_step::resuming: return wake_up(now);
    case rescue_step::returning:
        for (const stream_type& s : streams())
            if (s.returning()) return;
        return finish_rescue(status_code::ok);
    case rescue_step::asleep:
    case rescue_step::none: return;
    }
}

// False: somebody pumps at this very moment.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::claim_pumps() {
    u32 claimed = 0;
    while (claimed < wire::SND_VQ_COUNT && ends_[claimed].begin_pump())
        ++claimed;
    if (claimed == wire::SND_VQ_COUNT) return rescue_.claimed = true;
    while (claimed != 0)
        ends_[--claimed].end_claim();
    return false;
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::give_pumps_back() {
    store_release(&setting_up_, false);
    rescue_.claimed = false;
    for (endpoint_type& end : ends_)
        end.leave_pump();
}

// What came back until now was played or recorded, and is not played again. The pumps are claimed.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::take_last() {
    constexpr u32 most = 1024; // a broken queue has no end
    constexpr u32 order[] = {wire::SND_VQ_EVENT, wire::SND_VQ_TX, wire::SND_VQ_RX};
    for (const u32 queue : order) {
        for (u32 i = 0; i < most && !ends_[queue].broken(); ++i) {
            const used u = ends_[queue].take();
            if (u.type == used::kind::nothing) break;
            if (u.type == used::kind::dropped) continue;
            if (queue == wire::SND_VQ_EVENT) {
                const auto* const event = static_cast<const wire::snd_event*>(u.what);
                ++counters_.events;
                handle_event(load_relaxed(&event->hdr.code), load_relaxed(&event->data));
            } else {
                message& m = *static_cast<message*>(u.what);
                stream_of(m).came_last(m, u.written);
            }
        }
    }
}

// From here on nobody looks at a queue until there are new ones. False: not yet.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::part_from_device(u64 now) {
    if (rescue_.claimed) return true;
    rescue_.due = now + soon_;
    if (!claim_pumps()) return false;
    take_last();
    store_relaxed(&setting_up_, true);
    for (stream_type& s : streams())
        s.part_from_device();
    return true;
}

// The device is reset and set up again. PCM_INFO is not asked again: what was judged of a stream at
// open holds for as long as the card is open, and a device that thinks otherwise by now refuses the
// parameters, of which the stream's user is told.
// Spec: [virtio 1.4] Device Status Field
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::restart(u64 now) {
    if (!part_from_device(now)) return;
    status_code code = set_up(*port_);
    if (load_relaxed(&rescue_.removed)) return; // the mark says more
    if (ok(code)) return back(status_code::ok);
    const bool gone = code == status_code::device_gone || code == status_code::no_device;
    const status_code stopped = port_->stop(); // also of one that only seems to be gone
    if (!ok(stopped)) return fail(stopped);
    if (gone) return fail(status_code::device_gone);
    if (!rescue_.limit.allows(now, reset_window_)) return fail(code);
    step_to(rescue_step::settling);
    become(card_state::recovering);
    rescue_.due = now + time_limit_ / 20;
}

// Whether it is the device that was opened, as far as anybody relies on it.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::same_device(const wire::snd_config& config, u64 features) {
    bool same = features == rescue_.features && config.streams >= stream_count_;
    if constexpr (Limits::jacks != 0) same &= config.jacks >= this->jacks().size();
    if constexpr (Limits::channel_maps != 0) same &= config.chmaps >= this->channel_maps().size();
    return same;
}

// The device runs. Its streams come back one by one, each in its own time.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::back(status_code code) {
    ++counters_.resets;
    tell(*hooks_, {trace_step::reset, card_itself, static_cast<u32>(code)});
    if constexpr (has_items<Limits>) this->items_returned();
    store_relaxed(&failure_, code);
    open_again(true);
    step_to(rescue_step::returning);
    for (stream_type& s : streams())
        s.come_back();
    give_pumps_back();
    look_at_all(); // interrupts may have come while nobody could look
}

// Operations may be called for again; the streams that return have been taken before. `anew`: the
// device was reset.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::open_again(bool anew) {
    queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
    for (stream_type& s : streams())
        s.claim_return(anew);
    rescue_.cold = rescue_.waking = false;
    rescue_.cause = status_code::needs_reset;
    become(card_state::open);
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::finish_rescue(status_code code) {
    step_to(rescue_step::none);
    if (outcome_ != status_code::in_progress) return;
    tell(*hooks_, {trace_step::resume, card_itself, static_cast<u32>(code)});
    store_release(&outcome_, code);
    wake(*hooks_);
}

} // namespace vsnd
