#pragma once
// Both ends of one ring: the driver's, and the model's, which was read from the chapter by itself.
// [virtio 1.4] Virtqueues

#include <deque>
#include <vector>

#include <doctest/doctest.h>

#include <vsnd/model/virtqueue.hpp>
#include <vsnd/port/queue.hpp>
#include <vsnd/ring/ring.hpp>
#include <vsnd/transport/ring_wish.hpp>

namespace ring_test {

using namespace vsnd;

struct ends_policy : ring_policy {
    static constexpr u16 most_descriptors = 256;
    static constexpr auto in_order = choice::negotiated;
};

struct ends_doorbell {
    u32* rung = nullptr;
    void ring() { ++*rung; }
};

// Both ends of one ring. The driver posts, kicks, arms and takes as it likes; whatever it does,
// no doorbell and no interrupt that one side waits for may be missing.
template <template <class, class> class Ring, class Device>
class both_ends {
    using queue_type = Ring<ends_doorbell, ends_policy>;

  public:
    both_ends(u16 size, u64 features, u32 seed) : state_(seed * 2654435761u + 1) {
        const dma_region memory = memory_.allocate(queue_type::memory_bytes(size), 16);
        REQUIRE(ok(queue_.init(size, features, memory, {&rung_})));
        const ring_addresses where = queue_.addresses();
        model::queue_setup setup{size, where.descriptors, where.driver_area, where.device_area};
        setup.event_idx = (features >> wire::F_EVENT_IDX & 1) != 0;
        setup.indirect = (features >> wire::F_INDIRECT_DESC & 1) != 0;
        setup.in_order = (features >> wire::F_IN_ORDER & 1) != 0;
        setup.packed = is_packed<queue_type>;
        device_.enable(setup);
        const dma_region data = memory_.allocate(4096);
        for (usize i = 0; queue_.free_chains(3) != 0; ++i) {
            const part parts[] = {{data.bus, 4}, {data.bus + 64, 100}, {data.bus + 512, 8}};
            chains_.push_back({queue_.bind({parts, 2}, cookie_of(i)).value()});
        }
    }

    void steps(u32 count) {
        for (u32 i = 0; i < count && wrong_ == 0; ++i) {
            switch (below(4)) {
            case 0: post_some(); break;
            case 1: serve(); break;
            case 2: finish_some(); break;
            default: look(); break;
            }
        }
        CHECK(wrong_ == 0);
        CHECK(log_.entries().empty());
        if (!log_.entries().empty()) MESSAGE(log_.report());
    }
    u32 completed() const { return completed_; }
    u32 rung() const { return rung_; }
    u32 interrupts() const { return interrupts_; }

  private:
    struct chain_state {
        typename queue_type::slot slot;
        bool posted = false;
        u32 written = 0;
    };
    static cookie cookie_of(usize i) { return reinterpret_cast<cookie>(i + 1); }
    u32 below(u32 n) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_ % n;
    }

    void post_some() {
        u32 posted = 0;
        for (u32 n = below(6); n != 0; --n) {
            const usize i = below(static_cast<u32>(chains_.size()));
            if (chains_[i].posted) continue;
            wrong_ += !ok(queue_.post(chains_[i].slot));
            chains_[i].posted = true;
            posted_.push_back(i);
            ++posted;
        }
        const u32 before = rung_;
        queue_.kick(posted);
        heard_ = heard_ || rung_ != before;
    }
    // The device works when it heard a doorbell: one that it asked for must have come.
    void serve() {
        if (device_.wants_doorbells() && device_.fresh() != 0 && !heard_) ++wrong_;
        heard_ = false;
        while (auto chain = device_.pop()) {
            const usize i = posted_.front();
            posted_.pop_front();
            wrong_ += chain->readable_bytes != 104 || chain->writable_bytes != 8;
            held_.push_back({i, std::move(*chain)});
        }
        device_.want_doorbells(below(4) != 0);
        heard_ = heard_ || device_.fresh() != 0;
    }
    void finish_some() {
        for (u32 n = below(5); n != 0 && !held_.empty(); --n) {
            const u32 which = below(static_cast<u32>(held_.size()));
            const held h = std::move(held_[which]);
            held_.erase(held_.begin() + which);
            chains_[h.index].written = below(4) != 0 ? 8 : below(8);
            device_.push_used(h.chain, h.chain.head, chains_[h.index].written);
        }
        if (device_.take_notification()) {
            ++interrupts_;
            woken_ = true;
        }
    }
    // The driver takes when it was interrupted; with arm(1) no completion may go without.
    void look() {
        const bool all = below(2) == 0;
        for (;;) {
            const used u = queue_.take();
            if (u.type == used::kind::nothing) {
                if (all || !queue_.arm(1)) break;
                continue;
            }
            const usize i = reinterpret_cast<usize>(u.what) - 1;
            wrong_ += u.type != used::kind::completed || i >= chains_.size();
            if (wrong_ != 0) return;
            wrong_ += !chains_[i].posted || u.written != chains_[i].written;
            wrong_ += armed_ && !woken_;
            chains_[i].posted = false;
            ++completed_;
        }
        armed_ = !all;
        woken_ = false;
    }
    struct held {
        usize index;
        model::device_chain chain;
    };

    model::guest_memory memory_;
    model::violation_log log_;
    u64 now_ns_ = 0;
    Device device_{memory_, log_, now_ns_, 0};
    queue_type queue_;
    std::vector<chain_state> chains_;
    std::deque<usize> posted_;
    std::vector<held> held_;
    u32 state_;
    u32 rung_ = 0;
    u32 interrupts_ = 0;
    u32 completed_ = 0;
    u32 wrong_ = 0;
    bool heard_ = false;
    bool woken_ = false;
    bool armed_ = false;
};

namespace features {
inline constexpr u64 event_idx = u64{1} << wire::F_EVENT_IDX;
inline constexpr u64 indirect = u64{1} << wire::F_INDIRECT_DESC;
inline constexpr u64 in_order = u64{1} << wire::F_IN_ORDER;
} // namespace features

} // namespace ring_test
