// The program that is measured: `measure count ROUNDS` runs every case once, for callgrind to
// count; `measure time ROUNDS` prints nanoseconds for each. Each case has functions of its own, so
// that a profile tells them apart by their names.

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <floor.hpp>
#include <rig.hpp>

#if defined(__clang__)
#define BENCH_OUT_OF_LINE __attribute__((noinline))
#else
#define BENCH_OUT_OF_LINE __attribute__((noipa))
#endif

namespace bench {

template <class Policy, u32 Case>
using rig_of = rig<roomy<Policy, cases[Case].streams>>;

template <class Policy, u32 Case>
BENCH_OUT_OF_LINE status_code measured_commit(typename rig_of<Policy, Case>::stream_type& s) {
    return s.commit();
}
template <class Policy, u32 Case>
BENCH_OUT_OF_LINE bool measured_pump(typename rig_of<Policy, Case>::card_type& c) {
    return c.template pump<wire::SND_VQ_TX>();
}

template <class Policy, u32 Case>
struct measured {
    static status_code commit(typename rig_of<Policy, Case>::stream_type& s) {
        return measured_commit<Policy, Case>(s);
    }
    static bool pump(typename rig_of<Policy, Case>::card_type& c) {
        return measured_pump<Policy, Case>(c);
    }
};

// Reading the time, which is not the driver's.
BENCH_OUT_OF_LINE u64 measured_time(rig_of<clocked, 0>::kernel& k) {
    return k.now_ns();
}

// An empty call, so that the counting can be checked.
BENCH_OUT_OF_LINE void measured_nothing() {
    asm volatile("");
}

BENCH_OUT_OF_LINE bool measured_floor_commit(floor_ring& r, floor_stream& s) {
    return r.submit(s);
}
BENCH_OUT_OF_LINE void measured_floor_pump(floor_ring& r) {
    r.pump();
}
BENCH_OUT_OF_LINE void measured_floor_pair(floor_ring& r) {
    r.pump();
}

u64 nanoseconds() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec);
}

struct run {
    u32 rounds;
    bool timed;
    u32 repeats() const { return timed ? 7 : 1; }
};

void say(const run& r, const char* policy, const char* name, u32 periods, u64 best_ns) {
    if (r.timed) {
        printf("%s %s %.2f\n", policy, name, static_cast<double>(best_ns) / periods);
    } else {
        printf("%s %s %u\n", policy, name, periods);
    }
}

template <class Policy, u32 Case>
void run_case(const run& r, const char* policy) {
    constexpr const measurement& what = cases[Case];
    rig_of<Policy, Case> driver(what);
    u64 best = ~u64{0};
    for (u32 repeat = 0; repeat < r.repeats(); ++repeat) {
        const u64 begin = nanoseconds();
        for (u32 i = 0; i < r.rounds; ++i)
            driver.template round<measured<Policy, Case>>();
        best = lesser(best, nanoseconds() - begin);
    }
    driver.check(r.rounds * r.repeats());
    say(r, policy, what.name, r.rounds * what.batch, best);
}

template <class Policy, u32 Case = 0>
void run_cases(const run& r, const char* policy) {
    if constexpr (Case < case_count) {
        run_case<Policy, Case>(r, policy);
        run_cases<Policy, Case + 1>(r, policy);
    }
}

// A period of the floor is completed with an answer, as the machine does it.
void play_floor(floor_ring& ring) {
    wire::virtq_desc parts[4];
    ring.end().look();
    const u32 count = ring.end().front(parts);
    reinterpret_cast<wire::snd_pcm_status*>(at_bus(parts[count - 1].addr))->code = wire::SND_S_OK;
    (void)ring.end().complete(sizeof(wire::snd_pcm_status));
}

void run_floor(const run& r) {
    volatile u16 doorbell = 0;
    floor_stream s;
    floor_ring ring(s, 6, 1024, &doorbell);
    rig_of<clocked, 0>::kernel machine(1);
    for (u32 i = 0; i < 4; ++i)
        ring.submit(s);
    ring.end().look();
    u64 best = ~u64{0};
    for (u32 repeat = 0; repeat < r.repeats(); ++repeat) {
        const u64 begin = nanoseconds();
        for (u32 i = 0; i < r.rounds; ++i) {
            measured_nothing();
            asm volatile("" : : "r"(measured_time(machine))); // or nobody would call it
            if (!measured_floor_commit(ring, s)) ring.end().look();
            play_floor(ring);
            measured_floor_pump(ring);
        }
        best = lesser(best, nanoseconds() - begin);
    }
    for (u32 i = 0; i < r.rounds; ++i) {
        ring.submit(s);
        play_floor(ring);
        ring.submit(s);
        play_floor(ring);
        measured_floor_pair(ring);
    }
    const bool good = ring.errors() == 0 && doorbell == wire::SND_VQ_TX &&
                      s.position_frames == u64{1024} * r.rounds * (r.repeats() + 2);
    if (!good) {
        fprintf(stderr, "not as it should be: floor\n");
        exit(1);
    }
    say(r, "floor", "floor", r.rounds, best);
}

} // namespace bench

int main(int count, char** arguments) {
    if (count != 3) return 2;
    const bench::run r = {static_cast<vsnd::u32>(atoi(arguments[2])),
                          strcmp(arguments[1], "time") == 0};
    bench::run_cases<bench::negotiated>(r, "negotiated");
    bench::run_cases<bench::fixed>(r, "fixed");
    bench::run_cases<bench::packed>(r, "packed");
    bench::run_cases<bench::clocked>(r, "clocked");
    bench::run_floor(r);
    return 0;
}
