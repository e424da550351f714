#pragma once
// How audio moves: what the converter plays, what the device takes, what a capture buffer gets,
// and when. Included by pcm_stream.hpp.

#include <vsnd/model/pcm_stream.hpp>

namespace vsnd::model {

inline u64 pcm_stream::stall_limit(u64 byte) const {
    if (core_.faults.stalled_stream != id_ || stall_frame() == fault_set::never) return byte;
    return lesser(byte, clock_.bytes_of(stall_frame()));
}

inline void pcm_stream::first_tick() {
    started_ns_ = core_.now_ns;
    ticks_ = 0;
    next_tick_ns_ = core_.now_ns + (by_periods() ? 0 : core_.profile.tick_ns);
}

inline void pcm_stream::next_tick() {
    if (!by_periods()) {
        while (next_tick_ns_ <= core_.now_ns)
            next_tick_ns_ += core_.profile.tick_ns;
        return;
    }
    // Counted from START, so that a rounded period adds nothing up.
    const u64 period = greater(clock_.frames_of(params_.period_bytes), u64{1});
    next_tick_ns_ = started_ns_ + clock_.ns_of(++ticks_ * period);
}

inline void pcm_stream::sync() {
    hand_back_late(core_.now_ns);
    if (!running()) return;
    if (!output())
        capture();
    else if (burst() || by_periods())
        sync_ticks();
    else
        sync_paced();
}

inline void pcm_stream::sync_ticks() {
    play();
    starve_if_dry();
    if (!tick_due()) return;
    if (burst())
        take(lesser(offered_, converted_ + capacity()));
    else if (!pending_.empty())
        take(taken_ + pending_.front().data_bytes - pending_.front().done_bytes);
    if (!clock_.running() && taken_ > converted_ && !halted_) resume_at(converted_);
    next_tick();
}

inline void pcm_stream::sync_paced() {
    if (halted_) return;
    if (!clock_.running() && offered_ > converted_) resume_at(converted_);
    if (!clock_.running()) return;
    play();
    const bool all = paced_by(pacing::copy);
    take(all ? offered_ : lesser(offered_, stall_limit(clock_.reached(core_.now_ns)) + capacity()));
    play();
    if (!pending_.empty()) turn_to(pending_.front());
    starve_if_dry();
}

inline u64 pcm_stream::played_frames_at(u64 time_ns) const {
    const converter::span* s = clock_.span_at(time_ns);
    if (s == nullptr) return 0;
    const u64 frames = clock_.frames_in(time_ns - s->start_ns);
    if (!s->running) return s->first_frame + lesser(frames, s->frames);
    const u64 reached = stall_limit(clock_.bytes_of(s->first_frame + frames));
    return clock_.frames_of(output() ? lesser(reached, taken_) : reached);
}

inline void pcm_stream::turn_to(buffer& b) {
    if (!b.turned_to) log(trace_kind::period_taken, b.ordinal);
    b.turned_to = true;
}

// Playback: a new span of the converter begins here and now, at stream byte `at`.
inline void pcm_stream::resume_at(u64 at) {
    clock_.begin(core_.now_ns, at);
    note_resumed(at);
}

inline void pcm_stream::note_resumed(u64 at) {
    if (!dry_) return;
    dry_ = false;
    starvations_.back().resumed = true;
    starvations_.back().resumed_ns = core_.now_ns;
    log(trace_kind::resumed, clock_.frames_of(at));
}

// Moves the converter to the present, as far as there is data.
inline void pcm_stream::play() {
    if (!clock_.running()) return;
    converted_ = greater(converted_, lesser(taken_, stall_limit(clock_.reached(core_.now_ns))));
    while (!marks_.empty() && marks_.front().end_byte <= converted_) {
        log(trace_kind::period_played, marks_.front().ordinal);
        marks_.pop_front();
    }
}

inline void pcm_stream::starve_if_dry() {
    if (!clock_.running() || converted_ != taken_ || stalled(converted_)) return;
    // Paced: it takes what it needs when it needs it.
    if (!burst() && !by_periods() && taken_ != offered_) return;
    const u64 since = clock_.time_of(taken_);
    if (core_.now_ns <= since) return;
    dry_ = true;
    halted_ = core_.profile.empty_stops;
    clock_.end(converted_);
    starvations_.push_back({since, clock_.frames_of(taken_), false, 0, 0});
    core_.trace.add({since, trace_kind::underrun, queue_index(), id_, clock_.frames_of(taken_), 0});
    // Whose they are that lie there unannounced will be seen when they are.
    device_queue& q = core_.queues[queue_index()];
    const bool owed = core_.suspend.running() && q.wants_doorbells();
    unannounced_until_ = owed ? q.popped() + q.fresh() : 0;
    if ((params_.features >> wire::SND_PCM_F_EVT_XRUNS & 1) != 0)
        core_.send_event(wire::SND_EVT_PCM_XRUN, id_);
}

// Reads guest memory up to stream byte `target`, and completes what it has read whole.
inline void pcm_stream::take(u64 target) {
    while (taken_ < target && !pending_.empty()) {
        buffer& b = pending_.front();
        turn_to(b);
        const u64 n = lesser(target - taken_, b.data_bytes - b.done_bytes);
        take_some(b, static_cast<usize>(n));
        taken_ += n;
        if (b.done_bytes < b.data_bytes) continue;
        marks_.push_back({taken_, b.ordinal});
        play(); // so that the latency told is that of this moment
        buffer done = std::move(b);
        pending_.pop_front();
        finish(done, wire::SND_S_OK);
    }
}

inline void pcm_stream::take_some(buffer& b, usize bytes) {
    if (!keeps_sink_) return void(b.done_bytes += bytes);
    const usize at = sink_.size();
    sink_.resize(at + bytes);
    core_.queues[queue_index()].read(b.chain.readable, sizeof(wire::snd_pcm_xfer) + b.done_bytes,
                                     sink_.data() + at, bytes);
    b.done_bytes += bytes;
    const u64 flip = core_.faults.flip_at_byte;
    if (core_.faults.flipped_stream == id_ && flip >= at && flip < at + bytes)
        sink_[static_cast<usize>(flip)] ^= 1;
}

inline void pcm_stream::capture() {
    if (!clock_.running() || (burst() && !tick_due())) return;
    converted_ = stall_limit(clock_.reached(core_.now_ns));
    while (taken_ < converted_ && !pending_.empty()) {
        buffer& b = pending_.front();
        note_resumed(taken_);
        turn_to(b);
        fill(b, static_cast<usize>(lesser(converted_ - taken_, b.data_bytes - b.done_bytes)));
        if (b.done_bytes < b.data_bytes) continue;
        buffer done = std::move(b);
        pending_.pop_front();
        finish(done, wire::SND_S_OK);
    }
    if (!burst() && !pending_.empty()) turn_to(pending_.front());
    if (converted_ > taken_ + capacity()) lose(converted_ - taken_ - capacity());
    if (burst()) next_tick();
}

inline void pcm_stream::fill(buffer& b, usize bytes) {
    if (source_) {
        std::vector<u8> audio(bytes);
        source_(source_at_, audio.data(), bytes);
        core_.queues[queue_index()].write(b.chain.writable, b.done_bytes, audio.data(), bytes);
    }
    b.done_bytes += bytes;
    taken_ += bytes;
    source_at_ += bytes;
}

// Nobody took these bytes: an overrun.
inline void pcm_stream::lose(u64 bytes) {
    if (!dry_) {
        dry_ = true;
        const u64 frame = clock_.frames_of(taken_);
        starvations_.push_back({clock_.time_of(taken_), frame, false, 0, 0});
        log(trace_kind::underrun, frame);
        if ((params_.features >> wire::SND_PCM_F_EVT_XRUNS & 1) != 0)
            core_.send_event(wire::SND_EVT_PCM_XRUN, id_);
    }
    starvations_.back().lost_frames += clock_.frames_of(bytes);
    taken_ += bytes;
    source_at_ += bytes;
}

inline u64 pcm_stream::next_event() const {
    u64 next = late_.empty() ? fault_set::never : late_.front().due_ns;
    if (!running()) return next;
    const auto reach = [&](u64 byte, u64 later) {
        if (stall_limit(byte) == byte) next = lesser(next, clock_.time_of(byte) + later);
    };
    const bool ticks = burst() || by_periods();
    if (ticks) next = lesser(next, next_tick_ns_);
    if (!clock_.running() || stalled(converted_)) return next;
    if (!marks_.empty()) reach(marks_.front().end_byte, 0);
    const u64 end =
        pending_.empty() ? 0 : taken_ + pending_.front().data_bytes - pending_.front().done_bytes;
    if (!output()) {
        if (burst()) return next;
        if (!pending_.empty())
            reach(end, 0);
        else if (!dry_)
            reach(taken_ + capacity() + 1, 0);
        return next;
    }
    if (!ticks && !pending_.empty()) reach(end > capacity() ? end - capacity() : 0, 0);
    const u64 dry = ticks ? taken_ : offered_;
    if (!stalled(dry)) reach(dry, 1);
    return next;
}

} // namespace vsnd::model
