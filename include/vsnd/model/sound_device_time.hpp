#pragma once
// The virtual clock of the device, its interrupts and its events. Included by sound_device.hpp.

#include <vsnd/model/sound_device.hpp>

namespace vsnd::model {

inline u64 sound_device::next_event() const {
    u64 next = fault_set::never;
    if (!usable()) return next;
    next = control_.next_event();
    const suspend_state& suspend = core_.suspend;
    if (!suspend.running() && suspend.due_ns > core_.now_ns) next = lesser(next, suspend.due_ns);
    for (const pcm_stream& s : streams_) {
        next = lesser(next, s.next_event());
        const bool polling =
            suspend.running() && s.state() == pcm_state::running && polled(s.queue_index());
        if (polling) next = lesser(next, core_.now_ns + poll_ns);
    }
    return next;
}

inline void sound_device::advance(u64 ns) {
    const u64 target = core_.now_ns + ns;
    u32 rounds = 0;
    // Owed from now on, if not heard by then.
    if (usable() && core_.suspend.running()) watch_doorbells();
    deliver_interrupts();
    for (;;) {
        const u64 next = next_event();
        if (next > target || rounds == rounds_at_once) break;
        rounds = next > core_.now_ns ? 0 : rounds + 1;
        core_.now_ns = greater(core_.now_ns, next);
        step();
        deliver_interrupts();
    }
    core_.now_ns = greater(core_.now_ns, target);
    step();
    deliver_interrupts();
}

// Everything that is due by now.
inline void sound_device::step() {
    if (!usable()) return;
    control_.sync();
    for (pcm_stream& s : streams_)
        s.sync();
    advance_suspend();
    if (core_.suspend.running()) {
        for (u32 q : {wire::SND_VQ_TX, wire::SND_VQ_RX})
            if (polled(q)) process_io(q);
        watch_doorbells();
    }
    raise_interrupts();
}

// A wish for a doorbell that was not heard for so long will not be heard any more.
inline void sound_device::watch_doorbells() {
    for (u32 q : {wire::SND_VQ_CONTROL, wire::SND_VQ_TX, wire::SND_VQ_RX}) {
        u64& since = unrung_since_[q];
        const bool owed = core_.queues[q].wants_doorbells() && core_.queues[q].fresh() != 0;
        if (!owed)
            since = fault_set::never;
        else if (since == fault_set::never)
            since = core_.now_ns;
        else if (core_.now_ns - since >= core_.profile.doorbell_deadline_ns) {
            core_.violate(violation::doorbell_missing, "queue " + std::to_string(q));
            since = core_.now_ns;
        }
    }
}

inline void sound_device::raise(u32 queue, u32 slot) {
    ++interrupts_[slot];
    pending_ |= 1u << slot;
    core_.trace.add({core_.now_ns, trace_kind::interrupt, queue, trace_event::none, 0, 0});
    if (on_raised) on_raised(queue);
}

inline void sound_device::raise_interrupts() {
    if (core_.suspend.quiet()) return; // later, when it runs again
    for (u32 q = 0; q < wire::SND_VQ_COUNT; ++q) {
        if (core_.queues[q].broken()) core_.needs_reset = true;
        if (core_.queues[q].take_notification()) raise(q, q);
    }
    if (!core_.needs_reset || told_needs_reset_) return;
    told_needs_reset_ = true;
    core_.trace.add({core_.now_ns, trace_kind::needs_reset, trace_event::none, trace_event::none});
    raise(config_interrupt, wire::SND_VQ_COUNT);
}

inline void sound_device::deliver_interrupts() {
    for (u32 round = 0; pending_ != 0 && round < rounds_at_once; ++round) {
        const u32 now = std::exchange(pending_, 0);
        for (u32 slot = 0; slot <= wire::SND_VQ_COUNT; ++slot)
            if ((now >> slot & 1) != 0 && on_interrupt && !core_.faults.gone)
                on_interrupt(slot == wire::SND_VQ_COUNT ? config_interrupt : slot);
    }
}

inline bool sound_device::send_event(u32 code, u32 data) {
    const bool sent = usable() && core_.send_event(code, data);
    raise_interrupts();
    return sent;
}

inline void sound_device::set_jack(u32 id, bool connected) {
    core_.profile.jacks.at(id).connected = connected ? 1 : 0;
    send_event(connected ? wire::SND_EVT_JACK_CONNECTED : wire::SND_EVT_JACK_DISCONNECTED, id);
}

inline void sound_device::set_config(u32 jacks, u32 streams, u32 chmaps, u32 controls) {
    if (core_.suspend.quiet()) {
        suspend_state& s = core_.suspend;
        s.config_held = true;
        s.held_config[0] = jacks;
        s.held_config[1] = streams;
        s.held_config[2] = chmaps;
        s.held_config[3] = controls;
        return;
    }
    config_.jacks = jacks;
    config_.streams = streams;
    config_.chmaps = chmaps;
    config_.controls = controls;
    negotiation_.config_changed();
    core_.trace.add(
        {core_.now_ns, trace_kind::config_changed, trace_event::none, trace_event::none});
    if (live_) raise(config_interrupt, wire::SND_VQ_COUNT);
}

inline void sound_device::set_needs_reset() {
    core_.needs_reset = true;
    if (live_) raise_interrupts();
}

} // namespace vsnd::model
