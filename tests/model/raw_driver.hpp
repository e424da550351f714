#pragma once
// A driver with bare hands for the model's own tests: registers by number, descriptors one by one,
// nothing of the library's ring or transport in it. It does everything right unless told not to,
// and every step can be done alone, in any order, or wrong.

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <vector>

#include <vsnd/model/pci_function.hpp>

#include "raw_types.hpp"

namespace vsnd::model::raw {

class driver {
  public:
    explicit driver(device_profile profile = default_profile(), const pci_layout& layout = {})
        : memory(first_bus_of(profile), profile.iommu), device(memory, std::move(profile)),
          pci(device, layout) {
        pci.on_vector = [this](u32 vector) { vectors.push_back(vector); };
        pci.on_intx = [this] { ++intx; };
    }

    // Registers ---------------------------------------------------------------------------------
    static constexpr u32 bar = pci_place::structures_bar;
    u32 get(u32 offset, u32 bytes) { return pci.bar_read(bar, offset, bytes); }
    void set(u32 offset, u32 bytes, u32 value) { pci.bar_write(bar, offset, bytes, value); }
    u8 state() { return static_cast<u8>(get(0x14, 1)); }
    void set_state(u32 value) { set(0x14, 1, value); }
    u32 config(u32 offset) { return get(pci_place::device_config + offset, 4); }
    static constexpr u32 doorbell_at(u32 q) {
        return pci_place::notify + pci_function::notify_off(q) * 4;
    }
    bool has(u32 feature) const { return (wanted >> feature & 1) != 0; }
    void doorbell(u32 q) {
        const u32 name = has(wire::F_NOTIF_CONFIG_DATA) ? pci_function::notif_config_data(q) : q;
        const u32 next = u32{queues[q].avail_idx} << 16;
        if (has(wire::F_NOTIFICATION_DATA)) return set(doorbell_at(q), 4, next | name);
        set(doorbell_at(q), 2, name);
    }
    void enable_msix() {
        const u32 at = 0x40; // the MSI-X capability comes first
        pci.config_write(at + 2, 2, pci.config_read(at + 2, 2) | 0x8000);
    }

    // Where the first capability of this cfg_type with a sensible BAR lies in configuration space.
    u32 capability(u8 type) {
        u32 at = pci.config_read(0x34, 1);
        while (at != 0) {
            const bool vendor = pci.config_read(at, 1) == 9 && pci.config_read(at + 4, 1) < 6;
            if (vendor && pci.config_read(at + 3, 1) == type) return at;
            at = pci.config_read(at + 1, 1);
        }
        return 0;
    }
    // One access through the configuration access window.
    u32 window_read(u32 in_bar, u32 offset, u32 bytes) {
        const u32 at = capability(wire::PCI_CAP_PCI_CFG);
        pci.config_write(at + 4, 1, in_bar);
        pci.config_write(at + 8, 4, offset);
        pci.config_write(at + 12, 4, bytes);
        return pci.config_read(at + 16, 4);
    }

    // The handshake, step by step -----------------------------------------------------------------
    void reset() {
        set_state(0);
        while (state() != 0) {
        }
    }
    void acknowledge() { set_state(1); }
    void know() { set_state(3); }
    u64 offered() {
        set(0x00, 4, 0);
        const u64 low = get(0x04, 4);
        set(0x00, 4, 1);
        return low | u64{get(0x04, 4)} << 32;
    }
    void accept(u64 features) {
        wanted = features;
        set(0x08, 4, 0);
        set(0x0c, 4, static_cast<u32>(features));
        set(0x08, 4, 1);
        set(0x0c, 4, static_cast<u32>(features >> 32));
    }
    bool features_ok() {
        set_state(11);
        return (state() & 8) != 0;
    }
    u64 usable() { return offered() & defined_features; }
    void prepare_queue(u32 q) {
        set(0x16, 2, q);
        queue& k = queues[q];
        k = {};
        k.size = static_cast<u16>(get(0x18, 2));
        k.desc = memory.allocate(wire::virtq_desc_bytes(k.size), 16);
        k.avail = memory.allocate(wire::virtq_avail_bytes(k.size), 2);
        k.used = memory.allocate(wire::virtq_used_bytes(k.size), 4);
        for (const dma_region& r : {k.desc, k.avail, k.used})
            std::memset(r.cpu, 0, r.bytes);
        address(0x20, k.desc.bus.value);
        address(0x28, k.avail.bus.value);
        address(0x30, k.used.bus.value);
        if (pci.msix_enabled()) {
            set(0x1a, 2, q);
            get(0x1a, 2);
        }
    }
    void address(u32 offset, u64 value) {
        set(offset, 4, static_cast<u32>(value));
        set(offset + 4, 4, static_cast<u32>(value >> 32));
    }
    void enable_queue(u32 q) {
        set(0x16, 2, q);
        set(0x1c, 2, 1);
    }
    void queues_up() {
        for (u32 q = 0; q < 4; ++q) {
            prepare_queue(q);
            enable_queue(q);
        }
    }
    void driver_ok() { set_state(15); }
    void until_accept(u64 without = 0) {
        enable_msix();
        reset();
        acknowledge();
        know();
        accept(usable() & ~without);
    }
    void until_features_ok(u64 without = 0) {
        until_accept(without);
        features_ok();
    }
    void live(u64 without = 0) {
        until_features_ok(without);
        queues_up();
        driver_ok();
    }
    void up(u64 without = 0) {
        live(without);
        for (u32 i = 0; i < 4; ++i)
            expose(event, {{memory.allocate(8).bus, 8, true}});
        doorbell(event);
    }

    // Suspend and resume. False: the device did not come as far by itself.
    bool suspend() {
        set_state(15 | wire::DEVICE_STATUS_SUSPEND);
        return state() == 27;
    }
    bool resume() {
        set_state(15 | wire::DEVICE_STATUS_SUSPEND);
        return state() == 15;
    }

    // The ring ----------------------------------------------------------------------------------
    void describe(u32 q, u16 at, wire::virtq_desc d) {
        std::memcpy(queues[q].desc.cpu + 16 * (at % queues[q].size), &d, sizeof(d));
    }
    static wire::virtq_desc desc(part p, u16 flags = 0, u16 next = 0) {
        wire::virtq_desc d{};
        d.addr = p.at.value;
        d.len = p.bytes;
        d.flags = static_cast<u16>(flags | (p.writable ? wire::VIRTQ_DESC_F_WRITE : 0));
        d.next = next;
        return d;
    }
    // Writes a direct chain and returns its head; the device does not know it yet.
    u16 chain(u32 q, const std::vector<part>& parts) {
        queue& k = queues[q];
        const u16 head = k.next_desc;
        for (usize i = 0; i < parts.size(); ++i) {
            const u16 at = k.next_desc;
            k.next_desc = static_cast<u16>((at + 1) % k.size);
            const bool more = i + 1 < parts.size();
            describe(q, at, desc(parts[i], more ? 1 : 0, more ? k.next_desc : u16{0}));
        }
        return head;
    }
    // The same as a table of its own, with one descriptor that refers to it.
    u16 indirect_chain(u32 q, const std::vector<part>& parts) {
        const u32 bytes = static_cast<u32>(16 * parts.size());
        const dma_region table = memory.allocate(bytes, 16);
        for (usize i = 0; i < parts.size(); ++i) {
            const bool more = i + 1 < parts.size();
            const auto d = desc(parts[i], more ? 1 : 0, static_cast<u16>(more ? i + 1 : 0));
            std::memcpy(table.cpu + 16 * i, &d, sizeof(d));
        }
        return refer(q, {table.bus, bytes});
    }
    u16 refer(u32 q, part table, u16 flags = wire::VIRTQ_DESC_F_INDIRECT) {
        queue& k = queues[q];
        const u16 head = k.next_desc;
        k.next_desc = static_cast<u16>((head + 1) % k.size);
        describe(q, head, desc(table, flags));
        return head;
    }
    void offer(u32 q, u16 head) {
        queue& k = queues[q];
        put16(k.avail, 4 + 2 * (k.avail_idx % k.size), head);
        put16(k.avail, 2, ++k.avail_idx);
    }
    u16 expose(u32 q, const std::vector<part>& parts) {
        const u16 head = chain(q, parts);
        offer(q, head);
        return head;
    }
    void send(u32 q, const std::vector<part>& parts) {
        expose(q, parts);
        doorbell(q);
    }
    static void put16(const dma_region& r, usize at, u16 value) {
        value = to_little(value);
        std::memcpy(r.cpu + at, &value, 2);
    }
    static u16 get16(const dma_region& r, usize at) {
        u16 value = 0;
        std::memcpy(&value, r.cpu + at, 2);
        return to_little(value);
    }
    used_element take(u32 q) {
        queue& k = queues[q];
        if (get16(k.used, 2) == k.last_used) return {};
        used_element e{true, 0, 0};
        const u8* at = k.used.cpu + 4 + 8 * (k.last_used++ % k.size);
        std::memcpy(&e.id, at, 4);
        std::memcpy(&e.len, at + 4, 4);
        e.id = to_little(e.id);
        e.len = to_little(e.len);
        return e;
    }
    void set_used_event(u32 q, u16 value) {
        put16(queues[q].avail, wire::virtq_used_event_offset(queues[q].size), value);
    }
    u16 avail_event(u32 q) {
        return get16(queues[q].used, wire::virtq_avail_event_offset(queues[q].size));
    }

    // Requests ----------------------------------------------------------------------------------
    template <class Request>
    reply ask(const Request& request, u32 payload_bytes = 0) {
        return ask_bytes(&request, sizeof(request), payload_bytes);
    }
    reply ask_bytes(const void* request, u32 bytes, u32 payload_bytes = 0) {
        pending_out = memory.allocate(bytes);
        std::memcpy(pending_out.cpu, request, bytes);
        pending_in = memory.allocate(4 + payload_bytes);
        send(control, {{pending_out.bus, bytes}, {pending_in.bus, 4 + payload_bytes, true}});
        return answer();
    }
    // What came back for the last request; code 0 while nothing did.
    reply answer() {
        const used_element e = take(control);
        reply r;
        if (!e.any) return r;
        r.len = e.len;
        std::memcpy(&r.code, pending_in.cpu, 4);
        r.code = to_little(r.code);
        r.payload.assign(pending_in.cpu + 4, pending_in.cpu + pending_in.bytes);
        return r;
    }
    u32 query(u32 code, u32 start, u32 count, u32 size, std::vector<u8>* items = nullptr) {
        const wire::snd_query_info q{{code}, start, count, size};
        reply r = ask(q, count * size);
        if (items != nullptr) *items = r.payload;
        return r.code;
    }
    // A request to a control element, with `payload` after its header.
    reply ask_element(u32 code, u32 id, const std::vector<u8>& payload = {}, u32 room = 0) {
        std::vector<u8> request(8 + payload.size());
        put_little(request.data(), code);
        put_little(request.data() + 4, id);
        std::copy(payload.begin(), payload.end(), request.begin() + 8);
        return ask_bytes(request.data(), static_cast<u32>(request.size()), room);
    }
    u32 pcm(u32 code, u32 stream) { return ask(wire::snd_pcm_hdr{{code}, stream}).code; }
    static wire::snd_pcm_set_params params(u32 stream, u32 period, u32 count) {
        return {{{wire::SND_R_PCM_SET_PARAMS}, stream},
                period * count,
                period,
                0,
                2,
                wire::SND_PCM_FMT_S16,
                wire::SND_PCM_RATE_48000,
                0};
    }
    u32 set_params(u32 stream, u32 period = 1024, u32 count = 4) {
        return ask(params(stream, period, count)).code;
    }
    void ready(u32 stream, u32 period = 1024, u32 count = 4) {
        set_params(stream, period, count);
        pcm(wire::SND_R_PCM_PREPARE, stream);
    }

    // Audio -------------------------------------------------------------------------------------
    message make(u32 stream, u32 bytes) {
        message m{memory.allocate(4), memory.allocate(bytes), memory.allocate(8), 0};
        put_little(m.header.cpu, stream);
        std::memset(m.status.cpu, 0xee, 8);
        return m;
    }
    void post(u32 q, message& m, bool ring = true) {
        const bool in = q == rx;
        m.head = expose(q, {{m.header.bus, 4},
                            {m.data.bus, static_cast<u32>(m.data.bytes), in},
                            {m.status.bus, 8, true}});
        if (ring) doorbell(q);
    }
    message play(u32 stream, const std::vector<u8>& audio, bool ring = true) {
        message m = make(stream, static_cast<u32>(audio.size()));
        std::memcpy(m.data.cpu, audio.data(), audio.size());
        post(tx, m, ring);
        return m;
    }

    guest_memory memory;
    sound_device device;
    pci_function pci;
    queue queues[4];
    u64 wanted = 0;
    dma_region pending_out;
    dma_region pending_in;
    std::vector<u32> vectors;
    u32 intx = 0;
};

} // namespace vsnd::model::raw
