#pragma once
// How a call ends: a closed set of codes, and a value or a code. The enumeration is called
// status_code because some kernels define `status` as a macro.

#include <vsnd/base/types.hpp>

namespace vsnd {

enum class [[nodiscard]] status_code : u8{
    ok = 0,
    in_progress, // begun; a later pump or tick finishes it

    // The caller's request cannot be met. Nothing was sent and nothing has changed.
    invalid_argument, // a null region, an id out of range, a size that does not fit
    wrong_state,      // not legal in the state of the card or stream
    wrong_context,    // not legal from a callback
    busy,             // another request of this stream is in flight
    would_block,      // no period free (playback) or filled (capture) right now
    bad_format,       // the stream has no such sample format
    bad_rate,         // the stream has no such frame rate
    bad_channels,     // the stream has no such channel count
    bad_period,       // not whole frames, zero, 4 or 8 bytes, or it does not divide the buffer
    bad_feature,      // the stream did not offer this PCM feature
    no_room,          // too few descriptors, chains or request slots for it
    no_memory,        // a region is too small or badly aligned
    not_available,    // the item, direction or transport feature does not exist here
    suspended,        // the card is suspended: resume it

    // The device's own answers.
    device_bad_msg,    // VIRTIO_SND_S_BAD_MSG
    device_not_supp,   // VIRTIO_SND_S_NOT_SUPP
    device_io_err,     // VIRTIO_SND_S_IO_ERR
    device_bad_answer, // a code that the specification does not have

    // The device, or the way to it, fails.
    no_device,          // no virtio sound device here, or the transport's registers are absent
    legacy_device,      // the device has only the interface from before virtio 1.0
    no_version_1,       // VIRTIO_F_VERSION_1 is not offered
    features_refused,   // FEATURES_OK did not stay set
    queue_missing,      // a queue of the sound device has size 0
    queue_too_small,    // a queue cannot hold one chain of three descriptors
    no_vector,          // the device did not take the MSI-X vector
    bad_capability,     // a PCI capability that lies: loop, length, BAR
    timed_out,          // no answer in time
    device_broken,      // the device breaks the specification; a reset is needed
    needs_reset,        // the device set DEVICE_NEEDS_RESET
    device_gone,        // registers read as all ones
    memory_still_owned, // the device may still write to memory it was given: leak that memory
    xrun,               // the stream ran dry (playback) or over (capture)
    count_              // how many codes there are; never returned
};

constexpr const char* to_string(status_code code) {
    switch (code) {
    case status_code::ok: return "ok";
    case status_code::in_progress: return "in progress";
    case status_code::invalid_argument: return "invalid argument";
    case status_code::wrong_state: return "wrong state";
    case status_code::wrong_context: return "wrong context";
    case status_code::busy: return "busy";
    case status_code::would_block: return "would block";
    case status_code::bad_format: return "sample format not offered";
    case status_code::bad_rate: return "frame rate not offered";
    case status_code::bad_channels: return "channel count not offered";
    case status_code::bad_period: return "period size not usable";
    case status_code::bad_feature: return "PCM feature not offered";
    case status_code::no_room: return "no room in the queue";
    case status_code::no_memory: return "memory region too small or misaligned";
    case status_code::not_available: return "not available";
    case status_code::suspended: return "suspended";
    case status_code::device_bad_msg: return "device answered BAD_MSG";
    case status_code::device_not_supp: return "device answered NOT_SUPP";
    case status_code::device_io_err: return "device answered IO_ERR";
    case status_code::device_bad_answer: return "device answered with an unknown code";
    case status_code::no_device: return "no virtio sound device";
    case status_code::legacy_device: return "legacy virtio device";
    case status_code::no_version_1: return "device does not offer VERSION_1";
    case status_code::features_refused: return "device refused the features";
    case status_code::queue_missing: return "device lacks a queue";
    case status_code::queue_too_small: return "queue too small for one message";
    case status_code::no_vector: return "device refused the interrupt vector";
    case status_code::bad_capability: return "malformed PCI capability";
    case status_code::timed_out: return "timed out";
    case status_code::device_broken: return "device broke the specification";
    case status_code::needs_reset: return "device needs a reset";
    case status_code::device_gone: return "device is gone";
    case status_code::memory_still_owned: return "device may still own memory";
    case status_code::xrun: return "xrun";
    case status_code::count_: break;
    }
    return "unknown status";
}

constexpr bool ok(status_code code) {
    return code == status_code::ok;
}

// A value, or the code that says why there is none. Reading the value of a failed result never
// traps; what it gives is of no use.
template <class T>
class [[nodiscard]] result {
  public:
    constexpr result(T value) : value_(value) {}
    constexpr result(status_code code) : code_(code) {}

    constexpr bool ok() const { return code_ == status_code::ok; }
    constexpr explicit operator bool() const { return ok(); }
    constexpr status_code code() const { return code_; }
    constexpr const T& value() const { return value_; }
    constexpr T& value() { return value_; }
    constexpr void set_code(status_code code) { code_ = code; }

  private:
    T value_{};
    status_code code_ = status_code::ok;
};

} // namespace vsnd
