// Clauses about registers: every access of a whole session is written down and looked at, without
// the model's own opinion.

#include <doctest/doctest.h>

#include <conformance/session.hpp>

using namespace conformance;

namespace {

// The common configuration by the specification's table: offset, bytes, writable by the driver.
struct field {
    u64 offset;
    u32 bytes;
    bool writable;
};
constexpr field fields[] = {
    {0, 4, true},   {4, 4, false},  {8, 4, true},  {12, 4, true}, {16, 2, true},  {18, 2, false},
    {20, 1, true},  {21, 1, false}, {22, 2, true}, {24, 2, true}, {26, 2, true},  {28, 2, true},
    {30, 2, false}, {32, 8, true},  {40, 8, true}, {48, 8, true}, {56, 2, false}, {58, 2, true},
};
constexpr u64 config_msix_vector = 16, device_status = 20, queue_select = 22, queue_size = 24,
              queue_msix_vector = 26, queue_enable = 28, driver_feature = 12, queue_desc = 32;

using register_access = support::model_kernel::access;

enum class structure { common, isr, config, notify, other };

structure of(const register_access& a) {
    using namespace model::pci_place;
    if (a.bar != structures_bar) return structure::other;
    if (a.offset >= notify) return structure::notify;
    if (a.offset >= device_config) return structure::config;
    return a.offset >= isr ? structure::isr : structure::common;
}

const field* field_at(const register_access& a) {
    for (const field& f : fields) {
        if (a.offset == f.offset && a.bytes == f.bytes) return &f;
        // 64 bits are two halves.
        const bool half = a.offset == f.offset || a.offset == f.offset + 4;
        if (f.bytes == 8 && half && a.bytes == 4) return &f;
    }
    return nullptr;
}

// All accesses of two sessions, on each device.
template <class Rig = rig<>, class Look>
void sessions(Look look, const std::vector<model::device_profile>& all = devices()) {
    for (const auto& profile : all) {
        CAPTURE(profile.name);
        Rig r(profile);
        r.kernel.recording = true;
        work(r);
        work(r);
        REQUIRE(r.kernel.record.size() > 100);
        look(r.kernel.record);
    }
}

} // namespace

// [virtio 1.4] Virtio Over PCI Bus / PCI Device Layout, driver 1
// [virtio 1.4] Virtio Over PCI Bus / PCI Device Layout, driver 2
// [virtio 1.4] Virtio Over PCI Bus / Common configuration structure layout, driver 1
TEST_CASE("conformance: each register access is one whole field, or half of 64 bits") {
    sessions([](const std::vector<register_access>& record) {
        usize halves = 0;
        for (const register_access& a : record) {
            CAPTURE(a.offset);
            CAPTURE(a.bytes);
            CHECK(a.offset % a.bytes == 0);
            if (of(a) == structure::config) CHECK(a.bytes == 4); // all of a sound device's
            if (of(a) == structure::isr) CHECK(a.bytes == 1);
            if (of(a) != structure::common) continue;
            const field* const f = field_at(a);
            REQUIRE(f != nullptr);
            if (a.write) CHECK(f->writable);
            halves += f->bytes == 8;
        }
        CHECK(halves == 2 * 4 * 3 * 2); // sessions, queues, addresses, halves
    });
}

// [virtio 1.4] Virtio Over PCI Bus / Common configuration structure layout, driver 3
// [virtio 1.4] Virtio Over PCI Bus / Common configuration structure layout, driver 4
// [virtio 1.4] Virtio Over PCI Bus / Common configuration structure layout, driver 6
TEST_CASE("conformance: a queue is set up, then enabled, and never touched or disabled again") {
    sessions([](const std::vector<register_access>& record) {
        u32 selected = 0;
        bool enabled[4] = {};
        u32 halves[4] = {};
        u32 enables = 0;
        for (const register_access& a : record) {
            if (!a.write || of(a) != structure::common) continue;
            if (a.offset == queue_select) selected = a.value;
            REQUIRE(selected < 4);
            if (a.offset == device_status && a.value == 0) {
                for (u32 q = 0; q < 4; ++q) {
                    enabled[q] = false;
                    halves[q] = 0;
                }
            }
            if (a.offset == queue_enable) {
                ++enables;
                CHECK(a.value == 1);
                CHECK(halves[selected] == 6);
                enabled[selected] = true;
            }
            const bool setting = a.offset == queue_size || a.offset == queue_msix_vector ||
                                 (a.offset >= queue_desc && a.offset < queue_desc + 24);
            if (setting) CHECK_FALSE(enabled[selected]);
            if (a.offset == queue_size) CHECK((a.value & (a.value - 1)) == 0);
            if (a.offset >= queue_desc && a.offset < queue_desc + 24) ++halves[selected];
        }
        CHECK(enables == 8);
    });
}

// [virtio 1.4] Virtio Over PCI Bus / Common configuration structure layout, driver 2
TEST_CASE("conformance: with packed rings no queue is given the size 0") {
    auto all = packed_devices();
    constexpr u16 sizes_offered[] = {3, 7, 33, 1000}; // no powers of two
    for (auto& profile : all)
        std::copy_n(sizes_offered, 4, profile.queue_sizes);
    u32 largest = 0;
    sessions<packed_rig<>>(
        [&](const std::vector<register_access>& record) {
            u32 sizes = 0;
            for (const register_access& a : record) {
                if (!a.write || of(a) != structure::common || a.offset != queue_size) continue;
                ++sizes;
                CHECK(a.value != 0);
                largest = std::max(largest, a.value);
            }
            CHECK(sizes == 8);
        },
        all);
    CHECK(largest == ring_policy::most_descriptors);
}

// [virtio 1.4] General Initialization And Device Operation / Device Initialization, driver 2
// [virtio 1.4] General Initialization And Device Operation / Device Initialization, driver 3
// [virtio 1.4] General Initialization And Device Operation / Device Initialization, driver 6
TEST_CASE("conformance: no configuration written, no late feature, no early doorbell") {
    sessions([](const std::vector<register_access>& record) {
        u32 status_now = 0;
        usize doorbells = 0;
        usize features = 0;
        for (const register_access& a : record) {
            if (!a.write) continue;
            if (of(a) == structure::common && a.offset == device_status) status_now = a.value;
            CHECK(of(a) != structure::config);
            if (of(a) == structure::common && a.offset == driver_feature) {
                ++features;
                CHECK((status_now & wire::DEVICE_STATUS_FEATURES_OK) == 0);
            }
            if (of(a) == structure::notify) {
                ++doorbells;
                CHECK((status_now & wire::DEVICE_STATUS_DRIVER_OK) != 0);
            }
        }
        CHECK(features == 2 * 2);
        CHECK(doorbells > 50);
    });
}

// [virtio 1.4] Virtio Over PCI Bus / Available Buffer Notifications, driver 1
// [virtio 1.4] Virtio Over PCI Bus / Available Buffer Notifications, driver 3
TEST_CASE("conformance: each doorbell is 16 bits with the queue's number") {
    sessions([](const std::vector<register_access>& record) {
        usize seen[4] = {};
        for (const register_access& a : record) {
            if (of(a) != structure::notify) continue;
            CHECK(a.write);
            CHECK(a.bytes == 2);
            REQUIRE(a.value < 4);
            // The model puts the queues' doorbells in reverse order, four bytes apart.
            CHECK(a.offset == model::pci_place::notify + (3 - a.value) * 4);
            ++seen[a.value];
        }
        // That of the event queue is rung where an event came, and its buffer went back.
        for (const u32 queue : {wire::SND_VQ_CONTROL, wire::SND_VQ_TX, wire::SND_VQ_RX})
            CHECK(seen[queue] != 0);
    });
}

// [virtio 1.4] Virtio Over PCI Bus / MSI-X Vector Configuration, driver 5
// [virtio 1.4] Virtio Over PCI Bus / ISR status capability, driver 1
TEST_CASE("conformance: every vector is read back at once, and the ISR never with MSI-X") {
    sessions([](const std::vector<register_access>& record) {
        usize mapped = 0;
        for (usize i = 0; i < record.size(); ++i) {
            const register_access& a = record[i];
            CHECK(of(a) != structure::isr);
            const bool vector = a.offset == config_msix_vector || a.offset == queue_msix_vector;
            if (!a.write || of(a) != structure::common || !vector) continue;
            ++mapped;
            REQUIRE(i + 1 < record.size());
            CHECK_FALSE(record[i + 1].write);
            CHECK(record[i + 1].offset == a.offset);
        }
        CHECK(mapped == 2 * 5);
    });
}
