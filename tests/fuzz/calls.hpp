#pragma once
// The calls that the user's part of an input can make, as numbers, and a writer of such inputs.

#include <vector>

#include "input.hpp"

namespace fuzz {

// What follows each number is in session.hpp, at the function of the same name.
enum class call : u8 {
    open,
    prepare,
    write,
    in_place,
    read,
    start,
    stop,
    drain,
    drop,
    release,
    pump,
    tick,
    pass,
    config_changed,
    close,
    policy,
    tail,
    complete,
    stream, // play or record for a while, as a proper user does
    scribble,
    count_
};

// How an operation is called: bits.
inline constexpr u8 async = 1;
inline constexpr u8 start_now = 2;
inline constexpr u8 brings_back = 4;

class input_writer {
  public:
    // The setup; see input.hpp for the bits.
    u8 honesty = 0;
    u8 features = 0;
    u8 queue_sizes = 0x0f; // 32 and 32
    u8 streams = 2;
    u8 times = 0x14;
    u8 interrupts = 2;
    u8 reset = 0;
    u8 granted_dma = 0;

    input_writer& add(call c, std::vector<u8> arguments = {}) {
        user_.push_back(static_cast<u8>(c));
        user_.insert(user_.end(), arguments.begin(), arguments.end());
        return *this;
    }
    // The parameters a stream has by default, with so many frames and periods.
    input_writer& prepare(u8 stream, u16 frames, u8 periods, u8 how = 0) {
        return add(call::prepare, {stream, how, 5, 2, 7, static_cast<u8>(frames),
                                   static_cast<u8>(frames >> 8), periods, 0});
    }
    input_writer& device(std::vector<u8> bytes) {
        device_ = std::move(bytes);
        return *this;
    }

    std::vector<u8> bytes() const {
        std::vector<u8> all = {0,     honesty,    features, queue_sizes, streams,
                               times, interrupts, reset,    granted_dma};
        all.insert(all.end(), user_.begin(), user_.end());
        all.insert(all.end(), device_.begin(), device_.end());
        const usize whole = all.size() - 1;
        // The least share that cuts where the device's part begins, or just before it.
        all[0] = static_cast<u8>((device_.size() * 255 + whole - 1) / whole);
        return all;
    }

  private:
    std::vector<u8> user_;
    std::vector<u8> device_;
};

} // namespace fuzz
