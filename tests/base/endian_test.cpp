#include <doctest/doctest.h>

#include <cstring>
#include <initializer_list>

#include <vsnd/base/endian.hpp>

using namespace vsnd;

namespace {

template <class T>
bool lies_as(const T& value, std::initializer_list<int> expected) {
    u8 raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    usize i = 0;
    for (const int b : expected)
        if (raw[i++] != b) return false;
    return i == sizeof(T);
}

} // namespace

// [virtio 1.4] Basic Facilities of a Virtio Device: fields are little-endian
TEST_CASE("le16, le32 and le64 lie with the lowest byte first, on any host") {
    CHECK(lies_as(le16(u16{0x1234}), {0x34, 0x12}));
    CHECK(lies_as(le32(0x12345678u), {0x78, 0x56, 0x34, 0x12}));
    CHECK(lies_as(le64(u64{0x0123456789abcdef}), {0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01}));
}

TEST_CASE("what is stored is read back") {
    le32 v{};
    CHECK(v == 0u);
    v = 0xdeadbeef;
    CHECK(v == 0xdeadbeefu);
    le16 w{};
    w = 0xffff;
    CHECK(w == 0xffff);
    CHECK(sizeof(le16) == 2);
    CHECK(sizeof(le64) == 8);
}

TEST_CASE("byte_swapped is its own inverse") {
    CHECK(byte_swapped(u16{0x0102}) == 0x0201);
    CHECK(byte_swapped(0x01020304u) == 0x04030201u);
    CHECK(byte_swapped(u64{0x0102030405060708}) == 0x0807060504030201u);
    CHECK(byte_swapped(byte_swapped(0xcafe1234u)) == 0xcafe1234u);
    CHECK(to_little(to_little(u16{0x55aa})) == 0x55aa);
}
