// The PCI device port with packed rings on the model device.
// [virtio 1.4] Virtio Over PCI Bus, Packed Virtqueues

#include <doctest/doctest.h>

#include <conformance/session.hpp>

using namespace vsnd;
using conformance::packed_devices;
using conformance::packed_rig;

namespace {

template <class Kernel>
using packed_device = pci_device<Kernel, ring_policy, packed_queue>;
static_assert(device_port<packed_device<support::model_kernel>>);
static_assert(packed_device<support::model_kernel>::least_queue_size == 3);
static_assert(pci_device<support::model_kernel>::least_queue_size == 4);

// No constructor runs: small kernels run none.
constinit packed_device<support::model_kernel> constant_initialised;

constexpr u64 packed_bit = feature(wire::F_RING_PACKED);

model::device_profile with_queue(u32 index, u16 size) {
    auto p = model::default_profile();
    p.packed = true;
    p.queue_sizes[index] = size;
    return p;
}

struct ordered : ring_policy {
    static constexpr choice in_order = choice::negotiated;
};

// Both at once, through the vectors of both queues, until both buffers are through.
template <class Rig>
void exchange(Rig& r, const support::bytes& music, support::bytes& recording) {
    auto& out = *r.driver.find(direction::playback);
    auto& in = *r.driver.find(direction::capture);
    REQUIRE(in.start() == status_code::ok);
    usize wrote = 0, read = 0;
    while (wrote < music.size() || read < recording.size()) {
        REQUIRE(r.feed(out, music, wrote, ~usize{0}) == status_code::ok);
        read += in.read({recording.data() + read, recording.size() - read}).value();
        REQUIRE(r.device().now_ns() < 10'000'000'000);
        r.kernel.wait(1'000'000);
    }
    CHECK(out.drain() == status_code::ok);
    CHECK(in.stop() == status_code::ok);
}

template <class Rig>
void play_and_record_at_once(Rig& r) {
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    auto& in = *r.driver.find(direction::capture);
    const pcm_params p = conformance::sixteen_bit(256, 8);
    REQUIRE(r.prepare(out, p) == status_code::ok);
    REQUIRE(r.prepare(in, p) == status_code::ok);
    const support::bytes music = support::noise(30 * out.period_bytes() + 40);
    const support::bytes source = support::noise(60 * in.period_bytes(), 2);
    r.device().stream(in.id()).set_source(source);
    support::bytes recording(30 * in.period_bytes());
    exchange(r, music, recording);
    CHECK(support::plays_exactly(r.device().stream(out.id()).sink(), music, p.format));
    CHECK(std::equal(recording.begin(), recording.end(), source.begin()));
    CHECK(r.driver.counters().unknown_ids == 0);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

} // namespace

// [virtio 1.4] Reserved Feature Bits, driver 5
TEST_CASE("pci: packed rings are accepted where they are offered, and every queue is one") {
    CHECK(constant_initialised.features() == 0);
    for (const auto& profile : packed_devices()) {
        CAPTURE(profile.name);
        packed_rig<> r(profile);
        REQUIRE(r.open() == status_code::ok);
        CHECK((r.port.features() & packed_bit) != 0);
        CHECK(r.device().features() == r.port.features());
        for (u32 i = 0; i < 4; ++i)
            CHECK(r.device().queue(i).enabled());
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("pci: a device without packed rings is refused by name, and left alone") {
    packed_rig<> r;
    CHECK(r.open() == status_code::not_available);
    CHECK(r.device().read_status() == 0);
    CHECK(r.kernel.dma_requests == 0);
    CHECK_CLEAN(r);
}

TEST_CASE("pci: a driver of split rings does not accept packed ones") {
    support::rig<> r(packed_devices().front());
    REQUIRE(r.open() == status_code::ok);
    CHECK((r.port.features() & packed_bit) == 0);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("pci: with packed rings the driver does all its work, on every device") {
    for (const auto& profile : packed_devices()) {
        CAPTURE(profile.name);
        packed_rig<> r(profile);
        conformance::work(r);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("pci: a card with packed rings plays and records at once, every byte") {
    for (const bool event_idx : {true, false}) {
        for (const bool indirect : {true, false}) {
            CAPTURE(event_idx);
            CAPTURE(indirect);
            auto profile = packed_devices().front();
            profile.event_idx = event_idx;
            profile.indirect = indirect;
            packed_rig<> r(profile);
            play_and_record_at_once(r);
            CHECK((r.port.features() >> wire::F_EVENT_IDX & 1) == event_idx);
            CHECK((r.port.features() >> wire::F_INDIRECT_DESC & 1) == indirect);
        }
    }
}

TEST_CASE("pci: so it does with a device that answers in order, for many at once") {
    auto profile = packed_devices().front();
    profile.in_order = true;
    packed_rig<ordered> r(profile);
    play_and_record_at_once(r);
    CHECK((r.port.features() & feature(wire::F_IN_ORDER)) != 0);
}

// [virtio 1.4] Packed Virtqueues: a queue's size need not be a power of two
TEST_CASE("pci: a packed ring is as large as the device has it, from three descriptors on") {
    for (const u16 size : {u16{3}, u16{5}, u16{33}, u16{64}, u16{65}, u16{32768}}) {
        CAPTURE(size);
        packed_rig<> r(with_queue(wire::SND_VQ_RX, size));
        REQUIRE(ok(r.port.negotiate(0).code()));
        const auto q = r.port.queue(wire::SND_VQ_RX);
        REQUIRE(q.ok());
        CHECK(q.value()->size() == (size < 64 ? size : 64));
        CHECK(r.port.stop() == status_code::ok);
        CHECK_CLEAN(r);
    }
    for (u32 index = 0; index < 4; ++index) {
        for (const u16 size : {u16{0}, u16{1}, u16{2}}) {
            CAPTURE(index);
            CAPTURE(size);
            packed_rig<> r(with_queue(index, size));
            CHECK(r.open() ==
                  (size == 0 ? status_code::queue_missing : status_code::queue_too_small));
            CHECK(r.device().read_status() == 0);
            CHECK_CLEAN(r);
        }
    }
}

namespace {

// A device that changes its mind about how large its queues are.
class resizing_kernel : public support::model_kernel {
  public:
    using model_kernel::model_kernel;

    u32 register_read(const u8* address, u32 count) {
        recording = true;
        const u32 value = model_kernel::register_read(address, count);
        const access& a = record.back();
        const bool is_size = a.bar == model::pci_place::structures_bar && a.offset == 24;
        return is_size && value == 64 ? offered : value;
    }
    u32 offered = 64;
};

} // namespace

TEST_CASE("pci: a packed ring that may be larger the second time keeps its memory") {
    resizing_kernel kernel(packed_devices().front());
    kernel.ns_per_look = 1'000'000;
    packed_device<resizing_kernel> port;
    port.init(kernel);
    const auto size_with = [&](u32 offered) {
        kernel.offered = offered;
        REQUIRE(ok(port.negotiate(0).code()));
        const auto q = port.queue(0);
        REQUIRE(q.ok());
        const u16 size = q.value()->size();
        REQUIRE(ok(port.stop()));
        return size;
    };
    CHECK(size_with(9) == 9);
    CHECK(size_with(50) == 9);
    CHECK(size_with(5) == 5);
    CHECK(size_with(40) == 9);
    CHECK(kernel.dma_requests == 1);
    CHECK(kernel.device.violations().report() == "");
}

TEST_CASE("pci: a kernel with too little memory for a packed ring hears so, each time") {
    packed_rig<> r(packed_devices().front());
    for (u32 tries = 0; tries < 3; ++tries) {
        r.kernel.dma_limit = tries;
        CHECK(r.open() == status_code::no_memory);
        CHECK(r.device().read_status() == 0);
    }
    r.kernel.dma_limit = 100;
    CHECK(r.open() == status_code::ok);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}
