#pragma once
// What all virtio devices share: device ids, device status bits, feature bits, and the
// notification data.

#include <vsnd/base/types.hpp>

namespace vsnd::wire {

// Spec: [virtio 1.4] Device Types
inline constexpr u32 DEVICE_ID_INVALID = 0; // MMIO: a place with no device in it
inline constexpr u32 DEVICE_ID_SOUND = 25;

// Spec: [virtio 1.4] Device Status Field
inline constexpr u8 DEVICE_STATUS_ACKNOWLEDGE = 1;
inline constexpr u8 DEVICE_STATUS_DRIVER = 2;
inline constexpr u8 DEVICE_STATUS_DRIVER_OK = 4;
inline constexpr u8 DEVICE_STATUS_FEATURES_OK = 8;
inline constexpr u8 DEVICE_STATUS_SUSPEND = 16;
inline constexpr u8 DEVICE_STATUS_NEEDS_RESET = 64;
inline constexpr u8 DEVICE_STATUS_FAILED = 128;

// Bit numbers. Spec: [virtio 1.4] Reserved Feature Bits
inline constexpr u32 F_INDIRECT_DESC = 28;
inline constexpr u32 F_EVENT_IDX = 29;
inline constexpr u32 F_VERSION_1 = 32;
inline constexpr u32 F_ACCESS_PLATFORM = 33;
inline constexpr u32 F_RING_PACKED = 34;
inline constexpr u32 F_IN_ORDER = 35;
inline constexpr u32 F_ORDER_PLATFORM = 36;
inline constexpr u32 F_SR_IOV = 37;
inline constexpr u32 F_NOTIFICATION_DATA = 38;
inline constexpr u32 F_NOTIF_CONFIG_DATA = 39;
inline constexpr u32 F_RING_RESET = 40;
inline constexpr u32 F_ADMIN_VQ = 41;
inline constexpr u32 F_SUSPEND = 43;

// Bit numbers from before virtio 1.0. Spec: [virtio 1.4] Legacy Interface: Reserved Feature Bits
inline constexpr u32 F_NOTIFY_ON_EMPTY = 24;
inline constexpr u32 F_ANY_LAYOUT = 27;

// Feature bits are read and written in words of 32.
inline constexpr u32 FEATURE_WORDS = 2;

// The fields of a notification with F_NOTIFICATION_DATA.
// Spec: [virtio 1.4] Driver Notifications
inline constexpr u32 NOTIFICATION_QUEUE_SHIFT = 0;   // 16 bits: queue index, or its config data
inline constexpr u32 NOTIFICATION_OFFSET_SHIFT = 16; // 15 bits: where the next buffer goes
inline constexpr u32 NOTIFICATION_WRAP_SHIFT = 31;   // 1 bit: the wrap counter there

} // namespace vsnd::wire
