#pragma once
// Access to the PCI function's BARs and configuration space. Included by pci_function.hpp.
// Spec: [virtio 1.4] PCI Device Layout, PCI configuration access capability

#include <vsnd/model/pci_function.hpp>

namespace vsnd::model {

inline u32 all_ones(u32 bytes) {
    return bytes >= 4 ? ~u32{0} : (u32{1} << 8 * bytes) - 1;
}

inline u32 pci_function::bar_read(u32 bar, u64 offset, u32 bytes) {
    ++reads_;
    if (device_.faults().gone) return all_ones(bytes);
    if (offset + bytes <= bar_bytes(bar)) {
        if (bar == pci_place::structures_bar) return reg_read(offset, bytes);
        if (bytes == 4 && offset % 4 == 0) {
            const u32 at = static_cast<u32>(offset);
            if (at >= pci_place::msix_pending) return pending_bits(at - pci_place::msix_pending);
            return at / 16 < table_.size() ? table_[at / 16].words[at % 16 / 4] : 0;
        }
    }
    device_.violate(violation::register_outside,
                    "bar " + std::to_string(bar) + " + " + std::to_string(offset));
    return all_ones(bytes);
}

inline void pci_function::bar_write(u32 bar, u64 offset, u32 bytes, u32 value) {
    ++writes_;
    if (device_.faults().gone) return;
    const bool inside = offset + bytes <= bar_bytes(bar);
    if (inside && bar == pci_place::structures_bar) return reg_write(offset, bytes, value);
    if (inside && bytes == 4 && offset % 4 == 0)
        return table_write(static_cast<u32>(offset), value);
    device_.violate(violation::register_outside,
                    "bar " + std::to_string(bar) + " + " + std::to_string(offset));
}

inline u32 pci_function::reg_read(u64 offset, u32 bytes) {
    using namespace pci_place;
    const u32 at = static_cast<u32>(offset);
    if (at < common + common_bytes) return common_read(at - common, bytes);
    if (at == isr && bytes == 1) {
        ++isr_reads_;
        if (msix_enabled()) device_.violate(violation::isr_read_with_msix, "");
        return std::exchange(isr_, u8{0});
    }
    if (at >= device_config && at + bytes <= device_config + device_.config_bytes()) {
        if (bytes == 4 && at % 4 == 0) return device_.read_config(at - device_config);
        device_.violate(violation::register_width, std::to_string(bytes) + " bytes at device + " +
                                                       std::to_string(at - device_config));
        return 0;
    }
    device_.violate(at == isr ? violation::register_width : violation::register_outside,
                    std::to_string(bytes) + " bytes at offset " + std::to_string(at));
    return all_ones(bytes);
}

inline void pci_function::reg_write(u64 offset, u32 bytes, u32 value) {
    using namespace pci_place;
    const u32 at = static_cast<u32>(offset);
    if (at < common + common_bytes) return common_write(at - common, bytes, value);
    if (at >= device_config && at + bytes <= device_config + device_.config_bytes())
        return device_.note_config_write(at - device_config);
    if (at >= notify && at < notify + doorbells_bytes()) return ring(at - notify, bytes, value);
    device_.violate(violation::register_outside, "offset " + std::to_string(at));
}

// Spec: [virtio 1.4] Available Buffer Notifications
inline void pci_function::ring(u32 offset, u32 bytes, u32 value) {
    const auto text = [&] {
        return "value " + std::to_string(value) + ", " + std::to_string(bytes) +
               " bytes at notify + " + std::to_string(offset);
    };
    const bool more = accepts(wire::F_NOTIFICATION_DATA);
    if (bytes != (more ? 4u : 2u)) return device_.violate(violation::doorbell_width, text());
    const u32 name = value & 0xffff;
    u32 queue = 0;
    while (queue < wire::SND_VQ_COUNT &&
           name != (accepts(wire::F_NOTIF_CONFIG_DATA) ? notif_config_data(queue) : queue))
        ++queue;
    const bool known = queue < wire::SND_VQ_COUNT;
    const u32 place = known ? notify_off(queue) * layout_.notify_multiplier : 0;
    if (!known || offset != place) return device_.violate(violation::doorbell_value, text());
    if (more) return device_.notify(queue, static_cast<u16>(value >> 16));
    device_.notify(queue);
}

inline u32 pci_function::config_read(u32 offset, u32 bytes) {
    if (device_.faults().gone) return all_ones(bytes);
    if (offset + bytes > wire::pci_config::space_bytes) return all_ones(bytes);
    const u32 data = space_.window_at() + 16;
    if (space_.window_at() != 0 && offset == data) window(false, 0);
    if (offset == wire::pci_config::status_register) {
        const u32 line = isr_ != 0 && !msix_enabled() ? 0x8u : 0u; // Interrupt Status
        return space_.read(offset, bytes) | line;
    }
    return space_.read(offset, bytes);
}

inline void pci_function::config_write(u32 offset, u32 bytes, u32 value) {
    namespace pci = wire::pci_config;
    if (device_.faults().gone || offset + bytes > pci::space_bytes) return;
    if (offset >= pci::first_bar && offset < pci::first_bar + 24 && bytes == 4)
        return space_.write_bar((offset - pci::first_bar) / 4, value);
    if (offset == pci::command) return space_.put(offset, 2, value & 0x0507);
    if (offset == pci::interrupt_line) return space_.put(offset, 1, value);
    if (space_.in_capability(offset)) capability_write(offset, bytes, value);
}

inline void pci_function::capability_write(u32 offset, u32 bytes, u32 value) {
    const u32 msix = space_.msix_at();
    if (msix != 0 && offset >= msix && offset < msix + sizeof(wire::pci_msix_cap)) {
        constexpr u32 kept = wire::PCI_MSIX_CONTROL_ENABLE | wire::PCI_MSIX_CONTROL_MASK_ALL;
        const u32 control = offset == msix ? value >> 16 : value;
        if (offset != msix + 2 && (offset != msix || bytes != 4)) return;
        space_.put(msix + 2, 2, (space_.read(msix + 2, 2) & ~kept) | (control & kept));
        return flush_pending();
    }
    const u32 cap = space_.window_at();
    const u32 in = offset - cap;
    const bool open = cap != 0 && (in == 4 || (in >= 8 && in + bytes <= 20)); // bar, offset...data
    if (!open)
        return device_.violate(violation::capability_written,
                               "configuration space + " + std::to_string(offset));
    space_.put(offset, in == 4 ? 1 : bytes, value);
    if (in == 16) window(true, value);
}

// The configuration access window: one register access through configuration space.
inline void pci_function::window(bool writing, u32 value) {
    const u32 cap = space_.window_at();
    const u32 bar = space_.read(cap + 4, 1);
    const u32 offset = space_.read(cap + 8, 4);
    const u32 length = space_.read(cap + 12, 4);
    const std::string text = std::to_string(length) + " bytes at bar " + std::to_string(bar) +
                             " + " + std::to_string(offset);
    if ((length != 1 && length != 2 && length != 4) || offset % length != 0)
        return device_.violate(violation::window_misaligned, text);
    using namespace pci_place;
    const auto within = [&](u32 start, u32 bytes) {
        return offset >= start && u64{offset} + length <= u64{start} + bytes;
    };
    const bool inside = within(common, common_bytes) || within(isr, 1) ||
                        within(device_config, device_.config_bytes()) ||
                        within(notify, doorbells_bytes());
    if (bar != structures_bar || !inside) return device_.violate(violation::window_outside, text);
    if (writing) return bar_write(bar, offset, length, value & all_ones(length));
    space_.put(cap + 16, 4, bar_read(bar, offset, length));
}

} // namespace vsnd::model
