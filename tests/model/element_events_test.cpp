// Control elements that change by themselves, and elements of a device that lies.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;
namespace de = default_element;

namespace {

constexpr u16 value_mask = 1u << wire::SND_CTL_EVT_MASK_VALUE;
constexpr u16 info_mask = 1u << wire::SND_CTL_EVT_MASK_INFO;
constexpr u16 tlv_mask = 1u << wire::SND_CTL_EVT_MASK_TLV;

// The next event that the device has put into a buffer; code 0 when there is none.
wire::snd_ctl_event next_event(driver& d) {
    wire::snd_ctl_event e{};
    const auto used = d.take(raw::event);
    if (!used.any) return e;
    CHECK(used.len == sizeof(e));
    wire::virtq_desc at{};
    std::memcpy(&at, d.queues[raw::event].desc.cpu + 16 * used.id, sizeof(at));
    d.memory.read({at.addr}, &e, sizeof(e));
    d.send(raw::event, {{{at.addr}, 8, true}});
    return e;
}

void check_event(driver& d, u32 id, u16 mask) {
    const auto e = next_event(d);
    CHECK(e.hdr.code == wire::SND_EVT_CTL_NOTIFY);
    CHECK(e.control_id == id);
    CHECK(e.mask == mask);
}

u32 write(driver& d, u32 id, u32 word) {
    std::vector<u8> value(512);
    raw::put_little(value.data(), word);
    return d.ask_element(wire::SND_R_CTL_WRITE, id, value).code;
}

} // namespace

TEST_CASE("element: somebody turns a knob, and the driver is told") {
    // Spec: [virtio 1.4] Sound Device / Control Element Notifications
    driver d;
    d.up();
    d.device.set_element(de::playback_volume, {3, 4});
    check_event(d, de::playback_volume, value_mask);
    CHECK(d.device.element(de::playback_volume).values() == std::vector<s64>{3, 4});
    d.device.set_element(de::playback_volume, {3, 4}); // no change, nothing to tell
    d.device.set_element(de::peak_meter, {9, 9});      // volatile
    CHECK(next_event(d).hdr.code == 0);
    CHECK(d.device.element(de::peak_meter).values() == std::vector<s64>{9, 9});

    d.device.set_element_bytes(de::digital_out, {1, 2, 3});
    check_event(d, de::digital_out, value_mask);
    element_profile facts = d.device.element(de::capture_source).profile();
    facts.access |= element_access::inactive;
    facts.items.push_back("Headset");
    d.device.set_element_info(de::capture_source, facts);
    check_event(d, de::capture_source, info_mask);
    CHECK(d.ask_element(wire::SND_R_CTL_ENUM_ITEMS, de::capture_source, {}, 256).len == 260);
    d.device.set_element_metadata(de::fine_volume, tlv::linear(-1, 1));
    check_event(d, de::fine_volume, tlv_mask);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("element: a driver's own write is told too, if it changed anything") {
    for (const bool tells : {true, false}) {
        device_profile p = default_profile();
        p.notifies_writes = tells;
        driver d(p);
        d.up();
        CHECK(write(d, de::capture_source, 2) == wire::SND_S_OK);
        CHECK(write(d, de::capture_source, 2) == wire::SND_S_OK);
        CHECK(d.device.events_sent() == (tells ? 1u : 0u));
        const std::vector<u8> tlv = {4, 0, 0, 0, 0, 0, 0, 0};
        d.ask_element(wire::SND_R_CTL_TLV_WRITE, de::capture_gain, tlv);
        CHECK(d.device.events_sent() == (tells ? 2u : 0u));
        if (!tells) continue;
        check_event(d, de::capture_source, value_mask);
        check_event(d, de::capture_gain, tlv_mask);
    }
}

TEST_CASE("element: no notification without the feature, and none without a buffer") {
    driver d;
    d.up(bit(wire::SND_F_CTLS));
    d.device.set_element(de::playback_volume, {3, 4});
    CHECK(d.device.events_sent() + d.device.events_lost() == 0);
    d.up();
    for (s64 i = 0; i < 6; ++i)
        d.device.set_element(de::playback_volume, {i, i});
    CHECK(d.device.events_sent() == 4);
    CHECK(d.device.events_lost() == 2);
}

TEST_CASE("element: notifications of elements that do not exist, and with undefined masks") {
    driver d;
    d.up();
    CHECK(d.device.notify_element(0xabcd, 0xff00));
    check_event(d, 0xabcd, 0xff00);
    CHECK(d.device.notify_element(de::trigger, 0));
    check_event(d, de::trigger, 0);
}

TEST_CASE("element: facts that lie reach the driver as they are") {
    device_profile p = default_profile();
    p.elements[0].name = std::string(60, 'n');
    p.elements[0].count = 100'000;
    p.elements[0].metadata = {tlv::db_range, 0xffff'fff0, 1};
    p.elements[de::capture_source].items = {std::string(70, 'i')};
    p.elements[de::capture_source].announced_items = 0x4000'0001;
    driver d(p);
    d.up();
    std::vector<u8> bytes;
    REQUIRE(d.query(wire::SND_R_CTL_INFO, 0, de::count, 92, &bytes) == wire::SND_S_OK);
    CHECK(bytes[24 + 43] == 'n'); // no terminator
    u32 items = 0;
    std::memcpy(&items, bytes.data() + 92 * de::capture_source + 68, 4);
    CHECK(to_little(items) == 0x4000'0001);
    const auto names = d.ask_element(wire::SND_R_CTL_ENUM_ITEMS, de::capture_source, {}, 640);
    CHECK(names.len == 4 + 64);
    CHECK(names.payload[63] == 'i');
    const auto metadata = d.ask_element(wire::SND_R_CTL_TLV_READ, 0, {}, 64);
    CHECK(metadata.len == 4 + 12);
    CHECK(metadata.payload[7] == 0xff);
    CHECK(d.ask_element(wire::SND_R_CTL_READ, 0, {}, 512).len == 516);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("faults: an answer that is cut, and one that is changed") {
    using kind = request_fault::kind;
    driver d;
    d.up();
    request_fault cut{wire::SND_R_CTL_INFO, kind::cut};
    cut.keep_bytes = 100;
    request_fault edit{wire::SND_R_JACK_INFO, kind::edited};
    edit.edit = [](std::vector<u8>& payload) { payload[17] = 0x55; };
    d.device.faults().requests = {cut, edit};
    const auto r = d.ask(wire::snd_query_info{{wire::SND_R_CTL_INFO}, 0, 4, 92}, 4 * 92);
    CHECK(r.code == wire::SND_S_OK);
    CHECK(r.len == 104);
    std::vector<u8> bytes;
    CHECK(d.query(wire::SND_R_JACK_INFO, 0, 1, 24, &bytes) == wire::SND_S_OK);
    CHECK(bytes[17] == 0x55); // padding that is not 0
    // An edit may lengthen the payload: no more is written than there is room for.
    d.device.faults().requests[1].edit = [](std::vector<u8>& payload) { payload.resize(5000, 1); };
    CHECK(d.ask(wire::snd_query_info{{wire::SND_R_JACK_INFO}, 0, 1, 24}, 24).len == 28);
}
