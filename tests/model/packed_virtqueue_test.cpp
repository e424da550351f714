// The device end of a packed ring: lists, tables, wrap counters, interrupts and doorbells.
// [virtio 1.4] Packed Virtqueues

#include <doctest/doctest.h>

#include "bad_packed.hpp"

using namespace vsnd;
using namespace vsnd::model;
using namespace vsnd::model::bad;

namespace {

// A queue of its own, without a device around it. The driver's side is counted out by hand.
struct bench {
    guest_memory memory;
    violation_log log;
    u64 now_ns = 0;
    packed_virtqueue queue{memory, log, now_ns, 0};
    u16 size;
    dma_region ring;
    dma_region driver_event = memory.allocate(4, 4);
    dma_region device_event = memory.allocate(4, 4);
    dma_region data = memory.allocate(256);
    u32 next = 0;
    bool wrap = true;

    explicit bench(u16 count, bool event_idx, bool in_order = false)
        : size(count), ring(memory.allocate(16u * count, 16)) {
        for (const dma_region& r : {ring, driver_event, device_event})
            std::memset(r.cpu, 0, r.bytes);
        queue_setup setup{count, ring.bus, driver_event.bus, device_event.bus, event_idx, true};
        setup.packed = true;
        setup.in_order = in_order;
        queue.enable(setup);
    }
    void put(u32 at, u64 address, u32 bytes, u16 id, u16 flags) {
        u8* const to = ring.cpu + 16 * (at % size);
        raw::put_little(to, address);
        raw::put_little(to + 8, bytes);
        raw::put_little(to + 12, id);
        raw::put_little(to + 14, flags);
    }
    // A list of `count` parts of 16 bytes, the last one writable.
    void offer(u16 id, u32 count) {
        for (u32 i = count; i-- != 0;) {
            const u32 at = next + i;
            const u32 mark = wrap != (at >= size) ? 0x80u : 0x8000u;
            const u32 more = i + 1 < count ? 1 : 2;
            put(at, data.bus.value + 16 * i, 16, id, static_cast<u16>(mark | more));
        }
        next += count;
        if (next >= size) {
            next -= size;
            wrap = !wrap;
        }
    }
    u16 get(u32 at, u32 offset) { return driver::get16(ring, 16 * (at % size) + offset); }
    void want_interrupt(u16 place, u16 flags) {
        driver::put16(driver_event, 0, place);
        driver::put16(driver_event, 2, flags);
    }
    device_chain pop() {
        auto chain = queue.pop();
        REQUIRE(chain);
        return std::move(*chain);
    }
    // One buffer goes all the way round; does the driver get an interrupt?
    bool round(u16 id, u32 count) {
        offer(id, count);
        const device_chain chain = pop();
        queue.push_used(chain, chain.head, 7);
        return queue.take_notification();
    }
};

} // namespace

TEST_CASE("packed virtqueue: lists and tables, and the bytes in them") {
    bench b(8, true);
    b.offer(5, 3);
    const dma_region table = b.memory.allocate(32, 16);
    std::memset(table.cpu, 0, 32);
    const u64 address = b.data.bus.value + 64;
    const u32 bytes = 32;
    const u16 writable = 2;
    raw::put_little(table.cpu, address);
    raw::put_little(table.cpu + 8, bytes);
    raw::put_little(table.cpu + 16, address);
    raw::put_little(table.cpu + 24, bytes);
    raw::put_little(table.cpu + 30, writable);
    b.put(3, table.bus.value, 32, 6, 0x80 | 4 | 2); // WRITE means nothing beside INDIRECT
    CHECK(b.queue.fresh() == 2);
    const device_chain list = b.pop();
    CHECK(list.head == 5);
    CHECK(list.readable_bytes == 32);
    CHECK(list.writable_bytes == 16);
    CHECK(list.own == std::vector<u16>{0, 1, 2});
    const device_chain referred = b.pop();
    CHECK(referred.head == 6);
    CHECK(referred.readable.size() == 1);
    CHECK(referred.writable_bytes == 32);
    CHECK(referred.own == std::vector<u16>{3});
    CHECK_FALSE(b.queue.pop());
    CHECK(b.queue.in_flight() == 2);
    for (u8 i = 0; i < 32; ++i)
        b.data.cpu[i] = i;
    u8 got[40] = {};
    CHECK(b.queue.read(list.readable, 3, got, 40) == 29);
    CHECK(got[0] == 3);
    CHECK(got[28] == 31);
    CHECK(b.queue.write(referred.writable, 30, got, 40) == 2);
    CHECK(b.data.cpu[64 + 31] == 4);
    CHECK(b.log.entries().empty());
}

// [virtio 1.4] Packed / Driver and Device Ring Wrap Counters
TEST_CASE("packed virtqueue: answers bear the marks of their round") {
    for (const u16 size : {u16{3}, u16{5}, u16{8}}) {
        CAPTURE(size);
        bench b(size, false);
        unsigned wrong = 0;
        u32 at = 0;
        bool wrap = true;
        for (u16 i = 0; i < 1000; ++i) {
            const u32 count = 1 + i % 3u;
            wrong += !b.round(i, count);
            wrong += b.get(at, 12) != i;
            wrong += b.get(at, 8) != 7;
            wrong += (b.get(at, 14) & 0x8080) != (wrap ? 0x8080 : 0);
            wrong += (b.get(at, 14) & 2) == 0; // something was written
            at += count;
            if (at >= size) {
                at -= size;
                wrap = !wrap;
            }
        }
        CHECK(wrong == 0);
        CHECK(b.queue.in_flight() == 0);
        CHECK(b.queue.popped() == 1000);
        CHECK(b.queue.returned() == 1000);
        CHECK(b.log.entries().empty());
    }
}

TEST_CASE("packed virtqueue: buffers return in any order, each skipping its own length") {
    bench b(8, false);
    b.offer(1, 3);
    b.offer(2, 1);
    b.offer(3, 2);
    const device_chain first = b.pop();
    const device_chain second = b.pop();
    const device_chain third = b.pop();
    b.queue.push_used(third, 3, 0);
    CHECK(b.get(0, 12) == 3);
    CHECK((b.get(0, 14) & 2) == 0); // nothing was written
    b.queue.push_used(first, 1, 4);
    CHECK(b.get(2, 12) == 1);
    b.queue.push_used(second, 2, 4);
    CHECK(b.get(5, 12) == 2);
    b.queue.push_stale(77, 9);
    CHECK(b.get(6, 12) == 77);
    CHECK(b.log.entries().empty());
}

// [virtio 1.4] Packed / Driver and Device Event Suppression
TEST_CASE("packed virtqueue: interrupts as the driver's event suppression has it") {
    bench b(5, true);
    CHECK(b.round(0, 1)); // enabled
    b.want_interrupt(0, 1);
    CHECK_FALSE(b.round(1, 1));
    b.want_interrupt(0x8000 | 4, 2);
    CHECK_FALSE(b.round(2, 1)); // place 2
    CHECK_FALSE(b.round(3, 1));
    CHECK(b.round(4, 1));
    b.want_interrupt(0x8000 | 1, 2); // of a round that is over
    CHECK_FALSE(b.round(0, 2));
    b.want_interrupt(3, 2);
    CHECK(b.round(1, 2)); // places 2 and 3
    CHECK(b.queue.interrupts_suppressed() == 4);
    CHECK_FALSE(b.queue.take_notification()); // nothing new
    // Several returned between two looks: the place among them counts.
    b.want_interrupt(4, 2);
    for (u16 id : {u16{7}, u16{8}, u16{9}}) {
        b.offer(id, 1);
        const device_chain chain = b.pop();
        b.queue.push_used(chain, id, 0);
    }
    CHECK(b.queue.take_notification());
    CHECK(b.log.entries().empty());
}

TEST_CASE("packed virtqueue: without EVENT_IDX a named place means always, and is a violation") {
    bench b(5, false);
    b.want_interrupt(3, 2);
    CHECK(b.round(0, 1));
    CHECK(b.round(0, 1));
    CHECK(b.log.count(violation::packed_event_flags) == 1);
}

TEST_CASE("packed virtqueue: asks for the next doorbell by place, or by flags alone") {
    bench b(3, true);
    CHECK(driver::get16(b.device_event, 0) == 0x8000);
    CHECK(driver::get16(b.device_event, 2) == 2);
    b.round(0, 2);
    CHECK(driver::get16(b.device_event, 0) == (0x8000 | 2));
    b.round(0, 2);
    CHECK(driver::get16(b.device_event, 0) == 1); // in the next round
    b.queue.want_doorbells(false);
    CHECK(driver::get16(b.device_event, 2) == 1);
    bench plain(3, false);
    CHECK(driver::get16(plain.device_event, 2) == 0);
    plain.queue.want_doorbells(false);
    CHECK(driver::get16(plain.device_event, 2) == 1);
}

// [virtio 1.4] Packed / In-order use of descriptors
TEST_CASE("packed virtqueue: in order, one answer for all that are done") {
    bench b(8, true, true);
    std::vector<device_chain> chains;
    for (u16 id = 0; id < 4; ++id) {
        b.offer(id, 2);
        chains.push_back(b.pop());
    }
    b.want_interrupt(0, 0);
    b.queue.push_used(chains[1], 1, 16);
    b.queue.push_used(chains[2], 2, 5); // not whole: it must have an answer of its own
    CHECK_FALSE(b.queue.take_notification());
    CHECK((b.get(0, 14) & 0x8080) == 0x80); // none of them before the first
    b.queue.push_used(chains[0], 0, 16);
    b.queue.push_used(chains[3], 3, 16);
    CHECK(b.queue.take_notification());
    CHECK(b.get(0, 12) == 2); // for 0, 1 and 2
    CHECK(b.get(0, 8) == 5);
    CHECK(b.get(6, 12) == 3);
    CHECK((b.get(6, 14) & 0x8080) == 0x8080);
    CHECK(b.log.entries().empty());
}

TEST_CASE("packed virtqueue: broken, it stays silent until it is enabled again") {
    bench b(4, true);
    b.put(0, 0x10, 16, 0, 0x80); // no memory there
    CHECK(b.queue.fresh() == 1);
    CHECK_FALSE(b.queue.pop());
    CHECK(b.queue.broken());
    CHECK(b.log.count(violation::buffer_outside_memory) == 1);
    CHECK(b.queue.fresh() == 0);
    b.queue.disable();
    CHECK_FALSE(b.queue.broken());
    CHECK_FALSE(b.queue.enabled());
    queue_setup nowhere{4, {0x1000}, {0x2000}, {0x3000}, true, true};
    b.queue.enable(nowhere);
    CHECK(b.queue.broken());
}

TEST_CASE("packed virtqueue: survives any ring") {
    u32 state = 12345;
    const auto below = [&](u32 n) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return state % n;
    };
    unsigned broken = 0;
    unsigned popped = 0;
    for (u32 seed = 0; seed < 2000; ++seed) {
        bench b(static_cast<u16>(1 + below(9)), seed % 2 == 0, seed % 3 == 0);
        std::vector<device_chain> held;
        for (u32 i = 0; i < 30 && !b.queue.broken(); ++i) {
            const u32 marks[] = {0x80, 0x80, 0x8000, 0};
            b.put(b.next + below(3), b.data.bus.value + below(300), below(20),
                  static_cast<u16>(below(8)), static_cast<u16>(marks[below(4)] | below(8)));
            b.want_interrupt(static_cast<u16>(below(65536)), static_cast<u16>(below(4)));
            if (auto chain = b.queue.pop()) {
                ++popped;
                b.next += static_cast<u32>(chain->own.size());
                held.push_back(std::move(*chain));
            }
            if (!held.empty() && below(2) == 0) {
                const u32 which = below(static_cast<u32>(held.size()));
                b.queue.push_used(held[which], held[which].head, below(20));
                held.erase(held.begin() + which);
            }
            (void)b.queue.take_notification();
        }
        broken += b.queue.broken();
    }
    CHECK(broken > 500);
    CHECK(popped > 300);
}

TEST_CASE("a sound device with packed rings: a request and its answer") {
    driver d(with_packed_queues());
    packed_hand h = packed_control(d);
    REQUIRE(d.device.queue(raw::control).is_packed());
    h.event(h.place(), 2);
    const wire::snd_query_info query{{wire::SND_R_PCM_INFO}, 0, 1, sizeof(wire::snd_pcm_info)};
    const dma_region request = d.memory.allocate(sizeof(query));
    std::memcpy(request.cpu, &query, sizeof(query));
    const raw::part answer = in(d, 4 + sizeof(wire::snd_pcm_info));
    h.expose_table({{request.bus, sizeof(query)}, answer}, 9);
    h.ring();
    CHECK(h.flags(0) == (0x8080 | 2));
    CHECK(h.id(0) == 9);
    u32 code = 0;
    d.memory.read(answer.at, &code, 4);
    CHECK(to_little(code) == wire::SND_S_OK);
    d.device.deliver_interrupts();
    CHECK(d.vectors == std::vector<u32>{0});
    INFO(d.device.violations().report());
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("a sound device takes any size of a packed ring, and powers of 2 of a split one") {
    driver packed(with_packed_queues());
    packed.until_features_ok();
    packed.set(0x16, 2, 0);
    packed.set(0x18, 2, 5);
    CHECK(packed.get(0x18, 2) == 5);
    CHECK(packed.device.violations().entries().empty());
    driver split;
    split.until_features_ok();
    split.set(0x16, 2, 0);
    split.set(0x18, 2, 5);
    CHECK(split.device.violations().count(violation::queue_size_invalid) == 1);
}
