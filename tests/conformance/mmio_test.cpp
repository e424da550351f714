// Clauses of the MMIO transport: every access of a whole session is written down and looked at.

#include <doctest/doctest.h>

#include <algorithm>

#include <support/mmio_model_kernel.hpp>
#include <vsnd/transport/mmio.hpp>
#include <vsnd/vsnd.hpp>

using namespace vsnd;

namespace {

using support::mmio_model_kernel;
using register_access = mmio_model_kernel::access;

struct machine {
    explicit machine(model::device_profile profile = model::default_profile())
        : kernel(std::move(profile)) {
        port.init(kernel);
        area = kernel.memory.allocate(card_bytes<>(), card_alignment);
        kernel.mmio.on_irq = [this] {
            const interrupt_cause cause = port.interrupt();
            causes.push_back(cause);
            if (cause.config_change) driver.config_changed();
            while (cause.queue && driver.pump_all()) {
            }
        };
    }
    // Open, play, have an event and a change of the configuration, close.
    void session() {
        REQUIRE(driver.open(port, area) == status_code::ok);
        auto& out = *driver.find(direction::playback);
        pcm_params p;
        const stream_memory memory{kernel.memory.allocate(16384, 4096),
                                   kernel.memory.allocate(4096, 4096)};
        REQUIRE(out.prepare(p, memory) == status_code::ok);
        const std::vector<u8> data(16384, 0x5a);
        REQUIRE(out.write({data.data(), data.size()}).ok());
        REQUIRE(out.start() == status_code::ok);
        (void)kernel.device.send_event(wire::SND_EVT_PCM_XRUN, 0);
        kernel.device.set_config(2, static_cast<u32>(kernel.device.stream_count()), 2, 0);
        REQUIRE(out.drain() == status_code::ok);
        REQUIRE(driver.close() == status_code::ok);
        CHECK(kernel.device.violations().report() == "");
    }

    mmio_model_kernel kernel;
    mmio_device<mmio_model_kernel> port;
    card<mmio_device<mmio_model_kernel>> driver;
    dma_region area;
    std::vector<interrupt_cause> causes;
};

// All accesses of two sessions, with queues of several sizes.
template <class Look>
void sessions(Look look) {
    for (const u16 size : {u16{8}, u16{64}, u16{256}}) {
        auto profile = model::default_profile();
        profile.queue_sizes[0] = profile.queue_sizes[2] = size;
        machine m(profile);
        m.session();
        m.session();
        REQUIRE(m.kernel.record.size() > 200);
        look(m.kernel.record);
    }
}

// The registers by the specification's table, and which way they go.
constexpr u64 readable[] = {0x00, 0x04, 0x08, 0x0c, 0x10, 0x34, 0x44, 0x60, 0x70, 0xfc};
constexpr u64 writable[] = {0x14, 0x20, 0x24, 0x30, 0x38, 0x44, 0x50, 0x64,
                            0x70, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4};
constexpr u64 config = 0x100;

template <usize N>
bool among(const u64 (&list)[N], u64 offset) {
    return std::find(list, list + N, offset) != list + N;
}

} // namespace

// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 1
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 2
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 3
// [virtio 1.4] Virtio Over MMIO / Device Initialization, driver 3
TEST_CASE("conformance: over MMIO only registers of the table, each in its direction, by 32 bits") {
    sessions([](const std::vector<register_access>& record) {
        for (const register_access& a : record) {
            CAPTURE(a.offset);
            CHECK(a.bytes == 4);
            CHECK(a.offset % 4 == 0);
            // Shared memory and the reset of queues are in neither list.
            const bool in_config = a.offset >= config && a.offset < config + 16 && !a.write;
            const bool known = a.write ? among(writable, a.offset) : among(readable, a.offset);
            CHECK((in_config || known));
        }
    });
}

// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 7
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 8
TEST_CASE("conformance: over MMIO the word of the features is chosen before they are touched") {
    sessions([](const std::vector<register_access>& record) {
        u32 offers = 0;
        u32 answers = 0;
        for (usize i = 1; i < record.size(); ++i) {
            const register_access& before = record[i - 1];
            if (!record[i].write && record[i].offset == wire::MMIO_DEVICE_FEATURES) {
                CHECK(before.write);
                CHECK(before.offset == wire::MMIO_DEVICE_FEATURES_SEL);
                CHECK(before.value == offers++ % 2);
            }
            if (record[i].write && record[i].offset == wire::MMIO_DRIVER_FEATURES) {
                CHECK(before.write);
                CHECK(before.offset == wire::MMIO_DRIVER_FEATURES_SEL);
                CHECK(before.value == answers++ % 2);
            }
        }
        CHECK(offers == 4);
        CHECK(answers == 4);
    });
}

// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 9
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 10
TEST_CASE("conformance: over MMIO a queue is no larger than offered, and untouched once ready") {
    sessions([](const std::vector<register_access>& record) {
        u32 selected = 0;
        u32 offered = 0;
        u32 sizes = 0;
        bool ready[4] = {};
        for (const register_access& a : record) {
            if (a.offset == wire::MMIO_QUEUE_SEL) selected = a.value;
            REQUIRE(selected < 4);
            if (a.offset == wire::MMIO_QUEUE_SIZE_MAX) offered = a.value;
            if (a.write && a.offset == wire::MMIO_STATUS && a.value == 0)
                std::fill_n(ready, 4, false);
            if (a.write && a.offset == wire::MMIO_QUEUE_READY) ready[selected] = a.value != 0;
            const bool set_up =
                a.offset == wire::MMIO_QUEUE_SIZE ||
                (a.offset >= wire::MMIO_QUEUE_DESC_LOW && a.offset <= wire::MMIO_QUEUE_DEVICE_HIGH);
            if (set_up) CHECK_FALSE(ready[selected]);
            if (a.offset != wire::MMIO_QUEUE_SIZE) continue;
            ++sizes;
            CHECK(a.value <= offered);
            CHECK(a.value != 0);
            offered = 0; // asked for anew for each queue
        }
        CHECK(sizes == 8);
    });
}

// [virtio 1.4] Virtio Over MMIO / Notifications From The Device, driver 2
TEST_CASE("conformance: over MMIO one interrupt stands for all queues") {
    machine m;
    REQUIRE(m.driver.open(m.port, m.area) == status_code::ok);
    auto& out = *m.driver.find(direction::playback);
    const stream_memory memory{m.kernel.memory.allocate(16384, 4096),
                               m.kernel.memory.allocate(4096, 4096)};
    REQUIRE(out.prepare({}, memory) == status_code::ok);
    m.causes.clear();
    // An answer and an event, before the one interrupt is delivered.
    REQUIRE(out.start_async(start_mode::now) == status_code::in_progress);
    REQUIRE(m.kernel.device.send_event(wire::SND_EVT_PCM_XRUN, 0));
    m.kernel.device.advance(0);
    usize of_queues = 0;
    for (const interrupt_cause& c : m.causes)
        of_queues += c.queue;
    CHECK(of_queues == 1);
    CHECK(out.outcome() == status_code::ok);
    CHECK(m.driver.counters().events == 1);
    CHECK(m.driver.close() == status_code::ok);
}
