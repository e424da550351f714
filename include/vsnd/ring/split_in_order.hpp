#pragma once
// With IN_ORDER the chains of a split ring lie in the descriptor table one behind the other, in the
// order in which they are posted. So they are bound in a private table and copied at each post.
// Spec: [virtio 1.4] Split Virtqueues / The Virtqueue Descriptor Table, In-order use of descriptors

#include <vsnd/ring/in_order.hpp>
#include <vsnd/wire/split_ring.hpp>

namespace vsnd {

template <class Policy, bool Possible = Policy::in_order != choice::never>
class split_in_order {
    static constexpr u32 most = Policy::most_descriptors;

  public:
    // `ring`: the table that the device reads.
    void init(wire::virtq_desc* ring, u32 size, bool negotiated) {
        ring_ = ring;
        size_ = size;
        on_ = chosen<Policy::in_order>(negotiated);
    }
    VSND_HOT bool on() const { return Policy::in_order == choice::always || on_; }
    u8* private_table() { return reinterpret_cast<u8*>(bound_); }

    void start_over() {
        at_ = 0;
        posted_.clear();
        in_batch_ = false;
    }

    // Copies a chain to where the ring goes on; the answer is its head there.
    u16 place(u16 chain) {
        const u16 head = at_;
        const wire::virtq_desc* from = &bound_[chain];
        for (;;) {
            wire::virtq_desc& to = ring_[at_];
            at_ = static_cast<u16>(at_ + 1u == size_ ? 0u : at_ + 1u);
            to.addr = from->addr;
            to.len = from->len;
            to.flags = from->flags;
            to.next = at_;
            if ((from->flags & wire::VIRTQ_DESC_F_NEXT) == 0) break;
            from = &bound_[from->next];
        }
        chain_at_[head] = chain;
        head_of_[chain] = head;
        posted_.push(chain);
        return head;
    }

    // One used element answers for all up to the chain that lies at `head`. Legal: `head` is below
    // the ring's size. False: no chain that is with the device lies there.
    bool begin_batch(u32 head, u32 written) {
        last_of_batch_ = chain_at_[head];
        last_written_ = written;
        in_batch_ = !posted_.empty() && head_of_[last_of_batch_] == head;
        return in_batch_;
    }
    bool in_batch() const { return in_batch_; }
    // The next chain of the batch. `written`: by the last one; of those before it nothing is known.
    u16 next_of_batch(u32& written) {
        const u16 chain = posted_.front();
        posted_.pop();
        in_batch_ = chain != last_of_batch_;
        if (!in_batch_) written = last_written_;
        return chain;
    }

  private:
    wire::virtq_desc* ring_ = nullptr;
    u32 size_ = 0;
    u32 last_written_ = 0;
    u16 at_ = 0; // where the next descriptor goes
    u16 last_of_batch_ = 0;
    bool on_ = false;
    bool in_batch_ = false; // one answer stood for several chains, and some are left to take
    wire::virtq_desc bound_[most]{};
    u16 chain_at_[most]{};
    u16 head_of_[most]{};
    posted_order<most> posted_;
};

template <class Policy>
class split_in_order<Policy, false> {
  public:
    void init(wire::virtq_desc*, u32, bool) {}
    VSND_TINY static constexpr bool on() { return false; }
    static constexpr u8* private_table() { return nullptr; }
    void start_over() {}
    VSND_TINY u16 place(u16 chain) { return chain; }
    VSND_TINY static constexpr bool in_batch() { return false; }
};

} // namespace vsnd
