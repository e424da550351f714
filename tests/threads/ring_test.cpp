// A driver and a device, each in a thread, over either ring: what one wrote before it published is
// what the other reads, and nobody sleeps through news. The preset test-threads runs it under TSan.
// [virtio 1.4] Split Virtqueues
// [virtio 1.4] Packed Virtqueues

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include <threads/shared_ring.hpp>
#include <vsnd/ring/packed_queue.hpp>
#include <vsnd/ring/split_queue.hpp>

using namespace thread_tests;

namespace {

constexpr unsigned queue_size = 16;
constexpr unsigned chains = 5;
constexpr unsigned rounds = 5000;
constexpr size_t stride = 64; // a question, and at 32 its answer

constexpr uint32_t answer_to(uint32_t question) {
    return question * 2654435761u ^ 0x5a5a5a5a;
}

// False when nothing was heard for so long that nothing will be.
bool heard(const std::atomic<unsigned>& count, unsigned before, const std::atomic<bool>& over) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (count.load(std::memory_order_relaxed) == before) {
        if (over.load(std::memory_order_relaxed)) return false;
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

template <class Queue, class Device>
struct pair {
    std::atomic<unsigned> doorbells = 0;
    std::atomic<unsigned> interrupts = 0;
    std::atomic<bool> over = false;
    size_t ring_bytes = (Queue::memory_bytes(queue_size) + 63) / 64 * 64;
    bus_memory memory{ring_bytes + chains * stride};
    Queue queue;
    vsnd::status_code first;
    Device device;
    typename Queue::slot slots[chains];

    explicit pair(uint64_t features)
        : first(queue.init(queue_size, features, memory.region(), {&doorbells})),
          device(memory, queue_size, queue.addresses()) {}

    uint64_t place(size_t n) const { return bus_memory::base + ring_bytes + n * stride; }

    void device_thread() {
        for (unsigned served = 0; served < rounds;) {
            const unsigned before = doorbells.load(std::memory_order_relaxed);
            if (!device.has_next() && !device.ask() && !heard(doorbells, before, over)) return;
            if (!device.has_next()) continue;
            const auto b = device.pop();
            device.template plain<uint32_t>(b.answer) =
                answer_to(device.template plain<uint32_t>(b.question));
            if (device.give(b, 4)) signal{&interrupts}.ring();
            ++served;
        }
    }

    void ask(size_t n, uint32_t question) {
        device.template plain<uint32_t>(place(n)) = question;
        REQUIRE(queue.post(slots[n]) == vsnd::status_code::ok);
        queue.kick(1);
    }

    // How many answers were right.
    unsigned drive() {
        uint32_t asked[chains];
        unsigned posted = 0, right = 0;
        for (size_t n = 0; n < chains; ++n)
            ask(n, asked[n] = posted++);
        for (unsigned taken = 0; taken < rounds;) {
            const unsigned before = interrupts.load(std::memory_order_relaxed);
            const vsnd::used u = queue.take();
            if (u.type == vsnd::used::kind::nothing) {
                if (!queue.arm(1) && !heard(interrupts, before, over)) break;
                continue;
            }
            REQUIRE(u.type == vsnd::used::kind::completed);
            const size_t n = reinterpret_cast<size_t>(u.what) - 1;
            REQUIRE(n < chains);
            ++taken;
            if (u.written == 4 &&
                device.template plain<uint32_t>(place(n) + 32) == answer_to(asked[n]))
                ++right;
            if (posted < rounds) ask(n, asked[n] = posted++);
        }
        return right;
    }

    void run() {
        REQUIRE(first == vsnd::status_code::ok);
        for (size_t n = 0; n < chains; ++n) {
            const vsnd::part parts[3] = {
                {{place(n)}, 4}, {{place(n) + 16}, 16}, {{place(n) + 32}, 4}};
            const auto bound = queue.bind(vsnd::chain{parts, 2}, ring_test::cookie_of(n));
            REQUIRE(bound);
            slots[n] = bound.value();
        }
        std::thread other([this] { device_thread(); });
        unsigned right = 0;
        try {
            right = drive();
        } catch (...) {
            over = true;
            other.join();
            throw;
        }
        over = true;
        other.join();
        CHECK(right == rounds);
        CHECK(queue.in_device() == 0);
        MESSAGE("doorbells ", doorbells.load(), ", interrupts ", interrupts.load());
    }
};

struct packed_policy : vsnd::ring_policy {
    static constexpr vsnd::u16 most_descriptors = 64;
};
using split_pair = pair<vsnd::split_queue<signal>, split_end>;
using packed_pair = pair<vsnd::packed_queue<signal, packed_policy>, packed_end>;

constexpr uint64_t indirect_and_event_idx = ring_test::indirect_bit | ring_test::event_idx_bit;

} // namespace

TEST_CASE("threads: a split queue and its device, chains direct") {
    split_pair(ring_test::event_idx_bit).run();
}

TEST_CASE("threads: a split queue and its device, chains indirect") {
    split_pair(indirect_and_event_idx).run();
}

TEST_CASE("threads: a packed queue and its device, chains direct") {
    packed_pair(ring_test::event_idx_bit).run();
}

TEST_CASE("threads: a packed queue and its device, chains indirect") {
    packed_pair(indirect_and_event_idx).run();
}
