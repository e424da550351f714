// The whole card on several CPUs at once: interrupts, a timer, users of each stream and readers,
// over a device in a thread of its own. The preset test-threads runs it under TSan.
// [virtio 1.4] Sound Device

#include <threads/smp_player.hpp>

using namespace thread_tests;

namespace {

template <class Machine>
void play_and_look(u32 interrupt_cpus, u32 frames) {
    Machine m;
    m.open(interrupt_cpus);
    player p(m, 0);
    std::atomic<bool> done{false};
    m.user([&] {
        m.expect(m.prepare(p.s), {status_code::ok}, "prepare");
        p.write_to(frames, true);
        m.expect(p.s.drain(), {status_code::ok}, "drain");
        done = true;
    });
    m.user([&] { read_always(m, p.s, &p.offered, done); });
    m.join_users();
    CHECK(p.heard() == frames);
    CHECK(p.s.position_frames() == frames);
    CHECK(p.s.submitted_frames() == frames);
    CHECK(m.port.judges[0].repeated.load() == 0);
    CHECK(p.s.counters().io_errors == 0);
    CHECK(m.port.resets.load() == 1);
    m.finish();
}

// Somebody else stops and starts, and perhaps recovers, what a writer plays.
template <class Machine>
void disturb(u32 frames, bool recovers, u32 seed) {
    Machine m;
    m.open();
    player p(m, 0);
    std::atomic<bool> prepared{false}, written{false}, done{false};
    std::atomic<u32> operations{0};
    m.user([&] {
        m.expect(m.prepare(p.s), {status_code::ok}, "prepare");
        prepared = true;
        constexpr u32 parts = 20; // between which something was done to it
        for (u32 i = 1; i <= parts; ++i) {
            p.write_to(frames / parts * i, false);
            while (operations < 2 * i)
                m.port.relax();
        }
        written = true;
        p.drain_at_last();
        done = true;
    });
    m.user([&] {
        pseudo_random random{seed};
        while (!prepared)
            m.port.relax();
        while (!written) {
            const u32 what = random(recovers ? 5 : 4);
            const bool async = random(2) == 0;
            status_code code = status_code::ok;
            if (what == 0) code = async ? m.await(p.s, p.s.stop_async()) : p.s.stop();
            if (what == 4) code = async ? m.await(p.s, p.s.recover_async()) : p.s.recover();
            if (what != 0 && what != 4) {
                const auto mode = vsnd::start_mode::now;
                code = async ? m.await(p.s, p.s.start_async(mode)) : p.s.start(mode);
            }
            p.expect_disturbed(code, "a disturbance");
            ++operations;
            for (u32 i = random(20); i != 0; --i)
                m.port.relax();
        }
    });
    m.user([&] { read_always(m, p.s, &p.offered, done); });
    m.join_users();
    CHECK(p.heard() == frames);
    CHECK(operations.load() >= 40);
    if (!recovers && p.s.counters().stalls == 0) CHECK(m.port.judges[0].repeated.load() == 0);
    CHECK(m.port.judges[0].skipped.load() == 0);
    m.finish();
}

template <class Machine>
void cycle_playback(Machine& m, player<Machine>& p, u32 cycles, u32 seed) {
    pseudo_random random{seed};
    auto& s = p.s;
    auto& judge = m.port.judges[s.id()];
    const auto end = [&](status_code begun, const char* what) {
        m.expect(m.await(s, begun), {status_code::ok}, what);
    };
    const auto throw_away = [&](bool drops) {
        judge.may_skip = true;
        const bool async = random(2) == 0;
        if (drops) end(async ? s.drop_async() : s.drop(), "drop");
        if (!drops) end(async ? s.release_async() : s.release(), "release");
    };
    for (u32 i = 0; i < cycles; ++i) {
        end(m.prepare(s, random(2) == 0), "prepare");
        const u32 rounds = 1 + random(3);
        for (u32 round = 0; round < rounds; ++round) {
            p.write_to(p.written + period * (periods + random(30)), true);
            if (random(3) == 0) {
                end(random(2) == 0 ? s.stop_async() : s.stop(), "stop");
                end(s.start(vsnd::start_mode::now), "start again");
            }
            if (random(3) == 0) throw_away(true);
        }
        if (random(2) == 0) {
            throw_away(false);
            continue;
        }
        end(random(2) == 0 ? s.drain_async() : s.drain(), "drain");
        if (p.heard() != p.written && !judge.may_skip)
            m.port.wrong.add("a drain has not played all");
        judge.silent = 0;
        end(random(2) == 0 ? s.release_async() : s.release(), "release");
    }
}

template <class Machine>
void cycle_capture(Machine& m, u32 cycles, u32 seed) {
    pseudo_random random{seed};
    auto& s = *m.card.find(vsnd::direction::capture);
    const auto end = [&](status_code begun, const char* what) {
        m.expect(m.await(s, begun), {status_code::ok}, what);
    };
    u32 last = 0;
    for (u32 i = 0; i < cycles; ++i) {
        end(m.prepare(s, random(2) == 0), "prepare capture");
        end(random(2) == 0 ? s.start_async() : s.start(), "start capture");
        bool fresh = true;
        for (u32 left = period * (10 + random(30)); left != 0;) {
            u32 frames[period];
            const u32 n = left < period ? left : 1 + random(period);
            const auto got = s.read({reinterpret_cast<u8*>(frames), usize{n} * frame_bytes});
            if (!got.ok()) {
                m.expect(got.code(), {status_code::would_block}, "read");
                m.port.relax();
                continue;
            }
            const u32 count = static_cast<u32>(got.value() / frame_bytes);
            for (u32 k = 0; k < count; ++k) {
                if (fresh ? frames[k] <= last : frames[k] != last + 1)
                    m.port.wrong.add("captured out of order");
                fresh = false;
                last = frames[k];
            }
            left -= count < left ? count : left;
        }
        if (random(2) == 0) end(random(2) == 0 ? s.stop_async() : s.stop(), "stop capture");
        if (random(3) == 0) end(s.drop(), "drop capture");
        end(random(2) == 0 ? s.release_async() : s.release(), "release capture");
    }
}

template <class Machine>
void cycle_all(u32 interrupt_cpus, u32 cycles, u32 seed) {
    Machine m;
    m.open(interrupt_cpus);
    player first(m, 0), second(m, 1);
    auto& in = *m.card.find(vsnd::direction::capture);
    std::atomic<u32> left{3};
    std::atomic<bool> done{false};
    const auto one = [&](auto work) {
        m.user([&, work] {
            work();
            if (--left == 0) done = true;
        });
    };
    one([&] { cycle_playback(m, first, cycles, seed); });
    one([&] { cycle_playback(m, second, cycles, seed + 1); });
    one([&] { cycle_capture(m, cycles, seed + 2); });
    m.user([&] {
        while (!done) {
            for (auto* s : {&first.s, &second.s, &in}) {
                typename Machine::last_seen fresh; // positions begin anew with each prepare
                m.look(*s, fresh, nullptr);
            }
            m.port.relax();
        }
    });
    m.finish();
    CHECK(first.heard() <= first.written);
    CHECK(m.port.judges[0].repeated.load() == 0);
    CHECK(m.port.judges[1].repeated.load() == 0);
}

template <class Machine>
void fill_in_callbacks(u32 frames) {
    Machine m;
    m.open(2);
    player p(m, 0);
    m.user([&] {
        m.expect(m.prepare(p.s), {status_code::ok}, "prepare");
        m.refill_end = period * periods;
        m.refill(p.s);
        m.refill_end = frames;
        m.fills_in_callback = true;
        m.expect(p.s.start(), {status_code::ok}, "start");
        while (p.heard() < frames)
            m.port.relax();
        m.expect(p.s.stop(), {status_code::ok}, "stop");
    });
    m.join_users();
    CHECK(p.heard() == frames);
    CHECK(p.s.counters().io_errors == 0);
    m.finish();
}

} // namespace

TEST_CASE("threads: a card plays while interrupts, a timer and readers look") {
    play_and_look<ring_machine>(1, 600 * scale * period + 17);
}
TEST_CASE("threads: a card over a kernel's own queues plays while others look") {
    play_and_look<plain_machine>(1, 400 * scale * period + 5);
}
TEST_CASE("threads: a card without a media clock plays while others look") {
    play_and_look<untimed_machine>(1, 600 * scale * period + 17);
}
TEST_CASE("threads: two CPUs pump the same queues while a card plays") {
    play_and_look<ring_machine>(2, 600 * scale * period + 17);
}
TEST_CASE("threads: two CPUs pump a card that is filled in callbacks") {
    fill_in_callbacks<ring_machine>(600 * scale * period);
}
TEST_CASE("threads: a stream is stopped and started by others than its writer") {
    disturb<ring_machine>(300 * scale * period, false, 1);
}
TEST_CASE("threads: a stream is recovered by others than its writer") {
    disturb<ring_machine>(300 * scale * period, true, 2);
}
TEST_CASE("threads: a stream without a clock is recovered by others than its writer") {
    disturb<untimed_machine>(300 * scale * period, true, 3);
}
TEST_CASE("threads: two outputs and an input come and go at once") {
    cycle_all<ring_machine>(1, 12 * scale, 10);
}
TEST_CASE("threads: two outputs and an input over a kernel's own queues") {
    cycle_all<plain_machine>(1, 8 * scale, 20);
}
TEST_CASE("threads: two CPUs pump two outputs and an input without a clock") {
    cycle_all<untimed_machine>(2, 12 * scale, 30);
}
