// What is true of Haiku's virtio bus manager, point by point, and so of the simulated one.

#include <doctest/doctest.h>

#include <suite/bare_driver.hpp>
#include <vsnd/wire/virtio.hpp>

namespace {

using namespace suite;
using vsnd::model::violation;
constexpr u64 ms = machine::ms;

u64 seen(kernel& k, violation what) {
    return k.device().violations().count(what);
}

} // namespace

TEST_CASE("bus manager 1: negotiate, read, allocate, set up; nothing may be queued before") {
    kernel k;
    bare_driver d(k);
    d.negotiate();
    u32 streams = 0;
    CHECK(d.bus.read_device_config(d.device(), 4, &streams, 4) == B_OK);
    CHECK(streams == 2);
    d.allocate();
    CHECK((k.bus.device_status() & wire::DEVICE_STATUS_DRIVER_OK) == 0);
    CHECK(d.send(0, 0, 8, 4) == B_OK);
    CHECK(seen(k, violation::doorbell_before_driver_ok) == 1);
    k.hardware.run(100 * ms);
    CHECK_FALSE(d.take(0));
    d.start();
    CHECK((k.bus.device_status() & wire::DEVICE_STATUS_DRIVER_OK) != 0);
    CHECK(d.prepare());
}

TEST_CASE("bus manager 2: at most 8 queues, and the device is never told of a size") {
    kernel k;
    bare_driver d(k);
    d.negotiate();
    virtio_queue many[9];
    CHECK(d.bus.alloc_queues(d.device(), 9, many, nullptr) == B_BAD_VALUE);
    uint16 large[] = {64, 64, 128, 64};
    CHECK(d.bus.alloc_queues(d.device(), 4, many, large) == B_BUFFER_OVERFLOW);
    uint16 small[] = {16, 64, 64, 64};
    d.allocate(small);
    CHECK(d.bus.queue_size(d.queues[0]) == 16);
    CHECK(k.device().registers(0).size == 64);
}

TEST_CASE("bus manager 2: with NULL for the sizes, each queue has what the device offers") {
    kernel k;
    bare_driver d(k);
    d.open();
    for (u32 q = 0; q < 4; ++q) {
        CHECK(d.bus.queue_size(d.queues[q]) == 64);
        CHECK(d.bus.queue_is_empty(d.queues[q]));
        CHECK_FALSE(d.bus.queue_is_full(d.queues[q]));
    }
}

TEST_CASE("bus manager 3: feature bits are agreed on and never reach the device") {
    kernel k(vsnd::model::default_profile());
    bare_driver d(k);
    d.open(u64{1} << wire::SND_F_CTLS);
    CHECK((d.negotiated >> wire::SND_F_CTLS & 1) == 1);
    CHECK(k.device().accepted_features() == 0);
    CHECK(d.prepare());
}

TEST_CASE("bus manager 3: on the bus that could be, they do") {
    kernel k(vsnd::model::default_profile(), true);
    bare_driver d(k);
    d.open(u64{1} << wire::SND_F_CTLS);
    CHECK(d.accepted() == (u64{1} << wire::SND_F_CTLS | u64{1} << wire::F_VERSION_1));
}

TEST_CASE("bus manager 4: EVENT_IDX asks for one interrupt and never for another") {
    kernel k(vsnd::model::default_profile(), true);
    bare_driver d(k);
    d.open(VIRTIO_FEATURE_RING_EVENT_IDX);
    REQUIRE(d.prepare()); // the answers are polled for
    const u32 after_one = d.calls[0];
    CHECK(after_one == 1);
    for (u32 i = 0; i < 10; ++i)
        CHECK(d.ask(wire::SND_R_PCM_PREPARE, 0) == wire::SND_S_OK);
    CHECK(d.calls[0] == after_one);
}

TEST_CASE("bus manager 4: INDIRECT costs an area a place, and the device does not know of it") {
    kernel k;
    bare_driver d(k);
    const usize before = k.space.areas().size();
    d.open(VIRTIO_FEATURE_RING_INDIRECT_DESC);
    CHECK(k.space.areas().size() - before == 4 + 4 * 64);
    CHECK_FALSE(d.prepare());
    CHECK(seen(k, violation::indirect_not_negotiated) != 0);
}

TEST_CASE("bus manager 4: 21 periods of three descriptors are in flight, and no more") {
    kernel k;
    bare_driver d(k);
    d.open();
    REQUIRE(d.prepare());
    for (u32 i = 0; i < 21; ++i)
        CHECK(d.play(i) == B_OK);
    CHECK(d.play(21) == B_BUSY);
    CHECK_FALSE(d.bus.queue_is_full(d.queues[2])); // one place is left
    CHECK(d.ask(wire::SND_R_PCM_RELEASE, 0) == wire::SND_S_OK);
    for (u32 i = 0; i < 21; ++i)
        CHECK(d.take(2));
    CHECK(d.bus.queue_is_empty(d.queues[2]));
}

TEST_CASE("bus manager 5: each request rings; it never waits and takes no memory") {
    kernel k;
    bare_driver d(k);
    d.open();
    REQUIRE(d.prepare());
    const u64 before = k.device().doorbells(2);
    heap_fails_after(0);
    const cpu_status state = disable_interrupts(); // any wait would end the test
    for (u32 i = 0; i < 21; ++i)
        CHECK(d.play(i) == B_OK);
    CHECK(k.device().doorbells(2) == before + 21);
    CHECK(d.play(21) == B_BUSY);
    CHECK(k.device().doorbells(2) == before + 21);
    restore_interrupts(state);
    CHECK(d.bus.queue_request_v(d.queues[2], nullptr, 0, 0, nullptr) == B_BAD_VALUE);
}

TEST_CASE("bus manager 6: there is no lock in it") {
    kernel k;
    bare_driver d(k);
    d.called = [&](u32 queue) {
        while (d.bus.queue_dequeue(d.queues[queue], nullptr, nullptr)) {
        }
    };
    d.open();
    wire::snd_pcm_hdr request{{wire::SND_R_PCM_RELEASE}, 0};
    std::memcpy(d.memory, &request, sizeof(request));
    REQUIRE(d.send(0, 0, sizeof(request), 4) == B_OK);
    k.hardware.run(ms);
    REQUIRE(d.calls[0] == 1);
    // The callback can come in the middle of these.
    CHECK_THROWS_AS(d.send(0, 0, sizeof(request), 4), kernel_panic);
    CHECK_THROWS_AS(d.bus.queue_dequeue(d.queues[0], nullptr, nullptr), kernel_panic);
    CHECK_FALSE(d.take(0));
}

TEST_CASE("bus manager 7: callbacks run in the interrupt, with interrupts off") {
    kernel k;
    bare_driver d(k);
    const sem_id sem = create_sem(0, "news");
    bool checked = false;
    mutex lock = MUTEX_INITIALIZER("test");
    d.called = [&](u32) {
        CHECK(cpu().in_interrupt);
        CHECK(cpu().interrupts_off);
        CHECK_THROWS_AS(mutex_lock(&lock), kernel_panic);
        CHECK(release_sem_etc(sem, 1, B_DO_NOT_RESCHEDULE) == B_OK);
        checked = true;
    };
    d.open();
    wire::snd_pcm_hdr request{{wire::SND_R_PCM_RELEASE}, 0};
    std::memcpy(d.memory, &request, sizeof(request));
    REQUIRE(d.send(0, 0, sizeof(request), 4) == B_OK);
    CHECK_FALSE(checked); // not inside of the doorbell
    CHECK(acquire_sem_etc(sem, 1, B_RELATIVE_TIMEOUT, 100'000) == B_OK);
    CHECK(checked);
    CHECK(delete_sem(sem) == B_OK);
}

TEST_CASE("bus manager 8: with a shared vector, every callback runs on every interrupt") {
    for (const wiring wires : {wiring::pin, wiring::shared, wiring::each}) {
        kernel k;
        k.bus.wires = wires;
        bare_driver d(k);
        d.open();
        CHECK(d.ask(wire::SND_R_PCM_RELEASE, 0) != 0);
        CHECK(d.calls[0] == 1);
        for (u32 q = 1; q < 4; ++q)
            CHECK(d.calls[q] == (wires == wiring::each ? 0 : 1));
        k.bus.faults.spurious = true;
        k.hardware.run(10 * ms);
        for (u32 q = 0; q < 4; ++q)
            CHECK(d.calls[q] >= 10);
    }
}

TEST_CASE("bus manager 9: what comes between the callback and its end is never announced") {
    kernel k;
    k.bus.wires = wiring::each;
    bare_driver d(k);
    d.open();
    REQUIRE(d.prepare());
    u32 taken = 0;
    d.called = [&](u32 queue) {
        while (queue == 2 && d.bus.queue_dequeue(d.queues[queue], nullptr, nullptr))
            ++taken;
    };
    k.bus.faults.lost_queue = 2;
    k.bus.faults.lost_from = k.bus.callbacks(2);
    k.bus.faults.lost_times = 1;
    k.bus.faults.lost_ns = 200 * ms;
    for (u32 i = 0; i < 10; ++i) // two of QEMU's ticks and more
        REQUIRE(d.play(i) == B_OK);
    REQUIRE(d.ask(wire::SND_R_PCM_START, 0) == wire::SND_S_OK);
    k.hardware.run(500 * ms);
    CHECK(d.calls[2] == 1);
    CHECK(taken >= 1);
    CHECK(taken < 10);
    // It is there, for whoever looks.
    while (d.take(2))
        ++taken;
    CHECK(taken == 10);
}

TEST_CASE("bus manager 10: a completion is a cookie and a length; an id made up is the end") {
    kernel k;
    bare_driver d(k);
    d.open();
    REQUIRE(d.prepare());
    REQUIRE(d.play(3) == B_OK);
    REQUIRE(d.ask(wire::SND_R_PCM_RELEASE, 0) == wire::SND_S_OK);
    void* cookie = nullptr;
    u32 used = 0;
    CHECK(d.take(2, &cookie, &used));
    CHECK(cookie == d.memory + 3 * (4 + bare_driver::period + 8));
    CHECK(used == 8);
    for (const u32 id : {40u, 64u, 0xffff'ffffu}) {
        k.device().faults().used.push_back({0, 1, true, id});
        CHECK_THROWS_AS((void)d.ask(wire::SND_R_PCM_RELEASE, 0), kernel_panic);
        cpu() = {};
    }
}

TEST_CASE("bus manager 11: the configuration is read as it comes, at an offset of 8 bits") {
    kernel k;
    bare_driver d(k);
    d.negotiate();
    u8 bytes[8];
    CHECK(d.bus.read_device_config(d.device(), 4, bytes, 7) == B_OK);
    CHECK(bytes[0] == 2);
    CHECK(bytes[4] == 0);
    static_assert(sizeof(uint8) == 1);
    CHECK_THROWS_AS((void)d.bus.write_device_config(d.device(), 0, bytes, 4), kernel_panic);
    d.allocate();
    d.start();
    CHECK(seen(k, violation::config_generation_not_checked) == 1);
}

TEST_CASE("bus manager 12: the rings are freed while the device still has them") {
    kernel k;
    bare_driver d(k);
    d.open();
    REQUIRE(d.prepare());
    for (u32 i = 0; i < 10; ++i)
        REQUIRE(d.play(i) == B_OK);
    REQUIRE(d.ask(wire::SND_R_PCM_START, 0) == wire::SND_S_OK);
    k.hardware.run(9 * ms); // a millisecond before the next tick
    CHECK(d.bus.free_interrupts(d.device()) == B_OK);
    CHECK((k.bus.device_status() & wire::DEVICE_STATUS_DRIVER_OK) != 0);
    const u32 calls = d.calls[2];
    d.bus.free_queues(d.device());
    CHECK(d.calls[2] == calls);
    CHECK(seen(k, violation::buffer_outside_memory) != 0);
    CHECK((k.bus.device_status() & wire::DEVICE_STATUS_DRIVER_OK) == 0);
}

TEST_CASE("bus manager 12: drained first, nothing happens; and it can all be set up again") {
    kernel k;
    bare_driver d(k);
    d.open();
    REQUIRE(d.prepare());
    REQUIRE(d.play(0) == B_OK);
    REQUIRE(d.ask(wire::SND_R_PCM_RELEASE, 0) == wire::SND_S_OK);
    CHECK(d.take(2));
    d.free();
    CHECK(seen(k, violation::buffer_outside_memory) == 0);
    CHECK(k.complaints() == "");
    d.open();
    CHECK(d.prepare());
}

TEST_CASE("bus manager 13: of a device that needs a reset nobody is told") {
    kernel k;
    bare_driver d(k);
    d.open();
    k.device().set_needs_reset();
    k.hardware.run(ms);
    // Somebody calls; what about cannot be asked.
    CHECK(d.config_calls == 1);
    CHECK(d.send(0, 0, 8, 4) == B_OK);
    const driver_module_info& info = d.bus.info;
    CHECK((info.device_removed == nullptr));
}

TEST_CASE("bus manager 14: the node says virtio, sound; its parent's driver is the interface") {
    kernel k;
    const device_manager_info& m = device_manager::functions();
    device_node* const sound = &k.nodes.sound();
    const char* bus = nullptr;
    CHECK(m.get_attr_string(sound, B_DEVICE_BUS, &bus, false) == B_OK);
    CHECK(std::string(bus) == "virtio");
    uint16 type = 0;
    CHECK(m.get_attr_uint16(sound, VIRTIO_DEVICE_TYPE_ITEM, &type, true) == B_OK);
    CHECK(type == 25);
    device_node own;
    own.parent = sound;
    device_node* const parent = m.get_parent_node(&own);
    CHECK(parent == sound);
    driver_module_info* driver = nullptr;
    void* cookie = nullptr;
    CHECK(m.get_driver(parent, &driver, &cookie) == B_OK);
    CHECK((driver == &virtio_bus::functions().info));
    CHECK(cookie == &k.bus);
    CHECK(k.nodes.references_kept() == 1);
    m.put_node(parent);
    CHECK(k.nodes.references_kept() == 0);
    // It is scanned for, and what it publishes is what a scan finds.
    CHECK(k.nodes.devices().empty());
    REQUIRE(k.nodes.probe() == B_OK);
    REQUIRE(k.nodes.devices().size() == 1);
    CHECK(k.path() == "audio/hmulti/virtio_sound/0");
    k.nodes.remove();
}
