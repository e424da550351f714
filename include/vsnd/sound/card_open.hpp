#pragma once
// Opening and closing a card.

#include <vsnd/sound/card.hpp>

namespace vsnd {

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::open_async(Port& port, const dma_region& memory) {
    if (state() != card_state::closed) return status_code::wrong_state;
    if (memory.cpu == nullptr || memory.bytes < card_bytes<Limits>() ||
        (memory.bus.value & (card_alignment - 1)) != 0) {
        return status_code::no_memory;
    }
    hooks_ = &hooks_of(port);
    wait_for_turn(); // of whoever just failed to open it
    shared_ = reinterpret_cast<area*>(memory.cpu);
    shared_bus_ = memory.bus;
    stream_count_ = device_streams_ = 0;
    if constexpr (has_items<Limits>) this->reset_items();
    counters_ = {};
    store_relaxed(&failure_, status_code::ok);
    if constexpr (Limits::resets) rescue_ = {};
    // An interrupt may come at any time from here on, and finds no queue that is half set up.
    for (endpoint_type& end : ends_)
        end.forget();
    store_relaxed(&setting_up_, true);
    become(card_state::opening);
    store_release(&outcome_, status_code::in_progress);
    store_release(&port_, &port); // from here on others may look, and are not let in

    status_code code = set_up(port);
    store_release(&setting_up_, !ok(code));
    if (!ok(failure_)) code = failure_;
    if (ok(code)) {
        // An event may have come before anybody was let in to pump.
        look_at(wire::SND_VQ_EVENT);
        code = ask_for_streams();
    }
    if (code != status_code::in_progress) {
        finish_opening(code);
        store_relaxed(&setting_up_, false);
    }
    (void)end_turn();
    return outcome();
}

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::set_up(Port& port) {
    // Of the device type's own features none is needed for PCM.
    constexpr u64 wanted = Limits::elements != 0 ? u64{1} << wire::SND_F_CTLS : 0;
    const result<u64> features = port.negotiate(wanted);
    if (!features.ok()) return features.code();
    // `controls` is not read without VIRTIO_SND_F_CTLS: some devices have only 12 bytes.
    wire::snd_config config{};
    constexpr u32 from = Limits::small ? u32{__builtin_offsetof(wire::snd_config, streams)} : 0;
    constexpr usize end = Limits::small ? __builtin_offsetof(wire::snd_config, chmaps)
                                        : __builtin_offsetof(wire::snd_config, controls);
    const status_code read =
        port.read_config(from, {reinterpret_cast<u8*>(&config) + from, end - from});
    if (!ok(read)) return read;
    const bool again = Limits::resets && state() != card_state::opening;
    if constexpr (Limits::resets) {
        if (again && !same_device(config, features.value())) return status_code::device_broken;
        rescue_.features = features.value();
    }
    if (!again) device_streams_ = config.streams;
    if constexpr (has_items<Limits>) {
        if (!again) {
            const status_code counted = this->count_items(config, features.value());
            if (!ok(counted)) return counted;
        }
    }

    for (u32 i = 0; i < wire::SND_VQ_COUNT; ++i) {
        const result<queue_type*> queue = port.queue(i);
        if (!queue.ok()) return queue.code();
        if constexpr (Limits::resets) {
            if (again) {
                ends_[i].renew(*queue.value());
                continue;
            }
        }
        ends_[i].init(*queue.value(), *hooks_, i);
    }
    control_.init(ends_[wire::SND_VQ_CONTROL], shared_->cells,
                  shared_bus_ + __builtin_offsetof(area, cells), time_limit_ / 8);

    status_code code = status_code::ok;
    if (queue_type::posts_before_start) code = populate_events();
    if (ok(code)) code = port.start();
    if (ok(code) && !queue_type::posts_before_start) code = populate_events();
    return code;
}

// As many event buffers as the queue has room for; one is enough.
template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::populate_events() {
    endpoint_type& end = ends_[wire::SND_VQ_EVENT];
    [[maybe_unused]] auto held = end.lock();
    queue_type& queue = end.queue();
    for (u32 i = 0; i < Limits::events; ++i) {
        wire::snd_event* const event = &shared_->events[i];
        const usize at = __builtin_offsetof(area, events) + i * sizeof(*event);
        const part buffer[] = {{shared_bus_ + at, sizeof(*event)}};
        const auto bound = queue.bind({buffer, 0}, event);
        if (!bound.ok()) return i == 0 ? bound.code() : status_code::ok;
        event_chains_[i] = bound.value();
        // Without a doorbell: a device looks for buffers when it has an event, and some do not
        // survive one.
        const status_code posted = queue.post(bound.value());
        if (!posts_always<queue_type> && !ok(posted)) return posted;
    }
    return status_code::ok;
}

// Asks for the next batch of stream descriptions.
// Spec: [virtio 1.4] Sound Device / Item Information Request
template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::ask_for_streams() {
    const u32 count = unknown_streams();
    if (count == 0) {
        if constexpr (has_items<Limits>) return this->ask_for_items();
        return status_code::ok;
    }
    __builtin_memset(shared_->infos, 0, sizeof(shared_->infos));
    wire::snd_query_info query{};
    query.hdr.code = wire::SND_R_PCM_INFO;
    query.start_id = stream_count_;
    query.count = count;
    query.size = sizeof(wire::snd_pcm_info);
    const part payload = {shared_bus_ + __builtin_offsetof(area, infos),
                          count * u32{sizeof(wire::snd_pcm_info)}};
    const u64 now = time();
    deadline_ = now + time_limit_;
    const status_code sent = control_.send(card_itself, &query, sizeof(query), payload, now);
    return ok(sent) ? status_code::in_progress : sent;
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::got_streams(status_code code) {
    if constexpr (has_items<Limits>) {
        if (this->probed(code)) return;
    }
    if (!ok(code)) return finish_opening(code);
    const u32 first = stream_count_;
    const u32 end = first + unknown_streams();
    for (u32 id = first; id < end; ++id)
        streams_[id].init(*this, id, shared_->infos[id - first]);
    stream_count_ = end;
    code = ask_for_streams();
    if (code != status_code::in_progress) finish_opening(code);
}

template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::finish_opening(status_code code) {
    if (ok(code)) {
        become(card_state::open);
    } else {
        code = give_up(code);
    }
    store_release(&outcome_, code);
    wake(*hooks_);
}

// Resets the device. The answer: `why`, or memory_still_owned where the reset is not confirmed.
template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::give_up(status_code why) {
    bool removed = false; // what was is not touched, and touches no memory
    if constexpr (Limits::resets) removed = rescue_.removed;
    const status_code stopped = removed ? status_code::ok : port_->stop();
    if constexpr (has_items<Limits>) {
        this->end_items(ok(stopped) ? status_code::wrong_state : stopped);
    }
    if (!ok(stopped)) {
        become(card_state::failed);
        store_relaxed(&failure_, stopped);
        stream_count_ = 0;
        return stopped;
    }
    for (stream_type& s : streams()) {
        if constexpr (!Limits::small) s.end();
        s.forget();
    }
    if constexpr (has_items<Limits>) this->forget_items();
    stream_count_ = 0;
    become(card_state::closed);
    store_release(&port_, static_cast<Port*>(nullptr));
    return why;
}

template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::close() {
    if (state() == card_state::closed) return status_code::ok;
    if (in_callback()) return status_code::wrong_context;
    if (state() == card_state::open) {
        // Politely first. What does not answer is dealt with by the reset.
        for (stream_type& s : streams()) {
            (void)wait_for(s.outcome_);
            // Where nobody knows what the device made of a request, no command is surely right.
            if (s.state_ != stream_state::unknown) (void)s.release();
        }
        if constexpr (Limits::jacks != 0) (void)wait_for(this->jacks_.task.outcome_);
        if constexpr (Limits::elements != 0) (void)wait_for(this->elements_.task.outcome_);
    }
    wait_for_turn();
    bool claimed = false;
    if constexpr (Limits::resets) {
        claimed = rescue_.claimed;
        rescue_.claimed = false;
        step_to(rescue_step::none);
        if (!ok(away()))
            store_relaxed(&failure_, status_code::ok); // of a reset that is not finished
    }
    // Nobody pumps any more, on no CPU: the pumps are claimed until the device is reset.
    for (endpoint_type& end : ends_) {
        while (end.ready() && !claimed && !end.begin_pump()) {
            if constexpr (has_wait<hooks>) hooks_->wait(1'000'000);
        }
    }
    const status_code stopped = give_up(status_code::ok);
    for (endpoint_type& end : ends_) {
        if (end.ready()) end.end_claim();
    }
    if constexpr (Limits::resets) {
        store_relaxed(&setting_up_, false);
        if (outcome_ == status_code::in_progress)
            store_release(&outcome_, status_code::wrong_state);
    }
    (void)end_turn();
    return stopped;
}

// The device broke the specification, asked for a reset or is gone, and the card does not, or not
// any more, help itself: nothing works until close and open.
template <class Port, class Handler, class Limits>
void card<Port, Handler, Limits>::fail(status_code code) {
    if (!ok(failure_) && ok(away())) return;
    store_relaxed(&failure_, code);
    tell(*hooks_, {trace_step::failure, card_itself, static_cast<u32>(code)});
    if (setting_up_ && ok(away())) return; // open_async looks at it
    if (state() == card_state::opening) return finish_opening(code);
    if (state() != card_state::open && ok(away())) return;
    become(card_state::failed);
    for (stream_type& s : streams())
        s.fail(code);
    if constexpr (has_items<Limits>) this->end_items(code);
    if constexpr (Limits::resets) finish_rescue(code);
}

// A blocking call: pumps, lets time pass, and sleeps where the port can.
template <class Port, class Handler, class Limits>
status_code card<Port, Handler, Limits>::wait_for(const status_code& outcome) {
    for (;;) {
        const bool more = pump_all();
        const u64 now = has_clock<hooks> ? time() : now_ + 1;
        const u64 next = tick(now);
        const status_code code = load_acquire(&outcome);
        if (code != status_code::in_progress) return code;
        if constexpr (has_wait<hooks>) {
            if (!more) hooks_->wait(next > now ? next - now : 0);
        }
    }
}

} // namespace vsnd
