// The IOMMU of the model, alone and in front of the guest's memory.

#include <doctest/doctest.h>

#include <vector>

#include <vsnd/model/guest_memory.hpp>

using namespace vsnd;
using namespace vsnd::model;

TEST_CASE("iommu: each page has a place of its own, and no two are neighbours") {
    iommu table;
    table.map(0x10000, 3 * iommu::page_bytes);
    CHECK(table.pages() == 3);
    const u64 first = table.translate(0x10004).value();
    const u64 second = table.translate(0x11000).value();
    CHECK(first % iommu::page_bytes == 4);
    CHECK(second != first - 4 + iommu::page_bytes);
    CHECK_FALSE(table.translate(0xffff));
    CHECK_FALSE(table.translate(0x13000));
    table.unmap(0x11000, 1);
    CHECK_FALSE(table.translate(0x11fff));
    CHECK(table.translate(0x12fff));
}

TEST_CASE("guest_memory behind an IOMMU: bus addresses reach it, physical ones do not") {
    guest_memory memory(0x1'4000'0000, true);
    const dma_region r = memory.allocate(10'000, 16);
    CHECK(r.bus.value % iommu::page_bytes == 0);
    for (usize i = 0; i < r.bytes; ++i)
        r.cpu[i] = static_cast<u8>(i * 7 + i / 256);
    std::vector<u8> seen(r.bytes);
    REQUIRE(memory.read(r.bus, seen.data(), seen.size()));
    CHECK(std::equal(seen.begin(), seen.end(), r.cpu));
    const u8 written[3] = {1, 2, 3};
    REQUIRE(memory.write(r.bus + 4095, written, 3)); // across a page
    CHECK(r.cpu[4095] == 1);
    CHECK(r.cpu[4097] == 3);

    CHECK_FALSE(memory.read(memory.physical(r.bus), seen.data(), 16));
    CHECK_FALSE(memory.read(r.bus + 9'999, seen.data(), 2)); // the page is mapped, the region ends
    CHECK_FALSE(memory.contains(r.bus + 12'288, 1));
    CHECK(memory.refusals().size() == 2);
    CHECK(memory.release(r));
    CHECK_FALSE(memory.contains(r.bus, 1));
}
