#pragma once
// Memory order between the driver and its device. An order policy names every place where order
// matters:
//   publish         makes everything read or written before happen before the field is seen; pairs
//                   with the device's read of avail.idx, or of a descriptor's flags
//   consume         everything read after is at least as new as the field; pairs with the device's
//                   write of used.idx, or of an answer's flags
//   full            the one full barrier: between publishing and reading what the device wishes, and
//                   between arming and looking again; pairs with the device's own
//   before_doorbell what was published is there before the register that follows is written
//   suits_hardware  a constant: these are the barriers of the platform, not those between CPUs, so
//                   that ORDER_PLATFORM may be accepted
//
// A kernel with barriers of its own derives from one of these and shadows what differs.

#include <vsnd/base/atomic.hpp>

namespace vsnd {

namespace detail {

#if defined(__x86_64__) || defined(__i386__)
// Loads and stores stay in order, those of registers too; only a load passes an earlier store.
inline constexpr bool smp_order_suffices = true;
#else
inline constexpr bool smp_order_suffices = false;
#endif

// Between memory and device registers the fences of the language promise nothing. What these
// processors need is theirs; any other gets the strongest that the compiler has.
#if defined(__aarch64__) || (defined(__arm__) && __ARM_ARCH >= 7 && __ARM_ARCH_PROFILE == 'A')
// Devices are in the outer shareable domain; the language's fences are for the inner one.
VSND_TINY void fence_full() {
    __asm__ volatile("dmb osh" : : : "memory");
}
VSND_TINY void fence_release() {
    fence_full(); // loads before it count, too
}
VSND_TINY void fence_acquire() {
#if __ARM_ARCH >= 8
    __asm__ volatile("dmb oshld" : : : "memory");
#else
    fence_full();
#endif
}
VSND_TINY void fence_before_register() {
    __asm__ volatile("dmb oshst" : : : "memory");
}
#elif defined(__riscv)
// Registers are input and output, i and o, beside r and w; memory for devices may be so as well.
VSND_TINY void fence_full() {
    __asm__ volatile("fence iorw, iorw" : : : "memory");
}
VSND_TINY void fence_release() {
    __asm__ volatile("fence iorw, ow" : : : "memory");
}
VSND_TINY void fence_acquire() {
    __asm__ volatile("fence ir, iorw" : : : "memory");
}
VSND_TINY void fence_before_register() {
    __asm__ volatile("fence ow, ow" : : : "memory");
}
#else
VSND_TINY void fence_full() {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
VSND_TINY void fence_release() {
    fence_full();
}
VSND_TINY void fence_acquire() {
    fence_full();
}
VSND_TINY void fence_before_register() {
    if constexpr (smp_order_suffices) {
        __asm__ volatile("" : : : "memory");
    } else {
        fence_full();
    }
}
#endif

} // namespace detail

// Towards a device that is software on a CPU of the same host: the ordinary barriers between CPUs.
struct same_host_order {
    static constexpr bool suits_hardware = false;

    template <class Field, class Value>
    VSND_TINY static void publish(Field* field, Value value) {
        store_release(field, value);
    }
    template <class Field>
    VSND_TINY static auto consume(const Field* field) {
        return load_acquire(field);
    }
    VSND_TINY static void full() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
    VSND_TINY static void before_doorbell() { detail::fence_before_register(); }
};

// Towards any device, hardware as well. On x86 there is no difference.
// Spec: [virtio 1.4] Reserved Feature Bits
struct platform_order : same_host_order {
    static constexpr bool suits_hardware = true;

    template <class Field, class Value>
    VSND_TINY static void publish(Field* field, Value value) {
        if constexpr (detail::smp_order_suffices) return same_host_order::publish(field, value);
        detail::fence_release();
        store_relaxed(field, value);
    }
    template <class Field>
    VSND_TINY static auto consume(const Field* field) {
        if constexpr (detail::smp_order_suffices) return same_host_order::consume(field);
        const auto value = load_relaxed(field);
        detail::fence_acquire();
        return value;
    }
    VSND_TINY static void full() { detail::fence_full(); }
};

} // namespace vsnd
