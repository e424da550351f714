#pragma once
// A kernel with several CPUs that owns its virtqueues, and a small sound device of its own in a
// thread. Between the threads there is no other order than the driver's: one mutex per queue, which
// is its lock hook, and what a ring orders by nature (posted to the device, completed to the
// pumper). Doorbells, interrupts and the clock order nothing.

#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <vsnd/base/atomic.hpp>
#include <vsnd/port/device.hpp>
#include <vsnd/wire/sound.hpp>

namespace thread_tests {

using vsnd::status_code;
using vsnd::u32;
using vsnd::u64;
using vsnd::u8;
using vsnd::usize;

// What went wrong, once each; doctest hears of it in the main thread.
class complaints {
  public:
    void add(const std::string& what) {
        const std::lock_guard<std::mutex> held(mutex_);
        if (++count_ > 20) return;
        if (all_.find(what) == std::string::npos) all_ += what + "\n";
    }
    std::string all() {
        const std::lock_guard<std::mutex> held(mutex_);
        return all_;
    }

  private:
    std::mutex mutex_;
    std::string all_;
    u32 count_ = 0;
};

inline constexpr u32 no_queue = 0xffffffff;
// Of a CPU: which queue's lock it holds, and its number.
inline thread_local u32 held_lock = no_queue;
inline thread_local u32 cpu_number = 0;
inline thread_local u32 callbacks = 0; // that it is in

// Thrown out of a wait of a case that takes too long.
struct hung : std::runtime_error {
    hung() : std::runtime_error("hung") {}
};

// A ring as the device sees it: an entry is plain, its number is published.
struct shared_entries {
    static constexpr u32 size = 256;
    struct entry {
        void* record = nullptr;
        u32 written = 0;
    };
    entry entries[size];
    std::atomic<u32> published{0};

    void put(entry e) {
        const u32 at = published.load(std::memory_order_relaxed);
        entries[at % size] = e;
        published.store(at + 1, std::memory_order_release);
    }
};

class smp_port_base;

// Of both kinds of kernel, with a ring's manners (doorbells, interrupts armed, a short way) or not.
template <bool Ring>
class smp_queue {
  public:
    struct record {
        vsnd::part parts[3];
        u32 count = 0;
        u32 readable = 0;
        vsnd::cookie what = nullptr;
        bool bound = false;
        bool with_device = false;
    };
    struct slot {
        record* entry = nullptr;
    };
    static constexpr bool posts_before_start = false;
    static constexpr bool kicks_itself = !Ring;

    vsnd::result<slot> bind(const vsnd::chain& c, vsnd::cookie what);
    status_code post(slot s);
    vsnd::used take();
    status_code unbind(slot s);
    void kick(u32) requires Ring { announce(); }
    void ring() {
        must_hold("ring");
        announce();
    }
    bool arm(u32 k) requires Ring {
        must_hold("arm");
        return news_after_arming(k);
    }
    template <class Good, class Handle>
    bool take_and_arm(const u32& skipped, Good good, Handle handle) requires Ring {
        const u32 end = used_.published.load(std::memory_order_acquire);
        while (taken_ != end) {
            const shared_entries::entry e = used_.entries[taken_ % shared_entries::size];
            record& r = *static_cast<record*>(e.record);
            if (!good(r.what, [&e] { return e.written; })) return false;
            r.with_device = false;
            ++taken_;
            handle(r.what);
        }
        return !news_after_arming(vsnd::load_relaxed(&skipped) + 1);
    }

    // --- For the device and the port. ---
    void reset() {
        for (record& r : records_)
            r = record{};
        for (u32 i = 0; i < 3; ++i)
            (i == 0 ? posted_.published : i == 1 ? used_.published : announced_) = 0;
        taken_ = seen_ = 0;
        armed_ = 0;
    }
    // What the doorbell announced; `looks`: what was posted, doorbell or not.
    record* next(bool looks = false) {
        const u32 end = (looks ? posted_.published : announced_).load(std::memory_order_acquire);
        if (seen_ == end) return nullptr;
        return static_cast<record*>(posted_.entries[seen_++ % shared_entries::size].record);
    }
    // True: the driver wants an interrupt.
    bool give(record& r, u32 written) {
        const u32 number = used_.published.load(std::memory_order_relaxed);
        used_.put({&r, written});
        std::atomic_thread_fence(std::memory_order_seq_cst);
        return !Ring || armed_.load(std::memory_order_relaxed) == number;
    }

    smp_port_base* port_ = nullptr;
    u32 number_ = 0;

  private:
    void must_hold(const char* what) const;
    void announce();
    bool news_after_arming(u32 k) {
        armed_.store(taken_ + k - 1, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        return used_.published.load(std::memory_order_acquire) != taken_;
    }

    record records_[96];
    shared_entries posted_;
    shared_entries used_;
    std::atomic<u32> announced_{0};
    std::atomic<u32> armed_{0};
    u32 taken_ = 0; // the pumper's
    u32 seen_ = 0;  // the device's
};

// Memory that the device reaches, at addresses of its own.
class bus_arena {
  public:
    static constexpr u64 base = u64{0x51} << 32;
    vsnd::dma_region allocate(usize bytes) {
        const usize at = used_;
        used_ += vsnd::round_up(bytes, 4096);
        if (used_ > size) throw std::logic_error("no memory left");
        return {bytes_ + at, {base + at}, bytes};
    }
    u8* at(u64 bus, usize bytes) {
        if (bus < base || bus + bytes > base + size) throw std::logic_error("a wild address");
        return bytes_ + (bus - base);
    }

  private:
    static constexpr usize size = 1 << 20;
    std::unique_ptr<u8[]> memory_ = std::make_unique<u8[]>(size + 4096);
    u8* bytes_ = memory_.get() + (4096 - reinterpret_cast<size_t>(memory_.get()) % 4096);
    usize used_ = 0;
};

class smp_port_base {
  public:
    // The hooks.
    u32 lock(u32 queue) {
        if (late()) throw hung(); // a loop of the driver's
        if (held_lock != no_queue) {
            wrong.add("a lock within a lock");
            over = true;
            throw hung();
        }
        mutexes_[queue].lock();
        held_lock = queue;
        return 0x10c4 + queue;
    }
    void unlock(u32 queue, u32 saved) {
        if (held_lock != queue || saved != 0x10c4 + queue) wrong.add("not its lock");
        held_lock = no_queue;
        mutexes_[queue].unlock();
    }
    u64 now_ns() { return now.load(std::memory_order_relaxed); }
    u32 context() { return cpu_number; }
    void wait(u64) {
        if (held_lock != no_queue) wrong.add("a wait with a lock held");
        if (callbacks != 0) wrong.add("a wait in a callback");
        relax();
    }
    void wake() {
        if (held_lock != no_queue) wrong.add("a wake with a lock held");
        wakes.fetch_add(1, std::memory_order_relaxed);
    }

    // A thread has nothing to do just now. Throws when the case has no end.
    void relax() {
        if (late()) throw hung();
        beat();
        std::this_thread::yield();
    }

    // --- Idle time passes only when every CPU but the device's has come round since it last did:
    // no thread that is not scheduled for a while is late by the clock. ---
    static constexpr u32 most_cpus = 16;
    void beat() {
        std::atomic<u32>& mine = beats_[cpu_number % most_cpus];
        const u32 before = mine.load(std::memory_order_relaxed);
        if (before != 0) mine.store(before + 2, std::memory_order_relaxed);
    }
    void beat_begins(bool begins) { beats_[cpu_number % most_cpus] = begins ? 1 : 0; }
    // For the device.
    void pass(u64 ns) { now.fetch_add(ns, std::memory_order_relaxed); }
    void idle() {
        for (u32 i = 0; i < most_cpus; ++i) {
            const u32 there = beats_[i].load(std::memory_order_relaxed);
            if (there != 0 && there == heard_[i]) return;
        }
        for (u32 i = 0; i < most_cpus; ++i)
            heard_[i] = beats_[i].load(std::memory_order_relaxed);
        pass(20'000);
    }

    std::atomic<u64> now{1'000'000'000};
    std::atomic<u32> wakes{0};
    std::atomic<u32> interrupts[4] = {};
    std::atomic<u32> wants_reset{0};
    std::atomic<bool> started{false};
    std::atomic<bool> asleep{false};
    std::atomic<bool> over{false};
    std::atomic<u32> resets{0};
    complaints wrong;

  private:
    bool late() {
        thread_local u32 calls = 0;
        if (over.load(std::memory_order_relaxed)) return true;
        if (++calls % 256 != 0 || std::chrono::steady_clock::now() < deadline_) return false;
        wrong.add("hung");
        return over = true;
    }

    std::mutex mutexes_[4];
    std::atomic<u32> beats_[most_cpus] = {}; // odd, of a CPU that is there
    u32 heard_[most_cpus] = {};
    std::chrono::steady_clock::time_point deadline_ =
        std::chrono::steady_clock::now() + std::chrono::seconds(20);
};

template <bool Ring>
vsnd::result<typename smp_queue<Ring>::slot> smp_queue<Ring>::bind(const vsnd::chain& c,
                                                                   vsnd::cookie what) {
    must_hold("bind");
    for (record& r : records_) {
        if (r.bound) continue;
        r = {{}, static_cast<u32>(c.parts.size()), static_cast<u32>(c.readable), what, true, false};
        for (u32 i = 0; i < r.count; ++i)
            r.parts[i] = c.parts[i];
        return slot{&r};
    }
    return status_code::no_room;
}

template <bool Ring>
status_code smp_queue<Ring>::post(slot s) {
    must_hold("post");
    if (!port_->started) port_->wrong.add("a post before the start");
    if (port_->asleep) port_->wrong.add("a post while suspended");
    if (!s.entry->bound) port_->wrong.add("a post of what is not bound");
    if (s.entry->with_device) port_->wrong.add("posted twice");
    s.entry->with_device = true;
    posted_.put({s.entry, 0});
    if (!Ring) announce();
    return status_code::ok;
}

template <bool Ring>
vsnd::used smp_queue<Ring>::take() {
    must_hold("take");
    if (used_.published.load(std::memory_order_acquire) == taken_) return {};
    const shared_entries::entry e = used_.entries[taken_++ % shared_entries::size];
    record& r = *static_cast<record*>(e.record);
    r.with_device = false;
    return {r.what, e.written, vsnd::used::kind::completed};
}

template <bool Ring>
status_code smp_queue<Ring>::unbind(slot s) {
    must_hold("unbind");
    if (s.entry->with_device) {
        port_->wrong.add("unbound while the device has it");
        return status_code::memory_still_owned;
    }
    s.entry->bound = false;
    return status_code::ok;
}

template <bool Ring>
void smp_queue<Ring>::must_hold(const char* what) const {
    if (held_lock != number_) port_->wrong.add(std::string(what) + " without the queue's lock");
}

template <bool Ring>
void smp_queue<Ring>::announce() {
    must_hold("doorbell");
    if (port_->asleep) port_->wrong.add("a doorbell while suspended");
    announced_.store(posted_.published.load(std::memory_order_relaxed), std::memory_order_release);
}

} // namespace thread_tests
