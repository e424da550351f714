#pragma once
// One fuzz input, cut in two: what the user of the driver does, and what the device does. The
// first byte says how much is the device's, so that inserting a call leaves the device as it was.

#include <cstdio>
#include <stdexcept>
#include <string>

#include <vsnd/base/span.hpp>

namespace fuzz {

using vsnd::u16;
using vsnd::u32;
using vsnd::u64;
using vsnd::u8;
using vsnd::usize;

// The driver did what it must never do, whatever its device and its user do.
struct broken_promise : std::logic_error {
    using std::logic_error::logic_error;
};

// Says what happened also where an exception ends the program.
[[noreturn]] inline void broken(const std::string& what) {
    fprintf(stderr, "broken promise: %s\n", what.c_str());
    throw broken_promise(what);
}

inline void promise(bool kept, const char* what) {
    if (!kept) broken(what);
}

// Bytes in order; zeros after the end.
class byte_reader {
  public:
    byte_reader() = default;
    explicit byte_reader(vsnd::span<const u8> bytes) : bytes_(bytes) {}

    bool empty() const { return at_ == bytes_.size(); }
    u8 byte() { return empty() ? u8{0} : bytes_[at_++]; }
    u16 half() {
        const u16 low = byte();
        return static_cast<u16>(low | byte() << 8);
    }
    u32 word() {
        const u32 low = half();
        return low | u32{half()} << 16;
    }

  private:
    vsnd::span<const u8> bytes_;
    usize at_ = 0;
};

// What holds for a whole run, from the first bytes of the user's part.
struct setup {
    static constexpr usize bytes = 8;

    u8 honesty = 0;   // 0: an honest device; 1 to 7: how often it is not
    bool preempt = 0; // interrupts come inside of calls, not only in waits
    bool callbacks = 0;
    u64 features = 0;
    u16 queue_sizes[4]{};
    u32 streams = 0;
    u64 period_ns = 0;
    u64 answer_ns = 0;  // how long a request takes
    u8 interrupts = 0;  // 0: polled, 1: INTx, 2 to 6: as many MSI-X messages, less one
    u8 reset = 0;       // 0: at once; 1, 2: slowly; 3: never
    u8 granted_dma = 0; // requests of the transport for memory; 0: all
    u8 config_lies = 0; // bytes of the configuration space that are wrong

    static setup from(byte_reader& in) {
        setup s;
        const u8 kind = in.byte();
        s.honesty = kind & 7;
        s.preempt = (kind & 8) != 0;
        s.callbacks = (kind & 16) != 0;
        const u8 features = in.byte();
        s.features = u64{1} << 32 | u64{features & 3u} << 28 | u64{features & 4u} >> 2;
        const u8 sizes = in.byte();
        const u16 control = static_cast<u16>(4 << (sizes & 3));
        const u16 audio = static_cast<u16>(4 << (sizes >> 2 & 7));
        s.queue_sizes[0] = s.queue_sizes[1] = control;
        s.queue_sizes[2] = s.queue_sizes[3] = audio;
        s.streams = in.byte() % 6u;
        const u8 times = in.byte();
        s.period_ns = (1 + (times & 15u)) * u64{1'000'000};
        s.answer_ns = (times >> 4) * u64{50'000};
        s.interrupts = in.byte() % 7;
        const u8 rest = in.byte();
        s.reset = rest & 3;
        s.config_lies = rest >> 6;
        s.granted_dma = in.byte() % 8;
        return s;
    }
};

// How the device's part is used: at each step the device asks whether it shall be odd now.
class whims {
  public:
    whims() = default;
    whims(vsnd::span<const u8> bytes, u8 honesty) : bytes_(bytes), honesty_(honesty) {}

    // Whether to deviate here; never again once the bytes are used up.
    bool odd() {
        constexpr u32 often[] = {0, 2, 8, 20, 48, 100, 170, 240};
        if (honesty_ == 0 || bytes_.empty()) return false;
        const bool yes = bytes_.byte() >= 256 - often[honesty_];
        lied_ |= yes;
        return yes;
    }
    // Whether it has deviated at all: from then on the driver cannot be judged as strictly.
    bool lied() const { return lied_; }
    u8 byte() { return bytes_.byte(); }
    u16 half() { return bytes_.half(); }
    u32 word() { return bytes_.word(); }

  private:
    byte_reader bytes_;
    u8 honesty_ = 0;
    bool lied_ = false;
};

// Cuts an input.
struct fuzz_input {
    byte_reader user;
    vsnd::span<const u8> device;

    fuzz_input(const u8* data, usize size) {
        if (size == 0) return;
        const vsnd::span<const u8> all(data + 1, size - 1);
        const usize own = all.size() * data[0] / 255;
        user = byte_reader(all.part(0, all.size() - own));
        device = all.part(all.size() - own, own);
    }
};

} // namespace fuzz
