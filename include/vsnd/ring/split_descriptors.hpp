#pragma once
// The descriptor table of a split virtqueue: which descriptors are free, and how a chain is
// written into them, one after the other or as an indirect table.
// Spec: [virtio 1.4] The Virtqueue Descriptor Table

#include <vsnd/port/chain.hpp>
#include <vsnd/ring/policy.hpp>
#include <vsnd/wire/split_ring.hpp>

namespace vsnd {

template <class Policy>
class split_descriptors {
    static constexpr usize table_bytes =
        usize{Policy::most_indirect_parts} * sizeof(wire::virtq_desc);
    static constexpr u16 end_of_chain = 0xffff;

  public:
    // How much memory the indirect tables of a queue of `size` take.
    static constexpr usize tables_bytes(u16 size) {
        return Policy::indirect == choice::never ? 0 : size * table_bytes;
    }

    // `table` holds the descriptors, `tables` the indirect tables.
    void init(u16 size, bool indirect, dma_region table, dma_region tables) {
        table_ = reinterpret_cast<wire::virtq_desc*>(table.cpu);
        tables_ = tables;
        indirect_ = indirect;
        // A ring that is set up again goes on where it was: chains bound after a reset get other
        // heads than those that a careless device may still return.
        const u16 mask = static_cast<u16>(size - 1);
        first_free_ = size == size_ && free_ != 0 ? first_free_ : u16{0};
        last_free_ = static_cast<u16>((first_free_ - 1) & mask);
        for (u16 i = 0; i < size; ++i)
            next_free_[i] = static_cast<u16>((i + 1) & mask);
        size_ = size;
        free_ = size;
    }

    // Writes a chain; the answer is its head. Errors: invalid_argument, no_room: nothing changed.
    // Spec: [virtio 1.4] Placing Buffers Into The Descriptor Table
    result<u16> write(const chain& c) {
        const usize parts = c.parts();
        if (parts == 0 || !fits_32_bits(c)) return status_code::invalid_argument;
        // A chain longer than the queue is illegal, also in an indirect table.
        if (parts > size_) return status_code::no_room;
        const bool table = uses_table(parts);
        if (free_ < (table ? 1 : parts)) return status_code::no_room;
        return table ? write_table(c) : write_direct(c);
    }

    // Takes a chain back. Freed descriptors are used again last, for the same reason.
    void give_back(u16 head) {
        for (u16 at = head; at != end_of_chain; at = next_in_chain_[at]) {
            if (free_ == 0) {
                first_free_ = at;
            } else {
                next_free_[last_free_] = at;
            }
            last_free_ = at;
            ++free_;
        }
    }

    // How many more chains of `parts` parts there is room for.
    usize free_chains(usize parts) const {
        if (parts == 0 || parts > size_) return 0;
        const usize each = uses_table(parts) ? 1 : parts;
        usize count = 0;
        for (usize left = free_; left >= each; left -= each)
            ++count; // no division by a variable
        return count;
    }

  private:
    bool uses_table(usize parts) const {
        if (Policy::indirect == choice::never || parts < 2) return false;
        return (Policy::indirect == choice::always || indirect_) &&
               parts <= Policy::most_indirect_parts;
    }

    // Spec: [virtio 1.4] The Virtqueue Descriptor Table: at most 2^32 bytes in a chain.
    static bool fits_32_bits(const chain& c) {
        u64 bytes = 0;
        for (const part& p : c.readable)
            bytes += p.bytes;
        for (const part& p : c.writable)
            bytes += p.bytes;
        return bytes >> 32 == 0;
    }

    static void write(wire::virtq_desc& d, const chain& c, usize i, u16 next) {
        const bool writable = i >= c.readable.size();
        const part& p = writable ? c.writable[i - c.readable.size()] : c.readable[i];
        u16 flags = writable ? wire::VIRTQ_DESC_F_WRITE : u16{0};
        if (next != end_of_chain) flags |= wire::VIRTQ_DESC_F_NEXT;
        d.addr = p.address.value;
        d.len = p.bytes;
        d.flags = flags;
        d.next = next == end_of_chain ? u16{0} : next;
    }

    // Spec: [virtio 1.4] The Virtqueue Descriptor Table / Indirect Descriptors
    u16 write_table(const chain& c) {
        const u16 head = take_free();
        const dma_region memory = tables_.part(head * table_bytes, table_bytes);
        auto* const table = reinterpret_cast<wire::virtq_desc*>(memory.cpu);
        const usize parts = c.parts();
        for (usize i = 0; i < parts; ++i) {
            write(table[i], c, i, i + 1 < parts ? static_cast<u16>(i + 1) : end_of_chain);
        }
        wire::virtq_desc& d = table_[head];
        d.addr = memory.bus.value;
        d.len = static_cast<u32>(parts * sizeof(wire::virtq_desc));
        d.flags = wire::VIRTQ_DESC_F_INDIRECT;
        d.next = 0;
        next_in_chain_[head] = end_of_chain;
        return head;
    }

    u16 write_direct(const chain& c) {
        const usize parts = c.parts();
        const u16 head = take_free();
        u16 at = head;
        for (usize i = 0; i < parts; ++i) {
            const u16 next = i + 1 < parts ? take_free() : end_of_chain;
            write(table_[at], c, i, next);
            next_in_chain_[at] = next;
            at = next;
        }
        return head;
    }

    // The free descriptors form a queue: taken at the front, given back at the end.
    u16 take_free() {
        const u16 head = first_free_;
        first_free_ = next_free_[head];
        --free_;
        return head;
    }

    wire::virtq_desc* table_ = nullptr;
    dma_region tables_;
    u32 free_ = 0;
    u16 size_ = 0;
    u16 first_free_ = 0;
    u16 last_free_ = 0;
    bool indirect_ = false;
    // Kept here and never read back from the table, which the device can reach.
    u16 next_free_[Policy::most_descriptors]{};
    u16 next_in_chain_[Policy::most_descriptors]{};
};

} // namespace vsnd
