#pragma once
// A stream's transitions, and how it takes and returns buffers. Included by pcm_stream.hpp.

#include <vsnd/model/pcm_stream.hpp>

namespace vsnd::model {

inline void pcm_stream::set_params(const stream_params& params) {
    params_ = params;
    // A device that allows this while running goes on with the old ones until PREPARE.
    if (!running()) state_ = pcm_state::params_set;
}

inline void pcm_stream::prepare() {
    if (running()) stop();
    // A profile that checks nothing may come here with parameters that mean nothing.
    const u32 bits = params_.frame_bits();
    const u32 rate = rate_of(params_.rate);
    clock_.set_rate(rate == 0 ? 48000 : rate, bits == 0 ? 8 : bits, core_.profile.drift_ppm);
    if (pending_.empty()) {
        offered_ = taken_ = converted_ = 0;
        clock_.forget();
        marks_.clear();
    }
    short_seen_ = false;
    state_ = pcm_state::prepared;
}

inline void pcm_stream::start() {
    return_stale();
    if (running() && !halted_) return;
    if (!output() && pending_.empty())
        core_.violate(violation::rx_empty_at_start, "stream " + std::to_string(id_));
    state_ = pcm_state::running;
    halted_ = output() && core_.profile.empty_stops && offered_ == converted_;
    first_tick();
    log(trace_kind::stream_started, 0);
    if (!output()) clock_.begin(core_.now_ns, taken_);
    sync();
}

// Buffers stay with the device; what it has taken but not played is lost.
inline void pcm_stream::stop() {
    if (!running()) {
        state_ = pcm_state::stopped;
        return;
    }
    sync();
    clock_.end(converted_);
    if (output()) dropped_ += taken_ - converted_;
    converted_ = taken_;
    marks_.clear();
    dry_ = halted_ = false;
    state_ = pcm_state::stopped;
    log(trace_kind::stream_stopped, 0);
}

// Spec: [virtio 1.4] Sound Device / PCM Stream Release
inline void pcm_stream::release() {
    if (running()) stop();
    return_stale();
    return_all(core_.profile.release_code);
    state_ = pcm_state::released;
}

inline void pcm_stream::reset() {
    if (running()) stop();
    if (core_.profile.stale_after_reset)
        for (const buffer& b : pending_)
            stale_.push_back(b.chain.head);
    pending_.clear();
    late_.clear();
    dry_ = false;
    params_ = {};
    state_ = pcm_state::idle;
}

inline void pcm_stream::return_all(u32 code) {
    hand_back_late(fault_set::never);
    if (!output() && !core_.profile.rx_completes) return;
    while (!pending_.empty()) {
        buffer b = std::move(pending_.front());
        pending_.pop_front();
        const bool whole = output() || b.done_bytes == b.data_bytes;
        hand_back(b, whole || !core_.profile.rx_whole_only ? code : u32{wire::SND_S_IO_ERR});
    }
}

// What an older ring's driver had left here turns up in the present one.
inline void pcm_stream::return_stale() {
    for (const u16 head : std::exchange(stale_, {}))
        core_.queues[queue_index()].push_stale(head, sizeof(wire::snd_pcm_status));
}

inline void pcm_stream::add(device_chain chain) {
    buffer b;
    b.data_bytes = output() ? chain.readable_bytes - sizeof(wire::snd_pcm_xfer)
                            : chain.writable_bytes - sizeof(wire::snd_pcm_status);
    b.ordinal = seen_++;
    const auto size = [&] { return std::to_string(b.data_bytes) + " bytes"; };
    const bool exact = b.data_bytes == params_.period_bytes;
    if (output() && (short_seen_ || b.data_bytes > params_.period_bytes))
        core_.violate(violation::tx_period_size, short_seen_ ? "more after a short one" : size());
    if (!output() && !exact) core_.violate(violation::rx_period_size, size());
    short_seen_ = b.data_bytes < params_.period_bytes;
    log(trace_kind::buffer_seen, b.ordinal, 0, b.data_bytes);
    if (output() && dry_ && core_.queues[queue_index()].popped() <= unannounced_until_)
        core_.violate(violation::doorbell_missing,
                      "stream " + std::to_string(id_) + " starved beside unannounced buffers");
    unannounced_until_ = 0;
    b.chain = std::move(chain);
    if (wrong_size(b)) return hand_back(b, wire::SND_S_IO_ERR);
    offered_ += b.data_bytes;
    if (output() || core_.profile.rx_completes) pending_.push_back(std::move(b));
    if (output() && paced_by(pacing::copy)) take(offered_);
}

// A buffer is done; the driver is told now, or when this device gets round to it.
inline void pcm_stream::finish(buffer& b, u32 code) {
    const u64 due = completion_time();
    if (due <= core_.now_ns) return hand_back(b, code);
    late_.push_back({std::move(b), code, due});
}

inline u64 pcm_stream::completion_time() const {
    const device_profile& habits = core_.profile;
    u64 due = core_.now_ns;
    if (habits.late_ns != 0) // no pattern that a driver could learn
        due += (completed_ + late_.size() + 1) * 0x9e37'79b9'7f4a'7c15u % (habits.late_ns + 1);
    if (habits.stall_every_ns != 0 && due >= habits.stall_every_ns) {
        const u64 into = due % habits.stall_every_ns;
        if (into < habits.stall_ns) due += habits.stall_ns - into;
    }
    return late_.empty() ? due : greater(due, late_.back().due_ns);
}

inline void pcm_stream::hand_back_late(u64 until_ns) {
    while (!late_.empty() && late_.front().due_ns <= until_ns) {
        late_buffer b = std::move(late_.front());
        late_.pop_front();
        if (running() && output()) play(); // so that the latency told is that of this moment
        hand_back(b.done, b.code);
    }
}

inline u32 pcm_stream::latency_of(const buffer& b) const {
    const u64 queued = output() ? taken_ - converted_ : converted_ - taken_;
    switch (core_.profile.latency) {
    case latency_habit::queued: return static_cast<u32>(queued);
    case latency_habit::ahead: return static_cast<u32>(queued - lesser(queued, b.data_bytes));
    case latency_habit::payload: return static_cast<u32>(b.data_bytes);
    default: return 0;
    }
}

// Writes the status and gives the buffer back.
inline void pcm_stream::hand_back(buffer& b, u32 code) {
    const device_profile& habits = core_.profile;
    if (core_.faults.io_error_stream == id_ && core_.faults.io_errors != 0) {
        --core_.faults.io_errors;
        code = wire::SND_S_IO_ERR;
    }
    wire::snd_pcm_status answer{};
    const u32 latency = latency_of(b);
    answer.code = core_.told(code);
    answer.latency_bytes = latency;
    u64 at = b.chain.writable_bytes - sizeof(answer);
    u64 written = sizeof(answer);
    if (!output()) {
        if (habits.rx_status_after_data) at = b.done_bytes;
        if (habits.rx_whole_only && b.done_bytes < b.data_bytes) b.done_bytes = 0;
        written = habits.rx_used_is_all ? b.chain.writable_bytes : b.done_bytes + sizeof(answer);
    }
    if (!output() || habits.tx_writes_status)
        core_.queues[queue_index()].write(b.chain.writable, at,
                                          reinterpret_cast<const u8*>(&answer), sizeof(answer));
    ++completed_;
    log(trace_kind::period_completed, b.ordinal, latency, answer.code);
    core_.complete(queue_index(), b.chain, static_cast<u32>(written));
    // They belong to shared memory; a device that offers them without it can only mean this.
    if ((params_.features >> wire::SND_PCM_F_EVT_SHMEM_PERIODS & 1) != 0 && running())
        core_.send_event(wire::SND_EVT_PCM_PERIOD_ELAPSED, id_);
}

inline void pcm_stream::set_source(std::vector<u8> bytes) {
    source_ = [kept = std::move(bytes)](u64 at, u8* into, usize n) {
        for (usize i = 0; i < n; ++i)
            into[i] = at + i < kept.size() ? kept[static_cast<usize>(at + i)] : u8{0};
    };
}

} // namespace vsnd::model
