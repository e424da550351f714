#pragma once
// Division for targets that have none: a slow one for set-up, and reciprocals prepared once that
// turn each later division into multiplications. Compilers call a runtime for a division by a
// variable (64-bit ones on any 32-bit machine, 32-bit ones on some ARM cores); nothing here does.

#include <vsnd/base/types.hpp>

namespace vsnd {

// Quotient and remainder by shift and subtract, one step a bit. A divisor of 0 gives 0 and n.
// For set-up only.
struct quotient64 {
    u64 quotient = 0;
    u64 remainder = 0;
};
constexpr quotient64 slow_divide(u64 n, u64 divisor) {
    if (divisor == 0) return {0, n};
    quotient64 out;
    for (u32 step = 0; step < 64; step++) {
        const bool carry = (out.remainder >> 63) != 0;
        out.remainder = out.remainder << 1 | n >> 63;
        n <<= 1;
        out.quotient <<= 1;
        if (carry || out.remainder >= divisor) {
            out.remainder -= divisor;
            out.quotient |= 1;
        }
    }
    return out;
}

// The upper half of a 128-bit product, from four 32-bit multiplications.
constexpr u64 high_product_in_parts(u64 a, u64 b) {
    const u64 a_low = static_cast<u32>(a), a_high = a >> 32;
    const u64 b_low = static_cast<u32>(b), b_high = b >> 32;
    const u64 low = a_low * b_low;
    const u64 middle = a_high * b_low + (low >> 32);
    const u64 other = a_low * b_high + static_cast<u32>(middle);
    return a_high * b_high + (middle >> 32) + (other >> 32);
}

// The same; one instruction where the machine has it.
constexpr u64 high_product(u64 a, u64 b) {
#ifdef __SIZEOF_INT128__
    __extension__ using u128 = unsigned __int128;
    return static_cast<u64>((u128{a} * b) >> 64);
#else
    return high_product_in_parts(a, b);
#endif
}

// Divides 32-bit numbers by one divisor, exactly, for every dividend. A divisor of 0 gives a
// quotient of 0 and the dividend as remainder.
class divider {
  public:
    constexpr divider() = default;

    // Rounding the reciprocal up to 33 bits is exact (Granlund and Montgomery, 1994); its topmost
    // bit is always 1 and is added by hand.
    constexpr explicit divider(u32 divisor) : divisor_(divisor) {
        if (divisor == 0) return;
        u32 bits = 0;
        u64 power = 1;
        while (power < divisor) {
            power <<= 1;
            bits++;
        }
        reciprocal_ = static_cast<u32>(slow_divide((power - divisor) << 32, divisor).quotient + 1);
        first_shift_ = bits == 0 ? 0 : 1;
        second_shift_ = bits == 0 ? 0 : bits - 1;
    }

    constexpr u32 divisor() const { return divisor_; }

    constexpr u32 quotient(u32 n) const {
        if (divisor_ == 0) return 0;
        const u32 high = static_cast<u32>(u64{n} * reciprocal_ >> 32);
        return (((n - high) >> first_shift_) + high) >> second_shift_;
    }

    constexpr u32 remainder(u32 n) const { return n - quotient(n) * divisor_; }
    constexpr bool divides(u32 n) const { return divisor_ != 0 && remainder(n) == 0; }

  private:
    u32 divisor_ = 0;
    u32 reciprocal_ = 0;
    u32 first_shift_ = 0;
    u32 second_shift_ = 0;
};

// Multiplies 64-bit numbers by one fraction. floor and ceiling are exact for every n whose result
// is below 2^64; beyond that they give the result modulo 2^64. A denominator of 0 gives 0.
//
// The fraction is kept as a whole part and 64 bits behind the point, cut off. Cut-off bits take
// less than n / 2^64 < 1 from the product, so the estimate is right or one too small; the
// remainder, below 2 * denominator and so right modulo 2^64, tells which.
class fraction {
  public:
    constexpr fraction() = default;
    constexpr fraction(u32 numerator, u32 denominator)
        : numerator_(numerator), denominator_(denominator) {
        if (denominator == 0) return;
        const quotient64 parts = slow_divide(numerator, denominator);
        whole_ = static_cast<u32>(parts.quotient);
        const quotient64 upper = slow_divide(parts.remainder << 32, denominator);
        const quotient64 lower = slow_divide(upper.remainder << 32, denominator);
        part_ = upper.quotient << 32 | lower.quotient;
    }

    constexpr u64 floor(u64 n) const { return estimate(n).quotient; }

    constexpr u64 ceiling(u64 n) const {
        const quotient64 found = estimate(n);
        return found.remainder == 0 ? found.quotient : found.quotient + 1;
    }

    // Whether the product is a whole number.
    constexpr bool is_whole(u64 n) const { return denominator_ != 0 && estimate(n).remainder == 0; }

  private:
    constexpr quotient64 estimate(u64 n) const {
        if (denominator_ == 0) return {};
        u64 quotient = n * whole_ + high_product(n, part_);
        u64 remainder = n * numerator_ - quotient * denominator_;
        if (remainder >= denominator_) {
            remainder -= denominator_;
            quotient++;
        }
        return {quotient, remainder};
    }

    u32 numerator_ = 0;
    u32 denominator_ = 0;
    u32 whole_ = 0;
    u64 part_ = 0;
};

} // namespace vsnd
