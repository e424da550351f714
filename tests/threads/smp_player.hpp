#pragma once
// A user of one stream of smp_machine.hpp that plays numbered frames, and one that only looks.

#include <threads/smp_machine.hpp>

namespace thread_tests {

using vsnd::stream_state;

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define VSND_SLOW_THREADS
#endif
#elif defined(__SANITIZE_THREAD__)
#define VSND_SLOW_THREADS
#endif
// How much longer a case is where nobody checks each access.
#ifdef VSND_SLOW_THREADS
inline constexpr u32 scale = 1;
#else
inline constexpr u32 scale = 4;
#endif

struct timed_limits : vsnd::default_limits {
    static constexpr u64 control_timeout_ns =
        400'000'000; // four resets in two seconds are too many
};
struct untimed_limits : timed_limits {
    static constexpr bool clock = false;
};

using ring_machine = smp_machine<true, timed_limits>;
using plain_machine = smp_machine<false, timed_limits>;
using untimed_machine = smp_machine<true, untimed_limits>;

// A user of one stream that plays `frames`, numbered on from what was written before.
template <class Machine>
struct player {
    using stream = typename Machine::stream;
    Machine& m;
    stream& s;
    std::atomic<u32> offered{0};
    u32 written = 0;
    u32 pause = 0; // looks between two writes

    player(Machine& machine, u32 nth)
        : m(machine), s(*machine.card.find(vsnd::direction::playback, nth)) {
        if constexpr (requires { s.set_device_buffer({64, 1'000'000}); })
            CHECK(s.set_device_buffer({64, 1'000'000}) == status_code::ok);
        s.set_drain_tail(2 * period);
    }
    // Statuses of those whose stream somebody else stops, recovers or resets.
    void expect_disturbed(status_code code, const char* what) {
        m.expect(code,
                 {status_code::ok, status_code::would_block, status_code::wrong_state,
                  status_code::busy, status_code::suspended, status_code::needs_reset},
                 what);
    }
    // Writes until `end`; `alone`: nobody disturbs, and it starts when it is full.
    void write_to(u32 end, bool alone) {
        while (written < end) {
            const status_code code = m.write_some(s, written, offered, end - written);
            if (ok(code)) {
                for (u32 i = 0; i < pause; ++i)
                    m.port.relax();
                continue;
            }
            if (alone) {
                m.expect(code, {status_code::would_block}, "write");
                if (code != status_code::would_block) return;
            }
            expect_disturbed(code, "write");
            const stream_state at = s.state();
            if (at == stream_state::prepared || (alone && at == stream_state::stopped)) {
                const status_code started = s.start();
                if (alone) m.expect(started, {status_code::ok}, "start");
                expect_disturbed(started, "start");
                if (!ok(started)) m.port.relax(); // time has to pass
            } else {
                m.port.relax();
            }
        }
    }
    // Until all was played, whatever comes between.
    void drain_at_last() {
        for (;;) {
            const status_code code = s.drain();
            if (ok(code)) return;
            expect_disturbed(code, "drain");
            m.port.relax();
        }
    }
    void release_at_last() {
        for (;;) {
            const status_code code = s.release();
            if (ok(code) && s.state() == stream_state::released) return;
            expect_disturbed(code, "release");
            m.port.relax();
        }
    }
    u32 heard() const { return m.port.judges[s.id()].next.load() - 1; }
};

template <class Machine>
void read_always(Machine& m, typename Machine::stream& s, const std::atomic<u32>* offered,
                 const std::atomic<bool>& done) {
    typename Machine::last_seen seen;
    while (!done) {
        m.look(s, seen, offered);
        m.port.relax();
    }
}

} // namespace thread_tests
