// The model device behind its registers over MMIO.
// [virtio 1.4] MMIO Device Register Layout

#include <doctest/doctest.h>

#include "bad_mmio.hpp"

using namespace vsnd;
using namespace vsnd::model;
using bad::mmio_driver;

TEST_CASE("the registers over MMIO are those of a modern sound device") {
    mmio_driver d;
    CHECK(d.get(wire::MMIO_MAGIC_VALUE) == 0x74726976);
    CHECK(d.get(wire::MMIO_VERSION) == 2);
    CHECK(d.get(wire::MMIO_DEVICE_ID) == 25);
    d.up();
    CHECK(d.device.live());
    CHECK(d.device.features() == d.device.offered_features());
    for (u32 q = 0; q < 4; ++q) {
        CHECK(d.device.queue(q).enabled());
        CHECK(d.device.registers(q).address[0] == d.queues[q].desc.bus.value);
        CHECK(d.device.registers(q).address[1] == d.queues[q].avail.bus.value);
        CHECK(d.device.registers(q).address[2] == d.queues[q].used.bus.value);
    }
    d.get(wire::MMIO_CONFIG_GENERATION);
    CHECK(d.get(wire::MMIO_CONFIG + 4) == d.device.stream_count());
    d.set(wire::MMIO_QUEUE_SEL, 9);
    CHECK(d.get(wire::MMIO_QUEUE_SIZE_MAX) == 0); // there is no such queue
    CHECK(d.get(wire::MMIO_QUEUE_READY) == 0);
    CHECK(d.device.violations().report() == "");
}

// Upon reset, the device clears all bits in InterruptStatus and all ready bits.
TEST_CASE("a reset over MMIO clears interrupt status, ready bits and selections") {
    mmio_driver d;
    d.up();
    d.hear_of_change();
    CHECK(d.get(wire::MMIO_INTERRUPT_STATUS) == wire::MMIO_INTERRUPT_CONFIG);
    d.set(wire::MMIO_STATUS, 0);
    CHECK(d.get(wire::MMIO_INTERRUPT_STATUS) == 0);
    for (u32 q = 0; q < 4; ++q) {
        d.set(wire::MMIO_QUEUE_SEL, q);
        CHECK(d.get(wire::MMIO_QUEUE_READY) == 0);
    }
    d.get(wire::MMIO_DEVICE_FEATURES);
    CHECK(d.device.violations().count(violation::mmio_features_not_selected) == 1);
}

TEST_CASE("the line over MMIO stays up until the driver acknowledges") {
    mmio_driver d;
    u32 seen = 0;
    d.mmio.on_irq = [&] { seen = d.get(wire::MMIO_INTERRUPT_STATUS); };
    d.up();
    d.hear_of_change();
    CHECK(seen == wire::MMIO_INTERRUPT_CONFIG);
    CHECK(d.mmio.line_is_up());
    d.set(wire::MMIO_INTERRUPT_ACK, wire::MMIO_INTERRUPT_QUEUE); // the other one
    CHECK(d.mmio.line_is_up());
    d.set(wire::MMIO_INTERRUPT_ACK, wire::MMIO_INTERRUPT_CONFIG);
    CHECK_FALSE(d.mmio.line_is_up());
    CHECK(d.device.violations().report() == "");
}

// [virtio 1.4] To stop using the queue the driver MUST write zero to QueueReady and read it back
TEST_CASE("a queue can be stopped over MMIO and set up again") {
    mmio_driver d;
    d.up();
    d.set(wire::MMIO_QUEUE_SEL, 2);
    d.set(wire::MMIO_QUEUE_READY, 0);
    CHECK(d.get(wire::MMIO_QUEUE_READY) == 0);
    CHECK_FALSE(d.device.queue(2).enabled());
    d.queue_up(2);
    CHECK(d.device.queue(2).enabled());
    d.set(wire::MMIO_QUEUE_READY, 0);
    d.set(wire::MMIO_STATUS, 0); // a reset serves as well
    CHECK(d.get(wire::MMIO_STATUS) == 0);
    CHECK(d.device.violations().report() == "");
}

TEST_CASE("a device over MMIO that is gone reads as all ones and hears nothing") {
    mmio_driver d;
    d.up();
    d.device.faults().gone = true;
    CHECK(d.get(wire::MMIO_STATUS) == 0xffff'ffff);
    CHECK(d.mmio.read(wire::MMIO_CONFIG, 1) == 0xff);
    d.set(wire::MMIO_STATUS, 0);
    CHECK(d.device.resets() == 1);
    CHECK(d.device.violations().report() == "");
}
