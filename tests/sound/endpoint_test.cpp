// One queue as the driver uses it: when its doorbell rings, when it interrupts, who pumps.

#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;
using support::rig;

namespace {

// A queue that only counts, and insists on its lock.
struct counting_queue {
    struct slot {
        u32 number = 0;
    };
    [[maybe_unused]] static constexpr bool posts_before_start = true;
    [[maybe_unused]] static constexpr bool kicks_itself = false;
    result<slot> bind(const chain&, cookie) { return slot{++bound}; }
    status_code post(slot s) {
        check();
        posted.push_back(s.number);
        return refuses ? status_code::device_broken : status_code::ok;
    }
    used take() { return {}; }
    status_code unbind(slot) { return status_code::ok; }
    void kick(u32 count) {
        check();
        ++kicks;
        rung_for += count;
    }
    void ring() {
        check();
        ++rings;
    }
    bool arm(u32 k) {
        check();
        armed.push_back(k);
        return news;
    }
    void check() const {
        if (!*locked) throw std::logic_error("a queue without its lock");
    }

    const bool* locked = nullptr;
    u32 bound = 0;
    u32 kicks = 0;
    u32 rung_for = 0; // how many posts the kicks were told of
    u32 rings = 0;
    bool news = false;
    bool refuses = false;
    std::vector<u32> posted;
    std::vector<u32> armed;
};

struct locking_hooks {
    bool locked = false;
    u32 lock(u32) {
        if (locked) throw std::logic_error("a lock within a lock");
        locked = true;
        return 5;
    }
    void unlock(u32, u32 saved) {
        if (!locked || saved != 5) throw std::logic_error("not its lock");
        locked = false;
    }
};

struct bench {
    locking_hooks hooks;
    counting_queue queue;
    endpoint<counting_queue, locking_hooks> end;
    bench() {
        queue.locked = &hooks.locked;
        end.init(queue, hooks, 2);
    }
    // A period, as a stream posts it that has enough others with the device.
    void period(u32 number) {
        const auto held = end.lock();
        REQUIRE(queue.post({number}) == status_code::ok);
        if (!end.rings_at_once(queue) && !end.waits()) (void)end.hold_back();
    }
};

} // namespace

TEST_CASE("policy each: every period rings at once") {
    bench b;
    for (u32 i = 1; i <= 5; ++i) {
        b.period(i);
        CHECK(b.queue.kicks == i);
        CHECK(b.end.unsent() == 0);
    }
    CHECK(b.queue.posted == std::vector<u32>{1, 2, 3, 4, 5});
    CHECK(b.queue.rung_for == 5);
}

TEST_CASE("policy batched: one doorbell for so many periods") {
    bench b;
    b.end.set_policy({4, 1});
    for (u32 i = 1; i <= 3; ++i)
        b.period(i);
    CHECK(b.queue.kicks == 0);
    CHECK(b.end.unsent() == 3);
    b.period(4);
    CHECK(b.queue.kicks == 1);
    CHECK(b.queue.rung_for == 4);
    CHECK(b.end.unsent() == 0);
    b.end.kick();
    CHECK(b.queue.kicks == 1); // nothing unsent
    (void)b.end.post({7});
    CHECK(b.queue.kicks == 1);
    b.end.kick();
    CHECK(b.queue.kicks == 2);
    CHECK(b.queue.rung_for == 5);
    {
        [[maybe_unused]] auto held = b.end.lock();
        b.end.ring_locked();
    }
    CHECK(b.queue.rings == 1);
    b.end.set_policy({0, 0});
    CHECK(b.end.policy().doorbell_every == 1);
    CHECK(b.end.policy().interrupt_every == 1);
    CHECK(b.end.skipped() == 0);
}

TEST_CASE("what was posted without a doorbell is rung for by the next period") {
    bench b;
    (void)b.end.post({1});
    (void)b.end.post({2});
    CHECK(b.queue.kicks == 0);
    b.period(3);
    CHECK(b.queue.kicks == 1);
    CHECK(b.queue.rung_for == 3);
    b.period(4);
    CHECK(b.queue.rung_for == 4);
}

TEST_CASE("while the queue is pumped its doorbell waits for the end of the pump") {
    for (const u32 every : {1u, 4u}) {
        CAPTURE(every);
        bench b;
        b.end.set_policy({every, every});
        (void)b.end.begin_pump();
        if (every != 1) CHECK_FALSE(b.end.rest(every)); // a new policy wants a closer look
        b.period(1);
        b.period(2);
        CHECK(b.queue.kicks == 0);
        CHECK_FALSE(b.end.finish_pump());
        CHECK_FALSE(b.end.rest(3)); // look again: they may have come back
        CHECK(b.queue.kicks == 1);
        CHECK(b.queue.rung_for == 2);
        CHECK(b.queue.armed.empty());
        CHECK(b.end.rest(3));
        CHECK(b.queue.armed == std::vector<u32>{3});
        CHECK_FALSE(b.end.pumped());
        for (u32 i = 0; i < every; ++i)
            b.period(3 + i);
        CHECK(b.queue.kicks == 2);
    }
}

TEST_CASE("a second pumper is turned away, and the first one looks again") {
    bench b;
    REQUIRE(b.end.begin_pump());
    CHECK_FALSE(b.end.begin_pump());
    CHECK_FALSE(b.end.finish_pump()); // somebody came by
    CHECK_FALSE(b.end.rest(1));
    CHECK(b.end.rest(1));
    CHECK(b.end.begin_pump());
    b.queue.news = true;
    CHECK_FALSE(b.end.rest(1)); // completions came while it armed
    b.queue.news = false;
    CHECK(b.end.rest(1));
    REQUIRE(b.end.begin_pump());
    b.end.leave_pump();
    REQUIRE(b.end.begin_pump());
    CHECK(b.end.finish_pump());
    b.end.want_attention();
    REQUIRE(b.end.begin_pump());
    CHECK_FALSE(b.end.finish_pump());
}

TEST_CASE("a post that fails rings nothing") {
    bench b;
    b.queue.refuses = true;
    CHECK(b.end.post({1}) == status_code::device_broken);
    CHECK(b.queue.kicks == 0);
    CHECK(b.end.unsent() == 0);
}

// --- The same on the model: counted by the device. ---

namespace {

struct refiller {
    const bytes* data = nullptr;
    usize* at = nullptr;
    template <class Stream>
    void period_done(Stream& s) {
        while (*at < data->size()) {
            const auto room = s.acquire();
            if (!room.ok()) return;
            const usize n = std::min(room.value().size(), data->size() - *at);
            std::copy_n(data->data() + *at, n, room.value().data());
            if (!ok(s.commit())) return;
            *at += n;
        }
    }
};

pcm_params eight() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 8;
    return p;
}

struct costs {
    u64 doorbells;
    u64 interrupts;
};

// Plays `periods` with interrupts alone, no tick and no wait, until all of them were taken.
costs run(notification_policy policy, u32 periods, const model::device_profile& profile) {
    const bytes data = support::noise(1024 * periods);
    usize at = 0;
    rig<refiller> r(profile, {&data, &at});
    REQUIRE(r.open() == status_code::ok);
    REQUIRE(r.driver.set_policy(wire::SND_VQ_TX, policy) == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, eight()) == status_code::ok);
    const usize first = std::min(data.size(), usize{8192});
    REQUIRE(out.write({data.data(), first}).value() == first);
    at = first;
    REQUIRE(out.start_async(start_mode::now) == status_code::in_progress);
    r.run(0);
    REQUIRE(out.outcome() == status_code::ok);
    for (u32 ms = 0; ms < periods * 6 + 100; ++ms)
        r.run(1'000'000);
    CHECK(at == data.size());
    CHECK(out.position_frames() == 256 * periods);
    CHECK(out.in_flight() == 0);
    CHECK(r.device().stream(0).gaps() == 0);
    CHECK(r.device().stream(0).sink() == data);
    const costs c{r.device().doorbells(wire::SND_VQ_TX), r.device().interrupts(wire::SND_VQ_TX)};
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
    return c;
}

} // namespace

// [virtio 1.4] Split / Used Buffer Notification Suppression
TEST_CASE("policies on the model: doorbells and interrupts for each period, and no hang") {
    for (const u32 periods : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 11u, 40u, 103u}) {
        CAPTURE(periods);
        const costs each = run({1, 1}, periods, model::default_profile());
        CHECK(each.doorbells <= periods + 1);
        CHECK(each.interrupts <= periods + 1);
        const costs batched = run({4, 4}, periods, model::default_profile());
        CHECK(batched.interrupts <= periods / 4 + 8);
        CHECK(batched.doorbells <= periods / 4 + 8);
        const costs qemu = run({4, 4}, periods, model::qemu_profile());
        CHECK(qemu.interrupts <= periods / 4 + 10);
    }
}

TEST_CASE("a batched queue without EVENT_IDX interrupts each time, and works") {
    model::device_profile p = model::default_profile();
    p.event_idx = false;
    const costs c = run({4, 4}, 40, p);
    CHECK(c.interrupts >= 39);
    CHECK(c.interrupts <= 42);
}

TEST_CASE("batched(4): two periods in the whole buffer, started without a wait") {
    for (const u32 extra_pumps : {0u, 1u, 3u}) {
        CAPTURE(extra_pumps);
        const bytes data = support::noise(1024 * 12);
        usize at = 2048;
        rig<refiller> r(model::default_profile(), {&data, &at});
        REQUIRE(r.open() == status_code::ok);
        REQUIRE(r.driver.set_policy(wire::SND_VQ_TX, {4, 4}) == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        pcm_params p = eight();
        p.periods = 2;
        REQUIRE(r.prepare(out, p) == status_code::ok);
        REQUIRE(out.write({data.data(), 2048}).value() == 2048);
        for (u32 i = 0; i < extra_pumps; ++i)
            (void)r.driver.pump_all();
        REQUIRE(out.start_async() == status_code::in_progress);
        for (u32 ms = 0; ms < 200; ++ms)
            r.run(1'000'000);
        CHECK(out.position_frames() == 256 * 12);
        CHECK(r.device().stream(0).sink() == data);
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("batched(4): stopped in the middle and drained, without a hang") {
    const bytes data = support::noise(1024 * 30);
    usize at = 8192;
    rig<refiller> r(model::default_profile(), {&data, &at});
    REQUIRE(r.open() == status_code::ok);
    REQUIRE(r.driver.set_policy(wire::SND_VQ_TX, {4, 4}) == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, eight()) == status_code::ok);
    REQUIRE(out.write({data.data(), 8192}).value() == 8192);
    REQUIRE(out.start() == status_code::ok);
    for (u32 round = 0; round < 6; ++round) {
        r.run(13'000'000);
        REQUIRE(out.stop() == status_code::ok);
        r.run(5'000'000);
        REQUIRE(out.start() == status_code::ok);
    }
    for (u32 ms = 0; ms < 300 && at < data.size(); ++ms)
        r.run(1'000'000);
    REQUIRE(at == data.size());
    CHECK(out.drain() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK_CLEAN(r);
}

TEST_CASE("batched(4): a stream that starts beside another is not held up by its interrupts") {
    const bytes data = support::noise(1024 * 20);
    usize at = data.size();
    rig<refiller> r(model::default_profile(), {&data, &at});
    REQUIRE(r.open() == status_code::ok);
    REQUIRE(r.driver.set_policy(wire::SND_VQ_TX, {4, 8}) == status_code::ok);
    auto& slow = *r.driver.find(direction::playback, 0);
    auto& quick = *r.driver.find(direction::playback, 1);
    pcm_params p = eight();
    p.rate_hz = 8000;
    REQUIRE(r.prepare(slow, p) == status_code::ok);
    REQUIRE(slow.write({data.data(), 8192}).value() == 8192);
    REQUIRE(slow.start() == status_code::ok);
    r.run(40'000'000);
    p = eight();
    p.periods = 2;
    REQUIRE(r.prepare(quick, p) == status_code::ok);
    REQUIRE(quick.write({data.data(), 2048}).value() == 2048);
    REQUIRE(quick.start_async() == status_code::in_progress);
    r.run(8'000'000);
    // Its first period is done: told at once, or there would be a gap.
    CHECK(quick.position_frames() >= 256);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("set_policy refuses queues that have none, and a card that is closed") {
    rig<> r;
    CHECK(r.driver.set_policy(wire::SND_VQ_TX, {}) == status_code::wrong_state);
    REQUIRE(r.open() == status_code::ok);
    for (const u32 q : {u32{wire::SND_VQ_CONTROL}, u32{wire::SND_VQ_EVENT}})
        CHECK(r.driver.set_policy(q, {}) == status_code::invalid_argument);
    CHECK(r.driver.set_policy(4, {}) == status_code::invalid_argument);
    CHECK(r.driver.set_policy(0xffff'ffff, {}) == status_code::invalid_argument);
    CHECK(r.driver.set_policy(wire::SND_VQ_RX, {2, 2}) == status_code::ok);
}
