// The flattened device tree, as far as this kernel reads it.

#include "device_tree.hpp"

namespace kernel {
namespace {

constexpr u32 magic = 0xd00dfeed;
constexpr u32 token_node = 1;
constexpr u32 token_node_end = 2;
constexpr u32 token_property = 3;
constexpr u32 token_nothing = 4;

u32 word(const u8* at) {
    return u32{at[0]} << 24 | u32{at[1]} << 16 | u32{at[2]} << 8 | at[3];
}

bool equal(const u8* left, const char* right) {
    for (; *right != '\0'; ++left, ++right)
        if (*left != static_cast<u8>(*right)) return false;
    return *left == 0;
}

usize length(const u8* text) {
    usize bytes = 0;
    while (text[bytes] != 0)
        ++bytes;
    return bytes;
}

} // namespace

// Only one node has a property of that name.
const char* command_line(const u8* tree) {
    if (word(tree) != magic) return "";
    const u8* at = tree + word(tree + 8);
    const u8* const names = tree + word(tree + 12);
    for (;;) {
        const u32 token = word(at);
        at += 4;
        if (token == token_node) {
            at += round_up(length(at) + 1, usize{4});
        } else if (token == token_property) {
            if (equal(names + word(at + 4), "bootargs")) {
                return reinterpret_cast<const char*>(at + 8);
            }
            at += 8 + round_up(usize{word(at)}, usize{4});
        } else if (token != token_node_end && token != token_nothing) {
            return "";
        }
    }
}

} // namespace kernel
