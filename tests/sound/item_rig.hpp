#pragma once
// What the tests of jacks, channel maps and control elements share: a handler that remembers what
// it was told, limits, and ways to ask what the device has heard.

#include <string>
#include <vector>

#include <support/sound_rig.hpp>

namespace item_tests {

using namespace vsnd;
using support::bytes;
using support::rig;
using kind = model::request_fault::kind;
namespace place = model::default_element;

struct listener {
    std::vector<std::string>* told = nullptr;

    template <class Stream>
    void period_elapsed(Stream& s) {
        told->push_back("period " + std::to_string(s.id()));
    }
    template <class Card>
    void jack_changed(Card& c, u32 id) {
        told->push_back("jack " + std::to_string(id) +
                        (c.jacks()[id].connected ? " connected" : " disconnected"));
    }
    template <class Card>
    void element_changed(Card& c, u32 id, const element_notice& n) {
        // No call that sends anything is legal in here.
        last = c.refresh_element_async(id);
        told->push_back("element " + std::to_string(id) + (n.value ? " value" : "") +
                        (n.info ? " info" : "") + (n.tlv ? " tlv" : ""));
    }
    status_code last = status_code::ok;
};

struct no_items : default_limits {
    static constexpr u32 jacks = 0;
    static constexpr u32 channel_maps = 0;
    static constexpr u32 elements = 0;
};
struct little_room : default_limits {
    static constexpr u32 jacks = 1;
    static constexpr u32 channel_maps = 1;
    static constexpr u32 elements = 3;
    static constexpr u32 element_answer_bytes = 512; // five descriptions
};

// How many requests of a kind the device has heard.
template <class Rig>
usize requests(Rig& r, u32 code) {
    usize n = 0;
    for (const auto& e : r.device().trace().events())
        n += e.kind == model::trace_kind::request && e.number == code;
    return n;
}

inline model::request_fault fault(u32 code, kind what, u32 answer = wire::SND_S_IO_ERR) {
    model::request_fault f;
    f.code = code;
    f.what = what;
    f.answer = answer;
    return f;
}

inline wire::snd_ctl_value filled(u8 byte) {
    wire::snd_ctl_value v;
    __builtin_memset(&v, byte, sizeof(v));
    return v;
}

} // namespace item_tests
