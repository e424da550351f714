#pragma once
// The driver of one virtio sound device: discovery, the streams and other items, and the three
// entries by which the world reaches it: completions, configuration changes and time.
// Spec: [virtio 1.4] Sound Device

#include <vsnd/sound/card_items.hpp>
#include <vsnd/sound/control.hpp>
#include <vsnd/sound/stream.hpp>

namespace vsnd {

// A handler that wants to know nothing. A handler of your own may have any of:
//   void period_done(stream&)   a period came back: playback may fill it, capture may read it
//   void xrun(stream&)          the device ran out of periods, or says so
//   void recovered(stream&, status_code)   a stream that was stuck runs again: ok; or why not
//   void period_elapsed(stream&)                          the device says that a period has passed
//   void jack_changed(card&, u32 id)                      jacks()[id].connected is another one
//   void element_changed(card&, u32 id, element_notice)   ask again for what it says
// They are called from a pump, in the pump's context (often an interrupt), and `recovered` from
// tick as well, without any lock. From there only acquire, commit and position_frames are legal.
struct no_handler {};

struct card_counters {
    u32 unknown_ids = 0;     // completions of something that was never posted
    u32 late_answers = 0;    // answers to control requests that had been given up
    u32 malformed_infos = 0; // stream descriptions that make no sense
    u32 events = 0;          // events received
    u32 stray_events = 0;    // of a kind, or for an item, that does not exist
};

enum class card_state : u8 { closed, opening, open, failed };

constexpr const char* to_string(card_state s) {
    switch (s) {
    case card_state::closed: return "closed";
    case card_state::opening: return "opening";
    case card_state::open: return "open";
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

    // How open ended; in_progress while it runs. Context: any.
    status_code outcome() const { return load_acquire(&outcome_); }

    // Stops and releases every stream, then resets the device. Afterwards nothing the card or a
    // stream was given is touched any more. Idempotent. Context: thread. Errors: wrong_context;
    // memory_still_owned: the device did not confirm the reset; leak all memory it was given.
    status_code close();

    card_state state() const { return state_; }

    // Why the card failed: device_broken, needs_reset; ok while it has not. Context: any.
    status_code failure() const { return failure_; }

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

    // One completion, for a port whose queue announces them itself. Context: the pumper of `queue`.
    void complete(u32 queue, used u);

    // The device's configuration changed, or it wants a reset. Context: thread, interrupt.
    void config_changed() {
        if (port_ != nullptr && needs_reset(*port_)) fail(status_code::needs_reset);
    }

    // Time passes: gives up overdue requests, rings forgotten doorbells. `now`: the port's clock,
    // or the number of ticks. The answer: when to call again at the latest. Context: thread, timer.
    u64 tick(u64 now);

    // How tx or rx shares interrupts and doorbells. Context: thread. Errors: invalid_argument, no
    // such queue; wrong_state, the card is closed; wrong_context; not_available, small limits.
    status_code set_policy(u32 queue, [[maybe_unused]] notification_policy p) {
        if (queue != wire::SND_VQ_TX && queue != wire::SND_VQ_RX) {
            return status_code::invalid_argument;
        }
        if constexpr (Limits::small) {
            return status_code::not_available;
        } else {
            if (!reachable(queue)) return status_code::wrong_state;
            if (in_callback()) return status_code::wrong_context;
            ends_[queue].set_policy(p);
            for (stream_type& s : streams())
                if (s.end_ == &ends_[queue]) s.set_guards();
            (void)pump(queue, default_budget); // the interrupts asked for follow the new policy
            return status_code::ok;
        }
    }

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
    bool is_open() const { return state_ == card_state::open; }
    static constexpr bool is_audio(u32 queue) {
        return queue == wire::SND_VQ_TX || queue == wire::SND_VQ_RX;
    }
    // An entry may be called when there is no such queue, or none yet, or before DRIVER_OK, when
    // no doorbell may ring.
    bool reachable(u32 queue) const {
        return port_ != nullptr && !setting_up_ && queue < wire::SND_VQ_COUNT &&
               ends_[queue].ready();
    }
    // A handler is called while a queue is pumped, so a call from the pumper comes from a handler.
    bool in_callback() {
        for (endpoint_type& end : ends_) {
            if (end.pumped_by(context_of(*hooks_))) return true;
        }
        return false;
    }
    u64 time() {
        if constexpr (has_clock<hooks>) {
            return hooks_->now_ns();
        } else {
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

    // --- Completions (card_pump.hpp). ---
    static constexpr bool keeps_time = stream_type::keeps_time;
    template <u32 Queue>
    [[gnu::noinline]] bool end_pump(u32 heard, bool done);
    void caught_up(u32 queue);
    VSND_TINY static stream_type& stream_of(const message& m) {
        return static_cast<stream_type&>(*m.owner);
    }
    [[gnu::noinline]] bool pump_on(u32 queue, u32 budget);
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
    bool setting_up_ = false; // open_async is at work
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
    stream_type streams_[Limits::streams]{};
};

} // namespace vsnd

#include <vsnd/sound/card_answers.hpp>
#include <vsnd/sound/card_discovery.hpp>
#include <vsnd/sound/card_open.hpp>
#include <vsnd/sound/card_pump.hpp>
#include <vsnd/sound/card_requests.hpp>
