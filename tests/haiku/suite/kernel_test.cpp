// The simulated kernel itself: what it must let pass, and what it must end.

#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable.h>
#include <kernel.h>
#include <kernel/kernel.hpp>
#include <util/AutoLock.h>

namespace {

using namespace simulated;

// How a process ends that does this.
template <class Does>
int ends_by(Does does) {
    const pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        try {
            does();
        } catch (...) {
            _exit(1);
        }
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

// An allocation that the compiler may not leave out.
template <class T>
T* kept(T* memory) {
    T* volatile seen = memory;
    return seen;
}

template <class Does>
void in_interrupt(Does does) {
    const cpu_state before = cpu();
    cpu().interrupts_off = cpu().in_interrupt = true;
    does();
    cpu() = before;
}

void* kernel_area(size_t bytes, uint32 protection, area_id& id) {
    void* address = nullptr;
    id = create_area("test", &address, B_ANY_KERNEL_ADDRESS, bytes, B_CONTIGUOUS, protection);
    return address;
}

constexpr uint32 users = B_READ_AREA | B_WRITE_AREA;
constexpr uint32 kernel_only = B_KERNEL_READ_AREA | B_KERNEL_WRITE_AREA;

} // namespace

TEST_CASE("a plain access to user memory ends the process, and through user_memcpy it is allowed") {
    kernel k;
    const u64 address = k.space.map_user(4096);
    auto* const user = reinterpret_cast<volatile u8*>(address);
    CHECK(ends_by([&] { (void)*user; }) != 0);
    CHECK(ends_by([&] { *user = 1; }) != 0);
    CHECK(ends_by([] {}) == 0);
    const u32 value = 0x12345678;
    u32 back = 0;
    CHECK(user_memcpy(reinterpret_cast<void*>(address), &value, 4) == B_OK);
    CHECK(user_memcpy(&back, reinterpret_cast<void*>(address), 4) == B_OK);
    CHECK(back == value);
}

TEST_CASE("so does one to an area that users can reach; to any other it is allowed") {
    kernel k;
    area_id shared = 0, own = 0;
    void* const open = kernel_area(8192, users, shared);
    auto* const closed = static_cast<u8*>(kernel_area(4096, kernel_only, own));
    CHECK(ends_by([&] { *static_cast<volatile u8*>(open) = 1; }) != 0);
    closed[4095] = 7;
    CHECK_FALSE(IS_USER_ADDRESS(open));
    CHECK(user_memset(open, 5, 8192) == B_OK);
    CHECK(user_memcpy(closed, static_cast<char*>(open) + 8191, 1) == B_OK);
    CHECK(closed[0] == 5);
    // The device sees the same bytes, at an address of its own.
    physical_entry where{};
    REQUIRE(get_memory_map(static_cast<char*>(open) + 100, 4096, &where, 1) == B_OK);
    CHECK(where.size == 4096);
    u8 seen = 0;
    CHECK(k.hardware.memory.read({where.address}, &seen, 1));
    CHECK(seen == 5);
    CHECK(user_memset(static_cast<char*>(open) + 8000, 0, 200) == B_BAD_ADDRESS);
    CHECK(delete_area(shared) == B_OK);
    CHECK(delete_area(shared) == B_BAD_VALUE);
    CHECK(user_memset(open, 0, 1) == B_BAD_ADDRESS);
    CHECK(delete_area(own) == B_OK);
}

TEST_CASE("user_memcpy: null, unmapped, half mapped, crossing, and kernel addresses") {
    kernel k;
    char here[64] = {};
    const u64 tail = k.space.map_user_tail(16);
    const auto at = [](u64 a) { return reinterpret_cast<void*>(a); };
    CHECK(user_memcpy(here, nullptr, 4) == B_BAD_ADDRESS);
    CHECK(user_memcpy(here, at(tail + 4096), 4) == B_BAD_ADDRESS);
    CHECK(user_memcpy(here, at(tail), 16) == B_OK);
    // As on Haiku, what lies before the fault is copied.
    *k.space.view(tail + 15, 1) = 9;
    CHECK(user_memcpy(here, at(tail), 17) == B_BAD_ADDRESS);
    CHECK(here[15] == 9);
    CHECK(user_memcpy(here, at(tail), ~size_t{0}) == B_BAD_ADDRESS);
    CHECK(user_memcpy(here, at(tail), size_t{1} << 40) == B_BAD_ADDRESS);
    CHECK_THROWS_AS((void)user_memcpy(here, here + 8, 4), kernel_panic);
    CHECK(IS_USER_ADDRESS(tail));
    CHECK_FALSE(IS_USER_ADDRESS(nullptr));
    CHECK_FALSE(IS_USER_ADDRESS(here));
    CHECK_FALSE(is_user_address_range(at(tail), size_t{1} << 40));
}

TEST_CASE("nothing that can sleep is allowed in an interrupt, with interrupts off, or spinning") {
    kernel k;
    mutex lock = MUTEX_INITIALIZER("test");
    const sem_id sem = create_sem(1, "test");
    const u64 user = k.space.map_user(64);
    const std::function<void()> sleepers[] = {
        [&] { mutex_lock(&lock); },
        [&] { mutex_trylock(&lock); },
        [&] { acquire_sem(sem); },
        [&] { delete_sem(create_sem(0, "")); },
        [&] { snooze(1); },
        [&] { ConditionVariableEntry().Wait(); },
        [&] {
            area_id id = 0;
            kernel_area(4096, users, id);
        },
        [&] {
            char c = 0;
            (void)user_memcpy(&c, reinterpret_cast<void*>(user), 1);
        },
    };
    for (const auto& sleeps : sleepers) {
        in_interrupt([&] { CHECK_THROWS_AS(sleeps(), kernel_panic); });
        const cpu_status state = disable_interrupts();
        CHECK_THROWS_AS(sleeps(), kernel_panic);
        restore_interrupts(state);
    }
    // Out of these no exception finds its way.
    CHECK(ends_by([] { in_interrupt([] { delete kept(new (std::nothrow) int); }); }) != 0);
    CHECK(ends_by([] { in_interrupt([] { free(kept(malloc(4))); }); }) != 0);
    CHECK(ends_by([] { free(kept(malloc(4))); }) == 0);
    in_interrupt([&] {
        CHECK_THROWS_AS(release_sem(sem), kernel_panic);
        CHECK(release_sem_etc(sem, 1, B_DO_NOT_RESCHEDULE) == B_OK);
    });
    CHECK(acquire_sem_etc(sem, 2, B_RELATIVE_TIMEOUT, 0) == B_OK);
}

TEST_CASE("spinlocks want interrupts off, and one holder") {
    kernel k;
    spinlock lock = B_SPINLOCK_INITIALIZER;
    CHECK_THROWS_AS(acquire_spinlock(&lock), kernel_panic);
    {
        InterruptsSpinLocker held(lock);
        CHECK_THROWS_AS(acquire_spinlock(&lock), kernel_panic);
        CHECK_THROWS_AS(restore_interrupts(1), kernel_panic);
    }
    CHECK_FALSE(cpu().interrupts_off);
    CHECK_THROWS_AS(release_spinlock(&lock), kernel_panic);
    cpu() = {};
}

TEST_CASE("mutexes: one holder, and a wait with an end") {
    kernel k;
    mutex lock;
    mutex_init(&lock, "test");
    {
        MutexLocker held(lock);
        CHECK(held.IsLocked());
        CHECK(mutex_trylock(&lock) == B_WOULD_BLOCK);
        CHECK_THROWS_AS(mutex_lock(&lock), kernel_panic);
        const bigtime_t before = system_time();
        CHECK(mutex_lock_with_timeout(&lock, B_ABSOLUTE_TIMEOUT, before + 500) == B_TIMED_OUT);
        CHECK(system_time() == before + 500);
        CHECK_THROWS_AS(mutex_destroy(&lock), kernel_panic);
    }
    CHECK_THROWS_AS(mutex_unlock(&lock), kernel_panic);
    mutex_destroy(&lock);
}

TEST_CASE("semaphores: time passes until they are released or the wait ends") {
    kernel k;
    const sem_id sem = create_sem(1, "test");
    const bigtime_t start = system_time();
    CHECK(start > 0);
    CHECK(acquire_sem(sem) == B_OK);
    CHECK(acquire_sem_etc(sem, 1, B_RELATIVE_TIMEOUT, 0) == B_WOULD_BLOCK);
    CHECK(acquire_sem_etc(sem, 1, B_RELATIVE_TIMEOUT, 1500) == B_TIMED_OUT);
    CHECK(system_time() == start + 1500);
    CHECK(acquire_sem_etc(sem, 1, B_ABSOLUTE_TIMEOUT, start + 2000) == B_TIMED_OUT);
    CHECK(system_time() == start + 2000);
    snooze(1000);
    CHECK(system_time() == start + 3000);
    CHECK_THROWS_AS(acquire_sem(sem), kernel_panic); // for ever
    CHECK(delete_sem(sem) == B_OK);
    CHECK(acquire_sem(sem) == B_BAD_SEM_ID);
    CHECK(release_sem(sem) == B_BAD_SEM_ID);
}

TEST_CASE("condition variables keep nothing for those who come later") {
    kernel k;
    ConditionVariable condition;
    condition.Init(&k, "test");
    CHECK(condition.NotifyAll() == 0);
    const bigtime_t start = system_time();
    CHECK(condition.Wait(B_RELATIVE_TIMEOUT, 700) == B_TIMED_OUT);
    CHECK(system_time() == start + 700);
    ConditionVariableEntry first, second, third;
    condition.Add(&first);
    condition.Add(&second);
    condition.Add(&third);
    CHECK(condition.NotifyOne(B_CANCELED) == 1);
    CHECK(first.Wait() == B_CANCELED);
    CHECK(second.Wait(B_RELATIVE_TIMEOUT, 0) == B_WOULD_BLOCK);
    CHECK(condition.NotifyAll() == 1);
    CHECK(third.Wait() == B_OK);
    mutex lock;
    mutex_init(&lock, "test");
    MutexLocker held(lock);
    CHECK(condition.Wait(&lock, B_RELATIVE_TIMEOUT, 300) == B_TIMED_OUT);
    CHECK(mutex_trylock(&lock) == B_WOULD_BLOCK);
}

TEST_CASE("the heap aligns to 8 and no more, can be empty, and is counted") {
    kernel k;
    const usize before = heap_in_use();
    auto* const piece = new (std::nothrow) u64[3];
    CHECK(reinterpret_cast<uintptr_t>(piece) % 16 == 8);
    void* const other = malloc(100);
    CHECK(reinterpret_cast<uintptr_t>(other) % 16 == 8);
    CHECK(heap_in_use() == before + 2);
    delete[] piece;
    free(other);
    CHECK(heap_in_use() == before);
    heap_fails_after(1);
    void* const last = malloc(1);
    CHECK(last != nullptr);
    CHECK(malloc(1) == nullptr);
    free(last);
}

TEST_CASE("a loop that asks for the time and never waits is ended") {
    kernel k;
    CHECK_THROWS_AS(
        [] {
            for (const bigtime_t end = system_time() + 1; system_time() < end;) {
            }
        }(),
        kernel_panic);
}
