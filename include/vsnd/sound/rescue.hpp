#pragma once
// What a card and its streams keep while the device is reset or suspended under them: plain
// records; nothing at all where the limits leave resets out.

#include <vsnd/sound/lifecycle.hpp>
#include <vsnd/sound/pcm_buffer.hpp>

namespace vsnd {

// How far a reset, a suspend or a resume is. Each tick goes on from here.
enum class rescue_step : u8 {
    none,
    settling,   // nothing is posted any more; who was at it is given time to end
    pausing,    // suspend: the streams are stopped
    suspending, // the port suspends the device
    asleep,     // the device is suspended, or stopped
    resuming,   // the port resumes it
    returning   // it runs again, and its streams come back
};

// Three times in ten seconds; then it is left alone.
struct rescue_limit {
    static constexpr u32 most = 3;
    u32 count = 0;
    u64 since = 0;

    bool allows(u64 now, u64 window) {
        if (count == 0 || now - since > window) {
            since = now;
            count = 0;
        }
        if (count == most) return false;
        ++count;
        return true;
    }
};

// Of a card.
template <class Limits, bool Any = Limits::resets>
struct card_rescue {
    rescue_step step = rescue_step::none;
    bool claimed = false; // every pump is, until the device runs again
    bool removed = false; // says the kernel: the device is not touched any more
    bool waking = false;  // resume was called
    bool cold = false;    // suspended by a reset: the device is set up anew to resume
    bool late = false;    // this tick is: deadlines passed while nobody could look
    status_code cause = status_code::ok; // of that
    bool owed[Limits::events]{};         // event buffers that came back while nothing may be posted
    u64 due = 0;                         // of the step
    u64 features = 0;                    // that were settled at open
    rescue_limit limit;
};
template <class Limits>
struct card_rescue<Limits, false> {};

// Of a stream.
template <bool Any>
struct stream_rescue {
    stream_state as = stream_state::released; // what it comes back as
    bool unasked = false;                     // the operation is nobody's: nobody waits for it
    bool parked = false;                      // stopped for a suspend
    bool emptied = false;                     // what was queued is thrown away
    bool rung = false;                        // once more, while the device was silent
    bool forgiven = false;                    // the present deadline was put off once
};
template <>
struct stream_rescue<false> {};

} // namespace vsnd
