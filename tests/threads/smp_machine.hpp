#pragma once
// The machine around smp_device.hpp: its device, interrupt and timer CPUs, and what user threads do
// with a stream. Failures are collected; doctest hears of them in the main thread.

#include <doctest/doctest.h>

#include <functional>

#include <threads/smp_device.hpp>
#include <vsnd/sound/card.hpp>

namespace thread_tests {

using vsnd::ok;

template <class Machine>
struct smp_listener {
    Machine* machine = nullptr;

    template <class Stream>
    void period_done(Stream& s) {
        enter();
        machine->periods_done.fetch_add(1, std::memory_order_relaxed);
        if (machine->fills_in_callback && s.flow() == vsnd::direction::playback) machine->refill(s);
        --callbacks;
    }
    template <class Stream>
    void xrun(Stream& s) {
        enter();
        const status_code code = s.stop_async(); // refused, with the card away for that
        machine->expect(code,
                        {status_code::wrong_context, status_code::busy, status_code::suspended},
                        "an operation from a callback");
        machine->xruns.fetch_add(1, std::memory_order_relaxed);
        --callbacks;
    }
    template <class Stream>
    void recovered(Stream&, status_code code) {
        ++callbacks;
        if (held_lock != no_queue) machine->port.wrong.add("a callback with a lock held");
        if (!ok(code)) machine->port.wrong.add(std::string("not recovered: ") + to_string(code));
        machine->recoveries.fetch_add(1, std::memory_order_relaxed);
        --callbacks;
    }

  private:
    void enter() {
        ++callbacks;
        if (held_lock != no_queue) machine->port.wrong.add("a callback with a lock held");
    }
};

struct pseudo_random {
    u32 state;
    u32 operator()(u32 below) {
        state = state * 1664525u + 1013904223u;
        return (state >> 8) % below;
    }
};

inline constexpr u32 period = 64; // frames
inline constexpr u32 periods = 8;

template <bool Ring, class Limits>
struct smp_machine {
    using port_type = smp_port<Ring>;
    using card_type = vsnd::card<port_type, smp_listener<smp_machine>, Limits>;
    using stream = typename card_type::stream_type;

    port_type port;
    card_type card{smp_listener<smp_machine>{this}};
    std::atomic<u32> periods_done{0};
    std::atomic<u32> xruns{0};
    std::atomic<u32> recoveries{0};
    bool fills_in_callback = false;
    u32 refilled = 0; // frames, by the callback
    u32 refill_end = 0;
    vsnd::stream_memory memories[device_streams];

    smp_machine() {
        held_lock = no_queue; // an earlier case may have been left in the middle
        cpu_number = callbacks = 0;
        for (auto& m : memories) {
            m.audio = port.memory.allocate(periods * period * frame_bytes);
            m.silence = port.memory.allocate(period * frame_bytes);
        }
        shared_ = port.memory.allocate(vsnd::card_bytes<Limits>());
    }
    ~smp_machine() { stop_cpus(); }
    smp_machine(const smp_machine&) = delete;
    smp_machine& operator=(const smp_machine&) = delete;

    // --- Its CPUs. ---

    // Interrupts, and then the timer, run until `stop_cpus`.
    void open(u32 interrupt_cpus = 1) {
        spawn(device_, [this] {
            port.beat_begins(false); // time is its own
            while (!halt_)
                if (!port.step()) port.relax();
        });
        for (u32 i = 0; i < interrupt_cpus; ++i)
            spawn(cpus_, [this] { interrupt_cpu(); });
        const status_code code = card.open(port, shared_);
        REQUIRE(code == status_code::ok);
        spawn(cpus_, [this] { timer_cpu(); });
        opened_ = true;
    }
    void user(std::function<void()> f) { spawn(users_, std::move(f)); }
    void join_users() { join(users_); }
    void stop_cpus() {
        join(users_);
        quiet_ = true;
        join(cpus_);
        halt_ = true;
        join(device_);
    }
    // Ends the case: everything has gone well. `busy`: the interrupts come until the end.
    void finish(bool busy = false) {
        join_users();
        status_code closed = status_code::in_progress;
        if (!port.over) {
            opened_ = false;
            if (!busy) {
                quiet_ = true;
                join(cpus_);
            }
            try {
                closed = card.close();
            } catch (const hung&) {
            }
        }
        stop_cpus();
        const auto counted = card.counters();
        CHECK(closed == status_code::ok);
        CHECK(port.wrong.all() == "");
        CHECK(counted.unknown_ids == 0);
        CHECK(counted.late_answers == 0);
        CHECK(counted.malformed_infos == 0);
        CHECK(counted.stray_events == 0);
    }

    // --- What users do. ---

    vsnd::pcm_params params() const {
        vsnd::pcm_params p;
        p.period_frames = period;
        p.periods = periods;
        return p;
    }
    void expect(status_code is, std::initializer_list<status_code> may, const char* what) {
        for (const status_code code : may)
            if (is == code) return;
        port.wrong.add(std::string(what) + ": " + to_string(is));
    }
    // Ends an operation that was begun, as those do who cannot block.
    status_code await(stream& s, status_code begun) {
        while (begun == status_code::in_progress) {
            port.relax();
            begun = s.outcome();
        }
        return begun;
    }
    status_code prepare(stream& s, bool async = false) {
        const auto& m = memories[s.id()];
        return async ? await(s, s.prepare_async(params(), m)) : s.prepare(params(), m);
    }

    // Writes up to `frames`, as far as there is room. The first error.
    status_code write_some(stream& s, u32& written, std::atomic<u32>& offered, u32 frames) {
        u32 chunk[period];
        const u32 n = frames < period ? frames : period;
        for (u32 i = 0; i < n; ++i)
            chunk[i] = written + 1 + i;
        offered.store(written + n, std::memory_order_relaxed);
        const auto taken = s.write({reinterpret_cast<const u8*>(chunk), usize{n} * frame_bytes});
        if (taken.ok()) written += static_cast<u32>(taken.value() / frame_bytes);
        return taken.code();
    }
    void refill(stream& s) {
        for (;;) {
            if (refilled >= refill_end) return;
            const auto room = s.acquire();
            if (!room.ok()) return;
            for (u32 i = 0; i < period; ++i) {
                const u32 frame = refilled + 1 + i;
                std::memcpy(room.value().data() + i * frame_bytes, &frame, frame_bytes);
            }
            refilled += period;
            if (!ok(s.commit())) port.wrong.add("a callback could not commit");
        }
    }
    // What may be read of a stream at any time, looked at once.
    struct last_seen {
        u64 position = 0;
        u64 taken = 0;
    };
    void look(stream& s, last_seen& seen, const std::atomic<u32>* offered) {
        const u64 taken = s.position_frames();
        if (taken < seen.taken) port.wrong.add("position_frames goes back");
        seen.taken = taken;
        if constexpr (Limits::clock) {
            const auto at = s.position();
            if (at.frames < seen.position) port.wrong.add("the position goes back");
            seen.position = at.frames;
            if (offered != nullptr && at.frames > offered->load())
                port.wrong.add("a position that was not submitted");
            (void)s.when(at.frames + period);
        }
        if (s.in_flight() > periods) port.wrong.add("too many periods in flight");
        if (s.avail_frames() > period * periods) port.wrong.add("avail is too much");
        if (s.delay_frames() > period * (periods + 1)) port.wrong.add("delay is too much");
        if (static_cast<u32>(s.state()) > static_cast<u32>(vsnd::stream_state::unknown))
            port.wrong.add("no state");
        if (static_cast<u32>(s.outcome()) >= static_cast<u32>(status_code::count_))
            port.wrong.add("no outcome");
        const vsnd::stream_counters c = s.counters();
        if (c.io_errors > 1000) port.wrong.add("io errors");
        (void)card.state();
        (void)card.failure();
        (void)card.counters();
    }

  private:
    void spawn(std::vector<std::thread>& where, std::function<void()> f) {
        const u32 number = ++threads_;
        where.emplace_back([this, number, f = std::move(f)] {
            cpu_number = number;
            held_lock = no_queue;
            callbacks = 0;
            port.beat_begins(true);
            try {
                f();
            } catch (const hung&) {
            } catch (const std::exception& e) {
                port.wrong.add(e.what());
            }
            port.beat_begins(false);
        });
    }
    static void join(std::vector<std::thread>& all) {
        for (std::thread& t : all)
            t.join();
        all.clear();
    }
    void interrupt_cpu() {
        u32 seen[4] = {};
        u32 seen_resets = 0;
        while (!quiet_) {
            bool any = false;
            for (u32 q = 0; q < 4; ++q) {
                const u32 now = port.interrupts[q].load(std::memory_order_relaxed);
                if (now == seen[q]) continue;
                seen[q] = now;
                any = true;
                const bool hot = opened_.load(std::memory_order_acquire);
                while (q == 2 && hot   ? card.template pump<2>()
                       : q == 3 && hot ? card.template pump<3>()
                                       : card.pump(q, vsnd::default_budget))
                    ;
            }
            const u32 wanted = port.wants_reset.load(std::memory_order_relaxed);
            if (wanted != seen_resets && wanted != 0) {
                card.config_changed();
                any = true;
            }
            seen_resets = wanted;
            if (any) port.beat();
            if (!any) port.relax();
        }
    }
    void timer_cpu() {
        u64 next = 0;
        u64 last = 0;
        while (!quiet_) {
            const u64 now = port.now_ns();
            if (now < next && now - last < 5'000'000) {
                port.relax();
                continue;
            }
            last = now;
            next = card.tick(now);
            port.beat();
        }
    }

    vsnd::dma_region shared_;
    std::atomic<bool> opened_{false};
    std::atomic<bool> quiet_{false};
    std::atomic<bool> halt_{false};
    std::atomic<u32> threads_{0};
    std::vector<std::thread> device_;
    std::vector<std::thread> cpus_;
    std::vector<std::thread> users_;
};

} // namespace thread_tests
