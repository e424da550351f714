#pragma once
// A card on the measuring machine, with its streams running.

#include <stdio.h>

#include <vsnd/vsnd.hpp>

#include <cases.hpp>
#include <machine.hpp>

namespace bench {

// A kernel that hears of each period and does nothing.
struct empty_handler {
    template <class Stream>
    void period_done(Stream&) {}
};

// The two kinds of rings, and the device's end of each.
struct split_rings {
    template <class Doorbell, class Policy>
    using ring = split_queue<Doorbell, Policy>;
    using end = split_end;
};
struct packed_rings {
    template <class Doorbell, class Policy>
    using ring = packed_queue<Doorbell, Policy>;
    using end = packed_end;
};

// The media clock costs once a batch, apart from the periods: it is measured apart.
struct without_clock : default_limits {
    static constexpr bool clock = false;
};

// The defaults, everything that can be fixed at compile time (packed rings gain nothing by it),
// the defaults with packed rings, and the defaults with the media clock.
struct negotiated : ring_policy, split_rings {
    using limits = without_clock;
};
struct clocked : ring_policy, split_rings {
    using limits = default_limits;
};
struct fixed : ring_policy, split_rings {
    using limits = without_clock;
    static constexpr choice event_idx = choice::always;
    static constexpr choice indirect = choice::always;
};
struct packed : ring_policy, packed_rings {
    using limits = without_clock;
};

// Eight streams of sixteen periods do not fit the default ring.
template <class Policy, u32 Streams>
struct roomy : Policy {
    static constexpr u16 most_descriptors = Streams == 1 ? 64 : 256;
};

template <class Policy>
class rig {
  public:
    using kernel = machine<Policy::most_descriptors, typename Policy::end>;
    using device = pci_device<kernel, Policy, Policy::template ring>;
    using card_type = card<device, empty_handler, typename Policy::limits>;
    using stream_type = typename card_type::stream_type;

    explicit rig(const measurement& m) : kernel_(m.streams), what_(m) {
        device_.init(kernel_);
        must(card_.open(device_, allocate(round_up(card_bytes(), card_alignment), card_alignment)));
        const u32 every = m.each ? 1 : m.batch;
        must(card_.set_policy(wire::SND_VQ_TX, {every, every}));
        for (u32 i = 0; i < m.streams; ++i)
            prepare(stream(i));
        for (u32 i = 0; i < m.periods * m.streams; ++i) {
            must(stream(i % m.streams).acquire().code());
            must(stream(i % m.streams).commit());
        }
        for (u32 i = 0; i < m.streams; ++i)
            must(stream(i).start(start_mode::now));
        (void)card_.pump_all(); // START wants one closer look
        (void)kernel_.rang();
        kernel_.tx().look();
    }
    rig(const rig&) = delete;
    rig& operator=(const rig&) = delete;

    // One round. `Measured` has the two calls that are measured.
    template <class Measured>
    void round() {
        for (u32 i = 0; i < what_.batch; ++i) {
            stream_type& s = stream(turn_);
            turn_ = turn_ + 1 == what_.streams ? 0 : turn_ + 1;
            must(s.acquire().code());
            must(Measured::commit(s));
            const bool rang = kernel_.rang();
            doorbells_ += rang;
            if (rang) kernel_.tx().look();
        }
        kernel_.tx().look();
        kernel_.pass(what_.batch * 21'333'333 / what_.streams);
        (void)card_.tick(kernel_.now_ns());
        for (u32 i = 0; i < what_.batch; ++i)
            interrupts_ += kernel_.complete_period();
        played_ += what_.batch;
        if (Measured::pump(card_)) fail("pump");
    }

    // Whether everything came back, in the way that the case wants.
    void check(u32 rounds) {
        u64 frames = 0;
        for (u32 i = 0; i < what_.streams; ++i) {
            const stream_type& s = stream(i);
            frames += s.position_frames();
            if (s.counters().xruns != 0) fail("xrun");
            if (s.in_flight() != what_.periods) fail("in flight");
        }
        if (frames != u64{played_} * what_.period_frames) fail("position");
        const u32 wanted = what_.each ? rounds * what_.batch : rounds;
        if (doorbells_ != wanted) fail("doorbells");
        if (interrupts_ != rounds) fail("interrupts");
    }

  private:
    void prepare(stream_type& s) {
        const pcm_params p = {.period_frames = what_.period_frames,
                              .periods = what_.periods + what_.batch};
        const stream_memory memory = {allocate(audio_bytes(p), 4096),
                                      allocate(silence_bytes(p), 4096)};
        must(s.prepare(p, memory));
    }
    stream_type& stream(u32 id) {
        stream_type* const s = card_.find(id);
        if (s == nullptr) fail("no stream");
        return *s;
    }
    static void must(status_code code) {
        if (!ok(code)) fail(to_string(code));
    }
    [[noreturn]] static void fail(const char* why) {
        fprintf(stderr, "not as it should be: %s\n", why);
        exit(1);
    }

    kernel kernel_;
    device device_;
    card_type card_{empty_handler{}};
    measurement what_;
    u32 turn_ = 0;
    u32 doorbells_ = 0;
    u32 interrupts_ = 0;
    u32 played_ = 0;
};

} // namespace bench
