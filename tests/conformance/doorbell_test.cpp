// What a doorbell says: the queue's number, or what the device calls it, and where the next buffer
// goes. The model reads each one and compares it with the ring.

#include <doctest/doctest.h>

#include <conformance/session.hpp>
#include <support/mmio_rig.hpp>

using namespace conformance;

namespace {

struct data_policy : ring_policy {
    static constexpr choice notification_data = choice::negotiated;
};
struct resetting : ring_policy {
    static constexpr choice ring_reset = choice::negotiated;
};
struct always_data : ring_policy {
    static constexpr choice notification_data = choice::always;
};

model::device_profile offering(bool data, bool names, bool packed) {
    auto p = model::default_profile();
    p.notification_data = data;
    p.notif_config_data = names;
    p.packed = packed;
    return p;
}

// All doorbells that a driver at work rang over PCI.
template <template <class, class> class Ring>
std::vector<support::model_kernel::access> doorbells(bool data, bool names) {
    using rig_type = rig<no_handler, default_limits, data_policy, Ring>;
    constexpr bool packed = is_packed<typename rig_type::port_type::queue_type>;
    rig_type r(offering(data, names, packed));
    r.kernel.recording = true;
    work(r);
    CHECK_CLEAN(r);
    CHECK(r.device().violations().count(violation::notif_config_data_not_accepted) == 0);
    std::vector<support::model_kernel::access> all;
    for (const auto& a : r.kernel.record) {
        if (a.write && a.bar == model::pci_place::structures_bar &&
            a.offset >= model::pci_place::notify)
            all.push_back(a);
    }
    CHECK(all.size() > 20);
    return all;
}

template <template <class, class> class Ring>
void check_doorbells(bool data, bool names) {
    CAPTURE(data);
    CAPTURE(names);
    u32 beyond = 0; // that name a place other than the beginning
    for (const auto& a : doorbells<Ring>(data, names)) {
        REQUIRE(a.bytes == (data ? 4 : 2));
        const u64 q =
            wire::SND_VQ_COUNT - 1 - (a.offset - model::pci_place::notify) / 4; // notify_off
        const u32 queue = static_cast<u32>(q);
        REQUIRE((a.value & 0xffff) ==
                (names ? model::pci_function::notif_config_data(queue) : queue));
        beyond += a.value >> 16 != 0;
    }
    CHECK((beyond != 0) == data);
}

} // namespace

// [virtio 1.4] Virtio Over PCI Bus / Available Buffer Notifications, driver 1
// [virtio 1.4] Virtio Over PCI Bus / Available Buffer Notifications, driver 2
// [virtio 1.4] Virtio Over PCI Bus / Available Buffer Notifications, driver 3
// [virtio 1.4] Virtio Over PCI Bus / Available Buffer Notifications, driver 4
// [virtio 1.4] Virtio Over PCI Bus / Available Buffer Notifications, driver 5
// [virtio 1.4] Virtio Over PCI Bus / Available Buffer Notifications, driver 6
// [virtio 1.4] Reserved Feature Bits, driver 12
TEST_CASE("conformance: over PCI a doorbell is as wide, and names its queue, as was negotiated") {
    for (const bool data : {false, true}) {
        for (const bool names : {false, true}) {
            check_doorbells<split_queue>(data, names);
            check_doorbells<packed_queue>(data, names);
        }
    }
}

// [virtio 1.4] Driver Notifications
TEST_CASE("conformance: over MMIO a doorbell tells where the next buffer goes") {
    const auto check = [](auto& r) {
        work(r);
        CHECK_CLEAN(r);
        u32 beyond = 0;
        for (const u32 value : r.kernel.written(wire::MMIO_QUEUE_NOTIFY)) {
            REQUIRE((value & 0xffff) < wire::SND_VQ_COUNT);
            beyond += value >> 16 != 0;
        }
        CHECK(beyond > 20);
    };
    support::mmio_rig<data_policy> split(offering(true, true, false));
    check(split);
    support::mmio_rig<data_policy, packed_queue> packed(offering(true, true, true));
    check(packed);
    // What the device calls its queues is said over PCI only.
    CHECK((split.port.features() & feature(wire::F_NOTIF_CONFIG_DATA)) == 0);
}

TEST_CASE("conformance: where the data are demanded, a device without them is none") {
    rig<no_handler, default_limits, always_data> without(model::default_profile());
    CHECK(without.open() == status_code::not_available);
    rig<no_handler, default_limits, always_data> with(offering(true, false, false));
    work(with);
    CHECK_CLEAN(with);
}

namespace {

// A device that offers features whose registers its structure does not reach.
template <class Policy>
u64 features_of_old(Policy) {
    auto profile = offering(false, true, false);
    profile.ring_reset = true;
    support::model_kernel kernel(profile, {.common_old = true});
    pci_device<support::model_kernel, Policy> port;
    port.init(kernel);
    const auto features = port.negotiate(0);
    CHECK(features.ok());
    for (u32 i = 0; i < 4; ++i)
        CHECK(port.queue(i).ok());
    CHECK(kernel.device.violations().count(violation::register_outside) == 0);
    CHECK(ok(port.stop()));
    return features.value();
}

} // namespace

TEST_CASE("conformance: a register that lies beyond its structure is not asked for") {
    constexpr u64 late = feature(wire::F_NOTIF_CONFIG_DATA) | feature(wire::F_RING_RESET);
    CHECK((features_of_old(ring_policy{}) & late) == 0);
    CHECK((features_of_old(resetting{}) & late) == 0);
}

// The doorbell of a device that offers more of it than there is room for.
TEST_CASE("conformance: a wide doorbell has to fit, aligned") {
    for (const u32 multiplier : {4u, 2u, 6u}) {
        CAPTURE(multiplier);
        support::model_kernel kernel(offering(true, false, false),
                                     {.notify_multiplier = multiplier});
        pci_device<support::model_kernel, data_policy> port;
        port.init(kernel);
        REQUIRE(port.negotiate(0).ok());
        status_code s = status_code::ok;
        for (u32 i = 0; ok(s) && i < 4; ++i)
            s = port.queue(i).code();
        CHECK(s == (multiplier == 4 ? status_code::ok : status_code::bad_capability));
        CHECK(ok(port.stop()));
    }
}
