#pragma once
// A view of consecutive objects: std::span's useful part, without <span>.

#include <vsnd/base/types.hpp>

namespace vsnd {

template <class T>
class span {
  public:
    constexpr span() = default;
    constexpr span(T* data, usize size) : data_(data), size_(size) {}
    template <usize N>
    constexpr span(T (&array)[N]) : data_(array), size_(N) {}
    // A view of mutable objects is also a view of constant ones.
    template <class U>
    requires __is_same(T, const U) constexpr span(span<U> other)
        : data_(other.data()), size_(other.size()) {}

    constexpr T* data() const { return data_; }
    constexpr usize size() const { return size_; }
    constexpr usize size_bytes() const { return size_ * sizeof(T); }
    constexpr bool empty() const { return size_ == 0; }
    constexpr T& operator[](usize i) const { return data_[i]; }
    constexpr T* begin() const { return data_; }
    constexpr T* end() const { return data_ + size_; }

    // The part from `at` on, at most `count` long; clipped to what exists.
    constexpr span part(usize at, usize count) const {
        at = lesser(at, size_);
        return {data_ + at, lesser(count, size_ - at)};
    }

  private:
    T* data_ = nullptr;
    usize size_ = 0;
};

} // namespace vsnd
