// The capability walk on configuration spaces written by hand, and on random ones.
// [virtio 1.4] Virtio Structure PCI Capabilities

#include <doctest/doctest.h>

#include <vector>

#include <vsnd/transport/pci_capabilities.hpp>

using namespace vsnd;

namespace {

// 256 bytes and what a walk does to them.
struct paper_function {
    u8 bytes[256] = {};
    unsigned reads = 0;
    unsigned writes = 0;
    unsigned bad_reads = 0;
    u32 unmapped_bar = 6;

    u32 pci_read(u32 offset, u32 count) {
        ++reads;
        if (offset % count != 0 || offset + count > 256) {
            ++bad_reads;
            return ~u32{0};
        }
        u32 v = 0;
        for (u32 i = 0; i < count; ++i)
            v |= u32{bytes[offset + i]} << (8 * i);
        return v;
    }
    void pci_write(u32, u32, u32) { ++writes; }
    u8* map_bar(u32 bar, u64, usize) { return bar == unmapped_bar ? nullptr : bytes; }
    dma_region dma(usize, usize) { return {}; }
    u64 now_ns() { return 0; }

    void put(u32 offset, u32 count, u32 value) {
        for (u32 i = 0; i < count; ++i)
            bytes[offset + i] = static_cast<u8>(value >> (8 * i));
    }
};
static_assert(pci_kernel<paper_function>);

struct capability {
    u8 at;
    u8 type;
    u8 bar = 2;
    u32 offset = 0;
    u32 bytes = 4096;
    u8 length = 20;
    u32 multiplier = 4;
};

// A sound device with these capabilities, in this order.
paper_function device_with(const std::vector<capability>& list) {
    paper_function f;
    f.put(0x00, 2, 0x1af4);
    f.put(0x02, 2, 0x1059);
    f.put(0x06, 2, 0x10);
    u32 link = 0x34;
    for (const capability& c : list) {
        f.put(link, 1, c.at);
        f.put(c.at, 1, 0x09);
        f.put(c.at + 2U, 1, c.length);
        f.put(c.at + 3U, 1, c.type);
        f.put(c.at + 4U, 1, c.bar);
        f.put(c.at + 8U, 4, c.offset);
        f.put(c.at + 12U, 4, c.bytes);
        f.put(c.at + 16U, 4, c.multiplier);
        link = c.at + 1U;
    }
    return f;
}

std::vector<capability> good() {
    return {{0x40, 1, 2, 0x0000}, {0x54, 2, 2, 0x3000}, {0x68, 3, 2, 0x1000}, {0x7c, 4, 2, 0x2000}};
}

status_code walked(paper_function f) {
    pci_layout layout;
    const status_code answer = find_pci_structures(f, layout);
    CHECK(f.bad_reads == 0);
    CHECK(f.writes == 0); // [virtio 1.4] the driver MUST NOT write into a capability
    return answer;
}

// The good list with capability `index` changed.
template <class Change>
status_code with(usize index, Change change) {
    auto list = good();
    change(list[index]);
    return walked(device_with(list));
}

} // namespace

// [virtio 1.4] PCI Device Discovery
// [virtio 1.4] Virtio Over PCI Bus / PCI Device Discovery, driver 1
// [virtio 1.4] Virtio Over PCI Bus / PCI Device Discovery, driver 4
TEST_CASE("pci capabilities: which functions are virtio sound devices") {
    const auto identified = [](u32 vendor, u32 device, u32 subsystem) {
        paper_function f;
        f.put(0x00, 2, vendor);
        f.put(0x02, 2, device);
        f.put(0x2e, 2, subsystem);
        return identify_sound_device(f);
    };
    CHECK(identified(0x1af4, 0x1059, 0) == status_code::ok);
    CHECK(identified(0x1af4, 0x1059, 0x1100) == status_code::ok);
    CHECK(identified(0x1af4, 0x1010, 25) == status_code::ok); // transitional: by its subsystem
    CHECK(identified(0x1af4, 0x1010, 26) == status_code::no_device);
    CHECK(identified(0x1af4, 0x1041, 25) == status_code::no_device);
    CHECK(identified(0x1af4, 0x0fff, 25) == status_code::no_device);
    CHECK(identified(0x8086, 0x1059, 25) == status_code::no_device);
    CHECK(identified(0xffff, 0xffff, 0xffff) == status_code::no_device);
}

TEST_CASE("pci capabilities: a good list is understood") {
    auto f = device_with(good());
    f.put(0x7d, 1, 0x90); // and MSI-X at the end
    f.put(0x90, 1, 0x11);
    pci_layout layout;
    REQUIRE(find_pci_structures(f, layout) == status_code::ok);
    CHECK(layout.common().offset == 0x0000);
    CHECK(layout.notify().offset == 0x3000);
    CHECK(layout.isr().offset == 0x1000);
    CHECK(layout.config().offset == 0x2000);
    CHECK(layout.config().bytes == 4096);
    CHECK(layout.common().bar == 2);
    CHECK(layout.notify().multiplier == 4);
    CHECK(layout.msix == 0x90);
}

// [virtio 1.4] Virtio Over PCI Bus / Virtio Structure PCI Capabilities, driver 1
// [virtio 1.4] Virtio Over PCI Bus / Virtio Structure PCI Capabilities, driver 2
// [virtio 1.4] Virtio Over PCI Bus / Virtio Structure PCI Capabilities, driver 4
TEST_CASE("pci capabilities: the first usable instance of each structure is taken") {
    auto list = good();
    list.insert(list.begin(), {0xa4, 2, 1, 0x0100}); // an I/O BAR: cannot be used here
    list.insert(list.begin(), {0xb8, 1, 6, 0x0000}); // a reserved BAR: MUST be ignored
    list.insert(list.begin(), {0xcc, 9, 2, 0x0000}); // vendor data
    list.insert(list.begin(), {0xe0, 77, 2, 0x000}); // a reserved type: MUST be ignored
    list.push_back({0x90, 4, 3, 0x0000});            // a second one
    auto f = device_with(list);
    f.put(0x14, 4, 0x0000'c001); // BAR 1 is I/O
    pci_layout layout;
    REQUIRE(find_pci_structures(f, layout) == status_code::ok);
    CHECK(layout.notify().bar == 2);
    CHECK(layout.notify().offset == 0x3000);
    CHECK(layout.common().bar == 2);
    CHECK(layout.config().bar == 2);
}

TEST_CASE("pci capabilities: one that the kernel cannot map is not used") {
    auto list = good();
    auto f = device_with(list);
    f.unmapped_bar = 2;
    pci_layout layout;
    CHECK(find_pci_structures(f, layout) == status_code::legacy_device);
    list.push_back({0x90, 4, 3, 0x0100}); // a second instance, elsewhere
    f = device_with(list);
    f.put(0x80, 1, 4);
    f.unmapped_bar = 4;
    REQUIRE(find_pci_structures(f, layout) == status_code::ok);
    CHECK(layout.config().bar == 3);
    CHECK(layout.config().address == f.bytes);
}

TEST_CASE("pci capabilities: MSI-X that ends beyond the configuration space is not used") {
    for (const u8 at : {u8{0xf4}, u8{0xf8}, u8{0xfc}}) {
        CAPTURE(at);
        auto f = device_with(good());
        f.put(0x7d, 1, at);
        f.put(at, 4, 0x11);
        pci_layout layout;
        REQUIRE(find_pci_structures(f, layout) == status_code::ok);
        CHECK(layout.msix == (at == 0xf4 ? 0xf4 : 0));
        CHECK(f.bad_reads == 0);
    }
}

TEST_CASE("pci capabilities: none at all means legacy") {
    CHECK(walked(device_with({})) == status_code::legacy_device);
    auto f = device_with(good());
    f.put(0x06, 2, 0); // no list
    CHECK(walked(f) == status_code::legacy_device);
}

TEST_CASE("pci capabilities: each of the four must be there") {
    for (usize i = 0; i < 4; ++i) {
        CAPTURE(i);
        auto list = good();
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        CHECK(walked(device_with(list)) == status_code::bad_capability);
    }
}

TEST_CASE("pci capabilities: lists that do not end, or leave the space") {
    for (const u8 target : {u8{0x40}, u8{0x54}, u8{0x7c}}) {
        CAPTURE(target);
        auto f = device_with(good());
        f.put(0x7d, 1, target);
        CHECK(walked(f) == status_code::bad_capability);
        CHECK(f.reads < 400);
    }
    for (const u8 target : {u8{0x04}, u8{0x30}, u8{0x3c}}) {
        CAPTURE(target);
        auto f = device_with(good());
        f.put(0x7d, 1, target);
        CHECK(walked(f) == status_code::bad_capability);
    }
    auto low_bits = device_with(good()); // the two low bits of a link are reserved
    low_bits.put(0x34, 1, 0x43);
    CHECK(walked(low_bits) == status_code::ok);
}

// [virtio 1.4] Virtio Over PCI Bus / Virtio Structure PCI Capabilities, driver 3
// [virtio 1.4] Virtio Over PCI Bus / Virtio Structure PCI Capabilities, driver 6
TEST_CASE("pci capabilities: structures that lie about where they are") {
    for (usize i = 0; i < 4; ++i) {
        CAPTURE(i);
        CHECK(with(i, [](capability& c) { c.bar = 6; }) == status_code::bad_capability);
        CHECK(with(i, [](capability& c) { c.bar = 255; }) == status_code::bad_capability);
        CHECK(with(i, [](capability& c) { c.bytes = 0; }) == status_code::bad_capability);
        CHECK(with(i, [](capability& c) { c.length = 15; }) == status_code::bad_capability);
        CHECK(with(i, [](capability& c) { c.offset = 0xffff'f004; }) ==
              status_code::bad_capability);
        CHECK(with(i, [](capability& c) { c.offset = 0xffff'f000; }) ==
              status_code::bad_capability); // to 4 GiB and no byte less
        // MUST accept larger capabilities, MUST handle large lengths.
        CHECK(with(i, [](capability& c) { c.length = 60; }) == status_code::ok);
        CHECK(with(i, [](capability& c) { c.bytes = 0xffff'0000; }) == status_code::ok);
    }
    CHECK(with(0, [](capability& c) { c.bytes = 55; }) == status_code::bad_capability);
    CHECK(with(0, [](capability& c) { c.bytes = 56; }) == status_code::ok);
    CHECK(with(0, [](capability& c) { c.offset = 2; }) == status_code::bad_capability);
    CHECK(with(1, [](capability& c) { c.bytes = 1; }) == status_code::bad_capability);
    CHECK(with(1, [](capability& c) { c.bytes = 2; }) == status_code::ok);
    CHECK(with(1, [](capability& c) { c.offset = 1; }) == status_code::bad_capability);
    CHECK(with(1, [](capability& c) { c.length = 16; }) == status_code::bad_capability);
    CHECK(with(2, [](capability& c) { c.bytes = 1; }) == status_code::ok);
    CHECK(with(2, [](capability& c) { c.offset = 3; }) == status_code::ok);
    CHECK(with(3, [](capability& c) { c.bytes = 11; }) == status_code::bad_capability);
    CHECK(with(3, [](capability& c) { c.bytes = 12; }) == status_code::ok);
    CHECK(with(3, [](capability& c) { c.offset = 2; }) == status_code::bad_capability);
}

TEST_CASE("pci capabilities: one that ends beyond the configuration space is not used") {
    auto list = good();
    list[3].at = 0xf0;
    CHECK(walked(device_with({list[0], list[1], list[2]})) == status_code::bad_capability);
    auto cut = good(); // its last word would lie at 256
    cut[1].at = 0xf0;
    auto whole = device_with({cut[0], cut[2], cut[3]});
    whole.put(0x7d, 1, 0xf0);
    whole.put(0xf0, 4, 0x0214'0009);
    whole.put(0xf4, 4, 2);
    whole.put(0xf8, 4, 0x3000);
    whole.put(0xfc, 4, 4096);
    CHECK(walked(whole) == status_code::bad_capability);
    auto f = device_with({list[0], list[1], list[2]});
    f.put(0x69, 1, 0xf8); // only half of it lies inside
    f.put(0xf8, 4, 0x0414'0009);
    CHECK(walked(f) == status_code::bad_capability);
}

// [virtio 1.4] Virtio Over PCI Bus / Virtio Structure PCI Capabilities, driver 7
TEST_CASE("pci capabilities: random spaces never lead astray") {
    u64 state = 88172645463325252;
    const auto random = [&] {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return static_cast<u32>(state >> 32);
    };
    unsigned usable = 0;
    unsigned wrong = 0;
    for (int i = 0; i < 40'000; ++i) {
        auto f = device_with(good());
        const u32 changes = 1 + random() % 6;
        for (u32 n = 0; n < changes; ++n)
            f.bytes[0x34 + random() % (0x90 - 0x34)] = static_cast<u8>(random());
        if (i % 4 == 0)
            for (u8& b : f.bytes)
                b = static_cast<u8>(random());
        pci_layout layout;
        const status_code answer = find_pci_structures(f, layout);
        wrong += f.bad_reads != 0 || f.writes != 0 || f.reads > 400;
        if (!ok(answer)) continue;
        ++usable;
        for (const pci_range& r : {layout.common(), layout.notify(), layout.isr(), layout.config()})
            wrong += r.bar > 5 || r.bytes == 0 || u64{r.offset} + r.bytes > 0xffff'ffff;
    }
    CHECK(wrong == 0);
    CHECK(usable > 1000);
}
