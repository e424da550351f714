#pragma once
// Loads and stores of fields that a device or another CPU shares, each one access of the field's
// own width, and the two fences the library needs. No read-modify-write, nothing wider than a
// pointer's half on the smallest target: both would become calls into a runtime.

#include <vsnd/base/endian.hpp>
#include <vsnd/base/types.hpp>

namespace vsnd {

template <class T>
VSND_TINY T load_relaxed(const T* field) {
    T value;
    __atomic_load(field, &value, __ATOMIC_RELAXED);
    return value;
}
template <class T>
VSND_TINY T load_acquire(const T* field) {
    T value;
    __atomic_load(field, &value, __ATOMIC_ACQUIRE);
    return value;
}
template <class T>
VSND_TINY void store_relaxed(T* field, T value) {
    __atomic_store(field, &value, __ATOMIC_RELAXED);
}
template <class T>
VSND_TINY void store_release(T* field, T value) {
    __atomic_store(field, &value, __ATOMIC_RELEASE);
}

// The same for little-endian fields of shared memory.
template <class T>
VSND_TINY T load_relaxed(const little<T>* field) {
    return to_little(__atomic_load_n(&field->raw, __ATOMIC_RELAXED));
}
template <class T>
VSND_TINY T load_acquire(const little<T>* field) {
    return to_little(__atomic_load_n(&field->raw, __ATOMIC_ACQUIRE));
}
template <class T>
VSND_TINY void store_relaxed(little<T>* field, T value) {
    __atomic_store_n(&field->raw, to_little(value), __ATOMIC_RELAXED);
}
template <class T>
VSND_TINY void store_release(little<T>* field, T value) {
    __atomic_store_n(&field->raw, to_little(value), __ATOMIC_RELEASE);
}

} // namespace vsnd
