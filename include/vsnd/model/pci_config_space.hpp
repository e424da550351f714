#pragma once
// The 256 bytes of PCI configuration space of the model's function: header, BARs with their
// sizing, and the capability list, honest or lying as the layout says.
// Spec: [virtio 1.4] Virtio Structure PCI Capabilities

#include <cstring>
#include <initializer_list>

#include <vsnd/wire/pci.hpp>

namespace vsnd::model {

// How the function presents itself.
struct pci_layout {
    bool msix = true;
    u16 vectors = 5;      // entries of the MSI-X table
    bool legacy = false;  // a device from before virtio 1.0: other ids, no virtio capabilities
    bool high_bar = true; // the structures' BAR lies above 4 GiB
    u32 notify_multiplier = 4;
    bool table_masked = false; // MSI-X entries start masked, as in hardware; else as if the
                               // kernel had programmed them
    // Harmless oddities that a driver must ignore or accept.
    bool decoys = true; // reserved cfg_type and reserved bar first, a longer cap_len, second copies
    // Lies.
    bool loops = false;        // the capability list never ends
    bool too_long = false;     // the common structure reaches beyond its BAR
    bool too_short = false;    // the common structure is too small for its fields
    bool common_old = false;   // the common structure ends where that of virtio 1.0 did
    bool device_short = false; // the device structure is too small for its fields
    bool bad_offset = false;   // the common structure is not aligned to 4 bytes
    u8 missing = 0;            // this cfg_type is not in the list
};

// Where things are: all virtio structures in one BAR, the MSI-X table in another.
namespace pci_place {
inline constexpr u32 structures_bar = 4;
inline constexpr u32 structures_bytes = 0x4000;
inline constexpr u32 msix_bar = 1;
inline constexpr u32 msix_bytes = 0x1000;
inline constexpr u32 msix_pending = 0x800;
inline constexpr u32 common = 0x0000;
inline constexpr u32 common_bytes = sizeof(wire::pci_common_cfg);
inline constexpr u32 isr = 0x1000;
inline constexpr u32 device_config = 0x2000;
inline constexpr u32 notify = 0x3000;
inline constexpr u64 structures_address = 0x8'0000'0000;
inline constexpr u32 structures_address_low = 0xfe00'0000;
inline constexpr u32 msix_address = 0xfeb0'0000;
constexpr u32 doorbells_bytes(const pci_layout& layout, bool wide) {
    return 3 * layout.notify_multiplier + (wide ? 4 : 2);
}
} // namespace pci_place

class pci_config_space {
  public:
    pci_config_space(const pci_layout& layout, u32 device_config_bytes, bool wide_doorbells = false)
        : layout_(layout), wide_doorbells_(wide_doorbells) {
        header();
        u8 at = 0x40;
        if (layout.msix) at = add_msix(at);
        if (!layout.legacy) add_virtio(at, device_config_bytes);
    }

    u32 read(u32 offset, u32 bytes) const {
        u32 value = 0;
        for (u32 i = 0; i < bytes; ++i)
            value |= u32{bytes_[offset + i]} << 8 * i;
        return value;
    }
    void put(u32 offset, u32 bytes, u32 value) {
        for (u32 i = 0; i < bytes; ++i)
            bytes_[offset + i] = static_cast<u8>(value >> 8 * i);
    }

    // A write to one of the six BAR registers: the size bits stay 0, the type bits stay.
    void write_bar(u32 index, u32 value) {
        using namespace pci_place;
        u32 mask = 0;
        u32 type = 0;
        if (index == msix_bar && layout_.msix) mask = ~(msix_bytes - 1);
        if (index == structures_bar && !layout_.legacy) {
            mask = ~(structures_bytes - 1);
            type = layout_.high_bar ? wire::pci_config::bar_type_64 : 0;
        }
        if (index == structures_bar + 1 && layout_.high_bar && !layout_.legacy) mask = ~u32{0};
        put(wire::pci_config::first_bar + 4 * index, 4, (value & mask) | type);
    }

    u16 command() const { return static_cast<u16>(read(wire::pci_config::command, 2)); }
    u32 msix_at() const { return msix_at_; }
    u16 msix_control() const {
        return msix_at_ == 0 ? u16{0} : static_cast<u16>(read(msix_at_ + 2, 2));
    }
    u32 window_at() const { return window_at_; } // of the configuration access capability
    // Is this byte part of a capability?
    bool in_capability(u32 offset) const { return offset >= 0x40 && offset < end_; }

  private:
    void header() {
        namespace pci = wire::pci_config;
        using namespace pci_place;
        put(pci::vendor_id, 2, wire::PCI_VENDOR_VIRTIO);
        // The transitional ids have no sound device; the subsystem id says what it is.
        put(pci::device_id, 2, layout_.legacy ? 0x1010u : wire::PCI_DEVICE_SOUND);
        put(pci::command, 2, pci::command_memory_space);
        put(pci::revision_id, 1, layout_.legacy ? 0 : 1);
        put(0x0b, 1, 0x04); // multimedia device
        put(0x0a, 1, 0x01); // audio
        put(pci::subsystem_vendor_id, 2, wire::PCI_VENDOR_VIRTIO);
        put(pci::subsystem_id, 2, layout_.legacy ? 25 : 0x1100);
        put(pci::interrupt_line, 1, 11);
        put(pci::interrupt_pin, 1, 1);
        write_bar(msix_bar, msix_address);
        const bool high = layout_.high_bar;
        write_bar(structures_bar,
                  high ? static_cast<u32>(structures_address) : structures_address_low);
        write_bar(structures_bar + 1, high ? static_cast<u32>(structures_address >> 32) : 0);
    }

    // Appends `bytes` of a capability at `at`, linked from the one before.
    u8 append(u8 at, const void* capability, u8 bytes) {
        if (last_ == 0) {
            put(wire::pci_config::status_register, 2, wire::pci_config::status_capabilities);
            put(wire::pci_config::capability_pointer, 1, at);
        } else {
            put(last_ + wire::pci_config::capability_next, 1, at);
        }
        std::memcpy(bytes_ + at, capability, bytes);
        bytes_[at + 1] = 0;
        last_ = at;
        end_ = at + bytes;
        return static_cast<u8>((end_ + 3) & ~3u);
    }

    u8 add_msix(u8 at) {
        wire::pci_msix_cap cap{};
        cap.cap_id = wire::pci_config::capability_msix;
        cap.control = static_cast<u16>(layout_.vectors - 1);
        cap.table = pci_place::msix_bar;
        cap.pending = pci_place::msix_pending | pci_place::msix_bar;
        msix_at_ = at;
        return append(at, &cap, sizeof(cap));
    }

    u8 add(u8 at, u8 type, u32 offset, u32 length, u8 bar = pci_place::structures_bar) {
        if (type == layout_.missing) return at;
        struct {
            wire::pci_cap cap;
            le32 extra;
        } whole{};
        const bool more = type == wire::PCI_CAP_NOTIFY_CFG || type == wire::PCI_CAP_PCI_CFG;
        whole.cap.cap_vndr = wire::pci_config::capability_vendor;
        whole.cap.cap_len = more || layout_.decoys ? 20 : 16; // longer than needed is legal
        whole.cap.cfg_type = type;
        whole.cap.bar = bar;
        whole.cap.offset = offset;
        whole.cap.length = length;
        if (type == wire::PCI_CAP_NOTIFY_CFG) whole.extra = layout_.notify_multiplier;
        if (type == wire::PCI_CAP_PCI_CFG) window_at_ = at;
        return append(at, &whole, whole.cap.cap_len);
    }

    void add_virtio(u8 at, u32 device_config_bytes) {
        using namespace pci_place;
        u32 offset = common;
        u32 length = common_bytes;
        if (layout_.too_long) length = structures_bytes + 4;
        if (layout_.too_short) length = 24;
        if (layout_.common_old) length = wire::PCI_COMMON_CFG_BASE_BYTES;
        if (layout_.bad_offset) offset += 2;
        const u32 doorbells = doorbells_bytes(layout_, wide_doorbells_);
        if (layout_.decoys) {
            at = add(at, 0xc8, 0, 16);                                  // a reserved type
            at = add(at, wire::PCI_CAP_COMMON_CFG, 0, common_bytes, 7); // a reserved bar
        }
        at = add(at, wire::PCI_CAP_COMMON_CFG, offset, length);
        at = add(at, wire::PCI_CAP_NOTIFY_CFG, notify, doorbells);
        at = add(at, wire::PCI_CAP_ISR_CFG, isr, 1);
        at = add(at, wire::PCI_CAP_DEVICE_CFG, device_config,
                 layout_.device_short ? 8 : device_config_bytes);
        add(at, wire::PCI_CAP_PCI_CFG, 0, 0, 0);
        if (layout_.loops) put(last_ + wire::pci_config::capability_next, 1, bytes_[0x34]);
    }

    pci_layout layout_;
    bool wide_doorbells_;
    u8 bytes_[wire::pci_config::space_bytes] = {};
    u32 last_ = 0;
    u32 end_ = 0;
    u32 msix_at_ = 0;
    u32 window_at_ = 0;
};

} // namespace vsnd::model
