#pragma once
// One virtqueue as the sound driver uses it: the port's queue, its lock, when its doorbell rings
// and when it shall interrupt.

#include <vsnd/base/atomic.hpp>
#include <vsnd/port/device.hpp>

namespace vsnd {

// How often a queue's two sides disturb each other. The doorbell is rung after `doorbell_every`
// submitted periods, or as soon as the device can see only one more; the device interrupts after
// `interrupt_every` completed periods of all streams of the queue. 1 and 1 is "each".
// No interrupts: the driver polls, by pump; only while an operation of a stream is under way is it
// interrupted. No doorbells: the device polls, which holds while every prepared stream of the queue
// has MSG_POLLING.
struct notification_policy {
    static constexpr u32 none = 0xffff'ffff;

    u32 doorbell_every = 1;
    u32 interrupt_every = 1;

    constexpr bool operator==(const notification_policy&) const = default;
};

// What the device must always still see of a running stream, in periods, before a doorbell may
// wait for more, and before an interrupt may come later.
inline constexpr u32 safety_periods = 1;

// How many completions one call of pump handles before it gives way.
inline constexpr u32 default_budget = 64;

// Small: see endpoint_small.hpp.
template <class Queue, class Hooks, bool Small = false>
class endpoint {
    using slot = typename Queue::slot;
    using guard = queue_lock<Hooks>;

  public:
    void init(Queue& queue, Hooks& hooks, u32 number) {
        queue_ = &queue;
        hooks_ = &hooks;
        number_ = number;
        unsent_ = 0;
        suppressed_ = false;
        take_effect(possible(false));
        ring_at_ = static_cast<s32>(policy_.doorbell_every);
        attention_ = false;
    }

    // The device was reset, and has an empty queue again. Who has claimed the pump keeps it.
    void renew(Queue& queue) {
        guard g(*hooks_, number_);
        queue_ = &queue;
        unsent_ = 0;
        set_threshold(policy_.doorbell_every);
    }

    Queue& queue() { return *queue_; }
    bool ready() const { return queue_ != nullptr; }
    // Until the next init there is no queue. Legal while nobody pumps.
    void forget() { queue_ = nullptr; }
    VSND_TINY void tell(const trace_note& note) { vsnd::tell(*hooks_, note); }
    // Holds the queue's lock while the answer lives; for calls of queue() made directly.
    [[nodiscard]] VSND_TINY guard lock() { return guard(*hooks_, number_); }

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
        if (ok(code)) (void)hold_back();
        return code;
    }

    // Posts and rings at once. With the lock held.
    status_code post_now(slot s) {
        const status_code code = queue_->post(s);
        if (ok(code)) kick_queue(1);
        return code;
    }

    // --- Of a period that was just posted through queue(), the lock held. ---

    // Rings, if its doorbell is due at once; nothing else is unsent then.
    VSND_HOT bool rings_at_once(Queue& queue) {
        if (ring_at_ != 1) return false;
        if constexpr (!Queue::kicks_itself) queue.kick(1);
        return true;
    }
    // Lets its doorbell wait for others, or rings for all; the device knows of enough periods.
    // False: the queue is being pumped.
    VSND_HOT bool waits() {
        const s32 unsent = static_cast<s32>(unsent_ + 1);
        if (unsent < ring_at_) {
            unsent_ = static_cast<u32>(unsent);
            return true;
        }
        if (pumped()) return false;
        unsent_ = 0;
        ring_at_ = static_cast<s32>(policy_.doorbell_every);
        kick_queue(static_cast<u32>(unsent));
        return true;
    }
    // Lets its doorbell wait in any case; while the queue is being pumped, for the end of the pump.
    // The answer: how many wait now.
    u32 hold_back() {
        attention_ = attention_ != 0 || pumped();
        set_threshold(greater(policy_.doorbell_every, u32{2}));
        return ++unsent_;
    }
    void ring_for_all() {
        const u32 posted = unsent_;
        unsent_ = 0;
        set_threshold(policy_.doorbell_every);
        if (posted != 0 && !device_polls()) kick_queue(posted);
    }
    VSND_TINY bool pumped() const { return ring_at_ < -1; }
    // By another context, perhaps at this moment. With the lock held.
    bool pumped_elsewhere() const {
        if (!has_lock<Hooks> || !pumped()) return false;
        return !has_context<Hooks> || pumper_ != context_of(*hooks_);
    }
    bool pumped_by(u32 context) const {
        if (hooks_ == nullptr) return false;
        guard g(*hooks_, number_);
        return pumped() && pumper_ == context;
    }

    // Rings for everything posted so far.
    void kick() {
        guard g(*hooks_, number_);
        ring_for_all();
    }

    // Rings in any case: the device may have missed the first doorbell. With the lock held.
    void ring_locked() {
        if constexpr (has_ring<Queue>) queue_->ring();
    }

    // Claims the pump. False: somebody else pumps, and has been told to look again.
    VSND_HOT bool begin_pump() {
        guard g(*hooks_, number_);
        if (pumped()) [[unlikely]] {
            attention_ = true;
            return false;
        }
        // An interrupt of this CPU finds it claimed, or not: the test stays apart from the claim.
        __atomic_signal_fence(__ATOMIC_ACQ_REL);
        ring_at_ -= while_pumping;
        if constexpr (has_context<Hooks>) pumper_ = hooks_->context();
        return true;
    }

    used take() {
        guard g(*hooks_, number_);
        return queue_->take();
    }

    // Gives the pump up in the short way, after arming. False: it must end in the long way, since
    // something was posted meanwhile, somebody else wanted to pump, or a stream runs low.
    VSND_HOT bool finish_pump() {
        guard g(*hooks_, number_);
        if (attention_ != 0) return false;
        ring_at_ += while_pumping;
        return true;
    }
    // The same, of the media clocks alone: for the pumper.
    VSND_TINY void leave_clocks() {
        guard g(*hooks_, number_);
        attention_ |= clocks_only;
    }
    // Gives the pump up after that. False: there is more to do.
    bool finish_clocks() {
        guard g(*hooks_, number_);
        if (attention_ != clocks_only) return false;
        attention_ = 0;
        ring_at_ += while_pumping;
        return true;
    }
    // The next pump ends in the long way.
    void want_attention() {
        guard g(*hooks_, number_);
        attention_ = true;
    }

    // Nothing is left: rings for what was posted meanwhile, asks for the next interrupt after `k`
    // completions and gives the pump up. False: there is news, or somebody wants it: go on pumping.
    bool rest(u32 k) {
        guard g(*hooks_, number_);
        ring_for_all();
        const bool wanted = attention_ != 0;
        attention_ = false;
        if (wanted) return false;
        if constexpr (has_suppression<Queue>) {
            const bool suppress = driver_polls() && k == policy_.interrupt_every;
            if (suppress != suppressed_) queue_->suppress_interrupts(suppress);
            suppressed_ = suppress;
        }
        if constexpr (has_arm<Queue>) {
            if (queue_->arm(k)) return false;
        }
        ring_at_ += while_pumping;
        // The short way has to wait until the streams can wait that long again.
        attention_ = k != policy_.interrupt_every;
        return true;
    }

    // Gives the pump up with completions left: the caller pumps again soon.
    void leave_pump() {
        guard g(*hooks_, number_);
        ring_for_all();
        attention_ = false;
        ring_at_ += while_pumping;
    }

    // Gives it up without a doorbell.
    void end_claim() {
        guard g(*hooks_, number_);
        ring_at_ += while_pumping;
    }

    bool broken() const {
        if constexpr (has_broken<Queue>) {
            return queue_->broken();
        } else {
            return false;
        }
    }

    // The numbers that are gone by; where there is none, one that is never reached.
    const notification_policy& policy() const { return policy_; }
    // The policy, as far as the queue can do it and the device does its part.
    notification_policy effective() const {
        guard g(*hooks_, number_);
        return effective_;
    }
    bool driver_polls() const { return effective_.interrupt_every == notification_policy::none; }
    bool device_polls() const { return effective_.doorbell_every == notification_policy::none; }
    // Completions that pass without an interrupt when none needs a closer look.
    VSND_HOT const u32& skipped() const { return skipped_; }

    void set_policy(notification_policy p, bool device_polls = false) {
        wanted_ = p;
        settle(device_polls);
    }
    // `device_polls`: it does for all streams of the queue. The answer: whether that changes anything.
    bool settle(bool device_polls) {
        guard g(*hooks_, number_);
        const notification_policy p = possible(device_polls);
        if (p == effective_) return false;
        const bool heard_nothing = this->device_polls();
        take_effect(p);
        attention_ = true;
        ring_for_all();
        if (heard_nothing && !this->device_polls()) kick_queue(most_at_once);
        return true;
    }

    u32 unsent() const { return unsent_; }

  private:
    static constexpr u32 most_at_once = 0x4000;
    static constexpr u32 within_reason(u32 n) { return lesser(greater(n, u32{1}), most_at_once); }

    notification_policy possible(bool device_polls) const {
        constexpr u32 none = notification_policy::none;
        const u32 doorbell = within_reason(wanted_.doorbell_every);
        const u32 interrupt = within_reason(wanted_.interrupt_every);
        notification_policy p = {doorbell, batches(*queue_) ? interrupt : 1};
        if (wanted_.doorbell_every == none) p.doorbell_every = device_polls ? none : 1;
        if (wanted_.interrupt_every == none) p.interrupt_every = has_suppression<Queue> ? none : 1;
        if (Queue::kicks_itself) p.doorbell_every = 1;
        return p;
    }
    void take_effect(const notification_policy& p) {
        effective_ = p;
        policy_ = {within_reason(p.doorbell_every), within_reason(p.interrupt_every)};
        store_relaxed(&skipped_, policy_.interrupt_every - 1);
    }
    static constexpr u8 clocks_only = 2;          // of attention_
    static constexpr s32 while_pumping = 0x10000; // taken off meanwhile; more than any policy

    VSND_HOT void kick_queue(u32 posted) {
        if constexpr (!Queue::kicks_itself) queue_->kick(posted);
    }
    void set_threshold(u32 n) { ring_at_ = static_cast<s32>(n) - (pumped() ? while_pumping : 0); }

    Queue* queue_ = nullptr;
    Hooks* hooks_ = nullptr;
    u32 number_ = 0;
    // When the doorbell rings: 1, at every post, and then nothing is unsent; more, when so many are
    // unsent or the device runs low; negative, while the queue is being pumped: at its end.
    s32 ring_at_ = 1;
    u32 unsent_ = 0;   // posted since the doorbell was last considered
    u8 attention_ = 0; // see finish_pump
    u32 skipped_ = 0;  // completions without an interrupt between two with one
    u32 pumper_ = 0;   // who pumps, where the port can tell
    notification_policy policy_;
    notification_policy effective_;
    notification_policy wanted_;
    bool suppressed_ = false; // the queue was told that the driver polls
};

} // namespace vsnd
