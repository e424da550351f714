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
    bool table_is_ready = false; // the kernel has filled the table and switched MSI-X on
    msix_message messages[most_messages]{};

    static constexpr interrupt_setup polled() { return {}; }
    static constexpr interrupt_setup intx() { return {kind::intx}; }
    static constexpr interrupt_setup msix(const msix_message& message) {
        return {kind::msix, 1, false, {message}};
    }
    // At most `most_messages` of them are used.
    static constexpr interrupt_setup msix(span<const msix_message> messages) {
        interrupt_setup setup{kind::msix};
        for (const msix_message& m : messages.part(0, most_messages))
            setup.messages[setup.count++] = m;
        return setup;
    }

    // For kernels whose PCI code owns the MSI-X table: entries 0 to `count` - 1 are ready.
    static constexpr interrupt_setup msix_ready(u32 count) {
        return {kind::msix, lesser(count, most_messages), true};
    }

    constexpr u16 config_vector() const { return how == kind::msix ? 0 : wire::MSI_NO_VECTOR; }
    constexpr u16 queue_vector(u32 queue) const {
        if (how != kind::msix) return wire::MSI_NO_VECTOR;
        return static_cast<u16>(lesser(queue + 1, count - 1));
    }
};

// What an INTx interrupt was about; both may be true.
struct interrupt_cause {
    bool queue = false;
    bool config_change = false;

    constexpr bool any() const { return queue || config_change; }
};

namespace detail {

template <pci_kernel Kernel>
void change_pci_command(Kernel& kernel, u32 set, u32 clear) {
    namespace config = wire::pci_config;
    const u32 now = kernel.pci_read(config::command, 2);
    const u32 wanted = (now & ~clear) | set;
    if (wanted != now) kernel.pci_write(config::command, 2, wanted);
}

template <pci_kernel Kernel>
void write_msix_entry(Kernel& kernel, u8* entry, const msix_message& message) {
    using wire::pci_msix_entry;
    const auto set = [&](usize at, u32 value) { write_register_32(kernel, entry + at, value); };
    set(offsetof(pci_msix_entry, control), wire::PCI_MSIX_ENTRY_MASKED);
    set(offsetof(pci_msix_entry, address_low), static_cast<u32>(message.address));
    set(offsetof(pci_msix_entry, address_high), static_cast<u32>(message.address >> 32));
    set(offsetof(pci_msix_entry, data), message.data);
    set(offsetof(pci_msix_entry, control), 0);
}

} // namespace detail

// MSI-X as standard PCI has it, on or off; mapping the device's events to vectors comes later.
// `table` is where the table was mapped before, if it was.
// Errors: no_vector, no MSI-X here, or its table has fewer entries than there are messages;
// bad_capability, the table cannot be reached.
template <pci_kernel Kernel>
status_code set_up_msix(Kernel& kernel, u32 capability, const interrupt_setup& setup, u8*& table) {
    using wire::pci_msix_cap;
    const bool wanted = setup.how == interrupt_setup::kind::msix;
    if (capability == 0) return wanted ? status_code::no_vector : status_code::ok;
    const u32 control_at = capability + static_cast<u32>(offsetof(pci_msix_cap, control));
    const u32 control = kernel.pci_read(control_at, 2);
    constexpr u32 off = wire::PCI_MSIX_CONTROL_ENABLE | wire::PCI_MSIX_CONTROL_MASK_ALL;
    if (!wanted) {
        if ((control & wire::PCI_MSIX_CONTROL_ENABLE) != 0) {
            kernel.pci_write(control_at, 2, control & ~off);
        }
        return status_code::ok;
    }
    const u32 entries = (control & wire::PCI_MSIX_CONTROL_SIZE_MASK) + 1;
    if (setup.count == 0 || setup.count > entries) return status_code::no_vector;
    if (setup.table_is_ready) return status_code::ok;
    const u32 where =
        kernel.pci_read(capability + static_cast<u32>(offsetof(pci_msix_cap, table)), 4);
    const u32 bar = where & wire::PCI_MSIX_BAR_MASK;
    if (table == nullptr && bar <= wire::PCI_BAR_LAST) {
        table = kernel.map_bar(bar, where & ~wire::PCI_MSIX_BAR_MASK,
                               setup.count * sizeof(wire::pci_msix_entry));
    }
    if (table == nullptr) return status_code::bad_capability;
    // Masked as a whole until every entry is written.
    kernel.pci_write(control_at, 2, control | off);
    for (u32 i = 0; i < setup.count; ++i) {
        u8* const entry = table + i * sizeof(wire::pci_msix_entry);
        detail::write_msix_entry(kernel, entry, setup.messages[i]);
    }
    kernel.pci_write(control_at, 2, (control & ~off) | wire::PCI_MSIX_CONTROL_ENABLE);
    return status_code::ok;
}

} // namespace vsnd
