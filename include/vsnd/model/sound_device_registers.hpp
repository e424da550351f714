#pragma once
// The device's registers as any transport presents them: status, configuration, queue set-up.
// Included by sound_device.hpp.
// Spec: [virtio 1.4] Device Initialization, Common configuration structure layout

#include <vsnd/model/sound_device.hpp>

namespace vsnd::model {

inline void sound_device::write_status(u8 value) {
    if (core_.faults.gone) return;
    log_status(value);
    const status_effect effect = negotiation_.write_status(value);
    const bool wanted = (value & wire::DEVICE_STATUS_FEATURES_OK) != 0;
    if (wanted && !negotiation_.has(wire::DEVICE_STATUS_FEATURES_OK))
        core_.trace.add(
            {core_.now_ns, trace_kind::status_refused, trace_event::none, trace_event::none});
    switch (effect) {
    case status_effect::reset:
        if (!core_.faults.ignores_reset) reset();
        break;
    case status_effect::driver_ok:
        core_.features = negotiation_.accepted();
        live_ = true;
        raise_interrupts();
        break;
    case status_effect::suspend: begin_suspend(); break;
    case status_effect::resume: begin_resume(); break;
    case status_effect::none: break;
    }
}

inline void sound_device::log_status(u8 value) {
    constexpr u32 none = trace_event::none;
    if (!core_.trace.on() || value == 0) return; // 0 is told as a reset
    const u8 fresh = static_cast<u8>(value & ~negotiation_.value());
    if ((fresh & wire::DEVICE_STATUS_FEATURES_OK) != 0)
        core_.trace.add({core_.now_ns, trace_kind::features, none, none, negotiation_.accepted(),
                         negotiation_.offered()});
    core_.trace.add({core_.now_ns, trace_kind::status_write, none, none, value});
}

inline void sound_device::reset() {
    live_ = told_needs_reset_ = core_.needs_reset = false;
    core_.features = 0;
    pending_ = 0;
    ++resets_;
    core_.trace.add({core_.now_ns, trace_kind::reset, trace_event::none, trace_event::none});
    for (pcm_stream& s : streams_)
        s.reset();
    control_.reset();
    for (control_element& e : elements_)
        e.reset();
    core_.suspend = {};
    core_.event_buffers.clear();
    dropped_.clear();
    for (u32 q = 0; q < wire::SND_VQ_COUNT; ++q) {
        core_.queues[q].disable();
        registers_[q] = {};
        registers_[q].size = registers_[q].most = core_.profile.queue_sizes[q];
        unrung_since_[q] = fault_set::never;
    }
    negotiation_.reset();
}

inline u32 sound_device::read_config(u32 offset) {
    const le32 fields[] = {config_.jacks, config_.streams, config_.chmaps, config_.controls};
    const u32 field = offset / 4;
    if (field >= core_.profile.config_bytes / 4 || field >= 4) return 0;
    negotiation_.note_config_read(field);
    return fields[field];
}

inline void sound_device::set_queue_size(u32 queue, u16 size) {
    queue_registers& r = registers_[queue];
    const std::string detail = "queue " + std::to_string(queue) + ": " + std::to_string(size);
    judge_queue_reset(queue);
    if (r.enabled) return core_.violate(violation::queue_changed_while_enabled, detail);
    const bool packed = negotiation_.accepts(wire::F_RING_PACKED);
    const bool valid = packed ? wire::pvirtq_size_is_valid(size) : wire::virtq_size_is_valid(size);
    if (!valid || size > r.most) return core_.violate(violation::queue_size_invalid, detail);
    r.size = size;
}

inline void sound_device::set_queue_address(u32 queue, u32 part, u64 address) {
    queue_registers& r = registers_[queue];
    judge_queue_reset(queue);
    if (r.enabled)
        return core_.violate(violation::queue_changed_while_enabled,
                             "queue " + std::to_string(queue) + ": address");
    r.address[part] = address;
}

inline void sound_device::disable_queue(u32 queue) {
    registers_[queue].enabled = false;
    core_.queues[queue].disable();
}

inline void sound_device::enable_queue(u32 queue, u16 value) {
    queue_registers& r = registers_[queue];
    const std::string detail = "queue " + std::to_string(queue);
    if (value != 1) return core_.violate(violation::queue_disabled, detail);
    judge_queue_reset(queue);
    if (r.enabled || r.size == 0) return;
    if (!negotiation_.has(wire::DEVICE_STATUS_FEATURES_OK))
        core_.violate(violation::queue_enabled_too_early, detail);
    const bool packed = negotiation_.accepts(wire::F_RING_PACKED);
    if (r.address[0] % 16 != 0 || r.address[1] % (packed ? 4 : 2) != 0 || r.address[2] % 4 != 0)
        return core_.violate(packed ? violation::packed_misaligned : violation::queue_misaligned,
                             detail);
    r.enabled = true;
    core_.trace.add({core_.now_ns, trace_kind::queue_enabled, queue, trace_event::none, r.size,
                     packed ? u64{1} : u64{0}});
    core_.queues[queue].enable({r.size,
                                {r.address[0]},
                                {r.address[1]},
                                {r.address[2]},
                                negotiation_.accepts(wire::F_EVENT_IDX),
                                negotiation_.accepts(wire::F_INDIRECT_DESC),
                                core_.profile.address_end,
                                packed,
                                negotiation_.accepts(wire::F_IN_ORDER)});
}

} // namespace vsnd::model
