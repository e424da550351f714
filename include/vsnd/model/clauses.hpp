#pragma once
// Strength, chapter and rule of every violation.

#include <vsnd/model/violation.hpp>

namespace vsnd::model {

namespace detail {
using enum violation;
using enum strength;

inline constexpr const char* status_field = "Device Status Field";
inline constexpr const char* feature_bits = "Feature Bits";
inline constexpr const char* reserved_bits = "Reserved Feature Bits";
inline constexpr const char* initialisation = "General Initialization / Device Initialization";
inline constexpr const char* suspend = "General Initialization / Device Suspend";
inline constexpr const char* config_space = "Device Configuration Space";
inline constexpr const char* common_layout = "PCI / Common configuration structure layout";
inline constexpr const char* pci_layout = "PCI / PCI Device Layout";
inline constexpr const char* pci_caps = "PCI / Virtio Structure PCI Capabilities";
inline constexpr const char* pci_window = "PCI / PCI configuration access capability";
inline constexpr const char* pci_vectors = "PCI / MSI-X Vector Configuration";
inline constexpr const char* pci_doorbell = "PCI / Available Buffer Notifications";
inline constexpr const char* mmio_registers = "MMIO / MMIO Device Register Layout";
inline constexpr const char* mmio_init = "MMIO / Device Initialization";
inline constexpr const char* mmio_interrupts = "MMIO / Notifications From The Device";
inline constexpr const char* mmio_doorbell = "MMIO / Available Buffer Notifications";
inline constexpr const char* suppression = "Split / Available Buffer Notification Suppression";
inline constexpr const char* avail_ring = "Split / The Virtqueue Available Ring";
inline constexpr const char* desc_table = "Split / The Virtqueue Descriptor Table";
inline constexpr const char* indirect = "Split / Indirect Descriptors";
inline constexpr const char* packed_desc = "Packed / The Virtqueue Descriptor Format";
inline constexpr const char* packed_lists = "Packed / Scatter-Gather Support";
inline constexpr const char* packed_tables = "Packed / Indirect Descriptors";
inline constexpr const char* packed_owner = "Packed / The Virtqueue Descriptor Table";
inline constexpr const char* packed_supply = "Packed / Supplying Buffers to The Device";
inline constexpr const char* packed_events = "Packed / Event Suppression Structure Format";
inline constexpr const char* cleanup = "Device Cleanup";
inline constexpr const char* sound_init = "Sound Device / Device Initialization";
inline constexpr const char* sound_ops = "Sound Device / Device Operation";
inline constexpr const char* item_info = "Sound Device / Item Information Request";
inline constexpr const char* jacks = "Sound Device / Jack Control Messages";
inline constexpr const char* elements = "Sound Device / Control Elements";
inline constexpr const char* element_value = "Sound Device / Control Element Value";
inline constexpr const char* element_metadata = "Sound Device / Control Element Metadata";
inline constexpr const char* pcm_control = "Sound Device / PCM Control Messages";
inline constexpr const char* pcm_params = "Sound Device / PCM Stream Parameters";
inline constexpr const char* pcm_io = "Sound Device / PCM I/O Messages";
inline constexpr const char* pcm_out = "Sound Device / PCM Output Stream";
inline constexpr const char* pcm_in = "Sound Device / PCM Input Stream";

inline constexpr clause table[] = {
    {initialised_without_reset, must, "initialised_without_reset", initialisation,
     "the sequence begins with a reset"},
    {reset_not_awaited, must, "reset_not_awaited", common_layout,
     "after a reset, wait until the status reads 0"},
    {status_bit_cleared, must, "status_bit_cleared", status_field, "never clear a status bit"},
    {initialised_after_failed, must, "initialised_after_failed", status_field,
     "after FAILED only a reset starts again"},
    {steps_out_of_order, must, "steps_out_of_order", initialisation,
     "ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK, one step at a time"},
    {features_ok_not_read_back, must, "features_ok_not_read_back", initialisation,
     "read the status again after setting FEATURES_OK"},
    {continued_after_refusal, must, "continued_after_refusal", initialisation,
     "stop when the device did not take FEATURES_OK"},
    {feature_not_offered, must, "feature_not_offered", feature_bits,
     "accept only what the device offers"},
    {feature_undefined, must, "feature_undefined", feature_bits,
     "never accept a bit that is reserved or not defined for the device or transport"},
    {feature_after_features_ok, must, "feature_after_features_ok", initialisation,
     "no new feature bits after FEATURES_OK"},
    {version_1_not_accepted, must, "version_1_not_accepted", reserved_bits,
     "accept VERSION_1 where it is offered"},
    {access_platform_not_accepted, should, "access_platform_not_accepted", reserved_bits,
     "accept ACCESS_PLATFORM where it is offered"},
    {order_platform_not_accepted, should, "order_platform_not_accepted", reserved_bits,
     "accept ORDER_PLATFORM where it is offered"},
    {notif_config_data_not_accepted, should, "notif_config_data_not_accepted", reserved_bits,
     "accept NOTIF_CONFIG_DATA where it is offered"},
    {suspend_out_of_place, should, "suspend_out_of_place", suspend,
     "SUSPEND only with the feature, and while DRIVER_OK is set"},
    {suspend_not_verified, must, "suspend_not_verified", suspend,
     "after SUSPEND read the status until SUSPEND is set and DRIVER_OK is not"},
    {suspended_buffer, must, "suspended_buffer", suspend,
     "make no buffers available after SUSPEND"},
    {suspended_doorbell, must, "suspended_doorbell", suspend,
     "send no notifications after SUSPEND"},
    {suspended_config_write, must, "suspended_config_write", suspend,
     "no changes to the configuration space after SUSPEND"},
    {resume_not_awaited, must, "resume_not_awaited", suspend,
     "after DRIVER_OK wait until the status has lost SUSPEND and has DRIVER_OK"},
    {config_written, must, "config_written", "Sound Device / Device Configuration Layout",
     "all fields are read-only for the driver"},
    {controls_read_without_feature, must, "controls_read_without_feature", sound_init,
     "the controls field is read only when CTLS is negotiated"},
    {config_generation_not_checked, should, "config_generation_not_checked", config_space,
     "read several fields between two equal reads of the generation"},
    {queue_enabled_too_early, must, "queue_enabled_too_early", initialisation,
     "queues are set up after FEATURES_OK"},
    {queue_size_invalid, must, "queue_size_invalid", common_layout,
     "a split queue's size is a power of 2 and not above what the device offered"},
    {queue_misaligned, must, "queue_misaligned", "Split / Virtqueues",
     "descriptors on 16 bytes, available ring on 2, used ring on 4"},
    {queue_changed_while_enabled, must, "queue_changed_while_enabled", common_layout,
     "configure the queue before it is enabled, and leave it then"},
    {queue_disabled, must, "queue_disabled", common_layout, "never write 0 to queue_enable"},
    {queue_reset_not_verified, must, "queue_reset_not_verified", "Virtqueue Reset",
     "after telling the device to reset a queue, verify that it has"},
    {used_flags_not_zero, must, "used_flags_not_zero", suppression,
     "the driver initialises the used ring's flags to 0"},
    {register_width, must, "register_width", pci_layout,
     "each field by aligned accesses of its own width"},
    {register_outside, must, "register_outside", pci_caps,
     "only registers inside the structures that the capabilities describe"},
    {read_only_register_written, must, "read_only_register_written", common_layout,
     "never write a read-only field"},
    {capability_written, must, "capability_written", pci_caps,
     "never write to a capability, except the configuration access window"},
    {window_misaligned, must, "window_misaligned", pci_window,
     "the offset is a multiple of the length, which is 1, 2 or 4"},
    {window_outside, must, "window_outside", pci_window,
     "the window lies within a structure of another capability"},
    {vector_out_of_table, must, "vector_out_of_table", pci_vectors,
     "only vectors that the MSI-X table has"},
    {vector_not_read_back, must, "vector_not_read_back", pci_vectors,
     "read a vector register back after mapping it"},
    {isr_read_with_msix, should, "isr_read_with_msix", "PCI / ISR status capability",
     "leave the ISR status alone while MSI-X is on"},
    {mmio_outside, must, "mmio_outside", mmio_registers,
     "only registers and configuration fields that the tables describe"},
    {mmio_width, must, "mmio_width", mmio_registers,
     "registers by aligned accesses of 32 bits, configuration fields by their own width"},
    {mmio_read_only_written, must, "mmio_read_only_written", mmio_registers,
     "never write a register of direction R"},
    {mmio_write_only_read, must, "mmio_write_only_read", mmio_registers,
     "never read a register of direction W"},
    {mmio_not_identified, must, "mmio_not_identified", mmio_init,
     "begin by reading the magic value, the version and the device id"},
    {mmio_magic_ignored, must, "mmio_magic_ignored", mmio_registers,
     "leave a device alone whose magic value is wrong"},
    {mmio_version_ignored, must, "mmio_version_ignored", mmio_registers,
     "leave a device alone whose version is not 2"},
    {mmio_placeholder_used, must, "mmio_placeholder_used", mmio_init,
     "where the device id is 0, access no other register"},
    {mmio_shared_memory_used, must, "mmio_shared_memory_used", mmio_init,
     "no shared memory registers without shared memory"},
    {mmio_features_not_selected, must, "mmio_features_not_selected", mmio_registers,
     "write DeviceFeaturesSel before reading DeviceFeatures"},
    {mmio_driver_features_not_selected, must, "mmio_driver_features_not_selected", mmio_registers,
     "write DriverFeaturesSel before writing DriverFeatures"},
    {mmio_queue_too_large, must, "mmio_queue_too_large", mmio_registers,
     "a queue is not larger than QueueSizeMax"},
    {mmio_ready_queue_touched, must, "mmio_ready_queue_touched", mmio_registers,
     "leave the size and the addresses of a ready queue alone"},
    {mmio_stop_not_read_back, must, "mmio_stop_not_read_back", mmio_registers,
     "after a 0 in QueueReady, read it back"},
    {mmio_ack_undefined, must, "mmio_ack_undefined", mmio_registers,
     "acknowledge no interrupt bits that are not defined"},
    {mmio_ack_without_look, must, "mmio_ack_without_look", mmio_interrupts,
     "after an interrupt, read InterruptStatus"},
    {mmio_interrupt_not_acknowledged, must, "mmio_interrupt_not_acknowledged", mmio_interrupts,
     "acknowledge an interrupt when it is handled"},
    {mmio_notify_value, must, "mmio_notify_value", mmio_doorbell,
     "the value is the index of a queue that is ready"},
    {doorbell_width, must, "doorbell_width", pci_doorbell,
     "a notification is 16 bits wide, with NOTIFICATION_DATA 32"},
    {doorbell_value, must, "doorbell_value", pci_doorbell,
     "the value is the index of an enabled queue, or what the device calls it, at its address"},
    {doorbell_before_driver_ok, must, "doorbell_before_driver_ok", initialisation,
     "no notification before DRIVER_OK"},
    {doorbell_missing, must, "doorbell_missing", suppression,
     "notify when the available index passes the device's wish"},
    {doorbell_needless, should, "doorbell_needless", suppression,
     "do not notify where the device does not wish it"},
    {notification_data_wrong, must, "notification_data_wrong", "Driver Notifications",
     "with NOTIFICATION_DATA a notification says where the next buffer goes"},
    {available_index_leap, must, "available_index_leap", avail_ring,
     "the available index never goes back or beyond the queue's size"},
    {available_flags, must, "available_flags", "Split / Used Buffer Notification Suppression",
     "flags are 0 or 1, and 0 with EVENT_IDX"},
    {head_out_of_range, must, "head_out_of_range", avail_ring,
     "a ring entry is the index of a descriptor"},
    {next_out_of_range, must, "next_out_of_range", desc_table,
     "next is the index of a descriptor of the same table"},
    {chain_loop, must, "chain_loop", desc_table, "no loops in a chain"},
    {chain_too_long, must, "chain_too_long", indirect,
     "no chain has more descriptors than the queue's size"},
    {chain_too_many_bytes, must, "chain_too_many_bytes", desc_table,
     "no chain is longer than 2^32 bytes"},
    {writable_before_readable, must, "writable_before_readable", "Message Framing",
     "device-writable parts come after device-readable parts"},
    {indirect_not_negotiated, must, "indirect_not_negotiated", indirect,
     "no indirect descriptor without INDIRECT_DESC"},
    {indirect_nested, must, "indirect_nested", indirect,
     "no indirect descriptor inside an indirect table"},
    {indirect_with_next, must, "indirect_with_next", indirect,
     "INDIRECT and NEXT are never set together"},
    {indirect_length, must, "indirect_length", indirect,
     "an indirect table has a whole number of descriptors, at least one"},
    {buffer_outside_memory, must, "buffer_outside_memory", desc_table,
     "an address is that of the guest's memory, for the whole length"},
    {iommu_fault, must, "iommu_fault", reserved_bits,
     "with ACCESS_PLATFORM, bus addresses that the IOMMU translates"},
    {descriptor_in_flight, must, "descriptor_in_flight", cleanup,
     "a descriptor that the device owns is not offered again"},
    {exposed_descriptor_altered, must, "exposed_descriptor_altered", cleanup,
     "the descriptors of an exposed buffer stay as they are"},
    {in_order_descriptors, must, "in_order_descriptors", desc_table,
     "with IN_ORDER descriptors are used in the order of the table, round after round"},
    {in_order_indirect, must, "in_order_indirect", indirect,
     "with IN_ORDER the descriptors of an indirect table follow one another"},
    {packed_misaligned, must, "packed_misaligned", "Packed / Virtqueues",
     "the descriptor ring on 16 bytes, both event suppression structures on 4"},
    {packed_ring_not_zero, must, "packed_ring_not_zero", packed_desc,
     "the descriptor ring is zero when the queue is enabled"},
    {packed_list_too_long, must, "packed_list_too_long", packed_lists,
     "no descriptor list is longer than the queue's size"},
    {packed_list_incomplete, must, "packed_list_incomplete", packed_lists,
     "the first descriptor of a list is made available after all others"},
    {packed_writable_first, must, "packed_writable_first", packed_lists,
     "device-writable elements come after device-readable elements"},
    {packed_indirect_not_negotiated, must, "packed_indirect_not_negotiated", packed_tables,
     "no indirect descriptor without INDIRECT_DESC"},
    {packed_indirect_flags, must, "packed_indirect_flags", packed_tables,
     "no flag but WRITE within an indirect table"},
    {packed_indirect_with_next, must, "packed_indirect_with_next", packed_tables,
     "no indirect descriptor in a list linked by NEXT"},
    {packed_indirect_length, must, "packed_indirect_length", packed_tables,
     "an indirect table has a whole number of descriptors, at least one"},
    {packed_id_in_flight, must, "packed_id_in_flight", packed_supply,
     "a buffer gets an id that is free"},
    {packed_descriptor_altered, must, "packed_descriptor_altered", packed_owner,
     "a descriptor that is available stays as it is until it is used"},
    {packed_event_flags, must, "packed_event_flags", packed_events,
     "flags enable, disable, or with EVENT_IDX name a descriptor; the rest is 0"},
    {packed_event_offset, must, "packed_event_offset", packed_events,
     "the offset is one within the ring"},
    {event_queue_empty, must, "event_queue_empty", sound_init,
     "the event queue is populated with buffers"},
    {event_buffer_small, must, "event_buffer_small", sound_init,
     "an event buffer has room for one event"},
    {event_buffer_readable, must, "event_buffer_readable", sound_init,
     "no device-readable buffers in the event queue"},
    {request_layout, must, "request_layout", sound_ops,
     "a request is its whole structure, and there is room for the response"},
    {request_unknown, must, "request_unknown", sound_ops,
     "the code is one of the defined requests"},
    {query_range, must, "query_range", item_info,
     "start_id + count is not above the number of items"},
    {query_response_size, must, "query_response_size", item_info,
     "the response buffer has a header and count * size bytes"},
    {jack_id_out_of_range, must, "jack_id_out_of_range", jacks, "jack_id is below jacks"},
    {jack_remap_not_offered, must, "jack_remap_not_offered", jacks,
     "remap only a jack that offers it"},
    {controls_used_without_feature, must, "controls_used_without_feature", elements,
     "control element requests need CTLS"},
    {control_id_out_of_range, must, "control_id_out_of_range", elements,
     "control_id is below controls"},
    {enum_items_of_other_type, must, "enum_items_of_other_type", elements,
     "ENUM_ITEMS is for elements of the type ENUMERATED"},
    {control_read_denied, must, "control_read_denied", element_value,
     "READ only an element with ACCESS_READ"},
    {control_write_denied, must, "control_write_denied", element_value,
     "WRITE only an element with ACCESS_WRITE"},
    {control_value_invalid, should, "control_value_invalid", elements,
     "a value lies between the least and the greatest, or is one of the options"},
    {control_tlv_read_denied, must, "control_tlv_read_denied", element_metadata,
     "TLV_READ only an element with ACCESS_TLV_READ"},
    {control_tlv_write_denied, must, "control_tlv_write_denied", element_metadata,
     "TLV_WRITE only an element with ACCESS_TLV_WRITE"},
    {control_tlv_command_denied, must, "control_tlv_command_denied", element_metadata,
     "TLV_COMMAND only to an element with ACCESS_TLV_COMMAND"},
    {control_tlv_too_long, must, "control_tlv_too_long", element_metadata,
     "a submitted value has at most 65536 bytes"},
    {control_tlv_length, must, "control_tlv_length", element_metadata,
     "length is a multiple of 4, and that many bytes follow"},
    {stream_id_out_of_range, must, "stream_id_out_of_range", pcm_control,
     "stream_id is below streams"},
    {lifecycle, must, "lifecycle", "Sound Device / PCM Command Lifecycle",
     "only the transitions of the lifecycle"},
    {period_not_divider, must, "period_not_divider", pcm_params,
     "period_bytes divides buffer_bytes"},
    {parameter_undefined, must, "parameter_undefined", pcm_params,
     "no undefined feature, format or rate"},
    {parameter_not_offered, must, "parameter_not_offered", pcm_params,
     "no feature, format or rate that the stream does not have"},
    {channels_out_of_range, must, "channels_out_of_range", pcm_params,
     "channels between channels_min and channels_max"},
    {shared_memory_both, must, "shared_memory_both", pcm_params,
     "never host and guest shared memory at once"},
    {shared_memory_selected, must, "shared_memory_selected", pcm_params,
     "shared memory is a placeholder and must not be selected"},
    {padding_not_zero, must, "padding_not_zero", pcm_params, "the padding byte is 0"},
    {io_layout, must, "io_layout", pcm_io, "a message has a header, data and a status"},
    {io_stream_id, must, "io_stream_id", pcm_io, "stream_id is below streams"},
    {io_direction, must, "io_direction", pcm_io,
     "output streams use the tx queue, input streams the rx queue"},
    {io_before_prepare, must, "io_before_prepare", "Sound Device / PCM Command Lifecycle",
     "data only after PREPARE and before RELEASE"},
    {tx_writable_buffer, must, "tx_writable_buffer", pcm_out,
     "no device-writable data buffer in the tx queue"},
    {rx_readable_buffer, must, "rx_readable_buffer", pcm_in,
     "no device-readable data buffer in the rx queue"},
    {tx_period_size, should, "tx_period_size", pcm_out,
     "buffers of period_bytes, except at the end of the stream"},
    {rx_period_size, should, "rx_period_size", pcm_in, "buffers of period_bytes"},
    {rx_empty_at_start, should, "rx_empty_at_start", pcm_in,
     "the rx queue is populated before the stream starts"},
};

constexpr bool in_order() {
    for (usize i = 0; i < sizeof(table) / sizeof(table[0]); ++i)
        if (static_cast<usize>(table[i].id) != i) return false;
    return true;
}
static_assert(sizeof(table) / sizeof(table[0]) == static_cast<usize>(count_));
static_assert(in_order(), "the table and the enumeration have one order");
} // namespace detail

inline constexpr auto& clauses = detail::table;

} // namespace vsnd::model
