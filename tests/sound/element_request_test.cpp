// Requests about control elements: their bytes, their sizes, and which of them are never built.

#include <doctest/doctest.h>

#include <cstring>
#include <initializer_list>

#include <support/rounds.hpp>
#include <vsnd/sound/element_request.hpp>

#include "element_items.hpp"

using namespace vsnd;

namespace {

constexpr auto invalid = status_code::invalid_argument;
constexpr auto missing = status_code::not_available;

element_info element(u32 access, wire::snd_ctl_info raw = raw_integer(0, 100)) {
    raw.access = access;
    return judge(raw);
}

// Memory for a request, with a guard behind it.
struct request_memory {
    byte_vector bytes;

    explicit request_memory(usize size = element_request_room) : bytes(size, 0xee) {}
    span<u8> room() { return {bytes.data(), bytes.size()}; }
    bool untouched() const { return bytes == byte_vector(bytes.size(), 0xee); }

    u32 word(usize i) const { return detail::word_at(view(bytes), i * 4); }
    bool untouched_from(usize at) const {
        return byte_vector(bytes.begin() + static_cast<long>(at), bytes.end()) ==
               byte_vector(bytes.size() - at, 0xee);
    }
};

bool has_sizes(const result<element_request>& r, u32 request, u32 payload) {
    return r.ok() && r.value().request_bytes == request && r.value().payload_bytes == payload;
}

} // namespace

// [virtio 1.4] Sound Device / Item Information Request, driver 1
// [virtio 1.4] Sound Device / Item Information Request, driver 2
TEST_CASE("element_request: CTL_INFO stays within the device's elements, with room for them") {
    request_memory m;
    CHECK(has_sizes(make_element_query(m.room(), 10, 4, 6), 16, 6 * 92));
    CHECK(m.word(0) == wire::SND_R_CTL_INFO);
    CHECK(m.word(1) == 4);
    CHECK(m.word(2) == 6);
    CHECK(m.word(3) == 92);
    CHECK(m.untouched_from(16));
    CHECK(has_sizes(make_element_query(m.room(), 10, 0, 10, 96), 16, 960));
    CHECK(m.word(3) == 96);

    request_memory other;
    CHECK(make_element_query(other.room(), 10, 4, 7).code() == invalid);
    CHECK(make_element_query(other.room(), 10, 4, 0).code() == invalid);
    CHECK(make_element_query(other.room(), 0, 0, 0).code() == invalid);
    CHECK(make_element_query(other.room(), 10, 0xffffffff, 2).code() == invalid);
    CHECK(make_element_query(other.room(), 0xffffffff, 0, 0xffffffff).code() == invalid);
    CHECK(make_element_query(other.room().part(0, 15), 10, 0, 1).code() == status_code::no_room);
    CHECK(other.untouched());
}

// [virtio 1.4] Sound Device / Query information
TEST_CASE("element_request: CTL_ENUM_ITEMS, where the names fit") {
    const element_info info = element(0, raw_enumerated(5));
    request_memory m;
    CHECK(has_sizes(make_items_query(m.room(), 3, info, 320), 8, 320));
    CHECK(m.word(0) == wire::SND_R_CTL_ENUM_ITEMS);
    CHECK(m.word(1) == 3);
    CHECK(m.untouched_from(8));

    request_memory other;
    CHECK(make_items_query(other.room(), 3, info, 319).code() == status_code::no_room);
    const element_info many = element(0, raw_enumerated(0x04000001)); // 64 bytes, modulo 2^32
    CHECK(make_items_query(other.room(), 3, many, 320).code() == status_code::no_room);
    CHECK(make_items_query(other.room(), 3, many, ~usize{0}).code() == status_code::no_room);
    CHECK(make_items_query(other.room(), 3, element(3), 320).code() == invalid);
    CHECK(make_items_query(other.room(), 3, element(3, raw_enumerated(0)), 320).code() == missing);
    CHECK(other.untouched());
}

// [virtio 1.4] Sound Device / Control Element Value, driver 1
TEST_CASE("element_request: READ, only with its right") {
    request_memory m;
    CHECK(has_sizes(make_value_read(m.room(), 3, element(1)), 8, 512));
    CHECK(m.word(0) == wire::SND_R_CTL_READ);
    CHECK(m.word(1) == 3);
    CHECK(m.untouched_from(8));
    request_memory other;
    CHECK(make_value_read(other.room(), 3, element(0x7e)).code() == missing);
    CHECK(make_value_read(other.room(), 3, element(1, raw_integer(1, 0))).code() == missing);
    CHECK(make_value_read(other.room().part(0, 7), 3, element(1)).code() == status_code::no_room);
    CHECK(other.untouched());
}

// [virtio 1.4] Sound Device / Control Element Value, driver 2
TEST_CASE("element_request: WRITE, only with its right and with values in range") {
    wire::snd_ctl_value value;
    std::memset(&value, 0x55, sizeof(value)); // what the caller happened to have there
    value.value.integer[0] = 100;
    request_memory m;
    CHECK(has_sizes(make_value_write(m.room(), 3, element(2), value), 520, 0));
    CHECK(m.word(0) == wire::SND_R_CTL_WRITE);
    CHECK(m.word(1) == 3);
    CHECK(m.word(2) == 100);
    for (usize i = 3; i < 130; i++) {
        CHECK(m.word(i) == 0); // nothing else of the caller's leaves him
    }

    request_memory other;
    CHECK(make_value_write(other.room(), 3, element(0x7d), value).code() == missing);
    CHECK(make_value_write(other.room().part(0, 519), 3, element(2), value).code() ==
          status_code::no_room);
    value.value.integer[0] = 101;
    CHECK(make_value_write(other.room(), 3, element(2), value).code() == invalid);
    CHECK(other.untouched());
}

TEST_CASE("element_request: WRITE takes as much of the value as the type has") {
    const u32 bytes[] = {8, 8, 16, 8, 2, 176};
    for (u32 type = 0; type < 6; type++) {
        CAPTURE(type);
        wire::snd_ctl_value value;
        std::memset(&value, 1, sizeof(value));
        for (u32 i = 0; type < 4 && type != 2 && i < 2; i++) {
            value.value.integer[i] = 0x0101;
        }
        wire::snd_ctl_info raw = raw_element(type, type == 5 ? 1 : 2);
        raw.access = 2;
        raw.value.enumerated.items = 0x0200;
        if (type == 1) raw.value = raw_integer(0, 0x0200).value;
        if (type == 2) raw.value = raw_integer64(0, s64{1} << 62).value;
        if (type == 0) value.value.integer[0] = value.value.integer[1] = 1;
        request_memory m;
        CHECK(has_sizes(make_value_write(m.room(), 3, judge(raw), value), 520, 0));
        byte_vector expected(512);
        std::memcpy(expected.data(), &value, bytes[type]);
        CHECK(byte_vector(m.bytes.begin() + 8, m.bytes.end()) == expected);
    }
}

// [virtio 1.4] Sound Device / Control Element Metadata, driver 1
TEST_CASE("element_request: TLV_READ, only with its right") {
    request_memory m;
    CHECK(has_sizes(make_tlv_read(m.room(), 3, element(0x10), 64), 8, 72));
    CHECK(m.word(0) == wire::SND_R_CTL_TLV_READ);
    CHECK(m.word(1) == 3);
    CHECK(has_sizes(make_tlv_read(m.room(), 3, element(0x10), 0), 8, 8));
    CHECK(has_sizes(make_tlv_read(m.room(), 3, element(0x10), 65536), 8, 65544));
    request_memory other;
    CHECK(make_tlv_read(other.room(), 3, element(0x6f), 64).code() == missing);
    CHECK(make_tlv_read(other.room(), 3, element(0x10), 65540).code() == invalid);
    CHECK(make_tlv_read(other.room(), 3, element(0x10), 62).code() == invalid);
    CHECK(other.untouched());
}

// [virtio 1.4] Sound Device / Control Element Metadata, driver 2
// [virtio 1.4] Sound Device / Control Element Metadata, driver 3
// [virtio 1.4] Sound Device / Control Element Metadata, driver 4
TEST_CASE("element_request: TLV_WRITE and TLV_COMMAND, only with their rights and up to 64 KiB") {
    const struct {
        u32 code, access;
        result<element_request> (*make)(span<u8>, u32, const element_info&, u32, span<const u8>);
    } requests[] = {
        {wire::SND_R_CTL_TLV_WRITE, 0x20, make_tlv_write},
        {wire::SND_R_CTL_TLV_COMMAND, 0x40, make_tlv_command},
    };
    const byte_vector value = words({1000, 2000});
    for (const auto& r : requests) {
        request_memory m(100);
        CHECK(has_sizes(r.make(m.room(), 3, element(r.access), 4, view(value)), 24, 0));
        CHECK(m.word(0) == r.code);
        CHECK(m.word(1) == 3);
        CHECK(m.word(2) == 4);
        CHECK(m.word(3) == 8);
        CHECK(m.word(4) == 1000);
        CHECK(m.word(5) == 2000);
        CHECK(m.untouched_from(24));

        request_memory large(65536 + 16);
        const byte_vector most(65536, 1), more(65540, 1), odd(7, 1);
        CHECK(has_sizes(r.make(large.room(), 3, element(r.access), 4, view(most)), 65552, 0));
        CHECK(has_sizes(r.make(large.room(), 3, element(r.access), 4, {}), 16, 0));
        request_memory other(70000);
        CHECK(r.make(other.room(), 3, element(r.access), 4, view(more)).code() == invalid);
        CHECK(r.make(other.room(), 3, element(r.access), 4, view(odd)).code() == invalid);
        CHECK(r.make(other.room(), 3, element(0x7f - r.access), 4, view(value)).code() == missing);
        CHECK(r.make(other.room().part(0, 23), 3, element(r.access), 4, view(value)).code() ==
              status_code::no_room);
        CHECK(other.untouched());
    }
}

TEST_CASE("element_request: whatever the element and the room, no byte beyond the room") {
    hostile_bytes random(17);
    u32 built = 0;
    for (u32 round = 0; round < support::rounds(50000); round++) {
        auto raw = random.structure<wire::snd_ctl_info>();
        raw.type = random.below(6);
        raw.count = random.below(100);
        raw.access = random.below(128);
        const element_info info = judge(raw);
        request_memory m(random.below(560)); // the sanitizer looks at its end
        wire::snd_ctl_value value{};
        const byte_vector tlv = random.take(random.below(16) * 4);
        const result<element_request> all[] = {
            make_element_query(m.room(), random.word(), random.word(), random.word()),
            make_items_query(m.room(), 1, info, random.word()),
            make_value_read(m.room(), 1, info),
            make_value_write(m.room(), 1, info, value),
            make_tlv_read(m.room(), 1, info, random.word()),
            make_tlv_write(m.room(), 1, info, 1, view(tlv)),
            make_tlv_command(m.room(), 1, info, 1, view(tlv)),
        };
        for (const auto& r : all) {
            built += r.ok() ? 1 : 0;
            const bool fits = !r.ok() || r.value().request_bytes <= m.bytes.size();
            if (!fits) REQUIRE(fits);
        }
    }
    CHECK(built > support::rounds(10000));
}
