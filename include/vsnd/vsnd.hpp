#pragma once
// The sound driver and the concepts of its port: what most kernels include. A kernel without
// virtio code of its own adds <vsnd/ring/split_queue.hpp> and <vsnd/transport/pci.hpp>.

#include <vsnd/port/device.hpp>
#include <vsnd/sound/card.hpp>
