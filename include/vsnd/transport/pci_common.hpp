#pragma once
// The common configuration of a PCI function as the handshake wants it, and the set-up of one
// queue.
// Spec: [virtio 1.4] Common configuration structure layout

#include <vsnd/ring/ring.hpp>
#include <vsnd/transport/handshake.hpp>
#include <vsnd/transport/pci_kernel.hpp>
#include <vsnd/transport/registers.hpp>
#include <vsnd/wire/pci.hpp>

namespace vsnd {

// Tells the device to look at one queue. Spec: [virtio 1.4] Available Buffer Notifications
template <pci_kernel Kernel>
struct pci_doorbell {
    Kernel* kernel = nullptr;
    u8* address = nullptr;
    u16 queue = 0; // with NOTIF_CONFIG_DATA what the device calls it

    VSND_HOT void ring() { write_register_16(*kernel, address, queue); }
    // With NOTIFICATION_DATA: also where the next buffer goes.
    VSND_HOT void ring_with(u16 next) {
        write_register_32(*kernel, address, u32{next} << wire::NOTIFICATION_OFFSET_SHIFT | queue);
    }
};

// `Policy` may have its own `patience` with a reset.
template <pci_kernel Kernel, class Policy>
struct pci_common {
    Kernel* kernel = nullptr;
    u8* base = nullptr; // mapped at the first negotiation

    static constexpr reset_patience patience = patience_of(Policy{});

    // The concept handshake_registers.
    u8 device_status() { return read_register_8(*kernel, base + offsetof(layout, device_status)); }
    void set_device_status(u8 value) {
        write_register_8(*kernel, base + offsetof(layout, device_status), value);
    }
    u32 offered_features(u32 word) {
        set_32(offsetof(layout, device_feature_select), word);
        return read_register_32(*kernel, base + offsetof(layout, device_feature));
    }
    void accept_features(u32 word, u32 bits) {
        set_32(offsetof(layout, driver_feature_select), word);
        set_32(offsetof(layout, driver_feature), bits);
    }
    u64 now_ns() { return kernel->now_ns(); }

    u32 generation() {
        return read_register_8(*kernel, base + offsetof(layout, config_generation));
    }
    bool gone() { return device_status() == device_status_gone; }

    void select_queue(u32 index) { set_16(offsetof(layout, queue_select), index); }
    u32 queue_size() { return get_16(offsetof(layout, queue_size)); }
    u32 queue_notify_off() { return get_16(offsetof(layout, queue_notify_off)); }
    // Only with NOTIF_CONFIG_DATA.
    u32 queue_notif_config_data() { return get_16(offsetof(layout, queue_notif_config_data)); }
    // Only with RING_RESET.
    void begin_queue_reset() { set_16(offsetof(layout, queue_reset), 1); }
    u32 queue_reset() { return get_16(offsetof(layout, queue_reset)); }

    // False: the device does not take a size that is not greater than its own.
    bool set_queue_size(u32 size) { return takes(offsetof(layout, queue_size), size); }
    void set_queue_addresses(const ring_addresses& ring) {
        set_64(offsetof(layout, queue_desc), ring.descriptors.value);
        set_64(offsetof(layout, queue_driver), ring.driver_area.value);
        set_64(offsetof(layout, queue_device), ring.device_area.value);
    }
    void enable_queue() { set_16(offsetof(layout, queue_enable), 1); }

    // False: the device has no resources for it; the vector reads back as NO_VECTOR.
    bool map_queue_vector(u32 vector) { return takes(offsetof(layout, queue_msix_vector), vector); }
    bool map_config_vector(u32 vector) {
        return takes(offsetof(layout, config_msix_vector), vector);
    }

  private:
    using layout = wire::pci_common_cfg;

    bool takes(usize at, u32 value) {
        set_16(at, value);
        return get_16(at) == value;
    }
    u32 get_16(usize at) { return read_register_16(*kernel, base + at); }
    void set_16(usize at, u32 value) {
        write_register_16(*kernel, base + at, static_cast<u16>(value));
    }
    void set_32(usize at, u32 value) { write_register_32(*kernel, base + at, value); }
    void set_64(usize at, u64 value) {
        set_32(at, static_cast<u32>(value));
        set_32(at + 4, static_cast<u32>(value >> 32));
    }
};

} // namespace vsnd
