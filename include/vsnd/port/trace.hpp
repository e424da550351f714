#pragma once
// What the `trace` hook of a port is told (port/hooks.hpp).

#include <vsnd/base/types.hpp>

namespace vsnd {

// Of the card, not of a stream.
inline constexpr u32 card_itself = 0xffffffff;

enum class trace_step : u8 {
    request,  // sent; number: its code, wire::SND_R_*
    answer,   // number: what it means, a status_code
    late,     // the same, of a request that had been given up
    state,    // a stream's; number: the new stream_state
    recovery, // of a stream; number: in_progress when it begins, then how it ended
    failure,  // the card's; number: a status_code
    reset,    // of the card in mid-life; number: why, when it begins, then ok
    suspend,  // the card's; number: in_progress, then how it ended
    resume,   // the same
};

constexpr const char* to_string(trace_step what) {
    switch (what) {
    case trace_step::request: return "request";
    case trace_step::answer: return "answer";
    case trace_step::late: return "late answer";
    case trace_step::state: return "state";
    case trace_step::recovery: return "recovery";
    case trace_step::failure: return "failure";
    case trace_step::reset: return "reset";
    case trace_step::suspend: return "suspend";
    case trace_step::resume: return "resume";
    }
    return "invalid";
}

struct trace_note {
    trace_step what;
    u32 stream; // or card_itself
    u32 number;
};

} // namespace vsnd
