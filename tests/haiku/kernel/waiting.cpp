// What a thread can wait for: semaphores, mutexes, condition variables, time.

#include <kernel/kernel.hpp>

#include <atomic>

#include <condition_variable.h>
#include <lock.h>

using namespace simulated;

namespace {

machine& hardware() {
    return kernel::current().hardware;
}

u64 deadline_of(uint32 flags, bigtime_t timeout) {
    if ((flags & (B_RELATIVE_TIMEOUT | B_ABSOLUTE_TIMEOUT)) == 0 || timeout == B_INFINITE_TIMEOUT)
        return machine::never;
    const u64 ns = timeout > 0 ? static_cast<u64>(timeout) * 1000 : 0;
    return (flags & B_RELATIVE_TIMEOUT) != 0 ? hardware().now_ns() + ns : ns;
}

// A relative time of nothing asks, and does not wait.
status_t timed_out(uint32 flags, bigtime_t timeout) {
    return (flags & B_RELATIVE_TIMEOUT) != 0 && timeout <= 0 ? B_WOULD_BLOCK : B_TIMED_OUT;
}

} // namespace

// --- Semaphores. ---

sem_id create_sem(int32 count, const char*) {
    may_block("create_sem");
    return hardware().change([&] {
        auto& all = kernel::current().semaphores;
        const sem_id id = 100 + static_cast<sem_id>(all.size());
        all[id].count = count;
        return id;
    });
}

status_t delete_sem(sem_id id) {
    may_block("delete_sem");
    return hardware().change([&] {
        auto& all = kernel::current().semaphores;
        const auto found = all.find(id);
        if (found == all.end() || found->second.deleted) return status_t{B_BAD_SEM_ID};
        found->second.deleted = true;
        return status_t{B_OK};
    });
}

status_t acquire_sem_etc(sem_id id, int32 count, uint32 flags, bigtime_t timeout) {
    may_block("acquire_sem");
    status_t result = B_OK;
    const bool in_time = hardware().wait(deadline_of(flags, timeout), [&] {
        auto& all = kernel::current().semaphores;
        const auto found = all.find(id);
        if (found == all.end() || found->second.deleted) {
            result = B_BAD_SEM_ID;
            return true;
        }
        if (found->second.count < count) return false;
        found->second.count -= count;
        return true;
    });
    return in_time ? result : timed_out(flags, timeout);
}

status_t acquire_sem(sem_id id) {
    return acquire_sem_etc(id, 1, 0, 0);
}

status_t release_sem_etc(sem_id id, int32 count, uint32 flags) {
    if (cpu().interrupts_off && (flags & B_DO_NOT_RESCHEDULE) == 0)
        stop("a semaphore is released with interrupts off, and the scheduler may run");
    return hardware().change([&] {
        auto& all = kernel::current().semaphores;
        const auto found = all.find(id);
        if (found == all.end() || found->second.deleted) return status_t{B_BAD_SEM_ID};
        found->second.count += count;
        return status_t{B_OK};
    });
}

status_t release_sem(sem_id id) {
    return release_sem_etc(id, 1, 0);
}

// --- Mutexes: the count is -1 while somebody has it. ---

namespace {

std::atomic<u32> waiting_for_mutexes{0};

bool try_lock(mutex* lock) {
    int32 is_free = 0;
    return __atomic_compare_exchange_n(&lock->count, &is_free, -1, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

} // namespace

void mutex_init(mutex* lock, const char* name) {
    *lock = MUTEX_INITIALIZER(name);
}

void mutex_destroy(mutex* lock) {
    if (__atomic_load_n(&lock->count, __ATOMIC_RELAXED) != 0)
        stop("a mutex is destroyed while held");
}

status_t mutex_lock_with_timeout(mutex* lock, uint32 flags, bigtime_t timeout) {
    may_block("mutex_lock");
    if (try_lock(lock)) return B_OK;
    const u64 deadline = deadline_of(flags, timeout);
    if (!threads_run() && deadline == machine::never) stop("a mutex is taken twice");
    ++waiting_for_mutexes;
    const bool got = hardware().wait(deadline, [&] { return try_lock(lock); });
    --waiting_for_mutexes;
    return got ? B_OK : timed_out(flags, timeout);
}

status_t mutex_lock(mutex* lock) {
    return mutex_lock_with_timeout(lock, 0, 0);
}

status_t mutex_trylock(mutex* lock) {
    may_block("mutex_trylock");
    return try_lock(lock) ? B_OK : B_WOULD_BLOCK;
}

void mutex_unlock(mutex* lock) {
    if (__atomic_exchange_n(&lock->count, 0, __ATOMIC_SEQ_CST) == 0)
        stop("a mutex is unlocked that nobody has");
    if (waiting_for_mutexes != 0) hardware().change([] {});
}

// --- Condition variables. ---

void ConditionVariable::Init(const void* object, const char* objectType) {
    fObject = object;
    fObjectType = objectType;
    fEntries = nullptr;
}
void ConditionVariable::Publish(const void* object, const char* objectType) {
    Init(object, objectType);
}
void ConditionVariable::Unpublish() {
    _Notify(true, B_ENTRY_NOT_FOUND);
}

void ConditionVariable::Add(ConditionVariableEntry* entry) {
    hardware().change([&] {
        entry->fVariable = this;
        entry->fWaitStatus = 1;
        entry->fNext = fEntries;
        fEntries = entry;
    });
}

int32 ConditionVariable::_Notify(bool all, status_t result) {
    return hardware().change([&] {
        int32 told = 0;
        while (fEntries != nullptr && (all || told == 0)) {
            // The one that waits longest is the last.
            ConditionVariableEntry** last = &fEntries;
            while ((*last)->fNext != nullptr)
                last = &(*last)->fNext;
            (*last)->fWaitStatus = result;
            (*last)->fVariable = nullptr;
            *last = nullptr;
            ++told;
        }
        return told;
    });
}

ConditionVariableEntry::~ConditionVariableEntry() {
    hardware().change([&] {
        if (fVariable == nullptr) return;
        for (ConditionVariableEntry** e = &fVariable->fEntries; *e != nullptr; e = &(*e)->fNext)
            if (*e == this) {
                *e = fNext;
                break;
            }
        fVariable = nullptr;
    });
}

status_t ConditionVariableEntry::Wait(uint32 flags, bigtime_t timeout) {
    may_block("waiting for a condition");
    const bool told =
        hardware().wait(deadline_of(flags, timeout), [&] { return fVariable == nullptr; });
    if (told) return fWaitStatus;
    // Not notified: out of the list, as when it goes.
    this->~ConditionVariableEntry();
    new (this) ConditionVariableEntry;
    return timed_out(flags, timeout);
}

status_t ConditionVariable::Wait(uint32 flags, bigtime_t timeout) {
    ConditionVariableEntry entry;
    Add(&entry);
    return entry.Wait(flags, timeout);
}

status_t ConditionVariable::Wait(mutex* lock, uint32 flags, bigtime_t timeout) {
    ConditionVariableEntry entry;
    Add(&entry);
    mutex_unlock(lock);
    const status_t code = entry.Wait(flags, timeout);
    mutex_lock(lock);
    return code;
}

// --- Time and threads. ---

status_t snooze_etc(bigtime_t timeout, int, uint32 flags) {
    may_block("snooze");
    (void)hardware().wait(deadline_of(flags, timeout), [] { return false; });
    return B_OK;
}

status_t snooze(bigtime_t microseconds) {
    return snooze_etc(microseconds, B_SYSTEM_TIMEBASE, B_RELATIVE_TIMEOUT);
}

thread_id find_thread(const char*) {
    static std::atomic<thread_id> next{1};
    static thread_local const thread_id self = next++;
    return self;
}
