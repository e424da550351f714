#pragma once
// What the running thread may do at the moment, and the end of a test that did something else.

#include <stdexcept>
#include <string>

#include <vsnd/base/types.hpp>

namespace simulated {

using vsnd::u16;
using vsnd::u32;
using vsnd::u64;
using vsnd::u8;
using vsnd::usize;

// One processor for each thread of the test.
struct cpu_state {
    bool interrupts_off = false;
    bool in_interrupt = false;
    u32 spinlocks = 0;
    u32 inside = 0; // the kernel's own code runs, which the rules for drivers do not bind
};
cpu_state& cpu();

// The kernel stops here: the driver did what would stop Haiku's, or would go wrong there unseen.
struct kernel_panic : std::logic_error {
    using std::logic_error::logic_error;
};
[[noreturn]] void stop(const std::string& why);

// Ends the test where a thread may not sleep: in an interrupt, with interrupts off, under a
// spinlock.
void may_block(const char* what);

class kernel_scope {
  public:
    kernel_scope() { ++cpu().inside; }
    ~kernel_scope() { --cpu().inside; }
    kernel_scope(const kernel_scope&) = delete;
    kernel_scope& operator=(const kernel_scope&) = delete;
};

// What the driver has from the heap and did not give back.
usize heap_in_use();
// After so many more allocations the heap is empty; all ones: never.
void heap_fails_after(u32 allocations);

} // namespace simulated
