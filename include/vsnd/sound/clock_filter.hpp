#pragma once
// How the media clock learns. Each completion is held against the line: `early` is by how many
// nanoseconds it came before the line reaches its frames. Completions come late for many reasons
// and early for none, so the earliest of a window counts; the others say how rough the device is.
//
// - A device that completes what was played: nothing may be early. What is, moves the line at
//   once; a whole window that is late moves it back.
// - A device that runs ahead fills a buffer of its own, in bursts perhaps. Its completions tell
//   the rate; where it stands is told by how it began.

#include <vsnd/sound/clock_line.hpp>

namespace vsnd {

// What a device keeps ahead of its converter, and how often it looks for more.
struct device_buffer {
    u32 frames = 1024;
    u32 tick_ns = 10'000'000;

    // Both, in frames.
    u32 frames_at(u32 rate_hz) const {
        return frames + static_cast<u32>(short_quotient(u64{rate_hz} * tick_ns, 1'000'000'000));
    }
};

class clock_filter {
  public:
    void set_rate(u32 rate_hz) {
        nominal_ = clock_rate::of(rate_hz);
        bend_ = 0;
    }

    // What the device may have, of its own; `sure`, it has.
    void set_device(const device_buffer& b, u32 period_frames, bool sure) {
        device_ = b;
        period_ = period_frames;
        sure_ = sure;
    }

    void start(clock_point begin) {
        line_ = {begin, nominal_.bent(bend_), 0, clock_state::running};
        started_ = begin;
        last_frames_ = begin.frames;
        heard_ = 0;
        ahead_ = lost_ = as_told_ = false;
        learning_ = true;
        lead_ = rough_ = noise_ = wait_ns_ = 0;
        error_ns_ = outlier_ns;
        closed_ns_ = begin.ns;
        open_window();
    }

    // The device ran dry, or time leapt: the line waits at this point, and the next window says
    // where the device really is.
    void starved(clock_point at) {
        line_.begin = at;
        lost_ = true;
        open_window();
    }

    // The line, told from these frames on.
    const clock_line& line_from(u64 frames) {
        line_.begin = {frames, line_.time_of(frames)};
        const s64 age = static_cast<s64>(line_.begin.ns - closed_ns_) >> 11;
        const s32 unknown = static_cast<s32>(greater(lesser(age, s64{limit_ns}), s64{0}));
        line_.error_ns = static_cast<u32>(error_ns_ + unknown);
        return line_;
    }

    void learn(clock_point sample) {
        if (static_cast<s64>(sample.ns - started_.ns) < 0) return; // of before the start
        const u64 since = sample.ns - started_.ns;
        s32 early = early_of(sample);
        // More than drift explains.
        if (!ahead_ && learning_ &&
            moved_ + early > margin_ns + static_cast<s32>(lesser(since >> 11, u64{limit_ns})))
            runs_ahead();
        if (heard_ < 2)
            begin(sample, early_of(sample));
        else if (ahead_ && learning_ && !as_told_ && wait_ns_ > margin_ns)
            find_tick(sample, early_of(sample));
        last_frames_ = sample.frames;
        early = early_of(sample);
        if (!ahead_ && early > 0) {
            shift(-early);
            moved_ = lesser(moved_ + early, limit_ns);
            early = 0;
        }
        last_ = early;
        if (!ahead_ || heard_ == 2) gather(sample.ns, early); // the first part may be less than all
    }

    // Whether its first look at the device is over, and nothing happened since.
    bool settled() const { return !learning_ && !lost_; }

  private:
    static constexpr s32 limit_ns = 1 << 29;
    static constexpr s32 outlier_ns = 30'000'000;      // beyond any rhythm: something stood still
    static constexpr s32 longest_tick_ns = 25'000'000; // of a device that works in bursts
    static constexpr s32 latest_ns = 10'000'000;       // and still believed to have begun at START
    static constexpr s32 usual_tick_ns = 10'000'000;
    static constexpr u32 most_ticks = 200;
    static constexpr s32 grid_ns = 150'000;
    static constexpr s32 margin_ns = 250'000;
    static constexpr s32 greatest_bend = 859'000; // 400 ppm, of 2^31
    static constexpr s32 slack_ns = 500'000;      // a window is long enough when it leaves less
    static constexpr u32 shortest_window = 24; // log2, in units of 16 ns: 268 ms; twice that four
    static constexpr u32 longest_window = 28;  // times over, and then it must do

    static bool beyond(s32 value, s32 bound) { return value > bound || value < -bound; }

    s32 early_of(clock_point sample) const {
        const s64 early = static_cast<s64>(line_.time_of(sample.frames) - sample.ns);
        return static_cast<s32>(greater(lesser(early, s64{limit_ns}), -s64{limit_ns}));
    }

    void shift(s32 later_ns) {
        line_.begin.ns += static_cast<u64>(s64{later_ns});
        last_ += later_ns;
        best_ += later_ns;
        worst_ += later_ns;
    }

    void open_window() {
        count_ = outliers_ = 0;
        moved_ = 0;
        window_ = shortest_window;
    }

    static bool on_grid(s32 ns) {
        while (ns > usual_tick_ns / 2)
            ns -= usual_tick_ns;
        return !beyond(ns, grid_ns);
    }

    // Whether a device that fills this buffer at its ticks would have completed so much just now.
    bool fits_device(clock_point sample) const {
        if (device_.tick_ns <= 2 * u32{margin_ns}) return false;
        const u64 waited = sample.ns - started_.ns + margin_ns;
        u64 ticks_ns = 0; // those behind the first
        for (u32 i = 0; ticks_ns + 2 * u64{device_.tick_ns} <= waited; ++i) {
            if (i == most_ticks) return false;
            ticks_ns += device_.tick_ns;
        }
        if (waited < device_.tick_ns || waited - ticks_ns - device_.tick_ns > 2 * u64{margin_ns})
            return false;
        const u64 taken = device_.frames + nominal_.frames_in(ticks_ns);
        const u64 frames = sample.frames - started_.frames;
        return frames <= taken + 1 && frames + period_ > taken;
    }

    // The first two completions.
    void begin(clock_point sample, s32 early) {
        const s32 ns = static_cast<s32>(lesser(sample.ns - started_.ns, u64{0x7fff'ffff}));
        const u32 part = static_cast<u32>(sample.frames - last_frames_);
        if (heard_++ == 0) {
            first_part_ = part;
            wait_ns_ = ns;
            as_told_ = fits_device(sample);
            if (ahead_ || (as_told_ && sure_)) runs_ahead();
            return;
        }
        if (as_told_ && ahead_) return;
        const s32 step = early - last_;
        part_ = ~u32{0}; // the first part is more than what a tick completes, and this one less
        const bool grid = on_grid(wait_ns_) && on_grid(ns - wait_ns_);
        if (beyond(step, margin_ns) || part < first_part_ || grid) return;
        shift(-rough_);
        rough_ = 0;
    }

    // Nobody completes what was not played, but who has a buffer of his own. When did the sound
    // begin? A device that works in bursts begins at its first tick, with all of its buffer; its
    // ticks are whole hundredths of a second, as a rule. Another one took a first part at START:
    // then the second wait fits the second part exactly, and is no shorter than the first.
    void runs_ahead() {
        ahead_ = true;
        if (heard_ != 0) guess_tick();
    }
    void guess_tick() {
        rough_ = as_told_                                          ? static_cast<s32>(device_.tick_ns)
                 : wait_ns_ > usual_tick_ns && on_grid(wait_ns_) ? usual_tick_ns
                 : wait_ns_ < longest_tick_ns                  ? wait_ns_
                                                               : 0;
        shift(rough_);
    }

    // Waits for the same number of frames that differ: they are whole ticks, and differ by one.
    // The first part was taken at the first tick, not at START.
    void find_tick(clock_point sample, s32 early) {
        const s32 step = early - last_;
        const u32 part = static_cast<u32>(sample.frames - last_frames_);
        if (part > part_ || beyond(step, outlier_ns)) return;
        if (part < part_) least_step_ = most_step_ = step;
        part_ = part;
        least_step_ = lesser(least_step_, step);
        most_step_ = greater(most_step_, step);
        const s32 tick = most_step_ - least_step_;
        if (tick <= margin_ns || tick > longest_tick_ns) return;
        shift(tick - rough_);
        rough_ = tick;
    }

    void gather(u64 ns, s32 early) {
        if (count_ == 0 || early > best_ + outlier_ns) {
            opened_ns_ = ns;
            best_ = worst_ = early;
            count_ = 1;
            return;
        }
        if (early < best_ - outlier_ns) {
            if (++outliers_ < 3) return; // the end of a stall
            open_window();               // it was heard
            lost_ = true;
            return;
        }
        outliers_ = 0;
        best_ = greater(best_, early);
        worst_ = lesser(worst_, early);
        ++count_;
        const u32 span = static_cast<u32>(lesser((ns - opened_ns_) >> 4, u64{0x7fff'ffff}));
        // What drift alone explains is no noise.
        const s32 spread = lesser(greater(best_ - worst_, noise_ >> 1), limit_ns >> 1);
        const bool quiet = static_cast<u32>(spread) <= span >> 8;
        if (!quiet && !lost_) window_ = greater(window_, shortest_window + 2);
        if (span >> window_ == 0 || count_ < (quiet ? 2 : 4)) return;
        u32 bits = window_;
        while (span >> bits != 0)
            ++bits;
        // The earliest of n is late by a few n-th parts of the spread at most.
        s32 slack = quiet ? 0 : spread * 4;
        for (u32 n = lesser(count_, u32{128}); n > 1; n >>= 1)
            slack >>= 1;
        if (slack > slack_ns && bits <= longest_window) {
            window_ = bits;
            return;
        }
        noise_ = spread;
        close(slack, bits);
        closed_ns_ = ns;
    }

    // When it began to play may be a tick off; so may a device that might be another kind.
    s32 unsure() const {
        if (as_told_) return sure_ || ahead_ ? 0 : static_cast<s32>(device_.tick_ns);
        return ahead_ ? rough_ : 0;
    }

    void close(s32 slack, u32 bits) {
        // A device that completes what was played may do so late, all the time.
        if (learning_) lead_ = ahead_ ? best_ : greater(best_, -latest_ns);
        s32 off = best_ - lead_;
        off = off > slack ? off - slack : off < -slack ? off + slack : 0;
        const s32 bound = 1 << (bits - 6); // some 1000 ppm: more is no drift
        const bool leap = learning_ || lost_ || beyond(off + moved_, bound);
        if (!lost_ && !learning_) {
            // It was never as punctual as now.
            if (!ahead_ && off > bound) {
                lead_ += off;
                off = 0;
            }
            // The rhythm of bursts against periods may look like a slow device for seconds.
            if (off > -outlier_ns) off = greater(off, -bound);
        }
        shift(-off);
        if (!leap) {
            const s32 bend = bend_ - ((off + moved_) * 4 >> (bits - 24));
            bend_ = greater(lesser(bend, greatest_bend), -greatest_bend);
            line_.rate = nominal_.bent(bend_);
        }
        error_ns_ = slack + 2 * margin_ns + unsure();
        learning_ = lost_ = false;
        open_window();
    }

    clock_rate nominal_;
    s32 bend_ = 0; // by which the device's periods are longer than they should be, of 2^31
    clock_line line_;
    clock_point started_;
    u32 heard_ = 0;       // completions since the start, up to 2
    u64 last_frames_ = 0; // completed by the last of them
    u32 first_part_ = 0;  // completed by the first
    u32 part_ = 0;        // the least at once, later
    s32 wait_ns_ = 0;     // for the first
    s32 rough_ = 0;       // the length of a tick, as far as it is known
    s32 least_step_ = 0;  // by how much `early` changed at once
    s32 most_step_ = 0;
    s32 lead_ = 0; // how early the earliest are
    s32 last_ = 0;
    s32 noise_ = 0; // how late completions may be, after the earliest
    s32 error_ns_ = 0;
    u64 closed_ns_ = 0;
    device_buffer device_;
    u32 period_ = 0;
    bool sure_ = false;
    bool as_told_ = false; // the first completion came as from that buffer
    bool ahead_ = false;
    bool learning_ = false; // in the first window
    bool lost_ = false;

    // The window.
    u64 opened_ns_ = 0;
    u32 count_ = 0;
    u32 outliers_ = 0;
    u32 window_ = 0;
    s32 best_ = 0;
    s32 worst_ = 0;
    s32 moved_ = 0; // by how much the line went forward at once
};

} // namespace vsnd
