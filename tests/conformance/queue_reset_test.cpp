// One queue is reset by itself, over both transports and with both kinds of ring.

#include <doctest/doctest.h>

#include <conformance/session.hpp>
#include <support/mmio_rig.hpp>

using namespace conformance;

namespace {

struct resetting : ring_policy {
    static constexpr choice ring_reset = choice::negotiated;
    static constexpr choice notification_data = choice::negotiated;
};

template <class Port>
model::device_profile resettable() {
    auto p = model::default_profile();
    p.packed = is_packed<typename Port::queue_type>;
    p.notification_data = true;
    p.ring_reset = true;
    p.ring_reset_looks = 5;
    return p;
}

// A port on the model, brought up to its start, with 3 chains of one part each in the tx queue. They
// are no messages for the device: it keeps them.
template <class Kernel, class Port>
struct started {
    explicit started(model::device_profile profile = resettable<Port>()) : kernel(profile) {
        port.init(kernel);
        REQUIRE(port.negotiate(0).ok());
        for (u32 i = 0; i < 4; ++i)
            queues[i] = port.queue(i).value();
        REQUIRE(ok(port.start()));
        data = kernel.memory.allocate(64);
    }
    // Event buffers: the device takes them, and answers when it has an event.
    void post_events(u32 count) {
        for (u32 i = 0; i < count; ++i) {
            const part buffer[] = {{data.bus + 8 * i, 8}};
            slots.push_back(events().bind({buffer, 0}, data.cpu + 8 * i).value());
            REQUIRE(ok(events().post(slots.back())));
        }
        events().kick(count);
    }
    auto& events() { return *queues[wire::SND_VQ_EVENT]; }
    model::sound_device& device() { return kernel.device; }

    Kernel kernel;
    Port port;
    typename Port::queue_type* queues[4] = {};
    dma_region data;
    std::vector<typename Port::queue_type::slot> slots;
};

template <class Policy, template <class, class> class Ring>
using over_pci = started<support::model_kernel, pci_device<support::model_kernel, Policy, Ring>>;
template <class Policy, template <class, class> class Ring>
using over_mmio =
    started<support::mmio_model_kernel, mmio_device<support::mmio_model_kernel, Policy, Ring>>;

using pci_split = over_pci<resetting, split_queue>;
using pci_packed = over_pci<resetting, packed_queue>;
using mmio_split = over_mmio<resetting, split_queue>;
using mmio_packed = over_mmio<resetting, packed_queue>;

} // namespace

// What the device had is idle, may be given away, and is never written to again; the queue works
// from its beginning, with the chains that were bound.
// [virtio 1.4] Basic Facilities of a Virtio Device / Virtqueue Reset, driver 1
// [virtio 1.4] Basic Facilities of a Virtio Device / Virtqueue Reset, driver 2
// [virtio 1.4] Basic Facilities of a Virtio Device / Virtqueue Re-enable, driver 1
// [virtio 1.4] Virtio Over PCI Bus / Common configuration structure layout, driver 7
// [virtio 1.4] Virtio Over PCI Bus / Common configuration structure layout, driver 8
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 14
// [virtio 1.4] Virtio Over MMIO / MMIO Device Register Layout, driver 15
TEST_CASE_TEMPLATE("conformance: a queue is reset, verified, and goes on from its beginning",
                   Machine, pci_split, pci_packed, mmio_split, mmio_packed) {
    Machine m;
    for (u32 round = 0; round < 3; ++round) {
        m.post_events(3);
        CHECK(m.device().queue(wire::SND_VQ_EVENT).popped() == 3 + 4 * round);
        CHECK(m.events().unbind(m.slots[0]) == status_code::memory_still_owned);
        REQUIRE(m.port.reset_queue(wire::SND_VQ_EVENT) == status_code::ok);
        CHECK(m.events().in_device() == 0);
        CHECK_FALSE(m.device().send_event(wire::SND_EVT_PCM_XRUN, 1)); // it has no buffer any more
        CHECK(m.events().take().type == used::kind::nothing);
        // A chain that stayed bound.
        REQUIRE(ok(m.events().post(m.slots[1])));
        m.events().kick(1);
        CHECK(m.device().send_event(wire::SND_EVT_PCM_XRUN, 1));
        m.device().deliver_interrupts();
        const used u = m.events().take();
        CHECK(u.type == used::kind::completed);
        CHECK(u.what == m.data.cpu + 8);
        for (const auto slot : m.slots)
            CHECK(ok(m.events().unbind(slot)));
        m.slots.clear();
    }
    CHECK(m.port.counters().resets == 1); // of the whole device
    CHECK(ok(m.port.stop()));
    CHECK_MESSAGE(m.device().violations().entries().empty(), m.device().violations().report());
}

TEST_CASE_TEMPLATE("conformance: where a queue cannot be reset, the caller hears why", Machine,
                   pci_split, mmio_split) {
    {
        Machine m;
        CHECK(m.port.reset_queue(4) == status_code::invalid_argument);
        REQUIRE(ok(m.port.stop()));
        CHECK(m.port.reset_queue(0) == status_code::wrong_state);
    }
    {
        auto profile = model::default_profile();
        Machine m(profile);
        CHECK(m.port.reset_queue(0) == status_code::not_available);
        CHECK(m.device().violations().entries().empty());
    }
    {
        Machine m;
        m.kernel.ns_per_look = 1'000'000;
        m.device().faults().ignores_queue_reset = true;
        m.post_events(3);
        CHECK(m.port.reset_queue(wire::SND_VQ_EVENT) == status_code::memory_still_owned);
        CHECK(m.events().in_device() == 3);
        CHECK(ok(m.port.stop()));
        CHECK(m.device().violations().entries().empty());
    }
    {
        Machine m;
        m.device().faults().gone = true;
        CHECK(m.port.reset_queue(0) == status_code::device_gone);
    }
}
