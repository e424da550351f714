// Requests about control elements and jacks, on the whole driver: all six types of element are read
// and written, names and metadata come back decoded, and what is not allowed is never sent.

#include <doctest/doctest.h>

#include <sound/item_rig.hpp>

using namespace item_tests;

namespace {

// Whether `call` answers `expected` while the device hears nothing at all.
template <class Rig, class Call>
void check_silent(Rig& r, status_code expected, Call call) {
    const u64 before = r.heard();
    CHECK(to_string(call()) == to_string(expected));
    CHECK(r.heard() == before);
}

} // namespace

// [virtio 1.4] Sound Device / Control Element Value, driver 1
// [virtio 1.4] Sound Device / Control Element Value, driver 2
TEST_CASE("elements: all six types are read and written") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& d = r.driver;
    wire::snd_ctl_value v = filled(0xee);

    const auto volume = d.elements()[place::playback_volume];
    REQUIRE(d.read_element(place::playback_volume, v) == status_code::ok);
    CHECK(get_integer(volume, v, 0).value() == 75);
    REQUIRE(set_integer(volume, v, 1, 30) == status_code::ok);
    CHECK(d.write_element(place::playback_volume, v) == status_code::ok);
    CHECK(r.device().element(place::playback_volume).values() == std::vector<s64>{75, 30});

    const auto muted = d.elements()[place::playback_switch];
    REQUIRE(d.read_element(place::playback_switch, v) == status_code::ok);
    CHECK(get_boolean(muted, v, 1).value());
    REQUIRE(set_boolean(muted, v, 0, false) == status_code::ok);
    CHECK(d.write_element(place::playback_switch, v) == status_code::ok);
    CHECK(r.device().element(place::playback_switch).values() == std::vector<s64>{0, 1});

    const auto fine = d.elements()[place::fine_volume];
    REQUIRE(d.read_element(place::fine_volume, v) == status_code::ok);
    CHECK(get_integer64(fine, v, 0).value() == s64{1} << 39);
    REQUIRE(set_integer64(fine, v, 0, (s64{1} << 38) + 1) == status_code::ok);
    CHECK(d.write_element(place::fine_volume, v) == status_code::ok);
    CHECK(r.device().element(place::fine_volume).values() == std::vector<s64>{(s64{1} << 38) + 1});

    const auto source = d.elements()[place::capture_source];
    REQUIRE(d.read_element(place::capture_source, v) == status_code::ok);
    CHECK(get_enumerated(source, v, 0).value() == 1);
    REQUIRE(set_enumerated(source, v, 0, 2) == status_code::ok);
    CHECK(d.write_element(place::capture_source, v) == status_code::ok);
    CHECK(r.device().element(place::capture_source).values() == std::vector<s64>{2});

    const auto equalizer = d.elements()[place::equalizer];
    REQUIRE(d.read_element(place::equalizer, v) == status_code::ok);
    CHECK(get_byte(equalizer, v, 3).value() == 4);
    REQUIRE(set_byte(equalizer, v, 31, 0xff) == status_code::ok);
    CHECK(d.write_element(place::equalizer, v) == status_code::ok);
    CHECK(r.device().element(place::equalizer).bytes()[31] == 0xff);

    const auto digital = d.elements()[place::digital_out];
    REQUIRE(d.read_element(place::digital_out, v) == status_code::ok);
    auto frame = get_iec958(digital, v).value();
    CHECK(frame.channel_status[1] == 0x82);
    frame.channel_status[0] = 0x06;
    frame.dig_subframe[3] = 9;
    REQUIRE(set_iec958(digital, v, frame) == status_code::ok);
    CHECK(d.write_element(place::digital_out, v) == status_code::ok);
    CHECK(r.device().element(place::digital_out).bytes()[0] == 0x06);
    CHECK(r.device().element(place::digital_out).bytes().back() == 9);
    CHECK_CLEAN(r);
}

TEST_CASE("elements: a device that writes only the members leaves zeros behind them") {
    auto profile = model::default_profile();
    profile.short_values = true;
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    wire::snd_ctl_value v = filled(0xee);
    // A full answer first: nothing of it may show up in the short one.
    REQUIRE(r.driver.read_tlv_async(place::equalizer) == status_code::in_progress);
    r.run(1'000'000);
    REQUIRE(r.driver.read_element(place::playback_volume, v) == status_code::ok);
    CHECK(get_integer(r.driver.elements()[place::playback_volume], v, 1).value() == 75);
    for (usize i = 8; i < sizeof(v); ++i)
        CHECK(v.value.bytes[i] == 0);
    CHECK_CLEAN(r);
}

// [virtio 1.4] Sound Device / Control Element Value, driver 1
// [virtio 1.4] Sound Device / Control Element Value, driver 2
// [virtio 1.4] Sound Device / Control Element Metadata, driver 1
// [virtio 1.4] Sound Device / Control Element Metadata, driver 2
// [virtio 1.4] Sound Device / Control Element Metadata, driver 3
// [virtio 1.4] Sound Device / Control Element Metadata, driver 4
TEST_CASE("elements: exactly what the access rights allow is sent, for every combination") {
    auto profile = model::default_profile();
    const auto first = profile.elements[place::playback_volume];
    profile.elements.clear();
    for (u32 access = 0; access < 1u << (wire::SND_CTL_ACCESS_TLV_COMMAND + 1); access += 3) {
        auto e = first;
        e.access = access;
        profile.elements.push_back(e);
    }
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    REQUIRE(r.driver.elements().size() == default_limits::elements);
    const u8 metadata[70000]{};
    for (u32 id = 0; id < default_limits::elements; ++id) {
        CAPTURE(id);
        const element_info info = r.driver.elements()[id];
        wire::snd_ctl_value v{};
        u8 into[64];
        const auto check = [&](element_access right, auto call) {
            if (!info.has(right)) return check_silent(r, status_code::not_available, call);
            CHECK(call() == status_code::ok);
        };
        check(element_access::read, [&] { return r.driver.read_element(id, v); });
        v = {};
        check(element_access::write, [&] { return r.driver.write_element(id, v); });
        check(element_access::tlv_read, [&] { return r.driver.read_tlv(id, into).code(); });
        const span<const u8> eight(metadata, 8);
        check(element_access::tlv_write, [&] { return r.driver.write_tlv(id, 0x8001, eight); });
        check(element_access::tlv_command, [&] { return r.driver.command_tlv(id, 0x8001, eight); });
        for (const usize bytes : {usize{1}, usize{7}, usize{65540}}) {
            const span<const u8> bad(metadata, bytes);
            const auto code = info.has(element_access::tlv_write) ? status_code::invalid_argument
                                                                  : status_code::not_available;
            check_silent(r, code, [&] { return r.driver.write_tlv(id, 1, bad); });
        }
        const span<const u8> large(metadata, default_limits::element_request_bytes - 12);
        if (info.has(element_access::tlv_command))
            check_silent(r, status_code::no_room,
                         [&] { return r.driver.command_tlv(id, 1, large); });
    }
    CHECK_CLEAN(r);
}

TEST_CASE("elements: a value out of range is neither sent nor believed") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    wire::snd_ctl_value v{};
    v.value.integer[0] = 101;
    check_silent(r, status_code::invalid_argument,
                 [&] { return r.driver.write_element(place::playback_volume, v); });
    v.value.integer[0] = 3;
    check_silent(r, status_code::invalid_argument,
                 [&] { return r.driver.write_element_async(place::capture_source, v); });
    auto f = fault(wire::SND_R_CTL_READ, kind::garbage);
    r.device().faults().requests.push_back(f);
    REQUIRE(r.driver.read_element(place::playback_volume, v) == status_code::ok);
    CHECK(get_value(r.driver.elements()[place::playback_volume], v, 0).code() ==
          status_code::device_bad_answer);
    CHECK_CLEAN(r);
}

TEST_CASE("elements: names of items") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    item_name name;
    check_silent(r, status_code::wrong_state, [&] { return r.driver.item_name_of(0, name); });
    REQUIRE(r.driver.read_item_names(place::capture_source) == status_code::ok);
    const char* const expected[] = {"Mic", "Line", "Loopback"};
    for (u32 i = 0; i < 3; ++i) {
        CHECK(r.driver.item_name_of(i, name) == status_code::ok);
        CHECK(std::string(name) == expected[i]);
    }
    CHECK(r.driver.item_name_of(3, name) == status_code::invalid_argument);
    check_silent(r, status_code::invalid_argument,
                 [&] { return r.driver.read_item_names(place::playback_volume); });
    r.device().faults().requests.push_back(fault(wire::SND_R_CTL_ENUM_ITEMS, kind::garbage));
    REQUIRE(r.driver.read_item_names(place::capture_source) == status_code::ok);
    CHECK(r.driver.item_name_of(1, name) == status_code::device_bad_answer);
    CHECK(std::string(name).size() < sizeof(name));
    CHECK_CLEAN(r);
}

TEST_CASE("elements: more names than room, and more than there are") {
    auto profile = model::default_profile();
    auto& source = profile.elements[place::capture_source];
    source.items.resize(default_limits::element_answer_bytes / 64 + 1, "x");
    profile.elements[place::surround_mode].announced_items = 40; // it has two
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    check_silent(r, status_code::no_room,
                 [&] { return r.driver.read_item_names(place::capture_source); });
    REQUIRE(r.driver.read_item_names(place::surround_mode) == status_code::ok);
    item_name name;
    CHECK(r.driver.item_name_of(1, name) == status_code::ok);
    CHECK(r.driver.item_name_of(2, name) == status_code::device_bad_answer);
    CHECK(r.driver.item_name_of(40, name) == status_code::invalid_argument);
    CHECK_CLEAN(r);
}

TEST_CASE("elements: metadata is read, decoded, written, and commands arrive") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& d = r.driver;
    db_range range;
    REQUIRE(d.read_db_range(place::playback_volume, range) == status_code::ok);
    CHECK(to_centi_db(range, 100) == 0);
    CHECK(to_centi_db(range, 40) == -6000);
    CHECK(can_mute(range));
    REQUIRE(d.read_db_range(place::second_volume, range) == status_code::ok);
    CHECK(range.count == 2);
    CHECK(d.read_db_range(place::equalizer, range) == status_code::not_available);

    u8 into[256];
    const auto got = d.read_tlv(place::equalizer, into);
    REQUIRE(got.ok());
    CHECK(got.value() == 4 * r.device().element(place::equalizer).metadata().size());
    tlv_walk walk({into, got.value()});
    element_tlv tlv;
    CHECK(walk.next(tlv));
    CHECK(tlv.type == SNDRV_CTL_TLVT_DB_SCALE);
    CHECK(walk.next(tlv));
    CHECK((tlv.type == 0x8000 && tlv.word(2) == 9));
    CHECK_FALSE(walk.next(tlv));
    CHECK_FALSE(walk.malformed());
    // Less room: the beginning of it.
    CHECK(d.read_tlv(place::equalizer, {into, 19}).value() == 16);
    CHECK(d.read_tlv(place::equalizer, {into, 8}).value() == 8);
    check_silent(r, status_code::invalid_argument, [&] {
        return d.read_tlv(place::equalizer, {into, 7}).code();
    });

    const u8 limits[] = {0x18, 0xfc, 0xff, 0xff, 0xe8, 3, 0, 0}; // -10 to 10 dB
    REQUIRE(d.write_tlv(place::capture_gain, SNDRV_CTL_TLVT_DB_MINMAX, limits) == status_code::ok);
    REQUIRE(d.read_db_range(place::capture_gain, range) == status_code::ok);
    CHECK(to_centi_db(range, -24) == -1000);
    CHECK(loudest_centi_db(range) == 1000);
    REQUIRE(d.command_tlv(place::equalizer, 0x77, limits) == status_code::ok);
    REQUIRE(d.command_tlv(place::equalizer, 0x78, {}) == status_code::ok);
    REQUIRE(r.device().element(place::equalizer).commands().size() == 2);
    CHECK(r.device().element(place::equalizer).commands()[0] ==
          std::vector<u32>{0x77, 8, 0xffff'fc18, 1000});
    CHECK_CLEAN(r);
}

TEST_CASE("elements: metadata that lies about its length stays within what came") {
    for (const u32 length : {0u, 1u, 3u, 4u, 3064u, 3065u, 0x7fff'ffffu, 0xffff'ffffu}) {
        CAPTURE(length);
        rig<> r;
        REQUIRE(r.open() == status_code::ok);
        r.device().set_element_metadata(place::playback_volume, {1, length, 5, 6});
        u8 into[4096];
        const auto got = r.driver.read_tlv(place::playback_volume, into);
        REQUIRE(got.ok());
        CHECK(got.value() == lesser(u64{length} + 8, u64{default_limits::element_answer_bytes}));
        db_range range;
        const status_code code = r.driver.read_db_range(place::playback_volume, range);
        CHECK((code == status_code::ok || code == status_code::device_bad_answer));
        CHECK_CLEAN(r);
    }
}

TEST_CASE("elements: the async forms leave the answer with the card") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& d = r.driver;
    wire::snd_ctl_value v{};
    CHECK(d.element_outcome() == status_code::ok);
    CHECK(d.element_answer().empty());
    CHECK(d.element_value(v) == status_code::wrong_state);
    REQUIRE(d.read_element_async(place::playback_volume) == status_code::in_progress);
    CHECK(d.element_outcome() == status_code::in_progress);
    CHECK(d.element_answer().empty());
    check_silent(r, status_code::busy, [&] { return d.read_element_async(1); });
    check_silent(r, status_code::busy, [&] { return d.write_element(1, v); });
    r.run(1'000'000);
    CHECK(d.element_outcome() == status_code::ok);
    REQUIRE(d.element_value(v) == status_code::ok);
    CHECK(get_integer(d.elements()[place::playback_volume], v, 0).value() == 75);
    REQUIRE(d.write_element_async(place::playback_volume, v) == status_code::in_progress);
    r.run(1'000'000);
    CHECK(d.element_outcome() == status_code::ok);
    REQUIRE(d.read_item_names_async(place::surround_mode) == status_code::in_progress);
    r.run(1'000'000);
    item_name name;
    CHECK(d.item_name_of(1, name) == status_code::ok);
    CHECK(d.element_value(v) == status_code::wrong_state);
    REQUIRE(d.read_tlv_async(place::playback_volume) == status_code::in_progress);
    r.run(1'000'000);
    db_range range;
    CHECK(find_db_range(d.element_answer(), d.elements()[0], range) == status_code::ok);
    const u8 four[4]{};
    REQUIRE(d.write_tlv_async(place::capture_gain, 4, four) == status_code::in_progress);
    r.run(1'000'000);
    REQUIRE(d.command_tlv_async(place::equalizer, 4, four) == status_code::in_progress);
    r.run(1'000'000);
    CHECK(r.device().element(place::equalizer).commands().size() == 1);
    CHECK_CLEAN(r);
}

TEST_CASE("elements: what the device refuses is told, and the old answer is gone") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    wire::snd_ctl_value v{};
    const struct {
        u32 answer;
        status_code expected;
    } rows[] = {{wire::SND_S_BAD_MSG, status_code::device_bad_msg},
                {wire::SND_S_NOT_SUPP, status_code::device_not_supp},
                {wire::SND_S_IO_ERR, status_code::device_io_err},
                {0, status_code::device_bad_answer}};
    for (const auto& row : rows) {
        r.device().faults().requests.clear();
        REQUIRE(r.driver.read_element(place::playback_volume, v) == status_code::ok);
        CHECK(r.driver.element_answer().size() == sizeof(v));
        r.device().faults().requests = {fault(model::request_fault::any, kind::answer, row.answer)};
        CHECK(r.driver.read_element(place::playback_volume, v) == row.expected);
        CHECK(r.driver.element_outcome() == row.expected);
        CHECK(r.driver.element_answer().empty());
        CHECK(r.driver.element_value(v) == status_code::wrong_state);
        CHECK(r.driver.refresh_element(place::playback_volume) == row.expected);
        CHECK(r.driver.elements()[place::playback_volume].usable);
        CHECK(r.driver.remap_jack(0, 1, 2) == row.expected);
        CHECK(r.driver.jacks()[0].configuration.association == 1);
        CHECK(r.driver.jacks()[0].configuration.sequence == 0);
    }
    CHECK_CLEAN(r);
}

TEST_CASE("jacks: a remap moves the jack, there and here; what cannot be is not sent") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    CHECK(r.driver.remap_jack(0, 5, 9) == status_code::ok);
    CHECK(r.driver.jacks()[0].configuration.association == 5);
    CHECK(r.driver.jacks()[0].configuration.sequence == 9);
    CHECK((r.device().profile().jacks[0].hda_reg_defconf & 0xff) == 0x59);
    REQUIRE(r.driver.remap_jack_async(0, 1, 2) == status_code::in_progress);
    CHECK(r.driver.remap_outcome() == status_code::in_progress);
    check_silent(r, status_code::busy, [&] { return r.driver.remap_jack(0, 1, 1); });
    r.run(1'000'000);
    CHECK(r.driver.remap_outcome() == status_code::ok);
    CHECK(r.driver.jacks()[0].configuration.sequence == 2);
    check_silent(r, status_code::not_available, [&] { return r.driver.remap_jack(1, 1, 1); });
    check_silent(r, status_code::invalid_argument, [&] { return r.driver.remap_jack(2, 1, 1); });
    check_silent(r, status_code::invalid_argument, [&] { return r.driver.remap_jack(~0u, 1, 1); });
    check_silent(r, status_code::invalid_argument, [&] { return r.driver.remap_jack(0, 16, 1); });
    check_silent(r, status_code::invalid_argument, [&] { return r.driver.remap_jack(0, 1, 16); });
    CHECK(r.driver.remap_outcome() == status_code::ok);
    CHECK_CLEAN(r);
}
