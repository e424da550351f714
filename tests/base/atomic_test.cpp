#include <doctest/doctest.h>

#include <cstring>

#include <vsnd/base/atomic.hpp>

using namespace vsnd;

TEST_CASE("loads and stores of shared little-endian fields convert") {
    le16 half{};
    store_relaxed(&half, u16{0x1234});
    CHECK(load_relaxed(&half) == 0x1234);
    store_release(&half, u16{0xfffe});
    CHECK(load_acquire(&half) == 0xfffe);
    u8 raw[2];
    std::memcpy(raw, &half, 2);
    CHECK(raw[0] == 0xfe);

    le32 word{};
    store_release(&word, 0xdeadbeefu);
    CHECK(load_acquire(&word) == 0xdeadbeefu);
    CHECK(load_relaxed(&word) == 0xdeadbeefu);
}

TEST_CASE("loads and stores of private values keep them as they are") {
    enum class place : u8 { here, there };
    place p = place::here;
    store_release(&p, place::there);
    CHECK(load_acquire(&p) == place::there);
    bool flag = false;
    store_relaxed(&flag, true);
    CHECK(load_relaxed(&flag));
    u64 wide = 0;
    store_relaxed(&wide, u64{1} << 40);
    CHECK(load_relaxed(&wide) == u64{1} << 40);
    const u32 constant = 5;
    CHECK(load_acquire(&constant) == 5);
}
