#pragma once
// Which features a transport wants for the rings that it makes.

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

namespace detail {
constexpr void wish_for(feature_wish& wish, choice how, u32 bit) {
    if (how == choice::negotiated) wish.optional |= feature(bit);
    if (how == choice::always) wish.required |= feature(bit);
}
} // namespace detail

// Only the device-type bits of `wanted` count; the ring's bits follow its policy.
// Spec: [virtio 1.4] Feature Bits
template <class Policy>
constexpr feature_wish ring_wish(u64 wanted, bool packed = false) {
    constexpr u64 device_type_bits = 0xff'ffff;
    feature_wish wish{0, wanted & device_type_bits};
    detail::wish_for(wish, Policy::indirect, wire::F_INDIRECT_DESC);
    detail::wish_for(wish, Policy::event_idx, wire::F_EVENT_IDX);
    if (!packed) return wish; // split_queue knows no more than these
    wish.required |= feature(wire::F_RING_PACKED);
    detail::wish_for(wish, Policy::in_order, wire::F_IN_ORDER);
    detail::wish_for(wish, Policy::notification_data, wire::F_NOTIFICATION_DATA);
    return wish;
}

} // namespace vsnd
