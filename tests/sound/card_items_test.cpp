// Channel maps and what a card says of its items; a kernel that owns its queues has them, too.

#include <doctest/doctest.h>

#include <support/owned_queue_port.hpp>
#include <support/packed_port.hpp>

#include <sound/item_rig.hpp>

using namespace item_tests;

TEST_CASE("channel maps: the device's for the stream and count, or the usual order") {
    auto profile = model::default_profile();
    wire::snd_chmap_info swapped{};
    swapped.direction = wire::SND_D_OUTPUT;
    swapped.channels = 4;
    const u8 order[] = {wire::SND_CHMAP_RR, wire::SND_CHMAP_RL, wire::SND_CHMAP_FR,
                        wire::SND_CHMAP_FL};
    __builtin_memcpy(swapped.positions, order, sizeof(order));
    profile.chmaps.push_back(swapped);
    swapped.hdr.hda_fn_nid = 9; // of another function group
    swapped.channels = 3;
    profile.chmaps.push_back(swapped);
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    const auto& out = *r.driver.find(direction::playback);
    const auto& in = *r.driver.find(direction::capture);
    REQUIRE(r.driver.positions(out, 4).size() == 4);
    CHECK(r.driver.positions(out, 4)[0] == channel_position::rr);
    CHECK(r.driver.positions(in, 4)[0] == channel_position::fl);
    CHECK(r.driver.positions(out, 3)[2] == channel_position::lfe);
    CHECK(r.driver.positions(out, 2).data() == r.driver.channel_maps()[0].positions);
    CHECK(r.driver.positions(out, 0).empty());
    CHECK(r.driver.positions(out, 18).empty());
    CHECK(r.driver.positions(out, 0xffff'ffff).empty());
    CHECK_CLEAN(r);
}

TEST_CASE("channel maps: without any from the device the usual order stays") {
    rig<> r(model::qemu_profile());
    REQUIRE(r.open() == status_code::ok);
    CHECK(r.driver.channel_maps().empty());
    CHECK(r.driver.positions(*r.driver.find(direction::playback), 6).size() == 6);
    rig<no_handler, no_items> none;
    REQUIRE(none.open() == status_code::ok);
    CHECK(none.driver.positions(*none.driver.find(0), 1)[0] == channel_position::mono);
}

TEST_CASE("items: what the limits leave out takes no memory") {
    using with = rig<>::card_type;
    using without = rig<no_handler, no_items>::card_type;
    CHECK(sizeof(card_items<without, no_items>) == 1);
    CHECK(sizeof(card_items<with, default_limits>) > default_limits::element_answer_bytes);
    CHECK(card_bytes<no_items>() + default_limits::element_answer_bytes <= card_bytes<>());
    CHECK(card_bytes<small_playback_limits>() == card_bytes<no_items>());
}

TEST_CASE("items: a kernel that owns its queues, and one with packed rings") {
    const auto work = [](auto& port) {
        card<std::remove_reference_t<decltype(port)>> c;
        const auto area = port.memory.allocate(card_bytes<>(), card_alignment);
        REQUIRE(c.open(port, area) == status_code::ok);
        CHECK(c.jacks().size() == 2);
        CHECK(c.channel_maps().size() == 2);
        REQUIRE(c.elements().size() == place::count);
        wire::snd_ctl_value v{};
        REQUIRE(c.read_element(place::playback_volume, v) == status_code::ok);
        CHECK(get_integer(c.elements()[place::playback_volume], v, 0).value() == 75);
        v.value.integer[0] = 5;
        CHECK(c.write_element(place::playback_volume, v) == status_code::ok);
        CHECK(port.device.element(place::playback_volume).values()[0] == 5);
        db_range range;
        CHECK(c.read_db_range(place::second_volume, range) == status_code::ok);
        CHECK(c.remap_jack(0, 7, 7) == status_code::ok);
        CHECK(c.close() == status_code::ok);
        CHECK(port.device.violations().clean());
    };
    support::owned_queue_port owned;
    work(owned);
    support::packed_port<> packed;
    work(packed);
}
