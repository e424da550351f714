// Clauses of the PCI transport beyond single registers, and what the reasons in reasons.txt rest on.

#include <doctest/doctest.h>

#include <conformance/session.hpp>
#include <vsnd/transport/ring_wish.hpp>

using namespace conformance;

namespace {

// A kernel that writes down what happens in configuration space, and what is mapped.
class noting_kernel : public support::sound_kernel {
  public:
    using sound_kernel::sound_kernel;

    u32 pci_read(u32 offset, u32 count) {
        read.push_back(offset);
        const u32 value = sound_kernel::pci_read(offset, count);
        return answer ? answer(offset, count, value) : value;
    }
    void pci_write(u32 offset, u32 count, u32 value) {
        written.push_back(offset);
        sound_kernel::pci_write(offset, count, value);
    }
    u8* map_bar(u32 bar, u64 offset, usize count) {
        mapped.push_back({bar, offset, count});
        return sound_kernel::map_bar(bar, offset, count);
    }

    struct mapping {
        u32 bar;
        u64 offset;
        usize bytes;
    };
    std::function<u32(u32, u32, u32)> answer;
    std::vector<u32> read;
    std::vector<u32> written;
    std::vector<mapping> mapped;
};

struct machine {
    explicit machine(model::device_profile profile = model::default_profile(),
                     const model::pci_layout& layout = {})
        : kernel(std::move(profile), layout) {
        port.init(kernel, support::model_kernel::messages(5));
        area = kernel.memory.allocate(card_bytes<>(), card_alignment);
        kernel.pci.on_vector = [this](u32) {
            while (driver.pump_all()) {
            }
        };
    }
    status_code session() {
        if (const auto s = driver.open(port, area); !ok(s)) return s;
        return driver.close();
    }

    noting_kernel kernel;
    pci_device<noting_kernel> port;
    card<pci_device<noting_kernel>> driver;
    dma_region area;
};

// A policy that asks for all that a ring can have.
struct greedy : ring_policy {
    static constexpr choice event_idx = choice::always;
    static constexpr choice indirect = choice::always;
    static constexpr choice in_order = choice::always;
    static constexpr choice notification_data = choice::always;
    static constexpr choice ring_reset = choice::always;
    static constexpr choice access_platform = choice::always;
};

u32 find_capability(noting_kernel& kernel, u8 id, u8 type = 0) {
    u32 at = kernel.pci.config_read(0x34, 1);
    while (at != 0) {
        const bool same_type = id != 9 || kernel.pci.config_read(at + 3, 1) == type;
        if (kernel.pci.config_read(at, 1) == id && same_type) return at;
        at = kernel.pci.config_read(at + 1, 1);
    }
    return 0;
}

} // namespace

// [virtio 1.4] Virtio Over PCI Bus / PCI Device Discovery, driver 1
// [virtio 1.4] Virtio Over PCI Bus / PCI Device Discovery, driver 3
// [virtio 1.4] Virtio Over PCI Bus / PCI Device Discovery, driver 4
TEST_CASE("conformance: a device is known by vendor and type, whatever revision and subsystem") {
    u32 good = 0;
    for (const u32 id : {0x1af4'1059u, 0x1af4'1058u, 0x1af4'105au, 0x1af5'1059u, 0x1af4'1019u}) {
        for (const u32 revision : {0u, 1u, 2u, 0x80u, 0xffu}) {
            for (const u32 subsystem : {0u, 0x1af4'1100u, 0x1af4'0019u, 0xffff'ffffu}) {
                machine m;
                const u8 header[] = {static_cast<u8>(id >> 16), static_cast<u8>(id >> 24),
                                     static_cast<u8>(id), static_cast<u8>(id >> 8)};
                m.kernel.answer = [&](u32 offset, u32 count, u32 value) {
                    for (u32 i = 0; i < count; ++i) {
                        const u32 at = offset + i;
                        const u32 shift = 8 * (at % 4);
                        u32 byte = value >> 8 * i & 0xff;
                        if (at < 4) byte = header[at];
                        if (at == 8) byte = revision;
                        if (at >= 0x2c && at < 0x30) byte = subsystem >> shift & 0xff;
                        value = (value & ~(0xffu << 8 * i)) | byte << 8 * i;
                    }
                    return value;
                };
                const status_code s = m.session();
                CAPTURE(id);
                CAPTURE(revision);
                CAPTURE(subsystem);
                CHECK(s == (id == 0x1af4'1059u ? status_code::ok : status_code::no_device));
                good += ok(s);
            }
        }
    }
    CHECK(good == 20);
}

// [virtio 1.4] Virtio Over PCI Bus / Virtio Structure PCI Capabilities, driver 5
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Configuration Space, driver 3
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Configuration Space, driver 4
TEST_CASE("conformance: a configuration of any size serves, and little of it is mapped") {
    using namespace model::pci_place;
    for (const u32 config_bytes : {12u, 13u, 16u, 20u, 64u, 4096u}) {
        CAPTURE(config_bytes);
        auto profile = model::default_profile();
        profile.config_bytes = config_bytes;
        machine m(profile, {.too_long = true});
        REQUIRE(m.session() == status_code::ok);
        REQUIRE(m.kernel.mapped.size() == 4 + 1 + 4);
        for (const auto& map : m.kernel.mapped) {
            if (map.bar != structures_bar) continue;
            const usize most = map.offset < isr             ? 60
                               : map.offset < device_config ? 1
                               : map.offset < notify        ? 16
                                                            : 2;
            CHECK(map.bytes <= most);
        }
        CHECK(m.kernel.device.violations().report() == "");
    }
    auto profile = model::default_profile();
    profile.config_bytes = 8; // not even all that PCM needs
    machine m(profile);
    CHECK(m.session() != status_code::ok);
}

// [virtio 1.4] Virtio Over PCI Bus / Virtio Structure PCI Capabilities, driver 7
TEST_CASE("conformance: in configuration space only the command and MSI-X are written") {
    machine m;
    const u32 msix = find_capability(m.kernel, wire::pci_config::capability_msix);
    const u32 window = find_capability(m.kernel, 9, wire::PCI_CAP_PCI_CFG);
    REQUIRE(msix != 0);
    REQUIRE(window != 0);
    REQUIRE(m.session() == status_code::ok);
    REQUIRE(m.session() == status_code::ok);
    REQUIRE(!m.kernel.written.empty());
    for (const u32 at : m.kernel.written)
        CHECK((at == wire::pci_config::command || at == msix + 2));
    // Nor is anything read through the window: its data are at 16.
    for (const u32 at : m.kernel.read)
        CHECK((at < window + 16 || at >= window + 20));
    CHECK(m.kernel.device.violations().report() == "");
}

// What the reasons say is not negotiated: whatever is offered, it is not.
// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 1
// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 3
// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 5
// [virtio 1.4] Reserved Feature Bits, driver 6
TEST_CASE("conformance: of all features only those are taken that the reasons do not name") {
    constexpr u64 taken = feature(wire::F_VERSION_1) | feature(wire::F_EVENT_IDX) |
                          feature(wire::F_INDIRECT_DESC) | feature(wire::F_ACCESS_PLATFORM) |
                          feature(wire::F_ORDER_PLATFORM) | feature(wire::F_NOTIF_CONFIG_DATA) |
                          feature(wire::F_SUSPEND);
    auto profile = model::default_profile();
    profile.extra_features = ~u64{0} & ~feature(wire::SND_F_CTLS);
    machine m(profile);
    REQUIRE(m.session() == status_code::ok);
    // None of those taken is of use only with another one.
    CHECK((m.port.features() & ~u64{0xff'ffff}) == taken);
    constexpr feature_wish wish = ring_wish<greedy>(~u64{0}, true);
    for (const u32 never : {wire::F_SR_IOV, wire::F_ADMIN_VQ})
        CHECK(((wish.required | wish.optional) & feature(never)) == 0);
    CHECK(m.kernel.device.violations().report() == "");
}

// [virtio 1.4] Virtio Over PCI Bus / MSI-X Vector Configuration, driver 1
// [virtio 1.4] Virtio Over PCI Bus / MSI-X Vector Configuration, driver 4
TEST_CASE("conformance: a vector table of any size serves as many messages as it has") {
    noting_kernel kernel;
    const u32 at = find_capability(kernel, wire::pci_config::capability_msix);
    u32 table_size = 0;
    kernel.answer = [&](u32 offset, u32, u32 value) {
        return offset == at ? (value & ~0x7ff'0000u) | table_size << 16 : value;
    };
    u32 wrong = 0;
    for (; table_size <= 0x7ff; ++table_size) {
        for (u32 count = 1; count <= interrupt_setup::most_messages; ++count) {
            u8* table = nullptr;
            const auto s =
                switch_msix_on(kernel, at, support::model_kernel::messages(count), table);
            const bool fits = count <= table_size + 1;
            wrong += s != (fits ? status_code::ok : status_code::no_vector);
            wrong += (table != nullptr) != fits;
        }
    }
    CHECK(wrong == 0);
}

// [virtio 1.4] Virtio Over PCI Bus / Notification of Device Configuration Changes, driver 1
TEST_CASE("conformance: one message for everything, and both kinds of news at once") {
    machine m;
    m.port.init(m.kernel, support::model_kernel::messages(1));
    u32 interrupts = 0;
    m.kernel.pci.on_vector = [&](u32 vector) {
        CHECK(vector == 0);
        ++interrupts;
        const interrupt_cause cause = m.port.read_isr();
        if (cause.config_change) m.driver.config_changed();
        while (cause.queue && m.driver.pump_all()) {
        }
    };
    REQUIRE(m.driver.open(m.port, m.area) == status_code::ok);
    interrupts = 0;
    REQUIRE(m.kernel.device.send_event(wire::SND_EVT_PCM_XRUN, 0));
    m.kernel.device.set_config(2, 4, 2, 0);
    m.kernel.device.advance(1000);
    CHECK(interrupts != 0);
    CHECK(m.driver.counters().events == 1);
    CHECK(m.driver.state() == card_state::open);
    m.kernel.device.set_needs_reset();
    m.kernel.device.advance(1000);
    CHECK(m.driver.failure() == status_code::needs_reset);
    CHECK(m.driver.close() == status_code::ok);
}

// [virtio 1.4] Virtio Over PCI Bus / Notification of Device Configuration Changes, driver 1
TEST_CASE("conformance: one line for everything, and both kinds of news at once") {
    machine m;
    m.port.init(m.kernel, interrupt_setup::intx());
    std::vector<interrupt_cause> causes;
    m.kernel.pci.on_intx = [&] { causes.push_back(m.port.read_isr()); };
    REQUIRE(ok(m.driver.open(m.port, m.area)));
    causes.clear();
    REQUIRE(m.kernel.device.send_event(wire::SND_EVT_PCM_XRUN, 0));
    m.kernel.device.set_config(2, 4, 2, 0);
    m.kernel.device.advance(1000);
    interrupt_cause all;
    for (const interrupt_cause& c : causes)
        all = {all.queue || c.queue, all.config_change || c.config_change};
    CHECK(all.queue);
    CHECK(all.config_change);
    CHECK_FALSE(m.port.read_isr().any());
    CHECK(m.driver.close() == status_code::ok);
}
