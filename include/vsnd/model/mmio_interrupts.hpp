#pragma once
// The interrupt line of the device over MMIO. Included by mmio_function.hpp.
// Spec: [virtio 1.4] MMIO-specific Initialization And Device Operation / Notifications From The
// Device

#include <vsnd/model/mmio_function.hpp>

namespace vsnd::model {

inline void mmio_function::raised(u32 queue) {
    // What was delivered so long ago has been handled by now.
    const u64 waited_ns = device_.now_ns() - told_at_ns_;
    if (untold_ != 0 && waited_ns >= device_.profile().doorbell_deadline_ns) {
        device_.violate(violation::mmio_interrupt_not_acknowledged,
                        "bits " + std::to_string(untold_));
        untold_ = 0;
    }
    interrupt_status_ |= queue == sound_device::config_interrupt ? wire::MMIO_INTERRUPT_CONFIG
                                                                 : wire::MMIO_INTERRUPT_QUEUE;
}

inline void mmio_function::interrupt() {
    // The driver may have acknowledged it in the meantime: the line is down again then.
    if (interrupt_status_ == 0 || !on_irq) return;
    if (untold_ == 0) told_at_ns_ = device_.now_ns();
    untold_ |= interrupt_status_ & defined;
    unlooked_ = true;
    ++delivered_;
    on_irq();
}

inline void mmio_function::acknowledge(u32 value) {
    const std::string text = "bits " + std::to_string(value);
    if ((value & ~defined) != 0) device_.violate(violation::mmio_ack_undefined, text);
    if (unlooked_) device_.violate(violation::mmio_ack_without_look, text);
    unlooked_ = false;
    interrupt_status_ &= ~value;
    untold_ &= ~value;
}

} // namespace vsnd::model
