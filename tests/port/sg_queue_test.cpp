// The queue over a kernel's scatter lists and cookies: what it binds, what it counts, and what it
// makes of a virtqueue that refuses, or gives back what it should not.

#include <doctest/doctest.h>

#include <vector>

#include <vsnd/port/sg_queue.hpp>

using namespace vsnd;

namespace {

struct kernel_segment {
    u64 physical;
    u64 length;
};

// What the kernel's queue was given, and what it shall give back.
struct kernel_ring {
    struct request {
        void* token;
        std::vector<u64> places;
        std::vector<u64> lengths;
        u32 readable;
    };
    struct answer {
        void* token;
        u32 written;
    };
    std::vector<request> requests;
    std::vector<answer> answers;
    u32 notified = 0;
    bool refuses = false;
};

struct virtqueue {
    using segment = kernel_segment;
    kernel_ring* ring = nullptr;
    u32 descriptors = 0;

    static segment segment_of(const part& p) { return {p.address.value, p.bytes}; }
    u32 size() const { return descriptors; }
    bool enqueue(void* token, const segment* list, u32 readable, u32 writable) {
        if (ring->refuses) return false;
        kernel_ring::request r{token, {}, {}, readable};
        for (u32 i = 0; i < readable + writable; ++i) {
            r.places.push_back(list[i].physical);
            r.lengths.push_back(list[i].length);
        }
        ring->requests.push_back(r);
        return true;
    }
    bool dequeue(void*& token, u32& written) {
        if (ring->answers.empty()) return false;
        token = ring->answers.front().token;
        written = ring->answers.front().written;
        ring->answers.erase(ring->answers.begin());
        return true;
    }
};
struct silent_virtqueue : virtqueue {
    void notify() { ++ring->notified; }
};

using queue = sg_queue<virtqueue>;
using kicked_queue = sg_queue<silent_virtqueue>;
static_assert(sound_queue<queue> && queue::kicks_itself && !has_kick<queue>);
static_assert(sound_queue<kicked_queue> && !kicked_queue::kicks_itself);

const part period[] = {{{0x1000}, 4}, {{0x2000}, 4096}, {{0x3000}, 8}};
const chain playback{period, 2};

struct bench {
    explicit bench(u32 descriptors = 64) { q.init({&ring, descriptors}); }
    // The device is done with the request that was posted last.
    void answer(u32 written) { ring.answers.push_back({ring.requests.back().token, written}); }
    kernel_ring ring;
    queue q;
    int mine = 0;
};

} // namespace

TEST_CASE(
    "sg_queue: a chain goes to the kernel as its scatter list, and comes back as its cookie") {
    bench b;
    const auto bound = b.q.bind(playback, &b.mine);
    REQUIRE(bound.ok());
    CHECK(b.ring.requests.empty());
    for (u32 round = 0; round < 3; ++round) {
        REQUIRE(b.q.post(bound.value()) == status_code::ok);
        REQUIRE(b.ring.requests.size() == round + 1);
        CHECK(b.ring.requests.back().places == std::vector<u64>{0x1000, 0x2000, 0x3000});
        CHECK(b.ring.requests.back().lengths == std::vector<u64>{4, 4096, 8});
        CHECK(b.ring.requests.back().readable == 2);
        CHECK(b.q.in_device() == 1);
        CHECK(b.q.take().type == used::kind::nothing);
        b.answer(8);
        const used u = b.q.take();
        CHECK(u.type == used::kind::completed);
        CHECK(u.what == &b.mine);
        CHECK(u.written == 8);
        CHECK(b.q.in_device() == 0);
    }
}

TEST_CASE("sg_queue: what is bound has its descriptors, and no more is bound than there are") {
    bench b;
    CHECK(b.q.room(3) == 21);
    CHECK(b.q.room(64) == 1);
    CHECK(b.q.room(65) == 0);
    std::vector<queue::slot> slots;
    for (auto bound = b.q.bind(playback, &b.mine); bound.ok(); bound = b.q.bind(playback, &b.mine))
        slots.push_back(bound.value());
    CHECK(slots.size() == 21);
    const chain one{{period, 1}, 1};
    CHECK(b.q.bind({{period, 2}, 1}, &b.mine).code() == status_code::no_room);
    REQUIRE(b.q.bind(one, &b.mine).ok());
    CHECK(b.q.bind(one, &b.mine).code() == status_code::no_room);
    REQUIRE(b.q.unbind(slots[7]) == status_code::ok);
    CHECK(b.q.bind(playback, &b.mine).ok());
    for (const queue::slot s : slots)
        CHECK(b.q.post(s) == status_code::ok);
}

TEST_CASE("sg_queue: a ring that is larger than the table is bounded by the table") {
    bench b(1024);
    CHECK(b.q.room(3) == 64);
    u32 count = 0;
    while (b.q.bind(playback, &b.mine).ok())
        ++count;
    CHECK(count == 64);
}

TEST_CASE("sg_queue: chains of another shape are refused, and nothing changes") {
    bench b(3);
    const part four[4]{};
    CHECK(b.q.bind({four, 1}, &b.mine).code() == status_code::invalid_argument);
    CHECK(b.q.bind({period, 4}, &b.mine).code() == status_code::invalid_argument);
    CHECK(b.q.bind(playback, &b.mine).ok());
}

TEST_CASE("sg_queue: what the device has cannot be posted again, nor given up") {
    bench b;
    const queue::slot s = b.q.bind(playback, &b.mine).value();
    REQUIRE(b.q.post(s) == status_code::ok);
    CHECK(b.q.post(s) == status_code::busy);
    CHECK(b.q.unbind(s) == status_code::memory_still_owned);
    CHECK(b.ring.requests.size() == 1);
    b.answer(8);
    REQUIRE(b.q.take().type == used::kind::completed);
    CHECK(b.q.unbind(s) == status_code::ok);
}

TEST_CASE("sg_queue: a kernel that refuses leaves the chain with the driver") {
    bench b;
    const queue::slot s = b.q.bind(playback, &b.mine).value();
    b.ring.refuses = true;
    CHECK(b.q.post(s) == status_code::no_room);
    CHECK(b.q.in_device() == 0);
    b.ring.refuses = false;
    CHECK(b.q.post(s) == status_code::ok);
    CHECK(b.q.in_device() == 1);
}

TEST_CASE("sg_queue: what was never posted is dropped, whatever the cookie") {
    bench b;
    const queue::slot s = b.q.bind(playback, &b.mine).value();
    REQUIRE(b.q.post(s) == status_code::ok);
    u8* const real = static_cast<u8*>(b.ring.requests.back().token);
    int foreign = 0;
    void* const odd[] = {nullptr, &foreign, real + 1, real - 1, real + sizeof(b.q), real + 4096};
    for (void* const stranger : odd) {
        b.ring.answers.push_back({stranger, 8});
        const used u = b.q.take();
        CHECK(u.type == used::kind::dropped);
        CHECK(u.what == nullptr);
    }
    // An old number: the chain is not with the device any more.
    b.answer(8);
    b.answer(8);
    CHECK(b.q.take().type == used::kind::completed);
    CHECK(b.q.take().type == used::kind::dropped);
    CHECK(b.q.in_device() == 0);
}

TEST_CASE("sg_queue: a length that the chain cannot hold counts as 0") {
    bench b;
    const part captured[] = {{{0x1000}, 4}, {{0x2000}, 4096}, {{0x3000}, 8}};
    const queue::slot s = b.q.bind({captured, 1}, &b.mine).value();
    for (const u32 written : {0u, 8u, 4104u, 4105u, ~0u}) {
        REQUIRE(b.q.post(s) == status_code::ok);
        b.answer(written);
        CHECK(b.q.take().written == (written <= 4104 ? written : 0));
    }
}

TEST_CASE("sg_queue: the doorbell of a kernel whose enqueue does not ring it") {
    kernel_ring ring;
    kicked_queue q;
    q.init({{&ring, 64}});
    const auto bound = q.bind(playback, nullptr);
    REQUIRE(bound.ok());
    REQUIRE(q.post(bound.value()) == status_code::ok);
    CHECK(ring.notified == 0);
    q.kick(1);
    CHECK(ring.notified == 1);
}

TEST_CASE("sg_queue: begun anew, everything is free") {
    static constinit queue no_constructor_runs;
    CHECK(no_constructor_runs.in_device() == 0);
    bench b;
    for (u32 i = 0; i < 5; ++i)
        REQUIRE(b.q.post(b.q.bind(playback, &b.mine).value()) == status_code::ok);
    void* const old = b.ring.requests.back().token;
    b.q.init({&b.ring, 64});
    CHECK(b.q.in_device() == 0);
    b.ring.answers.push_back({old, 8});
    CHECK(b.q.take().type == used::kind::dropped);
    u32 count = 0;
    while (b.q.bind(playback, &b.mine).ok())
        ++count;
    CHECK(count == 21);
}
