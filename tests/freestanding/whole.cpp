// The whole driver, instantiated as a kernel would, so that the compiler shows what it needs:
// over the PCI transport with split queues, and over a port that owns its rings.

#include <vsnd/port/skeleton.hpp>
#include <vsnd/transport/pci.hpp>

#include "drive.hpp"

using namespace vsnd;
using whole::drive;
using whole::refill;

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
    void trace(const trace_note& note) { config[1] = note.number; }
};

using pci_card = card<pci_device<bare_kernel>, refill>;
using own_rings_card = card<skeleton::device>;

constinit bare_kernel kernel{};
constinit pci_device<bare_kernel> device;
constinit pci_card with_rings;
constinit skeleton::device port;
constinit own_rings_card without_rings;

constinit msix_message message{0xfee00000, 0x41};

} // namespace

extern "C" u64 vsnd_whole_pci(u8* memory, u32 bytes, const pcm_params* wanted) {
    device.init(kernel, interrupt_setup::msix(message));
    const interrupt_cause cause = device.read_isr();
    return drive(with_rings, device, {memory, {0x200000}, bytes}, *wanted) + cause.queue;
}

extern "C" u64 vsnd_whole_own_rings(u8* memory, u32 bytes, const pcm_params* wanted) {
    return drive(without_rings, port, {memory, {0x200000}, bytes}, *wanted);
}
