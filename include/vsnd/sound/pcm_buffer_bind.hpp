#pragma once
// The audio path where it is not hot: binding the periods, and the completions and commits that are
// not ordinary.

#include <vsnd/sound/pcm_buffer.hpp>

namespace vsnd {

template <class Queue, class Hooks, class Limits>
status_code pcm_buffer<Queue, Hooks, Limits>::bind_all(const pcm_params& p,
                                                       const stream_memory& memory, area_type& area,
                                                       bus_address area_bus, u32 stream_id) {
    const u32 bytes = vsnd::period_bytes(p);
    const u32 count = p.periods + (playback() ? silence_chains : 0);
    area.header.stream_id = stream_id;
    message_parts parts = {
        {area_bus, sizeof(wire::snd_pcm_xfer)},
        {memory.audio.bus, bytes},
        {area_bus + __builtin_offsetof(area_type, replies), sizeof(wire::snd_pcm_status)}};
    u8* audio = memory.audio.cpu;
    u32 step = bytes;
    message* m = messages_;
    for (u32 i = 0; i < count; ++i, ++m) {
        if (i == p.periods) {
            audio = memory.silence.cpu;
            parts[1].address = memory.silence.bus;
            step = 0; // all of them the same
        }
        m->captured = 0;
        m->again = false;
        store_relaxed(&m->padding, u32{0});
        m->move_to(place::idle);
        m->reply = &area.replies[i];
        m->owner = this;
        m->audio = audio;
        m->silence = step == 0;
        if (!Limits::small) m->guard = m->backing = nobody();
        m->next = m + 1;
        if (!Limits::small) m->previous = m - 1;
        const status_code code = bind_message(*end_, *m, parts, playback());
        if (!ok(code)) {
            unbind_all();
            return code;
        }
        bound_ = i + 1;
        audio += step;
        parts[1].address = parts[1].address + step;
        parts[2].address = parts[2].address + sizeof(wire::snd_pcm_status);
    }
    // What the device does not fill must not show anybody's old data.
    if (!playback()) fill(*hooks_, memory.audio.cpu, 0, usize{bytes} * p.periods);
    if (!playback()) flush_audio(*hooks_, memory.audio.cpu, usize{bytes} * p.periods);
    if (playback()) fill_silence({memory.silence.cpu, bytes}, p.format);
    if (playback()) flush_audio(*hooks_, memory.silence.cpu, bytes);
    position_.reset();
    publish(p, bytes, memory);
    set_guards();
    return status_code::ok;
}

// The user may have the periods.
template <class Queue, class Hooks, class Limits>
void pcm_buffer<Queue, Hooks, Limits>::publish(const pcm_params& p, u32 bytes,
                                               const stream_memory& memory) {
    [[maybe_unused]] auto locked = lock();
    params_ = p;
    period_bytes_ = bytes;
    if (Limits::capture) whole_bytes_ = bytes + u32{sizeof(wire::snd_pcm_status)};
    layout_ = frame_layout(p.format, p.channels);
    if (!Limits::small) silence_ = memory.silence.cpu;
    message* const last = silences() - 1;
    last->next = head_ = messages_;
    hold(nullptr);
    if constexpr (!Limits::small) {
        messages_[0].previous = last;
        submitted_ = 0;
        store_relaxed(&frames_each_, p.period_frames);
        store_relaxed(&count_, p.periods);
    }
    store_release(&ring_, head_);
}

// The same periods on an empty queue, in the same memory. Errors: no_room.
template <class Queue, class Hooks, class Limits>
status_code pcm_buffer<Queue, Hooks, Limits>::bind_again(const stream_memory& memory,
                                                         area_type& area, bus_address area_bus) {
    const u32 count = params_.periods + (playback() ? silence_chains : 0);
    message_parts parts = {{area_bus, sizeof(wire::snd_pcm_xfer)},
                           {{}, period_bytes_},
                           {{}, sizeof(wire::snd_pcm_status)}};
    bound_ = 0;
    for (message& m : span<message>(messages_, count)) {
        const usize reply = __builtin_offsetof(area_type, replies);
        const usize nth = static_cast<usize>(m.reply - area.replies);
        parts[1].address = m.silence
                               ? memory.silence.bus
                               : memory.audio.bus + static_cast<usize>(m.audio - memory.audio.cpu);
        parts[2].address = area_bus + reply + nth * sizeof(wire::snd_pcm_status);
        const status_code code = bind_message(*end_, m, parts, playback());
        if (!ok(code)) return code;
        ++bound_;
    }
    return status_code::ok;
}

template <class Queue, class Hooks, class Limits>
void pcm_buffer<Queue, Hooks, Limits>::unbind_all() {
    while (bound_ != 0)
        (void)end_->unbind(messages_[--bound_].chain);
    forget();
}

// The commits that are not hot. Before START the device does nothing with a period, so START's
// doorbell is early enough. A capture period that was read while stopped stays with the driver
// until the next start. With the queue's lock held.
template <class Queue, class Hooks, class Limits>
status_code pcm_buffer<Queue, Hooks, Limits>::commit_aside() {
    message* const m = aside_;
    if (m == nullptr) return status_code::wrong_state;
    if (playback() && !accepts_) return load_relaxed(&not_now_);
    aside_ = nullptr;
    if (!playback()) {
        m->move_to(place::idle);
        return status_code::ok;
    }
    const status_code code = hand_over(*m);
    if (!ok(code)) hold(m);
    return code;
}

// A short capture: the status lies right behind the audio or at the end of the chain, depending on
// the device; it is not looked for inside the audio.
template <class Queue, class Hooks, class Limits>
u32 pcm_buffer<Queue, Hooks, Limits>::bytes_of_part(u32 written) {
    if (written < sizeof(wire::snd_pcm_status) || written > whole_bytes_) {
        ++counters_.bad_lengths;
        return 0;
    }
    if (advance_frames_ != 0) ++counters_.short_captures; // not those that RELEASE flushes
    return layout_.round_down(written - u32{sizeof(wire::snd_pcm_status)});
}

template <class Queue, class Hooks, class Limits>
status_code pcm_buffer<Queue, Hooks, Limits>::post_idle() {
    // The reader goes round in the order of posting: first what waits for it, then what the
    // clock keeps from it, then what the device still has, then what is posted now.
    message* ordered[Limits::periods];
    place seen[Limits::periods];
    {
        [[maybe_unused]] auto locked = lock();
        message* m = held() == nullptr ? head_ : held();
        for (u32 i = 0; i < params_.periods; ++i, m = m->next) {
            ordered[i] = m;
            seen[i] = load_acquire(&m->where);
        }
        message** tail = &head_;
        constexpr place order[] = {place::filled, place::kept, place::device, place::idle};
        for (const place p : order) {
            for (u32 i = 0; i < params_.periods; ++i) {
                if (seen[i] != p) continue;
                *tail = ordered[i];
                tail = &ordered[i]->next;
            }
        }
        *tail = head_;
        for (u32 i = 0; i < params_.periods; ++i)
            ordered[i]->next->previous = ordered[i];
        if (held() != nullptr) head_ = head_->next; // the held one is the first of the filled ones
    }
    set_guards();
    for (u32 i = 0; i < params_.periods; ++i) {
        if (seen[i] != place::idle) continue;
        before_device(*ordered[i]);
        ordered[i]->move_to(place::device);
        const status_code code = end_->post(ordered[i]->chain);
        if (!ok(code)) {
            ordered[i]->move_to(place::idle);
            return code;
        }
    }
    return status_code::ok;
}

} // namespace vsnd
