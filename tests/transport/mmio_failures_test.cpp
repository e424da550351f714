// Devices that the MMIO port must refuse: each ends in the code that says why.
// [virtio 1.4] MMIO Device Register Layout, Device Initialization

#include <doctest/doctest.h>

#include "mmio_machine.hpp"

using namespace vsnd;
using namespace support;

namespace {

// FAILED, then a reset, which was read back as 0; and nothing after it.
void check_given_up(mmio_machine& m) {
    const auto steps = m.kernel.written(wire::MMIO_STATUS);
    REQUIRE(steps.size() >= 2);
    CHECK((steps[steps.size() - 2] & 0x80) != 0);
    CHECK(steps.back() == 0);
    CHECK_FALSE(m.kernel.record.back().write);
    CHECK(m.kernel.record.back().offset == wire::MMIO_STATUS);
    CHECK(m.kernel.record.back().value == 0);
    CHECK_FALSE(m.kernel.device.live());
    CHECK(m.report() == "");
    CHECK(m.port.stop() == status_code::ok);
}

} // namespace

// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 4
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 5
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 6
// [virtio 1.4] Virtio Over MMIO / Device Initialization, driver 2
// [virtio 1.4] Virtio Over MMIO / Device Initialization, driver 1
TEST_CASE("mmio: what is no sound device is left alone, and a legacy one is called so") {
    const struct {
        model::mmio_layout layout;
        status_code answer;
        usize reads;
    } table[] = {
        {{.magic = 0x74726977}, status_code::no_device, 1},
        {{.magic = 0}, status_code::no_device, 1},
        {{.version = 0}, status_code::no_device, 2},
        {{.version = 3}, status_code::no_device, 2},
        {{.device_id = 0}, status_code::no_device, 3},
        {{.device_id = 2}, status_code::no_device, 3},
        {{.version = 1}, status_code::legacy_device, 3},
        // The places on a board that are empty, where the virtual machine is set to legacy.
        {{.version = 1, .device_id = 0}, status_code::no_device, 3},
    };
    for (const auto& t : table) {
        CAPTURE(t.layout.magic);
        CAPTURE(t.layout.version);
        CAPTURE(t.layout.device_id);
        mmio_machine m(model::default_profile(), t.layout);
        CHECK(m.port.negotiate(0).code() == t.answer);
        CHECK(m.port.stop() == status_code::ok);
        CHECK_FALSE(m.port.interrupt().any());
        CHECK(m.kernel.record.size() == t.reads); // and nothing else
        for (const auto& a : m.kernel.record)
            CHECK_FALSE(a.write);
        CHECK(m.report() == "");
    }
}

TEST_CASE("mmio: registers that cannot be mapped are no device, until they can") {
    mmio_machine m;
    m.kernel.refuses_to_map = true;
    CHECK(m.bring_up() == status_code::no_device);
    CHECK(m.port.stop() == status_code::ok);
    CHECK(m.kernel.accesses == 0);
    m.kernel.refuses_to_map = false;
    CHECK(m.bring_up() == status_code::ok);
}

// [virtio 1.4] Feature Bits, Device Initialization
TEST_CASE("mmio: a device without VERSION_1, or that refuses the features, is refused by name") {
    auto profile = model::default_profile();
    profile.version_1 = false;
    mmio_machine old(profile);
    CHECK(old.bring_up() == status_code::no_version_1);
    check_given_up(old);
    mmio_machine stubborn;
    stubborn.kernel.device.faults().refuses_features_ok = true;
    CHECK(stubborn.bring_up() == status_code::features_refused);
    check_given_up(stubborn);
}

TEST_CASE("mmio: queues that are missing or too small are refused by name") {
    for (u32 index = 0; index < 4; ++index) {
        for (const u16 size : {u16{0}, u16{1}, u16{2}}) {
            CAPTURE(index);
            CAPTURE(size);
            mmio_machine m(with_queue_size(index, size));
            CHECK(m.bring_up() ==
                  (size == 0 ? status_code::queue_missing : status_code::queue_too_small));
            check_given_up(m);
        }
    }
}

// [virtio 1.4] MMIO-specific Initialization And Device Operation / Virtqueue Configuration: read
// QueueReady, and expect 0
TEST_CASE("mmio: a queue that is in use after a reset, or does not become ready, is broken") {
    mmio_machine busy(model::default_profile(), {.always_ready = true});
    CHECK(busy.bring_up() == status_code::device_broken);
    check_given_up(busy);
    mmio_machine never(model::default_profile(), {.never_ready = true});
    CHECK(never.bring_up() == status_code::device_broken);
    check_given_up(never);
}

TEST_CASE("mmio: without memory for a ring there is no device") {
    for (usize granted = 0; granted < 4; ++granted) {
        CAPTURE(granted);
        mmio_machine m;
        m.kernel.dma_limit = granted;
        CHECK(m.bring_up() == status_code::no_memory);
        check_given_up(m);
    }
}

TEST_CASE("mmio: a queue that is larger the second time asks for no more memory") {
    mmio_machine m;
    u32 offered = 16;
    m.kernel.meddle = [&](u64 offset, u32 value) {
        return offset == wire::MMIO_QUEUE_SIZE_MAX ? offered : value;
    };
    REQUIRE(ok(m.port.negotiate(0).code()));
    CHECK(m.port.queue(0).value()->size() == 16);
    REQUIRE(ok(m.port.stop()));
    offered = 63; // no power of two
    REQUIRE(ok(m.port.negotiate(0).code()));
    CHECK(m.port.queue(1).value()->size() == 32);
    CHECK(m.port.queue(0).value()->size() == 32);
    CHECK(m.kernel.dma_requests == 2);
}

// [virtio 1.4] Device Reset
TEST_CASE("mmio: a reset that never reads back leaves the memory with the device") {
    mmio_machine m;
    REQUIRE(m.bring_up() == status_code::ok);
    m.kernel.device.faults().ignores_reset = true;
    CHECK(m.port.stop() == status_code::memory_still_owned);
    CHECK(m.port.negotiate(0).code() == status_code::memory_still_owned);
    m.kernel.device.faults().ignores_reset = false;
    CHECK(m.port.stop() == status_code::ok);
}

TEST_CASE("mmio: a device that goes away at any access is noticed, and nothing is left of it") {
    mmio_machine whole;
    REQUIRE(whole.bring_up() == status_code::ok);
    u8 bytes[12];
    REQUIRE(ok(whole.port.read_config(0, bytes)));
    const u64 last = whole.kernel.accesses;
    for (u64 at = 1; at <= last; ++at) {
        CAPTURE(at);
        mmio_machine m;
        m.kernel.gone_at = at;
        const status_code up = m.bring_up();
        if (ok(up)) CHECK_FALSE(ok(m.port.read_config(0, bytes)));
        const bool named = ok(up) || up == status_code::no_device || up == status_code::device_gone;
        CHECK(named);
        CHECK(m.port.stop() == status_code::ok);
        CHECK_FALSE(m.port.interrupt().any());
        CHECK(m.port.negotiate(0).code() == status_code::no_device);
    }
}
