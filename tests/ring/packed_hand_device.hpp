#pragma once
// The device's end of a packed virtqueue, over raw memory, written from the specification's text:
// own offsets, own numbers, nothing of ring/ or wire/.
// [virtio 1.4] Packed Virtqueues

#include <ring/hand_device.hpp>
#include <vsnd/ring/packed_queue.hpp>

namespace ring_test {

inline constexpr uint64_t in_order_bit = uint64_t{1} << 35;
inline constexpr uint64_t notification_data_bit = uint64_t{1} << 38;

class packed_hand_device {
  public:
    packed_hand_device(bus_memory& memory, unsigned size, vsnd::ring_addresses where)
        : memory_(memory), size_(size), ring_(where.descriptors.value),
          driver_(where.driver_area.value), device_(where.device_area.value) {}

    // struct pvirtq_desc { le64 addr; le32 len; le16 id; le16 flags; }
    struct descriptor {
        uint64_t addr;
        uint32_t len;
        uint16_t id;
        uint16_t flags;
    };
    descriptor read(uint64_t table, unsigned i) {
        const uint64_t d = table + 16 * uint64_t{i};
        return {memory_.get(d, 8), static_cast<uint32_t>(memory_.get(d + 8, 4)), get16(d + 12),
                get16(d + 14)};
    }
    descriptor own(unsigned i) { return read(ring_, i); }

    // One buffer, as the device sees it.
    struct buffer {
        unsigned id = 0;
        unsigned takes = 0; // descriptors of the ring
        bool indirect = false;
        std::vector<element> elements;
    };

    bool has_next() { return is_available(next_avail_, avail_wrap_); }

    // The next buffer; nothing where there is none or a rule is broken.
    std::optional<buffer> pop() {
        buffer b;
        unsigned at = next_avail_;
        bool wrap = avail_wrap_;
        for (;;) {
            if (!is_available(at, wrap) || b.takes == size_) return {};
            const descriptor d = own(at);
            ++b.takes;
            step(at, wrap, 1);
            if ((d.flags & 4) != 0) {
                if (b.takes != 1 || (d.flags & 1) != 0 || !table(d, b)) return {};
            } else if (!add(b, d)) {
                return {};
            }
            b.id = d.id;
            if ((d.flags & 1) == 0) break;
        }
        next_avail_ = at;
        avail_wrap_ = wrap;
        return b;
    }

    // Writes an answer, its flags last; true where the driver wants to be told of this very one.
    // [virtio 1.4] Driver and Device Event Suppression
    bool give(unsigned id, uint32_t length, unsigned takes) {
        const uint64_t d = ring_ + 16 * uint64_t{next_used_};
        memory_.put(d + 8, 4, length);
        memory_.put(d + 12, 2, id);
        memory_.put(d + 14, 2, used_wrap_ ? 0x8080 : 0);
        const unsigned event = driver_event_place();
        const bool named = (event & 0x7fff) == next_used_ && ((event & 0x8000) != 0) == used_wrap_;
        step(next_used_, used_wrap_, takes);
        switch (driver_event_flags()) {
        case 0: return true;
        case 2: return named;
        default: return false;
        }
    }
    bool give(const buffer& b, uint32_t length) { return give(b.id, length, b.takes); }

    // struct pvirtq_event_suppress { le16 off_wrap; le16 flags; }
    unsigned driver_event_place() { return get16(driver_); }
    unsigned driver_event_flags() { return get16(driver_ + 2); }
    void ask_for(unsigned offset, bool wrap) { ask(offset | (wrap ? 0x8000u : 0u), 2); }
    void ask(unsigned place, unsigned flags) {
        memory_.put(device_, 2, place);
        memory_.put(device_ + 2, 2, flags);
    }

    unsigned next_avail() const { return next_avail_; }
    bool avail_wrap() const { return avail_wrap_; }
    unsigned next_used() const { return next_used_; }
    void start_over() {
        next_avail_ = next_used_ = 0;
        avail_wrap_ = used_wrap_ = true;
    }
    void step(unsigned& at, bool& wrap, unsigned count) const {
        for (; count != 0; --count) {
            at = at + 1 == size_ ? 0 : at + 1;
            wrap = at == 0 ? !wrap : wrap;
        }
    }

  private:
    uint16_t get16(uint64_t bus) { return static_cast<uint16_t>(memory_.get(bus, 2)); }

    bool is_available(unsigned at, bool wrap) {
        const unsigned flags = own(at).flags;
        return ((flags & 0x80) != 0) == wrap && ((flags & 0x8000) != 0) != wrap;
    }
    static bool add(buffer& b, const descriptor& d) {
        const bool writable = (d.flags & 2) != 0;
        if (!writable && !b.elements.empty() && b.elements.back().writable) return false;
        b.elements.push_back({d.addr, d.len, writable});
        return true;
    }
    // [virtio 1.4] Indirect Descriptors: no flag but WRITE within the table.
    bool table(const descriptor& reference, buffer& b) {
        b.indirect = true;
        if (reference.len == 0 || reference.len % 16 != 0 || reference.len / 16 > size_)
            return false;
        for (unsigned i = 0; i < reference.len / 16; ++i) {
            const descriptor d = read(reference.addr, i);
            if ((d.flags & ~2) != 0 || !add(b, d)) return false;
        }
        return true;
    }

    bus_memory& memory_;
    unsigned size_;
    uint64_t ring_;
    uint64_t driver_;
    uint64_t device_;
    unsigned next_avail_ = 0;
    bool avail_wrap_ = true;
    unsigned next_used_ = 0;
    bool used_wrap_ = true;
};

// Counts, and keeps what it was told last.
struct telling_doorbell {
    int* rung = nullptr;
    unsigned* told = nullptr;
    void ring() { ++*rung; }
    void ring_with(uint16_t next) {
        ++*rung;
        *told = next;
    }
};

struct packed_policy : vsnd::ring_policy {
    static constexpr vsnd::u16 most_descriptors = 256;
};
struct packed_in_order_policy : packed_policy {
    static constexpr auto in_order = vsnd::choice::negotiated;
};

// A queue, its memory and its device.
template <class Policy = packed_policy>
struct packed_bench {
    using queue_type = vsnd::packed_queue<telling_doorbell, Policy>;

    explicit packed_bench(unsigned count, uint64_t features)
        : size(static_cast<vsnd::u16>(count)), memory(queue_type::memory_bytes(size)),
          first(queue.init(size, features, memory.region(), {&rung, &told})),
          device(memory, count, queue.addresses()) {}

    auto bind(const vsnd::chain& c, size_t name) { return queue.bind(c, cookie_of(name)).value(); }

    vsnd::u16 size;
    int rung = 0;
    unsigned told = 0;
    bus_memory memory;
    queue_type queue;
    vsnd::status_code first; // what init answered
    packed_hand_device device;
};

} // namespace ring_test
