// The four functions that a compiler may call on its own, in a program without a C library.

#include <vsnd/base/types.hpp>

// Built with -fno-tree-loop-distribute-patterns (-fno-builtin with clang): otherwise the loops
// below are recognised and become calls of themselves.

extern "C" {

void* memcpy(void* into, const void* from, vsnd::usize bytes);
void* memmove(void* into, const void* from, vsnd::usize bytes);
void* memset(void* into, int value, vsnd::usize bytes);
int memcmp(const void* left, const void* right, vsnd::usize bytes);

void* memcpy(void* into, const void* from, vsnd::usize bytes) {
    auto* to = static_cast<vsnd::u8*>(into);
    const auto* source = static_cast<const vsnd::u8*>(from);
    for (vsnd::usize i = 0; i < bytes; ++i)
        to[i] = source[i];
    return into;
}

void* memmove(void* into, const void* from, vsnd::usize bytes) {
    auto* to = static_cast<vsnd::u8*>(into);
    const auto* source = static_cast<const vsnd::u8*>(from);
    if (to <= source) return memcpy(into, from, bytes);
    while (bytes-- != 0)
        to[bytes] = source[bytes];
    return into;
}

void* memset(void* into, int value, vsnd::usize bytes) {
    auto* to = static_cast<vsnd::u8*>(into);
    for (vsnd::usize i = 0; i < bytes; ++i)
        to[i] = static_cast<vsnd::u8>(value);
    return into;
}

int memcmp(const void* left, const void* right, vsnd::usize bytes) {
    const auto* a = static_cast<const vsnd::u8*>(left);
    const auto* b = static_cast<const vsnd::u8*>(right);
    for (vsnd::usize i = 0; i < bytes; ++i)
        if (a[i] != b[i]) return a[i] - b[i];
    return 0;
}
}
