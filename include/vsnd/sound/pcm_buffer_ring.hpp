#pragma once
// The ring of a stream's periods as its user sees it, and which of them guard which.

#include <vsnd/sound/pcm_buffer.hpp>

namespace vsnd {

template <class Queue, class Hooks, class Limits>
u64 pcm_buffer<Queue, Hooks, Limits>::avail_frames() const {
    if (!bound()) return 0;
    [[maybe_unused]] auto locked = lock();
    if (ring_ == nullptr) return 0;
    const auto bytes_in = [this](const message& m) {
        return playback() ? period_bytes_ : m.captured;
    };
    const place wanted = playback() ? place::idle : place::filled;
    const message* const first = held();
    u64 bytes = first == nullptr ? 0 : bytes_in(*first) - load_relaxed(&filled_);
    const message* m = head_;
    for (u32 i = first == nullptr ? 0 : 1; i < params_.periods && m->at(wanted); ++i) {
        bytes += bytes_in(*m);
        m = m->next;
    }
    return layout_.frames(bytes);
}

template <class Queue, class Hooks, class Limits>
u64 pcm_buffer<Queue, Hooks, Limits>::delay_frames() const {
    if (!playback()) return avail_frames();
    if (!bound()) return 0;
    u64 begun = 0;
    {
        [[maybe_unused]] auto locked = lock();
        if (held() != nullptr) begun = layout_.frames(load_relaxed(&filled_));
    }
    const u64 submitted = submitted_frames();
    const u64 position = position_frames(); // the later of the two: perhaps too little
    return greater(submitted, position) - position + begun;
}

template <class Queue, class Hooks, class Limits>
u64 pcm_buffer<Queue, Hooks, Limits>::submitted_now() const {
    u64 position = 0, frames = 0;
    do {
        position = position_.load();
        frames = position;
        for (const message& m : periods()) {
            const u32 each = Limits::small ? params_.period_frames : load_relaxed(&frames_each_);
            if (m.at(place::device)) frames += each - load_relaxed(&m.padding);
        }
    } while (position_.load() != position);
    if constexpr (!Limits::small) {
        if (!end_->pumped_elsewhere()) return submitted_ = frames;
        const u64 sure = frames - lesser(frames, u64{load_relaxed(&frames_each_)});
        return greater(greater(submitted_, position), sure);
    }
    return frames;
}

template <class Queue, class Hooks, class Limits>
void pcm_buffer<Queue, Hooks, Limits>::set_guards() {
    if (Limits::small || ring_ == nullptr) return;
    [[maybe_unused]] auto locked = lock();
    // Where one side polls, one period beside it is enough.
    notification_policy p = end_->policy();
    if (end_->device_polls()) p.doorbell_every = 1;
    if (end_->driver_polls()) p.interrupt_every = 1;
    // The last periods may not have been announced yet, and guard nothing.
    const u32 batch = greater(p.interrupt_every, p.doorbell_every);
    // By the clock, none is ordinary.
    const u32 guards = Limits::clock && by_clock_ ? params_.periods
                       : batch == 1               ? 1
                                                  : batch + safety_periods;
    const u32 backs = p.doorbell_every + safety_periods;
    message* m = head_;
    for (u32 i = 0; i < params_.periods; ++i, m = m->next) {
        const bool guarded = guards < params_.periods;
        const bool backed = backs < params_.periods;
        store_relaxed(&m->guard, guarded ? further(m, guards, &message::next) : nobody());
        m->backing = backed ? further(m, backs, &message::previous) : nobody();
    }
}

template <class Queue, class Hooks, class Limits>
result<span<u8>> pcm_buffer<Queue, Hooks, Limits>::rest_of_held(bool& begun) {
    [[maybe_unused]] auto locked = lock();
    if (ring_ == nullptr || (playback() && !accepts())) return load_relaxed(&not_now_);
    begun = held() == nullptr;
    if (begun && !hold_next()) return status_code::would_block;
    const u32 bytes = playback() ? period_bytes_ : held()->captured;
    return span<u8>(held()->audio + filled_, bytes - filled_);
}

template <class Queue, class Hooks, class Limits>
bool pcm_buffer<Queue, Hooks, Limits>::flush_held() {
    message* m = nullptr;
    {
        [[maybe_unused]] auto locked = lock();
        m = held();
    }
    if (m != nullptr) before_device(*m);
    return m != nullptr;
}

} // namespace vsnd
