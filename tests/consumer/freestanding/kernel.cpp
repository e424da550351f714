// Stands for somebody else's kernel: an entry point of its own, no library linked. It ends with
// the exit system call of the machine that the test runs on.
#include "../absent_port.hpp"

#include <vsnd/ring/split_queue.hpp>
#include <vsnd/transport/pci.hpp>

// The four functions that a compiler may call for; every kernel has them.
extern "C" void* memset(void* into, int value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
        static_cast<volatile char*>(into)[i] = char(value);
    return into;
}
extern "C" void* memcpy(void* into, const void* from, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
        static_cast<volatile char*>(into)[i] = static_cast<const char*>(from)[i];
    return into;
}

namespace {

[[noreturn]] void leave(long code) {
#if defined(__x86_64__)
    asm volatile("syscall" : : "a"(60L), "D"(code) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 asm("x8") = 93;
    register long x0 asm("x0") = code;
    asm volatile("svc 0" : : "r"(x8), "r"(x0) : "memory");
#endif
    __builtin_unreachable();
}

} // namespace

extern "C" [[noreturn]] void _start() {
    leave(open_absent() == vsnd::status_code::no_device ? 0 : 1);
}
