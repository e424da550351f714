#pragma once
// The guest's physical memory as the device sees it. Every region has a CPU address and a bus
// address, and the two never agree; between regions lie unmapped gaps, so that a driver that
// mixes the two up, runs over an end or frees too early is found and not merely lucky.
//
//     guest_memory memory;
//     dma_region r = memory.allocate(4096, 4096); // the driver writes r.cpu, the device reads
//     r.bus memory.read(r.bus, buffer, 16);             // the device's side: false where unmapped
//     memory.release(r);                          // poisoned, and unmapped on the bus
//     memory.allocate_cached(4096, 64);           // see cached_memory.hpp
//
// Behind an IOMMU (iommu.hpp) the device reaches what has a page there, by bus addresses.

#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <vsnd/base/atomic.hpp>
#include <vsnd/base/dma.hpp>
#include <vsnd/model/cached_memory.hpp>
#include <vsnd/model/iommu.hpp>

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h> // its macros do nothing when the sanitizer is off
#endif

namespace vsnd::model {

class guest_memory {
  public:
    // An access that the device tried and the memory refused.
    struct refusal {
        bus_address address;
        u64 bytes = 0;
        bool writing = false;
    };

    static constexpr u64 guard_bytes = 65536;
    static constexpr u8 fresh_byte = 0xa5; // new memory is not zero, as from a real allocator
    static constexpr u8 poison_byte = 0xdd;

    // The first bus address lies above 4 GiB by default: an address cut to 32 bits hits nothing.
    explicit guest_memory(u64 first_bus = 0x1'4000'0000, bool behind_iommu = false)
        : next_bus_(first_bus), translated_(behind_iommu) {}
    guest_memory(const guest_memory&) = delete;
    guest_memory& operator=(const guest_memory&) = delete;
    ~guest_memory() {
        for (auto& r : released_)
            unpoison(r);
    }

    // Memory for the driver; `alignment` is a power of two and holds for both addresses.
    dma_region allocate(usize bytes, usize alignment = 1) {
        if (bytes == 0 || (limit_bytes_ != 0 && used_bytes_ + bytes > limit_bytes_)) return {};
        const usize page = translated_ ? usize{iommu::page_bytes} : 64;
        const usize step = greater(alignment, page);
        block made(bytes, step);
        made.bus = (next_bus_ + step - 1) & ~static_cast<u64>(step - 1);
        if (reinterpret_cast<uintptr_t>(made.cpu) == made.bus) made.bus += step;
        next_bus_ = made.bus + bytes + guard_bytes;
        used_bytes_ += bytes;
        std::memset(made.cpu, fresh_byte, bytes);
        const dma_region region{made.cpu, {made.bus}, bytes};
        if (translated_) map_pages(made.bus, bytes);
        blocks_.emplace(made.bus, std::move(made));
        return region;
    }

    // The same, not coherent: the device sees what was flushed, the CPU what was invalidated.
    dma_region allocate_cached(usize bytes, usize alignment = cached_memory::line_bytes) {
        const dma_region region = allocate(bytes, alignment);
        if (region.empty()) return region;
        block& b = blocks_.find(region.bus.value)->second;
        any_cached_ = true;
        b.cache = std::make_unique<cached_memory>(b.cpu, bytes);
        return region;
    }
    void flush(const u8* cpu, usize bytes) {
        if (block* b = block_of(cpu)) b->cache->flush(static_cast<usize>(cpu - b->cpu), bytes);
    }
    void invalidate(const u8* cpu, usize bytes) {
        if (block* b = block_of(cpu)) b->cache->invalidate(static_cast<usize>(cpu - b->cpu), bytes);
    }
    // Lines that the device wrote and that a line of the CPU's then overwrote.
    u64 lines_lost() const { return lines_lost_; }

    bool behind_iommu() const { return translated_; }
    // Where the CPU's memory management has it, which is of no use to a device behind an IOMMU.
    bus_address physical(bus_address at) const {
        return {translated_ ? pages_.translate(at.value).value_or(0) : at.value};
    }

    // Unmaps a whole region that `allocate` gave. Its bytes turn to poison, which AddressSanitizer
    // (where it is on) also guards against the CPU. False: no such region.
    bool release(dma_region region) {
        const auto found = blocks_.find(region.bus.value);
        if (found == blocks_.end() || found->second.cpu != region.cpu) return false;
        used_bytes_ -= found->second.bytes;
        if (translated_) unmap_pages(region.bus.value, found->second.bytes);
        std::memset(found->second.cpu, poison_byte, found->second.bytes);
        released_.push_back(std::move(found->second));
        for (const block*& b : recent_)
            b = nullptr;
        blocks_.erase(found);
        poison(released_.back());
        return true;
    }

    // After this many bytes `allocate` answers an empty region; 0: no limit.
    void limit(usize bytes) { limit_bytes_ = bytes; }
    usize used_bytes() const { return used_bytes_; }

    // True when somebody wrote to memory after its release (meaningful without AddressSanitizer).
    bool released_memory_touched() {
        for (auto& r : released_) {
            unpoison(r);
            for (usize i = 0; i < r.bytes; ++i)
                if (r.cpu[i] != poison_byte) return true;
            poison(r);
        }
        return false;
    }

    bool contains(bus_address at, u64 bytes) const { return find(at, bytes) != nullptr; }

    bool read(bus_address at, void* into, usize bytes) const {
        const u8* from = checked(at, bytes, false);
        if (from != nullptr) std::memcpy(into, from, bytes);
        return from != nullptr;
    }
    bool write(bus_address at, const void* from, usize bytes) {
        u8* into = checked(at, bytes, true);
        if (into == nullptr) return false;
        std::memcpy(into, from, bytes);
        note_write(at, bytes);
        return true;
    }

    // One aligned access of the field's own width; the load acquires, the store releases.
    template <class T>
    bool load(bus_address at, T& value) const {
        const u8* from = at.value % sizeof(T) == 0 ? checked(at, sizeof(T), false) : nullptr;
        if (from != nullptr) value = load_acquire(reinterpret_cast<const little<T>*>(from));
        return from != nullptr;
    }
    template <class T>
    bool store(bus_address at, T value) {
        u8* into = at.value % sizeof(T) == 0 ? checked(at, sizeof(T), true) : nullptr;
        if (into == nullptr) return false;
        store_release(reinterpret_cast<little<T>*>(into), value);
        note_write(at, sizeof(T));
        return true;
    }

    const std::vector<refusal>& refusals() const { return refusals_; }

  private:
    struct block {
        block(usize n, usize alignment)
            : cpu(static_cast<u8*>(::operator new (n, std::align_val_t{alignment}))), bytes(n),
              step(alignment) {}
        block(block&& other) noexcept
            : cpu(std::exchange(other.cpu, nullptr)), bytes(other.bytes), step(other.step),
              bus(other.bus), cache(std::move(other.cache)) {}
        block& operator=(block&&) = delete;
        ~block() {
            if (cpu != nullptr) ::operator delete (cpu, std::align_val_t{step});
        }
        u8* cpu;
        usize bytes;
        usize step;
        u64 bus = 0;
        std::unique_ptr<cached_memory> cache;
    };

    u8* find(bus_address at, u64 bytes) const {
        return translated_ ? find_translated(at, bytes) : find_direct(at, bytes);
    }
    // Every page of it must have a translation, and lead to the same region.
    u8* find_translated(bus_address at, u64 bytes) const {
        u8* first = nullptr;
        u64 done = 0;
        do {
            const u64 bus = at.value + done;
            const auto physical = pages_.translate(bus);
            if (!physical) return nullptr;
            const u64 in_page = physical.value() % iommu::page_bytes;
            const u64 n = lesser(iommu::page_bytes - in_page, bytes - done);
            const bus_address home{frames_.at(iommu::page_of(physical.value())) + in_page};
            u8* const place = find_direct(home, n);
            if (place == nullptr || (done != 0 && place != first + done)) return nullptr;
            if (done == 0) first = place;
            done += n;
        } while (done < bytes);
        return first;
    }
    void map_pages(u64 bus, u64 bytes) {
        pages_.map(bus, bytes);
        for (u64 at = bus; at < bus + bytes; at += iommu::page_bytes)
            frames_[pages_.translate(at).value()] = at;
    }
    void unmap_pages(u64 bus, u64 bytes) {
        for (u64 at = bus; at < bus + bytes; at += iommu::page_bytes)
            frames_.erase(pages_.translate(at).value());
        pages_.unmap(bus, bytes);
    }
    block* block_of(const u8* cpu) {
        for (auto& [bus, b] : blocks_)
            if (b.cache && cpu >= b.cpu && cpu < b.cpu + b.bytes) return &b;
        return nullptr;
    }
    void note_write(bus_address at, usize bytes) {
        if (!any_cached_) return;
        block& b = std::prev(blocks_.upper_bound(at.value))->second;
        if (b.cache) lines_lost_ += b.cache->written(static_cast<usize>(at.value - b.bus), bytes);
    }
    u8* find_direct(bus_address at, u64 bytes) const {
        // The rings, the messages and the audio of a stream: few places, again and again.
        for (const block* b : recent_)
            if (b != nullptr)
                if (u8* place = within(*b, at, bytes)) return place;
        auto after = blocks_.upper_bound(at.value);
        if (after == blocks_.begin()) return nullptr;
        const block& b = std::prev(after)->second;
        recent_[recent_at_++ % std::size(recent_)] = &b;
        return within(b, at, bytes);
    }
    static u8* within(const block& b, bus_address at, u64 bytes) {
        const u64 skip = at.value - b.bus;
        u8* const memory = b.cache ? b.cache->memory() : b.cpu;
        return skip <= b.bytes && bytes <= b.bytes - skip ? memory + skip : nullptr;
    }
    u8* checked(bus_address at, u64 bytes, bool writing) const {
        u8* found = find(at, bytes);
        if (found == nullptr) refusals_.push_back({at, bytes, writing});
        return found;
    }
    static void poison([[maybe_unused]] const block& b) {
#if defined(ASAN_POISON_MEMORY_REGION)
        ASAN_POISON_MEMORY_REGION(b.cpu, b.bytes);
#endif
    }
    static void unpoison([[maybe_unused]] const block& b) {
#if defined(ASAN_UNPOISON_MEMORY_REGION)
        if (b.cpu != nullptr) ASAN_UNPOISON_MEMORY_REGION(b.cpu, b.bytes);
#endif
    }

    std::map<u64, block> blocks_;
    mutable const block* recent_[4] = {};
    mutable u32 recent_at_ = 0;
    std::vector<block> released_;
    mutable std::vector<refusal> refusals_;
    u64 next_bus_;
    usize used_bytes_ = 0;
    usize limit_bytes_ = 0;
    u64 lines_lost_ = 0;
    bool any_cached_ = false;
    bool translated_;
    iommu pages_;
    std::map<u64, u64> frames_; // physical pages, and where their region has them
};

} // namespace vsnd::model
