#pragma once
// What a ring's owner may choose, at compile time where it is known then.

#include <vsnd/base/atomic.hpp>

namespace vsnd {

// Memory order towards a device that runs on a CPU of the same host: the ordinary SMP barriers.
// An order policy names every place where order matters:
//   publish   makes everything written before visible before the field; pairs with the device's
//             read of avail.idx
//   consume   everything read after is at least as new as the field; pairs with the device's
//             write of used.idx
//   full      the one full barrier: between publishing and reading avail_event, and between
//             arming and reading used.idx again; pairs with the device's own
struct same_host_order {
    template <class Field, class Value>
    VSND_TINY static void publish(Field* field, Value value) {
        store_release(field, value);
    }
    template <class Field>
    VSND_TINY static auto consume(const Field* field) {
        return load_acquire(field);
    }
    VSND_TINY static void full() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
};

// Whether a feature is decided by the negotiation, at run time, or known when compiling. Fixing
// it removes a test from the hot path and the other branch from the code.
enum class choice : u8 { negotiated, always, never };

// The defaults; derive from it and shadow what differs.
struct ring_policy {
    using order = same_host_order;

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
    // One queue can be reset by itself; a transport that does so calls the queue's `reset`.
    static constexpr choice ring_reset = choice::never;
};

// For a kernel that counts bytes of code: 21 chains of three fit in 64 descriptors anyway.
struct small_ring_policy : ring_policy {
    static constexpr choice indirect = choice::never;
    static constexpr u16 place_parts = 3;
};

} // namespace vsnd
