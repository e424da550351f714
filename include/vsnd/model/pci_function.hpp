#pragma once
// The model device as a PCI function: what a test's kernel gives its driver.
//
//     pci_function pci(device);
//     u32  pci_read(u32 offset, u32 bytes)              { return pci.config_read(offset, bytes); }
//     void pci_write(u32 offset, u32 bytes, u32 value)  { pci.config_write(offset, bytes, value); }
//     register access in BAR `bar` at `offset`:           pci.bar_read / pci.bar_write
//     pci.on_vector = [](u32 vector) {...};             MSI-X, delivered inside device.advance()
//     pci.on_intx = [] {...};                           INTx, while MSI-X is not enabled
//
// Spec: [virtio 1.4] Virtio Over PCI Bus

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <vsnd/model/pci_config_space.hpp>
#include <vsnd/model/sound_device.hpp>

namespace vsnd::model {

class pci_function {
  public:
    explicit pci_function(sound_device& device, const pci_layout& layout = {})
        : device_(device), layout_(layout),
          space_(layout, device.config_bytes(), device.profile().notification_data) {
        table_.resize(layout.msix ? layout.vectors : 0u);
        for (entry& e : table_)
            e.words[3] = layout.table_masked ? wire::PCI_MSIX_ENTRY_MASKED : 0;
        reset_vectors();
        device_.on_raised = [this](u32 queue) { raised(queue); };
        device_.on_interrupt = [this](u32 queue) { interrupt(queue); };
    }
    pci_function(const pci_function&) = delete;
    pci_function& operator=(const pci_function&) = delete;

    // Configuration space: 1, 2 or 4 bytes, aligned.
    u32 config_read(u32 offset, u32 bytes);
    void config_write(u32 offset, u32 bytes, u32 value);

    // Registers, by BAR number and offset.
    u32 bar_read(u32 bar, u64 offset, u32 bytes);
    void bar_write(u32 bar, u64 offset, u32 bytes, u32 value);
    // 0: there is no such BAR (the upper half of a 64-bit one is none).
    u64 bar_bytes(u32 bar) const {
        if (bar == pci_place::structures_bar && !layout_.legacy) return pci_place::structures_bytes;
        return bar == pci_place::msix_bar && layout_.msix ? pci_place::msix_bytes : 0;
    }
    // What the kernel or the firmware has put into the BAR.
    u64 bar_address(u32 bar) const {
        const u32 at = wire::pci_config::first_bar + 4 * bar;
        const u32 low = space_.read(at, 4);
        const bool wide = (low & wire::pci_config::bar_type_mask) == wire::pci_config::bar_type_64;
        const u64 high = wide ? space_.read(at + 4, 4) : 0;
        return high << 32 | (low & ~u32{0xf});
    }

    std::function<void(u32 vector)> on_vector;
    std::function<void()> on_intx;

    bool msix_enabled() const {
        return (space_.msix_control() & wire::PCI_MSIX_CONTROL_ENABLE) != 0;
    }
    u64 isr_reads() const { return isr_reads_; }
    u64 register_reads() const { return reads_; }
    u64 register_writes() const { return writes_; }
    u64 vectors_delivered() const { return delivered_; }
    sound_device& device() { return device_; }

    // The queue's own doorbell: the offset of queue `q` is not `q` here, so that a driver that does
    // not read queue_notify_off finds the wrong one.
    static constexpr u32 notify_off(u32 queue) { return wire::SND_VQ_COUNT - 1 - queue; }

    // With NOTIF_CONFIG_DATA: what this device calls queue `q`, which has nothing to do with `q`.
    static constexpr u32 notif_config_data(u32 queue) { return 0x5a07 - 0x111 * queue; }

  private:
    bool accepts(u32 feature) const { return (device_.accepted_features() >> feature & 1) != 0; }

    struct entry { // of the MSI-X table
        u32 words[4] = {};
        bool pending = false;
        bool masked() const { return (words[3] & wire::PCI_MSIX_ENTRY_MASKED) != 0; }
    };
    struct vector_register {
        u16 value = wire::MSI_NO_VECTOR;
        bool unread = false; // written, and not read back yet
    };

    u32 reg_read(u64 offset, u32 bytes);
    void reg_write(u64 offset, u32 bytes, u32 value);
    u32 common_read(u32 offset, u32 bytes);
    void common_write(u32 offset, u32 bytes, u32 value);
    bool common_field(u32 offset, u32 bytes, bool writing);
    u32 queue_read(u32 offset);
    void queue_write(u32 offset, u32 value);
    void write_device_status(u8 value);
    void ring(u32 offset, u32 bytes, u32 value);
    void map_vector(vector_register& r, u32 value);
    void window(bool writing, u32 value);
    void capability_write(u32 offset, u32 bytes, u32 value);
    void table_write(u32 offset, u32 value);
    u32 pending_bits(u32 offset) const;

    void raised(u32 queue) {
        if (!msix_enabled())
            isr_ |= queue == sound_device::config_interrupt ? wire::PCI_ISR_CONFIG
                                                            : wire::PCI_ISR_QUEUE;
    }
    void interrupt(u32 queue);
    void signal(u16 vector);
    void flush_pending();
    void reset_vectors() {
        config_vector_ = {};
        for (vector_register& r : queue_vectors_)
            r = {};
    }
    // Devices that offer NOTIFICATION_DATA have room for the wide doorbell.
    u32 doorbells_bytes() const {
        return pci_place::doorbells_bytes(layout_, device_.profile().notification_data);
    }
    bool queue_selected() const { return queue_select_ < wire::SND_VQ_COUNT; }

    sound_device& device_;
    pci_layout layout_;
    pci_config_space space_;
    std::vector<entry> table_;
    u32 feature_select_ = 0;
    u32 driver_select_ = 0;
    u32 queue_select_ = 0;
    vector_register config_vector_;
    vector_register queue_vectors_[wire::SND_VQ_COUNT];
    u8 isr_ = 0;
    u64 isr_reads_ = 0;
    u64 reads_ = 0;
    u64 writes_ = 0;
    u64 delivered_ = 0;
};

} // namespace vsnd::model

#include <vsnd/model/pci_common.hpp>
#include <vsnd/model/pci_interrupts.hpp>
#include <vsnd/model/pci_registers.hpp>
