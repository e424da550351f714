#pragma once
// Text on the serial console. Results are lines of `key=value`, which a test can read.

#include <vsnd/base/types.hpp>

namespace kernel {

using namespace vsnd;

void print(const char* text);
void print_value(const char* key, u64 value);
void print_value(const char* key, const char* value);
void print_hex(const char* key, u64 value);

} // namespace kernel
