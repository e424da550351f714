#pragma once
// What the kernel exports to drivers: interrupts, spinlocks, physical memory, user memory.

#include <OS.h>

typedef unsigned long cpu_status;

typedef struct {
    int32 lock;
} spinlock;
#define B_SPINLOCK_INITIALIZER                                                                     \
    { 0 }
#define B_INITIALIZE_SPINLOCK(spinlock) ((void)((spinlock)->lock = 0))

typedef struct {
    phys_addr_t address;
    phys_size_t size;
} physical_entry;

#define B_KERNEL_READ_AREA (1 << 4)
#define B_KERNEL_WRITE_AREA (1 << 5)

extern "C" {
cpu_status disable_interrupts(void);
void restore_interrupts(cpu_status state);
void acquire_spinlock(spinlock* lock);
void release_spinlock(spinlock* lock);

int32 get_memory_map(const void* buffer, size_t size, physical_entry* table, int32 entries);
void memory_read_barrier(void);
void memory_write_barrier(void);

status_t user_memcpy(void* to, const void* from, size_t size);
status_t user_memset(void* to, char value, size_t count);
ssize_t user_strlcpy(char* to, const char* from, size_t size);

void spin(bigtime_t microseconds);
void panic(const char* format, ...) __attribute__((format(printf, 1, 2)));
}

// Not as in C, whose library on the host has another function of this name.
void dprintf(const char* format, ...) __attribute__((format(printf, 1, 2)));
