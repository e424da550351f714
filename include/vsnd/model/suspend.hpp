#pragma once
// How far the device is between running and suspended, and what the driver has seen of it. The
// device acts on it in sound_device_suspend.hpp.
// Spec: [virtio 1.4] Device Suspend

#include <utility>
#include <vector>

#include <vsnd/base/types.hpp>
#include <vsnd/wire/sound.hpp>

namespace vsnd::model {

enum class suspend_phase : u8 {
    running,
    suspending, // takes no more buffers, finishes those it has
    suspended,  // touches no queue, sends nothing
    resuming,
};

struct suspend_state {
    suspend_phase phase = suspend_phase::running;
    u64 due_ns = 0;       // the next phase begins then at the earliest
    bool verified = true; // the driver read that the device is suspended
    bool awaited = true;  // and that it runs again
    // Chains in each available ring that the device did not take before it was told to suspend.
    u16 untaken[wire::SND_VQ_COUNT] = {};
    bool exposed[wire::SND_VQ_COUNT] = {}; // more of them came: said once
    // What happened while nothing could be sent: event codes and their data.
    std::vector<std::pair<u32, u32>> held_events;
    bool config_held = false;
    u32 held_config[4] = {};

    bool running() const { return phase == suspend_phase::running; }
    bool quiet() const {
        return phase == suspend_phase::suspended || phase == suspend_phase::resuming;
    }
};

} // namespace vsnd::model
