#pragma once
// A virtio sound device over MMIO, version 2, as a vsnd::device_port.
//
//   constinit vsnd::mmio_device<my_kernel> device;   // no constructor runs
//   device.init(kernel);
//   ... and the card opens it. In the interrupt handler:
//   if (device.interrupt().queue) while (card.pump_all()) {}
//
// The kernel's three functions are in mmio_kernel.hpp. The memory of the rings is asked for once
// and kept for as long as the object lives.
// Spec: [virtio 1.4] Virtio Over MMIO

#include <vsnd/port/device.hpp>
#include <vsnd/ring/split_queue.hpp>
#include <vsnd/transport/interrupt_cause.hpp>
#include <vsnd/transport/mmio_registers.hpp>
#include <vsnd/transport/ring_wish.hpp>
#include <vsnd/transport/suspend.hpp>

namespace vsnd {

// What happened on the way; never reset.
struct mmio_counters {
    u32 resets = 0;         // attempts, failed ones too
    u32 config_retries = 0; // reads of the configuration that the device changed meanwhile
};

// Ring: split_queue, or packed_queue (of ring/packed_queue.hpp) for a device that offers it.
template <mmio_kernel Kernel, class Policy = ring_policy,
          template <class, class> class Ring = split_queue>
class mmio_device {
  public:
    using queue_type = Ring<mmio_doorbell<Kernel>, Policy>;
    static constexpr u32 queue_count = 4;
    static constexpr u16 least_queue_size = least_ring_size<queue_type>;
    static_assert(Policy::most_descriptors >= least_queue_size);
    // A device over MMIO does not say how long its configuration is: this is a sound device's.
    static constexpr u32 config_bytes = 16;

    // Names the kernel, which must outlive this object; touches no device.
    // Context: thread, before negotiate or after stop.
    void init(Kernel& kernel) { kernel_ = &kernel; }
    // The kernel has the hooks.
    VSND_HOT Kernel& hooks() { return *kernel_; }

    // As in port/device.hpp. The device is identified at each call, and reset whenever the answer
    // is no features. Context: thread. Errors: wrong_state (before init), no_device,
    // legacy_device, device_gone, memory_still_owned, no_version_1, not_available (a ring feature
    // that the policy demands), features_refused.
    result<u64> negotiate(u64 wanted) {
        if (kernel_ == nullptr) return status_code::wrong_state;
        phase_ = port_phase::stopped;
        if (const auto s = find(); !ok(s)) return s;
        ++counters_.resets;
        if (const auto s = reset_device(registers_); !ok(s)) return s;
        const feature_wish wish = ring_wish<Policy>(wanted, is_packed<queue_type>);
        if (const auto s = shake_hands(registers_, wish, features_); !ok(s)) return failed(s);
        phase_ = port_phase::negotiated;
        return features_;
    }

    // All fields of a sound device's configuration are of 32 bits: one access each, of which the
    // part asked for is taken. Context: thread. Errors: wrong_state (not negotiated),
    // not_available (beyond the end), device_gone, device_broken (it changes without end).
    // Spec: [virtio 1.4] MMIO Device Register Layout, Device Configuration Space
    status_code read_config(u32 offset, span<u8> into) {
        if (phase_ == port_phase::stopped) return status_code::wrong_state;
        if (u64{offset} + into.size() > config_bytes) return status_code::not_available;
        for (u32 tries = 0; tries < most_config_tries; ++tries) {
            const u32 before = registers_.generation();
            copy_config(offset, into);
            if (registers_.generation() == before) {
                // An absent device answers with the same generation, all ones, too.
                return before == ~u32{0} && registers_.gone() ? status_code::device_gone
                                                              : status_code::ok;
            }
            ++counters_.config_retries;
        }
        return status_code::device_broken;
    }

    // Sets queue 0 to 3 up. Context: thread, between negotiate and start. The device is reset when
    // it fails. Errors: wrong_state, invalid_argument: nothing happened; queue_missing,
    // queue_too_small, no_memory, device_broken, device_gone, memory_still_owned.
    result<queue_type*> queue(u32 index) {
        if (phase_ != port_phase::negotiated) return status_code::wrong_state;
        if (index >= queue_count) return status_code::invalid_argument;
        if (const auto s = set_up_queue(index); !ok(s)) return failed(s);
        return &lines_[index].queue;
    }

    // Context: thread, once after negotiate. Errors: wrong_state; device_gone, device_broken,
    // memory_still_owned: as for queue.
    status_code start() {
        if (phase_ != port_phase::negotiated) return status_code::wrong_state;
        if (const auto s = set_driver_ok(registers_); !ok(s)) return failed(s);
        phase_ = port_phase::started;
        return status_code::ok;
    }

    // As pci_device has it. Errors: as there, but no_vector.
    // Spec: [virtio 1.4] Virtqueue Reset
    status_code reset_queue(u32 index) requires(Policy::ring_reset != choice::never) {
        if (phase_ != port_phase::started) return status_code::wrong_state;
        if (index >= queue_count) return status_code::invalid_argument;
        if ((features_ & feature(wire::F_RING_RESET)) == 0) return status_code::not_available;
        registers_.select_queue(index);
        registers_.begin_queue_reset();
        const auto s = await_zero(registers_, ~u32{0}, status_code::ok,
                                  [this] { return registers_.queue_reset(); });
        if (!ok(s)) return s;
        queue_type& queue = lines_[index].queue;
        queue.reset();
        const auto ready = registers_.make_ready(queue.size(), queue.addresses());
        return ok(ready) ? ready : failed(ready);
    }

    // As in port/device.hpp. A device that was never reached needs no stop.
    // Context: thread. Errors: memory_still_owned.
    status_code stop() {
        phase_ = port_phase::stopped;
        if (!found_) return status_code::ok;
        ++counters_.resets;
        const status_code s = reset_device(registers_);
        return s == status_code::device_gone ? status_code::ok : s;
    }

    // As in port/device.hpp. Context: thread. Errors: wrong_state (not started), not_available
    // (SUSPEND was not negotiated), needs_reset, device_gone.
    // Spec: [virtio 1.4] Device Suspend
    status_code suspend() { return go_on_suspending(true); }
    status_code resume() { return go_on_suspending(false); }

    // Also true of a device that is gone: the reset then finds that out. Context: any.
    bool needs_reset() {
        return phase_ != port_phase::stopped &&
               (registers_.device_status() & wire::DEVICE_STATUS_NEEDS_RESET) != 0;
    }

    // For the interrupt handler: what the device has to say, acknowledged. To be called before the
    // queues are pumped: what comes in later than that raises the line again, and is not lost.
    // Nothing: it was another device's interrupt. Context: interrupt.
    // Spec: [virtio 1.4] MMIO-specific Initialization And Device Operation / Notifications From
    // The Device
    interrupt_cause interrupt() {
        if (!found_) return {};
        const u32 bits = registers_.get(wire::MMIO_INTERRUPT_STATUS);
        const u32 known = bits & (wire::MMIO_INTERRUPT_QUEUE | wire::MMIO_INTERRUPT_CONFIG);
        if (known == 0 || bits == ~u32{0}) return {}; // all ones: gone
        registers_.set(wire::MMIO_INTERRUPT_ACK, known);
        return {(known & wire::MMIO_INTERRUPT_QUEUE) != 0,
                (known & wire::MMIO_INTERRUPT_CONFIG) != 0};
    }

    // The features of the last negotiation that succeeded. Context: any.
    u64 features() const { return features_; }
    const mmio_counters& counters() const { return counters_; }

  private:
    static constexpr u32 most_config_tries = 16;

    status_code go_on_suspending(bool suspend) {
        if (phase_ < port_phase::started) return status_code::wrong_state;
        if ((features_ & feature(wire::F_SUSPEND)) == 0) return status_code::not_available;
        return vsnd::go_on_suspending(registers_, phase_, suspend);
    }

    // A policy may have its own patience with a reset.
    struct registers : mmio_registers<Kernel> {
        static constexpr reset_patience patience = patience_of(Policy{});
    };

    status_code failed(status_code why) {
        phase_ = port_phase::stopped;
        return give_up(registers_, why);
    }

    // One queue, and its memory.
    struct line {
        dma_region memory{};
        queue_type queue{};
    };

    // Errors: no_device, legacy_device.
    status_code find() {
        if (base_ == nullptr) base_ = kernel_->map_registers(wire::MMIO_CONFIG + config_bytes);
        if (base_ == nullptr) return status_code::no_device;
        registers_ = {{*kernel_, base_}};
        const status_code s = registers_.identify();
        found_ = found_ || ok(s); // what was live once is reset at stop, whatever it says now
        return s;
    }

    void copy_config(u32 offset, span<u8> into) {
        u32 word = 0;
        for (usize i = 0; i < into.size(); ++i) {
            const u32 at = offset + static_cast<u32>(i);
            if (i == 0 || at % 4 == 0) word = registers_.get(wire::MMIO_CONFIG + (at & ~3U));
            into[i] = static_cast<u8>(word >> (at % 4 * 8));
        }
    }

    status_code set_up_queue(u32 index) {
        line& l = lines_[index];
        registers_.select_queue(index);
        if (registers_.queue_ready()) return status_code::device_broken; // the reset ended that
        const u32 offered = registers_.most_queue_size();
        if (offered == 0) return status_code::queue_missing;
        const u16 size = size_for(l, offered);
        if (size < least_queue_size) return status_code::queue_too_small;
        const mmio_doorbell<Kernel> doorbell{kernel_, base_ + wire::MMIO_QUEUE_NOTIFY,
                                             static_cast<u16>(index)};
        if (const auto s = l.queue.init(size, features_, l.memory, doorbell); !ok(s)) return s;
        return registers_.make_ready(size, l.queue.addresses());
    }

    // Memory is asked for once. Where there is none, the queue's own set-up says so.
    u16 size_for(line& l, u32 offered) {
        const u16 size = ring_size_for<queue_type>(offered, l.memory);
        if (size >= least_queue_size && l.memory.empty()) {
            l.memory = kernel_->dma(queue_type::memory_bytes(size), queue_type::memory_alignment);
        }
        return size;
    }

    Kernel* kernel_ = nullptr;
    registers registers_;
    u8* base_ = nullptr;
    bool found_ = false; // identified, once at least
    port_phase phase_ = port_phase::stopped;
    u64 features_ = 0;
    mmio_counters counters_;
    line lines_[queue_count]{};
};

} // namespace vsnd
