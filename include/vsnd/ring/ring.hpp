#pragma once
// What every ring tells about itself, whatever its layout.

#include <vsnd/base/dma.hpp>

namespace vsnd {

// Where the device finds the three parts of a ring. Spec: [virtio 1.4] Virtqueues
struct ring_addresses {
    bus_address descriptors;
    bus_address driver_area; // split: the available ring; packed: the driver's event
    bus_address device_area; // split: the used ring; packed: the device's event
};

// What a ring counts about its device.
struct ring_counters {
    u32 unknown_ids = 0; // completions of chains that were not with the device
    u32 overlong = 0;    // completions that claim more bytes than the chain can hold
};

} // namespace vsnd
