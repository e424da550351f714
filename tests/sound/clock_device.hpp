#pragma once
// A device and its driver in virtual time, exact to the nanosecond, for the tests of the media
// clock: what the converter plays, when periods complete, and when the driver hears of it.

#include <algorithm>
#include <deque>

#include <vsnd/model/wide.hpp>
#include <vsnd/sound/media_clock.hpp>

namespace clock_tests {

using vsnd::media_clock;
using vsnd::s32;
using vsnd::u32;
using vsnd::u64;

inline constexpr u64 ms = 1'000'000;
inline constexpr u64 second = 1000 * ms;
inline constexpr u64 never = ~u64{0};

inline constexpr u32 all_rates[] = {5512,  8000,  11025, 12000, 16000, 22050,  24000,  32000,
                                    44100, 48000, 64000, 88200, 96000, 176400, 192000, 384000};

struct habits {
    const char* name = "paced";
    u32 lead_frames = 0; // taken before it is played
    u64 tick_ns = 0;     // 0: takes audio when it needs some; else only at each tick
    u64 late_ns = 0;     // completions come between 0 and so much late
    u64 stall_every_ns = 0;
    u64 stall_ns = 0;
    bool stall_is_heard = false; // the converter stands still too
    s32 drift_ppm = 0;
};

// Every period completes before it is played by `lead_frames`, at once or at a tick.
class device {
  public:
    device(const habits& h, u32 rate_hz, u32 period, u64 start_ns)
        : habits_(h), period_(period), frames_(u64{rate_hz} * u64(1'000'000 + h.drift_ppm)),
          now_(start_ns), span_ns_(start_ns), tick_(start_ns + h.tick_ns) {}

    void submit(u64 total_frames) {
        submitted_ = total_frames;
        sync(now_);
    }
    u64 submitted() const { return submitted_; }
    u64 now() const { return now_; }

    // The truth.
    u64 played(u64 at) const {
        if (!playing_) return span_frame_;
        return std::min(limit(), span_frame_ + frames_in(at - span_ns_));
    }
    u64 first_ns() const { return first_ns_; }
    u32 gaps() const { return gaps_; }

    // Frames in periods whose completion can be seen now.
    u64 completed() {
        while (!late_.empty() && late_.front().due <= now_) {
            seen_ = late_.front().frames;
            late_.pop_front();
        }
        return seen_;
    }
    u64 next_event() const {
        u64 next = late_.empty() ? never : late_.front().due;
        next = std::min(next, ticking() ? tick_ : never);
        if (habits_.stall_is_heard) next = std::min(next, stall_edge());
        if (!playing_) return next;
        if (!ticking() && done_ + period_ <= submitted_) {
            const u64 wanted = done_ + period_;
            next = std::min(next, time_of(wanted - std::min<u64>(wanted, habits_.lead_frames)));
        }
        return std::min(next, time_of(limit()) + 1);
    }
    void sync(u64 to) {
        now_ = to;
        if (habits_.stall_is_heard) stand_still();
        if (playing_ && now_ > time_of(limit())) {
            span_frame_ = limit();
            playing_ = false;
            dry_ = true;
        }
        if (ticking()) {
            if (now_ < tick_) return;
            tick_ += habits_.tick_ns;
        }
        taken_ = std::max(taken_, std::min(submitted_, played(now_) + habits_.lead_frames));
        if (!playing_ && !frozen_ && (ticking() ? taken_ : submitted_) > span_frame_) {
            playing_ = true;
            span_ns_ = now_;
            if (first_ns_ == never) first_ns_ = now_;
            gaps_ += dry_;
            dry_ = false;
        }
        for (; done_ + period_ <= taken_; done_ += period_)
            late_.push_back({due(), done_ + period_});
    }

  private:
    struct completion {
        u64 due;
        u64 frames;
    };
    using wide = vsnd::model::u128;
    static constexpr u64 unit_ns = 1'000'000'000'000'000;

    u64 frames_in(u64 ns) const { return static_cast<u64>(wide{ns} * frames_ / unit_ns); }
    u64 time_of(u64 frame) const {
        if (frame <= span_frame_) return span_ns_;
        const wide product = wide{frame - span_frame_} * unit_ns + frames_ - 1;
        return span_ns_ + static_cast<u64>(product / frames_);
    }
    bool ticking() const { return habits_.tick_ns != 0; }
    u64 limit() const { return ticking() ? taken_ : submitted_; }

    bool in_stall(u64 at) const {
        return habits_.stall_every_ns != 0 && at >= habits_.stall_every_ns &&
               at % habits_.stall_every_ns < habits_.stall_ns;
    }
    u64 stall_edge() const {
        const u64 into = now_ % habits_.stall_every_ns;
        return now_ - into + (in_stall(now_) ? habits_.stall_ns : habits_.stall_every_ns);
    }
    void stand_still() {
        if (!frozen_ && playing_ && in_stall(now_)) {
            span_frame_ = played(now_);
            playing_ = false;
            frozen_ = true;
        }
        if (frozen_ && !in_stall(now_)) frozen_ = false;
    }
    u64 due() {
        u64 at = now_;
        if (habits_.late_ns != 0) {
            random_ = random_ * 6364136223846793005u + 1442695040888963407u;
            at += (random_ >> 33) % (habits_.late_ns + 1);
        }
        if (!habits_.stall_is_heard && in_stall(at))
            at += habits_.stall_ns - at % habits_.stall_every_ns;
        return late_.empty() ? at : std::max(at, late_.back().due);
    }

    habits habits_;
    u32 period_;
    u64 frames_; // in `unit_ns`
    u64 now_;
    u64 submitted_ = 0;
    u64 taken_ = 0;
    u64 done_ = 0;
    u64 seen_ = 0;
    bool playing_ = false;
    bool frozen_ = false;
    bool dry_ = false;
    u64 span_frame_ = 0;
    u64 span_ns_;
    u64 first_ns_ = never;
    u64 tick_;
    u32 gaps_ = 0;
    u64 random_ = 88172645463325252u;
    std::deque<completion> late_;
};

struct geometry {
    u32 rate_hz = 48000;
    u32 period = 256;
    u32 batch = 1;   // completions an interrupt
    u32 periods = 0; // 0: enough for the device
};

// A driver that keeps the device full, feeds the clock and ticks it.
class session {
  public:
    session(const habits& h, const geometry& g, u64 start_ns = 0)
        : g_(g), periods_(g.periods != 0 ? g.periods : enough(h, g)),
          device_(h, g.rate_hz, g.period, start_ns), now_(start_ns), tick_(start_ns + tick_ns) {
        clock_.set_rate(g.rate_hz);
        device_.submit(u64{periods_} * g.period);
        clock_.start(0, start_ns);
        deliver();
    }

    u64 tick_ns = 10 * ms;
    bool by_clock = false; // periods come back when they were played

    void run_to(u64 to) {
        while (now_ < to) {
            u64 next = std::min({to, std::max(now_ + 1, device_.next_event()), tick_});
            if (by_clock)
                next = std::min(next, greater_than_now(clock_.when(returned_ + g_.period)));
            now_ = std::max(now_, next);
            device_.sync(now_);
            deliver();
            if (now_ >= tick_) {
                clock_.tick(time(), device_.submitted());
                tick_ = now_ + tick_ns;
            }
            if (by_clock) give_back(read().frames);
        }
    }
    // The guest does not run: what completes is seen later.
    void sleep_to(u64 to) {
        while (now_ < to) {
            now_ = std::min(to, std::max(now_ + 1, device_.next_event()));
            device_.sync(now_);
            device_.completed(); // and nobody hears
        }
        deliver();
    }

    // The guest's clock goes on, and nothing else does.
    void leap(u64 ns) { ahead_ns_ += ns; }

    vsnd::clock_reading read() const { return clock_.position(time(), device_.submitted()); }
    u64 truth() const { return device_.played(now_); }
    u64 now() const { return now_; }
    u64 time() const { return now_ + ahead_ns_; } // as the guest sees it
    u64 fed() const { return fed_; }
    device& dev() { return device_; }
    media_clock& clock() { return clock_; }

    static u32 enough(const habits& h, const geometry& g) {
        const u64 tick = h.tick_ns + h.late_ns + (h.stall_is_heard ? 0 : h.stall_ns);
        const u64 frames = h.lead_frames + 2 * tick * g.rate_hz / second;
        return static_cast<u32>(frames / g.period) + g.batch + 4;
    }

  private:
    u64 greater_than_now(u64 at) const { return at > now_ ? at : never; }

    void deliver() {
        const u64 total = device_.completed();
        const u64 fresh = total - fed_;
        const bool low = device_.submitted() - total <= 2 * u64{g_.period};
        if (fresh == 0 || (fresh < u64{g_.batch} * g_.period && !low)) return;
        fed_ = total;
        clock_.completed(total, time());
        if (!by_clock) give_back(total);
    }
    void give_back(u64 frames) {
        const u64 whole = std::min(frames, fed_) / g_.period * g_.period;
        if (whole == returned_) return;
        returned_ = whole;
        device_.submit(returned_ + u64{periods_} * g_.period);
    }

    geometry g_;
    u32 periods_;
    device device_;
    media_clock clock_;
    u64 now_;
    u64 tick_;
    u64 ahead_ns_ = 0;
    u64 fed_ = 0;
    u64 returned_ = 0;
};

} // namespace clock_tests
