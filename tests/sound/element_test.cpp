// What the device says of a control element: judged, in both layouts; rights; notifications.

#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include <support/rounds.hpp>
#include <vsnd/sound/element.hpp>

#include "element_items.hpp"

using namespace vsnd;

namespace {

constexpr s64 least64 = std::numeric_limits<s64>::min();
constexpr s64 most64 = std::numeric_limits<s64>::max();

// Usable, and everything in it is defined.
bool proper(const element_info& info) {
    return info.usable && !info.malformed;
}
bool masked(const element_info& info) {
    return info.usable && info.malformed;
}
bool refused(const element_info& info) {
    return !info.usable && info.malformed;
}

// What holds for any judged element.
bool sound(const element_info& info) {
    const bool terminated = std::memchr(info.name, 0, sizeof(info.name)) != nullptr;
    const u64 width = static_cast<u64>(info.highest) - static_cast<u64>(info.lowest);
    return terminated && info.access < 0x80 && info.role <= element_role::gain &&
           info.type <= element_type::iec958 && info.count <= most_values(info.type) &&
           (info.usable || info.malformed) && info.usable == (info.count != 0) &&
           (!info.usable || (info.lowest <= info.highest && info.step <= greater(width, u64{1})));
}

} // namespace

// [virtio 1.4] Sound Device / Query information
TEST_CASE("element: what the device says, in both layouts") {
    const element_info info = judge(raw_integer(-6000, 600, 50));
    CHECK(proper(info));
    CHECK(info.hda_fn_nid == 7);
    CHECK(info.role == element_role::volume);
    CHECK(info.flow == direction::playback);
    CHECK(info.type == element_type::integer);
    CHECK(info.count == 1);
    CHECK(info.lowest == -6000);
    CHECK(info.highest == 600);
    CHECK(info.step == 50);
    CHECK(std::string(info.name) == "Master");

    const element_info other = judge(raw_integer<wire::snd_ctl_info_aligned>(-6000, 600, 50));
    CHECK(proper(other));
    CHECK(other.lowest == -6000);
    CHECK(other.highest == 600);
    CHECK(other.step == 50);

    const element_info wide = judge(raw_integer64(least64, most64, 3));
    CHECK(proper(wide));
    CHECK(wide.lowest == least64);
    CHECK(wide.highest == most64);
    CHECK(wide.step == 3);
    CHECK(proper(judge(raw_integer64<wire::snd_ctl_info_aligned>(least64, most64, 3))));

    CHECK(judge(raw_enumerated(5)).items == 5);
    CHECK(judge(raw_enumerated(5)).highest == 4);
    CHECK(judge(raw_element(wire::SND_CTL_TYPE_BOOLEAN)).highest == 1);
    CHECK(judge(raw_element(wire::SND_CTL_TYPE_BYTES)).highest == 255);
    CHECK(proper(judge(raw_element(wire::SND_CTL_TYPE_IEC958))));
}

// [virtio 1.4] Sound Device / Query information
TEST_CASE("element: the role's lowest bit is the direction") {
    for (u32 role = 0; role < 20; role++) {
        CAPTURE(role);
        wire::snd_ctl_info raw = raw_integer(0, 1);
        raw.role = role;
        const element_info info = judge(raw);
        const bool known = role == 0 || (role > 1 && role < 8);
        CHECK(proper(info) == known);
        CHECK(masked(info) == !known);
        CHECK(info.role == (known ? static_cast<element_role>(role / 2) : element_role::undefined));
        CHECK((info.flow == direction::capture) == (known && role % 2 == 1));
    }
}

// [virtio 1.4] Sound Device / Control Element Information
TEST_CASE("element: every count of every type") {
    const u32 most[] = {128, 128, 64, 128, 512, 1};
    for (u32 type = 0; type < 6; type++) {
        CHECK(most_values(static_cast<element_type>(type)) == most[type]);
        wire::snd_ctl_info raw = raw_element(type);
        raw.value.integer64.highest = u64{3} << 32; // as words 1, 2, 0, 3: a range of any type
        raw.value.integer.lowest = 1;
        raw.value.integer.highest = 2;
        for (u32 count = 0; count < 600; count++) {
            raw.count = count;
            const bool good = count > 0 && count <= most[type];
            const element_info info = judge(raw);
            CHECK(info.usable == good);
            CHECK(info.count == (good ? count : 0));
        }
        raw.count = 0x10001;
        CHECK(refused(judge(raw)));
    }
}

// [virtio 1.4] Sound Device / Control Element Information
TEST_CASE("element: undefined types are refused, undefined rights masked") {
    for (const u32 type : {6u, 7u, 256u, 0xffffffffu}) {
        CHECK(refused(judge(raw_element(type))));
    }
    wire::snd_ctl_info raw = raw_integer(0, 1);
    raw.access = 0xffffffff;
    CHECK(masked(judge(raw)));
    CHECK(judge(raw).access == 0x7f);
    raw.access = 0x7f;
    CHECK(proper(judge(raw)));
}

TEST_CASE("element: ranges") {
    CHECK(refused(judge(raw_integer(1, 0))));
    CHECK(refused(judge(raw_integer(0, -1))));
    CHECK(proper(judge(raw_integer(-1, 0))));
    CHECK(proper(judge(raw_integer(5, 5, 1))));
    CHECK(judge(raw_integer(5, 5, 1)).step == 0);
    CHECK(proper(judge(raw_integer(0, 10, 10))));
    CHECK(masked(judge(raw_integer(0, 10, 11))));
    CHECK(judge(raw_integer(0, 10, 11)).step == 0);
    CHECK(masked(judge(raw_integer(0, 10, 0xffffffff))));
    CHECK(refused(judge(raw_integer64(most64, least64))));
    CHECK(masked(judge(raw_integer64(0, 10, u64{1} << 63))));
    CHECK(refused(judge(raw_enumerated(0))));
    CHECK(judge(raw_enumerated(0xffffffff)).highest == 0xfffffffe);
}

// [virtio 1.4] Sound Device / Control Element Information
TEST_CASE("element: a name is terminated, whatever the device wrote") {
    const auto named = [](const std::string& name) {
        return judge(raw_element(wire::SND_CTL_TYPE_BOOLEAN, 1, name));
    };
    const std::string full(43, 'x');
    CHECK(proper(named(full)));
    CHECK(std::string(named(full).name) == full);
    CHECK(masked(named(full + "y")));
    CHECK(std::string(named(full + "y").name) == full);
    CHECK(masked(named("")));
    CHECK(masked(named("Caf\xe9\n")));
    CHECK(std::string(named("Caf\xe9\n").name) == "Caf??");
}

// [virtio 1.4] Sound Device / Control Element Value, driver 1
// [virtio 1.4] Sound Device / Control Element Value, driver 2
// [virtio 1.4] Sound Device / Control Element Metadata, driver 1
// [virtio 1.4] Sound Device / Control Element Metadata, driver 2
// [virtio 1.4] Sound Device / Control Element Metadata, driver 3
TEST_CASE("element: each right allows its own request alone") {
    for (u32 access = 0; access < 0x80; access++) {
        wire::snd_ctl_info raw = raw_integer(0, 1);
        raw.access = access;
        const element_info info = judge(raw);
        const auto allowed = [&](u32 bit) {
            return access >> bit & 1 ? status_code::ok : status_code::not_available;
        };
        CHECK(may_read(info) == allowed(0));
        CHECK(may_write(info) == allowed(1));
        CHECK(info.has(element_access::changes_silently) == (allowed(2) == status_code::ok));
        CHECK(info.has(element_access::inactive) == (allowed(3) == status_code::ok));
        CHECK(may_tlv_read(info) == allowed(4));
        CHECK(may_tlv_write(info) == allowed(5));
        CHECK(may_tlv_command(info) == allowed(6));
    }
    wire::snd_ctl_info raw = raw_integer(1, 0);
    raw.access = 0x7f;
    CHECK(may_read(judge(raw)) == status_code::not_available);
}

// [virtio 1.4] Sound Device / Notifications
// [virtio 1.4] Sound Device / Control Element Notifications
TEST_CASE("element: notifications") {
    for (u32 mask = 0; mask < 0x10000; mask++) {
        const element_notice notice = decode_element_notice(mask << 16 | 3, 4);
        const bool good = notice.usable && notice.control_id == 3 &&
                          notice.value == ((mask & 1) != 0) && notice.info == ((mask & 2) != 0) &&
                          notice.tlv == ((mask & 4) != 0) && notice.malformed == (mask > 7);
        if (!good) {
            CAPTURE(mask);
            REQUIRE(good);
        }
    }
    CHECK_FALSE(decode_element_notice(1u << 16 | 3, 3).usable);
    CHECK(decode_element_notice(1u << 16 | 3, 3).malformed);
    CHECK_FALSE(decode_element_notice(0xffff, 0xffff).usable);
    CHECK(decode_element_notice(0xffff, 0x10000).usable);

    // As it lies in an event.
    wire::snd_ctl_event event{};
    event.hdr.code = wire::SND_EVT_CTL_NOTIFY;
    event.control_id = 258;
    event.mask = 1u << wire::SND_CTL_EVT_MASK_TLV;
    wire::snd_event plain;
    std::memcpy(&plain, &event, sizeof(plain));
    CHECK(decode_element_notice(plain.data, 300).control_id == 258);
    CHECK(decode_element_notice(plain.data, 300).tlv);
    CHECK_FALSE(decode_element_notice(plain.data, 300).value);
}

TEST_CASE("element: names of roles, types and rights") {
    CHECK(std::string_view(to_string(element_role::gain)) == "gain");
    CHECK(std::string_view(to_string(element_type::iec958)) == "iec958");
    CHECK(std::string_view(to_string(element_access::tlv_command)) == "TLV command");
    for (u32 number = 7; number < 256; number++) {
        CHECK(std::string_view(to_string(static_cast<element_role>(number))) == "unknown role");
        CHECK(std::string_view(to_string(static_cast<element_type>(number))) == "unknown type");
        CHECK(std::string_view(to_string(static_cast<element_access>(number))) == "unknown right");
    }
}

TEST_CASE("element: any bytes, of any length, become an element that makes sense or is refused") {
    hostile_bytes random(13);
    u32 usable = 0;
    for (u32 round = 0; round < support::rounds(100000); round++) {
        const byte_vector item = random.take(random.below(3) == 0 ? random.below(100) : 96);
        const element_info info = judge_element(view(item), random.below(2) == 0 ? 68 : 72);
        if (!sound(info)) REQUIRE(sound(info));
        usable += info.usable ? 1 : 0;
    }
    CHECK(usable > support::rounds(100));
    CHECK(usable < support::rounds(90000));
}
