// The same over the MMIO transport.

#include <vsnd/transport/mmio.hpp>

#include "drive.hpp"

using namespace vsnd;

namespace {

// A kernel that answers from a table, so that nothing is folded away.
struct bare_kernel {
    u8* window;
    u64 ticks;

    u8* map_registers(usize) { return window; }
    dma_region dma(usize bytes, usize) { return {window, {0x100000}, bytes}; }
    u64 now_ns() { return ++ticks; }
    u32 lock(u32 queue) { return window[queue]; }
    void unlock(u32 queue, u32 saved) { window[queue] = static_cast<u8>(saved); }
    void wait(u64) {}
};

constinit bare_kernel kernel{};
constinit mmio_device<bare_kernel> device;
constinit card<mmio_device<bare_kernel>, whole::refill> driver;

} // namespace

extern "C" u64 vsnd_whole_mmio(u8* memory, u32 bytes, const pcm_params* wanted) {
    device.init(kernel);
    const interrupt_cause cause = device.interrupt();
    return whole::drive(driver, device, {memory, {0x200000}, bytes}, *wanted) + cause.queue;
}
