#include <kernel/cpu.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace simulated {

cpu_state& cpu() {
    static thread_local cpu_state state;
    return state;
}

bool threads_run(); // machine.cpp

void stop(const std::string& why) {
    // Nobody catches what leaves a thread.
    if (threads_run()) {
        std::fprintf(stderr, "kernel panic: %s\n", why.c_str());
        std::abort();
    }
    throw kernel_panic(why);
}

void may_block(const char* what) {
    const cpu_state& c = cpu();
    if (c.in_interrupt) stop(std::string(what) + " in an interrupt");
    if (c.interrupts_off) stop(std::string(what) + " with interrupts off");
    if (c.spinlocks != 0) stop(std::string(what) + " with a spinlock held");
}

namespace {

std::atomic<usize> in_use{0};
std::atomic<u32> allowed{~u32{0}};

// The kernel's heap aligns to 8 and not to more: whatever needs more is found at once.
constexpr usize off = 8;

bool given_to_driver(const void* memory) {
    return (reinterpret_cast<uintptr_t>(memory) & 15) == off;
}

} // namespace

usize heap_in_use() {
    return in_use;
}
void heap_fails_after(u32 allocations) {
    allowed = allocations;
}

} // namespace simulated

// The linker sends the program's own malloc and free here (--wrap); the libraries keep theirs.
extern "C" {
void* __real_malloc(size_t bytes);
void __real_free(void* memory);

void* __wrap_malloc(size_t bytes) {
    using namespace simulated;
    if (cpu().inside != 0) return __real_malloc(bytes);
    may_block("an allocation");
    u32 more = allowed;
    if (more == 0) return nullptr;
    if (more != ~u32{0}) allowed = more - 1;
    auto* const memory = static_cast<char*>(__real_malloc(bytes + off));
    if (memory == nullptr) return nullptr;
    ++in_use;
    return memory + off;
}

void __wrap_free(void* memory) {
    using namespace simulated;
    if (!given_to_driver(memory)) return __real_free(memory);
    may_block("a deallocation");
    --in_use;
    __real_free(static_cast<char*>(memory) - off);
}
}

// Drivers use new (std::nothrow); the tests and the libraries use the other one.
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
    return __wrap_malloc(bytes);
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
    return __wrap_malloc(bytes);
}
void* operator new(size_t bytes) {
    if (void* const memory = __real_malloc(bytes != 0 ? bytes : 1)) return memory;
    throw std::bad_alloc();
}
void* operator new[](size_t bytes) {
    return operator new(bytes);
}
void operator delete(void* memory) noexcept {
    __wrap_free(memory);
}
void operator delete[](void* memory) noexcept {
    __wrap_free(memory);
}
void operator delete(void* memory, size_t) noexcept {
    __wrap_free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
    __wrap_free(memory);
}
