#pragma once
// Time, areas, semaphores and threads, as far as a sound driver uses them.

#include <SupportDefs.h>

#define B_OS_NAME_LENGTH 32
#define B_PAGE_SIZE 4096
#define B_INFINITE_TIMEOUT 0x7fffffffffffffffLL

typedef int32 area_id;
typedef int32 sem_id;
typedef int32 team_id;
typedef int32 thread_id;
typedef status_t (*thread_func)(void*);

// Flags of waits.
enum {
    B_CAN_INTERRUPT = 0x01,
    B_DO_NOT_RESCHEDULE = 0x02,
    B_RELATIVE_TIMEOUT = 0x8,
    B_ABSOLUTE_TIMEOUT = 0x10,
    B_RELEASE_ALL = 0x08,
    B_RELEASE_IF_WAITING_ONLY = 0x10,
    B_KILL_CAN_INTERRUPT = 0x20
};

// Areas: where they lie, how they are locked, who may touch them.
#define B_ANY_ADDRESS 0
#define B_ANY_KERNEL_ADDRESS 4
#define B_NO_LOCK 0
#define B_FULL_LOCK 2
#define B_CONTIGUOUS 3
#define B_32_BIT_CONTIGUOUS 6
#define B_READ_AREA (1 << 0)
#define B_WRITE_AREA (1 << 1)
#define B_CLONEABLE_AREA (1 << 8)

#define B_NORMAL_PRIORITY 10
#define B_REAL_TIME_PRIORITY 120
#define B_SYSTEM_TIMEBASE 0

extern "C" {
area_id create_area(const char* name, void** address, uint32 addressSpec, size_t size, uint32 lock,
                    uint32 protection);
status_t delete_area(area_id area);

sem_id create_sem(int32 count, const char* name);
status_t delete_sem(sem_id sem);
status_t acquire_sem(sem_id sem);
status_t acquire_sem_etc(sem_id sem, int32 count, uint32 flags, bigtime_t timeout);
status_t release_sem(sem_id sem);
status_t release_sem_etc(sem_id sem, int32 count, uint32 flags);

bigtime_t system_time(void);
status_t snooze(bigtime_t microseconds);
status_t snooze_etc(bigtime_t timeout, int timeBase, uint32 flags);
thread_id find_thread(const char* name);
}
