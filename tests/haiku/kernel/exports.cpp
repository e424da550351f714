// The kernel's functions under their own names: interrupts and locks that spin, memory, time,
// modules, settings. What waits is in waiting.cpp.

#include <kernel/kernel.hpp>

#include <cstdarg>
#include <cstring>

#include <driver_settings.h>
#include <kernel.h>

using namespace simulated;

namespace {

kernel& here() {
    return kernel::current();
}
int32& word(spinlock* lock) {
    return lock->lock;
}

std::string formatted(const char* format, va_list arguments) {
    char text[1024];
    std::vsnprintf(text, sizeof(text), format, arguments);
    return text;
}

} // namespace

// --- Interrupts. ---

cpu_status disable_interrupts() {
    const cpu_status before = cpu().interrupts_off ? 0 : 1;
    cpu().interrupts_off = true;
    return before;
}

void restore_interrupts(cpu_status state) {
    if (cpu().spinlocks != 0 && state != 0) stop("interrupts on with a spinlock held");
    if (cpu().in_interrupt && state != 0) stop("interrupts on in an interrupt");
    cpu().interrupts_off = state == 0;
    // With threads, the clock's processor takes them.
    if (state != 0 && !threads_run()) here().hardware.serve();
}

void acquire_spinlock(spinlock* lock) {
    if (!cpu().interrupts_off) stop("a spinlock is taken with interrupts on");
    int32 is_free = 0;
    while (!__atomic_compare_exchange_n(&word(lock), &is_free, 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
        if (!threads_run()) stop("a spinlock is taken twice");
        is_free = 0;
        std::this_thread::yield();
    }
    ++cpu().spinlocks;
}

void release_spinlock(spinlock* lock) {
    if (__atomic_exchange_n(&word(lock), 0, __ATOMIC_RELEASE) == 0)
        stop("a spinlock is released that nobody has");
    --cpu().spinlocks;
}

void memory_read_barrier() {
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}
void memory_write_barrier() {
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

// --- Memory. ---

area_id create_area(const char* name, void** address, uint32 where, size_t size, uint32 lock,
                    uint32 protection) {
    may_block("create_area");
    const kernel_scope inside;
    if (where != B_ANY_KERNEL_ADDRESS || size == 0 || size % B_PAGE_SIZE != 0) return B_BAD_VALUE;
    if (lock != B_CONTIGUOUS) stop("memory for a device that is not contiguous");
    const bool users = (protection & (B_READ_AREA | B_WRITE_AREA)) != 0;
    const u32 made = here().space.create(name, size, users);
    if (made == 0) return B_NO_MEMORY;
    *address = here().hardware.with_device(
        [&](auto&) { return reinterpret_cast<void*>(here().space.areas().at(made).address); });
    return static_cast<area_id>(made);
}

status_t delete_area(area_id area) {
    may_block("delete_area");
    const kernel_scope inside;
    return here().space.remove(static_cast<u32>(area)) ? B_OK : B_BAD_VALUE;
}

int32 get_memory_map(const void* buffer, size_t size, physical_entry* table, int32 entries) {
    const u64 address = reinterpret_cast<u64>(buffer);
    return here().hardware.with_device([&](auto&) -> int32 {
        const address_space::area* const found = here().space.find(address);
        if (found == nullptr || entries < 1) return B_BAD_VALUE;
        const u64 offset = address - found->address;
        if (size > found->memory.bytes - offset) return B_BAD_ADDRESS;
        table[0] = {found->memory.bus.value + offset, size};
        return B_OK;
    });
}

namespace {

// A page of the user may have to be fetched first; areas for devices are always there.
void user_may_wait(u64 address) {
    if (here().space.is_user(address)) may_block("user memory");
}

} // namespace

status_t user_memcpy(void* to, const void* from, size_t size) {
    user_may_wait(reinterpret_cast<u64>(to));
    user_may_wait(reinterpret_cast<u64>(from));
    const kernel_scope inside;
    return here().space.copy(to, from, size) ? B_OK : B_BAD_ADDRESS;
}

status_t user_memset(void* to, char value, size_t count) {
    user_may_wait(reinterpret_cast<u64>(to));
    const kernel_scope inside;
    return here().space.fill(to, static_cast<u8>(value), count) ? B_OK : B_BAD_ADDRESS;
}

ssize_t user_strlcpy(char* to, const char* from, size_t size) {
    for (size_t i = 0;; ++i) {
        char c = 0;
        if (user_memcpy(&c, from + i, 1) != B_OK) return B_BAD_ADDRESS;
        if (i < size) to[i] = i + 1 < size ? c : '\0';
        if (c == '\0') return static_cast<ssize_t>(i);
    }
}

bool simulated_user_address(addr_t address) {
    return here().space.is_user(address);
}

// --- Time. ---

bigtime_t system_time() {
    return static_cast<bigtime_t>(here().hardware.look_at_clock() / 1000);
}

void spin(bigtime_t microseconds) {
    const u64 ns = static_cast<u64>(microseconds) * 1000;
    const u64 end = here().hardware.now_ns() + ns;
    if (!threads_run())
        return cpu().interrupts_off ? here().hardware.pass(ns) : here().hardware.run(ns);
    while (here().hardware.now_ns() < end)
        std::this_thread::yield();
}

// --- Words. ---

void dprintf(const char* format, ...) {
    const kernel_scope inside;
    va_list arguments;
    va_start(arguments, format);
    std::string text = formatted(format, arguments);
    va_end(arguments);
    here().hardware.change([&] { here().log.push_back(std::move(text)); });
}

void panic(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const std::string text = formatted(format, arguments);
    va_end(arguments);
    stop("the driver: " + text);
}

// --- Modules. ---

status_t get_module(const char* path, module_info** info) {
    const kernel_scope inside;
    if (std::strcmp(path, B_DEVICE_MANAGER_MODULE_NAME) == 0)
        *info = const_cast<module_info*>(&device_manager::functions().info);
    else if (std::strcmp(path, VIRTIO_DEVICE_MODULE_NAME) == 0)
        *info = const_cast<module_info*>(&virtio_bus::functions().info.info);
    else if (module_info* const own = find_module(path))
        *info = own;
    else
        return B_ENTRY_NOT_FOUND;
    return B_OK;
}

status_t put_module(const char*) {
    return B_OK;
}
