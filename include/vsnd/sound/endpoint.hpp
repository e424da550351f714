#pragma once
// One virtqueue as the sound driver uses it: the port's queue, its lock, when its doorbell rings
// and when it shall interrupt.

#include <vsnd/port/device.hpp>

namespace vsnd {

// How often a queue's two sides disturb each other. The doorbell is rung after `doorbell_every`
// submitted periods, or as soon as the device can see only one more; the device interrupts after
// `interrupt_every` completed periods of all streams of the queue. 1 and 1 is "each".
struct notification_policy {
    u32 doorbell_every = 1;
    u32 interrupt_every = 1;
};

// What the device must always still see of a running stream, in periods, before a doorbell may
// wait for more, and before an interrupt may come later.
inline constexpr u32 safety_periods = 1;

template <class Queue, class Hooks>
class endpoint {
    using slot = typename Queue::slot;
    using guard = queue_lock<Hooks>;

  public:
    void init(Queue& queue, Hooks& hooks, u32 number) {
        queue_ = &queue;
        hooks_ = &hooks;
        number_ = number;
        unsent_ = 0;
        pumping_ = look_again_ = false;
    }

    Queue& queue() { return *queue_; }
    bool ready() const { return queue_ != nullptr; }
    // Until the next init there is no queue. Legal while nobody pumps.
    void forget() { queue_ = nullptr; }
    // Holds the queue's lock while the answer lives; for calls of queue() made directly.
    [[nodiscard]] guard lock() { return guard(*hooks_, number_); }

    result<slot> bind(const chain& c, cookie what) {
        guard g(*hooks_, number_);
        return queue_->bind(c, what);
    }
    status_code unbind(slot s) {
        guard g(*hooks_, number_);
        return queue_->unbind(s);
    }

    // Posts and leaves the doorbell for later.
    status_code post(slot s) {
        guard g(*hooks_, number_);
        return post_locked(s);
    }
    // The same for a caller that holds the lock.
    status_code post_locked(slot s) {
        const status_code code = queue_->post(s);
        if (ok(code)) ++unsent_;
        return code;
    }

    // Posts a period; `in_flight` counts its stream's periods with the device, this one included.
    // While the queue is being pumped the doorbell waits for the end of the pump.
    VSND_HOT status_code post(slot s, u32 in_flight) {
        guard g(*hooks_, number_);
        const status_code code = queue_->post(s);
        if (!ok(code)) return code;
        const u32 unsent = unsent_ + 1;
        unsent_ = unsent;
        if (pumping_) return status_code::ok;
        if (unsent >= policy_.doorbell_every || in_flight <= unsent + safety_periods) kick_locked();
        return status_code::ok;
    }

    // Rings for everything posted so far.
    VSND_HOT void kick() {
        guard g(*hooks_, number_);
        if (unsent_ != 0) kick_locked();
    }

    // Rings in any case: the device may have missed the first doorbell.
    void ring() {
        guard g(*hooks_, number_);
        if constexpr (has_ring<Queue>) queue_->ring();
    }

    // Claims the pump. False: somebody else pumps, and has been told to look again.
    VSND_HOT bool begin_pump() {
        guard g(*hooks_, number_);
        if (pumping_) {
            look_again_ = true;
            return false;
        }
        pumping_ = true;
        return true;
    }

    VSND_HOT used take() {
        guard g(*hooks_, number_);
        return queue_->take();
    }

    // Rings for what was posted meanwhile, asks for the next interrupt after `completions()` more
    // and gives the pump up, all under one lock: who posts later rings himself.
    // False: there is news already, go on pumping.
    template <class Completions>
    VSND_HOT bool end_pump(Completions completions) {
        guard g(*hooks_, number_);
        if (unsent_ != 0) kick_locked();
        bool news = look_again_;
        look_again_ = false;
        if constexpr (has_arm<Queue>) {
            if (queue_->arm(completions())) news = true;
        }
        if (!news) pumping_ = false;
        return !news;
    }

    // Gives the pump up with completions left: the caller pumps again soon.
    void leave_pump() {
        guard g(*hooks_, number_);
        pumping_ = false;
    }

    bool broken() const {
        if constexpr (has_broken<Queue>) {
            return queue_->broken();
        } else {
            return false;
        }
    }

    const notification_policy& policy() const { return policy_; }

    void set_policy(notification_policy p) {
        guard g(*hooks_, number_);
        policy_ = {greater(p.doorbell_every, u32{1}), greater(p.interrupt_every, u32{1})};
    }

    u32 unsent() const { return unsent_; }

    // The device is stopped: every chain is idle.
    void reset() {
        if (queue_ == nullptr) return; // never set up
        guard g(*hooks_, number_);
        queue_->reset();
        unsent_ = 0;
        pumping_ = false;
    }

  private:
    VSND_HOT void kick_locked() {
        unsent_ = 0;
        if constexpr (!Queue::kicks_itself) queue_->kick();
    }

    Queue* queue_ = nullptr;
    Hooks* hooks_ = nullptr;
    u32 number_ = 0;
    u32 unsent_ = 0; // posted since the doorbell was last considered
    bool pumping_ = false;
    bool look_again_ = false;
    notification_policy policy_;
};

} // namespace vsnd
