#pragma once
// Little-endian integers of the wire. They are for private memory and message bodies; a shared
// ring field goes through base/atomic.hpp instead, one access of its own width.

#include <vsnd/base/types.hpp>

namespace vsnd {

constexpr u16 byte_swapped(u16 v) {
    return __builtin_bswap16(v);
}
constexpr u32 byte_swapped(u32 v) {
    return __builtin_bswap32(v);
}
constexpr u64 byte_swapped(u64 v) {
    return __builtin_bswap64(v);
}

// Converts between host order and little-endian order; its own inverse.
template <class T>
VSND_TINY constexpr T to_little(T v) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return v;
#else
    return byte_swapped(v);
#endif
}

// An integer stored in little-endian order, whatever the host's order is.
template <class T>
struct little {
    T raw; // as it lies in memory

    constexpr little() = default;
    constexpr little(T v) : raw(to_little(v)) {}
    constexpr little& operator=(T v) {
        raw = to_little(v);
        return *this;
    }
    constexpr operator T() const { return to_little(raw); }
};

using le16 = little<u16>;
using le32 = little<u32>;
using le64 = little<u64>;

} // namespace vsnd
