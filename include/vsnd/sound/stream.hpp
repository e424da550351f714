#pragma once
// One PCM stream: its life (prepare, start, stop, drain, drop, release), over the audio path of
// sound/pcm_buffer.hpp. Every operation exists in two forms: `x_async` begins it and answers
// in_progress, `outcome()` says how it ended; `x` pumps and waits until it has ended.
//
// Contexts: unless a function says otherwise, a thread, or an interrupt for the _async forms;
// never a callback (wrong_context). One operation at a time per stream: busy for a second caller.
// Common errors: wrong_context, busy, wrong_state (also once the card is closed), the device's own
// answers, no_room (the device keeps so many requests unanswered that none can be sent), suspended.
// On every error that is the caller's, no request was sent and nothing has changed.
//
// timed_out, device_broken and needs_reset end what was under way when the card began to reset its
// device. The stream comes back by itself (the handler's `recovered` is told): one that ran, or was
// draining, runs; one that was prepared or stopped is prepared, with what was queued; one whose
// parameters were being set, or that was being released, is released. Until then operations answer
// busy. When there were three resets in ten seconds, or the limits leave resets out, these stick:
// after timed_out the stream is `unknown` (release it, or close the card), after the others, and
// device_gone, the card has to be closed.

#include <vsnd/sound/lifecycle.hpp>
#include <vsnd/sound/rescue.hpp>
#include <vsnd/sound/stream_time.hpp>
#include <vsnd/sound/turn.hpp>

namespace vsnd {

template <class Port, class Handler, class Limits>
class card;

// Whether a playback stream may start before its whole buffer is filled. Devices exist that wait
// for all of it, so "when_full" answers would_block until then.
enum class start_mode : u8 { when_full, now };

// What happens when the device has nothing left to play, or no room left to record into.
enum class xrun_policy : u8 {
    restart, // the stream runs on, and goes on with the next period; a device that does not resume
             // by itself is started again by the watchdog
    stop,    // the stream is stopped; `outcome` says xrun; drop it, fill it and start it anew
    silence  // playback: silence is played until there is audio again; capture: as restart
};

// Where a stream is on its way. Before the audio path in memory, since most of the code needs
// these and little else: near members make short instructions.
struct stream_facts {
    u32 id_ = 0;
    stream_state state_ = stream_state::released;
    stream_goal goal_ = stream_state::released;
    stream_command sent_ = stream_command::none;
    status_code outcome_ = status_code::ok;
    status_code verdict_ = status_code::ok; // what to report on arrival
    bool pending_ = false;                  // an operation is under way
    bool prepare_again_ = false;            // drop: released is half the way
    bool draining_ = false;
    bool recovering_ = false; // on its way back to what it was
    bool reclaiming_ = false; // released, and some periods have not come back
    bool send_later_ = false; // the control queue had no room
    u64 deadline_ = 0;        // of what an operation waits for: answer, drain, periods
    u32 silence_left_ = 0;    // frames, while draining
    u32 recoveries_ = 0;      // since `recoveries_since_`
};

// What is needed rarely: behind the audio path in memory.
struct stream_rest {
    static constexpr u32 default_drain_tail = 0xffffffff;

    u64 recoveries_since_ = 0;
    u64 stall_limit_ns_ = 0;
    u64 watched_at_ = 0;    // the last look of the watchdog
    u64 seen_at_ = 0;       // when the position was last seen to have changed,
    u64 seen_position_ = 0; // and what it was
    u32 drain_tail_frames_ = default_drain_tail;
    stream_info info_;
    xrun_policy xrun_policy_ = xrun_policy::restart;
    sequel sequel_ = sequel::none; // of a look at the queue
};

template <class Card>
struct stream_card {
    Card* card_ = nullptr;
};

template <class Port, class Handler, class Limits>
class stream : stream_facts,
               stream_card<card<Port, Handler, Limits>>,
               public pcm_buffer<typename Port::queue_type, hooks_type<Port>, Limits>,
               stream_rest {
    using base = pcm_buffer<typename Port::queue_type, hooks_type<Port>, Limits>;
    using card_type = card<Port, Handler, Limits>;
    using message = typename base::message;
    using place = typename base::place;
    friend card_type;
    static constexpr u32 line_bytes = audio_line_bytes<hooks_type<Port>>;
    using stream_card<card_type>::card_;

  public:
    u32 id() const { return id_; }
    const stream_info& info() const { return info_; }
    direction flow() const { return info_.flow; }
    stream_state state() const { return Limits::small ? state_ : load_relaxed(&state_); }

    // How the last operation ended; in_progress while it runs. Context: any.
    status_code outcome() const { return load_acquire(&outcome_); }

    // Whether the device can do exactly this. Context: any. Errors: not_available, bad_format,
    // bad_rate, bad_channels, bad_feature, bad_period.
    status_code check(const pcm_params& p) const {
        const status_code code = check_params(info_, p, Limits::periods);
        if constexpr (line_bytes > 1) {
            if (ok(code) && whole_line_frames(p, line_bytes) != p.period_frames)
                return status_code::bad_period;
        }
        return code;
    }

    // The nearest parameters that `check` accepts. Context: any.
    result<pcm_params> nearest(const pcm_params& wanted) const {
        result<pcm_params> near = nearest_params(info_, wanted, Limits::periods);
        if constexpr (line_bytes > 1) {
            if (!near.ok()) return near;
            near.value().period_frames = whole_line_frames(near.value(), line_bytes);
            near.set_code(check(near.value()));
        }
        return near;
    }

    // Sets the parameters and prepares the stream. All its chains are reserved first: what starts
    // later cannot fail for lack of room. Legal while released.
    // Errors: those of check; no_memory, a region is missing, too small or (not coherent) not on a
    // line of the cache; no_room.
    // Spec: [virtio 1.4] Sound Device / PCM Stream Parameters
    status_code prepare_async(const pcm_params& p, const stream_memory& memory);
    status_code prepare(const pcm_params& p, const stream_memory& memory) {
        return wait(prepare_async(p, memory));
    }

    // Starts, or goes on after stop. A running stream stays as it is: ok.
    // Errors: would_block, a playback stream that is not full yet (see start_mode), or, stopped,
    // has nothing left to play (drop makes it fillable again).
    status_code start_async(start_mode mode = start_mode::when_full);
    status_code start(start_mode mode = start_mode::when_full) { return wait(start_async(mode)); }

    // Stops at once; what is queued stays queued for the next start. A stream that does not run
    // stays as it is: ok.
    status_code stop_async();
    status_code stop() { return wait(stop_async()); }

    // Playback: plays everything committed or written, the last period padded with silence, keeps
    // silence coming until the device's own buffer has passed, and stops. Capture: stop.
    // Errors: timed_out, the device did not play it in time; the stream is stopped all the same.
    status_code drain_async();
    status_code drain() { return wait(drain_async()); }

    // Throws away what is queued and is prepared again, to be filled and started anew. The
    // position goes on counting. Also the way back after an xrun.
    status_code drop_async();
    status_code drop() { return wait(drop_async()); }

    // Brings a running stream back when the device is stuck: stops, releases, prepares and starts it
    // with what was queued and not played. The position goes on counting. The driver does it by
    // itself when no period comes back for long (four periods, the buffer, or 200 ms), at most
    // three times in ten seconds; that needs the port's clock and calls of tick, and the handler's
    // `recovered` is told. Until it has ended, the user's periods have to wait (would_block) and
    // other operations answer busy. Errors: would_block, nothing is queued to go on with.
    status_code recover_async();
    status_code recover() { return wait(recover_async()); }

    // Gives everything back: released afterwards, ready for other parameters. Legal in every
    // state, also `unknown`. Errors: memory_still_owned, the device keeps periods; close the card.
    status_code release_async();
    status_code release() { return wait(release_async()); }

    // Playback: copies as much as there is room for, in whole frames, and commits each period that
    // is full. The answer: bytes taken. Errors: would_block, no room; invalid_argument, less than
    // a frame; wrong_state. Not with small limits: periods are filled in place there.
    result<usize> write(span<const u8> from) requires(!Limits::small);

    // Capture: copies what has been recorded, in whole frames. The answer: bytes copied.
    // Errors: would_block, nothing there yet; invalid_argument, less than a frame; wrong_state.
    result<usize> read(span<u8> into);

    // How far the stream is: what has been played, or recorded, at this moment, in frames since the
    // parameters were set; and how far the truth may be away from it. It never goes back, also not
    // through stop, drop and recovery, and is never more than what was submitted. A device that
    // holds more than one thinks (see device_buffer) may be further away. Without a clock of the
    // port: what the device took, at time 0. Context: any.
    clock_reading position() const requires(Limits::clock);

    // The port's time at which the position gets to `frames`, as far as is known now: 0, it is
    // there already; ~0, nobody knows. Context: any.
    u64 when(u64 frames) const requires(Limits::clock);

    // When a period goes back to the user. Legal while released. Context: thread. Errors:
    // wrong_state; not_available, the port has no clock.
    status_code set_pacing(pacing p) requires(Limits::clock);

    // What the device keeps ahead of its converter, and how often it looks for more. A drain plays
    // as much silence; the media clock takes it for granted where completions alone could mean two
    // things. Legal while released. Context: thread. Errors: wrong_state.
    status_code set_device_buffer(device_buffer b) requires(Limits::clock);

    // Legal in every state. Context: any.
    void set_xrun_policy(xrun_policy p) requires(!Limits::small) {
        store_relaxed(&xrun_policy_, p);
    }

    // How many frames of silence a drain plays after the last audio: the depth of the device's own
    // buffer. The default suits a device that buffers 1024 frames and looks every 10 ms.
    void set_drain_tail(u32 frames) { store_relaxed(&drain_tail_frames_, frames); }

  private:
    using area_type = typename base::area_type;
    [[gnu::noinline]] void init(card_type& owner, u32 id, const wire::snd_pcm_info& said);

    // --- Operations. ---
    static constexpr bool active(stream_state s) {
        return s == stream_state::prepared || s == stream_state::running ||
               s == stream_state::stopped;
    }
    static status_code legal_if(bool legal) {
        return legal ? status_code::ok : status_code::wrong_state;
    }
    // Where the device finds what is this stream's in the card's memory.
    VSND_TINY bus_address area_bus() const {
        constexpr usize areas = __builtin_offsetof(typename card_type::area, streams);
        return card_->shared_bus_ + (areas + id_ * sizeof(area_type));
    }
    status_code called(stream_goal goal, status_code legal, stream_task task, bool& mine);
    template <stream_task Task>
    status_code operate(stream_goal goal, status_code legal);
    template <stream_task Task>
    void carry();
    bool call_for(stream_task task);
    void carry_out();
    void end();
    bool claim(stream_goal goal);
    void begin(stream_goal goal);
    bool busy();
    void prepare_now(const pcm_params& p, const stream_memory& memory);
    void drain_now();
    VSND_TINY void become(stream_state s) {
        store_relaxed(&state_, s);
        tell(*this->hooks_, {trace_step::state, id_, static_cast<u32>(s)});
    }
    void advance();
    bool send(stream_command c, u64 now);
    void arrived();
    void finish(status_code code);
    status_code wait(status_code begun);
    void before(stream_command c);
    [[gnu::noinline]] void answered(status_code code);
    void stopped();
    void refused(status_code code);

    // --- Draining and giving back. ---
    status_code pad_last_period();
    void play_out();
    void play_silence();
    bool silence_due();
    [[gnu::noinline]] void completed(message& m, u32 written);
    VSND_TINY void came_back(message& m);
    void silence_done(message& m);
    void ran_dry();
    void reclaimed();
    void look_now();
    void look_now(sequel next);
    void seen_all();
    u64 drain_limit() const;

    // --- Recovery. ---
    static constexpr u64 least_stall_ns = 200'000'000;
    static constexpr u64 recovery_window_ns = u64{10} * ns_per_second;
    static constexpr u32 most_recoveries = 3;
    void recover_now();
    void recovery_begins();
    status_code queue_again();
    u64 watch(u64 now);
    void stalled(u64 now);
    void ring_again(u64 now);
    void given_up();

    // --- Its card is reset or suspended (stream_return.hpp). ---
    stream_state comes_back_as() const;
    void leave(status_code cause);
    void decide();
    void came_last(message& m, u32 written);
    void part_from_device();
    void come_back();
    void claim_return(bool anew);
    bool park();
    void go_on();
    bool returning() const { return recovering_ && pending_; }

    // --- Time (stream_clock.hpp). ---
    static constexpr bool keeps_time = Limits::clock && has_clock<hooks_type<Port>>;
    void prepare_clock();
    void start_clock();
    void stop_clock();
    void tick_clock(u64& next);
    void tick_pacing(u64 now, u64& next);
    void tick_silence(u64 now, u64& next);
    VSND_TINY void feed_clock(u64 now);
    void feed_if_fresh(u64 now);
    void caught_up(u64 now);
    void completed_by_clock(message& m, u32 written);
    void give_back(u64 now);
    u32 drain_tail() const;
    u64 end_of_drain() const;
    bool played_out() const;

    // --- Called by the card (stream_tick.hpp). ---
    [[gnu::noinline]] void fail(status_code code);
    [[gnu::noinline]] u64 tick(u64 now);
    bool put_off(u64 now);
    void overdue(u64 now);
    u32 interrupt_after(u32 every) const;

    [[no_unique_address]] stream_time<keeps_time, message> time_;
    [[no_unique_address]] stream_rescue<Limits::resets> rescue_{};
    [[no_unique_address]] stream_request<!Limits::small> request_{};
};

} // namespace vsnd

#include <vsnd/sound/stream_audio.hpp>
#include <vsnd/sound/stream_call.hpp>
#include <vsnd/sound/stream_clock.hpp>
#include <vsnd/sound/stream_life.hpp>
#include <vsnd/sound/stream_recovery.hpp>
#include <vsnd/sound/stream_return.hpp>
#include <vsnd/sound/stream_tick.hpp>
