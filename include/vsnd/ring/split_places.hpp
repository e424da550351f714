#pragma once
// The descriptor table of a split virtqueue whose chains have a place of the same length each: less
// room than split_descriptors.hpp makes of it, and less code.
// Spec: [virtio 1.4] The Virtqueue Descriptor Table

#include <vsnd/ring/split_descriptors.hpp>

namespace vsnd {

template <class Policy>
requires(Policy::place_parts != 0) class split_descriptors<Policy> {
    static constexpr u32 length = Policy::place_parts;
    static_assert(Policy::indirect == choice::never);

  public:
    static constexpr usize tables_bytes = 0;

    void init(u32 size, bool, u8* table, u8*, bus_address) {
        table_ = reinterpret_cast<wire::virtq_desc*>(table);
        // A ring that is set up again goes on where it was: chains bound after a reset get other
        // heads than those that a careless device may still return.
        if (size != size_) last_ = 0;
        size_ = size;
        __builtin_memset(records_, 0, sizeof(records_));
    }

    VSND_TINY split_record& operator[](u32 i) { return records_[i]; }
    VSND_TINY const split_record& operator[](u32 i) const { return records_[i]; }

    // Writes a chain. Errors: invalid_argument, it has no parts or does not fit into a place;
    // no_room; nothing changed.
    // Spec: [virtio 1.4] Placing Buffers Into The Descriptor Table
    result<split_record*> bind(const chain& c, cookie what) {
        const usize parts = c.parts.size();
        if (parts - 1 >= length) return status_code::invalid_argument;
        // A place that was given back is used again last, for the same reason as in init.
        u32 head = last_;
        for (;;) {
            head = after(head);
            if (!records_[head].bound) break;
            if (head == last_) return status_code::no_room;
        }
        last_ = head;
        split_record& r = records_[head];
        r = {what, 0, static_cast<u16>(head), true, false};
        wire::virtq_desc* d = table_ + head;
        for (usize i = 0; i < parts; ++i, ++d) {
            const part& p = c.parts[i];
            d->addr = p.address.value;
            d->len = p.bytes;
            d->flags = wire::VIRTQ_DESC_F_NEXT;
            d->next = static_cast<u16>(++head);
            if (i < c.readable) continue;
            d->flags = wire::VIRTQ_DESC_F_NEXT | wire::VIRTQ_DESC_F_WRITE;
            r.capacity += p.bytes;
        }
        d[-1].flags = d[-1].flags & wire::VIRTQ_DESC_F_WRITE;
        return &r;
    }

    void give_back(split_record& r) { r.bound = false; }

    // How many more chains of `parts` parts there is room for.
    usize free_chains(usize parts) const {
        usize count = 0;
        for (u32 at = 0; at + length <= size_ && parts - 1 < length; at += length)
            count += !records_[at].bound;
        return count;
    }

  private:
    u32 after(u32 head) const {
        const u32 next = head + length;
        return next + length > size_ ? 0 : next;
    }

    wire::virtq_desc* table_ = nullptr;
    u32 size_ = 0;
    u32 last_ = 0; // the place that was taken last
    split_record records_[Policy::most_descriptors]{};
};

} // namespace vsnd
