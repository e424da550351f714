#pragma once
// How far a suspend or a resume is, read from the device status; each is written once by the port.
// Spec: [virtio 1.4] Device Suspend

#include <vsnd/transport/handshake.hpp>

namespace vsnd {

// Errors: in_progress; needs_reset, the device failed, or was reset behind the driver's back, as
// when it lost power; device_gone.
template <handshake_registers R>
status_code look_at_suspend(R& r, bool suspended) {
    const u32 now = r.device_status();
    if (now == device_status_gone) return status_code::device_gone;
    const bool sick = (now & wire::DEVICE_STATUS_NEEDS_RESET) != 0;
    if (sick || (now & wire::DEVICE_STATUS_FEATURES_OK) == 0) return status_code::needs_reset;
    const u32 both = now & (wire::DEVICE_STATUS_SUSPEND | wire::DEVICE_STATUS_DRIVER_OK);
    const u32 wanted = suspended ? wire::DEVICE_STATUS_SUSPEND : wire::DEVICE_STATUS_DRIVER_OK;
    return both == wanted ? status_code::ok : status_code::in_progress;
}

// How far a port is with its device.
enum class port_phase : u8 { stopped, negotiated, started, suspending, suspended, resuming };

// One call of a port's suspend, or resume: writes the bit at the first one, then looks.
// Errors: wrong_state; those of look_at_suspend.
template <handshake_registers R>
status_code go_on_suspending(R& r, port_phase& at, bool suspend) {
    const port_phase from = suspend ? port_phase::started : port_phase::suspended;
    const port_phase on_the_way = suspend ? port_phase::suspending : port_phase::resuming;
    const port_phase there = suspend ? port_phase::suspended : port_phase::started;
    if (at == there) return status_code::ok;
    if (at == from) {
        const status_code before = look_at_suspend(r, !suspend);
        if (!ok(before)) return before;
        add_device_status(r, suspend ? wire::DEVICE_STATUS_SUSPEND : wire::DEVICE_STATUS_DRIVER_OK);
        at = on_the_way;
    }
    if (at != on_the_way) return status_code::wrong_state;
    const status_code code = look_at_suspend(r, suspend);
    if (ok(code)) at = there;
    return code;
}

} // namespace vsnd
