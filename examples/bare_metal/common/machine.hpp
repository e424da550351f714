#pragma once
// What each machine gives to the parts that all of them share.

#include <vsnd/base/types.hpp>

namespace kernel {

using namespace vsnd;

void write_serial(char letter);

// Time since some moment before the start; never goes back.
u64 now_ns();

// Ends the machine: QEMU exits.
[[noreturn]] void power_off();

} // namespace kernel
