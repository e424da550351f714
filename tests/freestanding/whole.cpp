// Instantiates what a kernel would, so that the compiler shows what it needs.
#include <vsnd/base/atomic.hpp>
#include <vsnd/base/dma.hpp>
#include <vsnd/base/endian.hpp>

namespace {

constinit vsnd::u8 memory[4096];

} // namespace

extern "C" vsnd::u32 vsnd_whole(vsnd::u64 bus, vsnd::u32 bytes) {
    vsnd::dma_carver carver{{memory, {bus}, sizeof memory}};
    const auto piece = carver.take(bytes, 64);
    return piece ? static_cast<vsnd::u32>(piece.value().bytes) : 0;
}
