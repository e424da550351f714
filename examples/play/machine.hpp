#pragma once
// A computer with nothing in it but a model sound device: what a kernel would give the driver.

#include <vsnd/model/guest_memory.hpp>
#include <vsnd/model/pci_function.hpp>
#include <vsnd/model/sound_device.hpp>
#include <vsnd/ring/split_queue.hpp>
#include <vsnd/sound/card.hpp>
#include <vsnd/transport/pci.hpp>

#include <array>
#include <vector>

namespace vsnd::play {

// The five functions of a PCI kernel, and three of the optional hooks.
class machine_kernel {
  public:
    machine_kernel(model::pci_function& function, model::guest_memory& memory)
        : function_(function), memory_(memory) {}

    u32 pci_read(u32 offset, u32 bytes) { return function_.config_read(offset, bytes); }
    void pci_write(u32 offset, u32 bytes, u32 value) {
        function_.config_write(offset, bytes, value);
    }
    // The device's registers are no memory here: addresses inside these windows stand for them,
    // and the two hooks below carry each access to the model.
    u8* map_bar(u32 bar, u64 offset, usize bytes);
    dma_region dma(usize bytes, usize alignment) { return memory_.allocate(bytes, alignment); }
    u64 now_ns() { return function_.device().now_ns(); }

    u32 register_read(const u8* address, u32 bytes);
    void register_write(u8* address, u32 bytes, u32 value);
    // Sleeping is what makes virtual time pass: to the next moment at which something happens, at
    // most so far. Interrupts arrive in here.
    void wait(u64 most_ns);

  private:
    struct place {
        u32 bar;
        u64 offset;
    };
    place find(const u8* address) const;

    model::pci_function& function_;
    model::guest_memory& memory_;
    std::array<std::vector<u8>, 6> windows_;
};

using machine_device = pci_device<machine_kernel>;
using machine_card = card<machine_device>;

// The parts in the order in which they need each other.
class machine {
  public:
    explicit machine(const model::device_profile& profile);
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

    model::guest_memory memory;
    model::sound_device device;
    model::pci_function function;
    machine_kernel kernel;
    machine_device pci;
    machine_card sound_card;

    status_code open();

  private:
    void interrupt(u32 vector);

    // One for the configuration, one for each queue.
    msix_message messages_[interrupt_setup::most_messages];
};

} // namespace vsnd::play
