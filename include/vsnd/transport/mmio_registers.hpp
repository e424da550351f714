#pragma once
// The registers of a device over MMIO as the handshake wants them, and the set-up of one queue.
// Every access is of 32 bits.
// Spec: [virtio 1.4] MMIO Device Register Layout

#include <vsnd/ring/ring.hpp>
#include <vsnd/transport/handshake.hpp>
#include <vsnd/transport/mmio_kernel.hpp>
#include <vsnd/transport/registers.hpp>
#include <vsnd/wire/mmio.hpp>

namespace vsnd {

// Tells the device to look at one queue. Spec: [virtio 1.4] Available Buffer Notifications
template <mmio_kernel Kernel>
struct mmio_doorbell {
    Kernel* kernel = nullptr;
    u8* address = nullptr;
    u16 queue = 0;

    VSND_HOT void ring() { write_register_32(*kernel, address, queue); }
    // With NOTIFICATION_DATA: also where the next buffer goes.
    VSND_HOT void ring_with(u16 next) {
        write_register_32(*kernel, address, u32{next} << wire::NOTIFICATION_OFFSET_SHIFT | queue);
    }
};

template <mmio_kernel Kernel>
class mmio_registers {
  public:
    constexpr mmio_registers() = default;
    constexpr mmio_registers(Kernel& kernel, u8* base) : kernel_(&kernel), base_(base) {}

    u32 get(u32 at) { return read_register_32(*kernel_, base_ + at); }
    void set(u32 at, u32 value) { write_register_32(*kernel_, base_ + at, value); }

    // The concept handshake_registers. An absent device reads as all ones.
    u8 device_status() { return static_cast<u8>(get(wire::MMIO_STATUS)); }
    void set_device_status(u8 value) { set(wire::MMIO_STATUS, value); }
    u32 offered_features(u32 word) {
        set(wire::MMIO_DEVICE_FEATURES_SEL, word);
        return get(wire::MMIO_DEVICE_FEATURES);
    }
    void accept_features(u32 word, u32 bits) {
        set(wire::MMIO_DRIVER_FEATURES_SEL, word);
        set(wire::MMIO_DRIVER_FEATURES, bits);
    }
    u64 now_ns() { return kernel_->now_ns(); }

    // Errors: no_device, legacy_device. Nothing but the three registers is touched. A place
    // without a device in it (id 0) is no_device, in the legacy layout too.
    // Spec: [virtio 1.4] MMIO-specific Initialization And Device Operation / Device Initialization
    status_code identify() {
        if (get(wire::MMIO_MAGIC_VALUE) != wire::MMIO_MAGIC) return status_code::no_device;
        const u32 version = get(wire::MMIO_VERSION);
        const bool legacy = version == wire::MMIO_VERSION_LEGACY;
        if (!legacy && version != wire::MMIO_VERSION_MODERN) return status_code::no_device;
        if (get(wire::MMIO_DEVICE_ID) != wire::DEVICE_ID_SOUND) return status_code::no_device;
        return legacy ? status_code::legacy_device : status_code::ok;
    }

    u32 generation() { return get(wire::MMIO_CONFIG_GENERATION); }
    bool gone() { return get(wire::MMIO_STATUS) == ~u32{0}; }

    void select_queue(u32 index) { set(wire::MMIO_QUEUE_SEL, index); }
    u32 most_queue_size() { return get(wire::MMIO_QUEUE_SIZE_MAX); }
    bool queue_ready() { return get(wire::MMIO_QUEUE_READY) != 0; }

    // Hands the selected queue to the device. Errors: device_broken, it does not read as ready.
    // Spec: [virtio 1.4] MMIO-specific Initialization And Device Operation / Virtqueue
    // Configuration
    status_code make_ready(u16 size, const ring_addresses& ring) {
        set(wire::MMIO_QUEUE_SIZE, size);
        set_address(wire::MMIO_QUEUE_DESC_LOW, ring.descriptors);
        set_address(wire::MMIO_QUEUE_DRIVER_LOW, ring.driver_area);
        set_address(wire::MMIO_QUEUE_DEVICE_LOW, ring.device_area);
        set(wire::MMIO_QUEUE_READY, 1);
        return get(wire::MMIO_QUEUE_READY) == 1 ? status_code::ok : status_code::device_broken;
    }

    // Only with RING_RESET.
    void begin_queue_reset() { set(wire::MMIO_QUEUE_RESET, 1); }
    u32 queue_reset() { return get(wire::MMIO_QUEUE_RESET); }

  private:
    void set_address(u32 at, bus_address address) {
        set(at, static_cast<u32>(address.value));
        set(at + 4, static_cast<u32>(address.value >> 32));
    }

    Kernel* kernel_ = nullptr;
    u8* base_ = nullptr;
};

} // namespace vsnd
