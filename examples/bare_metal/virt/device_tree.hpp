#pragma once
// The flattened device tree, as far as this kernel reads it.

#include <vsnd/base/types.hpp>

namespace kernel {

using namespace vsnd;

// The kernel's command line; empty where the tree has none or is none.
const char* command_line(const u8* tree);

} // namespace kernel
