#pragma once
// Guards: locked from here to the end of the scope, or to Unlock.

#include <KernelExport.h>
#include <lock.h>

namespace BPrivate {

template <class Lockable, class Locking>
class AutoLocker {
  public:
    AutoLocker() = default;
    AutoLocker(Lockable* lockable, bool alreadyLocked = false, bool lockIfNotLocked = true)
        : fLockable(lockable), fLocked(lockable != nullptr && alreadyLocked) {
        if (!alreadyLocked && lockIfNotLocked) Lock();
    }
    AutoLocker(Lockable& lockable, bool alreadyLocked = false, bool lockIfNotLocked = true)
        : AutoLocker(&lockable, alreadyLocked, lockIfNotLocked) {}
    AutoLocker(const AutoLocker&) = delete;
    AutoLocker& operator=(const AutoLocker&) = delete;
    ~AutoLocker() { Unlock(); }

    void SetTo(Lockable* lockable, bool alreadyLocked, bool lockIfNotLocked = true) {
        Unlock();
        fLockable = lockable;
        fLocked = lockable != nullptr && alreadyLocked;
        if (!alreadyLocked && lockIfNotLocked) Lock();
    }
    void SetTo(Lockable& lockable, bool alreadyLocked, bool lockIfNotLocked = true) {
        SetTo(&lockable, alreadyLocked, lockIfNotLocked);
    }
    bool Lock() {
        if (fLockable != nullptr && !fLocked) fLocked = fLocking.Lock(fLockable);
        return fLocked;
    }
    void Unlock() {
        if (fLockable != nullptr && fLocked) fLocking.Unlock(fLockable);
        fLocked = false;
    }
    void Detach() {
        fLockable = nullptr;
        fLocked = false;
    }
    void Unset() {
        Unlock();
        Detach();
    }
    bool IsLocked() const { return fLocked; }
    Lockable* Get() const { return fLockable; }

  private:
    Lockable* fLockable = nullptr;
    Locking fLocking;
    bool fLocked = false;
};

struct MutexLocking {
    bool Lock(mutex* lock) { return mutex_lock(lock) == B_OK; }
    void Unlock(mutex* lock) { mutex_unlock(lock); }
};
struct MutexTryLocking {
    bool Lock(mutex* lock) { return mutex_trylock(lock) == B_OK; }
    void Unlock(mutex* lock) { mutex_unlock(lock); }
};
struct SpinLocking {
    bool Lock(spinlock* lock) {
        acquire_spinlock(lock);
        return true;
    }
    void Unlock(spinlock* lock) { release_spinlock(lock); }
};
struct InterruptsSpinLocking {
    bool Lock(spinlock* lock) {
        fState = disable_interrupts();
        acquire_spinlock(lock);
        return true;
    }
    void Unlock(spinlock* lock) {
        release_spinlock(lock);
        restore_interrupts(fState);
    }

  private:
    cpu_status fState = 0;
};
struct InterruptsLocking {
    bool Lock(int* state) {
        *state = (int)disable_interrupts();
        return true;
    }
    void Unlock(int* state) { restore_interrupts((cpu_status)*state); }
};

typedef AutoLocker<mutex, MutexLocking> MutexLocker;
typedef AutoLocker<mutex, MutexTryLocking> MutexTryLocker;
typedef AutoLocker<spinlock, SpinLocking> SpinLocker;
typedef AutoLocker<spinlock, InterruptsSpinLocking> InterruptsSpinLocker;

class InterruptsLocker : public AutoLocker<int, InterruptsLocking> {
  public:
    explicit InterruptsLocker(bool alreadyLocked = false, bool lockIfNotLocked = true)
        : AutoLocker(&fState, alreadyLocked, lockIfNotLocked) {}

  private:
    int fState = 0;
};

} // namespace BPrivate

using BPrivate::AutoLocker;
using BPrivate::InterruptsLocker;
using BPrivate::InterruptsSpinLocker;
using BPrivate::MutexLocker;
using BPrivate::MutexTryLocker;
using BPrivate::SpinLocker;
