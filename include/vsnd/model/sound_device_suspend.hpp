#pragma once
// Suspending the device and resuming it. Included by sound_device.hpp.
// Spec: [virtio 1.4] Device Suspend

#include <vsnd/model/sound_device.hpp>

namespace vsnd::model {

inline u8 sound_device::read_status() {
    const u8 value = negotiation_.read_status();
    suspend_state& s = core_.suspend;
    if (s.phase == suspend_phase::suspended) s.verified = true;
    if (s.running()) s.awaited = true;
    return value;
}

// The driver set SUSPEND, and may.
inline void sound_device::begin_suspend() {
    suspend_state& s = core_.suspend;
    if (!s.running()) return; // once more, before it is done
    if (core_.faults.refuses_suspend || core_.needs_reset) return set_needs_reset();
    s = {};
    s.phase = suspend_phase::suspending;
    s.due_ns = core_.now_ns + core_.profile.suspend_delay_ns;
    s.verified = false;
    for (u32 q = 0; q < wire::SND_VQ_COUNT; ++q)
        s.untaken[q] = core_.queues[q].fresh();
    advance_suspend();
}

// The driver set DRIVER_OK again.
inline void sound_device::begin_resume() {
    suspend_state& s = core_.suspend;
    judge_exposed();
    if (!s.verified) core_.violate(violation::suspend_not_verified, "at DRIVER_OK");
    if (core_.faults.refuses_resume || core_.needs_reset) {
        core_.needs_reset = true;
        return;
    }
    s.phase = suspend_phase::resuming;
    s.due_ns = core_.now_ns + core_.profile.resume_delay_ns;
    s.awaited = false;
    advance_suspend();
}

inline void sound_device::advance_suspend() {
    suspend_state& s = core_.suspend;
    if (s.running()) return;
    judge_exposed();
    if (core_.now_ns < s.due_ns) return;
    if (s.phase == suspend_phase::suspending && settled()) {
        raise_interrupts();
        s.phase = suspend_phase::suspended;
        ++suspends_;
        negotiation_.set_suspended(true);
    } else if (s.phase == suspend_phase::resuming) {
        resume();
    }
}

// All buffers that were being processed have been used. Those of a stream that does not run wait
// for its RELEASE.
inline bool sound_device::settled() const {
    if (!control_.idle()) return false;
    for (const pcm_stream& s : streams_) {
        const bool flowing = s.state() == pcm_state::running && s.buffers_pending() != 0;
        if (flowing || s.completions_late() != 0) return false;
    }
    return true;
}

inline void sound_device::resume() {
    suspend_state& s = core_.suspend;
    s.phase = suspend_phase::running;
    negotiation_.set_suspended(false);
    for (u32 q = 0; q < wire::SND_VQ_COUNT; ++q) {
        unrung_since_[q] = fault_set::never;
        process(q);
    }
    const auto events = std::exchange(s.held_events, {});
    for (const auto& [code, data] : events)
        core_.send_event(code, data);
    if (std::exchange(s.config_held, false))
        set_config(s.held_config[0], s.held_config[1], s.held_config[2], s.held_config[3]);
    raise_interrupts();
}

// False: the device is not there to hear a doorbell.
inline bool sound_device::judge_suspended_doorbell(u32 queue) {
    suspend_state& s = core_.suspend;
    if (s.running() && s.awaited) return true;
    const std::string detail = "queue " + std::to_string(queue);
    const bool resumed = s.running() || s.phase == suspend_phase::resuming;
    if (!resumed)
        core_.violate(violation::suspended_doorbell, detail);
    else if (!s.awaited)
        core_.violate(violation::resume_not_awaited, detail);
    s.awaited = s.awaited || resumed;
    return s.running();
}

inline void sound_device::judge_exposed() {
    suspend_state& s = core_.suspend;
    if (s.phase == suspend_phase::resuming) return;
    for (u32 q = 0; q < wire::SND_VQ_COUNT; ++q) {
        if (s.exposed[q] || core_.queues[q].fresh() <= s.untaken[q]) continue;
        s.exposed[q] = true;
        core_.violate(violation::suspended_buffer, "queue " + std::to_string(q));
    }
}

inline void sound_device::note_config_write(u32 offset) {
    core_.violate(core_.suspend.running() ? violation::config_written
                                          : violation::suspended_config_write,
                  "offset " + std::to_string(offset));
}

} // namespace vsnd::model
