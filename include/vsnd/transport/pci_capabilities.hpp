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
    u32 offset = 0;
    u32 bytes = 0;
    u8 bar = 0;

    constexpr bool found() const { return bytes != 0; }
};

// Where everything is.
struct pci_layout {
    pci_range ranges[4]{}; // by cfg_type, from PCI_CAP_COMMON_CFG to PCI_CAP_DEVICE_CFG
    u32 notify_multiplier = 0;
    u32 msix = 0; // offset of the MSI-X capability, 0 where there is none

    constexpr const pci_range& common() const { return of(wire::PCI_CAP_COMMON_CFG); }
    constexpr const pci_range& notify() const { return of(wire::PCI_CAP_NOTIFY_CFG); }
    constexpr const pci_range& isr() const { return of(wire::PCI_CAP_ISR_CFG); }
    constexpr const pci_range& config() const { return of(wire::PCI_CAP_DEVICE_CFG); }
    constexpr bool complete() const {
        return common().found() && notify().found() && isr().found() && config().found();
    }

  private:
    constexpr const pci_range& of(u8 type) const { return ranges[type - 1]; }
};

namespace detail {

// What a structure of each type must have: a length, an alignment, and its capability's length.
struct pci_demand {
    u8 bytes;
    u8 alignment;
    u8 capability_bytes;
};
inline constexpr pci_demand pci_demands[4] = {
    {wire::PCI_COMMON_CFG_BASE_BYTES, 4, sizeof(wire::pci_cap)},
    {2, 2, sizeof(wire::pci_notify_cap)},
    {1, 1, sizeof(wire::pci_cap)},
    // Devices from before the control elements have no `controls` field.
    {offsetof(wire::snd_config, controls), 4, sizeof(wire::pci_cap)},
};

// Whether a structure can be where it says. A reserved BAR is ignored, as the specification wants;
// a range beyond 4 GiB cannot be meant, since only pci_cap64 says such.
constexpr bool is_credible(const pci_range& r, const pci_demand& demand) {
    return r.bar <= wire::PCI_BAR_LAST && r.bytes >= demand.bytes &&
           (r.offset & (demand.alignment - 1U)) == 0 && r.offset <= ~r.bytes;
}

// Registers are reached by memory accesses here: an I/O BAR does not serve.
template <pci_kernel Kernel>
bool is_memory_bar(Kernel& kernel, u32 bar) {
    return (kernel.pci_read(wire::pci_config::first_bar + bar * 4, 4) &
            wire::pci_config::bar_is_io) == 0;
}

// Takes the first instance of each structure that can be used. `head` is the first word of the
// vendor capability at `at`. Nothing behind it is read unasked: the data of the configuration
// access capability is a register.
template <pci_kernel Kernel>
void consider(Kernel& kernel, pci_layout& layout, u32 at, u32 head) {
    const u32 index = (head >> 24) - 1; // the type, 0 and what is reserved being far above
    const u32 length = head >> 16 & 0xff;
    if (index >= 4 || layout.ranges[index].found()) return;
    const pci_demand& demand = pci_demands[index];
    if (length < demand.capability_bytes || at + length > wire::pci_config::space_bytes) return;
    const auto word = [&](usize offset) {
        return kernel.pci_read(at + static_cast<u32>(offset), 4);
    };
    const pci_range found{word(offsetof(wire::pci_cap, offset)),
                          word(offsetof(wire::pci_cap, length)),
                          static_cast<u8>(word(offsetof(wire::pci_cap, bar)))};
    if (!is_credible(found, demand) || !is_memory_bar(kernel, found.bar)) return;
    layout.ranges[index] = found;
    if (index == wire::PCI_CAP_NOTIFY_CFG - 1) {
        layout.notify_multiplier = word(offsetof(wire::pci_notify_cap, notify_off_multiplier));
    }
}

} // namespace detail

// Whether a virtio sound device is at this place of the bus.
// Spec: [virtio 1.4] PCI Device Discovery. Errors: no_device.
template <pci_kernel Kernel>
status_code identify_sound_device(Kernel& kernel) {
    namespace config = wire::pci_config;
    const u32 ids = kernel.pci_read(config::vendor_id, 4);
    const u32 device = ids >> 16;
    if ((ids & 0xffff) != wire::PCI_VENDOR_VIRTIO) return status_code::no_device;
    if (device == wire::PCI_DEVICE_SOUND) return status_code::ok;
    // The range of transitional devices, whose type is in the subsystem id.
    const bool transitional = device >= wire::PCI_DEVICE_TRANSITIONAL &&
                              device < wire::PCI_DEVICE_BASE &&
                              kernel.pci_read(config::subsystem_id, 2) == wire::DEVICE_ID_SOUND;
    return transitional ? status_code::ok : status_code::no_device;
}

// Walks the capability list.
// Errors: legacy_device, no virtio structure at all; bad_capability, a list that is a loop or
// leaves the configuration space, or a structure that is missing or lies about itself.
template <pci_kernel Kernel>
status_code find_pci_structures(Kernel& kernel, pci_layout& layout) {
    namespace config = wire::pci_config;
    layout = {};
    bool modern = false;
    u32 at = 0; // no list, no capabilities
    if ((kernel.pci_read(config::status_register, 2) & config::status_capabilities) != 0) {
        at = kernel.pci_read(config::capability_pointer, 1) & config::capability_pointer_mask;
    }
    for (u32 steps = 0; at != 0; ++steps) {
        if (steps == config::capability_limit || at < config::header_bytes) {
            return status_code::bad_capability;
        }
        const u32 head = kernel.pci_read(at, 4);
        const u32 id = head & 0xff;
        if (id == config::capability_msix && layout.msix == 0) layout.msix = at;
        if (id == config::capability_vendor) {
            modern = true;
            detail::consider(kernel, layout, at, head);
        }
        at = head >> 8 & config::capability_pointer_mask;
    }
    if (!modern) return status_code::legacy_device;
    return layout.complete() ? status_code::ok : status_code::bad_capability;
}

} // namespace vsnd
