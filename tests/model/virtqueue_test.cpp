// The device end of a split ring: segments, wrap-around, interrupts and doorbells.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;

namespace {

// A queue of its own, without a device around it.
struct bench {
    guest_memory memory;
    violation_log log;
    u64 now_ns = 0;
    virtqueue queue{memory, log, now_ns, 0};
    dma_region desc = memory.allocate(16 * 8, 16);
    dma_region avail = memory.allocate(6 + 2 * 8, 2);
    dma_region used = memory.allocate(6 + 8 * 8, 4);
    dma_region data = memory.allocate(256);
    u16 idx = 0;

    explicit bench(bool event_idx) {
        for (const dma_region& r : {desc, avail, used})
            std::memset(r.cpu, 0, r.bytes);
        queue.enable({8, desc.bus, avail.bus, used.bus, event_idx, true});
    }
    void describe(u16 at, wire::virtq_desc d) { std::memcpy(desc.cpu + 16 * at, &d, 16); }
    void offer(u16 head) {
        driver::put16(avail, 4 + 2u * (idx % 8), head);
        driver::put16(avail, 2, ++idx);
    }
    void offer_simple(u16 head) {
        describe(head, driver::desc({data.bus, 16}));
        offer(head);
    }
    // One buffer goes all the way round; does the driver get an interrupt?
    bool round(u16 head) {
        offer_simple(head);
        const auto chain = queue.pop();
        REQUIRE(chain);
        queue.push_used(*chain, chain->head, 0);
        return queue.take_notification();
    }
};

} // namespace

TEST_CASE("virtqueue gathers segments in order, direct and indirect together") {
    // Spec: [virtio 1.4] Indirect Descriptors: zero or more normal descriptors, then one table
    bench b(true);
    const dma_region table = b.memory.allocate(32, 16);
    wire::virtq_desc inner[2] = {driver::desc({b.data.bus + 4, 8}, wire::VIRTQ_DESC_F_NEXT, 1),
                                 driver::desc({b.data.bus + 64, 32, true})};
    std::memcpy(table.cpu, inner, sizeof(inner));
    b.describe(5, driver::desc({b.data.bus, 4}, wire::VIRTQ_DESC_F_NEXT, 2));
    // The write-only flag of the reference itself means nothing.
    b.describe(2, driver::desc({table.bus, 32, true}, wire::VIRTQ_DESC_F_INDIRECT));
    b.offer(5);
    const auto chain = b.queue.pop();
    REQUIRE(chain);
    CHECK(chain->head == 5);
    REQUIRE(chain->readable.size() == 2);
    REQUIRE(chain->writable.size() == 1);
    CHECK(chain->readable[1].address == b.data.bus + 4);
    CHECK(chain->readable_bytes == 12);
    CHECK(chain->writable_bytes == 32);
    CHECK(b.log.entries().empty());
    CHECK_FALSE(b.queue.pop());

    for (u8 i = 0; i < 12; ++i)
        b.data.cpu[i] = i;
    u8 bytes[12] = {};
    CHECK(b.queue.read(chain->readable, 3, bytes, 12) == 9);
    CHECK(bytes[0] == 3);
    CHECK(bytes[8] == 11);
    CHECK(b.queue.write(chain->writable, 30, bytes, 12) == 2);
    CHECK(b.data.cpu[64 + 31] == 4);
}

TEST_CASE("virtqueue wraps around, at its size and at 65536") {
    bench b(true);
    for (u32 i = 0; i < 70000; ++i) {
        driver::put16(b.avail, 4 + 16, static_cast<u16>(b.queue.returned())); // used_event
        const bool interrupt = b.round(static_cast<u16>(i % 8));
        if (!interrupt || driver::get16(b.used, 2) != static_cast<u16>(i + 1)) {
            FAIL("at buffer " << i);
        }
    }
    CHECK(b.log.entries().empty());
    CHECK(b.queue.in_flight() == 0);
    CHECK(b.queue.popped() == 70000);
}

TEST_CASE("virtqueue with EVENT_IDX interrupts at used_event and only there") {
    // Spec: [virtio 1.4] Split / Used Buffer Notification Suppression
    bench b(true);
    driver::put16(b.avail, 4 + 16, 2); // after the third
    CHECK_FALSE(b.round(0));
    CHECK_FALSE(b.round(1));
    CHECK(b.round(2));
    CHECK_FALSE(b.round(3));
    CHECK(b.queue.interrupts_suppressed() == 3);
    // Several returned between two looks: the event among them counts.
    driver::put16(b.avail, 4 + 16, 5);
    for (u16 head : {u16{4}, u16{5}, u16{6}}) {
        b.offer_simple(head);
        const auto chain = b.queue.pop();
        b.queue.push_used(*chain, head, 7);
    }
    CHECK(b.queue.take_notification());
    CHECK_FALSE(b.queue.take_notification());
    CHECK(driver::get16(b.used, 4 + 8 * 6) == 6); // id and length of the last element
    CHECK(driver::get16(b.used, 8 + 8 * 6) == 7);
}

TEST_CASE("virtqueue without EVENT_IDX follows the flags") {
    bench b(false);
    CHECK(b.round(0));
    driver::put16(b.avail, 0, wire::VIRTQ_AVAIL_F_NO_INTERRUPT);
    CHECK_FALSE(b.round(1));
    b.queue.want_doorbells(false);
    CHECK(driver::get16(b.used, 0) == wire::VIRTQ_USED_F_NO_NOTIFY);
    b.queue.want_doorbells(true);
    CHECK(driver::get16(b.used, 0) == 0);
    CHECK(b.log.entries().empty());
    driver::put16(b.avail, 0, 2);
    b.round(2);
    CHECK(b.log.count(violation::available_flags) == 1);
}

TEST_CASE("virtqueue asks for the next doorbell through avail_event") {
    bench b(true);
    const usize at = wire::virtq_avail_event_offset(8);
    CHECK(driver::get16(b.used, at) == 0);
    b.round(0);
    CHECK(driver::get16(b.used, at) == 1);
    b.queue.want_doorbells(false);
    CHECK(driver::get16(b.used, at) == 0); // 65536 buffers away
    CHECK(driver::get16(b.used, 0) == 0);
    b.round(1);
    CHECK(driver::get16(b.used, at) == 1);
}

TEST_CASE("a broken virtqueue stays silent until it is enabled again") {
    bench b(true);
    b.offer(8);
    CHECK_FALSE(b.queue.pop());
    CHECK(b.queue.broken());
    b.offer_simple(0);
    CHECK(b.queue.fresh() == 0);
    CHECK_FALSE(b.queue.pop());
    b.queue.disable();
    CHECK_FALSE(b.queue.broken());
    CHECK_FALSE(b.queue.enabled());
}

TEST_CASE("a ring outside of memory breaks the queue when it is enabled") {
    guest_memory memory;
    violation_log log;
    const u64 now_ns = 0;
    virtqueue queue{memory, log, now_ns, 3};
    queue.enable({8, {0x1000}, {0x2000}, {0x3000}, true, true});
    CHECK(queue.broken());
    CHECK(log.count(violation::buffer_outside_memory) == 1);
}
