// MSI-X with any number of messages, INTx, and polling, on the model device.
// [virtio 1.4] MSI-X Vector Configuration, ISR status capability

#include <doctest/doctest.h>

#include <support/model_kernel.hpp>
#include <vsnd/transport/pci.hpp>

using namespace vsnd;
using support::model_kernel;

namespace {

using port_type = pci_device<model_kernel>;

struct machine {
    explicit machine(const interrupt_setup& interrupts, const model::pci_layout& layout = {})
        : kernel(model::default_profile(), layout) {
        kernel.recording = true;
        port.init(kernel, interrupts);
        kernel.pci.on_vector = [this](u32 vector) { vectors.push_back(vector); };
        kernel.pci.on_intx = [this] {
            ++lines;
            cause = port.read_isr();
        };
    }
    void bring_up() {
        REQUIRE(ok(port.negotiate(0).code()));
        for (u32 i = 0; i < 4; ++i) {
            const auto q = port.queue(i);
            REQUIRE(q.ok());
            queues[i] = q.value();
        }
        // One buffer in the event queue, which the model can complete at any time.
        const dma_region event = kernel.memory.allocate(8, 8);
        const part room{event.bus, 8};
        const auto slot = queues[wire::SND_VQ_EVENT]->bind({{&room, 1}, 0}, nullptr);
        REQUIRE(slot.ok());
        REQUIRE(ok(queues[wire::SND_VQ_EVENT]->post(slot.value())));
        (void)queues[wire::SND_VQ_EVENT]->arm(1);
        REQUIRE(ok(port.start()));
    }
    void cause_queue_interrupt() {
        REQUIRE(kernel.device.send_event(wire::SND_EVT_JACK_CONNECTED, 0));
        kernel.device.advance(1000);
    }
    void cause_config_interrupt() {
        kernel.device.set_config(2, 4, 2, 0);
        kernel.device.advance(1000);
    }
    u32 entry(u32 index, u32 word) {
        return kernel.pci.bar_read(model::pci_place::msix_bar, index * 16 + word * 4, 4);
    }

    model_kernel kernel;
    port_type port;
    port_type::queue_type* queues[4] = {};
    std::vector<u32> vectors;
    interrupt_cause cause;
    int lines = 0;
};

} // namespace

// [virtio 1.4] Virtio Over PCI Bus / ISR status capability, driver 1
TEST_CASE("pci interrupts: which message an event has, for every number of messages") {
    const u16 expected[5][5] = {
        // configuration, then queues 0 to 3
        {0, 0, 0, 0, 0}, {0, 1, 1, 1, 1}, {0, 1, 2, 2, 2}, {0, 1, 2, 3, 3}, {0, 1, 2, 3, 4},
    };
    for (u32 count = 1; count <= 5; ++count) {
        CAPTURE(count);
        const interrupt_setup setup = model_kernel::messages(count);
        CHECK(setup.config_vector() == expected[count - 1][0]);
        for (u32 q = 0; q < 4; ++q)
            CHECK(setup.queue_vector(q) == expected[count - 1][q + 1]);

        machine m(setup);
        m.bring_up();
        m.cause_queue_interrupt();
        CHECK(m.vectors == std::vector<u32>{expected[count - 1][2]});
        m.cause_config_interrupt();
        REQUIRE(m.vectors.size() == 2);
        CHECK(m.vectors[1] == 0);
        CHECK(m.lines == 0);
        CHECK(m.kernel.pci.isr_reads() == 0);
        CHECK(m.kernel.device.violations().report() == "");
    }
}

TEST_CASE("pci interrupts: the table holds the kernel's messages, unmasked") {
    machine m(model_kernel::messages(2), {.table_masked = true});
    m.bring_up();
    CHECK(m.kernel.pci.msix_enabled());
    for (u32 i = 0; i < 2; ++i) {
        CHECK(m.entry(i, 0) == 0x1234'0000 + i * 16);
        CHECK(m.entry(i, 1) == 0xfee0'0000);
        CHECK(m.entry(i, 2) == 0x40 + i);
        CHECK(m.entry(i, 3) == 0);
    }
    CHECK(m.entry(2, 3) == 1); // not ours: as it was
    m.cause_queue_interrupt();
    CHECK(m.vectors == std::vector<u32>{1});
}

TEST_CASE("pci interrupts: a later choice may have more messages") {
    machine m(model_kernel::messages(1));
    m.bring_up();
    REQUIRE(ok(m.port.stop()));
    m.port.init(m.kernel, model_kernel::messages(5));
    m.bring_up();
    CHECK(m.entry(4, 2) == 0x44);
    m.cause_queue_interrupt();
    CHECK(m.vectors == std::vector<u32>{2});
}

TEST_CASE("pci interrupts: a table that the kernel has filled is left alone") {
    machine m(interrupt_setup::msix_ready(2));
    u32 at = m.kernel.pci_read(0x34, 1);
    while (m.kernel.pci_read(at, 1) != wire::pci_config::capability_msix)
        at = m.kernel.pci_read(at + 1, 1);
    m.kernel.pci_write(at + 2, 2, wire::PCI_MSIX_CONTROL_ENABLE);
    m.bring_up();
    for (const auto& a : m.kernel.record)
        CHECK(a.bar != model::pci_place::msix_bar);
    m.cause_queue_interrupt();
    CHECK(m.vectors == std::vector<u32>{1});
}

TEST_CASE("pci interrupts: no more messages are kept than can be used") {
    const msix_message many[7] = {};
    CHECK(interrupt_setup::msix(span<const msix_message>(many, 7)).count == 5);
    CHECK(interrupt_setup::msix_ready(1000).count == 5);
    CHECK(interrupt_setup::msix(many[0]).count == 1);
    CHECK(interrupt_setup::msix(many[0]).messages == many);
    CHECK_FALSE(interrupt_setup::intx().has_vectors());
    CHECK_FALSE(interrupt_setup::polled().has_vectors());
}

// [virtio 1.4] ISR status capability: reading resets it to 0 and de-asserts the interrupt.
TEST_CASE("pci interrupts: INTx says what happened, once") {
    machine m(interrupt_setup::intx());
    m.bring_up();
    CHECK_FALSE(m.port.read_isr().any());
    const u64 before = m.kernel.pci.isr_reads();
    m.cause_queue_interrupt();
    CHECK(m.lines == 1);
    CHECK(m.cause.queue);
    CHECK_FALSE(m.cause.config_change);
    CHECK(m.kernel.pci.isr_reads() == before + 1);
    CHECK_FALSE(m.port.read_isr().any());

    m.cause_config_interrupt();
    CHECK(m.lines == 2);
    CHECK_FALSE(m.cause.queue);
    CHECK(m.cause.config_change);
    CHECK(m.vectors.empty());
    CHECK(m.kernel.device.violations().report() == "");

    m.kernel.device.faults().gone = true; // another device raised the line
    CHECK_FALSE(m.port.read_isr().any());
}

TEST_CASE("pci interrupts: INTx takes MSI-X back from whoever left it on") {
    machine m(model_kernel::messages(1));
    m.bring_up();
    REQUIRE(ok(m.port.stop()));
    m.port.init(m.kernel, interrupt_setup::intx());
    m.bring_up();
    CHECK_FALSE(m.kernel.pci.msix_enabled());
    m.cause_queue_interrupt();
    CHECK(m.lines == 1);
}

// [virtio 1.4] Virtio Over PCI Bus / ISR status capability, driver 1
TEST_CASE("pci interrupts: with MSI-X the ISR is never read, and anything may be the case") {
    machine m(model_kernel::messages(1));
    m.bring_up();
    const auto cause = m.port.read_isr();
    CHECK(cause.queue);
    CHECK(cause.config_change);
    CHECK(m.kernel.pci.isr_reads() == 0);
}

TEST_CASE("pci interrupts: a polling driver is never interrupted") {
    machine m(interrupt_setup::polled());
    m.bring_up();
    m.cause_queue_interrupt();
    m.cause_config_interrupt();
    CHECK(m.lines == 0);
    CHECK(m.vectors.empty());
    CHECK(m.queues[wire::SND_VQ_EVENT]->take().type == used::kind::completed);
}
