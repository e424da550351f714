// Metadata: what a proper device sends, and every way in which lengths can lie.

#include <doctest/doctest.h>

#include <vector>

#include <support/rounds.hpp>
#include <vsnd/sound/element_tlv.hpp>

#include "element_items.hpp"

using namespace vsnd;

namespace {

struct walked {
    std::vector<u32> types;
    std::vector<usize> sizes;
    bool cut = false;
    bool malformed = false;
};

walked walk_through(const byte_vector& bytes) {
    walked out;
    tlv_walk walk(view(bytes));
    element_tlv tlv;
    while (walk.next(tlv)) {
        out.types.push_back(tlv.type);
        out.sizes.push_back(tlv.value.size());
        out.cut = out.cut || tlv.cut;
    }
    out.malformed = walk.malformed();
    return out;
}

byte_vector tlv_of(u32 type, const byte_vector& value) {
    byte_vector out;
    put_word(out, type);
    put_word(out, static_cast<u32>(value.size()));
    out.insert(out.end(), value.begin(), value.end());
    return out;
}

byte_vector joined(const std::vector<byte_vector>& parts) {
    byte_vector out;
    for (const byte_vector& part : parts) {
        out.insert(out.end(), part.begin(), part.end());
    }
    out.shrink_to_fit();
    return out;
}

// A dB scale within so many containers.
byte_vector nested(u32 containers) {
    byte_vector out = tlv_of(1, words({-600, 10}));
    for (u32 i = 0; i < containers; i++) {
        out = tlv_of(0, out);
    }
    return out;
}

using u32s = std::vector<u32>;
using usizes = std::vector<usize>;

} // namespace

// [virtio 1.4] Sound Device / Metadata
TEST_CASE("element_tlv: one, and what is in it") {
    const byte_vector bytes = tlv_of(1, words({-600, 10}));
    tlv_walk walk(view(bytes));
    element_tlv tlv;
    REQUIRE(walk.next(tlv));
    CHECK(tlv.type == SNDRV_CTL_TLVT_DB_SCALE);
    CHECK(tlv.value.size() == 8);
    CHECK(static_cast<s32>(tlv.word(0)) == -600);
    CHECK(tlv.word(1) == 10);
    CHECK(tlv.word(2) == 0);
    CHECK(tlv.word(~usize{0} / 4) == 0);
    CHECK_FALSE(tlv.cut);
    CHECK_FALSE(walk.next(tlv));
    CHECK_FALSE(walk.malformed());
}

TEST_CASE("element_tlv: containers are opened, in order") {
    const byte_vector bytes =
        tlv_of(0, joined({tlv_of(0x101, words({3, 4})), tlv_of(0, tlv_of(0x9999, {})),
                          tlv_of(0, {}), tlv_of(5, words({-1, 2}))}));
    const walked w = walk_through(bytes);
    CHECK(w.types == u32s{0x101, 0x9999, 5});
    CHECK(w.sizes == usizes{8, 0, 8});
    CHECK_FALSE(w.malformed);
}

TEST_CASE("element_tlv: lengths that are no multiple of four are padded") {
    byte_vector odd = tlv_of(0x9999, {1, 2, 3, 4, 5});
    odd.resize(16);
    const walked w = walk_through(tlv_of(0, joined({odd, tlv_of(5, words({-1, 2}))})));
    CHECK(w.types == u32s{0x9999, 5});
    CHECK(w.sizes == usizes{5, 8});
    CHECK_FALSE(w.malformed);
}

TEST_CASE("element_tlv: what follows the first one is not looked at") {
    const walked w = walk_through(joined({tlv_of(1, words({-600, 10})), byte_vector(32)}));
    CHECK(w.types == u32s{1});
    CHECK_FALSE(w.malformed);
    CHECK(walk_through(byte_vector(64)).types.empty()); // one empty container
    CHECK_FALSE(walk_through(byte_vector(64)).malformed);
}

TEST_CASE("element_tlv: containers within containers end somewhere") {
    for (u32 depth = 0; depth < 12; depth++) {
        CAPTURE(depth);
        const walked w = walk_through(nested(depth));
        const bool followed = depth <= most_tlv_depth;
        CHECK(w.types == (followed ? u32s{1} : u32s{}));
        CHECK(w.malformed == !followed);
    }
    CHECK(walk_through(nested(5000)).malformed);
}

// [virtio 1.4] Sound Device / Control Element Metadata: the device writes as much as it can
TEST_CASE("element_tlv: cut off at every byte") {
    const byte_vector whole =
        tlv_of(0, joined({tlv_of(1, words({-600, 10})), tlv_of(5, words({-1, 2}))}));
    for (usize size = 0; size < whole.size(); size++) {
        CAPTURE(size);
        byte_vector part(whole.begin(), whole.begin() + static_cast<long>(size));
        part.shrink_to_fit();
        const walked w = walk_through(part);
        CHECK(w.malformed == (size != 0));
        CHECK(w.types == (size < 16 ? u32s{} : size < 32 ? u32s{1} : u32s{1, 5}));
        if (size >= 24) CHECK(w.sizes[0] == 8);
        CHECK(w.cut == ((size >= 16 && size < 24) || (size >= 32)));
    }
}

TEST_CASE("element_tlv: lengths that lie") {
    for (const u32 length : {9u, 12u, 0x7fffffffu, 0xfffffff8u, 0xfffffffdu, 0xffffffffu}) {
        CAPTURE(length);
        byte_vector bytes = words({1, length, -600, 10});
        walked w = walk_through(bytes);
        CHECK(w.types == u32s{1});
        CHECK(w.sizes == usizes{8});
        CHECK(w.cut);
        CHECK(w.malformed);
        // The inner one claims more than its container has.
        bytes = words({0, 16, 1, length, -600, 10});
        w = walk_through(bytes);
        CHECK(w.sizes == usizes{8});
        CHECK(w.malformed);
        // The container lies, its content does not.
        bytes = words({0, length + 16, 1, 8, -600, 10});
        CHECK(walk_through(bytes).types == u32s{1});
    }
    // A rest that is too short for a head.
    CHECK(walk_through(words({0, 4, 7})).malformed);
    CHECK(walk_through(words({0, 20, 1, 8, -600, 10, 7})).malformed);
    CHECK(walk_through(words({0, 20, 1, 8, -600, 10, 7})).types == u32s{1});
}

TEST_CASE("element_tlv: any bytes: within them, and at an end after as many steps as they have") {
    hostile_bytes random(18);
    u32 found = 0;
    for (u32 round = 0; round < support::rounds(100000); round++) {
        byte_vector bytes = random.take(random.below(120));
        if (random.below(2) == 0 && bytes.size() > 8) { // a container of nearly everything
            bytes[0] = bytes[1] = bytes[2] = bytes[3] = bytes[5] = bytes[6] = bytes[7] = 0;
            bytes[4] = static_cast<u8>(bytes.size() - random.below(12));
        }
        tlv_walk walk(view(bytes));
        element_tlv tlv;
        usize steps = 0;
        while (walk.next(tlv)) {
            steps++;
            const u8* const end = bytes.data() + bytes.size();
            const bool inside = tlv.value.begin() >= bytes.data() + 8 && tlv.value.end() <= end &&
                                tlv.type != SNDRV_CTL_TLVT_CONTAINER && steps * 8 <= bytes.size();
            if (!inside) REQUIRE(inside);
        }
        found += static_cast<u32>(steps);
        if (walk.next(tlv)) REQUIRE_FALSE(walk.next(tlv));
    }
    CHECK(found > support::rounds(50000));
}
