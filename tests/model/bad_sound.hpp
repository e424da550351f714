#pragma once
// Deliberately bad drivers, of the sound protocol.

#include "bad_driver.hpp"

namespace vsnd::model::bad {

template <class Request>
auto ask(Request request, u32 payload = 0) {
    return [=](driver& d) {
        d.up();
        d.ask(request, payload);
    };
}
auto ask_params(void (*spoil)(wire::snd_pcm_set_params&)) {
    return [=](driver& d) {
        d.up();
        auto p = driver::params(0, 1024, 4);
        spoil(p);
        d.ask(p);
    };
}

// Spec: [virtio 1.4] Sound Device
inline const bad_driver request_table[] = {
    {violation::event_queue_empty,
     [](driver& d) {
         d.live();
         d.ready(0);
         d.pcm(wire::SND_R_PCM_START, 0);
     }},
    {violation::event_buffer_small,
     [](driver& d) {
         d.up();
         d.send(raw::event, {in(d, 7)});
     }},
    {violation::event_buffer_readable,
     [](driver& d) {
         d.up();
         d.send(raw::event, {out(d), in(d, 8)});
     }},
    {violation::request_layout, ask(wire::snd_hdr{{wire::SND_R_PCM_PREPARE}})},
    {violation::request_unknown, ask(wire::snd_hdr{{0x777}})},
    {violation::query_range, ask(wire::snd_query_info{{wire::SND_R_PCM_INFO}, 3, 2, 32}, 64)},
    {violation::query_response_size,
     ask(wire::snd_query_info{{wire::SND_R_PCM_INFO}, 0, 4, 32}, 127)},
    {violation::jack_id_out_of_range,
     ask(wire::snd_jack_remap{{{wire::SND_R_JACK_REMAP}, 2}, 1, 1})},
    {violation::jack_remap_not_offered,
     ask(wire::snd_jack_remap{{{wire::SND_R_JACK_REMAP}, 1}, 1, 1})},
    {violation::controls_used_without_feature,
     [](driver& d) {
         d.up(bit(wire::SND_F_CTLS));
         d.query(wire::SND_R_CTL_INFO, 0, 0, 92);
     }},
    {violation::stream_id_out_of_range, ask(wire::snd_pcm_hdr{{wire::SND_R_PCM_PREPARE}, 4})},
    {violation::lifecycle, ask(wire::snd_pcm_hdr{{wire::SND_R_PCM_PREPARE}, 0})},
    {violation::period_not_divider, ask_params([](auto& p) { p.period_bytes = 1000; })},
    {violation::parameter_undefined, ask_params([](auto& p) { p.format = 25; })},
    {violation::parameter_not_offered,
     ask_params([](auto& p) { p.features = 1u << wire::SND_PCM_F_EVT_SHMEM_PERIODS; })},
    {violation::channels_out_of_range, ask_params([](auto& p) { p.channels = 9; })},
    {violation::shared_memory_both, ask_params([](auto& p) { p.features = 3; })},
    {violation::shared_memory_selected, ask_params([](auto& p) { p.features = 2; })},
    {violation::padding_not_zero, ask_params([](auto& p) { p.padding = 1; })},
};

// Spec: [virtio 1.4] Sound Device / PCM I/O Messages
inline const bad_driver io_table[] = {
    {violation::io_layout,
     [](driver& d) {
         d.up();
         d.ready(0);
         d.send(raw::tx, {out(d, 4), in(d, 8)});
     }},
    {violation::io_stream_id,
     [](driver& d) {
         d.up();
         d.play(4, raw::noise(1024));
     }},
    {violation::io_direction,
     [](driver& d) {
         d.up();
         d.ready(2);
         d.play(2, raw::noise(1024));
     }},
    {violation::io_before_prepare,
     [](driver& d) {
         d.up();
         d.set_params(0);
         d.play(0, raw::noise(1024));
     }},
    {violation::tx_writable_buffer,
     [](driver& d) {
         d.up();
         d.ready(0);
         raw::message m = d.make(0, 1024);
         d.send(raw::tx, {{m.header.bus, 4}, {m.data.bus, 1024}, in(d, 16)});
     }},
    {violation::rx_readable_buffer,
     [](driver& d) {
         d.up();
         d.ready(2);
         raw::message m = d.make(2, 1024);
         d.send(raw::rx, {{m.header.bus, 4}, out(d, 8), {m.data.bus, 1024, true}, in(d, 8)});
     }},
    {violation::tx_period_size,
     [](driver& d) {
         d.up();
         d.ready(0);
         d.play(0, raw::noise(512));
         d.play(0, raw::noise(1024));
     }},
    {violation::rx_period_size,
     [](driver& d) {
         d.up();
         d.ready(2);
         raw::message m = d.make(2, 512);
         d.post(raw::rx, m);
     }},
    {violation::rx_empty_at_start,
     [](driver& d) {
         d.up();
         d.ready(2);
         d.pcm(wire::SND_R_PCM_START, 2);
     }},
};

} // namespace vsnd::model::bad
