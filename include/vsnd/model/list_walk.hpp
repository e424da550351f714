#pragma once
// Follows one descriptor list of a packed ring with every check of the chapter. Included by
// packed_virtqueue.hpp.
// Spec: [virtio 1.4] Packed Virtqueues / Scatter-Gather Support, Indirect Descriptors

#include <vsnd/model/packed_virtqueue.hpp>

namespace vsnd::model {

class list_walk {
    using desc = wire::pvirtq_desc;

  public:
    explicit list_walk(packed_virtqueue& queue) : queue_(queue), at_(queue.avail_) {}

    // False: the list cannot be used, the violation is recorded and the queue broken.
    bool run() {
        for (;;) {
            const u32 size = queue_.setup_.size;
            if (chain_.own.size() == size)
                return fail(violation::packed_list_too_long, "above " + std::to_string(size));
            u16 flags = 0;
            if (!queue_.is_available(at_, flags))
                return fail(violation::packed_list_incomplete, "flags " + std::to_string(flags));
            desc d{};
            const bus_address place = queue_.descriptor(at_.at);
            if (!queue_.memory_.read(place, &d, sizeof(d))) return outside(place, sizeof(d));
            chain_.own.push_back(static_cast<u16>(at_.at));
            exposed_.push_back(d);
            chain_.head = d.id;
            at_.step(1, size);
            if ((flags & wire::VIRTQ_DESC_F_INDIRECT) != 0) return refer(d) && finish();
            if (!add(d)) return false;
            if ((flags & wire::VIRTQ_DESC_F_NEXT) == 0) return finish();
        }
    }
    device_chain& chain() { return chain_; }

  private:
    bool fail(violation what, const std::string& detail) {
        queue_.break_down(what, "descriptor " + std::to_string(queue_.avail_.at) + ": " + detail);
        return false;
    }
    bool outside(bus_address at, u64 bytes) {
        return fail(violation_outside(queue_.memory_),
                    std::to_string(bytes) + " bytes at " + std::to_string(at.value));
    }

    bool refer(const desc& d) {
        if (!queue_.setup_.indirect)
            return fail(violation::packed_indirect_not_negotiated, "an indirect descriptor");
        if (chain_.own.size() > 1 || (d.flags & wire::VIRTQ_DESC_F_NEXT) != 0)
            return fail(violation::packed_indirect_with_next, "a table within a list");
        const u32 bytes = d.len;
        if (bytes == 0 || bytes % sizeof(desc) != 0)
            return fail(violation::packed_indirect_length, std::to_string(bytes) + " bytes");
        const bus_address base{d.addr};
        if (!queue_.memory_.contains(base, bytes)) return outside(base, bytes);
        for (u32 i = 0; i < bytes / sizeof(desc); ++i)
            if (!entry(base + u64{i} * sizeof(desc))) return false;
        return true;
    }

    // Other flags are wrong, but mean nothing to the device.
    bool entry(bus_address at) {
        device_chain::copy seen{at, {}};
        desc d{};
        queue_.memory_.read(at, &d, sizeof(d));
        std::memcpy(&seen.value, &d, sizeof(d));
        chain_.seen.push_back(seen);
        if ((d.flags & ~u32{wire::VIRTQ_DESC_F_WRITE}) != 0)
            queue_.violate(violation::packed_indirect_flags, "flags " + std::to_string(d.flags));
        return add(d);
    }

    bool add(const desc& d) {
        const bool writable = (d.flags & wire::VIRTQ_DESC_F_WRITE) != 0;
        if (!writable && !chain_.writable.empty())
            return fail(violation::packed_writable_first, "a readable element comes later");
        const segment s{{d.addr}, d.len};
        if (!queue_.memory_.contains(s.address, s.bytes)) return outside(s.address, s.bytes);
        const u64 end = queue_.setup_.address_end;
        if (end != 0 && s.address.value + s.bytes > end) return queue_.broken_ = true, false;
        (writable ? chain_.writable : chain_.readable).push_back(s);
        (writable ? chain_.writable_bytes : chain_.readable_bytes) += s.bytes;
        if (chain_.readable.size() + chain_.writable.size() > queue_.setup_.size)
            return fail(violation::packed_list_too_long,
                        "above " + std::to_string(queue_.setup_.size));
        return true;
    }

    bool finish() {
        if (!queue_.ids_.insert(chain_.head).second)
            return fail(violation::packed_id_in_flight, "id " + std::to_string(chain_.head));
        for (usize i = 0; i < exposed_.size(); ++i)
            queue_.exposed_[chain_.own[i]] = exposed_[i];
        queue_.avail_ = at_;
        return true;
    }

    packed_virtqueue& queue_;
    packed_virtqueue::place at_;
    device_chain chain_;
    std::vector<desc> exposed_;
};

inline std::optional<device_chain> packed_virtqueue::pop() {
    if (fresh() == 0) return {};
    u16 name = 0;
    u16 flags = 0;
    if (memory_.load(setup_.driver_area + offsetof(wire::pvirtq_event_suppress, flags), flags) &&
        memory_.load(setup_.driver_area, name))
        judge_event(name, flags);
    list_walk walk(*this);
    if (!walk.run()) return {};
    device_chain& chain = walk.chain();
    if (setup_.in_order)
        order_.available(chain.head, chain.writable_bytes, static_cast<u32>(chain.own.size()));
    ++popped_;
    want_doorbells(wanted_);
    return std::move(chain);
}

} // namespace vsnd::model
