// What the settings file changes, and the mixer on a bus that delivers feature bits.

#include <doctest/doctest.h>

#include <algorithm>

#include <client/media_add_on.hpp>

namespace {

using namespace client;
using vsnd::model::default_profile;
using vsnd::model::qemu_profile;

struct desk {
    explicit desk(vsnd::model::device_profile profile, const std::string& settings,
                  bool delivers_features = false)
        : k(std::move(profile), delivers_features), user(k) {
        k.settings = settings;
        REQUIRE(k.nodes.probe() == B_OK);
        REQUIRE(user.open() == B_OK);
        REQUIRE(user.start() == B_OK);
        CHECK(user.description_is_sane() == "");
    }
    ~desk() {
        user.close();
        CHECK(k.complaints() == "");
        CHECK(k.leftovers() == "");
    }
    desk(const desk&) = delete;
    desk& operator=(const desk&) = delete;

    // The control of this name and kind; null: there is none.
    multi_mix_control* find(const std::string& name, u32 kind, u32 nth = 0) {
        for (usize i = 0; i < static_cast<usize>(user.controls->control_count); ++i)
            if (user.control[i].name == name && (user.control[i].flags & kind) != 0 && nth-- == 0)
                return &user.control[i];
        return nullptr;
    }
    status_t mix(u32 op, multi_mix_value& value) {
        user_value[0] = value;
        user_mix->info_size = sizeof(multi_mix_value_info);
        user_mix->item_count = 1;
        user_mix->values = user_value.address_for_driver();
        const status_t code = user.call(op, user_mix.address, sizeof(multi_mix_value_info));
        value = user_value[0];
        return code;
    }
    kernel k;
    media_add_on user;
    client::user<multi_mix_value> user_value{k};
    client::user<multi_mix_value_info> user_mix{k};
};

multi_mix_value value_of(s32 id) {
    multi_mix_value v{};
    v.id = id;
    return v;
}

} // namespace

TEST_CASE("settings: what is offered is what the file says, as far as the device has it") {
    desk all(qemu_profile(), "rates all\nformats all\n");
    const multi_description& most = *all.user.description;
    CHECK((most.output_rates & B_SR_384000) != 0);
    CHECK((most.output_rates & B_SR_12000) == 0); // QEMU has none
    CHECK((most.output_formats & B_FMT_FLOAT) != 0);
}

TEST_CASE("settings: a few rates and one format") {
    desk d(qemu_profile(), "rates 44100 96000\nformats 16\n");
    CHECK(d.user.description->output_rates == (B_SR_44100 | B_SR_96000));
    CHECK(d.user.description->input_rates == (B_SR_44100 | B_SR_96000));
    CHECK(d.user.description->output_formats == B_FMT_16BIT);
    CHECK(d.user.format->output.rate == B_SR_96000);
    d.user.exchange(60);
    CHECK(d.user.heard_exactly(0, 8) == "");
}

TEST_CASE("settings: buffers and their size, however large the wish") {
    for (const char* const settings :
         {"buffer_frames 512\nbuffers 8\n", "buffers 2\n",
          "buffers 1000\nbuffer_frames 4000000000\n", "buffers 0\nbuffer_frames 1\n",
          "buffers -1\nbuffer_frames x\nchannels 99\n"}) {
        desk d(qemu_profile(), settings);
        CAPTURE(settings);
        CHECK(d.user.list->return_playback_buffers >= 2);
        CHECK(d.user.list->return_playback_buffers <= 21);
        CHECK(d.user.list->return_playback_buffer_size >= 16);
        d.user.exchange(40);
        CHECK(d.user.errors == 0);
        CHECK(d.user.wrong == "");
        CHECK(d.user.longest_us <= 50'000);
        CHECK(d.user.playback.size() > 2);
    }
}

TEST_CASE("settings: more channels, with designations of their own") {
    desk d(default_profile(), "channels 6\n");
    const s32 out = d.user.description->output_channel_count;
    CHECK(out == 12); // two outputs of six
    u32 seen = 0;
    for (usize i = 0; i < 6; ++i) {
        CHECK((d.user.channels[i].designations & seen & 0xfffff) == 0);
        seen |= d.user.channels[i].designations;
    }
    d.user.exchange(60);
    CHECK(d.user.heard_exactly(0, 8) == "");
    CHECK(d.user.heard_exactly(1, 8) == "");
}

TEST_CASE("settings: all outputs together have no more than 21 periods") {
    desk d(default_profile(), "buffers 32\n");
    CHECK(d.user.list->return_playback_buffers * 2 <= 21);
    d.user.exchange(60);
    CHECK(d.user.heard_exactly(0, 8) == "");
    CHECK(d.user.heard_exactly(1, 8) == "");
}

TEST_CASE(
    "mixer: there is none on today's bus, and nobody even reads how many controls there are") {
    desk d(default_profile(), "");
    CHECK(d.user.controls->control_count == 0);
    CHECK(d.k.device().violations().count(vsnd::model::violation::controls_read_without_feature) ==
          0);
    CHECK(d.k.device().accepted_features() == 0);
}

TEST_CASE("mixer: on a bus that delivers feature bits, elements are controls") {
    desk d(default_profile(), "controls true\n", true);
    REQUIRE(d.user.controls->control_count > 5);
    std::vector<s32> ids;
    for (usize i = 0; i < static_cast<usize>(d.user.controls->control_count); ++i) {
        const multi_mix_control& c = d.user.control[i];
        CHECK(std::find(ids.begin(), ids.end(), c.id) == ids.end());
        ids.push_back(c.id);
        CHECK((c.parent == 0 || std::find(ids.begin(), ids.end(), c.parent) != ids.end()));
        CHECK(std::memchr(c.name, 0, sizeof(c.name)) != nullptr);
        CHECK((c.string != S_null || c.name[0] != 0));
    }
    // A gain in dB: what is set comes back, and is what the device has.
    using namespace vsnd::model;
    multi_mix_control* gain = nullptr;
    for (usize i = 0; i < ids.size() && gain == nullptr; ++i)
        if ((d.user.control[i].flags & B_MULTI_MIX_GAIN) != 0) gain = &d.user.control[i];
    REQUIRE(gain != nullptr);
    CHECK(gain->gain.min_gain < gain->gain.max_gain);
    CHECK(gain->gain.granularity > 0);
    multi_mix_value v = value_of(gain->id);
    REQUIRE(d.mix(B_MULTI_GET_MIX, v) == B_OK);
    CHECK(v.gain >= gain->gain.min_gain);
    CHECK(v.gain <= gain->gain.max_gain);
    const auto before = d.k.device().element(default_element::playback_volume).values();
    v.gain = gain->gain.min_gain + (gain->gain.max_gain - gain->gain.min_gain) / 2;
    const float wanted = v.gain;
    REQUIRE(d.mix(B_MULTI_SET_MIX, v) == B_OK);
    v = value_of(gain->id);
    REQUIRE(d.mix(B_MULTI_GET_MIX, v) == B_OK);
    CHECK(v.gain == doctest::Approx(wanted).epsilon(0.05));
    CHECK(d.k.device().element(default_element::playback_volume).values() != before);
    // Beyond its ends, and what is no number at all, comes to an end or is refused.
    for (const float odd : {1e30f, -1e30f, __builtin_nanf(""), __builtin_inff()}) {
        v = value_of(gain->id);
        v.gain = odd;
        (void)d.mix(B_MULTI_SET_MIX, v);
        v = value_of(gain->id);
        REQUIRE(d.mix(B_MULTI_GET_MIX, v) == B_OK);
        CHECK(v.gain >= gain->gain.min_gain);
        CHECK(v.gain <= gain->gain.max_gain);
    }
}

TEST_CASE("mixer: a switch is a switch") {
    desk d(default_profile(), "controls true\n", true);
    multi_mix_control* found = nullptr;
    for (usize i = 0; i < static_cast<usize>(d.user.controls->control_count); ++i)
        if ((d.user.control[i].flags & B_MULTI_MIX_ENABLE) != 0 && found == nullptr)
            found = &d.user.control[i];
    REQUIRE(found != nullptr);
    for (const bool on : {false, true, false}) {
        multi_mix_value v = value_of(found->id);
        v.enable = on;
        REQUIRE(d.mix(B_MULTI_SET_MIX, v) == B_OK);
        v = value_of(found->id);
        REQUIRE(d.mix(B_MULTI_GET_MIX, v) == B_OK);
        CHECK(v.enable == on);
    }
}

TEST_CASE("mixer: it can be used while sound plays, and sound does not stop for it") {
    desk d(default_profile(), "controls true\n", true);
    multi_mix_value v = value_of(d.user.control[0].id);
    for (usize i = 0; i < static_cast<usize>(d.user.controls->control_count); ++i)
        if ((d.user.control[i].flags & B_MULTI_MIX_GAIN) != 0) v = value_of(d.user.control[i].id);
    for (u32 i = 0; i < 60; ++i) {
        d.user.exchange();
        REQUIRE(d.mix(B_MULTI_GET_MIX, v) == B_OK);
    }
    CHECK(d.user.heard_exactly(0, 8) == "");
}
