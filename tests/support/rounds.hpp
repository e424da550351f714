#pragma once
// How often a test repeats what chance decides, or what is much the same each time: less often where
// an emulator runs it (VSND_TESTS_EMULATED).

namespace support {

#ifdef VSND_TESTS_EMULATED
inline constexpr bool emulated = true;
#else
inline constexpr bool emulated = false;
#endif

// A tenth of them under an emulator.
constexpr unsigned rounds(unsigned all) {
    return emulated ? all / 10 : all;
}

// Whether the i-th of many variants runs; under an emulator only every n-th does. An n that shares
// no factor with the length of an inner loop meets all of its values in turn.
constexpr bool one_in(unsigned n, unsigned i) {
    return !emulated || i % n == 0;
}

} // namespace support
