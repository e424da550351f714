#pragma once
// Condition variables. A notification reaches those who wait, or whose entry was added before it;
// it is not kept for those who come later.

#include <OS.h>
#include <lock.h>

struct ConditionVariable;

struct ConditionVariableEntry {
  public:
    ConditionVariableEntry() = default;
    ~ConditionVariableEntry();
    ConditionVariableEntry(const ConditionVariableEntry&) = delete;
    ConditionVariableEntry& operator=(const ConditionVariableEntry&) = delete;

    status_t Wait(uint32 flags = 0, bigtime_t timeout = 0);
    ConditionVariable* Variable() const { return fVariable; }

  private:
    friend struct ConditionVariable;
    ConditionVariable* fVariable = nullptr;
    ConditionVariableEntry* fNext = nullptr;
    status_t fWaitStatus = 1; // 1: not notified yet
};

struct ConditionVariable {
  public:
    void Init(const void* object, const char* objectType);
    void Publish(const void* object, const char* objectType);
    void Unpublish();
    int32 NotifyOne(status_t result = B_OK) { return _Notify(false, result); }
    int32 NotifyAll(status_t result = B_OK) { return _Notify(true, result); }
    void Add(ConditionVariableEntry* entry);
    status_t Wait(uint32 flags = 0, bigtime_t timeout = 0);
    // Lets go of the mutex while waiting, and has it again afterwards.
    status_t Wait(mutex* lock, uint32 flags = 0, bigtime_t timeout = 0);
    const void* Object() const { return fObject; }

  private:
    friend struct ConditionVariableEntry;
    int32 _Notify(bool all, status_t result);

    const void* fObject;
    const char* fObjectType;
    ConditionVariableEntry* fEntries;
};
