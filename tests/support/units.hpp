#pragma once
// Of time, in nanoseconds.

#include <vsnd/base/types.hpp>

namespace support {

inline constexpr vsnd::u64 ms = 1'000'000;

} // namespace support
