#pragma once
// The seed corpus: inputs that play, record, drain and close on an honest device, and the same on
// devices that are less so.

#include <fstream>
#include <string>
#include <utility>

#include "calls.hpp"

namespace fuzz {

inline void play_whole(input_writer& w, u8 stream) {
    w.prepare(stream, 64, 4).add(call::write, {stream, 0x00, 0x04}).add(call::start, {stream, 0});
    w.add(call::stream, {stream, 12}).add(call::drain, {stream, 0}).add(call::release, {stream, 0});
}
inline void record_whole(input_writer& w, u8 stream) {
    w.prepare(stream, 64, 4).add(call::start, {stream, 0}).add(call::stream, {stream, 12});
    w.add(call::stop, {stream, 0}).add(call::release, {stream, 0});
}

// Bytes that mean "honest" for a while, with one whim among them.
inline std::vector<u8> whim_after(usize honest, std::vector<u8> whim) {
    std::vector<u8> bytes(honest, 0);
    bytes.push_back(0xff);
    bytes.insert(bytes.end(), whim.begin(), whim.end());
    return bytes;
}

inline std::vector<std::pair<std::string, std::vector<u8>>> seeds() {
    std::vector<std::pair<std::string, std::vector<u8>>> all;
    const auto add = [&](const char* name, const input_writer& w) {
        all.push_back({name, w.bytes()});
    };
    {
        input_writer w;
        w.add(call::open, {0});
        play_whole(w, 0);
        w.add(call::close);
        add("play", w);
    }
    {
        input_writer w;
        w.features = 7;
        w.interrupts = 3;
        w.add(call::open, {0});
        record_whole(w, 1);
        w.add(call::close);
        add("record", w);
    }
    {
        input_writer w;
        w.features = 5;
        w.honesty = 16; // callbacks
        w.interrupts = 6;
        w.streams = 4;
        w.add(call::open, {0}).add(call::policy, {2, 4, 4}).add(call::tail, {0, 100, 0});
        play_whole(w, 0);
        record_whole(w, 1);
        w.add(call::close).add(call::open, {0});
        play_whole(w, 2);
        w.add(call::close);
        add("both_twice", w);
    }
    {
        input_writer w;
        w.queue_sizes = 0x08; // 4 and 16
        w.interrupts = 0;
        w.add(call::open, {async}).add(call::pass, {4, 20}).add(call::pump, {4, 8});
        w.prepare(0, 32, 1, async).add(call::pass, {4, 20}).add(call::pump, {4, 8});
        w.add(call::pass, {4, 20}).add(call::pump, {4, 8});
        w.add(call::in_place, {0, 7}).add(call::start, {0, start_now | async});
        w.add(call::pass, {40, 20}).add(call::pump, {4, 1}).add(call::tick, {0, 0});
        w.add(call::stop, {0, async}).add(call::pass, {4, 20}).add(call::pump, {4, 0});
        w.add(call::drop, {0, 0});
        w.add(call::close);
        add("small_queues", w);
    }
    {
        input_writer w;
        w.honesty = 4;
        w.reset = 1;
        w.features = 4;
        w.device(whim_after(120, {3, 7, 0, 0, 0xff, 2, 5, 0, 0, 0, 0xff, 4, 4}));
        w.add(call::open, {0});
        play_whole(w, 0);
        record_whole(w, 1);
        w.add(call::close);
        add("odd_late", w);
    }
    {
        input_writer w;
        w.honesty = 2 | 8 | 16; // with interrupts inside of calls, and callbacks
        w.interrupts = 1;
        w.reset = 0;
        w.device(whim_after(400, {0, 1, 2, 3, 4, 5, 6, 7}));
        w.add(call::open, {0});
        play_whole(w, 0);
        record_whole(w, 1);
        w.add(call::config_changed).add(call::close);
        add("preempted", w);
    }
    {
        input_writer w;
        w.reset = 3;
        w.add(call::open, {0}).prepare(0, 64, 4).add(call::close);
        add("never_resets", w);
    }
    return all;
}

// Writes them as files. The answer: whether that worked.
inline bool write_seeds(const std::string& directory) {
    for (const auto& [name, bytes] : seeds()) {
        std::ofstream file(directory + "/" + name, std::ios::binary);
        file.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        if (!file.flush()) return false;
    }
    return true;
}

} // namespace fuzz
