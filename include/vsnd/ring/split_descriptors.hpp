#pragma once
// The descriptor table of a split virtqueue: which descriptors are free, and how a chain is
// written into them, one after the other or as an indirect table.
// Spec: [virtio 1.4] The Virtqueue Descriptor Table

#include <vsnd/port/chain.hpp>
#include <vsnd/ring/policy.hpp>
#include <vsnd/wire/split_ring.hpp>

namespace vsnd {

// What is known about the chain whose head is the descriptor of the same number.
struct split_record {
    cookie what;
    u32 capacity; // bytes that the device may write
    u16 head;
    bool bound;
    bool in_device;
};

template <class Policy>
class split_descriptors {
    static constexpr u32 most = Policy::most_descriptors;
    static constexpr u32 table_parts = Policy::most_indirect_parts;
    static constexpr usize table_bytes = usize{table_parts} * sizeof(wire::virtq_desc);
    static constexpr u16 end_of_chain = 0xffff;

  public:
    // How much memory the indirect tables take.
    static constexpr usize tables_bytes =
        Policy::indirect == choice::never ? 0 : usize{most} * table_bytes;

    // `table` holds the descriptors, `tables` the indirect tables, which the device finds at
    // `tables_bus`.
    void init(u32 size, bool indirect, u8* table, u8* tables, bus_address tables_bus) {
        table_ = reinterpret_cast<wire::virtq_desc*>(table);
        tables_ = reinterpret_cast<wire::virtq_desc*>(tables);
        tables_bus_ = tables_bus;
        indirect_ = indirect;
        // A ring that is set up again goes on where it was: chains bound after a reset get other
        // heads than those that a careless device may still return.
        if (size != size_ || free_ == 0) first_free_ = 0;
        for (u32 i = 0; i < size; ++i)
            next_[i] = static_cast<u16>(i + 1);
        next_[size - 1] = 0;
        last_free_ = static_cast<u16>(first_free_ == 0 ? size - 1 : first_free_ - 1u);
        size_ = size;
        free_ = size;
        __builtin_memset(records_, 0, sizeof(records_));
    }

    VSND_TINY split_record& operator[](u32 i) { return records_[i]; }
    VSND_TINY const split_record& operator[](u32 i) const { return records_[i]; }

    // Writes a chain. Errors: invalid_argument, no_room: nothing changed.
    // Spec: [virtio 1.4] Placing Buffers Into The Descriptor Table
    result<split_record*> bind(const chain& c, cookie what) {
        const u32 parts = static_cast<u32>(c.parts.size());
        if (parts == 0) return status_code::invalid_argument;
        // A chain longer than the queue is illegal, also in an indirect table.
        const bool table = uses_table(parts);
        const u32 taken = table ? 1 : parts;
        if (parts > size_ || free_ < taken) return status_code::no_room;

        // The free descriptors are linked already, in the order in which a chain takes them.
        const u32 head = first_free_;
        wire::virtq_desc* const into = table ? tables_ + head * table_parts : table_;
        wire::virtq_desc* d = nullptr;
        u32 last = 0;
        u32 next = table ? 0 : head;
        u64 bytes = 0;
        u32 capacity = 0;
        for (u32 i = 0; i < parts; ++i) {
            const part& p = c.parts[i];
            last = next;
            d = &into[last];
            next = table ? last + 1 : next_[last];
            const bool writable = i >= c.readable;
            describe(*d, p.address, p.bytes,
                     wire::VIRTQ_DESC_F_NEXT + writable * wire::VIRTQ_DESC_F_WRITE, next);
            bytes += p.bytes;
            if (writable) capacity += p.bytes;
        }
        // At most 2^32 bytes in a chain. Spec: [virtio 1.4] The Virtqueue Descriptor Table
        if (bytes >> 32 != 0) return status_code::invalid_argument;
        d->flags = d->flags & static_cast<u16>(~wire::VIRTQ_DESC_F_NEXT);
        if (table) {
            // Spec: [virtio 1.4] The Virtqueue Descriptor Table / Indirect Descriptors
            describe(table_[head], tables_bus_ + head * table_bytes,
                     parts * u32{sizeof(wire::virtq_desc)}, wire::VIRTQ_DESC_F_INDIRECT, 0);
            last = head;
        }
        free_ -= taken;
        first_free_ = next_[last];
        next_[last] = end_of_chain;
        records_[head] = {what, capacity, static_cast<u16>(head), true, false};
        return &records_[head];
    }

    // Takes a chain back. Freed descriptors are used again last, for the same reason.
    void give_back(split_record& r) {
        r.bound = false;
        (free_ == 0 ? first_free_ : next_[last_free_]) = r.head;
        for (u32 at = r.head; at != end_of_chain; at = next_[at]) {
            last_free_ = static_cast<u16>(at);
            ++free_;
        }
    }

    // How many more chains of `parts` parts there is room for.
    usize free_chains(usize parts) const {
        if (parts == 0 || parts > size_) return 0;
        const usize each = uses_table(static_cast<u32>(parts)) ? 1 : parts;
        usize count = 0;
        for (usize left = free_; left >= each; left -= each)
            ++count; // no division by a variable
        return count;
    }

  private:
    bool uses_table(u32 parts) const {
        if (Policy::indirect == choice::never || parts < 2) return false;
        return (Policy::indirect == choice::always || indirect_) && parts <= table_parts;
    }

    // `next` counts only where the flags say so.
    static void describe(wire::virtq_desc& d, bus_address at, u32 bytes, u32 flags, u32 next) {
        d.addr = at.value;
        d.len = bytes;
        d.flags = static_cast<u16>(flags);
        d.next = static_cast<u16>(next);
    }

    wire::virtq_desc* table_ = nullptr;
    wire::virtq_desc* tables_ = nullptr;
    bus_address tables_bus_;
    u32 size_ = 0;
    u32 free_ = 0;
    u16 first_free_ = 0; // a queue: taken at the front, given back at the end
    u16 last_free_ = 0;
    bool indirect_ = false;
    // The next one that is free, or the next one of the chain. Kept here and never read back from
    // the table, which the device can reach.
    u16 next_[most]{};
    split_record records_[most]{};
};

} // namespace vsnd
