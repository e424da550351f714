// A card on several CPUs whose streams run dry, whose policies change, and that is reset and
// suspended while it plays. The preset test-threads runs it under TSan.
// [virtio 1.4] Sound Device

#include <threads/smp_player.hpp>

using namespace thread_tests;

namespace {

template <class Machine>
void starve(vsnd::xrun_policy policy, u32 frames, bool paced) {
    Machine m;
    m.open();
    player p(m, 0);
    p.pause = 12;
    p.s.set_xrun_policy(policy);
    if constexpr (requires { p.s.set_pacing(vsnd::pacing::clock); })
        if (paced) CHECK(p.s.set_pacing(vsnd::pacing::clock) == status_code::ok);
    auto& judge = m.port.judges[0];
    judge.may_be_silent = policy == vsnd::xrun_policy::silence;
    std::atomic<bool> done{false};
    u32 stopped = 0;
    m.user([&] {
        m.expect(m.prepare(p.s), {status_code::ok}, "prepare");
        while (p.written < frames) {
            const status_code code = m.write_some(p.s, p.written, p.offered, period);
            if (ok(code)) {
                for (u32 i = 0; i < p.pause; ++i)
                    m.port.relax();
            } else if (code == status_code::would_block) {
                m.port.relax();
            } else {
                m.expect(code, {status_code::wrong_state}, "write");
            }
            const stream_state at = p.s.state();
            if (at == stream_state::prepared) {
                // It may have run dry again before its caller looks.
                m.expect(p.s.start(vsnd::start_mode::now),
                         {status_code::ok, status_code::busy, status_code::would_block,
                          status_code::xrun},
                         "start");
            } else if (at == stream_state::stopped && policy == vsnd::xrun_policy::stop) {
                const status_code why = m.await(p.s, p.s.outcome());
                m.expect(why, {status_code::xrun}, "outcome after an xrun");
                judge.may_skip = true;
                m.expect(p.s.drop(), {status_code::ok}, "drop");
                ++stopped;
            }
        }
        if (policy != vsnd::xrun_policy::stop || paced) p.drain_at_last();
        done = true;
    });
    m.user([&] { read_always(m, p.s, &p.offered, done); });
    m.join_users();
    if (policy == vsnd::xrun_policy::stop) {
        CHECK(stopped != 0);
    } else {
        CHECK(p.heard() == frames);
        CHECK(judge.skipped.load() == 0);
    }
    m.finish();
}

template <class Machine>
void change_policies(u32 frames) {
    Machine m;
    m.open();
    player p(m, 0);
    std::atomic<bool> done{false};
    m.user([&] {
        m.expect(m.prepare(p.s), {status_code::ok}, "prepare");
        p.write_to(frames, true);
        m.expect(p.s.drain(), {status_code::ok}, "drain");
        done = true;
    });
    m.user([&] {
        pseudo_random random{5};
        while (!done) {
            const vsnd::notification_policy wanted{1 + random(4), 1 + random(4)};
            m.expect(m.card.set_policy(vsnd::wire::SND_VQ_TX, wanted), {status_code::ok}, "policy");
            const auto now = m.card.effective_policy(vsnd::wire::SND_VQ_TX);
            if (now.doorbell_every > 4 || now.interrupt_every > 4)
                m.port.wrong.add("a policy that nobody set");
            for (u32 i = random(40); i != 0; --i)
                m.port.relax();
        }
    });
    m.user([&] { read_always(m, p.s, &p.offered, done); });
    m.join_users();
    CHECK(p.heard() == frames);
    CHECK(p.s.position_frames() == frames);
    if (p.s.counters().stalls == 0) CHECK(m.port.judges[0].repeated.load() == 0);
    m.finish();
}

// The device wants a reset, or the machine sleeps, while two streams play.
template <class Machine>
void come_and_go(u32 frames, u32 resets, u32 sleeps) {
    Machine m;
    m.open();
    player first(m, 0), second(m, 1);
    std::atomic<u32> left{2}, provoked{0};
    std::atomic<bool> done{false};
    for (auto* p : {&first, &second})
        m.expect(m.prepare(p->s), {status_code::ok}, "prepare");
    for (auto* p : {&first, &second}) {
        m.user([&, p] {
            p->write_to(frames, false);
            p->drain_at_last();
            if (--left == 0) done = true;
        });
        m.user([&, p] { read_always(m, p->s, nullptr, done); });
    }
    m.user([&] {
        const u32 steps = resets + sleeps;
        for (u32 i = 0; i < steps && !done; ++i) {
            const u32 due = frames / (steps + 2) * (i + 1);
            while (first.heard() < due && !done)
                m.port.relax();
            if (i < sleeps) {
                m.expect(m.card.suspend(), {status_code::ok}, "suspend");
                m.expect(m.card.resume(), {status_code::ok}, "resume");
            } else {
                const u32 before = m.port.resets;
                ++provoked;
                m.port.wants_reset = 1;
                while (m.port.resets == before || m.card.state() != vsnd::card_state::open)
                    m.port.relax();
            }
        }
    });
    m.join_users();
    CHECK(first.heard() == frames);
    CHECK(second.heard() == frames);
    CHECK(m.port.judges[0].skipped.load() == 0);
    CHECK(m.card.counters().resets >= provoked);
    CHECK(m.card.state() == vsnd::card_state::open);
    m.finish(true);
}

} // namespace

TEST_CASE("threads: a slow writer's stream is stopped when it runs dry") {
    starve<ring_machine>(vsnd::xrun_policy::stop, 200 * period, false);
}
TEST_CASE("threads: a slow writer's stream plays silence when it runs dry") {
    starve<ring_machine>(vsnd::xrun_policy::silence, 200 * period, false);
}
TEST_CASE("threads: a writer gets its periods back by the clock") {
    starve<ring_machine>(vsnd::xrun_policy::restart, 200 * period, true);
}
TEST_CASE("threads: policies change while a card plays") {
    change_policies<ring_machine>(600 * scale * period);
}
TEST_CASE("threads: a card is reset and suspended while it plays") {
    come_and_go<ring_machine>(600 * scale * period, 2, 2);
}
TEST_CASE("threads: a card whose kernel cannot suspend is reset and suspended while it plays") {
    come_and_go<plain_machine>(600 * scale * period, 2, 2);
}
TEST_CASE("threads: a card without a clock is reset and suspended while it plays") {
    come_and_go<untimed_machine>(600 * scale * period, 2, 2);
}
