// Unsigned numbers of 128 bits: the compiler's, or plain ones where it has none (32-bit machines).
#pragma once

#include <compare>

#include <vsnd/base/types.hpp>

namespace vsnd::model {

// Division is slow and short: bit after bit. Divisors have up to 127 bits.
class plain_u128 {
  public:
    constexpr plain_u128(u64 low = 0) : low_(low) {}
    constexpr explicit operator u64() const { return low_; }
    friend constexpr bool operator==(plain_u128 a, plain_u128 b) = default;
    friend constexpr std::strong_ordering operator<=>(plain_u128 a, plain_u128 b) {
        return a.high_ != b.high_ ? a.high_ <=> b.high_ : a.low_ <=> b.low_;
    }

    friend constexpr plain_u128 operator+(plain_u128 a, plain_u128 b) {
        plain_u128 sum(a.low_ + b.low_);
        sum.high_ = a.high_ + b.high_ + (sum.low_ < a.low_ ? 1 : 0);
        return sum;
    }
    friend constexpr plain_u128 operator-(plain_u128 a, plain_u128 b) {
        plain_u128 difference(a.low_ - b.low_);
        difference.high_ = a.high_ - b.high_ - (a.low_ < b.low_ ? 1 : 0);
        return difference;
    }
    friend constexpr plain_u128 operator*(plain_u128 a, plain_u128 b) {
        constexpr u64 half = 0xffff'ffff;
        const u64 a0 = a.low_ & half, a1 = a.low_ >> 32;
        const u64 b0 = b.low_ & half, b1 = b.low_ >> 32;
        const u64 middle = a1 * b0 + (a0 * b0 >> 32); // below 2^64
        const u64 crossed = a0 * b1 + (middle & half);
        plain_u128 product(a.low_ * b.low_);
        product.high_ = a1 * b1 + (middle >> 32) + (crossed >> 32);
        product.high_ += a.high_ * b.low_ + a.low_ * b.high_;
        return product;
    }
    friend constexpr plain_u128 operator/(plain_u128 a, plain_u128 b) {
        plain_u128 quotient, rest;
        for (int bit = a.high_ != 0 ? 127 : 63; bit >= 0; bit--) {
            quotient.push(0);
            rest.push(a.bit(bit) ? 1 : 0);
            if (rest.high_ < b.high_ || (rest.high_ == b.high_ && rest.low_ < b.low_)) continue;
            rest.high_ -= b.high_ + (rest.low_ < b.low_ ? 1 : 0);
            rest.low_ -= b.low_;
            quotient.low_ |= 1;
        }
        return quotient;
    }
    friend constexpr plain_u128 operator%(plain_u128 a, plain_u128 b) { return a - a / b * b; }
    friend constexpr plain_u128 operator>>(plain_u128 a, int bits) {
        for (; bits > 0; bits--) {
            a.low_ = a.low_ >> 1 | a.high_ << 63;
            a.high_ >>= 1;
        }
        return a;
    }

  private:
    constexpr void push(u64 bit) {
        high_ = high_ << 1 | low_ >> 63;
        low_ = low_ << 1 | bit;
    }
    constexpr bool bit(int n) const { return ((n < 64 ? low_ >> n : high_ >> (n - 64)) & 1) != 0; }

    u64 high_ = 0; // compared first
    u64 low_ = 0;
};

#ifdef __SIZEOF_INT128__
__extension__ using u128 = unsigned __int128;
#else
using u128 = plain_u128;
#endif

} // namespace vsnd::model
