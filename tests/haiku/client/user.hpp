#pragma once
// Memory of a user program: the driver gets its address, the test its bytes.

#include <cstring>

#include <kernel/kernel.hpp>

namespace client {

using namespace simulated;
using vsnd::s32;
using vsnd::s64;

// An array of T in user memory, filled with rubbish, as callers leave what they do not set.
template <class T>
class user {
  public:
    explicit user(kernel& k, usize count = 1)
        : user(k, k.space.map_user(count * sizeof(T)), count) {}
    // Its last byte is the last of a page, and the next page is not there.
    static user at_the_end(kernel& k, usize count = 1) {
        return user(k, k.space.map_user_tail(count * sizeof(T)), count);
    }

    u64 address;
    T* address_for_driver() const { return reinterpret_cast<T*>(address); }
    T* operator->() { return bytes_; }
    T& operator*() { return *bytes_; }
    T& operator[](usize i) { return bytes_[i]; }
    usize count() const { return count_; }
    void rubbish() { std::memset(static_cast<void*>(bytes_), 0xa5, count_ * sizeof(T)); }

  private:
    user(kernel& k, u64 at, usize count)
        : address(at), bytes_(reinterpret_cast<T*>(k.space.view(at, count * sizeof(T)))),
          count_(count) {
        rubbish();
    }
    T* bytes_;
    usize count_;
};

} // namespace client
