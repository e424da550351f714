#pragma once
// One access to a device register, of the register's own width: by the kernel's hook where it has
// one, else volatile. Registers are little-endian.

#include <vsnd/base/endian.hpp>
#include <vsnd/base/types.hpp>

namespace vsnd {

template <class K>
concept has_register_read = requires(K& k, const u8* address, u32 bytes) {
    k.register_read(address, bytes);
};

template <class K>
concept has_register_write = requires(K& k, u8* address, u32 bytes, u32 value) {
    k.register_write(address, bytes, value);
};

namespace detail {
template <class T>
VSND_TINY T volatile_load(const u8* address) {
    return to_little(*reinterpret_cast<const volatile T*>(address));
}
template <class T>
VSND_TINY void volatile_store(u8* address, T value) {
    *reinterpret_cast<volatile T*>(address) = to_little(value);
}
} // namespace detail

template <class Kernel>
VSND_TINY u8 read_register_8(Kernel& kernel, const u8* address) {
    if constexpr (has_register_read<Kernel>) {
        return static_cast<u8>(kernel.register_read(address, 1));
    } else {
        return *static_cast<const volatile u8*>(address);
    }
}

template <class Kernel>
VSND_TINY u16 read_register_16(Kernel& kernel, const u8* address) {
    if constexpr (has_register_read<Kernel>) {
        return static_cast<u16>(kernel.register_read(address, 2));
    } else {
        return detail::volatile_load<u16>(address);
    }
}

template <class Kernel>
VSND_TINY u32 read_register_32(Kernel& kernel, const u8* address) {
    if constexpr (has_register_read<Kernel>) {
        return kernel.register_read(address, 4);
    } else {
        return detail::volatile_load<u32>(address);
    }
}

template <class Kernel>
VSND_TINY void write_register_8(Kernel& kernel, u8* address, u8 value) {
    if constexpr (has_register_write<Kernel>) {
        kernel.register_write(address, 1, value);
    } else {
        *static_cast<volatile u8*>(address) = value;
    }
}

template <class Kernel>
VSND_TINY void write_register_16(Kernel& kernel, u8* address, u16 value) {
    if constexpr (has_register_write<Kernel>) {
        kernel.register_write(address, 2, value);
    } else {
        detail::volatile_store(address, value);
    }
}

template <class Kernel>
VSND_TINY void write_register_32(Kernel& kernel, u8* address, u32 value) {
    if constexpr (has_register_write<Kernel>) {
        kernel.register_write(address, 4, value);
    } else {
        detail::volatile_store(address, value);
    }
}

} // namespace vsnd
