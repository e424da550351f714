#pragma once
// One virtqueue of a small driver: every post rings the doorbell, every completion interrupts.

#include <vsnd/base/atomic.hpp>
#include <vsnd/sound/endpoint.hpp>

namespace vsnd {

template <class Queue, class Hooks>
class endpoint<Queue, Hooks, true> {
    using slot = typename Queue::slot;
    using guard = queue_lock<Hooks>;

  public:
    void init(Queue& queue, Hooks& hooks, u32 number) {
        queue_ = &queue;
        hooks_ = &hooks;
        number_ = number;
        pumped_ = false;
    }

    Queue& queue() { return *queue_; }
    bool ready() const { return queue_ != nullptr; }
    // Until the next init there is no queue. Legal while nobody pumps.
    void forget() { queue_ = nullptr; }
    VSND_TINY void tell(const trace_note& note) { vsnd::tell(*hooks_, note); }
    // Holds the queue's lock while the answer lives; for calls that say so, and for queue().
    [[nodiscard]] VSND_TINY guard lock() { return guard(*hooks_, number_); }

    result<slot> bind(const chain& c, cookie what) {
        guard g(*hooks_, number_);
        return queue_->bind(c, what);
    }
    status_code unbind(slot s) {
        guard g(*hooks_, number_);
        return queue_->unbind(s);
    }

    // Posts and rings.
    VSND_TINY status_code post(slot s) {
        guard g(*hooks_, number_);
        return post_locked(s);
    }
    // The same for a caller that holds the lock.
    VSND_TINY status_code post_locked(slot s) {
        const status_code code = post_and_ring(s);
        return posts_always<Queue> ? status_code::ok : code;
    }
    VSND_TINY status_code post_now(slot s) { return post_locked(s); }

    // Rings in any case: the device may have missed the first doorbell. With the lock held.
    void ring_locked() {
        if constexpr (has_ring<Queue>) queue_->ring();
    }

    // Claims the pump. False: somebody else pumps, and will find what there is now.
    [[gnu::noinline]] bool begin_pump() {
        guard g(*hooks_, number_);
        if (pumped_) return false;
        pumped_ = true;
        if constexpr (has_context<Hooks>) pumper_ = hooks_->context();
        return true;
    }
    bool pumped_by(u32 context) const { return pumped_ && pumper_ == context; }

    // The next completion. Nothing: the pump is given up, and the next one interrupts.
    used next() {
        guard g(*hooks_, number_);
        // Armed first: what comes after the look interrupts.
        if constexpr (has_arm<Queue>) (void)queue_->arm(1);
        const used u = queue_->take();
        if (u.type == used::kind::nothing) pumped_ = false;
        return u;
    }

    // Gives the pump up with completions left: the caller pumps again soon.
    void leave_pump() { store_release(&pumped_, false); }
    void end_claim() { leave_pump(); }

    bool broken() const {
        if constexpr (has_broken<Queue>) {
            return queue_->broken();
        } else {
            return false;
        }
    }

    // Nothing waits for a doorbell, nor an interrupt for other completions.
    void kick() {}
    void want_attention() {}
    static constexpr notification_policy policy() { return {}; }
    static constexpr bool driver_polls() { return false; }
    static constexpr bool device_polls() { return false; }

  private:
    [[gnu::noinline]] status_code post_and_ring(slot s) {
        const status_code code = queue_->post(s);
        if constexpr (!Queue::kicks_itself) {
            if (ok(code)) queue_->kick(1);
        }
        return code;
    }

    Queue* queue_ = nullptr;
    Hooks* hooks_ = nullptr;
    u32 number_ = 0;
    u32 pumper_ = 0; // who pumps, where the port can tell
    bool pumped_ = false;
};

} // namespace vsnd
