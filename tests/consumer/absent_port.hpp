#pragma once
// The port of a machine that has no sound device: enough to make the whole driver compile and
// link in a foreign project, and to hear from it.
#include <vsnd/vsnd.hpp>

struct absent_queue {
    using slot = vsnd::u32;
    static constexpr bool posts_before_start = true;
    static constexpr bool kicks_itself = true;

    vsnd::result<slot> bind(const vsnd::chain&, vsnd::cookie) { return vsnd::status_code::no_room; }
    vsnd::status_code post(slot) { return vsnd::status_code::device_broken; }
    vsnd::used take() { return {}; }
    vsnd::status_code unbind(slot) { return vsnd::status_code::ok; }
    void reset() {}
};

struct absent_port {
    using queue_type = absent_queue;

    vsnd::result<vsnd::u64> negotiate(vsnd::u64) { return vsnd::status_code::no_device; }
    vsnd::status_code read_config(vsnd::u32, vsnd::span<vsnd::u8>) {
        return vsnd::status_code::not_available;
    }
    vsnd::result<queue_type*> queue(vsnd::u32) { return vsnd::status_code::queue_missing; }
    vsnd::status_code start() { return vsnd::status_code::device_gone; }
    vsnd::status_code stop() { return vsnd::status_code::ok; }
};
static_assert(vsnd::device_port<absent_port>);

// What a card answers when there is no device; no_device, if all is right.
inline vsnd::status_code open_absent() {
    alignas(64) static constinit vsnd::u8 memory[vsnd::card_bytes<vsnd::default_limits>()];
    static constinit absent_port port;
    static constinit vsnd::card<absent_port> card;
    return card.open(port, {memory, {0x1000}, sizeof memory});
}
