#pragma once
// What the driver with bare hands keeps: queues, messages, replies.

#include <cstring>
#include <vector>

#include <vsnd/base/dma.hpp>
#include <vsnd/wire/sound.hpp>

namespace vsnd::model::raw {

// As it lies in memory that the device shares.
template <class T>
void put_little(u8* to, T value) {
    value = to_little(value);
    std::memcpy(to, &value, sizeof(value));
}

constexpr u32 control = 0;
constexpr u32 event = 1;
constexpr u32 tx = 2;
constexpr u32 rx = 3;

struct part {
    bus_address at;
    u32 bytes;
    bool writable = false;
};

struct queue {
    u16 size = 0;
    dma_region desc;
    dma_region avail;
    dma_region used;
    u16 next_desc = 0;
    u16 avail_idx = 0;
    u16 last_used = 0;
};

struct used_element {
    bool any = false;
    u32 id = 0;
    u32 len = 0;
};

struct reply {
    u32 code = 0; // 0: no answer
    u32 len = 0;
    std::vector<u8> payload;
};

// One period of audio: header, data, status, each in a region of its own.
struct message {
    dma_region header;
    dma_region data;
    dma_region status;
    u16 head = 0;

    wire::snd_pcm_status answer() const {
        wire::snd_pcm_status s{};
        std::memcpy(&s, status.cpu, sizeof(s));
        return s;
    }
};

// Bytes that tell their place.
inline std::vector<u8> noise(usize bytes, u32 seed = 1) {
    std::vector<u8> all(bytes);
    u32 x = seed * 2654435761u + 1;
    for (u8& b : all) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        b = static_cast<u8>(x);
    }
    return all;
}

} // namespace vsnd::model::raw
