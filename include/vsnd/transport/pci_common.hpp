#pragma once
// The common configuration of a PCI function as the handshake wants it, and the set-up of one
// queue.
// Spec: [virtio 1.4] Common configuration structure layout

#include <vsnd/ring/split_queue.hpp>
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
    u16 queue = 0;

    VSND_HOT void ring() { write_register_16(*kernel, address, queue); }
};

template <pci_kernel Kernel>
class pci_common {
    using layout = wire::pci_common_cfg;

  public:
    constexpr pci_common() = default;
    constexpr pci_common(Kernel& kernel, u8* base) : kernel_(&kernel), base_(base) {}

    // The concept handshake_registers.
    u8 device_status() {
        return read_register_8(*kernel_, base_ + offsetof(layout, device_status));
    }
    void set_device_status(u8 value) {
        write_register_8(*kernel_, base_ + offsetof(layout, device_status), value);
    }
    u32 offered_features(u32 word) {
        set_32(offsetof(layout, device_feature_select), word);
        return read_register_32(*kernel_, base_ + offsetof(layout, device_feature));
    }
    void accept_features(u32 word, u32 bits) {
        set_32(offsetof(layout, driver_feature_select), word);
        set_32(offsetof(layout, driver_feature), bits);
    }
    u64 now_ns() { return kernel_->now_ns(); }

    u8 generation() {
        return read_register_8(*kernel_, base_ + offsetof(layout, config_generation));
    }
    bool gone() { return device_status() == device_status_gone; }

    void select_queue(u32 index) {
        set_16(offsetof(layout, queue_select), static_cast<u16>(index));
    }
    u16 queue_size() { return get_16(offsetof(layout, queue_size)); }
    u16 queue_notify_off() { return get_16(offsetof(layout, queue_notify_off)); }

    // False: the device does not take the smaller size.
    bool shrink_queue(u32 size) {
        set_16(offsetof(layout, queue_size), static_cast<u16>(size));
        return queue_size() == size;
    }
    void set_queue_addresses(const ring_addresses& ring) {
        set_64(offsetof(layout, queue_desc), ring.descriptors.value);
        set_64(offsetof(layout, queue_driver), ring.driver_area.value);
        set_64(offsetof(layout, queue_device), ring.device_area.value);
    }
    void enable_queue() { set_16(offsetof(layout, queue_enable), 1); }

    // Errors: no_vector. A vector that was not taken reads back as NO_VECTOR.
    status_code map_queue_vector(u16 vector) {
        return map_vector(offsetof(layout, queue_msix_vector), vector);
    }
    status_code map_config_vector(u16 vector) {
        return map_vector(offsetof(layout, config_msix_vector), vector);
    }

  private:
    status_code map_vector(usize at, u16 vector) {
        if (vector == wire::MSI_NO_VECTOR) return status_code::ok; // as the reset left it
        set_16(at, vector);
        return get_16(at) == vector ? status_code::ok : status_code::no_vector;
    }
    u16 get_16(usize at) { return read_register_16(*kernel_, base_ + at); }
    void set_16(usize at, u16 value) { write_register_16(*kernel_, base_ + at, value); }
    void set_32(usize at, u32 value) { write_register_32(*kernel_, base_ + at, value); }
    void set_64(usize at, u64 value) {
        set_32(at, static_cast<u32>(value));
        set_32(at + 4, static_cast<u32>(value >> 32));
    }

    Kernel* kernel_ = nullptr;
    u8* base_ = nullptr;
};

} // namespace vsnd
