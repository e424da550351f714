#pragma once
// Deliberately bad drivers, of suspend and resume.

#include "bad_driver.hpp"

namespace vsnd::model::bad {

inline device_profile that_suspends() {
    device_profile p = default_profile();
    p.suspend = true;
    return p;
}

// Spec: [virtio 1.4] Device Suspend
inline const bad_driver suspend_table[] = {
    {violation::suspend_out_of_place,
     [](driver& d) {
         d.up();
         d.set_state(15 | wire::DEVICE_STATUS_SUSPEND);
     }},
    {violation::suspend_not_verified,
     [](driver& d) {
         d.up();
         d.set_state(15 | wire::DEVICE_STATUS_SUSPEND);
         d.set_state(15 | wire::DEVICE_STATUS_SUSPEND);
     },
     that_suspends()},
    {violation::suspended_buffer,
     [](driver& d) {
         d.up();
         d.suspend();
         d.expose(raw::control, {out(d), in(d)});
         d.expose(raw::control, {out(d), in(d)});
         d.device.advance(1);
     },
     that_suspends()},
    {violation::suspended_doorbell,
     [](driver& d) {
         d.up();
         d.suspend();
         d.doorbell(raw::tx);
     },
     that_suspends()},
    {violation::suspended_config_write,
     [](driver& d) {
         d.up();
         d.suspend();
         d.set(pci_place::device_config, 4, 1);
     },
     that_suspends()},
    {violation::resume_not_awaited,
     [](driver& d) {
         d.up();
         d.suspend();
         d.set_state(15 | wire::DEVICE_STATUS_SUSPEND);
         d.set_params(0);
         d.set_params(0);
     },
     that_suspends()},
};

} // namespace vsnd::model::bad
