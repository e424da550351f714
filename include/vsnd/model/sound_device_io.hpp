#pragma once
// Doorbells, and the messages of the tx and rx queues. Included by sound_device.hpp.
// Spec: [virtio 1.4] Sound Device / PCM I/O Messages

#include <vsnd/model/sound_device.hpp>

namespace vsnd::model {

inline void sound_device::notify(u32 queue) {
    if (core_.faults.gone) return;
    const auto detail = [queue] { return "queue " + std::to_string(queue); };
    if (!live_) return core_.violate(violation::doorbell_before_driver_ok, detail());
    if (queue >= wire::SND_VQ_COUNT || !registers_[queue].enabled)
        return core_.violate(violation::doorbell_value, detail());
    if ((core_.profile.fatal_doorbells >> queue & 1) != 0)
        return core_.crash_by("a doorbell that this device does not survive");
    if (!judge_suspended_doorbell(queue)) return;
    negotiation_.judge_config_reads();
    ++doorbells_[queue];
    unrung_since_[queue] = fault_set::never;
    device_queue& q = core_.queues[queue];
    const u16 fresh = q.fresh();
    core_.trace.add({core_.now_ns, trace_kind::doorbell, queue, trace_event::none, fresh, 0});
    if (!q.broken() && (fresh == 0 || !q.wants_doorbells()))
        core_.violate(violation::doorbell_needless, detail());
    fault_set& f = core_.faults;
    const bool lost = f.lost_doorbells != 0 && (f.lost_doorbell_queue == queue ||
                                                f.lost_doorbell_queue >= wire::SND_VQ_COUNT);
    if (lost) return void(--f.lost_doorbells);
    process(queue);
    raise_interrupts();
}

inline void sound_device::notify(u32 queue, u16 next) {
    const bool usable = live_ && queue < wire::SND_VQ_COUNT && registers_[queue].enabled;
    if (usable && !core_.faults.gone) {
        const u16 true_next = core_.queues[queue].next_to_come();
        if (next != true_next)
            core_.violate(violation::notification_data_wrong,
                          "queue " + std::to_string(queue) + ": " + std::to_string(next) +
                              " instead of " + std::to_string(true_next));
    }
    notify(queue);
}

inline void sound_device::process(u32 queue) {
    // What happened until now happens first.
    control_.sync();
    for (pcm_stream& s : streams_)
        s.sync();
    if (queue == wire::SND_VQ_CONTROL)
        control_.process();
    else if (queue == wire::SND_VQ_EVENT)
        core_.collect_event_buffers();
    else
        process_io(queue);
    update_doorbells();
}

inline void sound_device::process_io(u32 queue) {
    while (auto chain = core_.queues[queue].pop()) {
        u32 id = 0;
        if (!framed(queue, *chain)) {
            dropped_.push_back(std::move(*chain));
            continue;
        }
        if (!judge_io(queue, *chain, id)) {
            if (core_.faults.gone) return;
            refuse_io(queue, *chain);
            continue;
        }
        streams_[id].sync();
        streams_[id].add(std::move(*chain));
        streams_[id].sync();
    }
}

// False: the message makes no sense to a device that goes by the lengths of descriptors.
inline bool sound_device::framed(u32 queue, const device_chain& chain) const {
    if (core_.profile.framing == framing_habit::by_bytes) return true;
    const auto& in = chain.readable;
    const auto& out = chain.writable;
    const bool tx = queue == wire::SND_VQ_TX;
    const usize data = (tx ? in.size() : out.size()) - 1;
    bool good = data != 0 && (tx ? out.size() : in.size()) == 1;
    good = good && in.front().bytes == sizeof(wire::snd_pcm_xfer) &&
           out.back().bytes == sizeof(wire::snd_pcm_status);
    const auto& parts = tx ? in : out;
    for (usize i = 0; good && i < data; ++i) {
        const u32 bytes = parts[tx ? i + 1 : i].bytes;
        good = bytes != sizeof(wire::snd_pcm_xfer) && bytes != sizeof(wire::snd_pcm_status);
    }
    return good;
}

// False: the message cannot be used.
inline bool sound_device::judge_io(u32 queue, device_chain& chain, u32& stream) {
    const bool tx = queue == wire::SND_VQ_TX;
    constexpr u64 head = sizeof(wire::snd_pcm_xfer);
    constexpr u64 tail = sizeof(wire::snd_pcm_status);
    const auto sizes = [&] {
        return std::to_string(chain.readable_bytes) + " bytes readable, " +
               std::to_string(chain.writable_bytes) + " writable";
    };
    const auto wrong = [&](violation what, const std::string& detail) {
        core_.violate(what, detail);
        return false;
    };
    wire::snd_pcm_xfer header{};
    if (chain.readable_bytes < head || chain.writable_bytes < tail ||
        chain.readable_bytes + chain.writable_bytes == head + tail)
        return wrong(violation::io_layout, sizes());
    if (tx && chain.writable_bytes > tail) core_.violate(violation::tx_writable_buffer, sizes());
    if (!tx && chain.readable_bytes > head) core_.violate(violation::rx_readable_buffer, sizes());
    if ((tx ? chain.readable_bytes - head : chain.writable_bytes - tail) == 0) return false;
    core_.queues[queue].read(chain.readable, 0, reinterpret_cast<u8*>(&header), sizeof(header));
    stream = header.stream_id;
    const auto which = [stream] { return "stream " + std::to_string(stream); };
    if (stream >= streams_.size()) return wrong(violation::io_stream_id, which());
    const pcm_stream& s = streams_[stream];
    if (s.queue_index() != queue) return wrong(violation::io_direction, which());
    const bool flowing = s.state() == pcm_state::prepared || s.state() == pcm_state::running;
    if (!flowing && core_.profile.wrong_state_is_fatal) {
        core_.crash_by("data for a stream that is neither prepared nor running");
        return false;
    }
    return flowing || s.state() == pcm_state::stopped ||
           wrong(violation::io_before_prepare, which() + " is " + to_string(s.state()));
}

inline void sound_device::refuse_io(u32 queue, const device_chain& chain) {
    wire::snd_pcm_status answer{};
    answer.code = core_.told(wire::SND_S_IO_ERR);
    const bool room = chain.writable_bytes >= sizeof(answer);
    if (room)
        core_.queues[queue].write(chain.writable, chain.writable_bytes - sizeof(answer),
                                  reinterpret_cast<const u8*>(&answer), sizeof(answer));
    core_.complete(queue, chain, room ? static_cast<u32>(sizeof(answer)) : 0);
}

// A queue is polled when all its prepared streams asked for it, or when the profile does so
// while one of them runs.
inline bool sound_device::polled(u32 queue) const {
    bool all = false;
    for (const pcm_stream& s : streams_) {
        if (s.queue_index() != queue) continue;
        if (s.state() == pcm_state::running && core_.profile.suppresses_doorbells) return true;
        const bool active = s.state() == pcm_state::prepared || s.state() == pcm_state::running ||
                            s.state() == pcm_state::stopped;
        if (active && !s.polls()) return false;
        all = all || active;
    }
    return all;
}

inline void sound_device::update_doorbells() {
    for (u32 q : {wire::SND_VQ_TX, wire::SND_VQ_RX})
        if (core_.queues[q].wants_doorbells() == polled(q))
            core_.queues[q].want_doorbells(!polled(q));
}

} // namespace vsnd::model
