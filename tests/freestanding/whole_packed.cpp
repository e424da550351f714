// The same over the PCI transport with packed queues, and all that they can do decided at run time.

#include <vsnd/ring/packed_queue.hpp>
#include <vsnd/transport/pci.hpp>

#include "drive.hpp"

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

struct policy : ring_policy {
    static constexpr choice in_order = choice::negotiated;
};
using port = pci_device<bare_kernel, policy, packed_queue>;

constinit bare_kernel kernel{};
constinit port device;
constinit card<port, whole::refill> driver;

constinit msix_message message{0xfee00000, 0x41};

} // namespace

extern "C" u64 vsnd_whole_packed(u8* memory, u32 bytes, const pcm_params* wanted) {
    device.init(kernel, interrupt_setup::msix(message));
    const interrupt_cause cause = device.read_isr();
    return whole::drive(driver, device, {memory, {0x200000}, bytes}, *wanted) + cause.queue;
}
