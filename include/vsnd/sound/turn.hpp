#pragma once
// Whose turn it is: plain records of a card and its streams, for the functions of card_turn.hpp.
// Nothing at all in a small driver.

#include <vsnd/sound/lifecycle.hpp>
#include <vsnd/sound/params.hpp>

namespace vsnd {

// Of a card: whether somebody is at it, and what others left for him. With the control queue's lock
// held.
template <bool Kept>
struct card_turn {
    // Marks: a bit for each queue, and
    static constexpr u32 operations = 1 << 4;
    static constexpr u32 configuration = 1 << 5;
    static constexpr u32 removal = 1 << 6;
    static constexpr u32 suspension = 1 << 7;
    static constexpr u32 resumption = 1 << 8;

    bool taken = false;
    bool telling = false; // the handler, outside of any pump
    u32 owner = 0;        // where the port can tell
    u32 marks = 0;

    bool take(u32 more, u32 context) {
        marks |= more;
        if (taken) return false;
        owner = context;
        return taken = true;
    }
    // What is to be done now. Nothing: the turn is given up.
    u32 next() {
        const u32 now = marks;
        marks = 0;
        taken = now != 0;
        return now;
    }
};
template <>
struct card_turn<false> {
    static constexpr u32 operations = 0, configuration = 0, removal = 0;
};

// An operation of a stream, called for and not yet carried out.
enum class stream_task : u8 {
    none,
    called, // and not ready yet
    go,     // to where the goal says
    prepare,
    drop,
    release,
    drain,
    recover
};

// Of a stream. The first three with the control queue's lock held.
template <bool Kept>
struct stream_request {
    bool busy = false; // from the call of an operation to its end
    stream_task task = stream_task::none;
    stream_state goal = stream_state::released;
    pcm_params params; // of prepare
    stream_memory memory;
};
template <>
struct stream_request<false> {};

// What goes on when all that came back by now has been seen.
enum class sequel : u8 { none, stopped, recovery };

} // namespace vsnd
