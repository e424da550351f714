#pragma once
// Finds the virtio structures of a PCI function by its capability list. Everything in the list
// comes from the device, so everything is bounded and judged before use.
// Spec: [virtio 1.4] Virtio Structure PCI Capabilities

#include <vsnd/base/status.hpp>
#include <vsnd/transport/pci_kernel.hpp>
#include <vsnd/wire/pci.hpp>
#include <vsnd/wire/sound.hpp>
#include <vsnd/wire/virtio.hpp>

namespace vsnd {

// A stretch of a BAR. Of length 0: not found.
struct pci_range {
    u8* address = nullptr; // where its beginning is mapped
    u32 bar = 0;
    u32 offset = 0;
    u32 bytes = 0;
    u32 multiplier = 0; // of the notification structure
};

// Where everything is.
struct pci_layout {
    u32 msix = 0;          // offset of the MSI-X capability, 0 where there is none
    pci_range ranges[4]{}; // by cfg_type, from PCI_CAP_COMMON_CFG to PCI_CAP_DEVICE_CFG

    constexpr const pci_range& common() const { return of(wire::PCI_CAP_COMMON_CFG); }
    constexpr const pci_range& notify() const { return of(wire::PCI_CAP_NOTIFY_CFG); }
    constexpr const pci_range& isr() const { return of(wire::PCI_CAP_ISR_CFG); }
    constexpr const pci_range& config() const { return of(wire::PCI_CAP_DEVICE_CFG); }

  private:
    constexpr const pci_range& of(u8 type) const { return ranges[type - 1]; }
};

namespace detail {

// What a structure of each type must have, and how much of it is mapped.
struct pci_demand {
    u8 capability_bytes;
    u8 bytes;
    u8 alignment_mask;
    u8 mapped_bytes; // if there are as many
};
inline constexpr pci_demand pci_demands[4] = {
    {sizeof(wire::pci_cap), wire::PCI_COMMON_CFG_BASE_BYTES, 3, wire::PCI_COMMON_CFG_QUEUE_BYTES},
    // Each doorbell is mapped by itself, since a page for each is common.
    {sizeof(wire::pci_notify_cap), 2, 1, 2},
    {sizeof(wire::pci_cap), 1, 0, 1},
    // Devices from before the control elements have no `controls` field.
    {sizeof(wire::pci_cap), offsetof(wire::snd_config, controls), 3, sizeof(wire::snd_config)},
};

// Four bytes of the configuration space.
template <pci_kernel Kernel>
[[gnu::noinline]] u32 pci_word(Kernel& kernel, u32 offset) {
    return kernel.pci_read(offset, 4);
}

// Registers are reached by memory accesses here: an I/O BAR does not serve.
template <pci_kernel Kernel>
bool is_io_bar(Kernel& kernel, u32 bar) {
    namespace config = wire::pci_config;
    return (pci_word(kernel, config::first_bar + bar * 4) & config::bar_is_io) != 0;
}

// Whether the structure that the capability at `at` describes is the first of its type that can be
// used; then it is mapped.
// A reserved BAR is ignored, as the specification wants; a range beyond 4 GiB cannot be meant,
// since only pci_cap64 says such.
template <pci_kernel Kernel>
[[gnu::noinline]] bool take_structure(Kernel& kernel, u32 at, u32 length, const pci_demand& demand,
                                      pci_range& r) {
    if (r.bytes != 0 || length < demand.capability_bytes ||
        at + length > wire::pci_config::space_bytes) {
        return false;
    }
    r.bar = pci_word(kernel, at + u32{offsetof(wire::pci_cap, bar)}) & 0xff;
    r.offset = pci_word(kernel, at + u32{offsetof(wire::pci_cap, offset)});
    const u32 bytes = pci_word(kernel, at + u32{offsetof(wire::pci_cap, length)});
    if (r.bar > wire::PCI_BAR_LAST || bytes < demand.bytes ||
        (r.offset & demand.alignment_mask) != 0 || r.offset > ~bytes || is_io_bar(kernel, r.bar)) {
        return false;
    }
    r.address = kernel.map_bar(r.bar, r.offset, lesser(bytes, u32{demand.mapped_bytes}));
    if (r.address == nullptr) return false;
    r.bytes = bytes;
    if (demand.capability_bytes > offsetof(wire::pci_notify_cap, notify_off_multiplier)) {
        constexpr u32 multiplier = offsetof(wire::pci_notify_cap, notify_off_multiplier);
        r.multiplier = pci_word(kernel, at + multiplier);
    }
    return true;
}

} // namespace detail

// Whether a virtio sound device is at this place of the bus. The type of a transitional device is
// in its subsystem id.
// Spec: [virtio 1.4] PCI Device Discovery. Errors: no_device.
template <pci_kernel Kernel>
status_code identify_sound_device(Kernel& kernel) {
    namespace config = wire::pci_config;
    constexpr u32 sound = u32{wire::PCI_DEVICE_SOUND} << 16 | wire::PCI_VENDOR_VIRTIO;
    constexpr u32 transitional = u32{wire::PCI_DEVICE_TRANSITIONAL} << 16 | wire::PCI_VENDOR_VIRTIO;
    constexpr u32 range = u32{wire::PCI_DEVICE_BASE - wire::PCI_DEVICE_TRANSITIONAL - 1} << 16;
    const u32 ids = detail::pci_word(kernel, config::vendor_id);
    const bool found =
        ids == sound ||
        ((ids & ~range) == transitional &&
         detail::pci_word(kernel, config::subsystem_vendor_id) >> 16 == wire::DEVICE_ID_SOUND);
    return found ? status_code::ok : status_code::no_device;
}

// Walks the capability list, and takes the first instance of each structure that can be used.
// Errors: legacy_device, no such structure at all; bad_capability, a list that is a loop or leaves
// the configuration space, or a structure that is missing or lies about itself.
template <pci_kernel Kernel>
status_code find_pci_structures(Kernel& kernel, pci_layout& layout) {
    namespace config = wire::pci_config;
    layout = {};
    u32 found = 0;
    u32 next = 0; // no list, no capabilities
    if ((detail::pci_word(kernel, config::command) >> 16 & config::status_capabilities) != 0) {
        next = detail::pci_word(kernel, config::capability_pointer);
    }
    for (u32 left = config::capability_limit;; --left) {
        const u32 at = next & config::capability_pointer_mask;
        if (at == 0) break;
        if (left == 0 || at < config::header_bytes) return status_code::bad_capability;
        const u32 head = detail::pci_word(kernel, at);
        next = head >> 8;
        const u32 id = head & 0xff;
        if (id == config::capability_msix && at <= config::space_bytes - sizeof(wire::pci_msix_cap))
            layout.msix = at;
        // Nothing behind the first word of others is read: the data of the configuration access
        // capability is a register.
        const u32 index = (head >> 24) - 1; // the type, 0 and what is reserved being far above
        if (id == config::capability_vendor && index < 4) {
            found += detail::take_structure(kernel, at, head >> 16 & 0xff,
                                            detail::pci_demands[index], layout.ranges[index]);
        }
    }
    if (found == 0) return status_code::legacy_device;
    return found == 4 ? status_code::ok : status_code::bad_capability;
}

} // namespace vsnd
