#pragma once
// What the kernel's command line asks for: `key=value`, separated by spaces.

#include <vsnd/base/span.hpp>

namespace kernel {

using namespace vsnd;

enum ring_kind : u32 { SPLIT, PACKED };
enum interrupt_kind : u32 { MSIX, INTX, POLLED };
enum test_mode : u32 { PLAY = 1, RECORD = 2, BOTH = 3 };

struct settings {
    u32 mode = PLAY;    // mode=play|record|both
    u32 card = 0;       // which of the machine's sound devices
    u32 stream = 0;     // which of the card's streams of that direction
    u32 period = 1024;  // frames per period
    u32 count = 4;      // periods in the buffer
    u32 rate = 48000;   // frames per second
    u32 channels = 2;   //
    u32 format = 0;     // format=s8|u8|s16|u16|s32|u32|float, as in VIRTIO_SND_PCM_FMT_*
    u32 frames = 96000; // how many are played, recorded, or both
    u32 seed = 1;       // of the noise
    // For the whole machine, so only those before the first `also` count.
    u32 batch = 1; // policy=each, or policy=batched4 (any number): completions per interrupt
    u32 interrupts = MSIX; // interrupts=msix|intx|polled
    u32 ring = SPLIT;      // ring=split|packed
    u32 late_ms = 0;       // interrupts stay off that long, once,
    u32 late_at = 24000;   // after that many frames
};

inline constexpr u32 most_cards = 2;

// Everything that is to happen at the same time. After the word `also` come the settings of another
// part, which differ from the part before in what is said.
struct request {
    static constexpr u32 most_parts = 4;

    settings parts[most_parts];
    u32 part_count = 1;

    span<const settings> all() const { return {parts, part_count}; }
    const settings& machine() const { return parts[0]; }
    u32 card_count() const;
};

// Reads the line. nullptr: all understood, else where the word begins that is not understood.
const char* parse_request(const char* line, request& into);

} // namespace kernel
