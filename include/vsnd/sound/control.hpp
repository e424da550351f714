#pragma once
// The control queue: requests in cells of shared memory, each with a time limit. A request that
// timed out keeps its cell and its descriptors until the device gives them back or is reset.
// Spec: [virtio 1.4] Sound Device / Device Operation

#include <vsnd/base/atomic.hpp>
#include <vsnd/sound/endpoint_small.hpp>
#include <vsnd/sound/limits.hpp>

namespace vsnd {

// What an answer's code means.
constexpr status_code from_device(u32 code) {
    switch (code) {
    case wire::SND_S_OK: return status_code::ok;
    case wire::SND_S_BAD_MSG: return status_code::device_bad_msg;
    case wire::SND_S_NOT_SUPP: return status_code::device_not_supp;
    case wire::SND_S_IO_ERR: return status_code::device_io_err;
    default: return status_code::device_bad_answer;
    }
}

// Besides the streams' numbers and card_itself, those of the desks for other items.
inline constexpr u32 jack_owner = 0xfffffffe;
inline constexpr u32 channel_map_owner = 0xfffffffd;
inline constexpr u32 element_owner = 0xfffffffc;
constexpr bool owns_items(u32 owner) {
    return owner >= element_owner && owner != card_itself;
}
// As the trace hook hears it: a stream's number, or the card.
constexpr u32 traced(u32 owner) {
    return owns_items(owner) ? card_itself : owner;
}

struct control_answer {
    u32 owner = card_itself; // who sent the request: a stream's number, or the card itself
    status_code code = status_code::ok;
    bool late = false; // of a request that had been given up: the owner must not be told
};

template <class Endpoint, class Queue, u32 Cells>
class control_channel {
    enum class cell_state : u8 { idle, sent, given_up };

    struct cell {
        typename Queue::slot chain;
        u32 owner;
        cell_state state;
    };

  public:
    // The cells are `shared`, which the device finds at `bus`. A doorbell that nobody answers is
    // rung again after `patience`.
    void init(Endpoint& queue, control_cell* shared, bus_address bus, u64 patience) {
        end_ = &queue;
        shared_ = shared;
        bus_ = bus;
        patience_ = patience;
        for (cell& c : cells_)
            c.state = cell_state::idle;
    }

    // Sends `bytes` of `request`; the answer's payload, if there is one, goes to `payload`.
    // Errors: no_room, nothing was sent.
    status_code send(u32 owner, const void* request, u32 bytes, const part& payload, u64 now) {
        return send_one<true>(owner, request, {{}, bytes}, payload, now);
    }
    // The same for a request that lies in shared memory already, and stays there until answered.
    status_code send_shared(u32 owner, const void* request, const part& where, const part& payload,
                            u64 now) {
        return send_one<false>(owner, request, where, payload, now);
    }

    // A completion of the control queue.
    control_answer complete(cookie what) {
        [[maybe_unused]] auto held = end_->lock();
        cell& c = *static_cast<cell*>(what);
        const control_answer answer{c.owner,
                                    from_device(load_relaxed(&shared_[&c - cells_].response.code)),
                                    c.state != cell_state::sent};
        end_->tell({answer.late ? trace_step::late : trace_step::answer, traced(answer.owner),
                    static_cast<u32>(answer.code)});
        free(c);
        return answer;
    }

    // Whether a request of `owner` waits for its answer; it is given up then. With the lock held.
    bool give_up(u32 owner) {
        for (cell& c : cells_) {
            if (c.state != cell_state::sent || c.owner != owner) continue;
            c.state = cell_state::given_up;
            return true;
        }
        return false;
    }

    // A doorbell that came before the device's back end was ready is lost: ring again. `next`
    // becomes the earliest time at which this wants to be called again.
    void tick(u64 now, u64& next) {
        [[maybe_unused]] auto held = end_->lock();
        for (const cell& c : cells_) {
            if (c.state != cell_state::sent) continue;
            if (now >= ring_again_) {
                ring_again_ = now + patience_;
                end_->ring_locked();
            }
            next = lesser(next, ring_again_);
            return;
        }
    }

  private:
    // In_cell: a copy of `request` is sent, which lies in the cell.
    template <bool In_cell>
    VSND_TINY status_code send_one(u32 owner, const void* request, part where, const part& payload,
                                   u64 now) {
        [[maybe_unused]] auto held = end_->lock();
        u32 i = 0;
        while (cells_[i].state != cell_state::idle)
            if (++i == Cells) return status_code::no_room;
        cell& c = cells_[i];
        control_cell& shared = shared_[i];
        if constexpr (In_cell) __builtin_memcpy(shared.request, request, where.bytes);
        store_relaxed(&shared.response.code, u32{0});

        const bus_address at = bus_ + i * sizeof(control_cell);
        if constexpr (In_cell) where.address = at;
        const part all[] = {
            where,
            {at + __builtin_offsetof(control_cell, response), sizeof(wire::snd_hdr)},
            payload};
        const auto bound =
            end_->queue().bind({{all, payload.bytes == 0 ? usize{2} : usize{3}}, 1}, &c);
        if (!bound.ok()) return bound.code();
        c.chain = bound.value();
        c.owner = owner;
        c.state = cell_state::sent;
        ring_again_ = now + patience_;
        const status_code posted = end_->post_now(c.chain);
        if (!ok(posted)) {
            free(c);
        } else {
            const u32 code = static_cast<const wire::snd_hdr*>(request)->code;
            end_->tell({trace_step::request, traced(owner), code});
        }
        return posted;
    }
    void free(cell& c) {
        c.state = cell_state::idle;
        (void)end_->queue().unbind(c.chain);
    }

    Endpoint* end_ = nullptr;
    control_cell* shared_ = nullptr;
    bus_address bus_;
    u64 patience_ = 0;
    u64 ring_again_ = 0;
    cell cells_[Cells]{};
};

} // namespace vsnd
