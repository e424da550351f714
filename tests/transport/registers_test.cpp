// Register access: one access of the register's width, little-endian, or the kernel's hook.
// [virtio 1.4] PCI Device Layout

#include <doctest/doctest.h>

#include <vector>

#include <vsnd/transport/registers.hpp>

using namespace vsnd;

namespace {

struct plain_kernel {};

struct hooked_kernel {
    struct call {
        const u8* address;
        u32 bytes;
        u32 value;
        bool operator==(const call&) const = default;
    };
    std::vector<call> reads;
    std::vector<call> writes;

    u32 register_read(const u8* address, u32 bytes) {
        reads.push_back({address, bytes, 0});
        return 0xa1b2'c3d4;
    }
    void register_write(u8* address, u32 bytes, u32 value) {
        writes.push_back({address, bytes, value});
    }
};

} // namespace

// [virtio 1.4] Virtio Over PCI Bus / PCI Device Layout, driver 1
TEST_CASE("registers: plain memory is accessed little-endian and no wider than asked") {
    plain_kernel k;
    alignas(4) u8 bytes[12];
    const auto fresh = [&] {
        for (u8& b : bytes)
            b = 0xee;
    };
    fresh();
    write_register_8(k, bytes + 5, 0x12);
    CHECK(std::vector<u8>(bytes + 4, bytes + 8) == std::vector<u8>{0xee, 0x12, 0xee, 0xee});
    CHECK(read_register_8(k, bytes + 5) == 0x12);
    fresh();
    write_register_16(k, bytes + 4, 0x1234);
    CHECK(std::vector<u8>(bytes + 3, bytes + 7) == std::vector<u8>{0xee, 0x34, 0x12, 0xee});
    CHECK(read_register_16(k, bytes + 4) == 0x1234);
    fresh();
    write_register_32(k, bytes + 4, 0x1234'5678);
    CHECK(std::vector<u8>(bytes + 3, bytes + 9) ==
          std::vector<u8>{0xee, 0x78, 0x56, 0x34, 0x12, 0xee});
    CHECK(read_register_32(k, bytes + 4) == 0x1234'5678);
}

TEST_CASE("registers: a kernel with hooks gets every access, and no other is made") {
    hooked_kernel k;
    u8* const nowhere = reinterpret_cast<u8*>(0x10);
    CHECK(read_register_8(k, nowhere) == 0xd4);
    CHECK(read_register_16(k, nowhere + 2) == 0xc3d4);
    CHECK(read_register_32(k, nowhere + 4) == 0xa1b2'c3d4);
    write_register_8(k, nowhere, 1);
    write_register_16(k, nowhere + 2, 2);
    write_register_32(k, nowhere + 4, 3);
    using call = hooked_kernel::call;
    CHECK(k.reads == std::vector<call>{{nowhere, 1, 0}, {nowhere + 2, 2, 0}, {nowhere + 4, 4, 0}});
    CHECK(k.writes == std::vector<call>{{nowhere, 1, 1}, {nowhere + 2, 2, 2}, {nowhere + 4, 4, 3}});
}
