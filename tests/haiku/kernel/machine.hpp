#pragma once
// The machine under the kernel: the model device, virtual time, and interrupts.
//
// Alone, a thread that waits runs the clock itself: the device moves on to its next event or to the
// end of the wait, interrupts come at exactly that moment, and everything is the same each time.
// With run_threads() the tests' threads are processors of their own; another one runs the clock and
// takes the interrupts, while nobody else has anything to do, or slowly.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include <kernel/cpu.hpp>
#include <vsnd/model/sound_device.hpp>

namespace simulated {

class machine {
  public:
    static constexpr u64 never = ~u64{0};
    static constexpr u64 us = 1'000;
    static constexpr u64 ms = 1'000'000;
    // Time since the boot, when the test begins: no time is 0.
    static constexpr u64 boot_ns = 5'000'000'000;

    explicit machine(vsnd::model::device_profile profile);
    ~machine() { join_threads(); }
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

    vsnd::model::guest_memory memory;
    vsnd::model::sound_device device;
    // Delivers interrupts: a bit for each queue, and bit 4 for the configuration. In interrupt
    // context, with the device unlocked.
    std::function<void(u32 pending)> interrupt;
    // In each millisecond: faults may add interrupts that mean nothing.
    std::function<u32()> spurious;

    u64 now_ns() const { return boot_ns + device_ns_.load(std::memory_order_relaxed); }
    // What a driver sees; it ends a loop that asks for the time and never waits.
    u64 look_at_clock();

    // The device's registers and memory are used by one at a time.
    template <class Use>
    auto with_device(Use use) {
        const std::lock_guard<std::mutex> held(device_lock_);
        const kernel_scope inside;
        return use(device);
    }

    // Lets time pass; interrupts are served unless they are off.
    void run(u64 ns);
    // Lets time pass for the device alone: what it interrupts for stays pending.
    void pass(u64 ns);
    // Serves what is pending, if interrupts are on.
    void serve();
    void pend(u32 bits) { pending_.fetch_or(bits); }

    // Sleeps until done() or the deadline. done is asked with sleepers locked out.
    template <class Done>
    bool wait(u64 deadline_ns, Done done);
    // Changes what a waiting thread waits for.
    template <class Change>
    auto change(Change c) {
        std::unique_lock<std::mutex> held(sleep_lock_);
        const kernel_scope inside;
        if constexpr (std::is_void_v<decltype(c())>) {
            c();
            held.unlock();
            changed_.notify_all();
        } else {
            auto answer = c();
            held.unlock();
            changed_.notify_all();
            return answer;
        }
    }

    // Runs these at the same time, and the clock beside them, until all have returned.
    void run_threads(const std::vector<std::function<void()>>& all);

  private:
    void step(u64 until_ns);
    void run_clock();
    void join_threads();

    std::mutex device_lock_;
    std::mutex sleep_lock_;
    std::condition_variable changed_;
    std::condition_variable idle_;
    std::atomic<u64> device_ns_{0};
    std::atomic<u32> pending_{0};
    std::atomic<u32> looks_{0};
    u32 awake_ = 0; // threads that are not waiting
    bool clock_runs_ = false;
    std::thread clock_;
};

bool threads_run();

template <class Done>
bool machine::wait(u64 deadline_ns, Done done) {
    const kernel_scope inside;
    std::unique_lock<std::mutex> held(sleep_lock_);
    if (threads_run()) {
        if (done()) return true;
        if (--awake_ == 0) idle_.notify_all();
        bool good = false;
        changed_.wait(held, [&] { return (good = done()) || now_ns() >= deadline_ns; });
        ++awake_;
        return good;
    }
    const u64 begin = now_ns();
    for (;;) {
        if (done()) return true;
        if (now_ns() >= deadline_ns) return false;
        held.unlock();
        if (now_ns() - begin > 600'000 * ms) stop("somebody waits for ever");
        step(vsnd::lesser(deadline_ns, now_ns() + 10 * ms));
        held.lock();
    }
}

} // namespace simulated
