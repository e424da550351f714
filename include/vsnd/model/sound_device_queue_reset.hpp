#pragma once
// The reset of one queue. Included by sound_device.hpp.
// Spec: [virtio 1.4] Virtqueue Reset

#include <vsnd/model/sound_device.hpp>

namespace vsnd::model {

// What the device had from that queue is forgotten, never answered.
inline void sound_device::reset_queue(u32 queue, u32 value) {
    if (value != 1 || core_.faults.gone) return;
    queue_registers& r = registers_[queue];
    core_.queues[queue].disable();
    r = {};
    r.size = r.most = core_.profile.queue_sizes[queue];
    r.resetting = true;
    r.looks_left = core_.profile.ring_reset_looks;
    unrung_since_[queue] = fault_set::never;
    if (queue == wire::SND_VQ_CONTROL) control_.reset();
    if (queue == wire::SND_VQ_EVENT) core_.event_buffers.clear();
    for (pcm_stream& s : streams_) {
        s.sync();
        if (s.queue_index() == queue) s.forget_buffers();
    }
}

inline u32 sound_device::read_queue_reset(u32 queue) {
    queue_registers& r = registers_[queue];
    if (!r.resetting) return 0;
    if (core_.faults.ignores_queue_reset) return 1;
    if (r.looks_left != 0) return --r.looks_left, 1;
    r.resetting = false;
    return 0;
}

// The driver is about to use the queue again.
inline void sound_device::judge_queue_reset(u32 queue) {
    queue_registers& r = registers_[queue];
    if (!r.resetting) return;
    core_.violate(violation::queue_reset_not_verified, "queue " + std::to_string(queue));
    r.resetting = false;
}

} // namespace vsnd::model
