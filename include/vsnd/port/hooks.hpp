#pragma once
// What a port may add. Each hook is found by `requires` and costs nothing when absent.
//
//   auto lock(u32 queue); void unlock(u32 queue, <what lock returned>);
//       One lock per virtqueue, taken with interrupts off. Held for a few instructions inside
//       post, kick, take and arm, never in a callback, a wait, or around another queue. Needed
//       where completions are pumped in another context (an interrupt, another CPU) than calls
//       are made from. Context: any.
//   u64 now_ns();
//       A monotonic clock. Without it, time is the number of ticks. Context: any.
//   void wait(u64 timeout_ns); void wake();
//       wait sleeps until a wake, an interrupt or the time out; a wake that came before the wait
//       ends it at once. The blocking calls use it; without it they poll. wake is called after a
//       pump that finished something. Contexts: wait thread; wake any, no lock held.
//   u32 context();
//       A number for the running thread or CPU. With it, a call counts as made from a callback
//       only in the context that pumps; without it, while any queue is being pumped.
//   void copy_in(u8* audio, const u8* from, usize bytes);
//   void copy_out(u8* to, const u8* audio, usize bytes);
//   void fill(u8* audio, u8 value, usize bytes);
//       How audio memory is touched, where the kernel must not use plain loads and stores (pages
//       that a user can reach, on Haiku). Without them: memcpy and memset. Context: any.
//   void flush_audio(const u8* audio, usize bytes);
//   void invalidate_audio(u8* audio, usize bytes);
//   static constexpr u32 cache_line_bytes = 64;
//       For audio memory that is not coherent, all three together. flush makes the device see what
//       the CPU wrote; before a period to play goes to the device, and for silence. invalidate makes
//       the CPU see what the device wrote, and forget what it holds itself; before a recorded period
//       is read, and before it goes to the device again. Audio then begins on a line and a period
//       is a whole number of them. Rings, headers and statuses are coherent always. Context: any.
//   void trace(const trace_note& note);
//       Told of each request, its answer, each change of a stream's state, recoveries and the
//       failure of the card; never of a period. It must not call the driver. Context: any; a queue
//       may be locked.

#include <vsnd/base/types.hpp>
#include <vsnd/port/trace.hpp>

namespace vsnd {

template <class H>
concept has_lock = requires(H& h, u32 queue) {
    h.unlock(queue, h.lock(queue));
};

template <class H>
concept has_context = requires(H& h) {
    h.context();
};

template <class H>
concept has_clock = requires(H& h) {
    h.now_ns();
};

template <class H>
concept has_wait = requires(H& h, u64 ns) {
    h.wait(ns);
};

template <class H>
concept has_cached_audio = requires(H& h, u8* audio, usize bytes) {
    h.flush_audio(audio, bytes);
    h.invalidate_audio(audio, bytes);
};

namespace detail {
template <class H>
constexpr u32 audio_line() {
    constexpr bool flushes = requires(H & h, u8 * audio) {
        h.flush_audio(audio, usize{1});
    };
    constexpr bool invalidates = requires(H & h, u8 * audio) {
        h.invalidate_audio(audio, usize{1});
    };
    static_assert(flushes == invalidates, "flush_audio and invalidate_audio come together");
    if constexpr (has_cached_audio<H>) {
        constexpr u32 line = H::cache_line_bytes;
        static_assert(line != 0 && (line & (line - 1)) == 0, "a cache line is a power of two");
        return line;
    } else {
        return 1;
    }
}
} // namespace detail

// What audio is aligned to, and a period a multiple of.
template <class H>
inline constexpr u32 audio_line_bytes = detail::audio_line<H>();

// The object that has the hooks of a port.
template <class P>
VSND_TINY auto& hooks_of(P& port) {
    if constexpr (requires { port.hooks(); }) {
        return port.hooks();
    } else {
        return port;
    }
}

namespace detail {
template <class T>
struct referred;
template <class T>
struct referred<T&> {
    using type = T;
};
// For decltype only; never defined.
template <class T>
T& some();
} // namespace detail

template <class P>
using hooks_type = typename detail::referred<decltype(hooks_of(detail::some<P>()))>::type;

// Holds the lock of one queue for a scope; nothing at all where the port has no lock.
template <class Hooks>
class queue_lock {
  public:
    VSND_TINY queue_lock(Hooks&, u32) {}
};

template <has_lock Hooks>
class queue_lock<Hooks> {
  public:
    VSND_TINY queue_lock(Hooks& hooks, u32 queue)
        : hooks_(hooks), queue_(queue), saved_(hooks.lock(queue)) {}
    VSND_TINY ~queue_lock() { hooks_.unlock(queue_, saved_); }
    queue_lock(const queue_lock&) = delete;
    queue_lock& operator=(const queue_lock&) = delete;

  private:
    Hooks& hooks_;
    u32 queue_;
    decltype(detail::some<Hooks>().lock(0)) saved_;
};

template <class Hooks>
void wake(Hooks& hooks) {
    if constexpr (requires { hooks.wake(); }) hooks.wake();
}

template <class Hooks>
VSND_TINY void tell(Hooks& hooks, const trace_note& note) {
    if constexpr (requires { hooks.trace(note); }) hooks.trace(note);
}

template <class Hooks>
u32 context_of(Hooks& hooks) {
    if constexpr (has_context<Hooks>) {
        return hooks.context();
    } else {
        return 0;
    }
}

template <class Hooks>
VSND_TINY void flush_audio(Hooks& hooks, const u8* audio, usize bytes) {
    if constexpr (has_cached_audio<Hooks>) hooks.flush_audio(audio, bytes);
}

template <class Hooks>
VSND_TINY void invalidate_audio(Hooks& hooks, u8* audio, usize bytes) {
    if constexpr (has_cached_audio<Hooks>) hooks.invalidate_audio(audio, bytes);
}

template <class Hooks>
void copy_in(Hooks& hooks, u8* audio, const u8* from, usize bytes) {
    if constexpr (requires { hooks.copy_in(audio, from, bytes); }) {
        hooks.copy_in(audio, from, bytes);
    } else {
        __builtin_memcpy(audio, from, bytes);
    }
}

template <class Hooks>
void copy_out(Hooks& hooks, u8* to, const u8* audio, usize bytes) {
    if constexpr (requires { hooks.copy_out(to, audio, bytes); }) {
        hooks.copy_out(to, audio, bytes);
    } else {
        __builtin_memcpy(to, audio, bytes);
    }
}

template <class Hooks>
void fill(Hooks& hooks, u8* audio, u8 value, usize bytes) {
    if constexpr (requires { hooks.fill(audio, value, bytes); }) {
        hooks.fill(audio, value, bytes);
    } else {
        __builtin_memset(audio, value, bytes);
    }
}

} // namespace vsnd
