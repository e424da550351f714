#pragma once
// Virtio over PCI: capabilities, the common configuration, and the few registers of PCI's own
// configuration space that finding them takes.
// Spec: [virtio 1.4] Virtio Over PCI Bus

#include <vsnd/base/endian.hpp>
#include <vsnd/base/types.hpp>

namespace vsnd::wire {

// Spec: [virtio 1.4] PCI Device Discovery
inline constexpr u16 PCI_VENDOR_VIRTIO = 0x1af4;
inline constexpr u16 PCI_DEVICE_BASE = 0x1040;         // plus the virtio device id
inline constexpr u16 PCI_DEVICE_LAST = 0x107f;         // the last of the modern range
inline constexpr u16 PCI_DEVICE_TRANSITIONAL = 0x1000; // from here to 0x103f
inline constexpr u16 PCI_DEVICE_SOUND = PCI_DEVICE_BASE + 25;

// Spec: [virtio 1.4] Virtio Structure PCI Capabilities
inline constexpr u8 PCI_CAP_COMMON_CFG = 1;
inline constexpr u8 PCI_CAP_NOTIFY_CFG = 2;
inline constexpr u8 PCI_CAP_ISR_CFG = 3;
inline constexpr u8 PCI_CAP_DEVICE_CFG = 4;
inline constexpr u8 PCI_CAP_PCI_CFG = 5;
inline constexpr u8 PCI_CAP_SHARED_MEMORY_CFG = 8;
inline constexpr u8 PCI_CAP_VENDOR_CFG = 9;

inline constexpr u8 PCI_BAR_LAST = 5; // greater numbers in a capability are reserved

struct pci_cap {
    u8 cap_vndr; // pci_config::capability_vendor
    u8 cap_next;
    u8 cap_len;
    u8 cfg_type; // PCI_CAP_*
    u8 bar;
    u8 id;
    u8 padding[2];
    le32 offset;
    le32 length;
};
static_assert(sizeof(pci_cap) == 16);
static_assert(offsetof(pci_cap, cap_vndr) == 0);
static_assert(offsetof(pci_cap, cap_next) == 1);
static_assert(offsetof(pci_cap, cap_len) == 2);
static_assert(offsetof(pci_cap, cfg_type) == 3);
static_assert(offsetof(pci_cap, bar) == 4);
static_assert(offsetof(pci_cap, id) == 5);
static_assert(offsetof(pci_cap, padding) == 6);
static_assert(offsetof(pci_cap, offset) == 8);
static_assert(offsetof(pci_cap, length) == 12);

struct pci_cap64 {
    pci_cap cap;
    le32 offset_hi;
    le32 length_hi;
};
static_assert(sizeof(pci_cap64) == 24);
static_assert(offsetof(pci_cap64, offset_hi) == 16);
static_assert(offsetof(pci_cap64, length_hi) == 20);

// Spec: [virtio 1.4] Notification structure layout
struct pci_notify_cap {
    pci_cap cap;
    le32 notify_off_multiplier;
};
static_assert(sizeof(pci_notify_cap) == 20);
static_assert(offsetof(pci_notify_cap, notify_off_multiplier) == 16);

// Spec: [virtio 1.4] PCI configuration access capability
struct pci_cfg_cap {
    pci_cap cap;
    u8 pci_cfg_data[4];
};
static_assert(sizeof(pci_cfg_cap) == 20);
static_assert(offsetof(pci_cfg_cap, pci_cfg_data) == 16);

// Vendor data follows. Spec: [virtio 1.4] Vendor data capability
struct pci_vndr_data {
    u8 cap_vndr;
    u8 cap_next;
    u8 cap_len;
    u8 cfg_type; // PCI_CAP_VENDOR_CFG
    le16 vendor_id;
};
static_assert(sizeof(pci_vndr_data) == 6);
static_assert(offsetof(pci_vndr_data, vendor_id) == 4);

// Spec: [virtio 1.4] Common configuration structure layout
struct pci_common_cfg {
    // The whole device.
    le32 device_feature_select;
    le32 device_feature;
    le32 driver_feature_select;
    le32 driver_feature;
    le16 config_msix_vector;
    le16 num_queues;
    u8 device_status;
    u8 config_generation;

    // The queue that queue_select names.
    le16 queue_select;
    le16 queue_size;
    le16 queue_msix_vector;
    le16 queue_enable;
    le16 queue_notify_off;
    le64 queue_desc; // 64-bit fields are accessed as two of 32
    le64 queue_driver;
    le64 queue_device;
    le16 queue_notif_config_data; // only with F_NOTIF_CONFIG_DATA
    le16 queue_reset;             // only with F_RING_RESET

    // The administration queues, only with F_ADMIN_VQ.
    le16 admin_queue_index;
    le16 admin_queue_num;
};
static_assert(sizeof(pci_common_cfg) == 64);
static_assert(offsetof(pci_common_cfg, device_feature_select) == 0);
static_assert(offsetof(pci_common_cfg, device_feature) == 4);
static_assert(offsetof(pci_common_cfg, driver_feature_select) == 8);
static_assert(offsetof(pci_common_cfg, driver_feature) == 12);
static_assert(offsetof(pci_common_cfg, config_msix_vector) == 16);
static_assert(offsetof(pci_common_cfg, num_queues) == 18);
static_assert(offsetof(pci_common_cfg, device_status) == 20);
static_assert(offsetof(pci_common_cfg, config_generation) == 21);
static_assert(offsetof(pci_common_cfg, queue_select) == 22);
static_assert(offsetof(pci_common_cfg, queue_size) == 24);
static_assert(offsetof(pci_common_cfg, queue_msix_vector) == 26);
static_assert(offsetof(pci_common_cfg, queue_enable) == 28);
static_assert(offsetof(pci_common_cfg, queue_notify_off) == 30);
static_assert(offsetof(pci_common_cfg, queue_desc) == 32);
static_assert(offsetof(pci_common_cfg, queue_driver) == 40);
static_assert(offsetof(pci_common_cfg, queue_device) == 48);
static_assert(offsetof(pci_common_cfg, queue_notif_config_data) == 56);
static_assert(offsetof(pci_common_cfg, queue_reset) == 58);
static_assert(offsetof(pci_common_cfg, admin_queue_index) == 60);
static_assert(offsetof(pci_common_cfg, admin_queue_num) == 62);

// What every modern device has: up to queue_device. The fields after it came later.
inline constexpr u32 PCI_COMMON_CFG_BASE_BYTES = 56;
// Up to queue_reset: what a queue may need with the features of its own.
inline constexpr u32 PCI_COMMON_CFG_QUEUE_BYTES = 60;

inline constexpr u16 MSI_NO_VECTOR = 0xffff;

// Spec: [virtio 1.4] ISR status capability
inline constexpr u8 PCI_ISR_QUEUE = 1;
inline constexpr u8 PCI_ISR_CONFIG = 2;

// PCI's own configuration space. Kernels have macros with the usual upper-case names of these,
// so the names here are in lower case.
namespace pci_config {
inline constexpr u32 vendor_id = 0x00;           // 16 bits
inline constexpr u32 device_id = 0x02;           // 16 bits
inline constexpr u32 command = 0x04;             // 16 bits
inline constexpr u32 status_register = 0x06;     // 16 bits
inline constexpr u32 revision_id = 0x08;         // 8 bits
inline constexpr u32 header_type = 0x0e;         // 8 bits
inline constexpr u32 first_bar = 0x10;           // 32 bits each, six of them
inline constexpr u32 subsystem_vendor_id = 0x2c; // 16 bits
inline constexpr u32 subsystem_id = 0x2e;        // 16 bits
inline constexpr u32 capability_pointer = 0x34;  // 8 bits
inline constexpr u32 interrupt_line = 0x3c;      // 8 bits
inline constexpr u32 interrupt_pin = 0x3d;       // 8 bits
inline constexpr u32 header_bytes = 0x40;        // capabilities lie above
inline constexpr u32 space_bytes = 0x100;        // and below

inline constexpr u16 vendor_absent = 0xffff; // what an empty slot reads as

inline constexpr u16 command_io_space = 0x0001;
inline constexpr u16 command_memory_space = 0x0002;
inline constexpr u16 command_bus_master = 0x0004;
inline constexpr u16 command_intx_disable = 0x0400;
inline constexpr u16 status_capabilities = 0x0010; // the list exists

inline constexpr u8 capability_vendor = 0x09;
inline constexpr u8 capability_msix = 0x11;
inline constexpr u32 capability_pointer_mask = 0xfc; // two low bits are reserved
inline constexpr u32 capability_next = 1;            // byte of a capability
inline constexpr u32 capability_least_bytes = 4;     // capabilities are dword aligned
// More than this many capabilities in a list means that it is a loop.
inline constexpr u32 capability_limit = (space_bytes - header_bytes) / capability_least_bytes;

inline constexpr u32 bar_is_io = 0x1;
inline constexpr u32 bar_type_mask = 0x6;
inline constexpr u32 bar_type_64 = 0x4;
} // namespace pci_config

// The MSI-X capability and an entry of the table it names. [PCI Local Bus 3.0] MSI-X Capability
struct pci_msix_cap {
    u8 cap_id; // pci_config::capability_msix
    u8 cap_next;
    le16 control; // PCI_MSIX_CONTROL_*
    le32 table;   // BAR in bits 0-2, offset in the rest
    le32 pending; // the same
};
static_assert(sizeof(pci_msix_cap) == 12);
static_assert(offsetof(pci_msix_cap, control) == 2);
static_assert(offsetof(pci_msix_cap, table) == 4);
static_assert(offsetof(pci_msix_cap, pending) == 8);

inline constexpr u16 PCI_MSIX_CONTROL_SIZE_MASK = 0x07ff; // entries of the table, less one
inline constexpr u16 PCI_MSIX_CONTROL_MASK_ALL = 0x4000;
inline constexpr u16 PCI_MSIX_CONTROL_ENABLE = 0x8000;
inline constexpr u32 PCI_MSIX_BAR_MASK = 0x7;

struct pci_msix_entry {
    le32 address_low;
    le32 address_high;
    le32 data;
    le32 control; // bit 0: masked
};
static_assert(sizeof(pci_msix_entry) == 16);
static_assert(offsetof(pci_msix_entry, data) == 8);
static_assert(offsetof(pci_msix_entry, control) == 12);

inline constexpr u32 PCI_MSIX_ENTRY_MASKED = 1;

} // namespace vsnd::wire
