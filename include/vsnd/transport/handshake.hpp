#pragma once
// The initialisation handshake, the same for every transport: what differs is how a few registers
// are reached.
// Spec: [virtio 1.4] General Initialization And Device Operation / Device Initialization

#include <vsnd/base/status.hpp>
#include <vsnd/port/queue.hpp>
#include <vsnd/wire/virtio.hpp>

namespace vsnd {

// The registers that the handshake needs, each one access (PCI's are of 8 and 32 bits, MMIO's all
// of 32), and a clock. They may also have `patience`, a reset_patience of their own.
template <class R>
concept handshake_registers = requires(R& r, u32 word, u32 bits, u8 value) {
    { r.device_status() } -> same_type<u8>;
    r.set_device_status(value);
    { r.offered_features(word) } -> same_type<u32>; // word 0: bits 0 to 31, word 1: 32 to 63
    r.accept_features(word, bits);
    { r.now_ns() } -> same_type<u64>;
};

// How long a reset may take. Both bounds must pass before a slow device is given up, so that a
// loaded host is no dead device; `most_polls` holds where the clock stands still.
struct reset_patience {
    u64 time_ns = 1'000'000'000;
    u32 least_polls = 1000;
    u32 most_polls = 1'000'000;
};

template <class T>
constexpr reset_patience patience_of(const T& object) {
    if constexpr (requires { object.patience; }) {
        return object.patience;
    } else {
        return {};
    }
}

// What to accept: `required` bits or no device at all, `optional` ones where they are offered.
struct feature_wish {
    u64 required = 0;
    u64 optional = 0;
};

// No device has this status: bit 5 is reserved. It is what an absent device reads as.
inline constexpr u8 device_status_gone = 0xff;

constexpr u64 feature(u32 bit) {
    return u64{1} << bit;
}

// Sets status bits. The driver never clears one, so those of the device are kept. A device that is
// seen to be gone is left alone.
// Spec: [virtio 1.4] Device Status Field
template <handshake_registers R>
[[gnu::noinline]] void add_device_status(R& r, u32 bits) {
    const u32 now = r.device_status();
    if (now != device_status_gone) r.set_device_status(static_cast<u8>(now | bits));
}

// Waits until a reset reads back; `gone` is what an absent device reads as. Answers `done` then.
// Errors: device_gone; memory_still_owned, it never read as 0.
template <handshake_registers R, class Look>
VSND_TINY status_code await_zero(R& r, u32 gone, status_code done, Look look) {
    const reset_patience patience = patience_of(r);
    const u64 begin = r.now_ns();
    for (u32 polls = 1;; ++polls) {
        const auto now = look();
        if (now == 0) return done;
        if (now == gone) return status_code::device_gone;
        const bool late = polls >= patience.least_polls && r.now_ns() - begin >= patience.time_ns;
        if (late || polls >= patience.most_polls) return status_code::memory_still_owned;
    }
}

// Resets and waits until the reset reads back: from then on the device touches no memory. Answers
// `done` then. Spec: [virtio 1.4] Device Reset.
// Errors: device_gone; memory_still_owned, it never read as 0.
template <handshake_registers R>
status_code reset_device(R& r, status_code done = status_code::ok) {
    r.set_device_status(0);
    return await_zero(r, device_status_gone, done, [&r] { return r.device_status(); });
}

// Ends an initialisation that failed at any step after the reset: FAILED, then a reset, so that
// nothing of it stays behind. Answers `why`; or why the device could not even be reset.
template <handshake_registers R>
status_code give_up(R& r, status_code why) {
    add_device_status(r, wire::DEVICE_STATUS_FAILED);
    return reset_device(r, why);
}

// Sets a status bit that the device may refuse, or answer by asking for a reset. False: it did, or
// it is gone.
template <handshake_registers R>
[[gnu::noinline]] bool confirm_device_status(R& r, u32 bit) {
    add_device_status(r, bit);
    return (r.device_status() & (bit | wire::DEVICE_STATUS_NEEDS_RESET)) == bit;
}

// The steps after the reset to FEATURES_OK, and its reading back. VERSION_1 is always required.
// A device that goes away on the way reads as all ones: the last step and give_up find that out.
// Errors: no_version_1, not_available (another required bit is missing), features_refused; all are
// for give_up.
template <handshake_registers R>
[[gnu::always_inline]] inline status_code shake_hands(R& r, const feature_wish& wish,
                                                      u64& accepted) {
    add_device_status(r, wire::DEVICE_STATUS_ACKNOWLEDGE);
    add_device_status(r, wire::DEVICE_STATUS_DRIVER);
    const u32 low = r.offered_features(0);
    const u64 offered = u64{r.offered_features(1)} << 32 | low;
    if ((offered & feature(wire::F_VERSION_1)) == 0) return status_code::no_version_1;
    if ((wish.required & ~offered) != 0) return status_code::not_available;
    accepted = offered & (wish.required | wish.optional | feature(wire::F_VERSION_1));
    r.accept_features(0, static_cast<u32>(accepted));
    r.accept_features(1, static_cast<u32>(accepted >> 32));
    return confirm_device_status(r, wire::DEVICE_STATUS_FEATURES_OK)
               ? status_code::ok
               : status_code::features_refused;
}

// The last step: from here on the device is live. Errors, for give_up: device_broken, the status
// did not stay or the device wants a reset.
template <handshake_registers R>
status_code set_driver_ok(R& r) {
    return confirm_device_status(r, wire::DEVICE_STATUS_DRIVER_OK) ? status_code::ok
                                                                   : status_code::device_broken;
}

} // namespace vsnd
