#pragma once
// The streams of one direction in step, for a layer above that has one rate, one period and one
// exchange for all of them: in each exchange the user gives back a period of each stream and gets
// the next. The streams are started when they are wanted, released when they are not, and brought
// back when they are lost; meanwhile there is no news, and what was told last stays as it was.
//
//     group.add(stream); ...; group.at(i).set_up(params, memory);
//     group.begin(true);
//     while (!group.step(now) && in time) { pump, tick, wait }
//     // group.buffer(), frames(), time_ns()
//
// Context: as the operations of a stream; one caller at a time. Times are the port's clock.

#include <vsnd/sound/stream_keeper.hpp>

namespace vsnd {

template <class Stream, u32 Most>
class stream_group {
  public:
    // Legal while it is idle; at most `Most` streams, all of one direction.
    void add(Stream& s) { streams_[count_++].init(s); }
    u32 count() const { return count_; }
    stream_keeper<Stream>& at(u32 i) { return streams_[i]; }
    const stream_keeper<Stream>& at(u32 i) const { return streams_[i]; }

    // An exchange begins: the user is done with his periods. `wanted`: he wants more of them.
    // Streams that are idle begin anew then.
    void begin(bool wanted) {
        wanted_ = wanted;
        if (phase_ == phase::idle && wanted) phase_ = phase::releasing;
        for (stream_keeper<Stream>& s : streams())
            s.give_back();
    }

    // The streams are released by the steps that follow, until the group is idle.
    void stop() {
        wanted_ = false;
        if (phase_ == phase::running) phase_ = phase::releasing;
    }
    // Released; or a device that keeps the periods of a stream does not let it be.
    bool idle() const { return phase_ == phase::idle; }

    // Goes on. True: each stream has a period for the user, and what follows tells of it.
    bool step(u64 now) {
        if (phase_ == phase::releasing) release(now);
        if (phase_ != phase::running) return false;
        bool ready = true;
        for (stream_keeper<Stream>& s : streams()) {
            ready = s.step(now) && ready;
            if (!s.lost()) continue;
            phase_ = phase::releasing;
            return false;
        }
        if (ready) tell();
        return ready;
    }

    // --- What the last exchange told. ---

    // Whether the user has had a period since the streams began, and which one he has, or had
    // last: the one that was played before, or is recorded now.
    bool started() const { return started_; }
    u32 buffer() const { return buffer_; }
    // Played or recorded, since the group was made; it does not begin anew with the streams.
    u64 frames() const { return frames_; }
    // When that was, by the media clock, and not when the exchange looked; it rises by a
    // microsecond at least. 0: with the first period of playback nothing was played yet.
    u64 time_ns() const { return time_ns_; }

  private:
    enum class phase : u8 { idle, releasing, running };

    span<stream_keeper<Stream>> streams() { return {streams_, count_}; }

    void release(u64 now) {
        bool all = true;
        for (stream_keeper<Stream>& s : streams()) {
            all = s.release(now) && all;
            if (s.stuck()) phase_ = phase::idle;
        }
        if (!all) return;
        started_ = false;
        before_ += done_;
        done_ = 0;
        phase_ = wanted_ ? phase::running : phase::idle;
    }

    void tell() {
        for (stream_keeper<Stream>& s : streams())
            buffer_ = s.hand_over();
        const Stream& first = streams_[0].stream();
        const pcm_params& p = streams_[0].params();
        const bool nothing_yet = first.playback() && !started_;
        started_ = true;
        time_ns_ = 0;
        if (nothing_yet) return;
        done_ += p.period_frames;
        const clock_reading reading = first.position();
        const u64 late = reading.frames - lesser(reading.frames, done_);
        const u64 then = reading.time_ns - ns_of_frames(late, p.rate_hz);
        last_ns_ = time_ns_ = greater(then, last_ns_ + 1000);
        frames_ = before_ + done_;
    }

    u32 count_ = 0;
    u32 buffer_ = 0;
    phase phase_ = phase::idle;
    bool wanted_ = false;
    bool started_ = false;
    u64 before_ = 0; // frames of the runs before this one
    u64 done_ = 0;   // and of this one
    u64 frames_ = 0;
    u64 time_ns_ = 0;
    u64 last_ns_ = 0;
    stream_keeper<Stream> streams_[Most]{};
};

} // namespace vsnd
