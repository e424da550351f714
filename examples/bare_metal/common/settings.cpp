// What the kernel's command line asks for.

#include "settings.hpp"

#include <vsnd/wire/sound.hpp>

namespace kernel {
namespace {

struct number_key {
    const char* name;
    u32 settings::*member;
};

constexpr number_key number_keys[] = {
    {"period", &settings::period},     {"count", &settings::count}, {"rate", &settings::rate},
    {"channels", &settings::channels}, {"card", &settings::card},   {"stream", &settings::stream},
    {"frames", &settings::frames},     {"seed", &settings::seed},   {"late_ms", &settings::late_ms},
    {"late_at", &settings::late_at},
};

struct word {
    const char* text;
    u32 settings::*member;
    u32 value;
};

constexpr word words[] = {
    {"mode=play", &settings::mode, PLAY},
    {"mode=record", &settings::mode, RECORD},
    {"mode=both", &settings::mode, BOTH},
    {"ring=split", &settings::ring, SPLIT},
    {"ring=packed", &settings::ring, PACKED},
    {"interrupts=msix", &settings::interrupts, MSIX},
    {"interrupts=intx", &settings::interrupts, INTX},
    {"interrupts=polled", &settings::interrupts, POLLED},
    {"policy=each", &settings::batch, 1},
    {"format=s8", &settings::format, wire::SND_PCM_FMT_S8},
    {"format=u8", &settings::format, wire::SND_PCM_FMT_U8},
    {"format=s16", &settings::format, wire::SND_PCM_FMT_S16},
    {"format=u16", &settings::format, wire::SND_PCM_FMT_U16},
    {"format=s32", &settings::format, wire::SND_PCM_FMT_S32},
    {"format=u32", &settings::format, wire::SND_PCM_FMT_U32},
    {"format=float", &settings::format, wire::SND_PCM_FMT_FLOAT},
};

constexpr bool ends(char letter) {
    return letter == '\0' || letter == ' ';
}

// What follows `prefix` at the start of `text`; nullptr where it does not start so.
const char* after(const char* text, const char* prefix) {
    while (*prefix != '\0')
        if (*text++ != *prefix++) return nullptr;
    return text;
}

// The end of the decimal number at `text`; nullptr where there is none, or it is too large.
const char* read_number(const char* text, u32& value) {
    if (ends(*text)) return nullptr;
    u64 sum = 0;
    for (; !ends(*text); ++text) {
        if (*text < '0' || *text > '9') return nullptr;
        sum = sum * 10 + static_cast<u32>(*text - '0');
        if (sum > ~0u) return nullptr;
    }
    value = static_cast<u32>(sum);
    return text;
}

const char* parse_number(const char* text, settings& into) {
    if (const char* number = after(text, "policy=batched")) return read_number(number, into.batch);
    for (const number_key& key : number_keys) {
        const char* rest = after(text, key.name);
        if (rest != nullptr && *rest == '=') return read_number(rest + 1, into.*key.member);
    }
    return nullptr;
}

const char* parse_word(const char* text, settings& into) {
    for (const word& candidate : words) {
        const char* rest = after(text, candidate.text);
        if (rest == nullptr || !ends(*rest)) continue;
        into.*candidate.member = candidate.value;
        return rest;
    }
    return nullptr;
}

const char* parse_also(const char* text, request& into) {
    const char* rest = after(text, "also");
    if (rest == nullptr || !ends(*rest) || into.part_count == request::most_parts) return nullptr;
    into.parts[into.part_count] = into.parts[into.part_count - 1];
    ++into.part_count;
    return rest;
}

} // namespace

u32 request::card_count() const {
    u32 count = 1;
    for (const settings& part : all())
        if (part.card >= count) count = part.card + 1;
    return count;
}

const char* parse_request(const char* line, request& into) {
    into.parts[0].format = wire::SND_PCM_FMT_S16;
    while (*line != '\0') {
        settings& part = into.parts[into.part_count - 1];
        const char* rest = *line == ' ' ? line + 1 : parse_word(line, part);
        if (rest == nullptr) rest = parse_number(line, part);
        if (rest == nullptr) rest = parse_also(line, into);
        if (rest == nullptr || part.card >= most_cards) return line;
        line = rest;
    }
    return nullptr;
}

} // namespace kernel
