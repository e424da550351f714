#include <doctest/doctest.h>

#include <vsnd/base/dma.hpp>

using namespace vsnd;

namespace {
u8 memory[256];
constexpr u64 bus = 0x1'0000'0100;
} // namespace

TEST_CASE("a bus address only moves on and compares") {
    const bus_address at{bus};
    CHECK((at + 16).value == bus + 16);
    CHECK(at + 0 == at);
    CHECK_FALSE(at + 1 == at);
}

TEST_CASE("a part of a region lies inside it or is empty") {
    const dma_region all{memory, {bus}, sizeof(memory)};
    CHECK_FALSE(all.empty());
    const dma_region part = all.part(16, 32);
    CHECK(part.cpu == memory + 16);
    CHECK(part.bus.value == bus + 16);
    CHECK(part.bytes == 32);
    CHECK(all.part(0, 256).bytes == 256);
    CHECK(all.part(256, 0).bytes == 0);
    CHECK(all.part(1, 256).empty());
    CHECK(all.part(257, 0).empty());
    CHECK(all.part(8, ~usize{0}).empty());
    CHECK(all.part(~usize{0}, 8).empty());
    CHECK(dma_region{}.empty());
    CHECK(dma_region{memory, {bus}, 0}.empty());
}

TEST_CASE("the carver hands out pieces aligned on the bus, never beyond the end") {
    // The CPU's address is of no account.
    dma_carver carver({memory + 1, {bus + 1}, 200});
    const dma_region a = carver.take(10, 64).value();
    CHECK(a.bus.value == bus + 64);
    CHECK(a.cpu == memory + 64);
    CHECK(a.bytes == 10);
    const dma_region b = carver.take(1, 1).value();
    CHECK(b.bus.value == bus + 74);
    // What does not fit leaves the carver as it was.
    CHECK(carver.take(200, 1).code() == status_code::no_memory);
    CHECK(carver.take(1, 4096).code() == status_code::no_memory);
    CHECK(carver.take(~usize{0}, 16).code() == status_code::no_memory);
    const dma_region c = carver.take(8, 8).value();
    CHECK(c.bus.value == bus + 80);
    CHECK(carver.take(113, 1).value().bytes == 113); // exactly the rest: 201 - 88
    CHECK(carver.take(1, 1).code() == status_code::no_memory);
    CHECK(dma_carver({}).take(1, 1).code() == status_code::no_memory);
}
