#pragma once
// Follows one descriptor chain with every check of the chapter. Included by virtqueue.hpp.
// Spec: [virtio 1.4] The Virtqueue Descriptor Table, Indirect Descriptors, Message Framing

#include <vsnd/model/virtqueue.hpp>

namespace vsnd::model {

class chain_walk {
  public:
    chain_walk(virtqueue& queue, u16 head) : queue_(queue) {
        chain_.head = head;
        chain_.seen.reserve(4);
        chain_.readable.reserve(2);
        chain_.writable.reserve(2);
    }

    // False: the chain cannot be used, the violation is recorded and the queue broken.
    bool run() {
        const u16 size = queue_.setup_.size;
        if (chain_.head >= size)
            return fail(violation::head_out_of_range, std::to_string(chain_.head));
        return table(queue_.setup_.descriptors, size, chain_.head, false) && finish();
    }
    device_chain& chain() { return chain_; }

  private:
    bool fail(violation what, const std::string& detail) {
        queue_.break_down(what, "head " + std::to_string(chain_.head) + ": " + detail);
        return false;
    }

    // One table, the queue's own or an indirect one, from descriptor `at` on.
    bool table(bus_address base, u32 entries, u32 at, bool indirect) {
        const usize first = chain_.seen.size();
        for (;;) {
            if (visited(base + u64{at} * sizeof(wire::virtq_desc), first))
                return fail(violation::chain_loop, "back at " + std::to_string(at));
            wire::virtq_desc d{};
            const bus_address place = base + u64{at} * sizeof(d);
            if (!queue_.memory_.read(place, &d, sizeof(d))) return outside(place, sizeof(d));
            chain_.seen.push_back({place, d});
            if (!indirect && !occupy(static_cast<u16>(at))) return false;
            const u16 flags = d.flags;
            if ((flags & wire::VIRTQ_DESC_F_INDIRECT) != 0) {
                judge_order(at, entries, d, indirect);
                return refer(d, indirect);
            }
            if (!add(d)) return false;
            judge_order(at, entries, d, indirect);
            if ((flags & wire::VIRTQ_DESC_F_NEXT) == 0) return true;
            at = d.next;
            if (at >= entries)
                return fail(violation::next_out_of_range, "next " + std::to_string(at));
        }
    }

    // With IN_ORDER a chain begins where the last one ended, and goes on with the descriptor behind.
    void judge_order(u32 at, u32 entries, const wire::virtq_desc& d, bool indirect) {
        if (!queue_.setup_.in_order) return;
        const bool more = (d.flags & wire::VIRTQ_DESC_F_NEXT) != 0;
        const u32 behind = indirect ? at + 1 : (at + 1) % entries;
        const bool expected = indirect || at == queue_.next_descriptor_;
        if (!indirect) queue_.next_descriptor_ = behind;
        if (!expected || (more && d.next != behind))
            queue_.violate(indirect ? violation::in_order_indirect
                                    : violation::in_order_descriptors,
                           "descriptor " + std::to_string(at));
    }

    // Chains are short: looking back is cheaper than keeping a mark for each descriptor.
    bool visited(bus_address place, usize first) const {
        for (usize i = first; i < chain_.seen.size(); ++i)
            if (chain_.seen[i].at == place) return true;
        return false;
    }

    bool refer(const wire::virtq_desc& d, bool inside) {
        if (!queue_.setup_.indirect)
            return fail(violation::indirect_not_negotiated, "an indirect descriptor");
        if (inside) return fail(violation::indirect_nested, "a table within a table");
        if ((d.flags & wire::VIRTQ_DESC_F_NEXT) != 0)
            return fail(violation::indirect_with_next, "next " + std::to_string(d.next));
        const u32 bytes = d.len;
        if (bytes == 0 || bytes % sizeof(wire::virtq_desc) != 0)
            return fail(violation::indirect_length, std::to_string(bytes) + " bytes");
        const bus_address base{d.addr};
        if (!queue_.memory_.contains(base, bytes)) return outside(base, bytes);
        return table(base, bytes / static_cast<u32>(sizeof(wire::virtq_desc)), 0, true);
    }

    bool add(const wire::virtq_desc& d) {
        const bool writable = (d.flags & wire::VIRTQ_DESC_F_WRITE) != 0;
        if (!writable && !chain_.writable.empty())
            return fail(violation::writable_before_readable, "a readable part comes later");
        const segment s{{d.addr}, d.len};
        if (!queue_.memory_.contains(s.address, s.bytes)) return outside(s.address, s.bytes);
        const u64 end = queue_.setup_.address_end;
        if (end != 0 && s.address.value + s.bytes > end) return queue_.broken_ = true, false;
        (writable ? chain_.writable : chain_.readable).push_back(s);
        (writable ? chain_.writable_bytes : chain_.readable_bytes) += s.bytes;
        // The reference to an indirect table does not count: it is no element of the buffer.
        if (chain_.readable.size() + chain_.writable.size() > queue_.setup_.size)
            return fail(violation::chain_too_long, "above " + std::to_string(queue_.setup_.size));
        if (chain_.readable_bytes + chain_.writable_bytes > u64{1} << 32)
            return fail(violation::chain_too_many_bytes, "above 2^32");
        return true;
    }

    bool occupy(u16 at) {
        if (queue_.occupied_[at])
            return fail(violation::descriptor_in_flight, "descriptor " + std::to_string(at));
        chain_.own.push_back(at);
        return true;
    }

    bool outside(bus_address at, u64 bytes) {
        return fail(violation_outside(queue_.memory_),
                    std::to_string(bytes) + " bytes at " + std::to_string(at.value));
    }

    bool finish() {
        for (u16 d : chain_.own)
            queue_.occupied_[d] = true;
        return true;
    }

    virtqueue& queue_;
    device_chain chain_;
};

inline std::optional<device_chain> virtqueue::pop() {
    u16 flags = 0;
    if (fresh() == 0) return {};
    if (memory_.load(avail(wire::VIRTQ_AVAIL_FLAGS_OFFSET), flags)) check_flags(flags);
    const usize at = wire::VIRTQ_AVAIL_RING_OFFSET + usize{last_avail_ % u32{setup_.size}} * 2;
    u16 head = 0;
    if (!memory_.load(avail(at), head)) {
        outside(avail(at), 2);
        return {};
    }
    chain_walk walk(*this, head);
    if (!walk.run()) return {};
    ++last_avail_;
    ++popped_;
    ++in_flight_;
    if (setup_.in_order) order_.available(head, walk.chain().writable_bytes, 1);
    want_doorbells(wanted_);
    return std::move(walk.chain());
}

} // namespace vsnd::model
