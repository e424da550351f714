#pragma once
// Items as a device writes them, and random bytes, for the tests of control elements.

#include <cstring>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include <vsnd/base/span.hpp>
#include <vsnd/wire/sound_controls.hpp>

using byte_vector = std::vector<vsnd::u8>;

// The bytes of a structure, in memory of exactly its size: a sanitizer sees one byte too far.
template <class Struct>
byte_vector bytes_of(const Struct& raw) {
    byte_vector out(sizeof(raw));
    std::memcpy(out.data(), &raw, sizeof(raw));
    return out;
}

inline vsnd::span<const vsnd::u8> view(const byte_vector& bytes) {
    return {bytes.data(), bytes.size()};
}

inline void put_word(byte_vector& to, vsnd::u32 word) {
    for (int i = 0; i < 4; i++) {
        to.push_back(static_cast<vsnd::u8>(word >> 8 * i));
    }
}

inline byte_vector words(std::initializer_list<vsnd::s64> list) {
    byte_vector out;
    for (const vsnd::s64 word : list) {
        put_word(out, static_cast<vsnd::u32>(word));
    }
    return out;
}

// An element that reads and writes, without a value: the caller fills that in.
template <class Info = vsnd::wire::snd_ctl_info>
Info raw_element(vsnd::u32 type, vsnd::u32 count = 1, const std::string& name = "Master") {
    Info raw{};
    raw.hdr.hda_fn_nid = 7;
    raw.role = vsnd::wire::SND_CTL_ROLE_VOLUME << 1;
    raw.type = type;
    raw.access = 1u << vsnd::wire::SND_CTL_ACCESS_READ | 1u << vsnd::wire::SND_CTL_ACCESS_WRITE;
    raw.count = count;
    std::memcpy(raw.name, name.data(), name.size() < 44 ? name.size() : 44);
    return raw;
}

template <class Info = vsnd::wire::snd_ctl_info>
Info raw_integer(vsnd::s32 lowest, vsnd::s32 highest, vsnd::u32 step = 1) {
    Info raw = raw_element<Info>(vsnd::wire::SND_CTL_TYPE_INTEGER);
    raw.value.integer.lowest = static_cast<vsnd::u32>(lowest);
    raw.value.integer.highest = static_cast<vsnd::u32>(highest);
    raw.value.integer.step = step;
    return raw;
}

template <class Info = vsnd::wire::snd_ctl_info>
Info raw_integer64(vsnd::s64 lowest, vsnd::s64 highest, vsnd::u64 step = 1) {
    Info raw = raw_element<Info>(vsnd::wire::SND_CTL_TYPE_INTEGER64);
    raw.value.integer64.lowest = static_cast<vsnd::u64>(lowest);
    raw.value.integer64.highest = static_cast<vsnd::u64>(highest);
    raw.value.integer64.step = step;
    return raw;
}

template <class Info = vsnd::wire::snd_ctl_info>
Info raw_enumerated(vsnd::u32 items) {
    Info raw = raw_element<Info>(vsnd::wire::SND_CTL_TYPE_ENUMERATED);
    raw.value.enumerated.items = items;
    return raw;
}

// Bytes of which many are small: small numbers get further into a parser than large ones.
class hostile_bytes {
  public:
    explicit hostile_bytes(unsigned seed) : random_(seed) {}

    unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

    vsnd::u32 word() {
        const auto any = static_cast<vsnd::u32>(random_());
        switch (below(4)) {
        case 0: return any;
        case 1: return any % 8;
        case 2: return any % 256;
        default: return ~(any % 256) + 1;
        }
    }

    byte_vector take(vsnd::usize size) {
        byte_vector out;
        while (out.size() < size) {
            put_word(out, word());
        }
        out.resize(size);
        out.shrink_to_fit();
        return out;
    }

    template <class Struct>
    Struct structure() {
        Struct raw;
        const byte_vector bytes = take(sizeof(raw));
        std::memcpy(static_cast<void*>(&raw), bytes.data(), sizeof(raw));
        return raw;
    }

  private:
    std::mt19937 random_;
};
