#pragma once
// One run: a card over the PCI transport and real rings, a user that calls it as the input says,
// and what must hold after every call.

#include <memory>
#include <vector>

#include <vsnd/transport/pci.hpp>
#include <vsnd/vsnd.hpp>

#include "calls.hpp"
#include "kernel.hpp"
#include "states.hpp"

namespace fuzz {

using vsnd::ok;
using vsnd::status_code;

struct small_rings : vsnd::ring_policy {
    static constexpr u16 most_descriptors = 32;
    static constexpr vsnd::reset_patience patience{1'000'000, 10, 1000};
};
struct small_limits : vsnd::default_limits {
    static constexpr u32 streams = 4;
    static constexpr u32 periods = 8;
    static constexpr u32 events = 4;
    // No call of this user is about other items than streams.
    static constexpr u32 jacks = 0;
    static constexpr u32 channel_maps = 0;
    static constexpr u32 elements = 0;
};

class session {
  public:
    session(const u8* data, usize size);

    // Runs the input to its end and closes the card. Throws broken_promise.
    state_set run();

  private:
    struct handler {
        session* owner = nullptr;
        template <class Stream>
        void period_done(Stream& s) {
            owner->in_callback(s);
        }
        template <class Stream>
        void xrun(Stream& s) {
            owner->states_.add(reached::xrun);
            owner->in_callback(s);
        }
    };
    using port_type = vsnd::pci_device<fuzz_kernel, small_rings>;
    using card_type = vsnd::card<port_type, handler, small_limits>;
    using stream_type = card_type::stream_type;

    // What this user keeps for a stream.
    struct track {
        stream_type* stream = nullptr;
        vsnd::stream_memory memory;
        u64 position = 0;
    };
    // The card, with words around it that nobody may change.
    struct guarded_card {
        explicit guarded_card(session* s) : card(handler{s}) {}
        u64 before = guard;
        card_type card;
        u64 after = guard;
        static constexpr u64 guard = 0x6775'6172'6421'2121;
    };

    // The calls, in calls_made.hpp.
    void make_call(call c);
    void open();
    void prepare();
    void write();
    void in_place();
    void read();
    void start();
    void stop();
    void drain();
    void drop();
    void release();
    void pump();
    void tick();
    void pass();
    void close();
    void policy();
    void leave_and_return(u8 how);
    void tail();
    void complete();
    void stream();
    template <class Stream>
    void in_callback(Stream& s);

    card_type& card() { return card_->card; }
    track& next_track() { return tracks_[user_.byte() % small_limits::streams]; }
    vsnd::interrupt_setup interrupts() const;
    vsnd::pcm_params parameters(const stream_type& s, u8 how);
    vsnd::dma_region region(u64 bytes, u8 kind);
    void write_some(track& t, usize bytes);
    void read_some(track& t, usize bytes);
    void forget(track& t);
    void closed(status_code code, bool was_open);

    // Judges an answer; `blocking`: the call must have ended.
    status_code judge(status_code code, bool blocking);
    // What a stream must be after an operation that went well, unless the card failed meanwhile.
    void expect(bool holds, const char* what) {
        promise(holds || !ok(card().failure()) || set_.preempt, what);
    }
    void look();
    void look_at(track& t);

    byte_reader user_;
    setup set_;
    whims whim_;
    guest_memory memory_;
    fuzz_device device_;
    pci_function pci_;
    fuzz_kernel kernel_;
    std::unique_ptr<port_type> port_;
    std::unique_ptr<guarded_card> card_;
    vsnd::dma_region card_memory_;
    track tracks_[small_limits::streams];
    bool ever_closed_ = false;
    state_set states_;
};

inline session::session(const u8* data, usize size)
    : user_(fuzz_input(data, size).user), set_(setup::from(user_)),
      whim_(fuzz_input(data, size).device, set_.honesty), device_(memory_, set_, whim_),
      pci_(device_, set_, whim_), kernel_(memory_, device_, pci_, set_),
      port_(std::make_unique<port_type>()), card_(std::make_unique<guarded_card>(this)) {
    port_->init(kernel_, interrupts());
    kernel_.on_interrupt = [this](bool config) {
        (void)port_->read_isr();
        (void)card().pump_all();
        if (config) card().config_changed();
    };
}

inline vsnd::interrupt_setup session::interrupts() const {
    if (set_.interrupts == 0) return vsnd::interrupt_setup::polled();
    if (set_.interrupts == 1) return vsnd::interrupt_setup::intx();
    static constexpr vsnd::msix_message messages[5] = {
        {0xfee0'0000, 1}, {0xfee0'0000, 2}, {0xfee0'0000, 3}, {0xfee0'0000, 4}, {0xfee0'0000, 5}};
    return vsnd::interrupt_setup::msix({messages, set_.interrupts - 1u});
}

inline state_set session::run() {
    // More calls than this only repeat what was done before.
    for (u32 i = 0; i < 200 && !user_.empty(); ++i) {
        make_call(static_cast<call>(user_.byte() % static_cast<u8>(call::count_)));
        look();
    }
    close();
    look();
    return states_;
}

inline status_code session::judge(status_code code, bool blocking) {
    promise(code < status_code::count_, "an answer that does not exist");
    promise(!blocking || code != status_code::in_progress, "a call that waits did not wait");
    switch (code) {
    case status_code::memory_still_owned: states_.add(reached::memory_still_owned); break;
    case status_code::timed_out: states_.add(reached::timed_out); break;
    case status_code::device_broken: states_.add(reached::device_broken); break;
    case status_code::needs_reset: states_.add(reached::needs_reset); break;
    case status_code::device_gone: states_.add(reached::device_gone); break;
    case status_code::no_room: states_.add(reached::no_room); break;
    case status_code::no_memory: states_.add(reached::no_memory); break;
    case status_code::wrong_context: states_.add(reached::wrong_context); break;
    case status_code::bad_capability: states_.add(reached::bad_capability); break;
    case status_code::device_bad_msg:
    case status_code::device_not_supp:
    case status_code::device_io_err:
    case status_code::device_bad_answer: states_.add(reached::refused_by_device); break;
    default: break;
    }
    return code;
}

inline void session::look() {
    memory_.check_guards();
    promise(card_->before == guarded_card::guard && card_->after == guarded_card::guard,
            "bytes around the card were written");
    promise(card().state() <= vsnd::card_state::failed, "the card is in no state");
    (void)judge(card().outcome(), false);
    (void)judge(card().failure(), true);
    promise(card().state() != vsnd::card_state::closed || !pci_.owner(),
            "the card is closed and the device may still write to memory");
    promise(card().stream_count() <= small_limits::streams, "more streams than there can be");
    if (card().state() == vsnd::card_state::failed) states_.add(reached::failed);
    if (card().state() == vsnd::card_state::open) {
        states_.add(ever_closed_ ? reached::reopened : reached::open);
    }
    const vsnd::card_counters& c = card().counters();
    if (c.unknown_ids != 0) states_.add(reached::unknown_id);
    if (c.resets != 0) states_.add(reached::reset);
    if (c.late_answers != 0) states_.add(reached::late_answer);
    if (c.events != 0) states_.add(reached::event);
    for (track& t : tracks_) {
        if (t.stream != nullptr) look_at(t);
    }
}

inline void session::look_at(track& t) {
    const stream_type& s = *t.stream;
    promise(s.state() <= vsnd::stream_state::unknown, "a stream is in no state");
    (void)judge(s.outcome(), false);
    const u64 position = s.position_frames();
    promise(position >= t.position, "the position went back");
    t.position = position;
    promise(!s.playback() || position <= s.submitted_frames(),
            "the position is ahead of what was submitted");
    const u64 frames = u64{s.params().period_frames} * s.params().periods;
    promise(s.in_flight() <= s.params().periods, "more periods with the device than there are");
    promise(s.avail_frames() <= frames, "more available than the buffer has");
    if (s.state() == vsnd::stream_state::prepared) states_.add(reached::prepared);
    if (s.state() == vsnd::stream_state::running) states_.add(reached::running);
    if (s.state() == vsnd::stream_state::unknown) states_.add(reached::unknown);
    if (s.playback() && position != 0) states_.add(reached::played);
    if (s.counters().short_captures != 0) states_.add(reached::short_capture);
    if (s.counters().bad_lengths != 0) states_.add(reached::bad_length);
}

} // namespace fuzz

#include "calls_made.hpp"
