#pragma once
// Which features a transport wants for the rings that it makes, and their size.

#include <vsnd/base/dma.hpp>
#include <vsnd/ring/policy.hpp>
#include <vsnd/transport/handshake.hpp>

namespace vsnd {

template <class Doorbell, class Policy>
class split_queue;
template <class Doorbell, class Policy>
class packed_queue;

// What kind of ring a queue is.
template <class Queue>
inline constexpr bool is_packed = false;
template <class Doorbell, class Policy>
inline constexpr bool is_packed<packed_queue<Doorbell, Policy>> = true;

// The smallest ring that holds one chain of three; a split one's size is a power of two.
template <class Queue>
inline constexpr u16 least_ring_size = is_packed<Queue> ? 3 : 4;

// The size of ring for a device that offers `offered` descriptors. Memory is asked for once: one that
// offers more at a later time gets no more. Only a packed ring's memory depends on its size.
template <class Queue>
constexpr u16 ring_size_for(u32 offered, const dma_region& memory) {
    u16 size = Queue::fitting_size(offered);
    if constexpr (is_packed<Queue>) {
        while (memory.cpu != nullptr && size > least_ring_size<Queue> &&
               Queue::memory_bytes(size) > memory.bytes)
            --size;
    }
    return size;
}

namespace detail {
constexpr void wish_for(feature_wish& wish, choice how, u32 bit) {
    if (how == choice::negotiated) wish.optional |= feature(bit);
    if (how == choice::always) wish.required |= feature(bit);
}
} // namespace detail

// Only the device-type bits of `wanted` count; the ring's bits follow its policy. SUSPEND is taken
// where it is offered.
// Spec: [virtio 1.4] Feature Bits
template <class Policy>
constexpr feature_wish ring_wish(u64 wanted, bool packed = false) {
    constexpr u64 device_type_bits = 0xff'ffff;
    feature_wish wish{0, (wanted & device_type_bits) | feature(wire::F_SUSPEND)};
    detail::wish_for(wish, Policy::indirect, wire::F_INDIRECT_DESC);
    detail::wish_for(wish, Policy::event_idx, wire::F_EVENT_IDX);
    detail::wish_for(wish, Policy::in_order, wire::F_IN_ORDER);
    detail::wish_for(wish, Policy::notification_data, wire::F_NOTIFICATION_DATA);
    detail::wish_for(wish, Policy::ring_reset, wire::F_RING_RESET);
    detail::wish_for(wish, Policy::access_platform, wire::F_ACCESS_PLATFORM);
    if (Policy::order::suits_hardware) wish.optional |= feature(wire::F_ORDER_PLATFORM);
    if (packed) wish.required |= feature(wire::F_RING_PACKED);
    return wish;
}

} // namespace vsnd
