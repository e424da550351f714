#pragma once
// What a ring's owner may choose, at compile time where it is known then.

#include <vsnd/ring/order.hpp>

namespace vsnd {

// Whether a feature is decided by the negotiation, at run time, or known when compiling. Fixing
// it removes a test from the hot path and the other branch from the code.
enum class choice : u8 { negotiated, always, never };

// True where the policy, or what was negotiated, has the feature.
template <choice Choice>
VSND_HOT constexpr bool chosen(bool negotiated) {
    return Choice == choice::always || (Choice == choice::negotiated && negotiated);
}

// The defaults; derive from it and shadow what differs.
struct ring_policy {
    // The barriers that suit every device. same_host_order is for a kernel that knows its device to
    // be software on the same host; only on x86 is it no cheaper.
    using order = platform_order;

    // Memory is paid for this many descriptors; a larger queue of the device is made smaller.
    static constexpr u16 most_descriptors = 64;
    // Indirect chains: room for this many parts each. Longer chains go direct.
    static constexpr u16 most_indirect_parts = 4;
    // Split rings: other than 0, so many descriptors for each chain, however many it needs, and none
    // of them indirect. Less code, and less room where chains are short.
    static constexpr u16 place_parts = 0;
    static constexpr choice event_idx = choice::negotiated;
    static constexpr choice indirect = choice::negotiated;
    // The device may answer for many chains at once, and a chain that it skipped counts as filled
    // to the end. Off unless asked for: devices exist that offer it and shorten what they record.
    static constexpr choice in_order = choice::never;
    // A doorbell says where the next buffer goes: `ring_with(u16)` of the doorbell instead of
    // `ring()`.
    static constexpr choice notification_data = choice::never;
    // Over PCI a doorbell says what the device wants to hear instead of the queue's number.
    static constexpr choice notif_config_data = choice::negotiated;
    // One queue can be reset by itself: `reset_queue` of the transport.
    static constexpr choice ring_reset = choice::never;
    // The port's bus addresses are those of the platform's bus, translated and limited as it has
    // them. `always` for a kernel behind an IOMMU: a device that would take them for physical ones
    // is refused.
    static constexpr choice access_platform = choice::negotiated;
};

// For a kernel that counts bytes of code: 21 chains of three fit in 64 descriptors anyway.
struct small_ring_policy : ring_policy {
    static constexpr choice indirect = choice::never;
    static constexpr u16 place_parts = 3;
    static constexpr choice notif_config_data = choice::never;
};

} // namespace vsnd
