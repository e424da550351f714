#pragma once
// One period on its way: the message of header, audio and status that is bound to a queue once
// and posted again and again.
// Spec: [virtio 1.4] Sound Device / PCM I/O Messages

#include <vsnd/base/atomic.hpp>
#include <vsnd/port/chain.hpp>
#include <vsnd/wire/sound.hpp>

namespace vsnd {

// What the status of a message holds while nobody has answered.
inline constexpr u32 poisoned_reply = 0x50505050;

template <class Slot, class Owner>
struct pcm_message {
    enum class place : u8 {
        idle,   // the driver's: playback may fill it, capture may post it
        device, // the device's
        filled, // capture: holds audio for the reader
        kept    // completed, and not the user's before the clock says so
    };

    wire::snd_pcm_status* reply = nullptr;
    pcm_message* next = nullptr; // the ring of a stream's periods
    pcm_message* previous = nullptr;
    // A later period of the ring: while it is with the device, the completion of this one is the
    // ordinary case.
    pcm_message* guard = nullptr;
    // An earlier one: while it is with the device, a doorbell for this one may wait.
    pcm_message* backing = nullptr;
    Owner* owner = nullptr;
    Slot chain{};
    u8* audio = nullptr;
    u32 captured = 0; // capture: bytes of audio in it
    u32 padding = 0;  // playback: frames of silence at its end
    place where = place::idle;
    bool again = false;   // recovery: to be queued again
    bool silence = false; // the read-only period of silence, not the user's audio

    // The device's answer, read once; the status is poisoned again for the next time. Legal only
    // while the message is not with the device.
    VSND_HOT u32 take_reply() {
        const u32 code = load_relaxed(&reply->code);
        store_relaxed(&reply->code, poisoned_reply);
        return code;
    }

    // Whether it was answered well and the device has enough of the others: nothing more needs a
    // look then.
    VSND_HOT bool ordinary() const {
        return load_relaxed(&reply->code) == wire::SND_S_OK &&
               load_relaxed(&guard)->at(place::device);
    }
    VSND_TINY void poison() { store_relaxed(&reply->code, poisoned_reply); }

    VSND_TINY bool at(place p) const { return load_acquire(&where) == p; }
    VSND_TINY void move_to(place p) { store_release(&where, p); }
};

// Where the parts of a message lie: its header (wire::snd_pcm_xfer), the audio, its status
// (wire::snd_pcm_status).
using message_parts = part[3];

// tx: header and audio are read, the status is written. rx: the header is read, audio and status
// are written. Always three descriptors: devices exist that take nothing else.
template <class Endpoint, class Slot, class Owner>
status_code bind_message(Endpoint& end, pcm_message<Slot, Owner>& m, const message_parts& p,
                         bool playback) {
    m.poison();
    auto bound = end.bind({p, playback ? usize{2} : usize{1}}, &m);
    m.chain = bound.value();
    return bound.code();
}

} // namespace vsnd
