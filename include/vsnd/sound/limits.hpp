#pragma once
// How much a card can hold, and the layout of the memory it shares with the device.

#include <vsnd/base/dma.hpp>
#include <vsnd/wire/sound.hpp>

namespace vsnd {

// The defaults; derive from it and shadow what differs.
struct default_limits {
    static constexpr u32 streams = 8;  // PCM streams that can be used; a device may have more
    static constexpr u32 periods = 32; // per stream, at most
    static constexpr u32 events = 16;  // buffers in the event queue
    static constexpr bool playback = true;
    static constexpr bool capture = true;
    // Less code instead of the fewest instructions: ordinary completions have no short way of their
    // own, and doorbells and interrupts are never shared by several periods.
    static constexpr bool small = false;

    // How long a control request may take: with a clock, and without one in ticks.
    static constexpr u64 control_timeout_ns = 2'000'000'000;
    static constexpr u64 control_timeout_ticks = 50'000'000;
};

// For a kernel that only plays, and counts bytes of code.
struct small_playback_limits : default_limits {
    static constexpr bool capture = false;
    static constexpr bool small = true;
};

// Silent periods of a playback stream that can be with the device at once, besides its data.
inline constexpr u32 silence_chains = 2;

// Items asked for in one information request.
inline constexpr u32 info_batch = 8;

// One control request and its answer. A timed-out request keeps its cell.
struct control_cell {
    u8 request[32];
    wire::snd_hdr response;
    u8 padding[4];
};

// What the card and the device share, apart from rings and audio.
template <class Limits>
struct card_area {
    struct stream_area {
        wire::snd_pcm_xfer header; // the same for every period
        u8 padding[4];
        wire::snd_pcm_status replies[Limits::periods + silence_chains];
    };

    static constexpr u32 control_cells = 2 * Limits::streams + 2;

    control_cell cells[control_cells];
    wire::snd_pcm_info infos[info_batch];
    wire::snd_event events[Limits::events];
    stream_area streams[Limits::streams];
};

// Bytes of coherent memory that card::open wants, aligned to card_alignment.
template <class Limits = default_limits>
constexpr usize card_bytes() {
    return sizeof(card_area<Limits>);
}
inline constexpr usize card_alignment = 64;

} // namespace vsnd
