// The PCI device port on the model device: the way up, the way down, and every way to fail.
// [virtio 1.4] Virtio Over PCI Bus

#include <doctest/doctest.h>

#include <support/model_kernel.hpp>
#include <vsnd/transport/pci.hpp>

using namespace vsnd;
using support::model_kernel;

namespace {

using port_type = pci_device<model_kernel>;
static_assert(device_port<port_type>);

// No constructor runs: small kernels run none.
constinit pci_device<model_kernel> constant_initialised;

struct demanding : ring_policy {
    static constexpr choice event_idx = choice::always;
    static constexpr choice indirect = choice::never;
};

constexpr u64 controls = u64{1} << wire::SND_F_CTLS;
constexpr u64 ring_bits = feature(wire::F_INDIRECT_DESC) | feature(wire::F_EVENT_IDX);
constexpr u64 version_1 = feature(wire::F_VERSION_1);

struct machine {
    explicit machine(model::device_profile profile = model::default_profile(),
                     const model::pci_layout& layout = {},
                     const interrupt_setup& interrupts = model_kernel::messages(2))
        : kernel(std::move(profile), layout) {
        kernel.ns_per_look = 1'000'000;
        port.init(kernel, interrupts);
    }
    // Everything up to the first step that fails.
    status_code bring_up(u64 wanted = controls) {
        const auto features = port.negotiate(wanted);
        if (!features) return features.code();
        for (u32 i = 0; i < port_type::queue_count; ++i)
            if (const auto q = port.queue(i); !q) return q.code();
        return port.start();
    }
    u8 device_status() { return kernel.device.read_status(); }

    model_kernel kernel;
    port_type port;
};

model::device_profile with_queue(u32 index, u16 size) {
    auto p = model::default_profile();
    p.queue_sizes[index] = size;
    return p;
}

} // namespace

TEST_CASE("pci: the device comes up as the specification orders, and no clause is broken") {
    machine m;
    REQUIRE(m.bring_up() == status_code::ok);
    CHECK(m.kernel.device.live());
    CHECK(m.device_status() == 0x0f);
    CHECK(m.port.features() == (version_1 | ring_bits | controls));
    CHECK(m.kernel.device.features() == m.port.features());
    for (u32 i = 0; i < 4; ++i)
        CHECK(m.kernel.device.queue(i).enabled());
    CHECK(m.kernel.device.violations().report() == "");
    CHECK(m.port.stop() == status_code::ok);
    CHECK(m.device_status() == 0);
    CHECK(m.kernel.device.violations().report() == "");
}

// [virtio 1.4] Device Initialization: reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK and its
// reading back, device-specific set-up, DRIVER_OK.
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Status Field, driver 1
// [virtio 1.4] General Initialization And Device Operation / Device Initialization, driver 1
TEST_CASE("pci: the status register is written in exactly these steps") {
    machine m;
    m.kernel.recording = true;
    REQUIRE(m.bring_up() == status_code::ok);
    std::vector<u32> steps;
    u32 last_read = 0xff;
    bool read_since_features_ok = false;
    for (const auto& a : m.kernel.record) {
        if (a.bar != model::pci_place::structures_bar || a.offset != 0x14) continue;
        if (a.write) {
            if (a.value == 1) CHECK(last_read == 0); // the reset was awaited
            if (a.value == 0x0f) CHECK(read_since_features_ok);
            read_since_features_ok = false;
            steps.push_back(a.value);
        } else {
            last_read = a.value;
            read_since_features_ok = read_since_features_ok || a.value == 0x0b;
        }
    }
    CHECK(steps == std::vector<u32>{0x00, 0x01, 0x03, 0x0b, 0x0f});
}

// [virtio 1.4] Feature Bits: accept nothing that was not offered, is not understood, or is
// reserved. The driver MUST NOT fail solely because a feature it does not understand is offered.
// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 1
// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 3
// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 5
TEST_CASE("pci: only what was wanted and offered is accepted, whatever else there is") {
    auto profile = model::default_profile();
    profile.extra_features = ~u64{0} & ~(ring_bits | version_1 | controls);
    profile.controls_feature = true;
    // What a transport takes wherever it is offered.
    constexpr u64 own = feature(wire::F_ACCESS_PLATFORM) | feature(wire::F_ORDER_PLATFORM) |
                        feature(wire::F_NOTIF_CONFIG_DATA) | feature(wire::F_SUSPEND);
    machine m(profile);
    REQUIRE(m.bring_up(~u64{0} & 0x3) == status_code::ok); // bit 1 is offered, and wanted
    CHECK(m.port.features() == (version_1 | ring_bits | own | 0x3));
    REQUIRE(ok(m.port.stop()));
    REQUIRE(m.bring_up(0) == status_code::ok);
    CHECK(m.port.features() == (version_1 | ring_bits | own));
    REQUIRE(ok(m.port.stop()));
    // Bits beyond those of the device type are the transport's own business.
    REQUIRE(m.bring_up(~u64{0} << 24 | controls) == status_code::ok);
    CHECK(m.port.features() == (version_1 | ring_bits | own | controls));
}

// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 4
TEST_CASE("pci: a device with neither EVENT_IDX nor INDIRECT_DESC nor controls serves too") {
    auto profile = model::default_profile();
    profile.event_idx = profile.indirect = profile.controls_feature = false;
    machine m(profile);
    REQUIRE(m.bring_up() == status_code::ok);
    CHECK(m.port.features() == version_1);
    CHECK(m.kernel.device.violations().report() == "");
}

// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 2
TEST_CASE("pci: a policy that demands a ring feature gets it or a typed refusal") {
    for (const bool offered : {true, false}) {
        CAPTURE(offered);
        auto profile = model::default_profile();
        profile.event_idx = offered;
        model_kernel kernel(profile);
        pci_device<model_kernel, demanding> port;
        port.init(kernel);
        const auto answer = port.negotiate(0);
        CHECK(answer.code() == (offered ? status_code::ok : status_code::not_available));
        if (offered) CHECK(answer.value() == (version_1 | feature(wire::F_EVENT_IDX)));
        CHECK(kernel.device.read_status() == (offered ? 0x0b : 0));
    }
}

// [virtio 1.4] Virtqueue Configuration
// [virtio 1.4] Virtio Over PCI Bus / PCI Device Layout, driver 2
TEST_CASE("pci: queues get their size and their addresses, and keep their memory") {
    machine m(with_queue(2, 256));
    for (int round = 0; round < 3; ++round) {
        CAPTURE(round);
        REQUIRE(ok(m.port.negotiate(0).code()));
        for (u32 i = 0; i < 4; ++i) {
            const auto q = m.port.queue(i);
            REQUIRE(q.ok());
            const auto& r = m.kernel.device.registers(i);
            CHECK(r.size == 64); // 256 was reduced, and written back
            CHECK(r.enabled);
            CHECK(r.address[0] == q.value()->addresses().descriptors.value);
            CHECK(r.address[1] == q.value()->addresses().driver_area.value);
            CHECK(r.address[2] == q.value()->addresses().device_area.value);
            CHECK(r.address[0] > 0xffff'ffff); // both halves were written
        }
        REQUIRE(ok(m.port.start()));
        CHECK(m.port.queue(0).code() == status_code::wrong_state);
        REQUIRE(ok(m.port.stop()));
    }
    CHECK(m.kernel.dma_requests == 4);
    CHECK(m.kernel.device.violations().report() == "");
}

TEST_CASE("pci: smaller queues are taken as they are, down to four") {
    machine m(with_queue(2, 4));
    REQUIRE(ok(m.port.negotiate(0).code()));
    CHECK(m.port.queue(2).value()->size() == 4);
    CHECK(m.kernel.device.registers(2).size == 4);
}

// [virtio 1.4] Notification structure layout: cap.offset + queue_notify_off * multiplier.
// [virtio 1.4] Available Buffer Notifications: the 16-bit index of the queue.
// [virtio 1.4] Virtio Over PCI Bus / Available Buffer Notifications, driver 1
// [virtio 1.4] Virtio Over PCI Bus / Available Buffer Notifications, driver 3
TEST_CASE("pci: each queue's doorbell is where its notify offset says") {
    for (const u32 multiplier : {0U, 2U, 4U, 512U}) {
        CAPTURE(multiplier);
        machine m(model::default_profile(), {.notify_multiplier = multiplier});
        REQUIRE(ok(m.port.negotiate(0).code()));
        port_type::queue_type* queues[4];
        for (u32 i = 0; i < 4; ++i) {
            const auto q = m.port.queue(i);
            REQUIRE(q.ok());
            queues[i] = q.value();
        }
        REQUIRE(ok(m.port.start()));
        for (u32 i = 0; i < 4; ++i) {
            const u64 before = m.kernel.device.doorbells(i);
            queues[i]->ring();
            CHECK(m.kernel.device.doorbells(i) == before + 1);
        }
        CHECK(m.kernel.device.violations().count(model::violation::doorbell_value) == 0);
        CHECK(m.kernel.device.violations().count(model::violation::doorbell_width) == 0);
        CHECK(m.kernel.device.violations().count(model::violation::register_outside) == 0);
    }
}

TEST_CASE("pci: the command register lets the device work before it goes live") {
    using namespace wire::pci_config;
    for (const auto& setup :
         {interrupt_setup::polled(), interrupt_setup::intx(), model_kernel::messages(1)}) {
        machine m(model::default_profile(), {}, setup);
        m.kernel.pci_write(command, 2, command_intx_disable | 0x0100); // as firmware left it
        REQUIRE(m.bring_up() == status_code::ok);
        const u32 now = m.kernel.pci_read(command, 2);
        CHECK((now & command_memory_space) != 0);
        CHECK((now & command_bus_master) != 0);
        CHECK((now & 0x0100) != 0); // not ours
        CHECK(((now & command_intx_disable) == 0) == (setup.how == interrupt_setup::kind::intx));
    }
}

// [virtio 1.4] Device Configuration Space
TEST_CASE("pci: the configuration is read by whole fields, any part of it") {
    machine m;
    u8 bytes[12];
    CHECK(m.port.read_config(0, bytes) == status_code::wrong_state);
    REQUIRE(ok(m.port.negotiate(0).code()));
    REQUIRE(m.port.read_config(0, bytes) == status_code::ok);
    const u8 expected[12] = {2, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0}; // jacks, streams, chmaps
    CHECK(std::vector<u8>(bytes, bytes + 12) == std::vector<u8>(expected, expected + 12));
    u8 part[6];
    REQUIRE(m.port.read_config(3, part) == status_code::ok);
    CHECK(std::vector<u8>(part, part + 6) == std::vector<u8>(expected + 3, expected + 9));
    CHECK(m.port.read_config(0, {}) == status_code::ok);
    CHECK(m.kernel.device.violations().report() == "");
}

// [virtio 1.4] Basic Facilities of a Virtio Device / Device Configuration Space, driver 4
TEST_CASE("pci: what lies beyond the end of the configuration is not available") {
    auto profile = model::default_profile();
    profile.config_bytes = 12; // from before the control elements
    machine m(profile);
    REQUIRE(ok(m.port.negotiate(0).code()));
    u8 bytes[16] = {};
    CHECK(m.port.read_config(0, {bytes, 12}) == status_code::ok);
    const u64 reads = m.kernel.accesses;
    CHECK(m.port.read_config(0, bytes) == status_code::not_available);
    CHECK(m.port.read_config(12, {bytes, 1}) == status_code::not_available);
    CHECK(m.port.read_config(~u32{0}, {bytes, 4}) == status_code::not_available);
    CHECK(m.kernel.accesses == reads);
    CHECK(m.kernel.device.violations().report() == "");
}

TEST_CASE("pci: a stop is legal at any time, and a second negotiation starts afresh") {
    machine m;
    port_type fresh;
    CHECK(fresh.stop() == status_code::ok);
    CHECK(fresh.negotiate(0).code() == status_code::wrong_state);
    CHECK(fresh.start() == status_code::wrong_state);
    CHECK(fresh.queue(0).code() == status_code::wrong_state);
    CHECK_FALSE(fresh.needs_reset());
    CHECK_FALSE(fresh.read_isr().any());
    CHECK(m.port.stop() == status_code::ok);
    REQUIRE(ok(m.port.negotiate(0).code()));
    CHECK(m.port.queue(4).code() == status_code::invalid_argument);
    CHECK(m.port.stop() == status_code::ok);
    CHECK(m.port.start() == status_code::wrong_state);
    CHECK(m.bring_up() == status_code::ok);
    CHECK(m.bring_up() == status_code::ok); // without a stop: negotiate begins with a reset
    CHECK(m.kernel.device.violations().report() == "");
    CHECK(constant_initialised.features() == 0);
}

TEST_CASE("pci: a device that asks for a reset is seen to, and a reset serves it") {
    machine m;
    REQUIRE(m.bring_up() == status_code::ok);
    CHECK_FALSE(needs_reset(m.port));
    m.kernel.device.set_needs_reset();
    CHECK(needs_reset(m.port));
    CHECK(m.port.stop() == status_code::ok);
    CHECK_FALSE(needs_reset(m.port));
    CHECK(m.bring_up() == status_code::ok);
}
