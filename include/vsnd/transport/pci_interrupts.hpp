#pragma once
// How the device tells of news: MSI-X messages, the shared INTx line, or not at all.
// Spec: [virtio 1.4] MSI-X Vector Configuration

#include <vsnd/base/span.hpp>
#include <vsnd/base/status.hpp>
#include <vsnd/transport/pci_capabilities.hpp>
#include <vsnd/transport/registers.hpp>

namespace vsnd {

// What an interrupt is: one write of `data` to `address`. The kernel knows both.
struct msix_message {
    u64 address = 0;
    u32 data = 0;
};

// The choice of the kernel. With MSI-X, message 0 tells of configuration changes; queue i has
// message i + 1, or the last one where there are fewer: so one message serves everything, two
// (QEMU's default) keep the queues apart from the configuration, five give each its own.
struct interrupt_setup {
    enum class kind : u8 { none, intx, msix };
    static constexpr u32 most_messages = 5;

    kind how = kind::none;
    u32 count = 0;
    const msix_message* messages = nullptr; // null: the kernel has switched MSI-X on itself

    static constexpr interrupt_setup polled() { return {}; }
    static constexpr interrupt_setup intx() { return {kind::intx}; }
    // The messages are the kernel's: they must stay for as long as the device is used. At most
    // `most_messages` of them are.
    static constexpr interrupt_setup msix(span<const msix_message> messages) {
        return {kind::msix, lesser(static_cast<u32>(messages.size()), most_messages),
                messages.data()};
    }
    static constexpr interrupt_setup msix(const msix_message& message) {
        return {kind::msix, 1, &message};
    }
    static interrupt_setup msix(msix_message&&) = delete; // it would not stay

    // For kernels whose PCI code owns the MSI-X table: entries 0 to `count` - 1 are ready.
    static constexpr interrupt_setup msix_ready(u32 count) {
        return {kind::msix, lesser(count, most_messages)};
    }

    constexpr bool has_vectors() const { return how == kind::msix; }
    constexpr u32 config_vector() const { return 0; }
    constexpr u32 queue_vector(u32 queue) const { return lesser(queue + 1, count - 1); }
};

namespace detail {

template <pci_kernel Kernel>
void write_msix_entry(Kernel& kernel, u8* entry, const msix_message& message) {
    using wire::pci_msix_entry;
    const auto set = [&](usize at, u32 value) { write_register_32(kernel, entry + at, value); };
    set(offsetof(pci_msix_entry, address_low), static_cast<u32>(message.address));
    set(offsetof(pci_msix_entry, address_high), static_cast<u32>(message.address >> 32));
    set(offsetof(pci_msix_entry, data), message.data);
    set(offsetof(pci_msix_entry, control), 0); // not masked
}

} // namespace detail

// MSI-X as standard PCI has it; `capability` is where it is, 0 where there is none.
template <pci_kernel Kernel>
[[gnu::noinline]] void set_msix_control(Kernel& kernel, u32 capability, u32 value) {
    // Only two bits of the register can be written.
    kernel.pci_write(capability + u32{offsetof(wire::pci_msix_cap, control)}, 2, value);
}

template <pci_kernel Kernel>
void switch_msix_off(Kernel& kernel, u32 capability) {
    if (capability != 0) set_msix_control(kernel, capability, 0);
}

// Fills the table, unless the kernel has, and switches MSI-X on; mapping the device's events to
// vectors comes later. `table` is where the table was mapped before, if it was.
// Errors: no_vector, no MSI-X here, or its table has fewer entries than there are messages;
// bad_capability, the table cannot be reached.
template <pci_kernel Kernel>
[[gnu::always_inline]] inline status_code switch_msix_on(Kernel& kernel, u32 capability,
                                                         const interrupt_setup& setup, u8*& table) {
    if (capability == 0) return status_code::no_vector;
    const u32 last = detail::pci_word(kernel, capability) >> 16 & wire::PCI_MSIX_CONTROL_SIZE_MASK;
    if (setup.count - 1 > last) return status_code::no_vector; // 0, too
    if (setup.messages == nullptr) return status_code::ok;
    if (table == nullptr) {
        const u32 where =
            detail::pci_word(kernel, capability + u32{offsetof(wire::pci_msix_cap, table)});
        const u32 bar = where & wire::PCI_MSIX_BAR_MASK;
        if (bar > wire::PCI_BAR_LAST) return status_code::bad_capability;
        const u32 entries = lesser(last + 1, interrupt_setup::most_messages);
        table = kernel.map_bar(bar, where - bar, entries * sizeof(wire::pci_msix_entry));
        if (table == nullptr) return status_code::bad_capability;
    }
    // Masked as a whole until every entry is written.
    set_msix_control(kernel, capability,
                     wire::PCI_MSIX_CONTROL_ENABLE | wire::PCI_MSIX_CONTROL_MASK_ALL);
    for (u32 i = 0; i < setup.count; ++i) {
        u8* const entry = table + i * sizeof(wire::pci_msix_entry);
        detail::write_msix_entry(kernel, entry, setup.messages[i]);
    }
    set_msix_control(kernel, capability, wire::PCI_MSIX_CONTROL_ENABLE);
    return status_code::ok;
}

} // namespace vsnd
