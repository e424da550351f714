#pragma once
// The whole driver on the model device over MMIO; what a test does with it is in sound_rig.hpp.
//
//     support::mmio_rig<> r;                    // or: r(profile)

#include <support/mmio_model_kernel.hpp>
#include <support/sound_rig.hpp>
#include <vsnd/transport/mmio.hpp>

namespace support {

template <class Policy = vsnd::ring_policy, template <class, class> class Ring = vsnd::split_queue>
class mmio_rig
    : public rig_on<mmio_model_kernel, vsnd::mmio_device<mmio_model_kernel, Policy, Ring>,
                    vsnd::no_handler, vsnd::default_limits> {
    using base = rig_on<mmio_model_kernel, vsnd::mmio_device<mmio_model_kernel, Policy, Ring>,
                        vsnd::no_handler, vsnd::default_limits>;

  public:
    explicit mmio_rig(vsnd::model::device_profile profile = vsnd::model::default_profile())
        : base(std::move(profile), {}) {
        this->port.init(this->kernel);
        this->kernel.mmio.on_irq = [this] {
            const vsnd::interrupt_cause cause = this->port.interrupt();
            if (cause.config_change) this->driver.config_changed();
            while (cause.queue && this->driver.pump_all()) {
            }
        };
    }
};

} // namespace support
