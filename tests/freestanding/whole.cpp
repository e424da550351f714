// The whole driver, instantiated as a kernel would, so that the compiler shows what it needs:
// over the PCI transport with split queues, and over a port that owns its rings.

#include <vsnd/port/skeleton.hpp>
#include <vsnd/transport/pci.hpp>
#include <vsnd/vsnd.hpp>

using namespace vsnd;

namespace {

// A kernel that answers from a table, so that nothing is folded away.
struct bare_kernel {
    volatile u32* config;
    u8* window;
    u64 ticks;

    u32 pci_read(u32 offset, u32) { return config[offset / 4]; }
    void pci_write(u32 offset, u32, u32 value) { config[offset / 4] = value; }
    u8* map_bar(u32, u64 offset, usize) { return window + static_cast<usize>(offset); }
    dma_region dma(usize bytes, usize) { return {window, {0x100000}, bytes}; }
    u64 now_ns() { return ++ticks; }
    u32 lock(u32 queue) { return config[queue]; }
    void unlock(u32 queue, u32 saved) { config[queue] = saved; }
    void wait(u64) {}
};

struct refill {
    template <class Stream>
    void period_done(Stream& s) {
        if (s.acquire().ok()) (void)s.commit();
    }
    template <class Stream>
    void xrun(Stream& s) {
        (void)s.position_frames();
    }
};

using pci_card = card<pci_device<bare_kernel>, refill>;
using own_rings_card = card<skeleton::device>;

constinit bare_kernel kernel{};
constinit pci_device<bare_kernel> device;
constinit pci_card with_rings;
constinit skeleton::device port;
constinit own_rings_card without_rings;

// Every public call of a card and its streams, on memory that the caller brings.
template <class Card, class Port>
u64 drive(Card& c, Port& p, const dma_region& memory, const pcm_params& wanted) {
    u64 sum = static_cast<u64>(c.open(p, memory.part(0, card_bytes<>())));
    sum += static_cast<u64>(c.open_async(p, memory)) + c.device_streams();
    sum += static_cast<u64>(c.set_policy(wire::SND_VQ_TX, {wanted.periods, wanted.periods}));
    for (u32 id = 0; id < c.stream_count(); ++id) {
        auto* const s = c.find(id);
        if (s == nullptr) continue;
        const auto fitting = s->nearest(wanted);
        const pcm_params& use = fitting.value();
        sum +=
            static_cast<u64>(s->check(use)) + static_cast<u64>(s->prepare(use, {memory, memory}));
        s->set_drain_tail(wanted.period_frames);
        sum += s->write({memory.cpu, memory.bytes}).value();
        sum += s->read({memory.cpu, memory.bytes}).value();
        if (s->acquire().ok()) sum += static_cast<u64>(s->commit());
        sum += static_cast<u64>(s->start()) + static_cast<u64>(s->stop());
        sum += static_cast<u64>(s->start(start_mode::now)) + static_cast<u64>(s->drain());
        sum += static_cast<u64>(s->drop()) + static_cast<u64>(s->release());
        sum += static_cast<u64>(s->drain_async()) + static_cast<u64>(s->drop_async());
        sum += s->position_frames() + s->avail_frames() + s->delay_frames() + s->in_flight();
        sum += s->counters().xruns + s->period_bytes() + static_cast<u64>(s->state());
        sum +=
            static_cast<u64>(*to_string(s->outcome())) + static_cast<u64>(*to_string(s->state()));
    }
    c.complete(wire::SND_VQ_TX, {nullptr, 0, used::kind::dropped});
    c.config_changed();
    sum += c.pump_all() + c.pump(wire::SND_VQ_RX, 1) + c.tick(sum) + c.counters().events;
    return sum + static_cast<u64>(c.close());
}

} // namespace

extern "C" u64 vsnd_whole_pci(u8* memory, u32 bytes, const pcm_params* wanted) {
    device.init(kernel, interrupt_setup::msix({0xfee00000, 0x41}));
    const interrupt_cause cause = device.read_isr();
    return drive(with_rings, device, {memory, {0x200000}, bytes}, *wanted) + cause.queue;
}

extern "C" u64 vsnd_whole_own_rings(u8* memory, u32 bytes, const pcm_params* wanted) {
    return drive(without_rings, port, {memory, {0x200000}, bytes}, *wanted);
}
