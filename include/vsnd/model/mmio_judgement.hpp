#pragma once
// What the device makes of each access to its registers over MMIO. Included by mmio_function.hpp.
// Spec: [virtio 1.4] MMIO Device Register Layout

#include <vsnd/model/mmio_function.hpp>

namespace vsnd::model {

namespace detail {
enum class way : u8 { read, write, both };
struct mmio_register {
    u32 offset;
    way direction;
};
inline constexpr mmio_register mmio_table[] = {
    {wire::MMIO_MAGIC_VALUE, way::read},       {wire::MMIO_VERSION, way::read},
    {wire::MMIO_DEVICE_ID, way::read},         {wire::MMIO_VENDOR_ID, way::read},
    {wire::MMIO_DEVICE_FEATURES, way::read},   {wire::MMIO_DEVICE_FEATURES_SEL, way::write},
    {wire::MMIO_DRIVER_FEATURES, way::write},  {wire::MMIO_DRIVER_FEATURES_SEL, way::write},
    {wire::MMIO_QUEUE_SEL, way::write},        {wire::MMIO_QUEUE_SIZE_MAX, way::read},
    {wire::MMIO_QUEUE_SIZE, way::write},       {wire::MMIO_QUEUE_READY, way::both},
    {wire::MMIO_QUEUE_NOTIFY, way::write},     {wire::MMIO_INTERRUPT_STATUS, way::read},
    {wire::MMIO_INTERRUPT_ACK, way::write},    {wire::MMIO_STATUS, way::both},
    {wire::MMIO_QUEUE_DESC_LOW, way::write},   {wire::MMIO_QUEUE_DESC_HIGH, way::write},
    {wire::MMIO_QUEUE_DRIVER_LOW, way::write}, {wire::MMIO_QUEUE_DRIVER_HIGH, way::write},
    {wire::MMIO_QUEUE_DEVICE_LOW, way::write}, {wire::MMIO_QUEUE_DEVICE_HIGH, way::write},
    {wire::MMIO_SHM_SEL, way::write},          {wire::MMIO_SHM_LEN_LOW, way::read},
    {wire::MMIO_SHM_LEN_HIGH, way::read},      {wire::MMIO_SHM_BASE_LOW, way::read},
    {wire::MMIO_SHM_BASE_HIGH, way::read},     {wire::MMIO_CONFIG_GENERATION, way::read},
    {wire::MMIO_QUEUE_RESET, way::both},
};

inline std::string mmio_text(u64 offset, u32 bytes) {
    return std::to_string(bytes) + " bytes at " + std::to_string(offset);
}
} // namespace detail

// False: the access has no effect.
inline bool mmio_function::judge_access(u64 at, u32 bytes, bool writing) {
    const std::string text = detail::mmio_text(at, bytes);
    if (at + bytes > mmio_function::window_bytes)
        return device_.violate(violation::mmio_outside, text), false;
    const u32 offset = static_cast<u32>(at);
    if (!judge_identity(offset)) return false;
    judge_stopped_queue(offset, writing);
    if (offset >= wire::MMIO_CONFIG) return judge_config(offset, bytes);
    if (bytes != 4 || offset % 4 != 0) return device_.violate(violation::mmio_width, text), false;
    for (const detail::mmio_register& r : detail::mmio_table) {
        if (r.offset != offset) continue;
        if (offset == wire::MMIO_QUEUE_RESET && !accepts(wire::F_RING_RESET)) break;
        if (offset >= wire::MMIO_SHM_SEL && offset <= wire::MMIO_SHM_BASE_HIGH)
            return device_.violate(violation::mmio_shared_memory_used, text), false;
        if (writing && r.direction == detail::way::read)
            return device_.violate(violation::mmio_read_only_written, text), false;
        if (!writing && r.direction == detail::way::write)
            return device_.violate(violation::mmio_write_only_read, text), false;
        return true;
    }
    return device_.violate(violation::mmio_outside, text), false;
}

// Spec: [virtio 1.4] MMIO-specific Initialization And Device Operation / Device Initialization
inline bool mmio_function::judge_identity(u32 offset) {
    if (offset <= wire::MMIO_DEVICE_ID) {
        identity_read_ |= 1u << offset / 4;
        return true;
    }
    if (identity_read_ != 7) {
        device_.violate(violation::mmio_not_identified, "offset " + std::to_string(offset));
        identity_read_ = 7;
    }
    const auto ignored = [&](violation what) {
        device_.violate(what, "offset " + std::to_string(offset));
        return false;
    };
    if (layout_.magic != wire::MMIO_MAGIC) return ignored(violation::mmio_magic_ignored);
    if (layout_.version != wire::MMIO_VERSION_MODERN)
        return ignored(violation::mmio_version_ignored);
    if (layout_.device_id == wire::DEVICE_ID_INVALID)
        return ignored(violation::mmio_placeholder_used);
    return true;
}

// All fields of the configuration are of 32 bits.
inline bool mmio_function::judge_config(u32 offset, u32 bytes) {
    const std::string text = detail::mmio_text(offset, bytes);
    if (offset - wire::MMIO_CONFIG + bytes > device_.config_bytes())
        return device_.violate(violation::mmio_outside, text), false;
    if (bytes != 4 || offset % 4 != 0) return device_.violate(violation::mmio_width, text), false;
    return true;
}

// After a 0 in QueueReady the driver reads it back; a reset serves as well.
inline void mmio_function::judge_stopped_queue(u32 offset, bool writing) {
    if (stopped_queue_ == nothing) return;
    const bool back = offset == wire::MMIO_QUEUE_READY && !writing;
    const bool reset = offset == wire::MMIO_STATUS && writing;
    if (!back && !reset)
        device_.violate(violation::mmio_stop_not_read_back,
                        "queue " + std::to_string(stopped_queue_));
    stopped_queue_ = nothing;
}

// False: the queue is not to be changed so.
inline bool mmio_function::judge_queue_write(u32 offset, u32 value) {
    const std::string text = "queue " + std::to_string(queue_select_);
    if (ready()) {
        device_.violate(violation::mmio_ready_queue_touched,
                        text + ", offset " + std::to_string(offset));
        return false;
    }
    if (offset != wire::MMIO_QUEUE_SIZE || value <= device_.registers(queue_select_).most)
        return true;
    device_.violate(violation::mmio_queue_too_large, text + ": " + std::to_string(value));
    return false;
}

} // namespace vsnd::model
