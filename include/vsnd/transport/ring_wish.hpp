#pragma once
// Which features a transport wants for the rings that it makes.

#include <vsnd/ring/policy.hpp>
#include <vsnd/transport/handshake.hpp>

namespace vsnd {

namespace detail {
constexpr void wish_for(feature_wish& wish, choice how, u32 bit) {
    if (how == choice::negotiated) wish.optional |= feature(bit);
    if (how == choice::always) wish.required |= feature(bit);
}
} // namespace detail

// Only the device-type bits of `wanted` count; the ring's bits follow its policy.
// Spec: [virtio 1.4] Feature Bits
template <class Policy>
constexpr feature_wish ring_wish(u64 wanted) {
    constexpr u64 device_type_bits = 0xff'ffff;
    feature_wish wish{0, wanted & device_type_bits};
    detail::wish_for(wish, Policy::indirect, wire::F_INDIRECT_DESC);
    detail::wish_for(wish, Policy::event_idx, wire::F_EVENT_IDX);
    return wish;
}

} // namespace vsnd
