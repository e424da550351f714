#pragma once
// What the parts of the model device share: memory, profile, faults, logs, the virtual clock,
// the queues, and the way back for a finished buffer.

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <vsnd/model/device_queue.hpp>
#include <vsnd/model/faults.hpp>
#include <vsnd/model/profile.hpp>
#include <vsnd/model/suspend.hpp>
#include <vsnd/model/trace.hpp>

namespace vsnd::model {

struct device_core {
    device_core(guest_memory& guest, device_profile what)
        : memory(guest), profile(std::move(what)), queues{{guest, violations, now_ns, 0},
                                                          {guest, violations, now_ns, 1},
                                                          {guest, violations, now_ns, 2},
                                                          {guest, violations, now_ns, 3}} {
        violations.tell(trace);
    }
    device_core(const device_core&) = delete;
    device_core& operator=(const device_core&) = delete;

    guest_memory& memory;
    device_profile profile;
    fault_set faults;
    violation_log violations;
    trace_log trace;
    u64 now_ns = 0;
    u64 features = 0; // negotiated
    bool needs_reset = false;
    suspend_state suspend;
    const char* crash = nullptr; // what killed the device
    device_queue queues[wire::SND_VQ_COUNT];

    std::deque<device_chain> event_buffers;
    u64 events_sent = 0;
    u64 events_lost = 0; // for want of a buffer

    bool has(u32 feature) const { return (features >> feature & 1) != 0; }
    void violate(violation what, std::string detail) {
        violations.add(what, now_ns, std::move(detail));
    }

    // What the driver did was too much for this device: it is gone for good.
    void crash_by(const char* cause) {
        if (!faults.gone) crash = cause;
        faults.gone = true;
    }
    // The code as this device answers it.
    u32 told(u32 code) const {
        const bool good = code == wire::SND_S_OK || profile.error_answer == 0;
        return good ? code : profile.error_answer;
    }

    // Returns a chain to the driver, unless a fault spoils the element.
    void complete(u32 queue, const device_chain& chain, u32 written) {
        u32 id = chain.head;
        for (used_fault& f : faults.used) {
            if (f.queue != queue || f.times == 0) continue;
            --f.times;
            if (f.wrong_id) id = f.id;
            if (f.wrong_length) written = f.length;
            break;
        }
        queues[queue].push_used(chain, id, written);
    }

    // Takes what the driver put into the event queue.
    // Spec: [virtio 1.4] Sound Device / Device Initialization
    void collect_event_buffers() {
        if (!profile.serves_events) return;
        if (!suspend.running()) return;
        device_queue& q = queues[wire::SND_VQ_EVENT];
        while (auto chain = q.pop()) {
            if (chain->readable_bytes != 0)
                violate(violation::event_buffer_readable,
                        std::to_string(chain->readable_bytes) + " bytes");
            else if (chain->writable_bytes < sizeof(wire::snd_event))
                violate(violation::event_buffer_small,
                        std::to_string(chain->writable_bytes) + " bytes");
            event_buffers.push_back(std::move(*chain));
        }
    }

    // False: no buffer for it, the event is lost. While suspended it waits.
    bool send_event(u32 code, u32 data) {
        if (suspend.quiet()) return suspend.held_events.emplace_back(code, data), true;
        collect_event_buffers();
        if (event_buffers.empty()) return ++events_lost, false;
        const device_chain chain = std::move(event_buffers.front());
        event_buffers.pop_front();
        wire::snd_event e{};
        e.hdr.code = code;
        e.data = data;
        const auto n = queues[wire::SND_VQ_EVENT].write(chain.writable, 0,
                                                        reinterpret_cast<const u8*>(&e), sizeof(e));
        complete(wire::SND_VQ_EVENT, chain, static_cast<u32>(n));
        trace.add({now_ns, trace_kind::event, wire::SND_VQ_EVENT, trace_event::none, code, data});
        ++events_sent;
        return true;
    }
};

} // namespace vsnd::model
