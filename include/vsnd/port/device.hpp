#pragma once
// The device port: how the driver reaches one virtio sound device. transport/ has one over PCI;
// a kernel that owns its virtio transport writes these five functions over it.
//
//   using queue_type = ...;                      // a vsnd::sound_queue
//   result<u64> negotiate(u64 wanted)
//       Begins: resets the device, acknowledges it and settles the features. `wanted` holds the
//       device-type bits (0 to 23) that the driver understands; the transport adds its own. The
//       answer: the accepted bits, a subset of `wanted` as far as those bits go.
//       Context: thread. Errors: no_device, legacy_device, bad_capability, no_version_1,
//       not_available (a feature that the port cannot do without), features_refused, no_vector,
//       device_gone, memory_still_owned (the reset did not read back as 0).
//       Called again, without stop before it, when the card resets its device in mid-life; then
//       read_config, queue and start follow as at first. Its context is tick's.
//   status_code read_config(u32 offset, span<u8> into)
//       Reads the device's configuration, consistently (the generation did not change meanwhile).
//       Context: thread. Errors: not_available (beyond the end), device_broken, device_gone.
//   result<queue_type*> queue(u32 index)
//       Sets a queue up, empty: slots that were bound to it before are void. Asked once for each of
//       0 to 3, in that order, between negotiate and start, after each negotiate. Nobody uses the
//       queues from negotiate on until start has answered. Context: thread. Errors: queue_missing,
//       queue_too_small, no_memory, no_vector, bad_capability, device_broken, device_gone.
//   status_code start()
//       DRIVER_OK. Context: thread. Errors: device_gone, device_broken.
//   status_code stop()
//       Resets the device and reads the reset back; after `ok` no memory is touched any more.
//       Legal in every state, also before negotiate. Context: thread.
//       Errors: memory_still_owned (the reset never read back as 0). A device that is gone is
//       stopped: ok.
//
// Optional: bool needs_reset()   the device set DEVICE_NEEDS_RESET; looked at by config_changed.
//   status_code suspend()   with VIRTIO_F_SUSPEND: sets SUSPEND at the first call, and says whether
//       the device is suspended by now: ok or in_progress (called again). Context: tick.
//       Errors: not_available (not negotiated), needs_reset, device_gone; stop follows.
//   status_code resume()    the same back: DRIVER_OK at the first call; ok once it reads as set and
//       SUSPEND as cleared. Context and errors: as suspend.
//           Hooks& hooks()       the object with the hooks of port/hooks.hpp; else the port itself.

#include <vsnd/port/hooks.hpp>
#include <vsnd/port/queue.hpp>

namespace vsnd {

template <class P>
concept device_port = requires(P& p, u64 features, u32 number, span<u8> bytes) {
    requires sound_queue<typename P::queue_type>;
    { p.negotiate(features) } -> same_type<result<u64>>;
    { p.read_config(number, bytes) } -> same_type<status_code>;
    { p.queue(number) } -> same_type<result<typename P::queue_type*>>;
    { p.start() } -> same_type<status_code>;
    { p.stop() } -> same_type<status_code>;
};

// Whether the port can suspend its device; a reset serves otherwise.
template <class P>
concept can_suspend = requires(P& p) {
    { p.suspend() } -> same_type<status_code>;
    { p.resume() } -> same_type<status_code>;
};

// Whether the device asked for a reset; false where the port cannot tell.
template <device_port P>
constexpr bool needs_reset(P& port) {
    if constexpr (requires { port.needs_reset(); }) {
        return port.needs_reset();
    } else {
        return false;
    }
}

} // namespace vsnd
