#pragma once
// Device ends of both rings for a thread of their own, from the specification's text. Only what is
// shared by nature is accessed atomically; what these accesses must order is plain, so that a
// missing order is a race for TSan to see. Doorbell and interrupt order nothing.

#include <atomic>
#include <cstdint>

#include <ring/hand_device.hpp>
#include <vsnd/base/endian.hpp>

namespace thread_tests {

using ring_test::bus_memory;

// A doorbell, or an interrupt.
struct signal {
    std::atomic<unsigned>* count = nullptr;
    void ring() { count->fetch_add(1, std::memory_order_relaxed); }
};

class shared_ring {
  public:
    struct buffer {
        unsigned id = 0;
        unsigned takes = 1; // descriptors of the ring
        uint64_t question = 0;
        uint64_t answer = 0;
    };

    template <class T>
    T& plain(uint64_t bus) {
        return *reinterpret_cast<T*>(memory_.at(bus, sizeof(T)));
    }

  protected:
    explicit shared_ring(bus_memory& memory, unsigned size) : memory_(memory), size_(size) {}

    uint16_t load(uint64_t bus, int order) {
        return vsnd::to_little(__atomic_load_n(&plain<uint16_t>(bus), order));
    }
    void store(uint64_t bus, unsigned value, int order) {
        __atomic_store_n(&plain<uint16_t>(bus), vsnd::to_little(static_cast<uint16_t>(value)),
                         order);
    }
    template <class T>
    T get(uint64_t bus) {
        return vsnd::to_little(plain<T>(bus));
    }
    template <class T>
    void put(uint64_t bus, T value) {
        plain<T>(bus) = vsnd::to_little(value);
    }
    static void full_barrier() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

    bus_memory& memory_;
    unsigned size_;
};

// [virtio 1.4] Split Virtqueues
class split_end : public shared_ring {
  public:
    split_end(bus_memory& memory, unsigned size, vsnd::ring_addresses where)
        : shared_ring(memory, size), table_(where.descriptors.value),
          avail_(where.driver_area.value), used_(where.device_area.value) {}

    bool has_next() { return load(avail_ + 2, __ATOMIC_ACQUIRE) != next_; }
    buffer pop() {
        buffer b;
        b.id = load(avail_ + 4 + 2 * (next_++ % size_), __ATOMIC_RELAXED);
        uint64_t d = table_ + 16 * b.id;
        uint64_t table = table_;
        if ((get<uint16_t>(d + 12) & 4) != 0) d = table = get<uint64_t>(d);
        b.question = get<uint64_t>(d);
        while ((get<uint16_t>(d + 12) & 1) != 0)
            d = table + 16 * uint64_t{get<uint16_t>(d + 14)};
        b.answer = get<uint64_t>(d);
        return b;
    }
    // True where the driver wants to be told.
    bool give(const buffer& b, uint32_t length) {
        const uint64_t entry = used_ + 4 + 8 * (given_ % size_);
        put<uint32_t>(entry, b.id);
        put<uint32_t>(entry + 4, length);
        const uint16_t placed = given_++;
        store(used_ + 2, given_, __ATOMIC_RELEASE);
        full_barrier(); // pairs with the driver's between used_event and used.idx
        return load(avail_ + 4 + 2 * size_, __ATOMIC_RELAXED) == placed;
    }
    // Asks for a doorbell with the next buffer; true where it is here already.
    bool ask() {
        store(used_ + 4 + 8 * size_, next_, __ATOMIC_RELAXED);
        full_barrier(); // pairs with the driver's between avail.idx and avail_event
        return has_next();
    }

  private:
    uint64_t table_;
    uint64_t avail_;
    uint64_t used_;
    uint16_t next_ = 0;
    uint16_t given_ = 0;
};

// [virtio 1.4] Packed Virtqueues
class packed_end : public shared_ring {
  public:
    packed_end(bus_memory& memory, unsigned size, vsnd::ring_addresses where)
        : shared_ring(memory, size), ring_(where.descriptors.value),
          driver_(where.driver_area.value), device_(where.device_area.value) {}

    bool has_next() {
        const unsigned flags = load(place(next_) + 14, __ATOMIC_ACQUIRE);
        return ((flags & 0x80) != 0) == next_.wrap && ((flags & 0x8000) != 0) != next_.wrap;
    }
    buffer pop() {
        buffer b;
        uint64_t d = place(next_);
        unsigned flags = load(d + 14, __ATOMIC_RELAXED);
        if ((flags & 4) != 0) {
            const uint64_t table = get<uint64_t>(d);
            b.question = get<uint64_t>(table);
            b.answer = get<uint64_t>(table + get<uint32_t>(d + 8) - 16);
        } else {
            b.question = get<uint64_t>(d);
            for (; (flags & 1) != 0; ++b.takes) {
                step(next_, 1);
                d = place(next_);
                flags = get<uint16_t>(d + 14);
            }
            b.answer = get<uint64_t>(d);
        }
        b.id = get<uint16_t>(d + 12);
        step(next_, 1);
        return b;
    }
    bool give(const buffer& b, uint32_t length) {
        const uint64_t d = place(given_);
        const unsigned placed = given_.at | (given_.wrap ? 0x8000u : 0u);
        put<uint32_t>(d + 8, length);
        put<uint16_t>(d + 12, static_cast<uint16_t>(b.id));
        store(d + 14, given_.wrap ? 0x8080 : 0, __ATOMIC_RELEASE);
        step(given_, b.takes);
        full_barrier(); // pairs with the driver's between its event and the flags
        return load(driver_ + 2, __ATOMIC_RELAXED) != 2 ||
               load(driver_, __ATOMIC_RELAXED) == placed;
    }
    bool ask() {
        store(device_, next_.at | (next_.wrap ? 0x8000u : 0u), __ATOMIC_RELAXED);
        store(device_ + 2, 2, __ATOMIC_RELEASE);
        full_barrier(); // pairs with the driver's between the flags and the device's event
        return has_next();
    }

  private:
    struct spot {
        unsigned at = 0;
        bool wrap = true;
    };
    uint64_t place(const spot& s) const { return ring_ + 16 * uint64_t{s.at}; }
    void step(spot& s, unsigned count) const {
        s.at += count;
        if (s.at < size_) return;
        s.at -= size_;
        s.wrap = !s.wrap;
    }

    uint64_t ring_;
    uint64_t driver_;
    uint64_t device_;
    spot next_;
    spot given_;
};

} // namespace thread_tests
