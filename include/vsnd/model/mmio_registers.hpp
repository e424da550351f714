#pragma once
// The registers of the device over MMIO. Included by mmio_function.hpp.
// Spec: [virtio 1.4] MMIO Device Register Layout

#include <vsnd/model/mmio_function.hpp>

namespace vsnd::model {

inline u32 mmio_function::read(u64 offset, u32 bytes) {
    ++reads_;
    const u32 ones = bytes >= 4 ? nothing : (u32{1} << 8 * bytes) - 1;
    if (device_.faults().gone) return ones;
    if (!judge_access(offset, bytes, false)) return ones;
    return read_register(static_cast<u32>(offset));
}

inline void mmio_function::write(u64 offset, u32 bytes, u32 value) {
    ++writes_;
    if (device_.faults().gone || !judge_access(offset, bytes, true)) return;
    if (offset < wire::MMIO_CONFIG) return write_register(static_cast<u32>(offset), value);
    device_.note_config_write(static_cast<u32>(offset) - wire::MMIO_CONFIG);
}

inline u32 mmio_function::read_register(u32 offset) {
    if (offset >= wire::MMIO_CONFIG) return device_.read_config(offset - wire::MMIO_CONFIG);
    switch (offset) {
    case wire::MMIO_MAGIC_VALUE: return layout_.magic;
    case wire::MMIO_VERSION: return layout_.version;
    case wire::MMIO_DEVICE_ID: return layout_.device_id;
    case wire::MMIO_DEVICE_FEATURES:
        if (feature_select_ == nothing)
            device_.violate(violation::mmio_features_not_selected, "read of DeviceFeatures");
        return feature_select_ > 1
                   ? 0
                   : static_cast<u32>(device_.offered_features() >> 32 * feature_select_);
    case wire::MMIO_QUEUE_SIZE_MAX:
        return queue_selected() ? device_.registers(queue_select_).most : 0;
    case wire::MMIO_QUEUE_RESET:
        return queue_selected() ? device_.read_queue_reset(queue_select_) : 0;
    case wire::MMIO_QUEUE_READY: return ready() || layout_.always_ready ? 1 : 0;
    case wire::MMIO_INTERRUPT_STATUS: unlooked_ = false; return interrupt_status_;
    case wire::MMIO_STATUS: return device_.read_status();
    case wire::MMIO_CONFIG_GENERATION: return device_.read_generation();
    default: return 0; // VendorID
    }
}

inline void mmio_function::write_register(u32 offset, u32 value) {
    switch (offset) {
    case wire::MMIO_DEVICE_FEATURES_SEL: feature_select_ = value; break;
    case wire::MMIO_DRIVER_FEATURES_SEL: driver_select_ = value; break;
    case wire::MMIO_DRIVER_FEATURES:
        if (driver_select_ == nothing)
            return device_.violate(violation::mmio_driver_features_not_selected, "");
        return device_.accept_features(driver_select_, value);
    case wire::MMIO_QUEUE_SEL: queue_select_ = value; break;
    case wire::MMIO_QUEUE_NOTIFY: return ring(value);
    case wire::MMIO_INTERRUPT_ACK: return acknowledge(value);
    case wire::MMIO_STATUS: return write_status(value);
    case wire::MMIO_QUEUE_READY:
        if (queue_selected()) write_ready(value);
        break;
    case wire::MMIO_QUEUE_RESET:
        if (queue_selected()) device_.reset_queue(queue_select_, value);
        break;
    default:
        if (queue_selected() && judge_queue_write(offset, value)) write_queue(offset, value);
        break;
    }
}

inline void mmio_function::write_queue(u32 offset, u32 value) {
    if (offset == wire::MMIO_QUEUE_SIZE)
        return device_.set_queue_size(queue_select_, static_cast<u16>(value));
    const u32 part = (offset - wire::MMIO_QUEUE_DESC_LOW) / 16;
    const u64 old = device_.registers(queue_select_).address[part];
    const bool low = offset % 16 == 0;
    device_.set_queue_address(queue_select_, part,
                              low ? (old & ~u64{0xffff'ffff}) | value
                                  : (old & 0xffff'ffff) | u64{value} << 32);
}

// Unlike over PCI, a driver may stop a queue.
inline void mmio_function::write_ready(u32 value) {
    if (value == 0) {
        device_.disable_queue(queue_select_);
        stopped_queue_ = queue_select_;
    } else if (!layout_.never_ready) {
        device_.enable_queue(queue_select_, 1);
    }
}

inline void mmio_function::write_status(u32 value) {
    const u64 resets = device_.resets();
    device_.write_status(static_cast<u8>(value));
    if (device_.resets() == resets) return;
    feature_select_ = driver_select_ = nothing;
    queue_select_ = interrupt_status_ = untold_ = 0;
    unlooked_ = false;
}

// Spec: [virtio 1.4] MMIO-specific Initialization And Device Operation / Available Buffer
// Notifications
inline void mmio_function::ring(u32 value) {
    const bool more = accepts(wire::F_NOTIFICATION_DATA);
    const u32 queue = more ? value & 0xffff : value;
    const bool known = queue < wire::SND_VQ_COUNT && device_.registers(queue).enabled;
    if (!known && device_.live())
        return device_.violate(violation::mmio_notify_value, std::to_string(value));
    if (more) return device_.notify(queue, static_cast<u16>(value >> 16));
    device_.notify(queue);
}

} // namespace vsnd::model
