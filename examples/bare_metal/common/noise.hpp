#pragma once
// The test signal: noise, since any lost, doubled or moved sample shows in it. One xorshift32
// step gives one sample; tests/qemu/noise.py makes the same one.

#include <vsnd/base/types.hpp>

namespace kernel {

using namespace vsnd;

// How a sample lies in memory.
struct sample_layout {
    u32 bytes = 2;
    bool is_float = false;
};

class noise {
  public:
    constexpr explicit noise(u32 seed) : state_(seed != 0 ? seed : 1) {}

    // Writes `count` samples, little-endian.
    constexpr void fill(u8* into, u32 count, sample_layout layout) {
        for (u32 i = 0; i < count; ++i)
            into = put(into, layout.is_float ? as_float(next()) : next(), layout.bytes);
    }

  private:
    constexpr u32 next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_;
    }

    // The highest bytes of the value: xorshift's lowest bits are its weakest.
    static constexpr u8* put(u8* into, u32 value, u32 bytes) {
        for (u32 i = 0; i < bytes; ++i)
            *into++ = static_cast<u8>(value >> (8 * (4 - bytes + i)));
        return into;
    }

    // The upper 16 bits, as a number from -1 to 1 in IEEE single precision: every mixer carries
    // it without rounding. Built from integers, as a kernel has no floating point.
    static constexpr u32 as_float(u32 value) {
        const u32 magnitude = (value >> 16) & 0x7fff;
        if (magnitude == 0) return 0;
        u32 exponent = 126; // 0.5 to 1
        u32 mantissa = magnitude << 9;
        for (; (mantissa & 1u << 23) == 0; mantissa <<= 1)
            --exponent;
        return (value & 1u << 31) | exponent << 23 | (mantissa & 0x7fffff);
    }

    u32 state_;
};

} // namespace kernel
