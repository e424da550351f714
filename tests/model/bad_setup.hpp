#pragma once
// Deliberately bad drivers, of the handshake and of the PCI registers.

#include "bad_driver.hpp"

namespace vsnd::model::bad {

inline device_profile with_undefined_feature() {
    device_profile p = default_profile();
    p.extra_features = bit(23);
    return p;
}

// Device status, features, configuration, queue set-up.
// Spec: [virtio 1.4] Device Initialization, Device Status Field, Feature Bits
inline const bad_driver setup_table[] = {
    {violation::initialised_without_reset, [](driver& d) { d.acknowledge(); }},
    {violation::reset_not_awaited,
     [](driver& d) {
         d.set_state(0);
         d.acknowledge();
     }},
    {violation::status_bit_cleared,
     [](driver& d) {
         d.until_accept();
         d.set_state(1);
     }},
    {violation::initialised_after_failed,
     [](driver& d) {
         d.until_accept();
         d.set_state(3 | 128);
         d.set_state(3 | 8 | 128);
     }},
    {violation::steps_out_of_order,
     [](driver& d) {
         d.reset();
         d.know();
     }},
    {violation::features_ok_not_read_back,
     [](driver& d) {
         d.until_accept();
         d.set_state(11);
         d.queues_up();
         d.driver_ok();
     }},
    {violation::continued_after_refusal,
     [](driver& d) {
         d.device.faults().refuses_features_ok = true;
         d.until_features_ok();
         d.driver_ok();
     }},
    {violation::feature_not_offered,
     [](driver& d) {
         d.until_accept();
         d.accept(d.usable() | bit(wire::F_IN_ORDER));
         d.features_ok();
     }},
    {violation::feature_undefined,
     [](driver& d) {
         d.until_accept();
         d.accept(d.offered());
         d.features_ok();
     },
     with_undefined_feature()},
    {violation::feature_after_features_ok,
     [](driver& d) {
         d.until_features_ok(bit(wire::F_EVENT_IDX));
         d.accept(d.usable());
     }},
    {violation::version_1_not_accepted,
     [](driver& d) { d.until_features_ok(bit(wire::F_VERSION_1)); }},
    {violation::access_platform_not_accepted,
     [](driver& d) { d.until_features_ok(bit(wire::F_ACCESS_PLATFORM)); },
     with(&device_profile::iommu, true)},
    {violation::order_platform_not_accepted, [](driver& d) { d.up(bit(wire::F_ORDER_PLATFORM)); },
     with(&device_profile::order_platform, true)},
    {violation::notif_config_data_not_accepted,
     [](driver& d) { d.up(bit(wire::F_NOTIF_CONFIG_DATA)); },
     with(&device_profile::notif_config_data, true)},
    {violation::config_written, [](driver& d) { d.set(pci_place::device_config, 4, 1); }},
    {violation::controls_read_without_feature,
     [](driver& d) {
         d.up(bit(wire::SND_F_CTLS));
         d.config(12);
     }},
    {violation::config_generation_not_checked,
     [](driver& d) {
         d.until_features_ok();
         d.config(0);
         d.config(4);
         d.queues_up();
         d.driver_ok();
     }},
    {violation::queue_enabled_too_early,
     [](driver& d) {
         d.until_accept();
         d.prepare_queue(0);
         d.enable_queue(0);
     }},
    {violation::queue_size_invalid,
     [](driver& d) {
         d.until_features_ok();
         d.set(0x16, 2, 0);
         d.set(0x18, 2, 48);
     }},
    {violation::queue_misaligned,
     [](driver& d) {
         d.until_features_ok();
         d.prepare_queue(0);
         d.address(0x20, d.queues[0].desc.bus.value + 8);
         d.enable_queue(0);
     }},
    {violation::queue_changed_while_enabled,
     [](driver& d) {
         d.until_features_ok();
         d.queues_up();
         d.set(0x18, 2, 32);
     }},
    {violation::queue_disabled,
     [](driver& d) {
         d.until_features_ok();
         d.queues_up();
         d.set(0x1c, 2, 0);
     }},
    {violation::queue_reset_not_verified,
     [](driver& d) {
         d.up();
         d.set(0x16, 2, raw::tx);
         d.set(0x3a, 2, 1);
         d.prepare_queue(raw::tx);
         d.enable_queue(raw::tx);
     },
     with(&device_profile::ring_reset, true)},
    {violation::used_flags_not_zero,
     [](driver& d) {
         d.until_features_ok();
         d.prepare_queue(0);
         driver::put16(d.queues[0].used, 0, 1);
         d.enable_queue(0);
     }},
};

// Spec: [virtio 1.4] Virtio Over PCI Bus
inline const bad_driver pci_table[] = {
    {violation::register_width, [](driver& d) { d.get(0x14, 4); }},
    {violation::register_outside, [](driver& d) { d.get(0x3f00, 4); }},
    {violation::read_only_register_written, [](driver& d) { d.set(0x12, 2, 9); }},
    {violation::capability_written,
     [](driver& d) { d.pci.config_write(d.capability(wire::PCI_CAP_COMMON_CFG) + 8, 4, 0x100); }},
    {violation::window_misaligned, [](driver& d) { d.window_read(driver::bar, 2, 4); }},
    {violation::window_outside, [](driver& d) { d.window_read(driver::bar, 0x3f00, 4); }},
    {violation::vector_out_of_table,
     [](driver& d) {
         d.until_features_ok();
         d.set(0x1a, 2, 77);
         d.get(0x1a, 2);
     }},
    {violation::vector_not_read_back,
     [](driver& d) {
         d.until_features_ok();
         d.queues_up();
         d.set(0x10, 2, 4);
         d.driver_ok();
     }},
    {violation::isr_read_with_msix,
     [](driver& d) {
         d.up();
         d.get(pci_place::isr, 1);
     }},
    {violation::doorbell_width,
     [](driver& d) {
         d.up();
         d.set(pci_place::notify + pci_function::notify_off(0) * 4, 4, 0);
     }},
    {violation::doorbell_value,
     [](driver& d) {
         d.up();
         d.set(pci_place::notify + pci_function::notify_off(0) * 4, 2, 1);
     }},
    {violation::notification_data_wrong,
     [](driver& d) {
         d.up();
         d.expose(raw::event, {{d.memory.allocate(8).bus, 8, true}});
         d.set(driver::doorbell_at(raw::event), 4,
               u32{d.queues[raw::event].avail_idx + 1u} << 16 | raw::event);
     },
     with(&device_profile::notification_data, true)},
    {violation::doorbell_before_driver_ok,
     [](driver& d) {
         d.until_features_ok();
         d.queues_up();
         d.doorbell(0);
     }},
};

} // namespace vsnd::model::bad
