#pragma once
// The queue that the sound driver drives. ring/ has one for kernels without virtio code; a kernel
// that owns its virtqueues (Haiku, FreeBSD, NuttX, Zephyr) writes an adapter instead.
//
// A queue speaks in bound chains, since a PCM period is the same chain again and again: `bind`
// once, then `post` it, `take` it back, `post` it again.
//
// Required, five functions; none blocks, none allocates, all are called with the queue's lock held:
//   result<slot> bind(chain const&, cookie)
//       Prepares a chain and reserves room for it, so that posting it never fails for lack of
//       room. `slot` is the queue's own type, small and copyable. The parts are read during the
//       call only. Context: thread. Errors: no_room, nothing has changed; invalid_argument.
//   status_code post(slot)
//       Publishes a bound chain, which is idle; the device owns its memory until `take` returns its
//       cookie, or until the device is stopped. Context: thread, interrupt, callback.
//       Errors: whatever the kernel's queue answers; the period then stays with the driver.
//   used take()
//       The next completion, in the device's order. Everything the device wrote is checked here:
//       an id that was never posted comes back as `dropped`, and a length that the chain cannot
//       hold as 0. Context: the one pumper of this queue.
//   status_code unbind(slot)
//       Gives the room back. Context: thread, interrupt. Errors: memory_still_owned, the device
//       has it.
//   When the device port has stopped the device, nothing that was bound is used any more.
// Constants:
//   static constexpr bool posts_before_start   post works before the device's start()
//   static constexpr bool kicks_itself         post rings the doorbell; kick is not called
// Optional, found by `requires`:
//   static constexpr bool posts_always   true: post never fails
//   void kick(u32 posted)  rings the doorbell for the last `posted` chains if the device wants it;
//                    required unless kicks_itself
//   void ring()      rings in any case (a device's first doorbell can be lost)
//   bool arm(u32 k)  asks for an interrupt after k more completions, k >= 1; true: some are here
//                    already, take again
//   bool batches()   whether arm(k) waits for all of the k completions; without this function it does
//   void suppress_interrupts(bool)   the device shall not interrupt, whatever was armed; or as armed
//   bool take_and_arm(const u32& skipped, G good, H handle)
//       Takes completions for as long as they are known and good(cookie, written) says so, hands
//       each to handle(cookie), which may post it again, then arms(skipped + 1). `written()` reads
//       the length, which is not judged yet. True: all is taken and nothing came meanwhile; false:
//       go on with take. No lock is held.
//   bool broken()    the device broke the ring so badly that only a reset helps

#include <vsnd/port/chain.hpp>

namespace vsnd {

template <class A, class B>
concept same_type = __is_same(A, B);

template <class Q>
concept has_kick = requires(Q& q) {
    q.kick(u32{1});
};

template <class Q>
concept has_ring = requires(Q& q) {
    q.ring();
};

template <class Q>
concept has_arm = requires(Q& q, u32 k) {
    { q.arm(k) } -> same_type<bool>;
};

template <class Q>
concept has_suppression = requires(Q& q) {
    q.suppress_interrupts(true);
};

// Whether an interrupt can be asked for after several completions.
template <class Q>
constexpr bool batches(const Q& queue) {
    if constexpr (requires { queue.batches(); }) {
        return queue.batches();
    } else {
        return has_arm<Q>;
    }
}

template <class Q>
concept has_take_and_arm = requires(Q& q, const u32& skipped) {
    q.take_and_arm(
        skipped, [](cookie, auto) { return true; }, [](cookie) {});
};

template <class Q>
concept has_broken = requires(const Q& q) {
    { q.broken() } -> same_type<bool>;
};

template <class Q>
inline constexpr bool posts_always = false;
template <class Q>
requires(Q::posts_always) inline constexpr bool posts_always<Q> = true;

template <class Q>
concept sound_queue = requires(Q& q, const chain& c, cookie what, typename Q::slot slot) {
    { q.bind(c, what) } -> same_type<result<typename Q::slot>>;
    { q.post(slot) } -> same_type<status_code>;
    { q.take() } -> same_type<used>;
    { q.unbind(slot) } -> same_type<status_code>;
    { Q::posts_before_start } -> same_type<const bool&>;
    { Q::kicks_itself } -> same_type<const bool&>;
}
&&(Q::kicks_itself || has_kick<Q>);

} // namespace vsnd
