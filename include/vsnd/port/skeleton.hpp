#pragma once
// A port to copy, for a kernel that owns its virtqueues and its virtio transport. It compiles and
// answers not_available everywhere; each body says what belongs there. A kernel without virtio
// code needs none of this: it fills pci_kernel (transport/pci_kernel.hpp) instead.
//
// What every function must do, where it is called and how it may fail: port/queue.hpp and
// port/device.hpp. What may be added: port/hooks.hpp.

#include <vsnd/port/device.hpp>

namespace vsnd::skeleton {

// One virtqueue of the kernel. The driver holds `lock(queue)` around every call.
class ring {
  public:
    // What the driver keeps for each bound chain: a pointer to your record of it is enough.
    struct slot {
        void* record = nullptr;
    };

    static constexpr bool posts_before_start = false; // true: post works before start()
    static constexpr bool kicks_itself = true;        // false: add void kick(u32)

    // Copy the parts into a record of yours, reserve descriptors for them, remember the cookie.
    result<slot> bind(const chain&, cookie) { return status_code::not_available; }

    // Give the record's scatter list to the kernel's virtqueue, with the record as its cookie.
    status_code post(slot) { return status_code::not_available; }

    // Ask the kernel's virtqueue for a finished entry: return {cookie, written, completed}.
    used take() { return {}; }

    // Free the record and its descriptors; memory_still_owned while the device has it.
    status_code unbind(slot) { return status_code::not_available; }
};

// One virtio sound device.
class device {
  public:
    using queue_type = ring;

    // Reset, acknowledge, offer `wanted` (and what your transport needs), read back.
    result<u64> negotiate(u64) { return status_code::not_available; }

    // Read the device's configuration from `offset` on.
    status_code read_config(u32, span<u8>) { return status_code::not_available; }

    // Set up queue 0 to 3: control, event, tx, rx.
    result<ring*> queue(u32) { return status_code::not_available; }

    // DRIVER_OK.
    status_code start() { return status_code::not_available; }

    // Reset, and read the reset back.
    status_code stop() { return status_code::ok; }

    // Optional hooks, here because the port itself is the object that has them. With interrupts:
    u32 lock(u32) { return 0; }    // take the queue's spinlock, interrupts off; what to restore
    void unlock(u32, u32) {}       // give it back
    u64 now_ns() { return ++ns_; } // a monotonic clock

  private:
    u64 ns_ = 0;
};

static_assert(sound_queue<ring>);
static_assert(device_port<device>);
static_assert(has_lock<device> && has_clock<device>);

} // namespace vsnd::skeleton
