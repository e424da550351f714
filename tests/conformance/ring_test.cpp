// Clauses of rings and buffers that concern the whole driver; those of the split queue by itself
// are in ring/.

#include <doctest/doctest.h>

#include <conformance/session.hpp>
#include <support/units.hpp>

using namespace conformance;

// [virtio 1.4] General Initialization And Device Operation / Device Cleanup, driver 1
TEST_CASE("conformance: descriptors of buffers that the device has are left as they are") {
    check_never({violation::exposed_descriptor_altered, violation::descriptor_in_flight});
}

// [virtio 1.4] General Initialization And Device Operation / Device Cleanup, driver 2
TEST_CASE("conformance: buffers are taken back after the reset, not before") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, sixteen_bit(480, 4)) == status_code::ok);
    // A device that answers nothing any more, and does not reset at once.
    r.device().faults().requests.push_back(
        {model::request_fault::any, model::request_fault::kind::no_answer});
    const bytes data = support::noise(1920 * 4);
    REQUIRE(out.write({data.data(), data.size()}).ok());
    CHECK(out.start() == status_code::timed_out);
    const usize owned = r.device().queue(wire::SND_VQ_TX).in_flight();
    REQUIRE(owned != 0);
    r.device().faults().ignores_reset = true;
    r.kernel.ns_per_look = support::ms;
    CHECK(r.driver.close() == status_code::memory_still_owned);
    CHECK(r.device().queue(wire::SND_VQ_TX).in_flight() == owned);
    CHECK(out.release() == status_code::memory_still_owned);
    r.device().faults() = {};
    r.kernel.ns_per_look = 0;
    CHECK(r.driver.close() == status_code::ok);
    CHECK(r.driver.open(r.port, r.area) == status_code::ok);
    CHECK_CLEAN(r);
}

// [virtio 1.4] Reserved Feature Bits, driver 4
TEST_CASE("conformance: the device is given the addresses that the kernel named, and no other") {
    check_never({violation::buffer_outside_memory});
    at_work([](auto& r) {
        CHECK((r.port.features() & feature(wire::F_ACCESS_PLATFORM)) == 0);
        CHECK(r.kernel.memory.refusals().empty());
        // The model's memory has another address for the CPU, so that these cannot be confused.
        CHECK(reinterpret_cast<uintptr_t>(r.area.cpu) != r.area.bus.value);
    });
}

// [virtio 1.4] Split Virtqueues / Message Framing, driver 1
// [virtio 1.4] Split Virtqueues / The Virtqueue Descriptor Table, driver 1
// [virtio 1.4] Split Virtqueues / Indirect Descriptors, driver 1
// [virtio 1.4] Split Virtqueues / Indirect Descriptors, driver 2
// [virtio 1.4] Split Virtqueues / Indirect Descriptors, driver 3
// [virtio 1.4] Split Virtqueues / Indirect Descriptors, driver 4
TEST_CASE("conformance: every chain of the driver is well formed, direct and indirect") {
    check_never({violation::writable_before_readable, violation::chain_loop,
                 violation::chain_too_many_bytes, violation::next_out_of_range,
                 violation::head_out_of_range, violation::indirect_not_negotiated,
                 violation::indirect_nested, violation::indirect_with_next,
                 violation::indirect_length, violation::chain_too_long});
    at_work([](auto& r) {
        for (u32 q = 0; q < wire::SND_VQ_COUNT; ++q)
            if (q != wire::SND_VQ_EVENT || r.device().profile().serves_events)
                CHECK(r.device().queue(q).popped() != 0);
    });
}

// [virtio 1.4] Split Virtqueues / Virtqueues, driver 1
// [virtio 1.4] Split Virtqueues / The Virtqueue Available Ring, driver 1
// [virtio 1.4] Split Virtqueues / Used Buffer Notification Suppression, driver 1
// [virtio 1.4] Split Virtqueues / Used Buffer Notification Suppression, driver 3
// [virtio 1.4] Split Virtqueues / Available Buffer Notification Suppression, driver 1
TEST_CASE("conformance: the rings of the driver, as the device finds them") {
    check_never({violation::queue_misaligned, violation::available_index_leap,
                 violation::available_flags, violation::used_flags_not_zero});
}

// [virtio 1.4] Split Virtqueues / Available Buffer Notification Suppression, driver 4
// [virtio 1.4] Split Virtqueues / Available Buffer Notification Suppression, driver 6
TEST_CASE("conformance: no doorbell that the device waits for is left out") {
    check_never({violation::doorbell_missing});
}

// [virtio 1.4] Split Virtqueues / Used Buffer Notification Suppression, driver 5
TEST_CASE("conformance: interrupts without news change nothing") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, sixteen_bit(480, 4)) == status_code::ok);
    const bytes data = support::noise(1920 * 20);
    usize at = 0;
    for (u32 ms = 0; ms < 1000 && at < data.size(); ++ms) {
        REQUIRE(r.feed(out, data, at, ~usize{0}) == status_code::ok);
        for (u32 vector = 0; vector < 20; ++vector)
            r.interrupt(vector % 5);
        const u64 position = out.position_frames();
        const u64 heard = r.heard();
        for (u32 vector = 0; vector < 20; ++vector)
            r.interrupt(vector % 5);
        CHECK(out.position_frames() == position);
        CHECK(r.heard() == heard);
        r.run(1'000'000);
    }
    CHECK(out.drain() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK(r.driver.counters().unknown_ids == 0);
    CHECK(r.device().violations().report() == "");
}
