// One queue of a small driver: every post rings, every completion interrupts, and one pumps.

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include <vsnd/sound/endpoint_small.hpp>

using namespace vsnd;

namespace {

struct locking_hooks {
    bool locked = false;
    u32 here = 1;
    u32 lock(u32) {
        if (locked) throw std::logic_error("a lock within a lock");
        locked = true;
        return 5;
    }
    void unlock(u32, u32 saved) {
        if (!locked || saved != 5) throw std::logic_error("not its lock");
        locked = false;
    }
    u32 context() { return here; }
};

// What was asked of it, in order, and all of it under the lock.
struct scripted_queue {
    struct slot {
        u32 number = 0;
    };
    [[maybe_unused]] static constexpr bool posts_before_start = true;
    [[maybe_unused]] static constexpr bool kicks_itself = false;
    result<slot> bind(const chain&, cookie) { return slot{note('b')}; }
    status_code post(slot) {
        note('p');
        return refuses ? status_code::device_broken : status_code::ok;
    }
    used take() {
        note('t');
        if (waiting == 0) return {};
        --waiting;
        return {this, 8, used::kind::completed};
    }
    status_code unbind(slot) {
        note('u');
        return status_code::ok;
    }
    void kick(u32 count) {
        CHECK(count == 1);
        note('k');
    }
    void ring() { note('r'); }
    bool arm(u32 k) {
        CHECK(k == 1);
        note('a');
        return waiting != 0;
    }
    u32 note(char what) {
        if (!hooks->locked) throw std::logic_error("a queue without its lock");
        notes += what;
        return 0;
    }

    const locking_hooks* hooks = nullptr;
    u32 waiting = 0;
    bool refuses = false;
    std::string notes;
};

struct bench {
    locking_hooks hooks;
    scripted_queue queue;
    endpoint<scripted_queue, locking_hooks, true> end;
    bench() {
        queue.hooks = &hooks;
        end.init(queue, hooks, 2);
    }
};

} // namespace

TEST_CASE("small endpoint: each post rings, also while the queue is pumped") {
    bench b;
    CHECK(b.end.post({1}) == status_code::ok);
    CHECK(b.queue.notes == "pk");
    REQUIRE(b.end.begin_pump());
    CHECK(b.end.post({2}) == status_code::ok);
    {
        [[maybe_unused]] auto held = b.end.lock();
        CHECK(b.end.post_locked({3}) == status_code::ok);
        b.end.ring_locked();
    }
    CHECK(b.queue.notes == "pkpkpkr");
    b.queue.refuses = true;
    CHECK(b.end.post({4}) == status_code::device_broken);
    CHECK(b.queue.notes == "pkpkpkrp");
}

TEST_CASE("small endpoint: it is armed before each look, and the last look ends the pump") {
    bench b;
    b.queue.waiting = 2;
    REQUIRE(b.end.begin_pump());
    CHECK(b.end.next().type == used::kind::completed);
    CHECK(b.end.next().written == 8);
    CHECK_FALSE(b.end.begin_pump()); // there is one that will find what there is
    CHECK(b.end.next().type == used::kind::nothing);
    CHECK(b.queue.notes == "atatat");
    CHECK(b.end.begin_pump());
    b.end.leave_pump();
    CHECK(b.end.begin_pump());
}

TEST_CASE("small endpoint: a call from the pumper's context comes from a callback") {
    bench b;
    CHECK_FALSE(b.end.pumped_by(1));
    REQUIRE(b.end.begin_pump());
    CHECK(b.end.pumped_by(1));
    CHECK_FALSE(b.end.pumped_by(2));
    b.end.end_claim();
    CHECK_FALSE(b.end.pumped_by(1));
    CHECK(b.end.ready());
    b.end.forget();
    CHECK_FALSE(b.end.ready());
}
