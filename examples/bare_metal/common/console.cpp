// Text on the serial console.

#include "console.hpp"

#include "machine.hpp"

namespace kernel {
namespace {

void print_number(u64 value, u32 base) {
    char digits[20]; // 2^64 has 20 decimal digits
    u32 count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (count != 0)
        write_serial(digits[--count]);
}

void print_key(const char* key) {
    print(key);
    write_serial('=');
}

} // namespace

void print(const char* text) {
    for (; *text != '\0'; ++text)
        write_serial(*text);
}

void print_value(const char* key, u64 value) {
    print_key(key);
    print_number(value, 10);
    print("\n");
}

void print_value(const char* key, const char* value) {
    print_key(key);
    print(value);
    print("\n");
}

void print_hex(const char* key, u64 value) {
    print_key(key);
    print("0x");
    print_number(value, 16);
    print("\n");
}

} // namespace kernel
