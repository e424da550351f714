#pragma once
// The device's end of a split virtqueue, over raw memory, written from the specification's text:
// own offsets, own numbers, nothing of ring/ or wire/. And a driver's end to hold against it.
// [virtio 1.4] Split Virtqueues

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <vector>

#include <vsnd/ring/split_queue.hpp>

namespace ring_test {

// Memory whose bus addresses differ from the CPU's by a constant that is no round number.
struct bus_memory {
    static constexpr uint64_t base = 0x7'1234'5000;

    explicit bus_memory(size_t bytes) : bytes_(bytes + 64, 0xa5) {
        shift_ = (64 - reinterpret_cast<uintptr_t>(bytes_.data()) % 64) % 64;
        size_ = bytes;
    }
    uint8_t* cpu() { return bytes_.data() + shift_; }
    size_t size() const { return size_; }
    vsnd::dma_region region() { return {cpu(), {base}, size_}; }
    std::vector<uint8_t> copy() { return {cpu(), cpu() + size_}; }

    uint8_t* at(uint64_t bus, size_t count) {
        if (bus < base || bus - base > size_ || count > size_ - (bus - base))
            throw std::out_of_range("the device looked outside of the ring's memory");
        return cpu() + (bus - base);
    }
    uint64_t get(uint64_t bus, unsigned count) {
        const uint8_t* p = at(bus, count);
        uint64_t v = 0;
        for (unsigned i = 0; i < count; ++i)
            v |= uint64_t{p[i]} << (8 * i);
        return v;
    }
    void put(uint64_t bus, unsigned count, uint64_t v) {
        uint8_t* p = at(bus, count);
        for (unsigned i = 0; i < count; ++i)
            p[i] = static_cast<uint8_t>(v >> (8 * i));
    }

  private:
    std::vector<uint8_t> bytes_;
    size_t shift_ = 0;
    size_t size_ = 0;
};

struct element {
    uint64_t address;
    uint32_t length;
    bool writable;
    bool operator==(const element&) const = default;
};

class hand_device {
  public:
    hand_device(bus_memory& memory, unsigned size, vsnd::ring_addresses where)
        : memory_(memory), size_(size), table_(where.descriptors.value),
          avail_(where.driver_area.value), used_(where.device_area.value) {}

    // struct virtq_avail { le16 flags; le16 idx; le16 ring[size]; le16 used_event; }
    uint16_t avail_flags() { return get16(avail_); }
    uint16_t avail_idx() { return get16(avail_ + 2); }
    uint16_t avail_entry(unsigned i) { return get16(avail_ + 4 + 2 * (i % size_)); }
    uint16_t used_event() { return get16(avail_ + 4 + 2 * size_); }
    // struct virtq_used { le16 flags; le16 idx; {le32 id; le32 len;} ring[size]; le16 avail_event;
    // }
    uint16_t used_flags() { return get16(used_); }
    uint16_t used_idx() { return get16(used_ + 2); }
    void set_used_flags(uint16_t v) { memory_.put(used_, 2, v); }
    void set_used_idx(uint16_t v) { memory_.put(used_ + 2, 2, v); }
    void set_avail_event(uint16_t v) { memory_.put(used_ + 4 + 8 * size_, 2, v); }
    void set_used_entry(unsigned i, uint32_t id, uint32_t length) {
        memory_.put(used_ + 4 + 8 * (i % size_), 4, id);
        memory_.put(used_ + 4 + 8 * (i % size_) + 4, 4, length);
    }

    // struct virtq_desc { le64 addr; le32 len; le16 flags; le16 next; }
    struct descriptor {
        uint64_t addr;
        uint32_t len;
        uint16_t flags;
        uint16_t next;
    };
    descriptor read(uint64_t table, unsigned i) {
        const uint64_t d = table + 16 * uint64_t{i};
        return {memory_.get(d, 8), static_cast<uint32_t>(memory_.get(d + 8, 4)), get16(d + 12),
                get16(d + 14)};
    }
    descriptor own(unsigned i) { return read(table_, i); }

    // The buffer whose head is `head`, element by element; nothing where a rule is broken.
    std::optional<std::vector<element>> follow(unsigned head) {
        const descriptor first = own(head);
        if ((first.flags & 4) == 0) return follow(table_, size_, head);
        if ((first.flags & 1) != 0 || first.len % 16 != 0 || first.len == 0) return {};
        return follow(first.addr, first.len / 16, 0);
    }

    bool has_next() { return next_avail_ != avail_idx(); }
    uint16_t pop() { return avail_entry(next_avail_++); }
    uint16_t popped() const { return next_avail_; }

    // Writes one entry, then the index; true where the driver wants to be told.
    // [virtio 1.4] Used Buffer Notification Suppression
    bool give(uint32_t id, uint32_t length, bool event_idx) {
        const uint16_t placed = next_used_;
        set_used_entry(placed, id, length);
        set_used_idx(++next_used_);
        return event_idx ? placed == used_event() : avail_flags() == 0;
    }
    void start_over() { next_avail_ = next_used_ = 0; }

  private:
    uint16_t get16(uint64_t bus) { return static_cast<uint16_t>(memory_.get(bus, 2)); }

    std::optional<std::vector<element>> follow(uint64_t table, unsigned entries, unsigned at) {
        std::vector<element> found;
        for (;;) {
            if (at >= entries || found.size() == size_) return {};
            const descriptor d = read(table, at);
            const bool writable = (d.flags & 2) != 0;
            if ((d.flags & 4) != 0) return {};
            if (!writable && !found.empty() && found.back().writable) return {};
            found.push_back({d.addr, d.len, writable});
            if ((d.flags & 1) == 0) return found;
            at = d.next;
        }
    }

    bus_memory& memory_;
    unsigned size_;
    uint64_t table_;
    uint64_t avail_;
    uint64_t used_;
    uint16_t next_avail_ = 0;
    uint16_t next_used_ = 0;
};

struct counting_doorbell {
    int* rung = nullptr;
    void ring() { ++*rung; }
};

inline constexpr uint64_t event_idx_bit = uint64_t{1} << 29;
inline constexpr uint64_t indirect_bit = uint64_t{1} << 28;

// A queue, its memory and its device.
template <class Policy = vsnd::ring_policy>
struct bench {
    using queue_type = vsnd::split_queue<counting_doorbell, Policy>;

    explicit bench(unsigned count, uint64_t features)
        : size(static_cast<vsnd::u16>(count)), memory(queue_type::memory_bytes(size)),
          first(queue.init(size, features, memory.region(), {&rung})),
          device(memory, count, queue.addresses()) {}

    vsnd::u16 size;
    int rung = 0;
    bus_memory memory;
    queue_type queue;
    vsnd::status_code first; // what init answered
    hand_device device;
};

// The message of a playback period: header, audio, status.
struct message {
    vsnd::part parts[3];

    explicit message(uint64_t address = 0x9'0000'0000, uint32_t audio_bytes = 1024)
        : parts{{{address}, 4}, {{address + 0x1000}, audio_bytes}, {{address + 0x800}, 8}} {}
    vsnd::chain chain() const { return {parts, 2}; }
    std::vector<element> elements() const {
        return {{parts[0].address.value, parts[0].bytes, false},
                {parts[1].address.value, parts[1].bytes, false},
                {parts[2].address.value, parts[2].bytes, true}};
    }
};

inline vsnd::cookie cookie_of(size_t n) {
    return reinterpret_cast<vsnd::cookie>(n + 1);
}

} // namespace ring_test
