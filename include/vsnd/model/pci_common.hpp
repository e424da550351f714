#pragma once
// The common configuration structure of the PCI function. Included by pci_function.hpp.
// Spec: [virtio 1.4] Common configuration structure layout

#include <vsnd/model/pci_function.hpp>

namespace vsnd::model {

namespace detail {
struct common_field {
    u8 offset;
    u8 bytes; // the access width: 64-bit fields are two of 32
    bool writable;
};
inline constexpr common_field common_fields[] = {
    {0x00, 4, true},  {0x04, 4, false}, {0x08, 4, true},  {0x0c, 4, true}, {0x10, 2, true},
    {0x12, 2, false}, {0x14, 1, true},  {0x15, 1, false}, {0x16, 2, true}, {0x18, 2, true},
    {0x1a, 2, true},  {0x1c, 2, true},  {0x1e, 2, false}, {0x20, 4, true}, {0x24, 4, true},
    {0x28, 4, true},  {0x2c, 4, true},  {0x30, 4, true},  {0x34, 4, true}, {0x38, 2, false},
    {0x3a, 2, true},  {0x3c, 2, false}, {0x3e, 2, false}};
} // namespace detail

// True: the access is one whole field, and allowed. Otherwise the violation is recorded.
inline bool pci_function::common_field(u32 offset, u32 bytes, bool writing) {
    const std::string text = std::to_string(bytes) + " bytes at common + " + std::to_string(offset);
    // Two fields exist only with a feature.
    const u32 feature = offset == 0x38   ? wire::F_NOTIF_CONFIG_DATA
                        : offset == 0x3a ? wire::F_RING_RESET
                                         : wire::F_VERSION_1;
    for (const auto& f : detail::common_fields) {
        if (f.offset != offset || f.bytes != bytes) continue;
        if (feature != wire::F_VERSION_1 && !accepts(feature)) {
            device_.violate(violation::register_outside, text);
            return false;
        }
        if (writing && !f.writable) {
            device_.violate(violation::read_only_register_written, text);
            return false;
        }
        return true;
    }
    device_.violate(violation::register_width, text);
    return false;
}

inline u32 pci_function::common_read(u32 offset, u32 bytes) {
    if (!common_field(offset, bytes, false)) return 0;
    switch (offset) {
    case 0x00: return feature_select_;
    case 0x04:
        return feature_select_ > 1
                   ? 0
                   : static_cast<u32>(device_.offered_features() >> 32 * feature_select_);
    case 0x08: return driver_select_;
    case 0x0c:
        return driver_select_ > 1
                   ? 0
                   : static_cast<u32>(device_.accepted_features() >> 32 * driver_select_);
    case 0x10: config_vector_.unread = false; return config_vector_.value;
    case 0x12: return wire::SND_VQ_COUNT;
    case 0x14: return device_.read_status();
    case 0x15: return device_.read_generation();
    case 0x16: return queue_select_;
    default: return queue_selected() ? queue_read(offset) : 0;
    }
}

inline u32 pci_function::queue_read(u32 offset) {
    const auto& r = device_.registers(queue_select_);
    const u32 part = (offset - 0x20) / 8;
    switch (offset) {
    case 0x18: return r.size;
    case 0x1a:
        queue_vectors_[queue_select_].unread = false;
        return queue_vectors_[queue_select_].value;
    case 0x1c: return r.enabled ? 1 : 0;
    case 0x1e: return notify_off(queue_select_);
    case 0x38: return notif_config_data(queue_select_);
    case 0x3a: return device_.read_queue_reset(queue_select_);
    default: break;
    }
    if (offset < 0x20 || part > 2) return 0;
    return static_cast<u32>(r.address[part] >> (offset % 8 == 0 ? 0 : 32));
}

inline void pci_function::common_write(u32 offset, u32 bytes, u32 value) {
    if (!common_field(offset, bytes, true)) return;
    switch (offset) {
    case 0x00: feature_select_ = value; break;
    case 0x08: driver_select_ = value; break;
    case 0x0c: device_.accept_features(driver_select_, value); break;
    case 0x10: map_vector(config_vector_, value); break;
    case 0x14: write_device_status(static_cast<u8>(value)); break;
    case 0x16: queue_select_ = value; break;
    default:
        if (queue_selected()) queue_write(offset, value);
        break;
    }
}

inline void pci_function::queue_write(u32 offset, u32 value) {
    const u32 part = (offset - 0x20) / 8;
    switch (offset) {
    case 0x18: return device_.set_queue_size(queue_select_, static_cast<u16>(value));
    case 0x1a: return map_vector(queue_vectors_[queue_select_], value);
    case 0x1c: return device_.enable_queue(queue_select_, static_cast<u16>(value));
    case 0x3a: queue_vectors_[queue_select_] = {}; return device_.reset_queue(queue_select_, value);
    default: break;
    }
    if (offset < 0x20 || part > 2) return;
    const u64 old = device_.registers(queue_select_).address[part];
    const bool low = offset % 8 == 0;
    device_.set_queue_address(queue_select_, part,
                              low ? (old & ~u64{0xffff'ffff}) | value
                                  : (old & 0xffff'ffff) | u64{value} << 32);
}

inline void pci_function::write_device_status(u8 value) {
    const u64 resets = device_.resets();
    if ((value & wire::DEVICE_STATUS_DRIVER_OK) != 0 && !device_.live()) {
        bool unread = config_vector_.unread;
        for (const vector_register& r : queue_vectors_)
            unread = unread || r.unread;
        if (unread) device_.violate(violation::vector_not_read_back, "at DRIVER_OK");
    }
    device_.write_status(value);
    if (device_.resets() == resets) return;
    reset_vectors();
    isr_ = 0;
    queue_select_ = feature_select_ = driver_select_ = 0;
}

// Spec: [virtio 1.4] MSI-X Vector Configuration
inline void pci_function::map_vector(vector_register& r, u32 value) {
    const bool none = value == wire::MSI_NO_VECTOR;
    const bool exists = value < table_.size() && msix_enabled();
    if (!none && value >= table_.size())
        device_.violate(violation::vector_out_of_table, std::to_string(value));
    r.unread = !none;
    r.value =
        exists && !device_.faults().no_vectors ? static_cast<u16>(value) : wire::MSI_NO_VECTOR;
}

} // namespace vsnd::model
