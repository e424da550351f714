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

// The quotient alone, in as many steps as it has bits. For what happens less often than once a
// period.
constexpr u64 short_quotient(u64 n, u32 divisor) {
    if (divisor == 0 || n < divisor) return 0;
    u64 part = divisor;
    u64 bit = 1;
    for (; part <= n - part; bit += bit)
        part += part;
    u64 quotient = 0;
    for (; bit != 0; bit >>= 1, part >>= 1) {
        if (n < part) continue;
        n -= part;
        quotient += bit;
    }
    return quotient;
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
