// Elements and jacks as a list of controls: which there are, what they say, and what they refuse.

#include <doctest/doctest.h>

#include <cstring>
#include <initializer_list>
#include <string>

#include <support/sound_rig.hpp>
#include <vsnd/model/profiles.hpp>
#include <vsnd/sound/mixer.hpp>

using namespace vsnd;
namespace place = model::default_element;

namespace {

template <u32 Elements = default_limits::elements, u32 Controls = 128>
struct bench_of {
    using rig = support::rig<>;

    explicit bench_of(model::device_profile profile = model::default_profile())
        : r(std::move(profile)) {
        REQUIRE(r.open() == status_code::ok);
        mix.init(r.driver, "Output");
    }
    // The nth control of this kind that belongs to the element, or the jack.
    u32 find(control_kind kind, u32 item, u32 nth = 0) {
        for (u32 i = 0; i < mix.all().size(); ++i)
            if (mix.all()[i].kind == kind && mix.all()[i].item == item && nth-- == 0) return i;
        return no_control;
    }
    u32 count(control_kind kind) {
        u32 n = 0;
        for (const mixer_control& c : mix.all())
            n += c.kind == kind;
        return n;
    }
    std::string name(u32 i) { return mix.all()[i].name; }
    auto values(u32 element) { return r.device().element(element).values(); }

    rig r;
    mixer<rig::card_type, Elements, Controls> mix;
};
using bench = bench_of<>;

} // namespace

TEST_CASE("mixer: before init there is nothing") {
    static constinit mixer<bench::rig::card_type, 4> mix;
    CHECK(mix.all().empty());
    CHECK(mix.read(0).code() == status_code::invalid_argument);
    CHECK(mix.write(0, 0) == status_code::invalid_argument);
}

TEST_CASE("mixer: parents come before their parts, and every control has a name") {
    bench b;
    const auto all = b.mix.all();
    REQUIRE(all.size() > 10);
    CHECK(all[0].kind == control_kind::group);
    CHECK(all[0].parent == no_control);
    CHECK(b.name(0) == "Output");
    for (u32 i = 1; i < all.size(); ++i) {
        CHECK(all[i].parent < i);
        const control_kind above = all[all[i].parent].kind;
        CHECK(above ==
              (all[i].kind == control_kind::choice ? control_kind::selector : control_kind::group));
        CHECK(all[i].name[0] != 0);
    }
    // What cannot be read, and what is neither a number, a switch nor a choice, has no control.
    for (const u32 left_out :
         {place::fine_volume, place::equalizer, place::digital_out, place::trigger})
        CHECK(b.find(control_kind::group, left_out) == no_control);
    CHECK(b.count(control_kind::plug) == b.r.driver.jacks().size());
}

TEST_CASE("mixer: a gain for each channel, in hundredths of a dB") {
    bench b;
    const u32 left = b.find(control_kind::gain, place::playback_volume);
    REQUIRE(left != no_control);
    const mixer_control& c = b.mix.all()[left];
    CHECK(b.name(left) == "Master Playback Volume");
    CHECK(c.role == element_role::volume);
    CHECK(c.leader == left);
    CHECK(b.mix.all()[left + 1].kind == control_kind::gain);
    CHECK(b.mix.all()[left + 1].leader == left);
    CHECK(b.mix.all()[left + 1].index == 1);
    // From -100 dB, which is silence, in steps of one.
    CHECK(c.quietest == -9900);
    CHECK(c.loudest == 0);
    CHECK(c.steps == 100);
    CHECK(b.mix.read(left).value() == -2500);
    CHECK(b.mix.write(left, -4000) == status_code::ok);
    CHECK(b.mix.read(left).value() == -4000);
    CHECK(b.mix.read(left + 1).value() == -2500); // the other one is as it was
    CHECK(b.values(place::playback_volume) == std::vector<s64>{60, 75});
    // Between two steps, and beyond the ends.
    CHECK(b.mix.write(left + 1, -4030) == status_code::ok);
    CHECK(b.mix.read(left + 1).value() == -4000);
    CHECK(b.mix.write(left, 0x7fff'ffff) == status_code::ok);
    CHECK(b.mix.read(left).value() == 0);
    CHECK(b.mix.write(left, -0x7fff'ffff) == status_code::ok);
    CHECK(b.mix.read(left).value() == centi_db_mute);
    CHECK_CLEAN(b.r);
}

TEST_CASE("mixer: a gain that comes in steps of more than one") {
    bench b;
    const u32 gain = b.find(control_kind::gain, place::capture_gain);
    REQUIRE(gain != no_control);
    CHECK(b.mix.all()[gain].quietest == -1200);
    CHECK(b.mix.all()[gain].loudest == 1200);
    CHECK(b.mix.write(gain, 110) == status_code::ok); // 2.2 of 48 values, in threes
    CHECK(b.values(place::capture_gain).front() % 3 == 0);
    CHECK(b.mix.read(gain).value() == 150);
    CHECK_CLEAN(b.r);
}

TEST_CASE("mixer: an element without metadata has a dB for each value") {
    bench b(model::stratovirt_profile());
    u32 gain = no_control;
    for (u32 i = 0; i < b.mix.all().size() && gain == no_control; ++i)
        if (b.mix.all()[i].kind == control_kind::gain) gain = i;
    REQUIRE(gain != no_control);
    const element_info& info = b.r.driver.elements()[b.mix.all()[gain].item];
    CHECK(b.mix.all()[gain].quietest == 0);
    CHECK(b.mix.all()[gain].loudest == (info.highest - info.lowest) * 100);
    CHECK(b.mix.write(gain, 300) == status_code::ok);
    CHECK(b.mix.read(gain).value() == 300);
}

TEST_CASE("mixer: a switch is one control for all channels") {
    bench b;
    const u32 toggle = b.find(control_kind::toggle, place::playback_switch);
    REQUIRE(toggle != no_control);
    CHECK(b.find(control_kind::toggle, place::playback_switch, 1) == no_control);
    CHECK(b.mix.all()[toggle].role == element_role::mute);
    CHECK(b.mix.read(toggle).value() == 1);
    CHECK(b.mix.write(toggle, 0) == status_code::ok);
    CHECK(b.values(place::playback_switch) == std::vector<s64>{0, 0});
    CHECK(b.mix.read(toggle).value() == 0);
    CHECK(b.mix.write(toggle, 2) == status_code::invalid_argument);
    CHECK(b.values(place::playback_switch) == std::vector<s64>{0, 0});
    CHECK_CLEAN(b.r);
}

TEST_CASE("mixer: a selector and its choices") {
    bench b;
    const u32 source = b.find(control_kind::selector, place::capture_source);
    REQUIRE(source != no_control);
    CHECK(b.mix.all()[source].choices == 3);
    const char* const names[] = {"Mic", "Line", "Loopback"};
    for (u32 i = 0; i < 3; ++i) {
        CHECK(b.mix.all()[source + 1 + i].kind == control_kind::choice);
        CHECK(b.mix.all()[source + 1 + i].index == i);
        CHECK(b.name(source + 1 + i) == names[i]);
        CHECK(b.mix.read(source + 1 + i).code() == status_code::invalid_argument);
        CHECK(b.mix.write(source + 1 + i, 1) == status_code::invalid_argument);
    }
    CHECK(b.mix.read(source).value() == 1);
    CHECK(b.mix.write(source, 2) == status_code::ok);
    CHECK(b.values(place::capture_source) == std::vector<s64>{2});
    for (const s32 none : {3, -1, 0x7fff'ffff})
        CHECK(b.mix.write(source, none) == status_code::invalid_argument);
    CHECK(b.mix.read(source).value() == 2);
    CHECK_CLEAN(b.r);
}

TEST_CASE("mixer: choices whose names the device does not tell have numbers") {
    support::rig<> r;
    REQUIRE(r.open() == status_code::ok);
    r.device().faults().requests.push_back(
        {wire::SND_R_CTL_ENUM_ITEMS, model::request_fault::kind::answer, wire::SND_S_IO_ERR});
    mixer<support::rig<>::card_type, 32> mix;
    mix.init(r.driver, "all");
    u32 seen = 0;
    for (const mixer_control& c : mix.all()) {
        if (c.kind != control_kind::choice) continue;
        CHECK(std::string(c.name) == "Item " + std::to_string(c.index + 1));
        ++seen;
    }
    CHECK(seen >= 3);
}

TEST_CASE("mixer: a jack says whether something is in it, and cannot be told so") {
    bench b;
    const u32 jack = b.find(control_kind::plug, 0);
    REQUIRE(jack != no_control);
    CHECK(b.name(jack) == "Jack 1");
    CHECK(b.mix.read(jack).value() == (b.r.driver.jacks()[0].connected ? 1 : 0));
    CHECK(b.mix.write(jack, 1) == status_code::not_available);
}

TEST_CASE("mixer: what may only be read refuses to be written") {
    bench b;
    const u32 meter = b.find(control_kind::gain, place::peak_meter);
    REQUIRE(meter != no_control);
    CHECK(b.mix.all()[meter].steps == 20000);
    CHECK(b.mix.read(meter).ok());
    CHECK(b.mix.write(meter, 100) == status_code::not_available);
    CHECK_CLEAN(b.r);
}

TEST_CASE("mixer: the device's own refusals come through") {
    bench b;
    const u32 toggle = b.find(control_kind::toggle, place::playback_switch);
    b.r.device().faults().requests.push_back(
        {wire::SND_R_CTL_READ, model::request_fault::kind::answer, wire::SND_S_IO_ERR, 0, 0, 1});
    CHECK(b.mix.read(toggle).code() == status_code::device_io_err);
    b.r.device().faults().requests.push_back(
        {wire::SND_R_CTL_WRITE, model::request_fault::kind::answer, wire::SND_S_NOT_SUPP, 0, 0, 1});
    CHECK(b.mix.write(toggle, 0) == status_code::device_not_supp);
    CHECK(b.mix.read(toggle).value() == 1);
}

TEST_CASE("mixer: no number from a user is taken for a control") {
    bench b;
    const u32 count = static_cast<u32>(b.mix.all().size());
    for (const u32 none : {0u, count, count + 1, no_control, 0x8000'0000u}) {
        CHECK(b.mix.read(none).code() == status_code::invalid_argument);
        CHECK(b.mix.write(none, 0) == status_code::invalid_argument);
    }
}

TEST_CASE("mixer: what finds no room as a whole is left out") {
    bench_of<32, 9>
        nine; // the root, three of the volume, two of the switch, three of the next volume
    CHECK(nine.mix.all().size() == 9);
    CHECK(nine.find(control_kind::group, place::capture_source) == no_control);
    bench_of<32, 8> eight; // that volume does not fit, the two of the capture gain do
    CHECK(eight.find(control_kind::gain, place::second_volume) == no_control);
    CHECK(eight.find(control_kind::gain, place::capture_gain) != no_control);
    CHECK(eight.mix.all().size() == 8);
    bench_of<1> one; // element
    CHECK(one.find(control_kind::gain, place::playback_volume) != no_control);
    CHECK(one.find(control_kind::group, place::playback_switch) == no_control);
}
