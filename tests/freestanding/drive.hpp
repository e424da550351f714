#pragma once
// Every public call of the driver, for the units that a compiler judges.

#include <vsnd/vsnd.hpp>

namespace whole {

using namespace vsnd;

struct refill {
    template <class Stream>
    void period_done(Stream& s) {
        if (s.acquire().ok()) (void)s.commit();
    }
    template <class Stream>
    void xrun(Stream& s) {
        (void)s.position_frames();
    }
    template <class Stream>
    void period_elapsed(Stream& s) {
        (void)s.position_frames();
    }
    template <class Card>
    void jack_changed(Card& c, u32 id) {
        changes += c.jacks()[id].connected;
    }
    template <class Card>
    void element_changed(Card& c, u32 id, const element_notice& notice) {
        changes += notice.value && c.elements()[id].usable;
    }
    u32 changes = 0;
};

// The same for jacks, channel maps and control elements.
template <class Card>
u64 drive_items(Card& c, u32 id, span<u8> bytes) {
    static wire::snd_ctl_value value;
    static item_name name;
    static db_range range;
    const status_code codes[] = {
        c.remap_jack_async(id, 1, 2),
        c.remap_jack(id, 1, 2),
        c.remap_outcome(),
        c.read_element_async(id),
        c.read_element(id, value),
        c.element_value(value),
        c.write_element_async(id, value),
        c.write_element(id, value),
        c.read_item_names_async(id),
        c.read_item_names(id),
        c.item_name_of(id, name),
        c.read_tlv_async(id),
        c.read_tlv(id, bytes).code(),
        c.read_db_range(id, range),
        c.write_tlv_async(id, 1, bytes),
        c.write_tlv(id, 1, bytes),
        c.command_tlv_async(id, 1, bytes),
        c.command_tlv(id, 1, bytes),
        c.refresh_element_async(id),
        c.refresh_element(id),
        c.element_outcome(),
    };
    u64 sum = c.element_answer().size() + c.item_counts().malformed;
    sum += c.device_jacks() + c.device_channel_maps() + c.device_elements();
    sum += c.jacks().size() + c.elements().size() + c.channel_maps().size();
    if (auto* const s = c.find(id)) sum += c.positions(*s, 2).size();
    sum += static_cast<u64>(to_centi_db(range, 5)) + static_cast<u64>(to_raw(range, 5));
    for (const status_code code : codes)
        sum += static_cast<u64>(code);
    return sum;
}

// Every public call of a card and its streams, on memory that the caller brings.
template <class Card, class Port>
u64 drive(Card& c, Port& p, const dma_region& memory, const pcm_params& wanted) {
    u64 sum = static_cast<u64>(c.open(p, memory.part(0, card_bytes<>())));
    sum += static_cast<u64>(c.open_async(p, memory)) + c.device_streams();
    sum += static_cast<u64>(c.set_policy(wire::SND_VQ_TX, {wanted.periods, wanted.periods}));
    for (u32 id = 0; id < c.stream_count(); ++id) {
        auto* const s = c.find(id);
        if (s == nullptr) continue;
        const auto fitting = s->nearest(wanted);
        const pcm_params& use = fitting.value();
        sum +=
            static_cast<u64>(s->check(use)) + static_cast<u64>(s->prepare(use, {memory, memory}));
        s->set_drain_tail(wanted.period_frames);
        sum += static_cast<u64>(s->set_pacing(pacing::clock));
        sum += static_cast<u64>(s->set_device_buffer({wanted.period_frames, wanted.rate_hz}));
        sum += s->position().frames + s->when(sum);
        sum += s->write({memory.cpu, memory.bytes}).value();
        sum += s->read({memory.cpu, memory.bytes}).value();
        if (s->acquire().ok()) sum += static_cast<u64>(s->commit());
        sum += static_cast<u64>(s->start()) + static_cast<u64>(s->stop());
        sum += static_cast<u64>(s->start(start_mode::now)) + static_cast<u64>(s->drain());
        sum += static_cast<u64>(s->drop()) + static_cast<u64>(s->release());
        sum += static_cast<u64>(s->drain_async()) + static_cast<u64>(s->drop_async());
        sum += s->position_frames() + s->avail_frames() + s->delay_frames() + s->in_flight();
        sum += s->counters().xruns + s->period_bytes() + static_cast<u64>(s->state());
        sum +=
            static_cast<u64>(*to_string(s->outcome())) + static_cast<u64>(*to_string(s->state()));
    }
    sum += drive_items(c, wanted.channels, {memory.cpu, memory.bytes});
    c.complete(wire::SND_VQ_TX, {nullptr, 0, used::kind::dropped});
    c.config_changed();
    sum += c.pump_all() + c.pump(wire::SND_VQ_RX, 1) + c.tick(sum) + c.counters().events;
    sum += static_cast<u64>(c.suspend()) + static_cast<u64>(c.resume());
    c.removed();
    return sum + static_cast<u64>(c.close());
}

} // namespace whole
