#pragma once
// Deliberately bad drivers, of the packed ring.

#include <vsnd/wire/packed_ring.hpp>

#include "bad_driver.hpp"

namespace vsnd::model::bad {

// The driver with bare hands at one packed ring: writes descriptors one by one, with the marks of
// the round that it is in.
class packed_hand {
  public:
    packed_hand(driver& d, u32 queue) : d_(d), queue_(queue), size_(d.queues[queue].size) {}

    // The descriptor `ahead` of the next one; its flags are shown last, and can be left out.
    void put(raw::part p, u16 id, u16 flags = 0, u32 ahead = 0, bool show = true) {
        const u32 at = next_ + ahead;
        const u16 mark = (wrap_ != (at >= size_)) ? 0x80 : 0x8000;
        u8* const to = d_.queues[queue_].desc.cpu + 16 * (at % size_);
        const u64 address = p.at.value;
        const u16 all = static_cast<u16>(flags | mark | (p.writable ? 2 : 0));
        raw::put_little(to, address);
        raw::put_little(to + 8, p.bytes);
        raw::put_little(to + 12, id);
        if (show) raw::put_little(to + 14, all);
    }
    void step(u32 count) {
        next_ += count;
        if (next_ < size_) return;
        next_ -= size_;
        wrap_ = !wrap_;
    }
    // A list as it should be, the first descriptor last.
    void expose(const std::vector<raw::part>& parts, u16 id) {
        const u32 count = static_cast<u32>(parts.size());
        for (u32 i = count; i-- != 0;)
            put(parts[i], id, i + 1 < count ? u16{1} : u16{0}, i);
        step(count);
    }
    // A table with these flags in its first entry, and the descriptor that refers to it.
    void expose_table(const std::vector<raw::part>& parts, u16 id, u16 entry_flags = 0,
                      u16 flags = 4) {
        const u32 bytes = static_cast<u32>(16 * parts.size());
        const dma_region table = d_.memory.allocate(bytes, 16);
        std::memset(table.cpu, 0, bytes);
        for (usize i = 0; i < parts.size(); ++i) {
            const u16 all =
                static_cast<u16>((i == 0 ? entry_flags : 0) | (parts[i].writable ? 2 : 0));
            const u64 address = parts[i].at.value;
            raw::put_little(table.cpu + 16 * i, address);
            raw::put_little(table.cpu + 16 * i + 8, parts[i].bytes);
            raw::put_little(table.cpu + 16 * i + 14, all);
        }
        put({table.bus, bytes}, id, flags);
        step(1);
    }
    void ring() { d_.doorbell(queue_); }
    void event(u16 place, u16 flags) {
        driver::put16(d_.queues[queue_].avail, 0, place);
        driver::put16(d_.queues[queue_].avail, 2, flags);
    }
    u32 next() const { return next_; }
    u16 place() const { return static_cast<u16>(next_ | (wrap_ ? 0x8000u : 0u)); }
    // The flags at a position, whosever they are.
    u16 flags(u32 at) const { return driver::get16(d_.queues[queue_].desc, 16 * at + 14); }
    u16 id(u32 at) const { return driver::get16(d_.queues[queue_].desc, 16 * at + 12); }

  private:
    driver& d_;
    u32 queue_;
    u32 size_;
    u32 next_ = 0;
    bool wrap_ = true;
};

inline device_profile with_packed_queues() {
    device_profile p = default_profile();
    p.packed = true;
    return p;
}

// As driver::up, on packed rings: what is shown to the event queue is one list.
inline void packed_up(driver& d, u64 without = 0) {
    d.live(without);
    packed_hand events(d, raw::event);
    for (u16 i = 0; i < 4; ++i)
        events.expose({in(d, 8)}, i);
    events.ring();
}
inline packed_hand packed_control(driver& d, u64 without = 0) {
    packed_up(d, without);
    return packed_hand(d, raw::control);
}
// A queue whose memory is not as it should be, before the device sees it.
template <class Spoil>
void packed_queue_spoilt(driver& d, Spoil spoil) {
    d.until_features_ok();
    d.prepare_queue(raw::control);
    spoil(d.queues[raw::control]);
    d.enable_queue(raw::control);
}

// Spec: [virtio 1.4] Packed Virtqueues
inline const bad_driver packed_table[] = {
    {violation::packed_misaligned,
     [](driver& d) {
         packed_queue_spoilt(d, [&](raw::queue& q) { d.address(0x28, q.avail.bus.value + 2); });
     },
     with_packed_queues()},
    {violation::packed_ring_not_zero,
     [](driver& d) { packed_queue_spoilt(d, [](raw::queue& q) { q.desc.cpu[23] = 1; }); },
     with_packed_queues()},
    {violation::packed_list_too_long,
     [](driver& d) {
         packed_hand h = packed_control(d);
         for (u32 i = 64; i-- != 0;)
             h.put(out(d), 0, 1, i);
         h.ring();
     },
     with_packed_queues()},
    {violation::packed_list_incomplete,
     [](driver& d) {
         packed_hand h = packed_control(d);
         h.put(out(d), 0, 1);
         h.put(in(d), 0, 0, 1, false);
         h.ring();
     },
     with_packed_queues()},
    {violation::packed_writable_first,
     [](driver& d) {
         packed_hand h = packed_control(d);
         h.expose({in(d), out(d)}, 0);
         h.ring();
     },
     with_packed_queues()},
    {violation::packed_indirect_not_negotiated,
     [](driver& d) {
         packed_hand h = packed_control(d, bit(wire::F_INDIRECT_DESC));
         h.expose_table({out(d), in(d)}, 0);
         h.ring();
     },
     with_packed_queues()},
    {violation::packed_indirect_flags,
     [](driver& d) {
         packed_hand h = packed_control(d);
         const wire::snd_query_info none{{wire::SND_R_PCM_INFO}, 0, 0, 32};
         const dma_region request = d.memory.allocate(sizeof(none));
         std::memcpy(request.cpu, &none, sizeof(none));
         h.expose_table({{request.bus, sizeof(none)}, in(d)}, 0, 0x80);
         h.ring();
     },
     with_packed_queues()},
    {violation::packed_indirect_with_next,
     [](driver& d) {
         packed_hand h = packed_control(d);
         h.expose_table({out(d), in(d)}, 0, 0, 4 | 1);
         h.ring();
     },
     with_packed_queues()},
    {violation::packed_indirect_length,
     [](driver& d) {
         packed_hand h = packed_control(d);
         h.put(out(d, 17), 0, 4);
         h.ring();
     },
     with_packed_queues()},
    {violation::packed_id_in_flight,
     [](driver& d) {
         packed_up(d);
         packed_hand more(d, raw::event);
         more.step(4);
         more.expose({in(d, 8)}, 3);
         more.ring();
     },
     with_packed_queues()},
    {violation::packed_descriptor_altered,
     [](driver& d) {
         packed_up(d);
         packed_hand(d, raw::event).put(in(d, 8), 0);
         d.device.send_event(wire::SND_EVT_JACK_CONNECTED, 0);
     },
     with_packed_queues()},
    {violation::packed_event_flags,
     [](driver& d) {
         packed_up(d);
         packed_hand(d, raw::event).event(0x8000, 3);
         d.device.send_event(wire::SND_EVT_JACK_CONNECTED, 0);
         d.device.send_event(wire::SND_EVT_JACK_CONNECTED, 0); // told once
     },
     with_packed_queues()},
    {violation::packed_event_offset,
     [](driver& d) {
         packed_up(d);
         packed_hand(d, raw::event).event(0x8000 + 64, 2);
         d.device.send_event(wire::SND_EVT_JACK_CONNECTED, 0);
     },
     with_packed_queues()},
};

} // namespace vsnd::model::bad
