#pragma once
// How the queues of a card share doorbells and interrupts.

#include <vsnd/sound/card.hpp>

namespace vsnd {

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::set_policy(u32 queue,
                                                    [[maybe_unused]] notification_policy p) {
    if (queue != wire::SND_VQ_TX && queue != wire::SND_VQ_RX) {
        return status_code::invalid_argument;
    }
    if constexpr (Limits::small) {
        return status_code::not_available;
    } else {
        if (port_ == nullptr) return status_code::wrong_state;
        if (in_callback()) return status_code::wrong_context;
        if (!ok(away())) return away();
        if (!reachable(queue)) return status_code::wrong_state;
        wait_for_turn();
        ends_[queue].set_policy(p, device_polls(ends_[queue]));
        set_guards(ends_[queue]);
        look_at(queue); // the interrupts asked for follow the new policy
        (void)end_turn();
        return status_code::ok;
    }
}

template <class Port, class Handler, class Limits>
notification_policy
card<Port, Handler, Limits>::effective_policy([[maybe_unused]] u32 queue) const {
    if constexpr (!Limits::small) {
        if (queue < wire::SND_VQ_COUNT) return ends_[queue].effective();
    }
    return {};
}

// Whether the device polls for all streams of a queue that have parameters.
template <class Port, class Handler, class Limits>
bool card<Port, Handler, Limits>::device_polls(const endpoint_type& end) {
    u32 polled = 0;
    for (const stream_type& s : streams()) {
        if (s.end_ != &end || s.ring_ == nullptr) continue;
        if ((s.params_.features >> wire::SND_PCM_F_MSG_POLLING & 1) == 0) return false;
        ++polled;
    }
    return polled != 0;
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::set_guards(const endpoint_type& end) {
    for (stream_type& s : streams())
        if (s.end_ == &end) s.set_guards();
}

// A stream has parameters now, or has them no longer.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::settle_policy([[maybe_unused]] endpoint_type& end) {
    if constexpr (!Limits::small) {
        if (end.settle(device_polls(end))) set_guards(end);
    }
}

} // namespace vsnd
