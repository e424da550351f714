// One queue of the device, that is split or packed as it is set up.

#include <doctest/doctest.h>

#include <cstring>

#include <vsnd/model/device_queue.hpp>

#include "raw_types.hpp"

using namespace vsnd;
using namespace vsnd::model;

TEST_CASE("device_queue: counts go on, all else is the ring's that is set up") {
    guest_memory memory;
    violation_log log;
    const u64 now_ns = 0;
    device_queue queue{memory, log, now_ns, 2};
    const dma_region ring = memory.allocate(1024, 64);
    const dma_region data = memory.allocate(16);
    std::memset(ring.cpu, 0, ring.bytes);
    queue_setup setup{4, ring.bus, ring.bus + 256, ring.bus + 512, false, false};
    const u64 address = data.bus.value;
    const u32 bytes = 16;

    queue.enable(setup);
    CHECK_FALSE(queue.is_packed());
    raw::put_little(ring.cpu, address);
    raw::put_little(ring.cpu + 8, bytes);
    ring.cpu[256 + 2] = 1; // the available index
    REQUIRE(queue.fresh() == 1);
    auto chain = queue.pop();
    REQUIRE(chain);
    CHECK(queue.in_flight() == 1);
    queue.push_used(*chain, 0, 0);
    CHECK(ring.cpu[512 + 2] == 1); // the used index
    CHECK(queue.take_notification());

    std::memset(ring.cpu, 0, ring.bytes);
    setup.packed = true;
    queue.enable(setup);
    CHECK(queue.is_packed());
    CHECK(queue.enabled());
    CHECK(queue.size() == 4);
    raw::put_little(ring.cpu, address);
    raw::put_little(ring.cpu + 8, bytes);
    ring.cpu[12] = 3;
    ring.cpu[14] = 0x80;
    REQUIRE(queue.fresh() == 1);
    chain = queue.pop();
    REQUIRE(chain);
    CHECK(chain->head == 3);
    u8 byte = 1;
    data.cpu[5] = 9;
    CHECK(queue.read(chain->readable, 5, &byte, 1) == 1);
    CHECK(byte == 9);
    CHECK(queue.write(chain->writable, 0, &byte, 1) == 0);
    queue.push_used(*chain, 3, 0);
    CHECK(ring.cpu[15] == 0x80);
    CHECK(queue.take_notification());
    CHECK(queue.popped() == 2);
    CHECK(queue.returned() == 2);
    CHECK(queue.interrupts_suppressed() == 0);
    queue.want_doorbells(false);
    CHECK_FALSE(queue.wants_doorbells());
    queue.push_stale(1, 0);
    CHECK(queue.take_notification());
    CHECK_FALSE(queue.broken());
    queue.disable();
    CHECK_FALSE(queue.enabled());
    CHECK(log.entries().empty());
}
