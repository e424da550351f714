#pragma once
// Memory that driver and device share: bus addresses differ from the CPU's, every block has
// guards around it, and a freed block is really freed, so that a sanitizer sees who touches it.

#include <cstring>
#include <new>
#include <vector>

#include <vsnd/base/dma.hpp>

#include "input.hpp"

namespace fuzz {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr usize guard_bytes = 0; // the sanitizer has guards of its own, which see reads too
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr usize guard_bytes = 0;
#else
inline constexpr usize guard_bytes = 64;
#endif
#else
inline constexpr usize guard_bytes = 64;
#endif

class guest_memory {
  public:
    guest_memory() = default;
    guest_memory(const guest_memory&) = delete;
    guest_memory& operator=(const guest_memory&) = delete;
    ~guest_memory() {
        for (const block& b : blocks_)
            discard(b);
    }

    vsnd::dma_region allocate(usize bytes, usize alignment) {
        const usize whole = guard_bytes + bytes + guard_bytes;
        u8* const base = static_cast<u8*>(::operator new (whole, std::align_val_t{cpu_alignment}));
        std::memset(base, guard_value, whole);
        const u64 bus = vsnd::round_up(next_bus_, alignment);
        next_bus_ = bus + bytes + 0x1000;
        blocks_.push_back({base, bus, bytes});
        return {base + guard_bytes, {bus}, bytes};
    }
    void free(const vsnd::dma_region& r) {
        for (usize i = 0; i < blocks_.size(); ++i) {
            if (blocks_[i].bus != r.bus.value) continue;
            discard(blocks_[i]);
            blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(i));
            return;
        }
    }

    // What the device reaches at a bus address; null where the bytes are not all there.
    u8* at(u64 bus, usize bytes) {
        for (const block& b : blocks_) {
            if (bus >= b.bus && bus - b.bus <= b.bytes && bytes <= b.bytes - (bus - b.bus)) {
                return b.base + guard_bytes + (bus - b.bus);
            }
        }
        return nullptr;
    }
    // Whether these bytes, as the CPU sees them, are all in one block.
    bool holds(const u8* cpu, usize bytes) const {
        for (const block& b : blocks_) {
            const u8* const first = b.base + guard_bytes;
            if (cpu >= first && cpu <= first + b.bytes &&
                bytes <= static_cast<usize>(first + b.bytes - cpu)) {
                return true;
            }
        }
        return false;
    }
    // A block by number, to scribble in; empty where there is none at all.
    vsnd::span<u8> any(usize n) {
        if (blocks_.empty()) return {};
        const block& b = blocks_[n % blocks_.size()];
        return {b.base + guard_bytes, b.bytes};
    }

    void check_guards() const {
        for (const block& b : blocks_)
            promise(intact(b), "bytes around shared memory were written");
    }

  private:
    static constexpr usize cpu_alignment = 64;
    static constexpr u8 guard_value = 0xee;

    struct block {
        u8* base;
        u64 bus;
        usize bytes;
    };

    static bool intact(const block& b) {
        for (usize i = 0; i < guard_bytes; ++i) {
            if (b.base[i] != guard_value) return false;
            if (b.base[guard_bytes + b.bytes + i] != guard_value) return false;
        }
        return true;
    }
    static void discard(const block& b) {
        ::operator delete (b.base, std::align_val_t{cpu_alignment});
    }

    std::vector<block> blocks_;
    u64 next_bus_ = 0x7'1000'0000;
};

} // namespace fuzz
