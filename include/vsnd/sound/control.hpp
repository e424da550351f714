#pragma once
// The control queue: requests in cells of shared memory, each with a time limit. A request that
// timed out keeps its cell and its descriptors until the device gives them back or is reset.
// Spec: [virtio 1.4] Sound Device / Device Operation

#include <vsnd/base/atomic.hpp>
#include <vsnd/sound/endpoint.hpp>
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

// Who sent a request: the number of a stream, or the card itself.
inline constexpr u32 card_itself = 0xffffffff;

struct control_answer {
    u32 owner = card_itself;
    status_code code = status_code::ok;
    bool late = false; // of a request that had been given up: the owner must not be told
};

template <class Queue, class Hooks, u32 Cells>
class control_channel {
    enum class cell_state : u8 { idle, sent, given_up };

    struct cell {
        control_cell* shared = nullptr;
        typename Queue::slot chain;
        u64 deadline = 0;
        u64 ring_again = 0;
        u32 owner = 0;
        cell_state state = cell_state::idle;
    };

  public:
    // The cells are `shared`, which the device finds at `bus`.
    void init(endpoint<Queue, Hooks>& queue, control_cell* shared, bus_address bus,
              u64 time_limit) {
        end_ = &queue;
        bus_ = bus;
        shared_ = shared;
        time_limit_ = time_limit;
        for (u32 i = 0; i < Cells; ++i) {
            cells_[i] = cell{};
            cells_[i].shared = shared + i;
        }
    }

    // Sends `bytes` of `request`; the answer's payload, if there is one, goes to `payload`.
    // Errors: no_room, nothing was sent.
    status_code send(u32 owner, const void* request, u32 bytes, part payload, u64 now) {
        [[maybe_unused]] auto held = end_->lock();
        cell* const c = idle_cell();
        if (c == nullptr) return status_code::no_room;
        __builtin_memcpy(c->shared->request, request, bytes);
        store_relaxed(&c->shared->response.code, u32{0});

        const bus_address at = bus_ + static_cast<u64>(reinterpret_cast<u8*>(c->shared) -
                                                       reinterpret_cast<u8*>(shared_));
        const part readable[] = {{at, bytes}};
        const part writable[] = {
            {at + __builtin_offsetof(control_cell, response), sizeof(wire::snd_hdr)}, payload};
        const usize answers = payload.bytes == 0 ? 1 : 2;
        const auto bound = end_->queue().bind({readable, {writable, answers}}, c);
        if (!bound.ok()) return bound.code();
        c->chain = bound.value();
        c->owner = owner;
        c->deadline = now + time_limit_;
        c->ring_again = now + time_limit_ / 8;
        c->state = cell_state::sent;
        const status_code posted = end_->queue().post(c->chain);
        if (!ok(posted)) {
            free(*c);
            return posted;
        }
        if constexpr (!Queue::kicks_itself) end_->queue().kick(1);
        return status_code::ok;
    }

    // A completion of the control queue.
    control_answer complete(cookie what) {
        [[maybe_unused]] auto held = end_->lock();
        cell& c = *static_cast<cell*>(what);
        const control_answer answer{c.owner, from_device(load_relaxed(&c.shared->response.code)),
                                    c.state != cell_state::sent};
        free(c);
        return answer;
    }

    // Gives up what is overdue, one request a call; card_itself and `late` set: nothing was.
    // `next` becomes the earliest time at which this wants to be called again.
    control_answer expire(u64 now, u64& next) {
        bool ring = false;
        control_answer overdue{card_itself, status_code::timed_out, true};
        {
            [[maybe_unused]] auto held = end_->lock();
            for (cell& c : cells_) {
                if (c.state != cell_state::sent) continue;
                if (now >= c.deadline) {
                    c.state = cell_state::given_up;
                    overdue = {c.owner, status_code::timed_out, false};
                    break;
                }
                if (now >= c.ring_again) {
                    ring = true;
                    c.ring_again = now + time_limit_ / 8;
                }
                next = lesser(next, lesser(c.deadline, c.ring_again));
            }
        }
        // A doorbell that came before the device's back end was ready is lost: ring again.
        if (ring) end_->ring();
        return overdue;
    }

    // The device is stopped: nothing will come back.
    void reset() {
        for (cell& c : cells_) {
            if (c.state == cell_state::idle) continue;
            [[maybe_unused]] auto held = end_->lock();
            free(c);
        }
    }

    bool anything_sent() const {
        for (const cell& c : cells_) {
            if (c.state == cell_state::sent) return true;
        }
        return false;
    }

  private:
    cell* idle_cell() {
        for (cell& c : cells_) {
            if (c.state == cell_state::idle) return &c;
        }
        return nullptr;
    }
    void free(cell& c) {
        c.state = cell_state::idle;
        (void)end_->queue().unbind(c.chain);
    }

    endpoint<Queue, Hooks>* end_ = nullptr;
    control_cell* shared_ = nullptr;
    bus_address bus_;
    u64 time_limit_ = 0;
    cell cells_[Cells]{};
};

} // namespace vsnd
