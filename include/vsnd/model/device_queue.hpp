#pragma once
// A queue of the device, as split or packed as the driver negotiated it.

#include <vsnd/model/packed_virtqueue.hpp>

namespace vsnd::model {

class device_queue {
  public:
    device_queue(guest_memory& memory, violation_log& log, const u64& now_ns, u32 index)
        : split_(memory, log, now_ns, index), packed_(memory, log, now_ns, index) {}

    void enable(const queue_setup& setup) {
        disable();
        is_packed_ = setup.packed;
        return is_packed_ ? packed_.enable(setup) : split_.enable(setup);
    }
    void disable() {
        split_.disable();
        packed_.disable();
    }
    bool is_packed() const { return is_packed_; }
    bool enabled() const { return is_packed_ ? packed_.enabled() : split_.enabled(); }
    bool broken() const { return is_packed_ ? packed_.broken() : split_.broken(); }
    u16 size() const { return is_packed_ ? packed_.size() : split_.size(); }

    u16 fresh() { return is_packed_ ? packed_.fresh() : split_.fresh(); }
    std::optional<device_chain> pop() { return is_packed_ ? packed_.pop() : split_.pop(); }
    void push_used(const device_chain& chain, u32 id, u32 written) {
        is_packed_ ? packed_.push_used(chain, id, written) : split_.push_used(chain, id, written);
    }
    void push_stale(u32 id, u32 written) {
        is_packed_ ? packed_.push_stale(id, written) : split_.push_stale(id, written);
    }
    bool take_notification() {
        return is_packed_ ? packed_.take_notification() : split_.take_notification();
    }
    void want_doorbells(bool wanted) {
        is_packed_ ? packed_.want_doorbells(wanted) : split_.want_doorbells(wanted);
    }
    u16 next_to_come() const { return is_packed_ ? packed_.next_to_come() : split_.next_to_come(); }
    bool wants_doorbells() const {
        return is_packed_ ? packed_.wants_doorbells() : split_.wants_doorbells();
    }

    // Of the device's whole life, whatever the ring was.
    u64 popped() const { return split_.popped() + packed_.popped(); }
    u64 returned() const { return split_.returned() + packed_.returned(); }
    u64 interrupts_suppressed() const {
        return split_.interrupts_suppressed() + packed_.interrupts_suppressed();
    }
    usize in_flight() const { return is_packed_ ? packed_.in_flight() : split_.in_flight(); }

    usize read(const std::vector<segment>& from, u64 at, u8* into, usize bytes) {
        return is_packed_ ? packed_.read(from, at, into, bytes)
                          : split_.read(from, at, into, bytes);
    }
    usize write(const std::vector<segment>& to, u64 at, const u8* from, usize bytes) {
        return is_packed_ ? packed_.write(to, at, from, bytes) : split_.write(to, at, from, bytes);
    }

  private:
    virtqueue split_;
    packed_virtqueue packed_;
    bool is_packed_ = false;
};

} // namespace vsnd::model
