#pragma once
// The driver with bare hands, as it meets devices of every kind: queries in three parts, doorbells
// only where they are survived.

#include <vsnd/model/profiles.hpp>

#include "raw_driver.hpp"

namespace vsnd::model::raw {

constexpr u64 ms = 1'000'000;

class careful_driver : public driver {
  public:
    explicit careful_driver(const device_profile& profile) : driver(profile) {}

    void ring_if_safe(u32 q) {
        if ((device.profile().fatal_doorbells >> q & 1) == 0) doorbell(q);
    }
    void come_up() {
        live();
        for (u32 i = 0; i < 4; ++i)
            expose(event, {{memory.allocate(8).bus, 8, true}});
        ring_if_safe(event);
    }
    // A request whose answer may take its time.
    template <class Request>
    u32 settle(const Request& request) {
        u32 code = ask(request).code;
        if (code == 0 && device.requests_unanswered() == 0) {
            device.advance(1000 * ms);
            code = answer().code;
        }
        return code;
    }
    u32 change(u32 code, u32 stream) { return settle(wire::snd_pcm_hdr{{code}, stream}); }

    // Request, response header, items: each in a descriptor of its own.
    reply ask_items(u32 code, u32 start, u32 count, u32 size) {
        const wire::snd_query_info query{{code}, start, count, size};
        pending_out = memory.allocate(sizeof(query));
        std::memcpy(pending_out.cpu, &query, sizeof(query));
        pending_in = memory.allocate(4 + count * size);
        const u32 items = count * size;
        send(control, {{pending_out.bus, sizeof(query)},
                       {pending_in.bus, 4, true},
                       {pending_in.bus + 4, items, true}});
        return answer();
    }

    // Parameters that this stream takes: S16 at 48 kHz, mono or stereo.
    wire::snd_pcm_set_params fitting(u32 stream, u32 period, u32 count) const {
        auto p = params(stream, period, count);
        p.channels = lesser(device.stream(stream).profile().channels_max, u8{2});
        return p;
    }
    void prepare(u32 stream, u32 period = 1024, u32 count = 4) {
        (void)ask(fitting(stream, period, count));
        (void)pcm(wire::SND_R_PCM_PREPARE, stream);
    }
    u32 frame_bytes(u32 stream) const { return device.stream(stream).params().channels * 2u; }

    message record(u32 stream, u32 bytes) {
        message m = make(stream, bytes);
        post(rx, m, false);
        ring_if_safe(rx);
        return m;
    }
    // The first stream of this direction; all ones when there is none.
    u32 find(u8 direction) const {
        for (u32 i = 0; i < device.stream_count(); ++i)
            if (device.stream(i).profile().direction == direction) return i;
        return ~u32{0};
    }
    std::vector<trace_event> events_of(trace_kind kind) {
        std::vector<trace_event> found;
        for (const trace_event& e : device.trace().events())
            if (e.kind == kind) found.push_back(e);
        return found;
    }
    std::vector<u64> completions(u32 stream) {
        std::vector<u64> times;
        for (const trace_event& e : events_of(trace_kind::period_completed))
            if (e.stream == stream) times.push_back(e.time_ns);
        return times;
    }
};

} // namespace vsnd::model::raw
