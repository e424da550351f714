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
    clock_.set_rate(rate == 0 ? 48000 : rate, bits == 0 ? 8 : bits);
    if (pending_.empty()) {
        offered_ = taken_ = converted_ = 0;
        clock_.forget();
        marks_.clear();
    }
    short_seen_ = false;
    state_ = pcm_state::prepared;
}

inline void pcm_stream::start() {
    if (running()) return;
    if (!output() && pending_.empty())
        core_.violate(violation::rx_empty_at_start, "stream " + std::to_string(id_));
    state_ = pcm_state::running;
    next_tick_ns_ = core_.now_ns + core_.profile.tick_ns;
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
    dry_ = false;
    state_ = pcm_state::stopped;
    log(trace_kind::stream_stopped, 0);
}

// Spec: [virtio 1.4] Sound Device / PCM Stream Release
inline void pcm_stream::release() {
    if (running()) stop();
    return_all(core_.profile.release_code);
    state_ = pcm_state::released;
}

inline void pcm_stream::reset() {
    if (running()) stop();
    pending_.clear();
    dry_ = false;
    params_ = {};
    state_ = pcm_state::idle;
}

inline void pcm_stream::return_all(u32 code) {
    if (!output() && !core_.profile.rx_completes) return;
    while (!pending_.empty()) {
        buffer b = std::move(pending_.front());
        pending_.pop_front();
        finish(b, code);
    }
}

inline void pcm_stream::add(device_chain chain) {
    buffer b;
    b.data_bytes = output() ? chain.readable_bytes - sizeof(wire::snd_pcm_xfer)
                            : chain.writable_bytes - sizeof(wire::snd_pcm_status);
    b.ordinal = seen_++;
    const std::string size = std::to_string(b.data_bytes) + " bytes";
    const bool exact = b.data_bytes == params_.period_bytes;
    if (output() && (short_seen_ || b.data_bytes > params_.period_bytes))
        core_.violate(violation::tx_period_size, short_seen_ ? "more after a short one" : size);
    if (!output() && !exact) core_.violate(violation::rx_period_size, size);
    short_seen_ = b.data_bytes < params_.period_bytes;
    offered_ += b.data_bytes;
    log(trace_kind::buffer_seen, b.ordinal);
    b.chain = std::move(chain);
    if (output() || core_.profile.rx_completes) pending_.push_back(std::move(b));
}

// Writes the status and gives the buffer back.
inline void pcm_stream::finish(buffer& b, u32 code) {
    const device_profile& habits = core_.profile;
    if (core_.faults.io_error_stream == id_ && core_.faults.io_errors != 0) {
        --core_.faults.io_errors;
        code = wire::SND_S_IO_ERR;
    }
    wire::snd_pcm_status answer{};
    const u64 ahead = output() ? taken_ - converted_ : converted_ - taken_;
    const u32 latency = habits.reports_latency ? static_cast<u32>(ahead) : 0;
    answer.code = code;
    answer.latency_bytes = latency;
    u64 at = b.chain.writable_bytes - sizeof(answer);
    u64 written = sizeof(answer);
    if (!output()) {
        if (habits.rx_status_after_data) at = b.done_bytes;
        written = habits.rx_used_is_all ? b.chain.writable_bytes : b.done_bytes + sizeof(answer);
    }
    if (!output() || habits.tx_writes_status)
        core_.queues[queue_index()].write(b.chain.writable, at,
                                          reinterpret_cast<const u8*>(&answer), sizeof(answer));
    ++completed_;
    log(trace_kind::period_completed, b.ordinal, latency);
    core_.complete(queue_index(), b.chain, static_cast<u32>(written));
}

inline void pcm_stream::set_source(std::vector<u8> bytes) {
    source_ = [kept = std::move(bytes)](u64 at, u8* into, usize n) {
        for (usize i = 0; i < n; ++i)
            into[i] = at + i < kept.size() ? kept[static_cast<usize>(at + i)] : u8{0};
    };
}

} // namespace vsnd::model
