#pragma once
// The audio path of one stream: its periods, who has them, and the hot path of submitting and
// completing one. sound/stream.hpp builds the life of a stream around it.

#include <vsnd/sound/endpoint_small.hpp>
#include <vsnd/sound/frame_counter.hpp>
#include <vsnd/sound/limits.hpp>
#include <vsnd/sound/params.hpp>
#include <vsnd/sound/pcm_message.hpp>

namespace vsnd {

struct stream_counters {
    u32 xruns = 0;          // times the device ran out of periods while running
    u32 io_errors = 0;      // periods answered with anything but OK
    u32 short_captures = 0; // capture periods that came back partly filled
    u32 bad_lengths = 0;    // capture periods with an impossible length
    u32 stalls = 0;         // times the device fell silent while it had periods
    u32 recoveries = 0;     // times the stream was brought back
};

template <class Queue, class Hooks, class Limits>
class pcm_buffer {
  protected:
    using slot = typename Queue::slot;
    using message = pcm_message<slot, pcm_buffer>;
    using place = typename message::place;
    using endpoint_type = endpoint<Queue, Hooks, Limits::small>;

  public:
    // A whole period to fill (playback) or to read (capture), in place. The same one until it is
    // committed. Context: any; acquire, commit, write and read of a stream one at a time. Errors:
    // would_block; wrong_state, the stream takes no audio now.
    result<span<u8>> acquire() {
        if constexpr (Limits::small) {
            if (!accepts_) return not_now_;
            if (held() == nullptr && !hold_next()) return status_code::would_block;
            return span<u8>(held()->audio, period_bytes_);
        }
        for (u32 i = 0; i <= Limits::periods && bound(); ++i) {
            bool begun = false;
            const result<span<u8>> rest = rest_of_held(begun);
            if (!rest.ok()) return rest;
            if (begun && !playback()) {
                invalidate_audio(*hooks_, rest.value().data(), period_bytes_);
            }
            if (!rest.value().empty()) return rest;
            // Captured in error, nothing in it: back to the device.
            const status_code code = commit();
            if (!ok(code)) return code;
        }
        return bound() ? status_code::would_block : load_relaxed(&not_now_);
    }

    // Hands the acquired period to the device: playback to be played, capture to be filled again.
    // Context: any. Errors: wrong_state, nothing is acquired, or the stream takes no audio now.
    VSND_HOT status_code commit() {
        if constexpr (Limits::small) {
            if (aside_ != nullptr) before_device(*aside_);
            [[maybe_unused]] auto locked = end_->lock();
            return commit_aside();
        } else {
            if (has_cached_audio<Hooks> && !flush_held()) return status_code::wrong_state;
            endpoint_type& end = *end_;
            [[maybe_unused]] auto locked = end.lock();
            message* const m = held_;
            if (m == nullptr) [[unlikely]]
                return commit_aside();
            held_ = nullptr;
            store_relaxed(&m->where, place::device); // before the post: it may come back at once
            Queue& queue = end.queue();
            const status_code code = queue.post(m->chain);
            if (!ok(code)) [[unlikely]]
                return withdraw(*m, code);
            if (end.rings_at_once(queue)) return code;
            if (m->backing->at(place::device) && end.waits()) return code;
            return m->owner->wait_for_more(*m); // by the period: `this` need not be kept for it
        }
    }

    // Frames that the device took (playback) or filled (capture) since the parameters were set.
    // It runs on through every start and stop and never goes back. Context: any.
    u64 position_frames() const { return position_.load(); }

    // Frames committed for playback since the parameters were set, without those that were thrown
    // away. Context: any.
    u64 submitted_frames() const {
        if (!Limits::small && !bound()) return position_.load();
        [[maybe_unused]] auto locked = lock();
        return submitted_now();
    }

    // Frames that can be written, or read, without waiting. Context: any.
    u64 avail_frames() const;

    // Frames between what the user last wrote and what the device last took; for capture, between
    // what the device last filled and what the user last read. Context: any.
    u64 delay_frames() const;

    const pcm_params& params() const { return params_; }
    u32 period_bytes() const { return period_bytes_; }
    const stream_counters& counters() const { return counters_; }
    bool playback() const {
        if constexpr (!Limits::capture) return true;
        if constexpr (!Limits::playback) return false;
        return playback_;
    }

    // Periods with the device. Context: any.
    u32 in_flight() const {
        if constexpr (Limits::small) return in_device_[0];
        u32 count = 0;
        for (const message& m : periods())
            count += m.at(place::device);
        return count;
    }

    // --- For the card, which is the only pumper. ---

    // An ordinary completion: it was answered well, and the device has more.
    template <bool Playback>
    VSND_HOT void completed_well(message& m) {
        m.poison();
        if (!Playback) m.captured = period_bytes_;
        position_.add(load_relaxed(&advance_frames_));
        m.move_to(Playback ? place::idle : place::filled); // last: it may be posted again
    }
    // Whether rx wrote a period and nothing else, while capturing.
    VSND_HOT bool recorded_whole(u32 written) const {
        return written == whole_bytes_ && load_relaxed(&live_);
    }

    // Any completion of tx.
    void played(message& m, place then = place::idle) {
        if (m.take_reply() != wire::SND_S_OK) ++counters_.io_errors;
        position_.add(advance_frames_ == 0 ? 0 : advance_frames_ - m.padding);
        store_relaxed(&m.padding, u32{0});
        returned(m, then);
    }

    // Any completion of rx; the device claims to have written so much.
    void recorded(message& m, u32 written, place then = place::filled) {
        const bool whole = written == whole_bytes_;
        m.captured = whole ? period_bytes_ : bytes_of_part(written);
        if (m.take_reply() != wire::SND_S_OK && whole) {
            ++counters_.io_errors;
            m.captured = 0;
        }
        if (advance_frames_ != 0) position_.add(layout_.frames(m.captured));
        m.move_to(advance_frames_ == 0 ? place::idle : then);
    }

  protected:
    // Binds every chain of the stream, or none. Errors: no_room.
    using area_type = typename card_area<Limits>::stream_area;
    status_code bind_all(const pcm_params& p, const stream_memory& memory, area_type& area,
                         bus_address area_bus, u32 stream_id);
    status_code bind_again(const stream_memory& memory, area_type& area, bus_address area_bus);
    void publish(const pcm_params& p, u32 bytes, const stream_memory& memory);
    void unbind_all();
    // The device is stopped, and nothing is bound any more.
    void forget() {
        [[maybe_unused]] auto locked = lock();
        store_relaxed(&count_, u32{0});
        submitted_ = 0;
        bound_ = in_device_[0] = in_device_[1] = 0;
        head_ = nullptr;
        store_relaxed(&ring_, head_);
        store_relaxed(&accepts_, false);
        store_relaxed(&live_, false);
        hold(nullptr);
        store_relaxed(&not_now_, status_code::wrong_state);
    }

    // Hands a message to the device, the queue's lock held. Errors: as Queue::post; it is idle then.
    // Only of silence, and in a small driver, the number is kept.
    status_code hand_over(message& m) {
        m.move_to(place::device);
        if (Limits::small || m.silence) ++in_device_[m.silence];
        const status_code code = end_->post_locked(m.chain);
        if (!ok(code)) returned(m);
        return code;
    }
    void returned(message& m, place then = place::idle) {
        if (Limits::small || m.silence) --in_device_[m.silence];
        m.move_to(then);
    }

    // A period was posted, and the doorbell may wait: it rings when the policy's number is unsent,
    // or when the device knows of too few others.
    [[gnu::noinline]] status_code wait_for_more(const message& newest) {
        const u32 waiting = end_->hold_back();
        if (end_->pumped() || end_->device_polls()) return status_code::ok;
        const u32 known = waiting + safety_periods;
        const message* m = &newest;
        for (u32 i = 0; i < known; ++i)
            m = m->previous;
        const bool low = known >= params_.periods || !m->at(place::device);
        if (low || waiting >= end_->policy().doorbell_every) end_->ring_for_all();
        return status_code::ok;
    }

    // Which completions are ordinary: those that leave enough periods with the device for the
    // interrupt to come as late as the queue's policy wants; and which doorbells may wait.
    void set_guards();

    // Capture: every idle period goes to the device, behind those that it has and those that wait
    // for the reader.
    status_code post_idle();

    // Nothing is with the device, and what was queued or captured is thrown away.
    void forget_queued() {
        // Playback's are all back, and idle.
        for (u32 i = 0; i < all_messages && !Limits::small; ++i) {
            messages_[i].move_to(place::idle);
            store_relaxed(&messages_[i].padding, u32{0});
        }
        [[maybe_unused]] auto locked = lock();
        submitted_ = 0;
        hold(nullptr);
    }

    // Capture: the oldest period that the reader has not been given.
    message* first_unread() const {
        [[maybe_unused]] auto locked = lock();
        message* m = head_;
        for (u32 i = 0; i < params_.periods && m->at(place::filled); ++i)
            m = m->next;
        return m;
    }

    // Of a period that goes to the device, where audio memory is not coherent.
    VSND_TINY void before_device([[maybe_unused]] const message& m) {
        if constexpr (has_cached_audio<Hooks>) {
            if (playback()) flush_audio(*hooks_, m.audio, period_bytes_);
            if (!playback()) invalidate_audio(*hooks_, m.audio, period_bytes_);
        }
    }

    // What has not come back yet, silence included.
    u32 owned() const { return in_flight() + silence_in_flight(); }
    u32 silence_in_flight() const { return in_device_[1]; }
    span<const message> periods() const {
        if constexpr (Limits::small) return {messages_, ring_ == nullptr ? 0 : params_.periods};
        return {messages_, load_relaxed(&count_)};
    }

    // What most code needs comes first.
    endpoint_type* end_ = nullptr;
    message* aside_ = nullptr; // the acquired period, unless it is
    message* held_ = nullptr;  // here, while live
    message* head_ = nullptr;  // the next one to acquire
    frame_counter position_;
    usize advance_frames_ = 0; // by which a completion moves the position; 0 while stopped
    u32 period_bytes_ = 0;
    u32 in_device_[2]{};   // messages: audio (in a small driver only), silence
    u32 bound_ = 0;        // messages that have a chain
    bool live_ = false;    // running, and takes audio
    bool accepts_ = false; // prepared or running, and takes audio
    bool closing_ = false; // until a drain begins: no more audio may come before it
    bool playback_ = true;
    bool by_clock_ = false; // periods go back to the user when they were played
    status_code not_now_ = status_code::wrong_state; // what a user hears while it takes no audio
    pcm_params params_;
    u32 count_ = 0; // periods, while they are bound
    u32 frames_each_ = 0;
    mutable u64 submitted_ = 0; // as it was found last
    u32 filled_ = 0;            // bytes written to, or read from, the held period
    message* ring_ = nullptr;   // where the periods start; null while nothing is bound
    Hooks* hooks_ = nullptr;
    const u8* silence_ = nullptr; // a period of it
    u32 whole_bytes_ = 0;         // what rx writes of a whole period
    frame_layout layout_;
    stream_counters counters_;
    // The periods, right behind them the silent ones, and last of all one that is never with the
    // device.
    static constexpr u32 all_messages = Limits::periods + silence_chains;
    message messages_[all_messages + 1]{};
    message* silences() { return messages_ + params_.periods; }
    message* nobody() { return messages_ + all_messages; }

    // Where nothing is hot, it is always aside.
    message* held() const { return Limits::small || held_ == nullptr ? aside_ : held_; }
    void hold(message* m) {
        const bool live = live_ && !Limits::small;
        if (!Limits::small) held_ = live ? m : nullptr;
        aside_ = live ? nullptr : m;
    }
    void take_audio(bool accept) {
        if constexpr (Limits::small) {
            accepts_ = accept;
        } else {
            [[maybe_unused]] auto locked = lock();
            message* const m = held();
            store_relaxed(&accepts_, accept);
            store_relaxed(&live_, accept && advance_frames_ != 0);
            hold(m);
        }
    }

    // What the user's calls see is changed with the queue's lock held.
    [[nodiscard]] VSND_TINY auto lock() const {
        if constexpr (Limits::small) {
            return 0;
        } else {
            return end_->lock();
        }
    }
    // With the queue's lock held. A period that comes back at this moment, on another CPU, may be
    // counted twice: what was found before counts then, or what is sure.
    u64 submitted_now() const;
    // Whether the user may have periods.
    bool bound() const { return load_acquire(&ring_) != nullptr; }
    bool accepts() const { return load_relaxed(&accepts_) && !load_relaxed(&closing_); }

  private:
    // What is left of the acquired period, or of the next one: `begun` then.
    result<span<u8>> rest_of_held(bool& begun);
    // Where audio memory is not coherent: for the device, before the lock is held.
    bool flush_held();
    static message* further(message* m, u32 steps, message* message::*way) {
        for (u32 i = 0; i < steps; ++i)
            m = m->*way;
        return m;
    }

    // Makes the next period of the ring the held one, if it is the user's turn.
    bool hold_next() {
        message* const m = head_;
        if (!m->at(playback() ? place::idle : place::filled)) return false;
        hold(m);
        head_ = m->next;
        store_relaxed(&filled_, u32{0});
        return true;
    }
    status_code commit_aside();
    u32 bytes_of_part(u32 written);
    [[gnu::noinline]] status_code withdraw(message& m, status_code why) {
        m.move_to(playback() ? place::idle : place::filled);
        hold(&m);
        return why;
    }
};

} // namespace vsnd

#include <vsnd/sound/pcm_buffer_bind.hpp>
#include <vsnd/sound/pcm_buffer_ring.hpp>
