// Unsigned numbers of 128 bits: the compiler's, or plain ones where it has none (32-bit machines).
#pragma once

#include <compare>

#include <vsnd/base/types.hpp>

namespace vsnd::model {

// Slow and short: bit after bit. Divisors have up to 127 bits.
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
        plain_u128 product;
        for (int bit = 127; bit >= 0; bit--) {
            product = product + product;
            if (b.bit(bit)) product = product + a;
        }
        return product;
    }
    friend constexpr plain_u128 operator/(plain_u128 a, plain_u128 b) {
        plain_u128 quotient, rest;
        for (int bit = 127; bit >= 0; bit--) {
            quotient = quotient + quotient;
            rest = rest + rest + plain_u128(a.bit(bit) ? 1 : 0);
            if (rest < b) continue;
            rest = rest - b;
            quotient = quotient + 1;
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
