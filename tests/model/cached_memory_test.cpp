// Memory behind a cache of which the device knows nothing.

#include <doctest/doctest.h>

#include <vsnd/model/guest_memory.hpp>

using namespace vsnd;
using namespace vsnd::model;

namespace {
u8 device_reads(guest_memory& memory, const dma_region& r, usize at) {
    u8 value = 0;
    REQUIRE(memory.read(r.bus + at, &value, 1));
    return value;
}
void device_writes(guest_memory& memory, const dma_region& r, usize at, u8 value) {
    REQUIRE(memory.write(r.bus + at, &value, 1));
}
} // namespace

TEST_CASE("cached_memory: the device sees what was flushed, line by line") {
    guest_memory memory;
    const dma_region r = memory.allocate_cached(256);
    r.cpu[3] = 1;
    r.cpu[64] = 2;
    CHECK(device_reads(memory, r, 3) == guest_memory::fresh_byte);
    memory.flush(r.cpu + 60, 1); // the whole line
    CHECK(device_reads(memory, r, 3) == 1);
    CHECK(device_reads(memory, r, 64) == guest_memory::fresh_byte);
    memory.flush(r.cpu + 63, 2);
    CHECK(device_reads(memory, r, 64) == 2);
}

TEST_CASE("cached_memory: the CPU sees what was invalidated, and loses what it had not flushed") {
    guest_memory memory;
    const dma_region r = memory.allocate_cached(100);
    device_writes(memory, r, 70, 9);
    CHECK(r.cpu[70] == guest_memory::fresh_byte);
    memory.invalidate(r.cpu + 64, 1);
    CHECK(r.cpu[70] == 9);
    r.cpu[99] = 4;
    memory.invalidate(r.cpu + 64, 1);
    CHECK(r.cpu[99] == guest_memory::fresh_byte);
    CHECK(memory.lines_lost() == 0);
}

TEST_CASE("cached_memory: a line that was left dirty covers what the device wrote") {
    guest_memory memory;
    const dma_region r = memory.allocate_cached(128);
    r.cpu[1] = 7;
    device_writes(memory, r, 5, 9);
    CHECK(memory.lines_lost() == 1);
    CHECK(device_reads(memory, r, 5) == guest_memory::fresh_byte);
    CHECK(device_reads(memory, r, 1) == 7);
    device_writes(memory, r, 5, 9); // the line is clean now
    CHECK(memory.lines_lost() == 1);
    CHECK(device_reads(memory, r, 5) == 9);
}
