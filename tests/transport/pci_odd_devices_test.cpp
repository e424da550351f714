// The PCI port on devices whose registers change under its eyes, or say what cannot be.
// [virtio 1.4] Virtio Over PCI Bus

#include <doctest/doctest.h>

#include <functional>

#include <support/model_kernel.hpp>
#include <vsnd/transport/pci.hpp>

using namespace vsnd;

namespace {

// Register offsets inside the model's BAR.
constexpr u64 generation_at = 0x15;
constexpr u64 queue_size_at = 0x18;
constexpr u64 notify_off_at = 0x1e;
constexpr u64 config_at = model::pci_place::device_config;

class meddling_kernel : public support::model_kernel {
  public:
    using model_kernel::model_kernel;
    // Sees every register read, and may answer something else.
    std::function<u32(u64 offset, u32 value)> meddle = [](u64, u32 value) { return value; };

    u32 register_read(const u8* address, u32 bytes) {
        recording = true;
        const u32 value = model_kernel::register_read(address, bytes);
        return meddle(record.back().offset, value);
    }
};

using port_type = pci_device<meddling_kernel>;

struct machine {
    explicit machine(const model::pci_layout& layout = {})
        : kernel(model::default_profile(), layout) {
        kernel.ns_per_look = 1'000'000;
        port.init(kernel);
    }
    meddling_kernel kernel;
    port_type port;
};

} // namespace

// [virtio 1.4] Device Configuration Space: read again while the generation differs
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Configuration Space, driver 1
TEST_CASE("pci: a configuration that changes between two fields is read again, whole") {
    machine m;
    REQUIRE(ok(m.port.negotiate(0).code()));
    int changes = 2;
    m.kernel.meddle = [&](u64 offset, u32 value) {
        if (offset == config_at && changes-- > 0)
            m.kernel.device.set_config(7, 8 + static_cast<u32>(changes), 9, 0);
        return value;
    };
    u8 bytes[12];
    REQUIRE(m.port.read_config(0, bytes) == status_code::ok);
    CHECK(std::vector<u8>(bytes, bytes + 12) ==
          std::vector<u8>{7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0});
    CHECK(m.port.counters().config_retries == 2);
    CHECK(m.kernel.device.violations().report() == "");
}

TEST_CASE("pci: a configuration that never holds still is a broken device, found in bounded time") {
    machine m;
    REQUIRE(ok(m.port.negotiate(0).code()));
    u32 generation = 0;
    m.kernel.meddle = [&](u64 offset, u32 value) {
        return offset == generation_at ? ++generation & 0xff : value;
    };
    u8 bytes[12];
    const u64 before = m.kernel.accesses;
    CHECK(m.port.read_config(0, bytes) == status_code::device_broken);
    CHECK(m.kernel.accesses - before < 200);
}

TEST_CASE("pci: a generation of all ones is no sign of absence by itself") {
    machine m;
    REQUIRE(ok(m.port.negotiate(0).code()));
    m.kernel.meddle = [](u64 offset, u32 value) { return offset == generation_at ? 0xff : value; };
    u8 bytes[12];
    CHECK(m.port.read_config(0, bytes) == status_code::ok);
    CHECK(bytes[0] == 2);
}

// [virtio 1.4] Notification structure layout: cap.length covers every queue's offset.
TEST_CASE("pci: a doorbell outside of the notification structure, or odd, is a lie") {
    const model::pci_layout odd{.notify_multiplier = 1};
    machine uneven(odd); // offsets 3, 2, 1, 0
    REQUIRE(ok(uneven.port.negotiate(0).code()));
    CHECK(uneven.port.queue(0).code() == status_code::bad_capability);
    CHECK(uneven.kernel.device.read_status() == 0);

    machine tight({.notify_multiplier = 2}); // 8 bytes long, so that 6 is the last offset
    REQUIRE(ok(tight.port.negotiate(0).code()));
    tight.kernel.meddle = [](u64 offset, u32 value) { return offset == notify_off_at ? 4 : value; };
    CHECK(tight.port.queue(0).code() == status_code::bad_capability);

    for (const u32 off : {4U, 5U, 0xfffeU, 0xffffU}) { // 0 to 3 are inside
        CAPTURE(off);
        machine m;
        REQUIRE(ok(m.port.negotiate(0).code()));
        m.kernel.meddle = [&](u64 offset, u32 value) {
            return offset == notify_off_at ? off : value;
        };
        CHECK(m.port.queue(0).code() == status_code::bad_capability);
        CHECK(m.kernel.device.read_status() == 0);
        for (const auto& a : m.kernel.record)
            CHECK((a.offset < model::pci_place::notify || !a.write));
    }
}

TEST_CASE("pci: a doorbell that moved between two sessions is found again") {
    machine m;
    for (const u32 off : {3U, 1U}) {
        CAPTURE(off);
        m.kernel.meddle = [&](u64 offset, u32 value) {
            return offset == notify_off_at ? off : value;
        };
        REQUIRE(ok(m.port.negotiate(0).code()));
        const auto q = m.port.queue(0);
        REQUIRE(q.ok());
        q.value()->ring();
        CHECK(m.kernel.record.back().offset == model::pci_place::notify + 4 * off);
        CHECK(m.kernel.record.back().bytes == 2);
        CHECK(m.kernel.record.back().value == 0);
        REQUIRE(ok(m.port.stop()));
    }
}

TEST_CASE("pci: a queue that is larger the second time asks for no more memory") {
    machine m;
    u32 offered = 16;
    m.kernel.meddle = [&](u64 offset, u32 value) {
        return offset == queue_size_at ? lesser(offered, value) : value;
    };
    REQUIRE(ok(m.port.negotiate(0).code()));
    CHECK(m.port.queue(0).value()->size() == 16);
    REQUIRE(ok(m.port.stop()));
    offered = 64;
    REQUIRE(ok(m.port.negotiate(0).code()));
    CHECK(m.port.queue(0).value()->size() == 64);
    CHECK(m.kernel.device.registers(0).size == 64);
    CHECK(m.kernel.dma_requests == 1);
}

TEST_CASE("pci: a queue size that does not take the reduction is a broken device") {
    machine m;
    REQUIRE(ok(m.port.negotiate(0).code()));
    m.kernel.meddle = [](u64 offset, u32 value) { return offset == queue_size_at ? 128 : value; };
    CHECK(m.port.queue(0).code() == status_code::device_broken);
    CHECK(m.kernel.device.read_status() == 0);
}

// [virtio 1.4] Virtio Over PCI Bus / Common configuration structure layout, driver 3
TEST_CASE("pci: a queue size that is no power of two is reduced to one") {
    machine m;
    REQUIRE(ok(m.port.negotiate(0).code()));
    int reads = 0;
    m.kernel.meddle = [&](u64 offset, u32 value) {
        return offset == queue_size_at && reads++ == 0 ? 63 : value;
    };
    CHECK(m.port.queue(0).value()->size() == 32);
    CHECK(m.kernel.device.registers(0).size == 32);
}

// Firmware, or a sleep, may switch the memory space off.
TEST_CASE("pci: each negotiation switches the registers on first") {
    machine m;
    for (int round = 0; round < 2; ++round) {
        m.kernel.pci_write(wire::pci_config::command, 2, 0);
        CHECK(ok(m.port.negotiate(0).code()));
    }
}
