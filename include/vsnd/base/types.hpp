#pragma once
// Integer types of the library. <stdint.h> and <stddef.h> are the only headers of the compiler
// that anything outside model/ includes: a hobby-OS cross compiler has nothing else.

#include <stddef.h>
#include <stdint.h>

// Forced inlining, for the hot path alone: submit and complete are laid out by hand. A kernel that
// compiles for size gets calls instead.
#ifdef __OPTIMIZE_SIZE__
#define VSND_HOT inline
#else
#define VSND_HOT [[gnu::always_inline]] inline
#endif
// The same for what is shorter than its call, also in code compiled for size.
#define VSND_TINY [[gnu::always_inline]] inline

namespace vsnd {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using s32 = int32_t;
using s64 = int64_t;
using usize = size_t;

// The lesser and the greater of two values, spelt so that no kernel's macro can catch them.
template <class T>
constexpr T lesser(T a, T b) {
    return b < a ? b : a;
}

template <class T>
constexpr T greater(T a, T b) {
    return a < b ? b : a;
}

// The least multiple of `step` (a power of two) that is not below `n`.
constexpr usize round_up(usize n, usize step) {
    return (n + step - 1) & ~(step - 1);
}

} // namespace vsnd
