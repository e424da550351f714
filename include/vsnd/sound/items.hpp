#pragma once
// What a card keeps of its jacks, channel maps and control elements: plain records, sized by the
// limits; nothing at all where the limits leave a kind out.

#include <vsnd/sound/channel_map.hpp>
#include <vsnd/sound/element_layout.hpp>
#include <vsnd/sound/jack.hpp>
#include <vsnd/sound/limits.hpp>

namespace vsnd {

struct item_counters {
    u32 refused_queries = 0; // the device was asked about items, and did not tell
    u32 malformed = 0;       // descriptions with something undefined in them
};

// One operation on items at a time.
struct item_task {
    status_code outcome_ = status_code::ok;
    bool pending_ = false; // one is under way, or its answer is being taken
    bool taken_ = false;   // a blocking call takes the answer before the next one may begin
    bool kept_ = false;    // one was given up, and the device still has its memory
    u64 deadline_ = 0;
};

// The kinds in the order in which the device is asked about them.
enum class item_kind : u8 { jacks, channel_maps, elements, none };

// How far discovery is.
template <bool Any>
struct item_progress {
    item_kind kind = item_kind::none;
    bool probing = false; // whether the device is alive, after a question that it left unanswered
    item_counters counters;
};
template <>
struct item_progress<false> {};

// What an event that came before the jack's description said of it.
enum class heard_state : u8 { nothing, disconnected, connected };

template <u32 Room>
struct jack_desk {
    u32 in_device = 0;
    u32 count = 0;
    u32 remapped = 0; // the jack of the remap request, and what it asks for
    u8 association = 0;
    u8 sequence = 0;
    item_task task;
    heard_state heard[Room]{};
    jack_info all[Room]{};
};
template <>
struct jack_desk<0> {};

template <u32 Room>
struct channel_map_desk {
    u32 in_device = 0;
    u32 count = 0;
    channel_map all[Room]{};
};
template <>
struct channel_map_desk<0> {};

template <class Limits, bool Any = Limits::elements != 0>
struct element_desk {
    u32 in_device = 0;
    u32 count = 0;
    u32 item_bytes = 0; // asked for, of one element
    u32 id = 0;         // of the operation, and what it is
    u32 code = 0;
    u32 expected = 0; // bytes of its answer
    u32 answered = 0; // bytes of the last answer
    element_layout layout;
    item_task task;
    element_info all[Limits::elements]{};
    u8 answer[Limits::element_answer_bytes]{}; // out of the device's reach
};
template <class Limits>
struct element_desk<Limits, false> {};

} // namespace vsnd
