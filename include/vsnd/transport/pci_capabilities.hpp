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
    pci_range common;
    pci_range notify;
    pci_range isr;
    pci_range config;
    u32 notify_multiplier = 0;
    u32 msix = 0; // offset of the MSI-X capability, 0 where there is none
};

namespace detail {

// What all virtio capabilities have in common, as words of the configuration space. Nothing
// behind it is read unasked: the data of the configuration access capability is a register.
struct pci_capability {
    u32 offset;
    u32 words[sizeof(wire::pci_cap) / 4];

    constexpr u8 byte(u32 i) const { return static_cast<u8>(words[i / 4] >> (i % 4 * 8)); }
    constexpr u8 id() const { return byte(offsetof(wire::pci_cap, cap_vndr)); }
    constexpr u8 next() const { return byte(offsetof(wire::pci_cap, cap_next)); }
    constexpr u8 length() const { return byte(offsetof(wire::pci_cap, cap_len)); }
    constexpr u8 type() const { return byte(offsetof(wire::pci_cap, cfg_type)); }
    constexpr u8 bar() const { return byte(offsetof(wire::pci_cap, bar)); }
    constexpr u32 range_offset() const { return words[offsetof(wire::pci_cap, offset) / 4]; }
    constexpr u32 range_bytes() const { return words[offsetof(wire::pci_cap, length) / 4]; }
};

// What a structure of each type must have: a length, an alignment, and its capability's length.
struct pci_demand {
    u32 bytes;
    u32 alignment;
    u32 capability_bytes;
};

constexpr pci_demand demand_of(u8 type) {
    constexpr u32 plain = sizeof(wire::pci_cap);
    switch (type) {
    case wire::PCI_CAP_COMMON_CFG: return {wire::PCI_COMMON_CFG_BASE_BYTES, 4, plain};
    case wire::PCI_CAP_NOTIFY_CFG: return {2, 2, sizeof(wire::pci_notify_cap)};
    case wire::PCI_CAP_ISR_CFG: return {1, 1, plain};
    // Devices from before the control elements have no `controls` field.
    case wire::PCI_CAP_DEVICE_CFG: return {offsetof(wire::snd_config, controls), 4, plain};
    default: return {0, 1, 0};
    }
}

// The range that a capability describes; not found where it lies. A reserved BAR is ignored, as
// the specification wants; a range beyond 4 GiB cannot be meant, since only pci_cap64 says such.
inline pci_range judged(const pci_capability& c, pci_demand demand) {
    const u64 end = u64{c.range_offset()} + c.range_bytes();
    const bool good = c.length() >= demand.capability_bytes &&
                      c.offset + c.length() <= wire::pci_config::space_bytes &&
                      c.bar() <= wire::PCI_BAR_LAST && c.range_bytes() >= demand.bytes &&
                      (c.range_offset() & (demand.alignment - 1)) == 0 && end >> 32 == 0;
    return good ? pci_range{c.range_offset(), c.range_bytes(), c.bar()} : pci_range{};
}

inline pci_range* range_for(pci_layout& layout, u8 type) {
    switch (type) {
    case wire::PCI_CAP_COMMON_CFG: return &layout.common;
    case wire::PCI_CAP_NOTIFY_CFG: return &layout.notify;
    case wire::PCI_CAP_ISR_CFG: return &layout.isr;
    case wire::PCI_CAP_DEVICE_CFG: return &layout.config;
    default: return nullptr;
    }
}

template <pci_kernel Kernel>
pci_capability read_capability(Kernel& kernel, u32 offset) {
    pci_capability c{offset, {}};
    c.words[0] = kernel.pci_read(offset, 4);
    if (c.id() != wire::pci_config::capability_vendor) return c;
    for (u32 i = 1; i < sizeof(wire::pci_cap) / 4; ++i) {
        offset += 4;
        if (offset < wire::pci_config::space_bytes) c.words[i] = kernel.pci_read(offset, 4);
    }
    return c;
}

// Registers are reached by memory accesses here: an I/O BAR does not serve.
template <pci_kernel Kernel>
bool is_memory_bar(Kernel& kernel, u32 bar) {
    return (kernel.pci_read(wire::pci_config::first_bar + bar * 4, 4) &
            wire::pci_config::bar_is_io) == 0;
}

// Takes the first instance of each structure that can be used.
template <pci_kernel Kernel>
void consider(Kernel& kernel, pci_layout& layout, const pci_capability& c) {
    pci_range* const range = range_for(layout, c.type());
    if (range == nullptr || range->found()) return;
    const pci_range candidate = judged(c, demand_of(c.type()));
    if (!candidate.found() || !is_memory_bar(kernel, candidate.bar)) return;
    *range = candidate;
    if (c.type() == wire::PCI_CAP_NOTIFY_CFG) {
        constexpr u32 at = offsetof(wire::pci_notify_cap, notify_off_multiplier);
        layout.notify_multiplier = kernel.pci_read(c.offset + at, 4);
    }
}

} // namespace detail

// Whether a virtio sound device is at this place of the bus.
// Spec: [virtio 1.4] PCI Device Discovery. Errors: no_device.
template <pci_kernel Kernel>
status_code identify_sound_device(Kernel& kernel) {
    namespace config = wire::pci_config;
    const u32 vendor = kernel.pci_read(config::vendor_id, 2);
    const u32 device = kernel.pci_read(config::device_id, 2);
    if (vendor != wire::PCI_VENDOR_VIRTIO) return status_code::no_device;
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
result<pci_layout> find_pci_structures(Kernel& kernel) {
    namespace config = wire::pci_config;
    if ((kernel.pci_read(config::status_register, 2) & config::status_capabilities) == 0) {
        return status_code::legacy_device;
    }
    pci_layout layout;
    bool modern = false;
    u32 at = kernel.pci_read(config::capability_pointer, 1) & config::capability_pointer_mask;
    for (u32 steps = 0; at != 0; ++steps) {
        if (steps == config::capability_limit || at < config::header_bytes) {
            return status_code::bad_capability;
        }
        const detail::pci_capability c = detail::read_capability(kernel, at);
        if (c.id() == config::capability_msix && layout.msix == 0) layout.msix = at;
        if (c.id() == config::capability_vendor) {
            modern = true;
            detail::consider(kernel, layout, c);
        }
        at = c.next() & config::capability_pointer_mask;
    }
    if (!modern) return status_code::legacy_device;
    const bool complete = layout.common.found() && layout.notify.found() && layout.isr.found() &&
                          layout.config.found();
    if (!complete) return status_code::bad_capability;
    return layout;
}

} // namespace vsnd
