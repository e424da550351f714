#pragma once
// How much a card can hold, and the layout of the memory it shares with the device.

#include <vsnd/base/dma.hpp>
#include <vsnd/wire/sound_controls.hpp>

namespace vsnd {

// The defaults; derive from it and shadow what differs.
struct default_limits {
    static constexpr u32 streams = 8;  // PCM streams that can be used; a device may have more
    static constexpr u32 periods = 32; // per stream, at most
    static constexpr u32 events = 16;  // buffers in the event queue
    // Items besides the streams that can be used; a device may have more. 0 leaves them out, with
    // their code and memory.
    static constexpr u32 jacks = 8;
    static constexpr u32 channel_maps = 16;
    static constexpr u32 elements = 32; // control elements
    // Memory for one request about a control element and for the answer to it, multiples of 8. They
    // bound the metadata that can be written and read, and the names of enumerated items.
    static constexpr u32 element_request_bytes = 528;
    static constexpr u32 element_answer_bytes = 3072;
    static constexpr bool playback = true;
    static constexpr bool capture = true;
    // Less code instead of the fewest instructions, for playback and nothing else: capture, clock,
    // resets and items must be left out. Ordinary completions have no short way of their own,
    // doorbells and interrupts are never shared by several periods, and there is no `write`:
    // periods are filled in place.
    static constexpr bool small = false;
    // Streams keep a media clock: position() between completions, and pacing by it. It wants the
    // port's clock, read once for each batch of completions.
    static constexpr bool clock = true;
    // A card that fails resets its device and brings its streams back by itself, and can be
    // suspended. Without it a failure lasts until close and open.
    static constexpr bool resets = true;

    // How long a control request may take: with a clock, and without one in ticks.
    static constexpr u64 control_timeout_ns = 2'000'000'000;
    static constexpr u64 control_timeout_ticks = 50'000'000;
};

// For a kernel that only plays, and counts bytes of code.
struct small_playback_limits : default_limits {
    static constexpr bool capture = false;
    static constexpr bool small = true;
    static constexpr bool clock = false;
    static constexpr bool resets = false;
    static constexpr u32 jacks = 0;
    static constexpr u32 channel_maps = 0;
    static constexpr u32 elements = 0;
};

// Whether a card knows of any items but streams.
template <class Limits>
inline constexpr bool has_items =
    Limits::jacks != 0 || Limits::channel_maps != 0 || Limits::elements != 0;

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

// A piece of shared memory; nothing at all where it has no bytes. Each piece is another type.
template <u32 Bytes, u32 Which>
struct shared_bytes {
    alignas(8) u8 at[Bytes];
};
template <u32 Which>
struct shared_bytes<0, Which> {};

// Where requests about items and their answers lie. Each kind has memory of its own: the device may
// still write an answer that was given up.
template <class Limits>
struct item_area {
    static constexpr bool elements_too = Limits::elements != 0;
    static constexpr u32 jack_bytes =
        lesser(Limits::jacks, info_batch) * u32{sizeof(wire::snd_jack_info)};
    static constexpr u32 map_bytes =
        lesser(Limits::channel_maps, info_batch) * u32{sizeof(wire::snd_chmap_info)};
    static constexpr u32 request_bytes = elements_too ? Limits::element_request_bytes : 0;
    static constexpr u32 answer_bytes = elements_too ? Limits::element_answer_bytes : 0;
    static_assert(request_bytes % 8 == 0 && answer_bytes % 8 == 0);
    static_assert(!elements_too ||
                  request_bytes >= sizeof(wire::snd_ctl_hdr) + sizeof(wire::snd_ctl_value));
    static_assert(!elements_too || answer_bytes >= sizeof(wire::snd_ctl_value));

    [[no_unique_address]] shared_bytes<jack_bytes, 0> jacks;
    [[no_unique_address]] shared_bytes<map_bytes, 1> channel_maps;
    [[no_unique_address]] shared_bytes<request_bytes, 2> element_request;
    [[no_unique_address]] shared_bytes<answer_bytes, 3> element_answer;
};

// What the card and the device share, apart from rings and audio.
template <class Limits>
struct card_area {
    struct stream_area {
        wire::snd_pcm_xfer header; // the same for every period
        u8 padding[4];
        wire::snd_pcm_status replies[Limits::periods + silence_chains];
    };

    // One request of each stream and each desk, and one of each that was given up.
    static constexpr u32 control_cells =
        2 * Limits::streams + 2 + (Limits::jacks != 0 ? 2 : 0) + (Limits::elements != 0 ? 2 : 0);

    control_cell cells[control_cells];
    wire::snd_pcm_info infos[info_batch];
    wire::snd_event events[Limits::events];
    stream_area streams[Limits::streams];
    [[no_unique_address]] item_area<Limits> items;
};

// Bytes of coherent memory that card::open wants, aligned to card_alignment.
template <class Limits = default_limits>
constexpr usize card_bytes() {
    return sizeof(card_area<Limits>);
}
inline constexpr usize card_alignment = 64;

} // namespace vsnd
