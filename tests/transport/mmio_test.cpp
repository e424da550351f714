// The MMIO device port on the model device: the way up, the way down, interrupts, and sound.
// [virtio 1.4] Virtio Over MMIO

#include <doctest/doctest.h>

#include <support/mmio_model_kernel.hpp>
#include <vsnd/ring/packed_queue.hpp>
#include <vsnd/transport/mmio.hpp>

#include "mmio_machine.hpp"

using namespace vsnd;
using namespace support;

namespace {

static_assert(device_port<mmio_port>);
static_assert(handshake_registers<mmio_registers<mmio_model_kernel>>);

// No constructor runs: small kernels run none.
constinit mmio_device<mmio_model_kernel> constant_initialised;

struct demanding : ring_policy {
    static constexpr choice event_idx = choice::always;
    static constexpr choice indirect = choice::never;
};

struct talkative : ring_policy {
    static constexpr choice notification_data = choice::negotiated;
};

constexpr u64 controls = u64{1} << wire::SND_F_CTLS;
constexpr u64 ring_bits = feature(wire::F_INDIRECT_DESC) | feature(wire::F_EVENT_IDX);
constexpr u64 version_1 = feature(wire::F_VERSION_1);

} // namespace

// [virtio 1.4] Virtio Over MMIO / Device Initialization, driver 4
TEST_CASE("mmio: the device comes up as the specification orders, and no clause is broken") {
    mmio_machine m;
    REQUIRE(m.bring_up() == status_code::ok);
    CHECK(m.kernel.device.live());
    CHECK(m.port.features() == (version_1 | ring_bits));
    CHECK(m.kernel.device.features() == m.port.features());
    for (u32 i = 0; i < 4; ++i)
        CHECK(m.kernel.device.queue(i).enabled());
    CHECK(m.port.stop() == status_code::ok);
    CHECK(m.kernel.device.read_status() == 0);
    CHECK(m.kernel.written(wire::MMIO_STATUS) == std::vector<u32>{0, 1, 3, 0x0b, 0x0f, 0});
    CHECK(m.report() == "");
}

// Also only registers that there are, in their direction: the model would have said so.
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 1
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 2
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 3
// [virtio 1.4] Virtio Over MMIO / Device Initialization, driver 3
TEST_CASE("mmio: every access is of 32 bits, aligned, the configuration's too") {
    mmio_machine m;
    REQUIRE(m.bring_up() == status_code::ok);
    u8 bytes[5];
    REQUIRE(ok(m.port.read_config(3, bytes)));
    m.queues[0]->ring();
    m.port.interrupt();
    REQUIRE(m.kernel.record.size() > 60);
    for (const auto& a : m.kernel.record) {
        CHECK(a.bytes == 4);
        CHECK(a.offset % 4 == 0);
        CHECK(a.offset + 4 <= 0x110);
        const bool shared_memory = a.offset >= wire::MMIO_SHM_SEL && a.offset < 0x0c0;
        CHECK_FALSE(shared_memory);
    }
    CHECK(m.kernel.device.violations().clean());
}

// [virtio 1.4] Virtio Over MMIO / Device Initialization, driver 1
// [virtio 1.4] Virtio Over MMIO / Device Initialization, driver 2
TEST_CASE("mmio: magic, version and device id are read first, at each negotiation") {
    mmio_machine m;
    for (int round = 0; round < 2; ++round) {
        m.kernel.record.clear();
        REQUIRE(m.bring_up() == status_code::ok);
        for (u32 i = 0; i < 3; ++i) {
            CHECK_FALSE(m.kernel.record[i].write);
            CHECK(m.kernel.record[i].offset == 4 * i);
        }
        CHECK(m.kernel.record[3].write);
        CHECK(m.kernel.record[3].offset == wire::MMIO_STATUS);
    }
    CHECK(m.kernel.maps == 1);
}

// [virtio 1.4] MMIO-specific Initialization And Device Operation / Virtqueue Configuration
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 9
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 10
TEST_CASE("mmio: a queue is found unused, sized, addressed, made ready and read back") {
    mmio_machine m(with_queue_size(2, 256));
    REQUIRE(ok(m.port.negotiate(0).code()));
    m.kernel.record.clear();
    const auto q = m.port.queue(2);
    REQUIRE(q.ok());
    const auto& r = m.kernel.device.registers(2);
    CHECK(r.size == 64); // of 256
    CHECK(r.enabled);
    CHECK(r.address[0] == q.value()->addresses().descriptors.value);
    CHECK(r.address[1] == q.value()->addresses().driver_area.value);
    CHECK(r.address[2] == q.value()->addresses().device_area.value);
    CHECK(r.address[0] > 0xffff'ffff); // both halves were written
    const std::vector<std::pair<bool, u64>> order = {
        {true, wire::MMIO_QUEUE_SEL},        {false, wire::MMIO_QUEUE_READY},
        {false, wire::MMIO_QUEUE_SIZE_MAX},  {true, wire::MMIO_QUEUE_SIZE},
        {true, wire::MMIO_QUEUE_DESC_LOW},   {true, wire::MMIO_QUEUE_DESC_HIGH},
        {true, wire::MMIO_QUEUE_DRIVER_LOW}, {true, wire::MMIO_QUEUE_DRIVER_HIGH},
        {true, wire::MMIO_QUEUE_DEVICE_LOW}, {true, wire::MMIO_QUEUE_DEVICE_HIGH},
        {true, wire::MMIO_QUEUE_READY},      {false, wire::MMIO_QUEUE_READY}};
    std::vector<std::pair<bool, u64>> seen;
    for (const auto& a : m.kernel.record)
        seen.emplace_back(a.write, a.offset);
    CHECK(seen == order);
}

TEST_CASE("mmio: queues keep their memory over a reset, and small ones are taken as they are") {
    mmio_machine m(with_queue_size(2, 4));
    for (int round = 0; round < 3; ++round) {
        REQUIRE(m.bring_up() == status_code::ok);
        CHECK(m.kernel.device.registers(2).size == 4);
        CHECK(m.port.queue(0).code() == status_code::wrong_state);
        REQUIRE(ok(m.port.stop()));
    }
    CHECK(m.kernel.dma_requests == 4);
    CHECK(m.report() == "");
}

// [virtio 1.4] Feature Bits: accept nothing that was not offered, or is not understood
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 7
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 8
TEST_CASE("mmio: only what was wanted and offered is accepted") {
    auto profile = model::default_profile();
    profile.extra_features = ~u64{0} & ~(ring_bits | version_1 | controls);
    // What a transport takes wherever it is offered.
    constexpr u64 own = feature(wire::F_ACCESS_PLATFORM) | feature(wire::F_ORDER_PLATFORM) |
                        feature(wire::F_SUSPEND);
    mmio_machine m(profile);
    REQUIRE(m.bring_up(0x2) == status_code::ok);
    CHECK(m.port.features() == (version_1 | ring_bits | own | 0x2));
    for (usize i = 0; i < m.kernel.record.size(); ++i) {
        const u64 at = m.kernel.record[i].offset;
        if (at != wire::MMIO_DEVICE_FEATURES && at != wire::MMIO_DRIVER_FEATURES) continue;
        CHECK(m.kernel.record[i - 1].write); // the word is chosen each time
        CHECK(m.kernel.record[i - 1].offset == at + 4);
    }
    CHECK(m.kernel.written(wire::MMIO_DEVICE_FEATURES_SEL) == std::vector<u32>{0, 1});
    CHECK(m.kernel.written(wire::MMIO_DRIVER_FEATURES_SEL) == std::vector<u32>{0, 1});
    profile.event_idx = profile.indirect = profile.controls_feature = false;
    profile.extra_features = 0;
    mmio_machine poor(profile);
    REQUIRE(poor.bring_up(controls) == status_code::ok);
    CHECK(poor.port.features() == version_1);
    CHECK(poor.report() == "");
    mmio_model_kernel kernel(profile);
    mmio_device<mmio_model_kernel, demanding> port;
    port.init(kernel);
    CHECK(port.negotiate(0).code() == status_code::not_available);
    CHECK(kernel.device.read_status() == 0);
}

// [virtio 1.4] MMIO-specific Initialization And Device Operation / Available Buffer Notifications
TEST_CASE("mmio: a doorbell is the queue's index, written to QueueNotify") {
    mmio_machine m;
    REQUIRE(m.bring_up() == status_code::ok);
    for (u32 i = 0; i < 4; ++i) {
        const u64 before = m.kernel.device.doorbells(i);
        m.queues[i]->ring();
        CHECK(m.kernel.device.doorbells(i) == before + 1);
        CHECK(m.kernel.record.back().offset == wire::MMIO_QUEUE_NOTIFY);
        CHECK(m.kernel.record.back().value == i);
    }
    CHECK(m.kernel.device.violations().clean());
}

// [virtio 1.4] Packed Virtqueues: any size; and the notification data with NOTIFICATION_DATA
TEST_CASE("mmio: packed rings are demanded, sized as offered, and rung with their place") {
    using packed_port = mmio_device<mmio_model_kernel, talkative, packed_queue>;
    mmio_model_kernel split_only;
    packed_port refused;
    refused.init(split_only);
    CHECK(refused.negotiate(0).code() == status_code::not_available);

    auto profile = with_queue_size(2, 7);
    profile.packed = true;
    profile.extra_features = feature(wire::F_NOTIFICATION_DATA);
    mmio_model_kernel kernel(profile);
    packed_port port;
    port.init(kernel);
    REQUIRE(ok(port.negotiate(0).code()));
    CHECK((port.features() & feature(wire::F_RING_PACKED)) != 0);
    const auto q = port.queue(2);
    REQUIRE(q.ok());
    CHECK(q.value()->size() == 7);
    CHECK(kernel.device.registers(2).size == 7);
    CHECK(kernel.device.registers(2).enabled);
    CHECK(kernel.device.violations().report() == "");
    q.value()->ring();
    CHECK(kernel.record.back().offset == wire::MMIO_QUEUE_NOTIFY);
    CHECK(kernel.record.back().value == (0x8000'0000 | 2)); // the first place, wrap counter 1
}

// [virtio 1.4] Device Configuration Space
TEST_CASE("mmio: the configuration is read by whole fields, any part of it, up to its end") {
    mmio_machine m;
    u8 bytes[17];
    CHECK(m.port.read_config(0, {bytes, 12}) == status_code::wrong_state);
    REQUIRE(ok(m.port.negotiate(0).code()));
    REQUIRE(m.port.read_config(0, {bytes, 12}) == status_code::ok);
    const u8 expected[12] = {2, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0}; // jacks, streams, chmaps
    CHECK(std::vector<u8>(bytes, bytes + 12) == std::vector<u8>(expected, expected + 12));
    u8 part[6];
    REQUIRE(m.port.read_config(3, part) == status_code::ok);
    CHECK(std::vector<u8>(part, part + 6) == std::vector<u8>(expected + 3, expected + 9));
    CHECK(m.report() == "");
    const u64 accesses = m.kernel.accesses;
    CHECK(m.port.read_config(0, bytes) == status_code::not_available);
    CHECK(m.port.read_config(16, {bytes, 1}) == status_code::not_available);
    CHECK(m.port.read_config(~u32{0}, {bytes, 4}) == status_code::not_available);
    CHECK(m.kernel.accesses == accesses);
}

// [virtio 1.4] MMIO Device Register Layout: if the values of ConfigGeneration are different, the
// accesses were not atomic and the driver has to perform the operations again
TEST_CASE("mmio: a configuration that changes meanwhile is read again, but not for ever") {
    mmio_machine m;
    REQUIRE(ok(m.port.negotiate(0).code()));
    int changes = 2;
    m.kernel.meddle = [&](u64 offset, u32 value) {
        if (offset == wire::MMIO_CONFIG && changes-- > 0) m.kernel.device.set_config(7, 8, 9, 0);
        return value;
    };
    u8 bytes[12];
    REQUIRE(ok(m.port.read_config(0, bytes)));
    CHECK(bytes[0] == 7);
    CHECK(bytes[4] == 8);
    CHECK(m.port.counters().config_retries == 2);
    u32 generation = 0;
    m.kernel.meddle = [&](u64 offset, u32 value) {
        return offset == wire::MMIO_CONFIG_GENERATION ? ++generation : value;
    };
    CHECK(m.port.read_config(0, bytes) == status_code::device_broken);
    CHECK(m.kernel.accesses < 300);
    m.kernel.meddle = [](u64 offset, u32 value) {
        return offset == wire::MMIO_CONFIG_GENERATION ? ~u32{0} : value;
    };
    CHECK(m.port.read_config(0, bytes) == status_code::ok); // no sign of absence by itself
}

// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 12
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 13
// [virtio 1.4] Virtio Over MMIO / Notifications From The Device, driver 1
// [virtio 1.4] Virtio Over MMIO / Notifications From The Device, driver 3
TEST_CASE("mmio: an interrupt is looked at, acknowledged, and told by its cause") {
    mmio_machine m;
    CHECK_FALSE(m.port.interrupt().any()); // before the device was found
    REQUIRE(m.bring_up() == status_code::ok);
    CHECK_FALSE(m.port.interrupt().any()); // another device's
    CHECK(m.kernel.written(wire::MMIO_INTERRUPT_ACK).empty());
    std::vector<interrupt_cause> causes;
    m.kernel.mmio.on_irq = [&] { causes.push_back(m.port.interrupt()); };
    m.kernel.device.set_config(1, 1, 1, 0);
    m.kernel.device.advance(1);
    REQUIRE(causes.size() == 1);
    CHECK(causes[0].config_change);
    CHECK_FALSE(causes[0].queue);
    CHECK_FALSE(m.kernel.mmio.line_is_up());
    // MMIO Device Register Layout: ignore undefined bits, and never acknowledge one
    m.kernel.device.set_config(2, 2, 2, 0);
    m.kernel.mmio.add_undefined_interrupt_bits(~u32{0} << 8);
    m.kernel.device.advance(1);
    REQUIRE(causes.size() == 2);
    CHECK(causes[1].config_change);
    CHECK(m.kernel.written(wire::MMIO_INTERRUPT_ACK) == std::vector<u32>{2, 2});
    CHECK(m.report() == "");
}

TEST_CASE("mmio: a stop is legal at any time, and a second negotiation starts afresh") {
    mmio_machine m;
    mmio_port fresh;
    CHECK(fresh.stop() == status_code::ok);
    CHECK(fresh.negotiate(0).code() == status_code::wrong_state);
    CHECK(fresh.start() == status_code::wrong_state);
    CHECK(fresh.queue(0).code() == status_code::wrong_state);
    CHECK_FALSE(fresh.needs_reset());
    CHECK(m.port.stop() == status_code::ok);
    REQUIRE(ok(m.port.negotiate(0).code()));
    CHECK(m.port.queue(4).code() == status_code::invalid_argument);
    CHECK(m.port.stop() == status_code::ok);
    CHECK(m.port.start() == status_code::wrong_state);
    CHECK(m.bring_up() == status_code::ok);
    CHECK(m.bring_up() == status_code::ok); // without a stop: negotiate begins with a reset
    CHECK_FALSE(needs_reset(m.port));
    m.kernel.device.set_needs_reset();
    CHECK(needs_reset(m.port));
    CHECK(m.report() == "");
    CHECK(constant_initialised.features() == 0);
}
