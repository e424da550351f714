#pragma once
// Virtio over MMIO, version 2: offsets of its registers. All are 32 bits wide except the
// device's configuration, which is accessed by the width of its fields.
// Spec: [virtio 1.4] MMIO Device Register Layout

#include <vsnd/base/types.hpp>

namespace vsnd::wire {

inline constexpr u32 MMIO_MAGIC_VALUE = 0x000;
inline constexpr u32 MMIO_VERSION = 0x004;
inline constexpr u32 MMIO_DEVICE_ID = 0x008;
inline constexpr u32 MMIO_VENDOR_ID = 0x00c;
inline constexpr u32 MMIO_DEVICE_FEATURES = 0x010;
inline constexpr u32 MMIO_DEVICE_FEATURES_SEL = 0x014;
inline constexpr u32 MMIO_DRIVER_FEATURES = 0x020;
inline constexpr u32 MMIO_DRIVER_FEATURES_SEL = 0x024;
inline constexpr u32 MMIO_QUEUE_SEL = 0x030;
inline constexpr u32 MMIO_QUEUE_SIZE_MAX = 0x034;
inline constexpr u32 MMIO_QUEUE_SIZE = 0x038;
inline constexpr u32 MMIO_QUEUE_READY = 0x044;
inline constexpr u32 MMIO_QUEUE_NOTIFY = 0x050;
inline constexpr u32 MMIO_INTERRUPT_STATUS = 0x060;
inline constexpr u32 MMIO_INTERRUPT_ACK = 0x064;
inline constexpr u32 MMIO_STATUS = 0x070;
inline constexpr u32 MMIO_QUEUE_DESC_LOW = 0x080;
inline constexpr u32 MMIO_QUEUE_DESC_HIGH = 0x084;
inline constexpr u32 MMIO_QUEUE_DRIVER_LOW = 0x090;
inline constexpr u32 MMIO_QUEUE_DRIVER_HIGH = 0x094;
inline constexpr u32 MMIO_QUEUE_DEVICE_LOW = 0x0a0;
inline constexpr u32 MMIO_QUEUE_DEVICE_HIGH = 0x0a4;
inline constexpr u32 MMIO_SHM_SEL = 0x0ac;
inline constexpr u32 MMIO_SHM_LEN_LOW = 0x0b0;
inline constexpr u32 MMIO_SHM_LEN_HIGH = 0x0b4;
inline constexpr u32 MMIO_SHM_BASE_LOW = 0x0b8;
inline constexpr u32 MMIO_SHM_BASE_HIGH = 0x0bc;
inline constexpr u32 MMIO_QUEUE_RESET = 0x0c0; // only with F_RING_RESET
inline constexpr u32 MMIO_CONFIG_GENERATION = 0x0fc;
inline constexpr u32 MMIO_CONFIG = 0x100; // the device's configuration starts here

inline constexpr u32 MMIO_MAGIC = 0x74726976; // "virt"
inline constexpr u32 MMIO_VERSION_LEGACY = 1;
inline constexpr u32 MMIO_VERSION_MODERN = 2;

// Bits of MMIO_INTERRUPT_STATUS and MMIO_INTERRUPT_ACK.
inline constexpr u32 MMIO_INTERRUPT_QUEUE = 1;
inline constexpr u32 MMIO_INTERRUPT_CONFIG = 2;

} // namespace vsnd::wire
