// Which types are queues: the concept accepts the least that works, and refuses anything less.

#include <doctest/doctest.h>

#include <vsnd/port/queue.hpp>
#include <vsnd/port/skeleton.hpp>

using namespace vsnd;

namespace {

struct least {
    struct slot {};
    [[maybe_unused]] static constexpr bool posts_before_start = true;
    [[maybe_unused]] static constexpr bool kicks_itself = true;
    result<slot> bind(const chain&, cookie) { return slot{}; }
    status_code post(slot) { return status_code::ok; }
    used take() { return {}; }
    status_code unbind(slot) { return status_code::ok; }
};

// Somebody must ring the doorbell.
struct silent : least {
    [[maybe_unused]] static constexpr bool kicks_itself = false;
};
struct kicking : silent {
    void kick(vsnd::u32) {}
};
struct full : kicking {
    void ring() {}
    bool arm(u32) { return false; }
    bool broken() const { return false; }
};
struct without_bind : least {
    int bind(const chain&, cookie) = delete;
};
struct wrong_take : least {
    int take() { return 0; }
};
struct wrong_arm : kicking {
    void arm(u32) {}
};
struct without_constant {
    struct slot {};
    [[maybe_unused]] static constexpr bool kicks_itself = true;
    result<slot> bind(const chain&, cookie) { return slot{}; }
    status_code post(slot) { return status_code::ok; }
    used take() { return {}; }
    status_code unbind(slot) { return status_code::ok; }
};

} // namespace

TEST_CASE("what is a queue and what is none") {
    CHECK(sound_queue<least>);
    CHECK(sound_queue<kicking>);
    CHECK(sound_queue<full>);
    CHECK(sound_queue<skeleton::ring>);
    CHECK_FALSE(sound_queue<silent>);
    CHECK_FALSE(sound_queue<without_bind>);
    CHECK_FALSE(sound_queue<wrong_take>);
    CHECK_FALSE(sound_queue<without_constant>);
    CHECK_FALSE(sound_queue<int>);
}

TEST_CASE("the optional functions are found by their shape") {
    CHECK(has_kick<kicking>);
    CHECK_FALSE(has_kick<least>);
    CHECK(has_ring<full>);
    CHECK_FALSE(has_ring<kicking>);
    CHECK(has_arm<full>);
    CHECK_FALSE(has_arm<kicking>);
    CHECK_FALSE(has_arm<wrong_arm>); // it must say whether news is here
    CHECK(has_broken<full>);
    CHECK_FALSE(has_broken<kicking>);
}
