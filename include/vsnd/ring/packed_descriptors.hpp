#pragma once
// The private shadow of a packed virtqueue: which buffer ids and descriptors are free, and what
// each chain looks like, so that posting one is a copy into the ring. The ring itself is never
// read for any of this, since the device writes to it.
// Spec: [virtio 1.4] Packed Virtqueues / The Virtqueue Descriptor Format

#include <vsnd/port/chain.hpp>
#include <vsnd/ring/policy.hpp>
#include <vsnd/wire/packed_ring.hpp>

namespace vsnd {

// A descriptor to be written to the ring. The first one of a chain also has what is known about
// the chain, whose buffer id is the number of that shadow.
struct packed_shadow {
    cookie what;
    u64 addr;
    u32 len;
    u32 capacity; // bytes that the device may write, all parts together
    u16 id;
    u16 flags; // without the two bits that say whose it is
    u16 parts; // descriptors that the chain takes in the ring
    u16 next;  // the next one of the chain, or of the free ones
    bool bound;
    bool in_device;
};

// Nothing that memory holds stays in a register across this.
VSND_HOT void keep_in_memory() {
    __asm__ volatile("" : : : "memory");
}

// All but the flags, which publish it with a release store: its own, or those of the chain's first
// descriptor. One after the other, for all at once take registers that a caller would have to save.
VSND_HOT void put_descriptor(wire::pvirtq_desc* d, const packed_shadow& s, u16 id) {
    d->addr = s.addr;
    keep_in_memory();
    d->len = s.len;
    keep_in_memory();
    d->id = id;
}

template <class Policy>
class packed_descriptors {
    static constexpr usize table_bytes =
        usize{Policy::most_indirect_parts} * sizeof(wire::pvirtq_desc);

  public:
    static constexpr usize tables_bytes(u16 size) {
        return Policy::indirect == choice::never ? 0 : size * table_bytes;
    }

    // `tables` holds the indirect tables.
    void init(u16 size, bool indirect, dma_region tables) {
        tables_ = tables;
        indirect_ = indirect;
        // A ring that is set up again goes on where it was: chains bound after a reset get other
        // ids than those that a careless device may still return.
        u16 at = size == size_ && free_ != 0 ? first_free_ : u16{0};
        first_free_ = at;
        for (u16 i = 0; i < size; ++i) {
            last_free_ = at;
            const u16 next = static_cast<u16>(at + 1 == size ? 0 : at + 1);
            shadows_[at] = {};
            shadows_[at].id = at;
            shadows_[at].next = next;
            at = next;
        }
        size_ = size;
        free_ = size;
        bound_ = 0;
        stride_ = longest_ = 0;
    }

    VSND_HOT packed_shadow& operator[](u32 i) { return shadows_[i]; }
    VSND_HOT const packed_shadow& operator[](u32 i) const { return shadows_[i]; }

    // How many descriptors each bound chain takes; 0 where they differ.
    VSND_HOT u32 stride() const { return stride_; }
    // How many the longest one takes.
    VSND_HOT u32 longest() const { return longest_; }

    // Prepares a chain. Errors: invalid_argument, no_room: nothing changed.
    // Spec: [virtio 1.4] Packed Virtqueues / Scatter-Gather Support
    result<packed_shadow*> bind(const chain& c, cookie what) {
        const usize parts = c.parts.size();
        if (parts == 0 || !fits_32_bits(c)) return status_code::invalid_argument;
        // A chain longer than the queue is illegal, also in an indirect table.
        if (parts > size_) return status_code::no_room;
        const bool table = uses_table(parts);
        const u16 takes = table ? u16{1} : static_cast<u16>(parts);
        if (free_ < takes) return status_code::no_room;
        packed_shadow& first = table ? write_table(c) : write_direct(c);
        first.what = what;
        first.parts = takes;
        first.bound = true;
        first.in_device = false;
        first.capacity = 0;
        for (usize i = c.readable; i < parts; ++i)
            first.capacity += c.parts[i].bytes;
        stride_ = bound_ == 0 || stride_ == takes ? takes : u16{0};
        longest_ = bound_ == 0 ? takes : greater(longest_, takes);
        ++bound_;
        return &first;
    }

    // Takes a chain back. Freed ids are used again last, for the same reason as in init.
    void give_back(packed_shadow& first) {
        u16 last = first.id;
        for (u32 i = 1; i < first.parts; ++i)
            last = shadows_[last].next;
        if (free_ == 0) {
            first_free_ = first.id;
        } else {
            shadows_[last_free_].next = first.id;
        }
        last_free_ = last;
        free_ += first.parts;
        first.bound = false;
        --bound_;
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

    static bool fits_32_bits(const chain& c) {
        u64 bytes = 0;
        for (const part& p : c.parts)
            bytes += p.bytes;
        return bytes >> 32 == 0;
    }

    static u16 direction(const chain& c, usize i) {
        return i < c.readable ? u16{0} : wire::VIRTQ_DESC_F_WRITE;
    }

    // The table stays as it is until the chain is given back: posting it is one descriptor.
    // Spec: [virtio 1.4] Packed Virtqueues / Indirect Flag: Scatter-Gather Support. No flag but
    // WRITE means anything in a table, and no id.
    packed_shadow& write_table(const chain& c) {
        packed_shadow& s = take_free();
        const dma_region memory = tables_.part(s.id * table_bytes, table_bytes);
        auto* const table = reinterpret_cast<wire::pvirtq_desc*>(memory.cpu);
        const usize parts = c.parts.size();
        for (usize i = 0; i < parts; ++i)
            table[i] = {c.parts[i].address.value, c.parts[i].bytes, 0, direction(c, i)};
        s.addr = memory.bus.value;
        s.len = static_cast<u32>(parts * sizeof(wire::pvirtq_desc));
        s.flags = wire::VIRTQ_DESC_F_INDIRECT;
        return s;
    }

    packed_shadow& write_direct(const chain& c) {
        const usize parts = c.parts.size();
        packed_shadow& first = take_free();
        packed_shadow* s = &first;
        for (usize i = 0;; s = &take_free()) {
            s->addr = c.parts[i].address.value;
            s->len = c.parts[i].bytes;
            s->flags = direction(c, i);
            if (++i == parts) return first;
            s->flags |= wire::VIRTQ_DESC_F_NEXT;
        }
    }

    // The free ones form a queue: taken at the front, given back at the end. Those taken together
    // stay linked.
    packed_shadow& take_free() {
        packed_shadow& s = shadows_[first_free_];
        first_free_ = s.next;
        --free_;
        return s;
    }

    u16 stride_ = 0;
    u16 longest_ = 0;
    packed_shadow shadows_[Policy::most_descriptors]{};
    u16 size_ = 0;
    u16 first_free_ = 0;
    u16 last_free_ = 0;
    u32 free_ = 0;
    u32 bound_ = 0;
    dma_region tables_;
    bool indirect_ = false;
};

} // namespace vsnd
