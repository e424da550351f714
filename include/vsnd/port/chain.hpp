#pragma once
// What the driver hands to a queue, and what it gets back.

#include <vsnd/base/dma.hpp>
#include <vsnd/base/span.hpp>
#include <vsnd/base/status.hpp>

namespace vsnd {

// A stretch of memory that is contiguous on the bus: one descriptor.
struct part {
    bus_address address;
    u32 bytes = 0;
};

// A descriptor chain: the first `readable` parts are what the device reads, the others what it
// writes.
// Spec: [virtio 1.4] Split Virtqueues / Message Framing
struct chain {
    span<const part> parts;
    usize readable = 0;
};

// What the driver binds to a chain and gets back at each completion of it.
using cookie = void*;

// One answer of `take`.
struct used {
    enum class kind : u8 {
        nothing,   // no news
        completed, // the chain of `what` came back, `written` bytes were written to it
        dropped    // the device returned something that was never posted: counted, skipped
    };

    cookie what = nullptr;
    u32 written = 0;
    kind type = kind::nothing;
};

} // namespace vsnd
