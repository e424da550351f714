#pragma once
// WAV files made by hand, so that every field of them can be wrong.

#include <vsnd/base/types.hpp>

#include <vector>

namespace vsnd::play::test {

using bytes = std::vector<u8>;

inline void put(bytes& out, u32 value, u32 count) {
    for (u32 i = 0; i < count; ++i)
        out.push_back(static_cast<u8>(value >> (8 * i)));
}

inline bytes chunk(const char* name, const bytes& body) {
    bytes out(name, name + 4);
    put(out, static_cast<u32>(body.size()), 4);
    out.insert(out.end(), body.begin(), body.end());
    if (body.size() % 2 != 0) out.push_back(0);
    return out;
}

inline bytes riff(const std::vector<bytes>& chunks) {
    bytes body{'W', 'A', 'V', 'E'};
    for (const bytes& each : chunks)
        body.insert(body.end(), each.begin(), each.end());
    return chunk("RIFF", body);
}

// A fmt chunk whose every number can be wrong.
struct fmt_fields {
    u32 tag = 1;
    u32 channels = 2;
    u32 rate_hz = 48000;
    u32 block_bytes = 4;
    u32 bits = 16;
};

inline bytes fmt_body(const fmt_fields& f) {
    bytes body;
    put(body, f.tag, 2);
    put(body, f.channels, 2);
    put(body, f.rate_hz, 4);
    put(body, f.rate_hz * f.block_bytes, 4);
    put(body, f.block_bytes, 2);
    put(body, f.bits, 2);
    return body;
}

inline bytes extensible_body(fmt_fields f, u32 valid_bits, u32 sub_format = 1, u8 guid_end = 0x71) {
    f.tag = 0xfffe;
    bytes body = fmt_body(f);
    put(body, 22, 2);
    put(body, valid_bits, 2);
    put(body, 0x3, 4);
    put(body, sub_format, 2);
    const bytes tail{0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, guid_end};
    body.insert(body.end(), tail.begin(), tail.end());
    return body;
}

inline bytes samples(usize count) {
    bytes out(count);
    u32 state = 2463534242u;
    for (u8& each : out) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        each = static_cast<u8>(state);
    }
    return out;
}

inline bytes file_with(const bytes& format_body, usize data_bytes = 8) {
    return riff({chunk("fmt ", format_body), chunk("data", samples(data_bytes))});
}

} // namespace vsnd::play::test
