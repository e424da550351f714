#pragma once
// What a driver can do wrong that this device can see: one enumerator for each normative clause.
// `strength::must` is a broken MUST; `strength::should` is advice that was not taken, kept apart
// so that a driver can be asked for either.

#include <vsnd/base/types.hpp>

namespace vsnd::model {

enum class violation : u8 {
    // Device status and features
    initialised_without_reset,
    reset_not_awaited,
    status_bit_cleared,
    initialised_after_failed,
    steps_out_of_order,
    features_ok_not_read_back,
    continued_after_refusal,
    feature_not_offered,
    feature_undefined,
    feature_after_features_ok,
    version_1_not_accepted,
    access_platform_not_accepted,
    order_platform_not_accepted,
    notif_config_data_not_accepted,
    // Suspend
    suspend_out_of_place,
    suspend_not_verified,
    suspended_buffer,
    suspended_doorbell,
    suspended_config_write,
    resume_not_awaited,
    // Configuration space
    config_written,
    controls_read_without_feature,
    config_generation_not_checked,
    // Queue set-up
    queue_enabled_too_early,
    queue_size_invalid,
    queue_misaligned,
    queue_changed_while_enabled,
    queue_disabled,
    queue_reset_not_verified,
    used_flags_not_zero,
    // Registers and capabilities
    register_width,
    register_outside,
    read_only_register_written,
    capability_written,
    window_misaligned,
    window_outside,
    vector_out_of_table,
    vector_not_read_back,
    isr_read_with_msix,
    // Registers over MMIO
    mmio_outside,
    mmio_width,
    mmio_read_only_written,
    mmio_write_only_read,
    mmio_not_identified,
    mmio_magic_ignored,
    mmio_version_ignored,
    mmio_placeholder_used,
    mmio_shared_memory_used,
    mmio_features_not_selected,
    mmio_driver_features_not_selected,
    mmio_queue_too_large,
    mmio_ready_queue_touched,
    mmio_stop_not_read_back,
    mmio_ack_undefined,
    mmio_ack_without_look,
    mmio_interrupt_not_acknowledged,
    mmio_notify_value,
    // Notifications
    doorbell_width,
    doorbell_value,
    doorbell_before_driver_ok,
    doorbell_missing,
    doorbell_needless,
    notification_data_wrong,
    // The split ring
    available_index_leap,
    available_flags,
    head_out_of_range,
    next_out_of_range,
    chain_loop,
    chain_too_long,
    chain_too_many_bytes,
    writable_before_readable,
    indirect_not_negotiated,
    indirect_nested,
    indirect_with_next,
    indirect_length,
    buffer_outside_memory,
    iommu_fault,
    descriptor_in_flight,
    exposed_descriptor_altered,
    in_order_descriptors,
    in_order_indirect,
    // The packed ring
    packed_misaligned,
    packed_ring_not_zero,
    packed_list_too_long,
    packed_list_incomplete,
    packed_writable_first,
    packed_indirect_not_negotiated,
    packed_indirect_flags,
    packed_indirect_with_next,
    packed_indirect_length,
    packed_id_in_flight,
    packed_descriptor_altered,
    packed_event_flags,
    packed_event_offset,
    // Event queue
    event_queue_empty,
    event_buffer_small,
    event_buffer_readable,
    // Control queue
    request_layout,
    request_unknown,
    query_range,
    query_response_size,
    jack_id_out_of_range,
    jack_remap_not_offered,
    controls_used_without_feature,
    // Control elements
    control_id_out_of_range,
    enum_items_of_other_type,
    control_read_denied,
    control_write_denied,
    control_value_invalid,
    control_tlv_read_denied,
    control_tlv_write_denied,
    control_tlv_command_denied,
    control_tlv_too_long,
    control_tlv_length,
    // PCM control
    stream_id_out_of_range,
    lifecycle,
    period_not_divider,
    parameter_undefined,
    parameter_not_offered,
    channels_out_of_range,
    shared_memory_both,
    shared_memory_selected,
    padding_not_zero,
    // PCM I/O
    io_layout,
    io_stream_id,
    io_direction,
    io_before_prepare,
    tx_writable_buffer,
    rx_readable_buffer,
    tx_period_size,
    rx_period_size,
    rx_empty_at_start,
    count_
};

enum class strength : u8 { must, should };

struct clause {
    violation id;
    strength force;
    const char* name;  // the enumerator
    const char* title; // the chapter of the specification
    const char* rule;  // what it asks, in our words
};

} // namespace vsnd::model
