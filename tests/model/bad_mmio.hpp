#pragma once
// Deliberately bad drivers of the registers over MMIO, and the driver with bare hands that they
// start from.

#include <cstring>
#include <functional>

#include <vsnd/model/mmio_function.hpp>

#include "raw_types.hpp"

namespace vsnd::model::bad {

class mmio_driver {
  public:
    explicit mmio_driver(device_profile profile = default_profile(), const mmio_layout& what = {})
        : device(memory, std::move(profile)), mmio(device, what) {}

    u32 get(u32 offset) { return mmio.read(offset, 4); }
    void set(u32 offset, u32 value) { mmio.write(offset, 4, value); }

    void identify() {
        for (const u32 at : {wire::MMIO_MAGIC_VALUE, wire::MMIO_VERSION, wire::MMIO_DEVICE_ID})
            get(at);
    }
    void until_features() {
        identify();
        set(wire::MMIO_STATUS, 0);
        while (get(wire::MMIO_STATUS) != 0) {
        }
        set(wire::MMIO_STATUS, 1);
        set(wire::MMIO_STATUS, 3);
    }
    void until_features_ok() {
        until_features();
        for (u32 word = 0; word < 2; ++word) {
            set(wire::MMIO_DEVICE_FEATURES_SEL, word);
            const u32 offered = get(wire::MMIO_DEVICE_FEATURES);
            set(wire::MMIO_DRIVER_FEATURES_SEL, word);
            set(wire::MMIO_DRIVER_FEATURES, offered);
        }
        set(wire::MMIO_STATUS, 11);
        get(wire::MMIO_STATUS);
    }
    void address(u32 at, const dma_region& r) {
        std::memset(r.cpu, 0, r.bytes);
        set(at, static_cast<u32>(r.bus.value));
        set(at + 4, static_cast<u32>(r.bus.value >> 32));
    }
    void queue_up(u32 q) {
        set(wire::MMIO_QUEUE_SEL, q);
        raw::queue& k = queues[q];
        k.size = static_cast<u16>(get(wire::MMIO_QUEUE_SIZE_MAX));
        k.desc = memory.allocate(wire::virtq_desc_bytes(k.size), 16);
        k.avail = memory.allocate(wire::virtq_avail_bytes(k.size), 2);
        k.used = memory.allocate(wire::virtq_used_bytes(k.size), 4);
        set(wire::MMIO_QUEUE_SIZE, k.size);
        address(wire::MMIO_QUEUE_DESC_LOW, k.desc);
        address(wire::MMIO_QUEUE_DRIVER_LOW, k.avail);
        address(wire::MMIO_QUEUE_DEVICE_LOW, k.used);
        set(wire::MMIO_QUEUE_READY, 1);
    }
    void up() {
        until_features_ok();
        for (u32 q = 0; q < 4; ++q)
            queue_up(q);
        set(wire::MMIO_STATUS, 15);
    }
    // The configuration changes, and the line goes up and is noticed.
    void hear_of_change() {
        device.set_config(1, 1, 1, 0);
        device.advance(1);
    }

    guest_memory memory;
    sound_device device;
    mmio_function mmio;
    raw::queue queues[4];
};

struct bad_mmio_driver {
    violation breaks;
    std::function<void(mmio_driver&)> act;
    mmio_layout layout{};
};

// Spec: [virtio 1.4] Virtio Over MMIO
inline const bad_mmio_driver mmio_table[] = {
    {violation::mmio_outside,
     [](mmio_driver& d) {
         d.identify();
         d.get(0x1f0); // beyond the configuration of a sound device
     }},
    {violation::mmio_width,
     [](mmio_driver& d) {
         d.identify();
         d.mmio.read(wire::MMIO_STATUS, 1);
     }},
    {violation::mmio_read_only_written,
     [](mmio_driver& d) {
         d.identify();
         d.set(wire::MMIO_QUEUE_SIZE_MAX, 4);
     }},
    {violation::mmio_write_only_read,
     [](mmio_driver& d) {
         d.identify();
         d.get(wire::MMIO_QUEUE_SEL);
     }},
    {violation::mmio_not_identified,
     [](mmio_driver& d) {
         d.get(wire::MMIO_MAGIC_VALUE);
         d.get(wire::MMIO_VERSION);
         d.set(wire::MMIO_STATUS, 0);
     }},
    {violation::mmio_magic_ignored,
     [](mmio_driver& d) {
         d.identify();
         d.set(wire::MMIO_STATUS, 0);
     },
     {.magic = 0}},
    {violation::mmio_version_ignored,
     [](mmio_driver& d) {
         d.identify();
         d.set(wire::MMIO_STATUS, 0);
     },
     {.version = wire::MMIO_VERSION_LEGACY}},
    {violation::mmio_placeholder_used,
     [](mmio_driver& d) {
         d.identify();
         d.get(wire::MMIO_VENDOR_ID);
     },
     {.device_id = 0}},
    {violation::mmio_shared_memory_used,
     [](mmio_driver& d) {
         d.identify();
         d.set(wire::MMIO_SHM_SEL, 0);
     }},
    {violation::mmio_features_not_selected,
     [](mmio_driver& d) {
         d.until_features();
         d.get(wire::MMIO_DEVICE_FEATURES);
     }},
    {violation::mmio_driver_features_not_selected,
     [](mmio_driver& d) {
         d.until_features();
         d.set(wire::MMIO_DRIVER_FEATURES, 0);
     }},
    {violation::mmio_queue_too_large,
     [](mmio_driver& d) {
         d.until_features_ok();
         d.set(wire::MMIO_QUEUE_SEL, 0);
         d.set(wire::MMIO_QUEUE_SIZE, 2 * d.get(wire::MMIO_QUEUE_SIZE_MAX));
     }},
    {violation::mmio_ready_queue_touched,
     [](mmio_driver& d) {
         d.up();
         d.set(wire::MMIO_QUEUE_DRIVER_LOW, 0);
     }},
    {violation::mmio_stop_not_read_back,
     [](mmio_driver& d) {
         d.up();
         d.set(wire::MMIO_QUEUE_READY, 0);
         d.get(wire::MMIO_STATUS);
     }},
    {violation::mmio_ack_undefined,
     [](mmio_driver& d) {
         d.up();
         d.set(wire::MMIO_INTERRUPT_ACK, 4);
     }},
    {violation::mmio_ack_without_look,
     [](mmio_driver& d) {
         d.mmio.on_irq = [&] { d.set(wire::MMIO_INTERRUPT_ACK, 3); };
         d.up();
         d.hear_of_change();
     }},
    {violation::mmio_interrupt_not_acknowledged,
     [](mmio_driver& d) {
         d.mmio.on_irq = [&] { d.get(wire::MMIO_INTERRUPT_STATUS); };
         d.up();
         d.hear_of_change();
         d.device.advance(d.device.profile().doorbell_deadline_ns);
         d.hear_of_change();
     }},
    {violation::mmio_notify_value,
     [](mmio_driver& d) {
         d.up();
         d.set(wire::MMIO_QUEUE_NOTIFY, 4);
     }},
};

} // namespace vsnd::model::bad
