// The PCI front: what a driver finds in configuration space and behind the BARs, interrupts both
// ways, and the lies that a layout can tell.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;

namespace {

driver make(const model::pci_layout& layout) {
    return driver(default_profile(), layout);
}
wire::pci_cap capability_at(driver& d, u32 at) {
    u8 bytes[sizeof(wire::pci_cap)];
    for (u32 i = 0; i < sizeof(bytes); ++i)
        bytes[i] = static_cast<u8>(d.pci.config_read(at + i, 1));
    wire::pci_cap cap{};
    std::memcpy(&cap, bytes, sizeof(cap));
    return cap;
}
wire::pci_cap structure(driver& d, u8 type) {
    return capability_at(d, d.capability(type));
}

} // namespace

TEST_CASE("pci_function is a sound device with the capabilities that the driver needs") {
    // Spec: [virtio 1.4] PCI Device Discovery, Virtio Structure PCI Capabilities
    driver d;
    CHECK(d.pci.config_read(0x00, 4) == 0x10591af4);
    CHECK(d.pci.config_read(0x08, 1) == 1);
    CHECK((d.pci.config_read(0x06, 2) & 0x10) != 0);
    CHECK(structure(d, wire::PCI_CAP_COMMON_CFG).offset == pci_place::common);
    CHECK(structure(d, wire::PCI_CAP_COMMON_CFG).length >= 56);
    CHECK(structure(d, wire::PCI_CAP_NOTIFY_CFG).length == 3 * 4 + 2);
    CHECK(structure(d, wire::PCI_CAP_ISR_CFG).bar == pci_place::structures_bar);
    CHECK(structure(d, wire::PCI_CAP_DEVICE_CFG).length == 16);
    CHECK(d.capability(wire::PCI_CAP_PCI_CFG) != 0);
    // The decoys stand in front: a reserved type, and a reserved BAR.
    const u32 msix = d.pci.config_read(0x34, 1);
    CHECK(d.pci.config_read(msix, 1) == 0x11);
    const u32 decoy = d.pci.config_read(msix + 1, 1);
    CHECK(capability_at(d, decoy).cfg_type == 0xc8);
    CHECK(capability_at(d, d.pci.config_read(decoy + 1, 1)).bar == 7);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("pci_function tells the size of its BARs") {
    driver d;
    const u64 place = d.pci.bar_address(4);
    CHECK(place == pci_place::structures_address);
    d.pci.config_write(0x20, 4, 0xffff'ffff);
    d.pci.config_write(0x24, 4, 0xffff'ffff);
    CHECK(d.pci.config_read(0x20, 4) == (~(u32{0x4000} - 1) | 4));
    CHECK(d.pci.config_read(0x24, 4) == 0xffff'ffff);
    d.pci.config_write(0x20, 4, 0xd000'0000);
    d.pci.config_write(0x24, 4, 3);
    CHECK(d.pci.bar_address(4) == 0x3'd000'0000);
    d.pci.config_write(0x14, 4, 0xffff'ffff);
    CHECK(d.pci.config_read(0x14, 4) == 0xffff'f000);
    d.pci.config_write(0x10, 4, 0xffff'ffff);
    CHECK(d.pci.config_read(0x10, 4) == 0); // no such BAR
    CHECK(d.pci.bar_bytes(4) == 0x4000);
    CHECK(d.pci.bar_bytes(5) == 0);
    driver low = make({.high_bar = false});
    CHECK(low.pci.bar_address(4) == pci_place::structures_address_low);
}

TEST_CASE("pci_function: every register of the common structure has one width") {
    // Spec: [virtio 1.4] PCI Device Layout
    const std::vector<u32> starts[5] = {
        {},
        {0x14, 0x15},
        {0x10, 0x12, 0x16, 0x18, 0x1a, 0x1c, 0x1e, 0x38, 0x3a, 0x3c, 0x3e},
        {},
        {0x00, 0x04, 0x08, 0x0c, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34}};
    for (u32 offset = 0; offset < 64; ++offset) {
        for (const u32 bytes : {1u, 2u, 4u}) {
            CAPTURE(offset);
            CAPTURE(bytes);
            driver d;
            d.get(offset, bytes);
            const auto& all = starts[bytes];
            const bool whole = std::find(all.begin(), all.end(), offset) != all.end();
            CHECK(d.device.violations().count(violation::register_width) == (whole ? 0u : 1u));
        }
    }
}

TEST_CASE("pci_function keeps what was written to a queue's registers") {
    driver d;
    d.until_features_ok();
    d.set(0x16, 2, 2);
    CHECK(d.get(0x16, 2) == 2);
    CHECK(d.get(0x18, 2) == 64);
    CHECK(d.get(0x1e, 2) == 1); // not the queue's number
    d.set(0x18, 2, 16);
    CHECK(d.get(0x18, 2) == 16);
    d.address(0x28, 0x1234'5678'9abc'def0);
    CHECK(d.get(0x28, 4) == 0x9abc'def0);
    CHECK(d.get(0x2c, 4) == 0x1234'5678);
    d.set(0x16, 2, 4);
    CHECK(d.get(0x18, 2) == 0); // no such queue
    CHECK(d.get(0x12, 2) == 4);
    d.set(0x00, 4, 7);
    CHECK(d.get(0x04, 4) == 0);
    d.reset();
    d.set(0x16, 2, 2);
    CHECK(d.get(0x18, 2) == 64);
    CHECK(d.get(0x28, 4) == 0);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("pci_function delivers each queue's interrupt to its vector, inside advance") {
    driver d;
    d.up();
    d.set_params(0);
    CHECK(d.vectors.empty());
    CHECK(d.device.interrupts_pending());
    d.device.advance(0);
    CHECK(d.vectors == std::vector<u32>{raw::control});
    d.set(0x16, 2, raw::control);
    d.set(0x1a, 2, wire::MSI_NO_VECTOR);
    d.set_used_event(raw::control, 1);
    d.set_params(0);
    d.device.advance(0);
    CHECK(d.vectors.size() == 1); // NO_VECTOR: no interrupt
    CHECK(d.intx == 0);
}

TEST_CASE("pci_function holds a masked vector back until it is unmasked") {
    driver d = make({.table_masked = true});
    d.up();
    d.set_params(0);
    d.device.advance(0);
    CHECK(d.vectors.empty());
    CHECK(d.pci.bar_read(pci_place::msix_bar, pci_place::msix_pending, 4) == 1);
    d.pci.bar_write(pci_place::msix_bar, 12, 4, 0);
    CHECK(d.vectors == std::vector<u32>{0});
    CHECK(d.pci.bar_read(pci_place::msix_bar, pci_place::msix_pending, 4) == 0);
    // The mask of the whole function.
    d.pci.config_write(0x42, 2, 0xc000);
    d.set_used_event(raw::control, 1);
    d.set_params(0);
    d.device.advance(0);
    CHECK(d.vectors.size() == 1);
    d.pci.config_write(0x42, 2, 0x8000);
    CHECK(d.vectors.size() == 2);
}

TEST_CASE("pci_function without MSI-X raises the line, and reading the ISR lowers it") {
    // Spec: [virtio 1.4] ISR status capability
    driver d = make({.msix = false});
    d.reset();
    d.acknowledge();
    d.know();
    d.accept(d.usable());
    REQUIRE(d.features_ok());
    d.queues_up();
    d.driver_ok();
    d.set_params(0);
    d.device.advance(0);
    CHECK(d.intx == 1);
    CHECK((d.pci.config_read(6, 2) & 8) != 0);
    CHECK(d.get(pci_place::isr, 1) == wire::PCI_ISR_QUEUE);
    CHECK(d.get(pci_place::isr, 1) == 0);
    CHECK((d.pci.config_read(6, 2) & 8) == 0);
    d.device.set_config(1, 2, 3, 0);
    CHECK(d.get(pci_place::isr, 1) == wire::PCI_ISR_CONFIG);
    d.device.advance(0);
    CHECK(d.intx == 1); // it was read before the line could be seen
    d.pci.config_write(4, 2, 0x0402);
    d.device.set_config(1, 2, 4, 0);
    d.device.advance(0);
    CHECK(d.intx == 1); // INTx is disabled
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("pci_function changes the generation when a changed configuration is read") {
    driver d;
    d.up();
    const u32 before = d.get(0x15, 1);
    CHECK(d.config(4) == 4);
    CHECK(d.get(0x15, 1) == before);
    d.device.set_config(0, 1, 0, 0);
    CHECK(d.config(4) == 1);
    CHECK(d.get(0x15, 1) != before);
    CHECK(d.device.config_interrupts() == 1);
}

TEST_CASE("pci_function opens a window for those that cannot map a BAR") {
    // Spec: [virtio 1.4] PCI configuration access capability
    driver d;
    CHECK(d.window_read(4, 0x12, 2) == 4); // num_queues
    const u32 at = d.capability(wire::PCI_CAP_PCI_CFG);
    d.pci.config_write(at + 8, 4, 0x14);
    d.pci.config_write(at + 12, 4, 1);
    d.pci.config_write(at + 16, 4, 0);
    d.pci.config_write(at + 16, 4, 1);
    CHECK(d.device.violations().count(violation::reset_not_awaited) == 1);
    CHECK(d.state() == 1);
}

TEST_CASE("pci_function can lie about its capabilities") {
    driver legacy = make({.legacy = true});
    CHECK(legacy.pci.config_read(2, 2) == 0x1010);
    CHECK(legacy.pci.config_read(0x2e, 2) == 25);
    CHECK(legacy.pci.config_read(8, 1) == 0);
    CHECK(legacy.capability(wire::PCI_CAP_COMMON_CFG) == 0);

    driver loop = make({.loops = true});
    u32 at = loop.pci.config_read(0x34, 1);
    for (int i = 0; i < 1000; ++i)
        at = loop.pci.config_read(at + 1, 1);
    CHECK(at != 0);

    driver longer = make({.too_long = true});
    CHECK(structure(longer, wire::PCI_CAP_COMMON_CFG).length > longer.pci.bar_bytes(4));
    driver shorter = make({.too_short = true});
    CHECK(structure(shorter, wire::PCI_CAP_COMMON_CFG).length < 56);
    driver skewed = make({.bad_offset = true});
    CHECK(structure(skewed, wire::PCI_CAP_COMMON_CFG).offset % 4 == 2);
    driver brief = make({.device_short = true});
    CHECK(structure(brief, wire::PCI_CAP_DEVICE_CFG).length == 8);
    for (u8 type = 1; type <= 5; ++type) {
        driver without = make({.missing = type});
        CHECK(without.capability(type) == 0);
        CHECK(without.capability(type == 1 ? 2 : 1) != 0);
    }
    driver plain = make({.decoys = false});
    CHECK(structure(plain, wire::PCI_CAP_COMMON_CFG).cap_len == 16);
    CHECK(plain.pci.config_read(plain.pci.config_read(0x34, 1) + 1, 1) ==
          plain.capability(wire::PCI_CAP_COMMON_CFG));
}
