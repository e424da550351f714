#pragma once
// The parts of the media clock that its readers and its feeder touch: a line of frames over time,
// in multiplications only, and a short queue of samples.

#include <vsnd/base/atomic.hpp>
#include <vsnd/pcm/division.hpp>

namespace vsnd {

struct clock_point {
    u64 frames = 0;
    u64 ns = 0;
};

// Nanoseconds a frame and frames a nanosecond, in fixed point, for up to 2^19 Hz.
struct clock_rate {
    static constexpr u32 period_bits = 13;
    static constexpr u32 speed_bits = 43;

    u32 period = 0;
    u32 speed = 0;

    // Cut in two, so that no product is longer than 64 bits; signed, for frames of before. What
    // lies thousands of years off wraps round.
    s64 ns_of(s64 frames) const {
        const u64 upper = static_cast<u64>(frames >> 16) * period;
        const u64 lower = static_cast<u64>(frames & 0xffff) * period;
        return static_cast<s64>((upper << (16 - period_bits)) + (lower >> period_bits));
    }
    u64 frames_in(u64 ns) const {
        const u64 upper = (ns >> 32) * speed;
        const u64 lower = (ns & 0xffff'ffff) * speed;
        return (upper + (lower >> 32)) >> (speed_bits - 32);
    }
    static clock_rate of(u32 hz) {
        const quotient64 period = slow_divide(u64{1'000'000'000} << period_bits, hz);
        const quotient64 speed = slow_divide(u64{hz} << speed_bits, 1'000'000'000);
        return {static_cast<u32>(period.quotient), static_cast<u32>(speed.quotient)};
    }
    // With periods longer by `bend` / 2^31, which is below a thousandth: what is lost is below
    // the square of that.
    clock_rate bent(s32 bend) const {
        return {period + scaled(period, bend), speed - scaled(speed, bend)};
    }

  private:
    static u32 scaled(u32 value, s32 bend) { return static_cast<u32>((s64{value} * bend) >> 31); }
};

enum class clock_state : u32 { stopped, running };

// What readers see. Before `begin` the position stands at the beginning's frames; so it waits for
// a line that was bent backwards.
struct clock_line {
    clock_point begin;
    clock_rate rate;
    u32 error_ns = 0;
    clock_state state = clock_state::stopped;

    u64 time_of(u64 frames) const {
        return begin.ns + static_cast<u64>(rate.ns_of(static_cast<s64>(frames - begin.frames)));
    }
    // Not too soon: the rates forth and back differ by less than a millionth.
    u64 due(u64 frames) const {
        const u64 ahead = time_of(frames) - begin.ns;
        return begin.ns + ahead + (ahead >> 20) + 2;
    }
    // Never beyond `limit`, but not below what was told already.
    u64 frames_at(u64 ns, u64 limit) const {
        if (state == clock_state::stopped || static_cast<s64>(ns - begin.ns) <= 0)
            return begin.frames;
        const u64 frames = begin.frames + rate.frames_in(ns - begin.ns);
        return greater(begin.frames, lesser(frames, limit));
    }
    // What was not learned since the line began may be 500 ppm of the time.
    u32 error_at(u64 ns) const {
        if (state == clock_state::stopped) return static_cast<u32>(rate.frames_in(error_ns)) + 2;
        const s64 age = greater(static_cast<s64>(ns - begin.ns), s64{0});
        return static_cast<u32>(rate.frames_in(error_ns + (static_cast<u64>(age) >> 11))) + 2;
    }
};

// Completions on their way from whoever pumps to the tick. One puts, one takes.
class sample_queue {
  public:
    VSND_HOT void put(clock_point sample) {
        const u32 at = put_;
        if (at - load_acquire(&taken_) >= room) return;
        samples_[at % room] = sample;
        store_release(&put_, at + 1); // pairs with the acquire load in take
    }
    bool take(clock_point* sample) {
        const u32 at = taken_;
        if (at == load_acquire(&put_)) return false;
        *sample = samples_[at % room];
        store_release(&taken_, at + 1); // pairs with the acquire load in put
        return true;
    }
    void forget() { store_release(&taken_, load_acquire(&put_)); }

    static constexpr u32 room = 4;

  private:
    clock_point samples_[room];
    u32 put_ = 0;
    u32 taken_ = 0;
};

} // namespace vsnd
