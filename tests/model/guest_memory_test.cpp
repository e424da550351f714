// Guest memory: two addresses for everything, and nothing outside.

#include <doctest/doctest.h>

#include <vsnd/model/guest_memory.hpp>

using namespace vsnd;
using namespace vsnd::model;

TEST_CASE("guest_memory gives aligned memory whose two addresses differ") {
    guest_memory memory;
    for (const usize alignment : {usize{1}, usize{16}, usize{64}, usize{4096}, usize{65536}}) {
        CAPTURE(alignment);
        const dma_region r = memory.allocate(100, alignment);
        REQUIRE_FALSE(r.empty());
        CHECK(r.bytes == 100);
        CHECK(r.bus.value % alignment == 0);
        CHECK(reinterpret_cast<uintptr_t>(r.cpu) % alignment == 0);
        CHECK(reinterpret_cast<uintptr_t>(r.cpu) != r.bus.value);
        CHECK(r.bus.value > 0xffff'ffff); // cut to 32 bits it would hit nothing
        CHECK(r.cpu[99] == guest_memory::fresh_byte);
    }
    CHECK(memory.allocate(0).empty());
}

TEST_CASE("guest_memory can lie below 4 GiB") {
    guest_memory memory(0x10000);
    CHECK(memory.allocate(16).bus.value == 0x10000);
}

TEST_CASE("guest_memory refuses and reports what is outside") {
    guest_memory memory;
    const dma_region a = memory.allocate(100);
    const dma_region b = memory.allocate(100);
    u8 bytes[200] = {1, 2, 3};
    CHECK(memory.write(a.bus, bytes, 100));
    CHECK(memory.read(a.bus + 97, bytes, 3));
    CHECK(memory.refusals().empty());

    CHECK_FALSE(memory.read(a.bus + 98, bytes, 3));
    CHECK_FALSE(memory.read(a.bus, bytes, 101));
    CHECK_FALSE(memory.write({a.bus.value - 1}, bytes, 1));
    CHECK_FALSE(memory.read({reinterpret_cast<uintptr_t>(b.cpu)}, bytes, 1));
    CHECK_FALSE(memory.read({~u64{0}}, bytes, 2));
    REQUIRE(memory.refusals().size() == 5);
    CHECK(memory.refusals()[0].address == a.bus + 98);
    CHECK(memory.refusals()[0].bytes == 3);
    CHECK_FALSE(memory.refusals()[0].writing);
    CHECK(memory.refusals()[2].writing);
    // The two regions are not neighbours.
    CHECK(b.bus.value >= a.bus.value + 100 + guest_memory::guard_bytes);
    CHECK(memory.contains(a.bus + 100, 0));
    CHECK_FALSE(memory.contains(a.bus, ~u64{0}));
}

TEST_CASE("guest_memory loads and stores little-endian fields, aligned only") {
    guest_memory memory;
    const dma_region r = memory.allocate(16);
    CHECK(memory.store(r.bus, u32{0x04030201}));
    CHECK(r.cpu[0] == 1);
    CHECK(r.cpu[3] == 4);
    u16 half = 0;
    CHECK(memory.load(r.bus + 2, half));
    CHECK(half == 0x0403);
    CHECK_FALSE(memory.load(r.bus + 1, half));
    CHECK_FALSE(memory.store(r.bus + 2, u32{0}));
    CHECK(memory.refusals().empty()); // a misaligned access is no access at all
}

TEST_CASE("guest_memory unmaps what is released, and only that") {
    guest_memory memory;
    const dma_region r = memory.allocate(64);
    const dma_region other = memory.allocate(64);
    u8 byte = 0;
    CHECK_FALSE(memory.release(r.part(16, 16)));
    CHECK(memory.release(r));
    CHECK_FALSE(memory.release(r));
    CHECK_FALSE(memory.read(r.bus, &byte, 1));
    CHECK(memory.read(other.bus, &byte, 1));
    CHECK(memory.used_bytes() == 64);
    CHECK_FALSE(memory.released_memory_touched());
    // Its addresses are never given again.
    CHECK(memory.allocate(64).bus.value > other.bus.value);
}

TEST_CASE("guest_memory runs out where it is told to") {
    guest_memory memory;
    memory.limit(100);
    const dma_region r = memory.allocate(60);
    CHECK_FALSE(r.empty());
    CHECK(memory.allocate(60).empty());
    CHECK(memory.release(r));
    CHECK_FALSE(memory.allocate(60).empty());
}

// With AddressSanitizer the write itself ends the program.
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#define HAS_ASAN __has_feature(address_sanitizer)
#else
#define HAS_ASAN 0
#endif
#if !HAS_ASAN
TEST_CASE("guest_memory notices a write after the release") {
    guest_memory memory;
    const dma_region r = memory.allocate(64);
    CHECK(memory.release(r));
    CHECK_FALSE(memory.released_memory_touched());
    r.cpu[5] = 1;
    CHECK(memory.released_memory_touched());
}
#endif
