#pragma once
// The life of a PCM stream as tables: which command the specification allows when, and which
// command leads from where a stream is to where it shall be.
// Spec: [virtio 1.4] Sound Device / PCM Command Lifecycle

#include <vsnd/base/types.hpp>
#include <vsnd/wire/sound.hpp>

namespace vsnd {

// What the device has been told and has acknowledged.
enum class stream_state : u8 {
    released,   // nothing set; also: never used
    params_set, // SET_PARAMS answered
    prepared,   // PREPARE answered: may be filled
    running,    // START answered
    stopped,    // STOP answered: the device keeps what it was given
    unknown     // a request timed out, it may still take effect: only release or close
};
inline constexpr u32 stream_states = 6;

// Where an operation leads. The states that a caller can ask for.
using stream_goal = stream_state;

// The low bytes of the request codes.
enum class stream_command : u8 {
    none = 0,
    set_params = wire::SND_R_PCM_SET_PARAMS & 0xff,
    prepare = wire::SND_R_PCM_PREPARE & 0xff,
    release = wire::SND_R_PCM_RELEASE & 0xff,
    start = wire::SND_R_PCM_START & 0xff,
    stop = wire::SND_R_PCM_STOP & 0xff,
    forbidden = 0xff
};

constexpr const char* to_string(stream_state s) {
    switch (s) {
    case stream_state::released: return "released";
    case stream_state::params_set: return "params set";
    case stream_state::prepared: return "prepared";
    case stream_state::running: return "running";
    case stream_state::stopped: return "stopped";
    case stream_state::unknown: return "unknown";
    }
    return "invalid";
}

constexpr const char* to_string(stream_command c) {
    switch (c) {
    case stream_command::none: return "none";
    case stream_command::set_params: return "set params";
    case stream_command::prepare: return "prepare";
    case stream_command::start: return "start";
    case stream_command::stop: return "stop";
    case stream_command::release: return "release";
    case stream_command::forbidden: return "forbidden";
    }
    return "invalid";
}

// The request code of a command that can be sent.
constexpr u32 request_code(stream_command c) {
    return (wire::SND_R_PCM_INFO & ~0xffu) | static_cast<u32>(c);
}
static_assert(request_code(stream_command::stop) == wire::SND_R_PCM_STOP);

// Whether the specification lets a driver send `c` to a stream in state `s`. RELEASE is the one
// command that also helps a stream whose state is unknown.
constexpr bool command_allowed(stream_state s, stream_command c) {
    using enum stream_state;
    switch (c) {
    case stream_command::set_params: return s == released || s == params_set;
    case stream_command::prepare: return s == params_set;
    case stream_command::start: return s == prepared || s == stopped;
    case stream_command::stop: return s == running;
    case stream_command::release: return s == prepared || s == stopped || s == unknown;
    case stream_command::none: return true;
    case stream_command::forbidden: break;
    }
    return false;
}

// The state after the device acknowledged a command.
constexpr stream_state state_after(stream_command c) {
    switch (c) {
    case stream_command::set_params: return stream_state::params_set;
    case stream_command::prepare: return stream_state::prepared;
    case stream_command::start: return stream_state::running;
    case stream_command::stop: return stream_state::stopped;
    case stream_command::release:
    case stream_command::none:
    case stream_command::forbidden: break;
    }
    return stream_state::released;
}

namespace detail {

using enum stream_command;

// Row: where the stream is; column: the goal.
inline constexpr stream_command next_commands[stream_states][stream_states] = {
    // released params_set prepared  running    stopped    unknown
    {none, forbidden, set_params, forbidden, forbidden, forbidden},   // released
    {none, forbidden, prepare, forbidden, forbidden, forbidden},      // params_set
    {release, forbidden, none, start, none, forbidden},               // prepared
    {stop, forbidden, stop, none, stop, forbidden},                   // running
    {release, forbidden, release, start, none, forbidden},            // stopped
    {release, forbidden, forbidden, forbidden, forbidden, forbidden}, // unknown
};

} // namespace detail

// The next command on the way from `at` to `goal`. A stream whose parameters are set but which was
// never prepared holds nothing at the device: it is released by forgetting it.
constexpr stream_command next_command(stream_state at, stream_goal goal) {
    return detail::next_commands[static_cast<u32>(at)][static_cast<u32>(goal)];
}

namespace detail {

// Every row of the table sends only what the specification allows, and arrives.
constexpr bool lifecycle_is_sound() {
    for (u32 from = 0; from < stream_states; ++from) {
        for (u32 to = 0; to < stream_states; ++to) {
            auto at = static_cast<stream_state>(from);
            u32 steps = 0;
            for (;; ++steps) {
                const stream_command c = next_command(at, static_cast<stream_goal>(to));
                if (c == stream_command::none || c == stream_command::forbidden) break;
                if (!command_allowed(at, c) || steps > 4) return false;
                at = state_after(c);
            }
        }
    }
    return true;
}

} // namespace detail

static_assert(detail::lifecycle_is_sound());
static_assert(!command_allowed(stream_state::running, stream_command::release));
static_assert(!command_allowed(stream_state::running, stream_command::set_params));
static_assert(!command_allowed(stream_state::stopped, stream_command::prepare));
static_assert(!command_allowed(stream_state::prepared, stream_command::set_params));
static_assert(!command_allowed(stream_state::released, stream_command::release));
static_assert(!command_allowed(stream_state::unknown, stream_command::start));
static_assert(next_command(stream_state::released, stream_goal::running) ==
              stream_command::forbidden);

} // namespace vsnd
