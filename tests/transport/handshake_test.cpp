// The initialisation handshake, clause by clause, on registers written by hand.
// [virtio 1.4] General Initialization And Device Operation / Device Initialization

#include <doctest/doctest.h>

#include <string>

#include <vsnd/transport/handshake.hpp>

using namespace vsnd;

namespace {

// Registers that write down what happens to them.
struct scripted {
    u64 offered = feature(wire::F_VERSION_1) | feature(wire::F_EVENT_IDX) | 1;
    bool takes_features = true;
    bool takes_driver_ok = true;
    bool wants_reset = false; // sets NEEDS_RESET at DRIVER_OK
    u32 polls_to_reset = 1;   // reads of the status until a reset shows as 0
    u64 ns_per_look = 0;
    unsigned gone_after = 1'000'000; // accesses
    reset_patience patience;

    std::string log;
    u8 value = 0x8f; // as another driver left it
    u64 accepted = 0;
    u64 now = 5;
    u32 until_zero = 0;
    unsigned accesses = 0;

    bool gone() { return ++accesses > gone_after; }
    u8 device_status() {
        if (gone()) return 0xff;
        if (until_zero != 0 && --until_zero == 0) value = 0;
        log += "r ";
        return value;
    }
    void set_device_status(u8 v) {
        if (gone()) return;
        log += "w" + std::to_string(v) + " ";
        if (v == 0) {
            until_zero = polls_to_reset;
            return;
        }
        value = v;
        if (!takes_features) value &= static_cast<u8>(~wire::DEVICE_STATUS_FEATURES_OK);
        if (!takes_driver_ok) value &= static_cast<u8>(~wire::DEVICE_STATUS_DRIVER_OK);
        if ((value & wire::DEVICE_STATUS_DRIVER_OK) != 0 && wants_reset)
            value |= wire::DEVICE_STATUS_NEEDS_RESET;
    }
    u32 offered_features(u32 word) {
        if (gone()) return ~u32{0};
        log += "f ";
        return static_cast<u32>(offered >> (32 * word));
    }
    void accept_features(u32 word, u32 bits) {
        if (gone()) return;
        log += "a ";
        accepted |= u64{bits} << (32 * word);
    }
    u64 now_ns() { return now += ns_per_look; }
};
static_assert(handshake_registers<scripted>);

// As a transport does it. The features, or why there are none.
result<u64> shaken(scripted& r, const feature_wish& wish) {
    if (const auto s = reset_device(r); !ok(s)) return s;
    u64 features = 0;
    if (const auto s = shake_hands(r, wish, features); !ok(s)) return give_up(r, s);
    return features;
}
status_code started(scripted& r) {
    const auto s = set_driver_ok(r);
    return ok(s) ? s : give_up(r, s);
}

constexpr feature_wish wish{0, 1 | feature(wire::F_EVENT_IDX) | feature(wire::F_INDIRECT_DESC)};

} // namespace

// 1. Reset the device. 2. ACKNOWLEDGE. 3. DRIVER. 4. Read the features, write the subset.
// 5. FEATURES_OK. 6. Re-read the status. (7. device-specific set-up) 8. DRIVER_OK.
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Status Field, driver 1
// [virtio 1.4] General Initialization And Device Operation / Device Initialization, driver 1
// [virtio 1.4] Reserved Feature Bits, driver 1
TEST_CASE("handshake: the eight steps in their order") {
    scripted r;
    const auto features = shaken(r, wish);
    REQUIRE(features.ok());
    CHECK(features.value() == (feature(wire::F_VERSION_1) | feature(wire::F_EVENT_IDX) | 1));
    CHECK(r.accepted == features.value());
    CHECK(r.log == "w0 r r w1 r w3 f f a a r w11 r ");
    r.log.clear();
    CHECK(set_driver_ok(r) == status_code::ok);
    CHECK(r.log == "r w15 r ");
}

// [virtio 1.4] Device Status Field: the driver MUST NOT clear a device status bit.
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Status Field, driver 2
TEST_CASE("handshake: a bit that the device set stays set") {
    scripted r;
    r.value = 0x43;
    add_device_status(r, wire::DEVICE_STATUS_FAILED);
    CHECK(r.value == 0xc3);
}

TEST_CASE("handshake: nothing is written to a device that is seen to be gone") {
    scripted r;
    r.value = 0xff;
    add_device_status(r, wire::DEVICE_STATUS_FAILED);
    CHECK(r.log == "r ");
}

// [virtio 1.4] Common configuration structure layout: wait for a read of device_status to be 0.
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Reset, driver 1
// [virtio 1.4] Virtio Over PCI Bus / Common configuration structure layout, driver 5
TEST_CASE("handshake: a reset that takes its time is awaited") {
    for (const u32 polls : {1U, 2U, 999U, 5000U}) {
        CAPTURE(polls);
        scripted r;
        r.polls_to_reset = polls;
        CHECK(reset_device(r) == status_code::ok);
        CHECK(r.value == 0);
    }
}

TEST_CASE("handshake: patience ends by the clock, but not before many looks") {
    scripted r;
    r.polls_to_reset = 0; // never
    r.ns_per_look = 1'000'000;
    r.patience = {50'000'000, 10, 1000};
    CHECK(reset_device(r) == status_code::memory_still_owned);
    CHECK(r.accesses >= 50);
    CHECK(r.accesses < 70);

    scripted jumpy; // the host slept for an hour between two looks
    jumpy.patience = {50'000'000, 10, 1000};
    jumpy.polls_to_reset = 10;
    jumpy.ns_per_look = 3'600'000'000'000;
    CHECK(reset_device(jumpy) == status_code::ok);

    scripted frozen; // and a clock that stands still
    frozen.patience = jumpy.patience;
    frozen.polls_to_reset = 0;
    CHECK(reset_device(frozen) == status_code::memory_still_owned);
    CHECK(frozen.accesses == 1001);
}

// [virtio 1.4] Device Initialization: FAILED when it goes irrecoverably wrong; the driver MUST NOT
// continue. [virtio 1.4] Device Status Field: after FAILED, reset.
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Status Field, driver 3
// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 2
// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 4
// [virtio 1.4] General Initialization And Device Operation / Device Initialization, driver 4
// [virtio 1.4] General Initialization And Device Operation / Device Initialization, driver 5
TEST_CASE("handshake: each refusal gives the device up and resets it") {
    SUBCASE("no VERSION_1, and nothing is accepted") {
        scripted r;
        r.offered = feature(wire::F_EVENT_IDX) | 1;
        CHECK(shaken(r, wish).code() == status_code::no_version_1);
        CHECK(r.log == "w0 r r w1 r w3 f f r w131 w0 r ");
        CHECK(r.accepted == 0);
    }
    SUBCASE("a feature that is required is not there") {
        scripted r;
        const auto s = shaken(r, {feature(wire::F_INDIRECT_DESC), 1});
        CHECK(s.code() == status_code::not_available);
        CHECK(r.log == "w0 r r w1 r w3 f f r w131 w0 r ");
        CHECK(r.accepted == 0);
    }
    SUBCASE("FEATURES_OK does not stay") {
        scripted r;
        r.takes_features = false;
        CHECK(shaken(r, wish).code() == status_code::features_refused);
        CHECK(r.log == "w0 r r w1 r w3 f f a a r w11 r r w131 w0 r ");
    }
    SUBCASE("DRIVER_OK does not stay") {
        scripted r;
        r.takes_driver_ok = false;
        REQUIRE(shaken(r, wish).ok());
        CHECK(started(r) == status_code::device_broken);
        CHECK(r.value == 0);
    }
    SUBCASE("the device needs a reset as soon as it lives") {
        scripted r;
        r.wants_reset = true;
        REQUIRE(shaken(r, wish).ok());
        r.log.clear();
        CHECK(started(r) == status_code::device_broken);
        CHECK(r.log == "r w15 r r w207 w0 r ");
    }
}

// [virtio 1.4] Feature Bits: only bits that are offered and understood.
// [virtio 1.4] Basic Facilities of a Virtio Device / Feature Bits, driver 1
// [virtio 1.4] Reserved Feature Bits, driver 1
TEST_CASE("handshake: accepted is the overlap of offered and wished for, in both words") {
    const u64 patterns[] = {0, ~u64{0}, 0x5555'5555'5555'5555, 0x00ff'00ff'00ff'00ff, 1};
    for (const u64 offered : patterns) {
        for (const u64 optional : patterns) {
            scripted r;
            r.offered = offered | feature(wire::F_VERSION_1);
            const auto answer = shaken(r, {0, optional});
            REQUIRE(answer.ok());
            CHECK(answer.value() == ((r.offered & optional) | feature(wire::F_VERSION_1)));
            CHECK(r.accepted == answer.value());
        }
    }
}

TEST_CASE("handshake: a device that vanishes at any access is gone, not silent") {
    scripted whole;
    REQUIRE(shaken(whole, wish).ok());
    REQUIRE(ok(set_driver_ok(whole)));
    for (unsigned after = 0; after < whole.accesses; ++after) {
        CAPTURE(after);
        scripted r;
        r.gone_after = after;
        const auto answer = shaken(r, wish);
        const status_code s = answer ? started(r) : answer.code();
        CHECK(s == status_code::device_gone);
    }
}

TEST_CASE("handshake: a device that is given up and does not reset still owns its memory") {
    scripted r;
    REQUIRE(shaken(r, wish).ok());
    r.polls_to_reset = 0;
    r.ns_per_look = 1'000'000'000;
    CHECK(give_up(r, status_code::queue_missing) == status_code::memory_still_owned);
}
