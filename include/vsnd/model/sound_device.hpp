#pragma once
// A virtio sound device in this process: deterministic, in virtual time, without threads.
// A transport (pci_function.hpp) puts registers in front of it; the test advances its clock.
//
//     guest_memory memory;
//     sound_device device(memory, default_profile());
//     pci_function pci(device);                        // what the driver talks to
//     pci.on_vector = [&](u32 vector) { ... };         // the interrupt handler
//     ... the driver opens, prepares, fills, starts ...
//     while (!done) { device.advance(1'000'000); ... } // 1 ms: interrupts arrive in here
//     device.stream(0).sink();                         // the bytes that stream 0 was given
//     device.stream(2).set_source(bytes);              // what stream 2 will record
//     device.violations().clean();                     // or .report(), one line each
//     device.trace().events();                         // the timeline
//     device.faults().requests.push_back({wire::SND_R_PCM_START, request_fault::kind::no_answer});
//
// Interrupts are decided when they are due and delivered inside advance() or deliver_interrupts(),
// never inside a doorbell: a driver rings doorbells with interrupts off. advance() stops at every
// moment at which something happens, delivers, and lets the driver react at exactly that time.

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <vsnd/model/control.hpp>
#include <vsnd/model/negotiation.hpp>

namespace vsnd::model {

class sound_device {
  public:
    static constexpr u32 config_interrupt = trace_event::config_queue;

    explicit sound_device(guest_memory& memory, device_profile profile = default_profile())
        : core_(memory, std::move(profile)), negotiation_(core_),
          control_(core_, streams_, elements_) {
        for (const stream_profile& p : core_.profile.streams)
            streams_.emplace_back(core_, static_cast<u32>(streams_.size()), p);
        for (const element_profile& p : core_.profile.elements)
            elements_.emplace_back(p);
        for (u32 q = 0; q < wire::SND_VQ_COUNT; ++q)
            registers_[q].size = registers_[q].most = core_.profile.queue_sizes[q];
        config_.jacks = static_cast<u32>(core_.profile.jacks.size());
        config_.streams = static_cast<u32>(streams_.size());
        config_.chmaps = static_cast<u32>(core_.profile.chmaps.size());
        config_.controls = static_cast<u32>(elements_.size());
    }

    // The test's side -------------------------------------------------------------------------
    u64 now_ns() const { return core_.now_ns; }
    void advance(u64 ns);
    void deliver_interrupts();
    bool interrupts_pending() const { return pending_ != 0; }
    // When something happens next of itself; fault_set::never when nothing does.
    u64 next_event() const;

    usize stream_count() const { return streams_.size(); }
    pcm_stream& stream(u32 id) { return streams_.at(id); }
    const pcm_stream& stream(u32 id) const { return streams_.at(id); }
    violation_log& violations() { return core_.violations; }
    trace_log& trace() { return core_.trace; }
    fault_set& faults() { return core_.faults; }
    const device_profile& profile() const { return core_.profile; }
    guest_memory& memory() { return core_.memory; }
    device_queue& queue(u32 index) { return core_.queues[index]; }
    u64 features() const { return core_.features; }
    bool live() const { return live_; }

    u64 doorbells(u32 queue) const { return doorbells_[queue]; }
    u64 interrupts(u32 queue) const { return interrupts_[queue]; } // and [4]: configuration
    u64 config_interrupts() const { return interrupts_[wire::SND_VQ_COUNT]; }
    u64 resets() const { return resets_; }
    u64 events_sent() const { return core_.events_sent; }
    u64 events_lost() const { return core_.events_lost; }
    usize requests_unanswered() const { return control_.unanswered(); }
    usize messages_dropped() const { return dropped_.size(); } // never returned
    // What the driver did that killed this device (it is gone then); nothing while it lives.
    const char* crashed() const { return core_.crash; }

    bool suspended() const { return core_.suspend.quiet(); }
    u64 suspends() const { return suspends_; }

    usize element_count() const { return elements_.size(); }
    const control_element& element(u32 id) const { return elements_.at(id); }
    // Somebody turned a knob: the value changes, with a notification unless it is volatile.
    void set_element(u32 id, const std::vector<s64>& values);
    void set_element_bytes(u32 id, std::vector<u8> value);
    void set_element_info(u32 id, element_profile facts);
    void set_element_metadata(u32 id, std::vector<u32> words);
    // A notification alone, also of an element or with a mask that makes no sense.
    bool notify_element(u32 id, u16 mask);

    // A jack was plugged or unplugged: changes its information, and sends the event.
    void set_jack(u32 id, bool connected);
    // An event of any code, also one that makes no sense.
    bool send_event(u32 code, u32 data);
    // The configuration space changes under the driver's eyes, with a notification.
    void set_config(u32 jacks, u32 streams, u32 chmaps, u32 controls);
    void set_needs_reset();

    // Called when an interrupt is decided: before it is delivered, for the transport's ISR.
    std::function<void(u32 queue)> on_raised;
    // Called when it is delivered; queue is config_interrupt for a configuration change.
    std::function<void(u32 queue)> on_interrupt;

    // The transport's side ----------------------------------------------------------------------
    u64 offered_features() const { return negotiation_.offered(); }
    u64 accepted_features() const { return negotiation_.accepted(); }
    void accept_features(u32 word, u32 bits) {
        if (!core_.faults.gone) negotiation_.accept(word, bits);
    }
    u8 read_status();
    void write_status(u8 value);
    u8 read_generation() { return negotiation_.read_generation(); }
    // One 32-bit field; 0 beyond the end.
    u32 read_config(u32 offset);
    u32 config_bytes() const { return core_.profile.config_bytes; }
    void note_config_write(u32 offset);

    struct queue_registers {
        u16 size = 0;
        u16 most = 0;        // what the device offers
        u64 address[3] = {}; // descriptors, driver area, device area
        bool enabled = false;
        bool resetting = false; // 1 was written to its reset register, and no 0 read since
        u32 looks_left = 0;     // reads that still find the reset under way
    };
    const queue_registers& registers(u32 queue) const { return registers_[queue]; }
    void set_queue_size(u32 queue, u16 size);
    void set_queue_address(u32 queue, u32 part, u64 address);
    void enable_queue(u32 queue, u16 value);
    void disable_queue(u32 queue); // over MMIO
    void reset_queue(u32 queue, u32 value);
    u32 read_queue_reset(u32 queue);
    void notify(u32 queue);
    // A doorbell with NOTIFICATION_DATA.
    void notify(u32 queue, u16 next);

    void violate(violation what, std::string detail) { core_.violate(what, std::move(detail)); }

  private:
    static constexpr u64 poll_ns = 1'000'000;
    static constexpr u32 rounds_at_once = 10'000; // a driver that answers itself for ever

    void step();
    void process(u32 queue);
    void process_io(u32 queue);
    bool framed(u32 queue, const device_chain& chain) const;
    bool judge_io(u32 queue, device_chain& chain, u32& stream);
    void refuse_io(u32 queue, const device_chain& chain);
    void update_doorbells();
    bool polled(u32 queue) const;
    void watch_doorbells();
    void raise_interrupts();
    void raise(u32 queue, u32 slot);
    void reset();
    void log_status(u8 value);
    void begin_suspend();
    void begin_resume();
    void advance_suspend();
    void resume();
    bool settled() const;
    bool judge_suspended_doorbell(u32 queue);
    void judge_queue_reset(u32 queue);
    void judge_exposed();
    bool usable() const { return live_ && !core_.faults.gone; }

    device_core core_;
    std::deque<pcm_stream> streams_;
    std::deque<control_element> elements_;
    negotiation negotiation_;
    control control_;
    queue_registers registers_[wire::SND_VQ_COUNT];
    wire::snd_config config_{};
    std::vector<device_chain> dropped_;
    bool live_ = false;
    bool told_needs_reset_ = false;
    u32 pending_ = 0; // interrupts to deliver, a bit for each queue, and bit 4: configuration
    u64 doorbells_[wire::SND_VQ_COUNT] = {};
    u64 interrupts_[wire::SND_VQ_COUNT + 1] = {};
    u64 unrung_since_[wire::SND_VQ_COUNT] = {fault_set::never, fault_set::never, fault_set::never,
                                             fault_set::never};
    u64 resets_ = 0;
    u64 suspends_ = 0;
};

} // namespace vsnd::model

#include <vsnd/model/sound_device_elements.hpp>
#include <vsnd/model/sound_device_io.hpp>
#include <vsnd/model/sound_device_queue_reset.hpp>
#include <vsnd/model/sound_device_registers.hpp>
#include <vsnd/model/sound_device_suspend.hpp>
#include <vsnd/model/sound_device_time.hpp>
