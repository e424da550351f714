#pragma once
// Memory that the device can reach. The CPU's address and the bus address are different types,
// since on most machines worth testing they are different numbers.

#include <vsnd/base/status.hpp>
#include <vsnd/base/types.hpp>

namespace vsnd {

// An address as the device uses it. Never dereferenced, never derived from a pointer.
struct bus_address {
    u64 value = 0;

    constexpr bus_address operator+(u64 bytes) const { return {value + bytes}; }
    constexpr bool operator==(const bus_address&) const = default;
};

// A piece of memory, contiguous both for the CPU and on the bus. The port gives it and keeps it
// until the card is closed; `close` answering memory_still_owned means: never reuse it.
struct dma_region {
    u8* cpu = nullptr;
    bus_address bus;
    usize bytes = 0;

    constexpr bool empty() const { return cpu == nullptr || bytes == 0; }

    // The part that starts at `at` and is `count` bytes long; empty where it does not fit.
    constexpr dma_region part(usize at, usize count) const {
        if (at > bytes || count > bytes - at) return {};
        return {cpu + at, bus + at, count};
    }
};

// Hands out a region piece by piece, each piece aligned on the bus.
class dma_carver {
  public:
    constexpr explicit dma_carver(dma_region region) : rest_(region) {}

    // The next `bytes`, aligned to `alignment` (a power of two). Errors: no_memory, the carver
    // is unchanged.
    constexpr result<dma_region> take(usize bytes, usize alignment) {
        const usize skip =
            (alignment - static_cast<usize>(rest_.bus.value & (alignment - 1))) & (alignment - 1);
        const dma_region piece = skip > rest_.bytes ? dma_region{} : rest_.part(skip, bytes);
        if (piece.cpu == nullptr) return status_code::no_memory;
        rest_ = rest_.part(skip + bytes, rest_.bytes - skip - bytes);
        return piece;
    }

  private:
    dma_region rest_;
};

} // namespace vsnd
