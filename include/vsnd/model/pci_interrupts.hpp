#pragma once
// MSI-X and INTx of the PCI function. Included by pci_function.hpp.
// Spec: [virtio 1.4] Used Buffer Notifications, ISR status capability

#include <vsnd/model/pci_function.hpp>

namespace vsnd::model {

inline void pci_function::interrupt(u32 queue) {
    const bool config = queue == sound_device::config_interrupt;
    if (msix_enabled()) return signal((config ? config_vector_ : queue_vectors_[queue]).value);
    const bool disabled = (space_.command() & wire::pci_config::command_intx_disable) != 0;
    // The driver may have read the ISR in the meantime: the line is down again then.
    if (isr_ == 0 || disabled || !on_intx) return;
    ++delivered_;
    on_intx();
}

inline void pci_function::signal(u16 vector) {
    if (vector >= table_.size()) return; // NO_VECTOR: no interrupt at all
    const bool all = (space_.msix_control() & wire::PCI_MSIX_CONTROL_MASK_ALL) != 0;
    if (all || table_[vector].masked()) {
        table_[vector].pending = true;
        return;
    }
    ++delivered_;
    if (on_vector) on_vector(vector);
}

// After a mask was lifted: what was held back comes now.
inline void pci_function::flush_pending() {
    if (!msix_enabled()) return;
    for (usize v = 0; v < table_.size(); ++v)
        if (std::exchange(table_[v].pending, false)) signal(static_cast<u16>(v));
}

inline void pci_function::table_write(u32 offset, u32 value) {
    if (offset / 16 >= table_.size()) return;
    table_[offset / 16].words[offset % 16 / 4] = value;
    flush_pending();
}

inline u32 pci_function::pending_bits(u32 offset) const {
    u32 bits = 0;
    for (usize v = offset * 8; v < table_.size() && v < offset * 8 + 32; ++v)
        bits |= u32{table_[v].pending} << (v - offset * 8);
    return bits;
}

} // namespace vsnd::model
