// Devices that the PCI port must refuse: each ends in the code that says why, with the device
// reset and its reset read back.
// [virtio 1.4] Device Initialization: if any of these steps go irrecoverably wrong, the driver
// SHOULD set the FAILED status bit, and MUST NOT continue.

#include <doctest/doctest.h>

#include <support/model_kernel.hpp>
#include <vsnd/transport/pci.hpp>

using namespace vsnd;
using support::model_kernel;

namespace {

using port_type = pci_device<model_kernel>;

struct machine {
    explicit machine(model::device_profile profile = model::default_profile(),
                     const model::pci_layout& layout = {},
                     const interrupt_setup& interrupts = model_kernel::messages(2))
        : kernel(std::move(profile), layout) {
        kernel.ns_per_look = 1'000'000;
        kernel.recording = true;
        port.init(kernel, interrupts);
    }
    status_code bring_up() {
        const auto features = port.negotiate(0);
        if (!features) return features.code();
        for (u32 i = 0; i < port_type::queue_count; ++i)
            if (const auto q = port.queue(i); !q) return q.code();
        return port.start();
    }
    // What was written to the device status.
    std::vector<u32> steps() const {
        std::vector<u32> found;
        for (const auto& a : kernel.record)
            if (a.write && a.bar == model::pci_place::structures_bar && a.offset == 0x14)
                found.push_back(a.value);
        return found;
    }
    // FAILED, then a reset, which was read back as 0; and nothing after it.
    void check_given_up() {
        const auto all = steps();
        REQUIRE(all.size() >= 2);
        CHECK((all[all.size() - 2] & 0x80) != 0);
        CHECK(all.back() == 0);
        const auto& last = kernel.record.back();
        CHECK(!last.write);
        CHECK(last.offset == 0x14);
        CHECK(last.value == 0);
        CHECK_FALSE(kernel.device.live());
        CHECK(kernel.device.violations().report() == "");
        CHECK(port.stop() == status_code::ok);
    }

    model_kernel kernel;
    port_type port;
};

} // namespace

// [virtio 1.4] Feature Bits
// [virtio 1.4] Reserved Feature Bits, driver 2
// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 4
// [virtio 1.4] General Initialization And Device Operation / Device Initialization, driver 4
TEST_CASE("pci: a device without VERSION_1 is refused by name") {
    auto profile = model::default_profile();
    profile.version_1 = false;
    machine m(profile);
    CHECK(m.bring_up() == status_code::no_version_1);
    CHECK(m.steps() == std::vector<u32>{0, 1, 3, 0x83, 0});
    m.check_given_up();
}

// [virtio 1.4] Device Initialization: re-read the status to ensure FEATURES_OK is still set
// [virtio 1.4] General Initialization And Device Operation / Device Initialization, driver 5
TEST_CASE("pci: a device that refuses the features is refused by name") {
    machine m;
    m.kernel.device.faults().refuses_features_ok = true;
    CHECK(m.bring_up() == status_code::features_refused);
    CHECK(m.steps() == std::vector<u32>{0, 1, 3, 0x0b, 0x83, 0});
    m.check_given_up();
    m.kernel.device.faults().refuses_features_ok = false;
    CHECK(m.bring_up() == status_code::ok);
}

TEST_CASE("pci: queues that are missing or too small are refused by name") {
    for (u32 index = 0; index < 4; ++index) {
        for (const u16 size : {u16{0}, u16{1}, u16{2}}) {
            CAPTURE(index);
            CAPTURE(size);
            auto profile = model::default_profile();
            profile.queue_sizes[index] = size;
            machine m(profile);
            CHECK(m.bring_up() ==
                  (size == 0 ? status_code::queue_missing : status_code::queue_too_small));
            m.check_given_up();
            CHECK_FALSE(m.kernel.device.queue(0).enabled());
        }
    }
}

// [virtio 1.4] MSI-X Vector Configuration: on failure NO_VECTOR is returned
// [virtio 1.4] Virtio Over PCI Bus / MSI-X Vector Configuration, driver 5
// [virtio 1.4] Virtio Over PCI Bus / MSI-X Vector Configuration, driver 6
TEST_CASE("pci: a vector that the device does not take is an error, not silence") {
    machine m;
    m.kernel.device.faults().no_vectors = true;
    CHECK(m.bring_up() == status_code::no_vector);
    m.check_given_up();
    SUBCASE("as is one that fails for a queue only") {
        m.kernel.device.faults().no_vectors = false;
        REQUIRE(ok(m.port.negotiate(0).code()));
        REQUIRE(ok(m.port.queue(0).code()));
        m.kernel.device.faults().no_vectors = true;
        CHECK(m.port.queue(1).code() == status_code::no_vector);
        m.check_given_up();
    }
}

// [virtio 1.4] MSI-X Vector Configuration: never a vector outside the MSI-X Table
// [virtio 1.4] Virtio Over PCI Bus / MSI-X Vector Configuration, driver 4
TEST_CASE("pci: more messages than the table has, or no table, is no_vector") {
    for (const u16 vectors : {u16{1}, u16{2}, u16{4}}) {
        CAPTURE(vectors);
        machine m(model::default_profile(), {.vectors = vectors},
                  model_kernel::messages(vectors + 1U));
        CHECK(m.bring_up() == status_code::no_vector);
        m.check_given_up();
        m.port.init(m.kernel, model_kernel::messages(vectors));
        CHECK(m.bring_up() == status_code::ok);
    }
    machine none(model::default_profile(), {.msix = false}, model_kernel::messages(1));
    CHECK(none.bring_up() == status_code::no_vector);
    none.check_given_up();
    machine empty(model::default_profile(), {}, model_kernel::messages(0));
    CHECK(empty.bring_up() == status_code::no_vector);
    empty.check_given_up();
}

TEST_CASE("pci: a kernel without memory gets no_memory, for whichever queue") {
    for (usize limit = 0; limit < 4; ++limit) {
        CAPTURE(limit);
        machine m;
        m.kernel.dma_limit = limit;
        CHECK(m.bring_up() == status_code::no_memory);
        m.check_given_up();
        m.kernel.dma_limit = 100;
        CHECK(m.bring_up() == status_code::ok);
        CHECK(m.kernel.dma_requests == 5);
    }
}

// [virtio 1.4] Device Reset: complete when the status reads 0
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Reset, driver 1
// [virtio 1.4] Virtio Over PCI Bus / Common configuration structure layout, driver 5
TEST_CASE("pci: while a reset does not read back, the device still owns the memory") {
    machine m;
    REQUIRE(m.bring_up() == status_code::ok);
    m.kernel.device.faults().ignores_reset = true;
    const u64 before = m.kernel.accesses;
    CHECK(m.port.stop() == status_code::memory_still_owned);
    CHECK(m.kernel.accesses - before < 5000); // bounded, by the clock
    CHECK(m.port.negotiate(0).code() == status_code::memory_still_owned);
    CHECK(m.port.queue(0).code() == status_code::wrong_state);
    CHECK(m.port.stop() == status_code::memory_still_owned);
    m.kernel.device.faults().ignores_reset = false;
    CHECK(m.port.stop() == status_code::ok);
    CHECK(m.bring_up() == status_code::ok);
    CHECK(m.kernel.device.violations().report() == "");
}

TEST_CASE("pci: a reset that fails after another failure is the news that counts") {
    machine m;
    REQUIRE(ok(m.port.negotiate(0).code()));
    m.kernel.dma_limit = 0;
    m.kernel.device.faults().ignores_reset = true;
    CHECK(m.port.queue(0).code() == status_code::memory_still_owned);
}

TEST_CASE("pci: a device that vanishes is gone, at whichever register access it happens") {
    machine whole;
    REQUIRE(whole.bring_up() == status_code::ok);
    for (u64 at = 1; at <= whole.kernel.accesses; ++at) {
        CAPTURE(at);
        machine m;
        m.kernel.gone_at = at;
        const status_code s = m.bring_up();
        CHECK(s == status_code::device_gone);
        CHECK(m.port.stop() == status_code::ok); // what is gone writes to no memory
        CHECK(m.port.negotiate(0).code() == status_code::device_gone);
    }
}

TEST_CASE("pci: a device that vanishes while it works") {
    machine m;
    REQUIRE(m.bring_up() == status_code::ok);
    m.kernel.device.faults().gone = true;
    u8 bytes[12];
    CHECK(m.port.read_config(0, bytes) == status_code::device_gone);
    CHECK(m.port.needs_reset());
    CHECK(m.port.negotiate(0).code() == status_code::device_gone);
    CHECK(m.port.stop() == status_code::ok);
}

// [virtio 1.4] Virtio Device Configuration Layout Detection / Legacy Interface: if the
// capabilities are not present, driver MUST assume a legacy device, and fail gracefully.
TEST_CASE("pci: a legacy device is called one, and not touched") {
    for (const bool msix : {true, false}) {
        machine m(model::default_profile(), {.msix = msix, .legacy = true});
        CHECK(m.bring_up() == status_code::legacy_device);
        CHECK(m.kernel.accesses == 0);
        CHECK(m.kernel.maps == 0);
        CHECK(m.port.stop() == status_code::ok);
    }
}

TEST_CASE("pci: an empty slot holds no device") {
    machine m;
    m.kernel.device.faults().gone = true;
    CHECK(m.bring_up() == status_code::no_device);
    CHECK(m.kernel.accesses == 0);
}

// [virtio 1.4] Virtio Structure PCI Capabilities
TEST_CASE("pci: capabilities that lie or lack are refused, and the device not touched") {
    std::vector<model::pci_layout> lies;
    lies.push_back({.loops = true});
    lies.push_back({.too_short = true});
    lies.push_back({.device_short = true});
    lies.push_back({.bad_offset = true});
    for (u8 type = wire::PCI_CAP_COMMON_CFG; type <= wire::PCI_CAP_DEVICE_CFG; ++type)
        lies.push_back({.missing = type});
    for (usize i = 0; i < lies.size(); ++i) {
        CAPTURE(i);
        for (const bool decoys : {true, false}) {
            lies[i].decoys = decoys;
            machine m(model::default_profile(), lies[i]);
            CHECK(m.bring_up() == status_code::bad_capability);
            CHECK(m.kernel.accesses == 0);
        }
    }
}

// The driver MUST handle an unexpectedly large length, and accept a larger cap_len; it MUST
// ignore reserved types and reserved BARs.
TEST_CASE("pci: harmless oddities of the capabilities do no harm") {
    CHECK(machine(model::default_profile(), {.decoys = true}).bring_up() == status_code::ok);
    CHECK(machine(model::default_profile(), {.decoys = false}).bring_up() == status_code::ok);
    CHECK(machine(model::default_profile(), {.too_long = true}).bring_up() == status_code::ok);
    CHECK(machine(model::default_profile(), {.high_bar = false}).bring_up() == status_code::ok);
}

TEST_CASE("pci: registers that the kernel cannot map make the capability bad") {
    machine whole;
    REQUIRE(whole.bring_up() == status_code::ok);
    for (usize refused = 1; refused <= whole.kernel.maps; ++refused) {
        CAPTURE(refused);
        machine m;
        m.kernel.refused_map = refused;
        CHECK(m.bring_up() == status_code::bad_capability);
        if (refused <= 4) {
            CHECK(m.kernel.accesses == 0); // one of the structures
        } else {
            m.check_given_up(); // the MSI-X table, or a doorbell
        }
        CHECK(m.bring_up() == status_code::ok); // once it can be mapped
    }
}
