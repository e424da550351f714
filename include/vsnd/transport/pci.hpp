#pragma once
// A virtio sound device over PCI, modern interface, as a vsnd::device_port.
//
//   constinit vsnd::pci_device<my_kernel> device;   // no constructor runs
//   vsnd::msix_message message = {address, data};   // stays where it is
//   device.init(kernel, vsnd::interrupt_setup::msix(message));
//   ... and the card opens it.
//
// The kernel's five functions are in pci_kernel.hpp. The memory of the rings is asked for once
// and kept for as long as the object lives.
// Spec: [virtio 1.4] Virtio Over PCI Bus

#include <vsnd/port/device.hpp>
#include <vsnd/ring/split_queue.hpp>
#include <vsnd/transport/interrupt_cause.hpp>
#include <vsnd/transport/pci_common.hpp>
#include <vsnd/transport/pci_interrupts.hpp>
#include <vsnd/transport/ring_wish.hpp>
#include <vsnd/transport/suspend.hpp>

namespace vsnd {

// What happened on the way; never reset.
struct pci_counters {
    u32 resets = 0;         // attempts, failed ones too
    u32 config_retries = 0; // reads of the configuration that the device changed meanwhile
};

// Ring: split_queue, or packed_queue (of ring/packed_queue.hpp) for a device that offers it.
template <pci_kernel Kernel, class Policy = ring_policy,
          template <class, class> class Ring = split_queue>
class pci_device {
  public:
    using queue_type = Ring<pci_doorbell<Kernel>, Policy>;
    static constexpr u32 queue_count = 4;
    static constexpr u16 least_queue_size = least_ring_size<queue_type>;
    static_assert(Policy::most_descriptors >= least_queue_size);
    static_assert(Policy::notif_config_data != choice::always &&
                      Policy::ring_reset != choice::always,
                  "the register may lie beyond what a device has of the structure: negotiate it");

    // Names the kernel, which must outlive this object as its messages must, and its choice of
    // interrupts; touches no device. Context: thread, before negotiate or after stop.
    void init(Kernel& kernel, const interrupt_setup& interrupts = {}) {
        common_.kernel = &kernel;
        interrupts_ = interrupts;
    }
    // The kernel has the hooks.
    VSND_HOT Kernel& hooks() { return *common_.kernel; }

    // As in port/device.hpp; inlined, since a card calls it once. The device is found at the first
    // call and reset whenever the answer is no features. Context: thread. Errors: wrong_state
    // (before init), no_device, legacy_device, bad_capability, device_gone, memory_still_owned,
    // no_version_1, not_available (a ring feature that the policy demands), features_refused,
    // no_vector.
    [[gnu::always_inline]] result<u64> negotiate(u64 wanted) {
        if (common_.kernel == nullptr) return status_code::wrong_state;
        phase_ = port_phase::stopped;
        if (const auto s = find(); !ok(s)) return s;
        ++counters_.resets;
        if (const auto s = reset_device(common_); !ok(s)) return s;
        auto s = shake_hands(common_, wish_for(wanted), features_);
        if (ok(s)) s = set_up_interrupts();
        if (!ok(s)) return failed(s);
        phase_ = port_phase::negotiated;
        return features_;
    }

    // All fields of a sound device's configuration are of 32 bits: one access each, of which the
    // part asked for is taken. Context: thread. Errors: wrong_state (not negotiated),
    // not_available (beyond the end), device_gone, device_broken (it changes without end).
    // Spec: [virtio 1.4] Device Configuration Space
    status_code read_config(u32 offset, span<u8> into) {
        if (phase_ == port_phase::stopped) return status_code::wrong_state;
        if (u64{offset} + into.size() > config_bytes()) return status_code::not_available;
        for (u32 tries = 0; tries < most_config_tries; ++tries) {
            const u32 before = common_.generation();
            copy_config(offset, into);
            if (common_.generation() == before) {
                // An absent device answers with the same generation, all ones, too.
                return common_.gone() ? status_code::device_gone : status_code::ok;
            }
            ++counters_.config_retries;
        }
        return status_code::device_broken;
    }

    // Sets queue 0 to 3 up. Context: thread, between negotiate and start. The device is reset when
    // it fails. Errors: wrong_state, invalid_argument: nothing happened; queue_missing,
    // queue_too_small, no_memory, no_vector, bad_capability (its doorbell cannot be reached),
    // device_broken, device_gone, memory_still_owned.
    // Spec: [virtio 1.4] Virtqueue Configuration
    result<queue_type*> queue(u32 index) {
        if (phase_ != port_phase::negotiated) return status_code::wrong_state;
        if (index >= queue_count) return status_code::invalid_argument;
        return queue(lines_[index], index);
    }

    // Context: thread, once after negotiate. Errors: wrong_state; device_gone, device_broken,
    // memory_still_owned: as for queue.
    [[gnu::noinline]] status_code start() {
        if (phase_ != port_phase::negotiated) return status_code::wrong_state;
        if (const auto s = set_driver_ok(common_); !ok(s)) return failed(s);
        phase_ = port_phase::started;
        return status_code::ok;
    }

    // Resets one queue alone and sets it up again, empty: its chains stay bound, and those that the
    // device had are idle without a completion. For users of the queue itself; a card must have no
    // stream prepared on it. Context: thread, between start and stop, while nobody else uses the
    // queue. Errors: invalid_argument, wrong_state, not_available (RING_RESET was not negotiated):
    // nothing happened; memory_still_owned, the queue did not confirm it, only stop helps then;
    // device_gone, device_broken, no_vector.
    // Spec: [virtio 1.4] Virtqueue Reset
    status_code reset_queue(u32 index) requires(Policy::ring_reset != choice::never) {
        if (phase_ != port_phase::started) return status_code::wrong_state;
        if (index >= queue_count) return status_code::invalid_argument;
        if (!has(wire::F_RING_RESET)) return status_code::not_available;
        common_.select_queue(index);
        common_.begin_queue_reset();
        const auto s =
            await_zero(common_, 0xffff, status_code::ok, [this] { return common_.queue_reset(); });
        if (!ok(s)) return s;
        queue_type& queue = lines_[index].queue;
        queue.reset();
        if (!common_.set_queue_size(queue.size())) return failed(status_code::device_broken);
        const auto given = give_to_device(queue, index);
        return ok(given) ? given : failed(given);
    }

    // As in port/device.hpp. Before the device was found there is nothing to stop.
    // Context: thread. Errors: memory_still_owned.
    status_code stop() {
        phase_ = port_phase::stopped;
        if (common_.base == nullptr) return status_code::ok;
        ++counters_.resets;
        const status_code s = reset_device(common_);
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
               (common_.device_status() & wire::DEVICE_STATUS_NEEDS_RESET) != 0;
    }

    // For the handler of an INTx interrupt: reads the ISR status once, which takes the line back.
    // Nothing: another device on the line raised it. With MSI-X there is no such register to ask,
    // and either may be the case. Context: interrupt.
    // Spec: [virtio 1.4] ISR status capability
    interrupt_cause read_isr() {
        if (common_.base == nullptr) return {};
        if (interrupts_.has_vectors()) return {true, true};
        const u8 isr = read_register_8(hooks(), layout_.isr().address);
        if (isr == 0xff) return {}; // gone
        return {(isr & wire::PCI_ISR_QUEUE) != 0, (isr & wire::PCI_ISR_CONFIG) != 0};
    }

    // The features of the last negotiation that succeeded. Context: any.
    u64 features() const { return features_; }
    const pci_counters& counters() const { return counters_; }

  private:
    static constexpr u32 most_config_tries = 16;

    bool has(u32 bit) const { return (features_ & feature(bit)) != 0; }

    // Registers that a device has, but that lie beyond what it says to have, are none.
    feature_wish wish_for(u64 wanted) const {
        feature_wish wish = ring_wish<Policy>(wanted, is_packed<queue_type>);
        detail::wish_for(wish, Policy::notif_config_data, wire::F_NOTIF_CONFIG_DATA);
        constexpr bool needs_more =
            Policy::notif_config_data != choice::never || Policy::ring_reset != choice::never;
        if (needs_more && layout_.common().bytes < wire::PCI_COMMON_CFG_QUEUE_BYTES)
            wish.optional &= ~(feature(wire::F_NOTIF_CONFIG_DATA) | feature(wire::F_RING_RESET));
        return wish;
    }

    status_code go_on_suspending(bool suspend) {
        if (phase_ < port_phase::started) return status_code::wrong_state;
        if ((features_ & feature(wire::F_SUSPEND)) == 0) return status_code::not_available;
        return vsnd::go_on_suspending(common_, phase_, suspend);
    }

    [[gnu::noinline]] status_code failed(status_code why) {
        phase_ = port_phase::stopped;
        return give_up(common_, why);
    }

    // Switches the registers on, and what else `bits` says. INTx and the memory accesses of the
    // device: as there.
    void set_command(u32 bits) {
        namespace config = wire::pci_config;
        const u32 now = hooks().pci_read(config::command, 2);
        hooks().pci_write(config::command, 2,
                          (now & ~u32{config::command_intx_disable}) | bits |
                              config::command_memory_space);
    }

    // Finds the device, once, and makes its registers answer: a kernel or firmware may have
    // switched them off meanwhile, as in sleep. Errors: no_device, legacy_device, bad_capability.
    status_code find() {
        if (common_.base == nullptr) {
            if (const auto s = identify_sound_device(hooks()); !ok(s)) return s;
            if (const auto s = find_pci_structures(hooks(), layout_); !ok(s)) return s;
            common_.base = layout_.common().address;
        }
        set_command(wire::pci_config::command_intx_disable);
        return status_code::ok;
    }

    // The device may write to memory from here on; it was reset before.
    [[gnu::always_inline]] status_code set_up_interrupts() {
        namespace config = wire::pci_config;
        const bool intx = interrupts_.how == interrupt_setup::kind::intx;
        set_command(config::command_bus_master | (intx ? 0U : config::command_intx_disable));
        if (!interrupts_.has_vectors()) {
            switch_msix_off(hooks(), layout_.msix);
            return status_code::ok;
        }
        const auto s = switch_msix_on(hooks(), layout_.msix, interrupts_, msix_table_);
        if (!ok(s)) return s;
        return common_.map_config_vector(interrupts_.config_vector()) ? status_code::ok
                                                                      : status_code::no_vector;
    }

    // Devices from before the control elements have no `controls` field; more than that nobody
    // needs.
    u32 config_bytes() const {
        return layout_.config().bytes < sizeof(wire::snd_config)
                   ? u32{offsetof(wire::snd_config, controls)}
                   : u32{sizeof(wire::snd_config)};
    }
    void copy_config(u32 offset, span<u8> into) {
        const u8* const base = layout_.config().address;
        u32 word = 0;
        for (usize i = 0; i < into.size(); ++i) {
            const u32 at = offset + static_cast<u32>(i);
            if (i == 0 || at % 4 == 0) word = read_register_32(hooks(), base + (at & ~3U));
            into[i] = static_cast<u8>(word >> (at % 4 * 8));
        }
    }

    // One queue and what was found for it.
    struct line {
        dma_region memory{};
        pci_doorbell<Kernel> doorbell{};
        u32 doorbell_at = 0; // in the notification structure
        queue_type queue{};
    };

    [[gnu::always_inline]] result<queue_type*> queue(line& l, u32 index) {
        if (const auto s = set_up_queue(l, index); !ok(s)) return failed(s);
        return &l.queue;
    }
    [[gnu::noinline]] status_code set_up_queue(line& l, u32 index) {
        common_.select_queue(index);
        const u32 offered = common_.queue_size();
        if (offered < least_queue_size) {
            return offered == 0 ? status_code::queue_missing : status_code::queue_too_small;
        }
        const u16 size = ring_size_for<queue_type>(offered, l.memory);
        if (!common_.set_queue_size(size)) return status_code::device_broken;
        l.doorbell.kernel = common_.kernel;
        l.doorbell.queue = static_cast<u16>(index);
        if constexpr (Policy::notif_config_data != choice::never) {
            if (has(wire::F_NOTIF_CONFIG_DATA))
                l.doorbell.queue = static_cast<u16>(common_.queue_notif_config_data());
        }
        if (!find_doorbell(l)) return status_code::bad_capability;
        if (l.memory.cpu == nullptr) {
            l.memory = hooks().dma(queue_type::memory_bytes(size), queue_type::memory_alignment);
        }
        const auto s = l.queue.init(size, features_, l.memory, l.doorbell);
        return ok(s) ? give_to_device(l.queue, index) : s;
    }
    // Its size is set.
    VSND_TINY status_code give_to_device(queue_type& queue, u32 index) {
        common_.set_queue_addresses(queue.addresses());
        if (interrupts_.has_vectors() &&
            !common_.map_queue_vector(interrupts_.queue_vector(index))) {
            return status_code::no_vector;
        }
        common_.enable_queue();
        return status_code::ok;
    }

    // Where the doorbell of the selected queue is. It is mapped by itself, since a page for each
    // is common, and mapped again only when the device has moved it.
    // Spec: [virtio 1.4] Notification structure layout. False: it can be nowhere.
    bool find_doorbell(line& l) {
        const pci_range& notify = layout_.notify();
        const u64 at = u64{common_.queue_notify_off()} * notify.multiplier;
        if (at % 2 != 0 || at > notify.bytes - 2) return false;
        u32 bytes = 2;
        if constexpr (Policy::notification_data != choice::never) {
            bytes = lesser(u32{4}, notify.bytes - static_cast<u32>(at));
            const bool aligned = (notify.offset + at) % 4 == 0;
            if (has(wire::F_NOTIFICATION_DATA) && (bytes < 4 || !aligned)) return false;
        }
        if (l.doorbell.address == nullptr || l.doorbell_at != at) {
            l.doorbell_at = static_cast<u32>(at);
            l.doorbell.address = hooks().map_bar(notify.bar, notify.offset + at, bytes);
        }
        return l.doorbell.address != nullptr;
    }

    pci_common<Kernel, Policy> common_;
    u8* msix_table_ = nullptr;
    u64 features_ = 0;
    interrupt_setup interrupts_;
    pci_counters counters_;
    port_phase phase_ = port_phase::stopped;
    pci_layout layout_;
    line lines_[queue_count]{};
};

} // namespace vsnd
