#pragma once
// Keeps one stream going for a layer above that exchanges one period at a time and must never
// wait for the device: each call looks how the last operation ended, begins the next one, and says
// whether a period is there. Whatever happens to the stream, the layer above calls on.
//
//     keeper.set_up(params, memory);
//     while (wanted) {                       // in whatever the layer above has for a loop
//         pump, tick
//         if (keeper.step(now)) { use keeper.hand_over(); ...; keeper.give_back(); }
//         if (keeper.lost()) while (!keeper.release(now)) ... pump, tick
//     }
//
// Context: as the operations of the stream; one caller at a time. Times are the port's clock.

#include <vsnd/sound/stream.hpp>

namespace vsnd {

template <class Stream>
class stream_keeper {
  public:
    void init(Stream& s) {
        *this = {};
        stream_ = &s;
    }
    Stream& stream() const { return *stream_; }
    const pcm_params& params() const { return params_; }

    // For the next time that it is prepared. A period that the layer above holds is void.
    void set_up(const pcm_params& params, const stream_memory& memory) {
        params_ = params;
        memory_ = memory;
        held_ = hold::nothing;
    }

    // The audio memory that the device was given last, and may still use; null: none. It is the
    // device's until `release` has answered true, or the card is closed.
    const u8* given() const { return given_; }

    // The way to a stream that runs. True: a period is here for the layer above. Playback begins
    // with silence in all periods but the last: that one is the first to be handed over, so that
    // the user's audio follows the silence without a gap.
    bool step(u64 now) {
        if (!settled(now)) return false;
        const stream_state at = stream_->state();
        if (at == stream_state::running) return take();
        if (at == stream_state::prepared) {
            if (!primed_) prime();
            give();
            // All periods were committed. That is enough: a device that takes them before START
            // makes the stream look empty.
            if (held_ == hold::nothing) began(stream_->start_async(start_mode::now), now);
            return held_ == hold::ready;
        }
        lost_ = primed_ || at != stream_state::released;
        if (lost_) return false;
        given_ = memory_.audio.cpu;
        began(stream_->prepare_async(params_, memory_), now);
        return false;
    }

    // It has stopped for good, by an xrun, or a request that failed: release it, then step again.
    bool lost() const { return lost_; }

    // The way back. True: the device has nothing of it any more.
    bool release(u64 now) {
        if (!settled(now) || stuck()) return false;
        if (stream_->state() != stream_state::released) {
            began(stream_->release_async(), now);
            return false;
        }
        given_ = nullptr;
        primed_ = lost_ = false;
        held_ = hold::nothing;
        return true;
    }

    // It was released, and the device kept its periods: nothing helps but closing the card.
    bool stuck() const { return stream_->outcome() == status_code::memory_still_owned; }

    // Which of its periods is here; the user's until he gives it back. After step has said so.
    u32 hand_over() {
        held_ = hold::with_user;
        const usize at = static_cast<usize>(period_ - memory_.audio.cpu);
        return static_cast<u32>(short_quotient(at, period_bytes(params_)));
    }
    // Played from or recorded to by the next step. Without one in his hands: nothing.
    void give_back() {
        if (held_ == hold::with_user) held_ = hold::returned;
    }

  private:
    enum class hold : u8 { nothing, ready, with_user, returned };

    // After a failure, before the next attempt: a device that refuses is not asked all the time.
    static constexpr u64 retry_ns = 200'000'000;

    // Whether the operation under way has ended, and after a failure some time ago.
    bool settled(u64 now) {
        if (under_way_) began(stream_->outcome(), now);
        return stream_->outcome() != status_code::in_progress &&
               static_cast<s64>(now - retry_at_) >= 0;
    }
    void began(status_code code, u64 now) {
        under_way_ = code == status_code::in_progress;
        retry_at_ = now + (under_way_ || ok(code) ? 0 : retry_ns);
    }

    // The stream says would_block while the card brings it back: tried again.
    void give() {
        if (held_ == hold::returned && ok(stream_->commit())) held_ = hold::nothing;
    }
    bool take() {
        give();
        if (held_ == hold::nothing) {
            const result<span<u8>> period = stream_->acquire();
            period_ = period.value().data();
            if (period.ok()) held_ = hold::ready;
        }
        return held_ == hold::ready;
    }

    void prime() {
        primed_ = true;
        if (!stream_->playback()) return;
        for (u32 i = 1; i < params_.periods; ++i)
            (void)stream_->write({memory_.silence.cpu, period_bytes(params_)});
        (void)take();
    }

    Stream* stream_ = nullptr;
    pcm_params params_;
    stream_memory memory_;
    const u8* given_ = nullptr;
    const u8* period_ = nullptr;
    u64 retry_at_ = 0;
    hold held_ = hold::nothing;
    bool primed_ = false;
    bool lost_ = false;
    bool under_way_ = false;
};

} // namespace vsnd
