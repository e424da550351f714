#pragma once
// The driver of one virtio sound device: discovery, the streams and other items, and the three
// entries by which the world reaches it: completions, configuration changes and time.
// Spec: [virtio 1.4] Sound Device

#include <vsnd/sound/card_items.hpp>
#include <vsnd/sound/control.hpp>
#include <vsnd/sound/rescue.hpp>
#include <vsnd/sound/stream.hpp>
#include <vsnd/sound/turn.hpp>

namespace vsnd {

// A handler that wants to know nothing. A handler of your own may have any of:
//   void period_done(stream&)   a period came back: playback may fill it, capture may read it
//   void xrun(stream&)          the device ran out of periods, or says so
//   void recovered(stream&, status_code)   a stream that was stuck, or whose card was, is back as
//                               it was: ok; or why not. Its periods may be acquired again
//   void period_elapsed(stream&)                          the device says that a period has passed
//   void jack_changed(card&, u32 id)                      jacks()[id].connected is another one
//   void element_changed(card&, u32 id, element_notice)   ask again for what it says
// They are called without any lock, by who pumps or has the card's turn (often an interrupt), on
// several CPUs at once for different queues. Only acquire, commit and positions are legal there.
struct no_handler {};

struct card_counters {
    u32 unknown_ids = 0;     // completions of something that was never posted
    u32 late_answers = 0;    // answers to control requests that had been given up
    u32 malformed_infos = 0; // stream descriptions that make no sense
    u32 events = 0;          // events received
    u32 stray_events = 0;    // of a kind, or for an item, that does not exist
    u32 resets = 0;          // times the device was reset and set up again by the card
};

enum class card_state : u8 {
    closed,
    opening,
    open,
    recovering, // the device is being reset; operations answer busy
    suspended,  // or on the way there, or back; operations answer suspended
    failed
};

constexpr const char* to_string(card_state s) {
    switch (s) {
    case card_state::closed: return "closed";
    case card_state::opening: return "opening";
    case card_state::open: return "open";
    case card_state::recovering: return "recovering";
    case card_state::suspended: return "suspended";
    case card_state::failed: return "failed";
    }
    return "invalid";
}

template <class Port, class Handler = no_handler, class Limits = default_limits>
class card : public card_items<card<Port, Handler, Limits>, Limits> {
  public:
    using port_type = Port;
    using queue_type = typename Port::queue_type;
    using hooks = hooks_type<Port>;
    using stream_type = stream<Port, Handler, Limits>;

    static_assert(device_port<Port>);
    static_assert(!Limits::small ||
                  !(Limits::capture || Limits::clock || Limits::resets || has_items<Limits>));

    constexpr card() = default;
    constexpr explicit card(Handler h) : handler_(h) {}
    card(const card&) = delete;
    card& operator=(const card&) = delete;

    // Takes the device over: features, queues, DRIVER_OK, then asks it for its streams and the
    // other items. `memory`: card_bytes<Limits>() of coherent memory, aligned to card_alignment, the
    // card's until close.
    // After an error the device is reset and the card closed, except for memory_still_owned.
    // Context: thread. Errors: wrong_state, it is open; no_memory, before the device is touched;
    // those of the port; the device's answers; timed_out; memory_still_owned.
    // Spec: [virtio 1.4] Sound Device / Device Initialization
    [[gnu::noinline]] status_code open_async(Port& port, const dma_region& memory);
    status_code open(Port& port, const dma_region& memory) {
        const status_code begun = open_async(port, memory);
        return begun == status_code::in_progress ? wait_for(outcome_) : begun;
    }

    // How open, suspend or resume ended; in_progress while it runs. Context: any.
    status_code outcome() const { return load_acquire(&outcome_); }

    // Stops and releases every stream, then resets the device. Afterwards nothing the card or a
    // stream was given is touched any more. Idempotent. Context: thread. Errors: wrong_context;
    // memory_still_owned: the device did not confirm the reset; leak all memory it was given. A
    // device that is gone writes no memory any more: ok.
    status_code close();

    card_state state() const { return Limits::small ? state_ : load_relaxed(&state_); }

    // Why the card failed, or is being reset: device_broken, needs_reset, timed_out, device_gone,
    // memory_still_owned; ok otherwise. Context: any.
    status_code failure() const { return Limits::small ? failure_ : load_relaxed(&failure_); }

    // How many streams the device has, and how many of them can be used here.
    u32 device_streams() const { return device_streams_; }
    u32 stream_count() const { return stream_count_; }

    // Stream `id`; null where there is none, its description made no sense, or the limits leave
    // its direction out. Context: any.
    stream_type* find(u32 id) {
        return id < stream_count_ && streams_[id].info().usable ? &streams_[id] : nullptr;
    }
    // The nth stream, from 0, of a direction.
    stream_type* find(direction flow, u32 nth = 0) {
        for (stream_type& s : streams()) {
            if (s.info().usable && s.flow() == flow && nth-- == 0) return &s;
        }
        return nullptr;
    }

    // --- The entries from below. ---

    // Handles completions of one queue, at most `budget`; true: more may be left, call again soon.
    // A second pump of the same queue at the same time makes the first one look again. The form
    // with the queue as a template argument, for interrupt handlers that know it, is legal only
    // from open's return to close. Context: thread, interrupt.
    template <u32 Queue>
    VSND_HOT bool pump();
    bool pump(u32 queue, u32 budget);

    // All four queues.
    bool pump_all(u32 budget = default_budget);

    // One completion, for a port whose queue announces them itself. Context: the pumper of `queue`,
    // while nobody else is in the card.
    void complete(u32 queue, used u);

    // The device's configuration changed, or it wants a reset. Context: thread, interrupt.
    void config_changed() {
        if (load_acquire(&port_) != nullptr && take_turn(turn_type::configuration)) {
            if constexpr (Limits::small) check_device();
            (void)end_turn();
        }
    }

    // --- Suspend, resume and removal (card_suspend.hpp); not with Limits::resets = false. ---

    // Stops what runs and suspends the device: with VIRTIO_F_SUSPEND, or by a reset where it is not
    // offered or does not work. Operations that are under way end first. Nothing is posted and no
    // doorbell rung until resume; audio and operations answer `suspended`. Suspended already: ok.
    // Context: thread. Errors: wrong_context; wrong_state, not open; busy, the card is being reset;
    // device_gone, memory_still_owned and other failures of the card.
    // Spec: [virtio 1.4] Device Suspend
    status_code suspend_async();
    status_code suspend() {
        const status_code begun = suspend_async();
        return begun == status_code::in_progress ? wait_for(outcome_) : begun;
    }

    // The device runs again, with every stream as it was; those that ran go on where they were, and
    // the handler's `recovered` is told. Where the device does not resume, it is reset. Open: ok.
    // Context and errors: as suspend; busy, also while it is being suspended.
    status_code resume_async();
    status_code resume() {
        const status_code begun = resume_async();
        return begun == status_code::in_progress ? wait_for(outcome_) : begun;
    }

    // The device was removed, says the kernel: it is not touched any more, every operation ends
    // with device_gone, and close answers ok. Registers must stay mapped until this has returned
    // and no other call is under way any more. Context: any but a callback.
    void removed();

    // Time passes: gives up overdue requests, rings forgotten doorbells. `now`: the port's clock,
    // or the number of ticks. The answer: when to call again at the latest. Context: thread, timer.
    u64 tick(u64 now);

    // How tx or rx shares interrupts and doorbells. Context: thread. Errors: invalid_argument, no
    // such queue; wrong_state, the card is closed; wrong_context; not_available, small limits.
    status_code set_policy(u32 queue, notification_policy p);

    // What holds of it now: a device without EVENT_IDX interrupts each time, and without MSG_POLLING
    // in all streams it does not poll. Context: any.
    notification_policy effective_policy(u32 queue) const;

    const card_counters& counters() const { return counters_; }
    Handler& handler() { return handler_; }

  private:
    friend stream_type;
    friend card_items<card, Limits>;
    using endpoint_type = endpoint<queue_type, hooks, Limits::small>;
    using area = card_area<Limits>;
    using message = typename stream_type::message;

    // What a control request may take, in the unit of `now`.
    static constexpr u64 time_limit_ =
        has_clock<hooks> ? Limits::control_timeout_ns : Limits::control_timeout_ticks;

    span<stream_type> streams() { return {streams_, stream_count_}; }
    bool is_open() const { return state() == card_state::open; }
    static constexpr bool is_audio(u32 queue) {
        return queue == wire::SND_VQ_TX || queue == wire::SND_VQ_RX;
    }

    // --- One at a time (card_turn.hpp). ---
    using turn_type = card_turn<!Limits::small>;
    bool take_turn(u32 marks);
    void wait_for_turn();
    bool end_turn();
    u32 next_marks();
    void look_at(u32 queue);
    void look_at_all();
    void check_device();
    void set_telling(bool telling);
    void become(card_state s) { store_relaxed(&state_, s); }

    // --- Policies (card_policy.hpp). ---
    bool device_polls(const endpoint_type& end);
    void set_guards(const endpoint_type& end);
    void settle_policy(endpoint_type& end);

    // False: no such queue, or none yet; or before DRIVER_OK, when no doorbell may ring.
    bool reachable(u32 queue) const {
        return load_acquire(&port_) != nullptr && !load_acquire(&setting_up_) &&
               queue < wire::SND_VQ_COUNT && ends_[queue].ready();
    }
    // What an operation hears while the card is away: busy or suspended; else ok.
    status_code away() const;
    // What the user's periods hear while a stream takes none.
    status_code no_audio() const;
    bool in_callback();
    u64 time() {
        if constexpr (has_clock<hooks>) {
            return hooks_->now_ns();
        } else {
            queue_lock<hooks> held(*hooks_, wire::SND_VQ_CONTROL);
            return now_;
        }
    }
    status_code wait_for(const status_code& outcome);

    // Whether it is still before `deadline`, which then counts for `next`.
    static bool before(u64 now, u64 deadline, u64& next) {
        if (now >= deadline) return false;
        next = lesser(next, deadline);
        return true;
    }
    // Gives up the request of `owner` that nobody answered in time. False: it was answered, and
    // perhaps another one sent since.
    bool overdue(u32 owner, const u64& deadline, u64 now) {
        [[maybe_unused]] auto held = ends_[wire::SND_VQ_CONTROL].lock();
        return now >= deadline && control_.give_up(owner);
    }

    // --- Opening and closing (card_open.hpp). ---
    status_code set_up(Port& port);
    status_code populate_events();
    // Whose descriptions the next request asks for, or has asked for.
    u32 unknown_streams() const {
        const u32 left = lesser(device_streams_, Limits::streams) - stream_count_;
        return Limits::streams <= info_batch ? left : lesser(left, info_batch);
    }
    status_code ask_for_streams();
    void got_streams(status_code code);
    status_code give_up(status_code why);
    void finish_opening(status_code code);
    void fail(status_code code);

    // --- The device is reset or suspended, and runs again (card_reset.hpp, card_suspend.hpp). ---
    void trouble(status_code cause) {
        if (!begin_reset(cause)) fail(cause);
    }
    bool begin_reset(status_code cause);
    bool step(u64 now, u64& next);
    void do_step(u64 now, u64& next);
    void step_to(rescue_step s) { store_relaxed(&rescue_.step, s); }
    void open_again(bool anew);
    void leave(status_code cause);
    bool claim_pumps();
    void give_pumps_back();
    void take_last();
    bool part_from_device(u64 now);
    void restart(u64 now);
    bool same_device(const wire::snd_config& config, u64 features);
    void back(status_code code);
    void lose_device();
    status_code call_to_suspend();
    status_code call_to_resume();
    void suspend_now();
    void resume_now();
    void pause_streams(u64 now);
    void sleep(u64 now);
    void wake_up(u64 now);
    void asleep(status_code code);
    void finish_rescue(status_code code);
    static constexpr u64 soon_ = has_clock<hooks> ? 5'000'000 : 1;
    static constexpr u64 shortly_ = has_clock<hooks> ? 1'000'000 : 1;
    static constexpr u64 reset_window_ = time_limit_ * 5;

    // --- Completions (card_pump.hpp). ---
    static constexpr bool keeps_time = stream_type::keeps_time;
    [[gnu::noinline]] bool pump_on_clocks(u32 queue);
    void caught_up(u32 queue);
    VSND_TINY static stream_type& stream_of(const message& m) {
        return static_cast<stream_type&>(*m.owner);
    }
    [[gnu::noinline]] bool pump_on(u32 queue, u32 budget);
    bool pump_long(u32 queue, u32 budget);
    u64 tick_on(u64 now);
    void completed(u32 queue, used u);
    void control_answered(const control_answer& answer);
    void event_arrived(cookie what);
    void handle_event(u32 code, u32 data);
    bool period_event(u32 code, u32 data);
    u32 interrupt_after(u32 queue);
    VSND_HOT void tell_period(stream_type& s);
    void tell_xrun(stream_type& s);
    void tell_recovered(stream_type& s, status_code code);

    [[no_unique_address]] Handler handler_{};
    Port* port_ = nullptr;
    hooks* hooks_ = nullptr;
    u32 stream_count_ = 0;
    u32 device_streams_ = 0;
    card_state state_ = card_state::closed;
    bool setting_up_ = false; // the device is, by open_async or after a reset
    status_code outcome_ = status_code::ok;
    status_code failure_ = status_code::ok;
    u64 now_ = 0;
    u64 deadline_ = 0;       // of the request in flight while it opens
    area* shared_ = nullptr; // what the card and the device share
    bus_address shared_bus_;
    card_counters counters_;
    endpoint_type ends_[wire::SND_VQ_COUNT]{};
    control_channel<endpoint_type, queue_type, area::control_cells> control_{};
    typename queue_type::slot event_chains_[Limits::events]{};
    [[no_unique_address]] turn_type turn_{};
    [[no_unique_address]] card_rescue<Limits> rescue_{};
    stream_type streams_[Limits::streams]{};
};

} // namespace vsnd

#include <vsnd/sound/card_answers.hpp>
#include <vsnd/sound/card_discovery.hpp>
#include <vsnd/sound/card_open.hpp>
#include <vsnd/sound/card_policy.hpp>
#include <vsnd/sound/card_pump.hpp>
#include <vsnd/sound/card_requests.hpp>
#include <vsnd/sound/card_reset.hpp>
#include <vsnd/sound/card_suspend.hpp>
#include <vsnd/sound/card_turn.hpp>
