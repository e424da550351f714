#pragma once
// Memory that the CPU sees through a cache of which the device knows nothing: what the CPU writes is
// in memory when the line is flushed, and what the device writes reaches the CPU when the line is
// invalidated. The cache is as mean as a real one may be: a line that the CPU wrote to and did not
// flush goes to memory right after the device has written there.

#include <cstring>
#include <vector>

#include <vsnd/base/types.hpp>

namespace vsnd::model {

class cached_memory {
  public:
    static constexpr usize line_bytes = 64;

    cached_memory(u8* cpu, usize bytes) : cpu_(cpu), memory_(cpu, cpu + bytes), clean_(memory_) {}

    // What the device reads and writes.
    u8* memory() { return memory_.data(); }

    // From `at` on; whole lines are touched.
    void flush(usize at, usize bytes) {
        each_line(at, bytes, [this](usize line, usize n) {
            if (dirty(line, n)) std::memcpy(memory_.data() + line, cpu_ + line, n);
            std::memcpy(clean_.data() + line, cpu_ + line, n);
        });
    }
    // What the CPU wrote there and did not flush is lost.
    void invalidate(usize at, usize bytes) {
        each_line(at, bytes, [this](usize line, usize n) {
            std::memcpy(cpu_ + line, memory_.data() + line, n);
            std::memcpy(clean_.data() + line, cpu_ + line, n);
        });
    }
    // The device wrote there. The answer: how many lines have lost it again.
    u64 written(usize at, usize bytes) {
        u64 lost = 0;
        each_line(at, bytes, [&](usize line, usize n) {
            if (!dirty(line, n)) return;
            std::memcpy(memory_.data() + line, cpu_ + line, n);
            std::memcpy(clean_.data() + line, cpu_ + line, n);
            ++lost;
        });
        return lost;
    }

  private:
    bool dirty(usize line, usize n) const {
        return std::memcmp(clean_.data() + line, cpu_ + line, n) != 0;
    }
    template <class Touch>
    void each_line(usize at, usize bytes, Touch touch) {
        if (bytes == 0) return;
        for (usize line = at / line_bytes * line_bytes; line < at + bytes; line += line_bytes)
            touch(line, lesser(line_bytes, memory_.size() - line));
    }

    u8* cpu_;
    std::vector<u8> memory_;
    std::vector<u8> clean_; // as the CPU's view was when it last agreed with its line
};

} // namespace vsnd::model
