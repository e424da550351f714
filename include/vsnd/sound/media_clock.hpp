#pragma once
// What a stream has really played, between completions and beyond them. A completion means that
// the device took a period; devices take periods early, in bursts and late. The clock is a line,
// frames over time, that begins at START and follows the device's rate; sound/clock_filter.hpp
// bends it. Integers only.

#include <vsnd/sound/clock_filter.hpp>
#include <vsnd/sound/clock_latch.hpp>

namespace vsnd {

struct clock_reading {
    u64 frames = 0;       // played; never less than before, never more than was submitted
    u64 time_ns = 0;      // the port's time that belongs to it
    u32 error_frames = 0; // the truth is no further away, as long as the device plays on
};

// Three parties, each of which may interrupt the others or run beside them: who completes periods
// (completed), the card (set_rate, start, stop, tick, one at a time), and any reader (the rest).
class media_clock {
  public:
    static constexpr u64 never = ~u64{0};

    // New parameters: everything begins at frame 0, stopped. Context: the card's.
    void set_rate(u32 rate_hz) {
        filter_.set_rate(rate_hz);
        shown_.store({});
    }

    // What the device may keep ahead; `sure`, completions that fit it come from it. Context: the
    // card's.
    void set_device(const device_buffer& b, u32 period_frames, bool sure) {
        filter_.set_device(b, period_frames, sure);
    }

    // START is sent; the device begins with frame `position_frames`. After a pause in which it kept
    // what it had, that is where the position stopped, or what it completed if that is more;
    // otherwise what it completed. The position never goes back. Context: the card's.
    void start(u64 position_frames, u64 now_ns) {
        samples_.forget();
        filter_.start({position_frames, now_ns});
        shown_.store(filter_.line_from(greater(position_frames, shown_.load().begin.frames)));
    }

    // The stream stops, pauses or has lost its device: the position stands still from now on.
    // Context: the card's.
    void stop(u64 now_ns, u64 submitted_frames) {
        clock_line line = shown_.load();
        line.begin.frames = line.frames_at(now_ns, submitted_frames);
        line.state = clock_state::stopped;
        shown_.store(line);
    }

    // A batch of completions was handled; `total_frames` were completed since the parameters were
    // set. What tick does not fetch in time is dropped. Context: the pumper's.
    VSND_HOT void completed(u64 total_frames, u64 now_ns) { samples_.put({total_frames, now_ns}); }

    // Learns from what was completed. Every 10 ms shows the device's rhythm soonest; up to a second
    // will do. Context: the card's.
    void tick(u64 now_ns, u64 submitted_frames) {
        const clock_line old = shown_.load();
        if (old.state == clock_state::stopped) return;
        clock_point sample;
        u32 count = 0;
        for (; samples_.take(&sample); ++count)
            filter_.learn(sample);
        crowded_ = count >= sample_queue::room;
        // No reading may fall behind what the old line has told, or tells others just now.
        const u64 soon = now_ns + racing_ns;
        const u64 told = old.frames_at(soon, submitted_frames);
        if (told < old.frames_at(soon, never)) filter_.starved({told, soon});
        shown_.store(filter_.line_from(told));
    }

    // Context: any.
    clock_reading position(u64 now_ns, u64 submitted_frames) const {
        const clock_line line = shown_.load();
        return {line.frames_at(now_ns, submitted_frames), now_ns, line.error_at(now_ns)};
    }

    bool running() const { return shown_.load().state == clock_state::running; }
    // What has been told at least; while stopped, the position. Context: any.
    u64 told() const { return shown_.load().begin.frames; }

    // When to tick again at the latest. Context: the card's.
    u64 tick_ns() const { return filter_.settled() && !crowded_ ? 50'000'000 : 10'000'000; }

    // When the position reaches `frames`, as far as is known now: 0, it has; never, it is stopped.
    // Context: any.
    u64 when(u64 frames) const {
        const clock_line line = shown_.load();
        if (frames <= line.begin.frames) return 0;
        return line.state == clock_state::stopped ? never : line.due(frames);
    }

  private:
    static constexpr u64 racing_ns = 10'000; // a tick takes less

    sample_queue samples_;
    clock_filter filter_;
    bool crowded_ = false; // there was no room for all samples
    clock_latch<clock_line> shown_;
};

} // namespace vsnd
