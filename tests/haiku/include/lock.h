#pragma once
// Mutexes: for threads only, never in an interrupt. `count` is -1 while somebody has it.

#include <KernelExport.h>

struct mutex_waiter;

typedef struct mutex {
    const char* name;
    struct mutex_waiter* waiters;
    spinlock lock;
    int32 count;
    uint8 flags;
} mutex;
#define MUTEX_INITIALIZER(name)                                                                    \
    { name, NULL, B_SPINLOCK_INITIALIZER, 0, 0 }

extern "C" {
void mutex_init(mutex* lock, const char* name);
void mutex_destroy(mutex* lock);
status_t mutex_lock(mutex* lock);
status_t mutex_trylock(mutex* lock);
status_t mutex_lock_with_timeout(mutex* lock, uint32 timeoutFlags, bigtime_t timeout);
void mutex_unlock(mutex* lock);
}
