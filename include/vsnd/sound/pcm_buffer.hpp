#pragma once
// The audio path of one stream: its periods, who has them, and the hot path of submitting and
// completing one. sound/stream.hpp builds the life of a stream around it.

#include <vsnd/sound/endpoint.hpp>
#include <vsnd/sound/frame_counter.hpp>
#include <vsnd/sound/limits.hpp>
#include <vsnd/sound/params.hpp>
#include <vsnd/sound/pcm_message.hpp>

namespace vsnd {

// The memory that a stream plays from or records to, given with its parameters.
struct stream_memory {
    dma_region audio;   // audio_bytes(params): period after period, on pages of its own
    dma_region silence; // playback: silence_bytes(params), kernel memory that nobody else writes
};

struct stream_counters {
    u32 xruns = 0;          // times the device ran out of periods while running
    u32 io_errors = 0;      // periods answered with anything but OK
    u32 short_captures = 0; // capture periods that came back partly filled
    u32 bad_lengths = 0;    // capture periods with an impossible length
};

template <class Queue, class Hooks, class Limits>
class pcm_buffer {
  protected:
    using slot = typename Queue::slot;
    using message = pcm_message<slot, pcm_buffer>;
    using place = typename message::place;
    using endpoint_type = endpoint<Queue, Hooks>;

  public:
    // A whole period to fill (playback) or to read (capture), in place. The same one until it is
    // committed. Context: any. Errors: would_block; wrong_state, the stream takes no audio now.
    VSND_HOT result<span<u8>> acquire() {
        message* const m = head_;
        if (playback()) {
            if (!accepts_) return status_code::wrong_state;
            if (!m->at(place::idle)) return status_code::would_block;
            held_ = m;
            return span<u8>(m->audio + filled_, period_bytes_ - filled_);
        }
        return acquire_captured();
    }

    // Hands the acquired period to the device: playback to be played, capture to be filled again.
    // Context: any. Errors: wrong_state, nothing is acquired, or the stream takes no audio now.
    VSND_HOT status_code commit() {
        message* const m = held_;
        if (m == nullptr) return status_code::wrong_state;
        if (!accepts_) [[unlikely]]
            return keep_idle();
        return submit(*m);
    }

    // Frames that the device took (playback) or filled (capture) since the parameters were set.
    // It runs on through every start and stop and never goes back. Context: any.
    u64 position_frames() const {
        const u64 done = position_.load();
        return playback() ? lesser(done, submitted_.load()) : done;
    }

    // Frames committed for playback since the parameters were set. Context: any.
    u64 submitted_frames() const { return submitted_.load(); }

    // Frames that can be written, or read, without waiting. Context: any.
    u64 avail_frames() const {
        if (ring_ == nullptr) return 0;
        u64 bytes = 0;
        const message* m = head_;
        const place wanted = playback() ? place::idle : place::filled;
        for (u32 i = 0; i < params_.periods && m->at(wanted); ++i, m = m->next) {
            bytes += playback() ? period_bytes_ : m->captured;
        }
        return layout_.frames(bytes - lesser(bytes, u64{filled_}));
    }

    // Frames between what the user last wrote and what the device last took; for capture, between
    // what the device last filled and what the user last read. Context: any.
    u64 delay_frames() const {
        if (!playback()) return avail_frames();
        return submitted_.load() - position_frames() + layout_.frames(filled_);
    }

    const pcm_params& params() const { return params_; }
    u32 period_bytes() const { return period_bytes_; }
    const stream_counters& counters() const { return counters_; }
    bool playback() const {
        if constexpr (!Limits::capture) return true;
        if constexpr (!Limits::playback) return false;
        return playback_;
    }

    // Periods with the device. Context: any.
    u32 in_flight() const { return load_relaxed(&committed_) - load_relaxed(&completed_); }

    // --- For the card, which is the only pumper. ---

    // A period of audio came back from tx.
    VSND_HOT void played(message& m) {
        if (m.take_reply() != wire::SND_S_OK) [[unlikely]]
            ++counters_.io_errors;
        m.move_to(place::idle);
        position_.add(advance_frames_);
        store_relaxed(&completed_, completed_ + 1);
    }

    // A period of audio came back from rx; the device claims to have written so much.
    VSND_HOT void recorded(message& m, u32 written) {
        u32 audio = period_bytes_;
        u32 frames = advance_frames_;
        if (written == audio + sizeof(wire::snd_pcm_status)) {
            if (m.take_reply() != wire::SND_S_OK) [[unlikely]] {
                ++counters_.io_errors;
                audio = 0;
                frames = 0;
            }
        } else [[unlikely]] {
            audio = partly_recorded(m, written);
            frames = frames == 0 ? 0 : static_cast<u32>(layout_.frames(audio));
        }
        m.captured = audio;
        m.move_to(advance_frames_ == 0 ? place::idle : place::filled);
        position_.add(frames);
        store_relaxed(&completed_, completed_ + 1);
    }

    VSND_HOT bool dry() const { return completed_ == load_relaxed(&committed_); }

  protected:
    // Binds every chain of the stream, or none. Errors: no_room.
    status_code bind_all(const pcm_params& p, const stream_memory& memory, dma_region area,
                         u32 stream_id);
    void unbind_all();

    // Hands a period to the device. On failure the period stays where it was.
    VSND_HOT status_code submit(message& m) {
        const u32 count = committed_ + 1;
        store_relaxed(&m.where, place::device); // before the post: it may come back at once
        store_relaxed(&committed_, count);
        held_ = nullptr;
        head_ = m.next;
        filled_ = 0;
        submitted_.add(params_.period_frames);
        // Until START the device does nothing with it: START's doorbell is early enough.
        const status_code code = advance_frames_ == 0
                                     ? end_->post(m.chain)
                                     : end_->post(m.chain, count - load_relaxed(&completed_));
        if (!ok(code)) [[unlikely]]
            withdraw(m);
        return code;
    }

    // Capture: every idle period goes to the device, behind those that it has and those that wait
    // for the reader.
    status_code post_idle();

    // Nothing is with the device, and what was queued or captured is thrown away. It counts as
    // never submitted.
    void forget_queued() {
        submitted_.add(position_.load() - submitted_.load());
        for (message& m : periods_)
            m.move_to(place::idle);
        held_ = nullptr;
        filled_ = 0;
    }

    // What has not come back yet, silence included.
    u32 owned() const { return in_flight() + silence_in_flight_; }

    endpoint_type* end_ = nullptr;
    Hooks* hooks_ = nullptr;
    message* head_ = nullptr; // the next period to acquire
    message* held_ = nullptr; // the acquired one
    u32 committed_ = 0;       // written by the one who commits
    u32 completed_ = 0;       // written by the pumper
    u32 advance_frames_ = 0;  // by which a completion moves the position; 0 while stopped
    u32 period_bytes_ = 0;
    bool accepts_ = false; // audio may be committed
    bool playback_ = true;
    u32 filled_ = 0; // bytes written to, or read from, the held period
    u32 silence_in_flight_ = 0;
    frame_counter submitted_;
    frame_counter position_;
    pcm_params params_;
    frame_layout layout_;
    stream_counters counters_;
    message* ring_ = nullptr; // where the periods start; null while nothing is bound
    message periods_[Limits::periods]{};
    message silences_[silence_chains]{};
    stream_memory memory_;

  private:
    result<span<u8>> acquire_captured();
    status_code keep_idle();
    u32 partly_recorded(message& m, u32 written);
    [[gnu::noinline]] void withdraw(message& m) {
        m.move_to(place::idle);
        store_relaxed(&committed_, committed_ - 1);
        submitted_.add(u64{0} - params_.period_frames);
        head_ = &m;
    }
};

template <class Queue, class Hooks, class Limits>
status_code pcm_buffer<Queue, Hooks, Limits>::bind_all(const pcm_params& p,
                                                       const stream_memory& memory, dma_region area,
                                                       u32 stream_id) {
    using stream_area = typename card_area<Limits>::stream_area;
    auto* const shared = reinterpret_cast<stream_area*>(area.cpu);
    shared->header.stream_id = stream_id;
    const u32 bytes = vsnd::period_bytes(p);
    const part header = {area.bus, sizeof(wire::snd_pcm_xfer)};
    const u32 silences = playback() ? silence_chains : 0;

    for (u32 i = 0; i < p.periods + silences; ++i) {
        const bool silence = i >= p.periods;
        message& m = silence ? silences_[i - p.periods] : periods_[i];
        const usize at = silence ? 0 : usize{i} * bytes;
        const dma_region& audio = silence ? memory.silence : memory.audio;
        m = message{};
        m.reply = &shared->replies[i];
        m.owner = this;
        m.audio = audio.cpu + at;
        m.silence = silence;
        m.next = &periods_[i + 1 < p.periods ? i + 1 : 0];
        const bus_address reply =
            area.bus + static_cast<u64>(reinterpret_cast<u8*>(m.reply) - area.cpu);
        const status_code code = bind_message(
            *end_, m, {header, {audio.bus + at, bytes}, {reply, sizeof(wire::snd_pcm_status)}},
            playback());
        if (!ok(code)) {
            m.owner = nullptr;
            ring_ = periods_;
            unbind_all();
            return code;
        }
    }
    params_ = p;
    layout_ = frame_layout(p.format, p.channels);
    period_bytes_ = bytes;
    memory_ = memory;
    // What the device does not fill must not show anybody's old data.
    if (!playback()) fill(*hooks_, memory.audio.cpu, 0, usize{bytes} * p.periods);
    if (playback()) fill_silence({memory.silence.cpu, bytes}, p.format);
    ring_ = head_ = periods_;
    held_ = nullptr;
    committed_ = completed_ = filled_ = silence_in_flight_ = 0;
    submitted_.reset();
    position_.reset();
    return status_code::ok;
}

template <class Queue, class Hooks, class Limits>
void pcm_buffer<Queue, Hooks, Limits>::unbind_all() {
    if (ring_ == nullptr) return;
    const auto unbind = [this](message& m) {
        if (m.owner == nullptr) return;
        (void)end_->unbind(m.chain);
        m.owner = nullptr;
    };
    for (message& m : periods_)
        unbind(m);
    for (message& m : silences_)
        unbind(m);
    ring_ = head_ = held_ = nullptr;
    accepts_ = false;
    filled_ = 0;
}

template <class Queue, class Hooks, class Limits>
result<span<u8>> pcm_buffer<Queue, Hooks, Limits>::acquire_captured() {
    if (ring_ == nullptr) return status_code::wrong_state;
    for (u32 i = 0; i < params_.periods; ++i) {
        message* const m = head_;
        if (!m->at(place::filled)) return status_code::would_block;
        held_ = m;
        if (m->captured > filled_) return span<u8>(m->audio + filled_, m->captured - filled_);
        // Nothing in it, after an error: back to the device.
        const status_code code = commit();
        if (!ok(code)) return code;
    }
    return status_code::would_block;
}

// While stopped, a capture period that was read stays with the driver until the next start.
template <class Queue, class Hooks, class Limits>
status_code pcm_buffer<Queue, Hooks, Limits>::keep_idle() {
    if (playback()) return status_code::wrong_state;
    message* const m = held_;
    held_ = nullptr;
    filled_ = 0;
    head_ = m->next;
    m->move_to(place::idle);
    return status_code::ok;
}

// A short capture: the status lies right behind the audio or at the end of the chain, depending on
// the device; it is not looked for inside the audio.
template <class Queue, class Hooks, class Limits>
u32 pcm_buffer<Queue, Hooks, Limits>::partly_recorded(message& m, u32 written) {
    (void)m.take_reply();
    if (written < sizeof(wire::snd_pcm_status) ||
        written > period_bytes_ + sizeof(wire::snd_pcm_status)) {
        ++counters_.bad_lengths;
        return 0;
    }
    if (advance_frames_ != 0) ++counters_.short_captures; // not those that RELEASE flushes
    return layout_.round_down(written - u32{sizeof(wire::snd_pcm_status)});
}

template <class Queue, class Hooks, class Limits>
status_code pcm_buffer<Queue, Hooks, Limits>::post_idle() {
    // The reader goes round in the order of posting: first what waits for it, then what the
    // device still has, then what is posted now.
    message* ordered[Limits::periods];
    place seen[Limits::periods];
    message* m = head_;
    for (u32 i = 0; i < params_.periods; ++i, m = m->next) {
        ordered[i] = m;
        seen[i] = load_acquire(&m->where);
    }
    message** tail = &head_;
    constexpr place order[] = {place::filled, place::device, place::idle};
    for (const place p : order) {
        for (u32 i = 0; i < params_.periods; ++i) {
            if (seen[i] != p) continue;
            *tail = ordered[i];
            tail = &ordered[i]->next;
        }
    }
    *tail = head_;
    for (u32 i = 0; i < params_.periods; ++i) {
        if (seen[i] != place::idle) continue;
        ordered[i]->move_to(place::device);
        store_relaxed(&committed_, committed_ + 1);
        const status_code code = end_->post(ordered[i]->chain);
        if (!ok(code)) {
            ordered[i]->move_to(place::idle);
            store_relaxed(&committed_, committed_ - 1);
            return code;
        }
    }
    return status_code::ok;
}

} // namespace vsnd
