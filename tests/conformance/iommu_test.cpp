// A device behind an IOMMU: bus addresses are translated page by page, and what is not mapped is a
// fault. With it come the barriers of hardware.

#include <doctest/doctest.h>

#include <conformance/session.hpp>
#include <support/mmio_rig.hpp>

using namespace conformance;

namespace {

model::device_profile behind_iommu(bool packed) {
    auto p = model::default_profile();
    p.iommu = p.order_platform = true;
    p.packed = packed;
    return p;
}

template <class Rig>
void check_at_work() {
    Rig r(behind_iommu(is_packed<typename Rig::port_type::queue_type>));
    REQUIRE(r.kernel.memory.behind_iommu());
    work(r);
    constexpr u64 platform = feature(wire::F_ACCESS_PLATFORM) | feature(wire::F_ORDER_PLATFORM);
    CHECK((r.port.features() & platform) == platform);
    CHECK_MESSAGE(r.device().violations().entries().empty(), r.report());
    CHECK(r.kernel.memory.refusals().empty());
}

struct physical_only : ring_policy {
    using order = same_host_order;
    static constexpr choice access_platform = choice::never;
};
struct translated_only : ring_policy {
    static constexpr choice access_platform = choice::always;
};

} // namespace

// [virtio 1.4] Reserved Feature Bits, driver 3
TEST_CASE("conformance: a driver at work behind an IOMMU, with each ring on each transport") {
    check_at_work<rig<>>();
    check_at_work<packed_rig<>>();
    check_at_work<support::mmio_rig<>>();
    check_at_work<support::mmio_rig<ring_policy, packed_queue>>();
}

TEST_CASE("conformance: behind an IOMMU a driver that knows physical addresses alone is refused") {
    rig<no_handler, default_limits, physical_only> r(behind_iommu(false));
    CHECK(r.open() == status_code::features_refused);
    CHECK(r.device().violations().count(violation::access_platform_not_accepted) == 1);
    CHECK(r.device().violations().count(violation::order_platform_not_accepted) == 1);
    // And the other way round: translated addresses are of no use to a device without one.
    rig<no_handler, default_limits, translated_only> t;
    CHECK(t.open() == status_code::not_available);
    rig<no_handler, default_limits, translated_only> good(behind_iommu(false));
    CHECK(good.open() == status_code::ok);
    CHECK(good.driver.close() == status_code::ok);
}
