#pragma once
// The MMIO port on the model device, brought up step by step.

#include <string>
#include <utility>

#include <support/mmio_model_kernel.hpp>
#include <vsnd/transport/mmio.hpp>

namespace support {

using mmio_port = vsnd::mmio_device<mmio_model_kernel>;

struct mmio_machine {
    explicit mmio_machine(vsnd::model::device_profile profile = vsnd::model::default_profile(),
                          const vsnd::model::mmio_layout& layout = {})
        : kernel(std::move(profile), layout) {
        kernel.ns_per_look = 1'000'000;
        port.init(kernel);
    }
    // Everything up to the first step that fails.
    vsnd::status_code bring_up(vsnd::u64 wanted = 0) {
        const auto features = port.negotiate(wanted);
        if (!features) return features.code();
        for (vsnd::u32 i = 0; i < mmio_port::queue_count; ++i) {
            const auto q = port.queue(i);
            if (!q) return q.code();
            queues[i] = q.value();
        }
        return port.start();
    }
    std::string report() { return kernel.device.violations().report(); }

    mmio_model_kernel kernel;
    mmio_port port;
    mmio_port::queue_type* queues[mmio_port::queue_count] = {};
};

inline vsnd::model::device_profile with_queue_size(vsnd::u32 index, vsnd::u16 size) {
    auto p = vsnd::model::default_profile();
    p.queue_sizes[index] = size;
    return p;
}

} // namespace support
