// Discovery of jacks, channel maps and control elements: what the device tells is known after open,
// and what it does not tell, or tells badly, is counted and no reason to fail.

#include <doctest/doctest.h>

#include <sound/item_rig.hpp>
#include <vsnd/model/profiles.hpp>

using namespace item_tests;

namespace {

constexpr u32 all_queries[] = {wire::SND_R_JACK_INFO, wire::SND_R_CHMAP_INFO, wire::SND_R_CTL_INFO};

struct small_answers : default_limits {
    static constexpr u32 element_answer_bytes = 512;
};

template <class Rig>
usize known(const Rig& r) {
    return r.driver.jacks().size() + r.driver.channel_maps().size() + r.driver.elements().size();
}

void check_default_items(rig<>& r) {
    const auto& d = r.driver;
    REQUIRE(d.jacks().size() == 2);
    CHECK(d.jacks()[0].configuration.colour == jack_colour::green);
    CHECK(d.jacks()[0].can_remap);
    CHECK(d.jacks()[1].configuration.device == jack_device::microphone);
    CHECK(d.jacks()[1].connected);
    REQUIRE(d.channel_maps().size() == 2);
    CHECK(d.channel_maps()[0].flow == direction::playback);
    CHECK(d.channel_maps()[1].flow == direction::capture);
    REQUIRE(d.elements().size() == place::count);
    const auto volume = d.elements()[place::playback_volume];
    CHECK(std::string(volume.name) == "Master Playback Volume");
    CHECK((volume.highest == 100 && volume.count == 2 && volume.role == element_role::volume));
    CHECK(d.elements()[place::fine_volume].highest == s64{1} << 40);
    CHECK(d.elements()[place::capture_source].items == 3);
    CHECK(d.item_counts().malformed == 0);
    CHECK(d.item_counts().refused_queries == 0);
}

} // namespace

// [virtio 1.4] Sound Device / Item Information Request, driver 1
// [virtio 1.4] Sound Device / Item Information Request, driver 2
TEST_CASE("discovery: one open finds jacks, channel maps and elements") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    check_default_items(r);
    CHECK(r.driver.device_jacks() == 2);
    CHECK(r.driver.device_channel_maps() == 2);
    CHECK(r.driver.device_elements() == place::count);
    for (const u32 query : all_queries)
        CHECK(requests(r, query) == 1);
    CHECK(r.driver.close() == status_code::ok);
    CHECK(known(r) == 0);
    CHECK(r.driver.device_jacks() == 0);
    REQUIRE(r.open() == status_code::ok);
    check_default_items(r);
    CHECK_CLEAN(r);
}

TEST_CASE("discovery: open_async finds them, too") {
    rig<> r;
    REQUIRE(r.driver.open_async(r.port, r.area) == status_code::in_progress);
    CHECK(known(r) == 0);
    for (u32 i = 0; i < 100 && r.driver.outcome() == status_code::in_progress; ++i)
        r.run(1'000'000);
    REQUIRE(r.driver.outcome() == status_code::ok);
    check_default_items(r);
    CHECK_CLEAN(r);
}

TEST_CASE("discovery: every profile opens, and gives what it can") {
    for (const auto& each : model::all_profiles()) {
        CAPTURE(std::string(each.name));
        const auto profile = each.make();
        rig<> r(profile);
        const status_code opened = r.open();
        CAPTURE(std::string(to_string(opened)));
        REQUIRE(opened == status_code::ok);
        const auto usable = [](usize in_device, u32 room) {
            return lesser(in_device, usize{room});
        };
        CHECK(r.driver.jacks().size() ==
              (each.can.jacks ? usable(profile.jacks.size(), default_limits::jacks) : 0));
        CHECK(r.driver.channel_maps().size() ==
              (each.can.chmaps ? usable(profile.chmaps.size(), default_limits::channel_maps) : 0));
        CHECK(r.driver.elements().size() ==
              (each.can.controls ? usable(profile.elements.size(), default_limits::elements) : 0));
        for (const element_info& e : r.driver.elements())
            CHECK(e.usable);
        CHECK_FALSE(r.device().crashed());
        CHECK_CLEAN(r);
    }
}

TEST_CASE("discovery: a device that says it has items and knows no request for them") {
    auto profile = model::qemu_profile();
    const auto full = model::default_profile();
    profile.jacks = full.jacks;
    profile.chmaps = full.chmaps;
    profile.elements = full.elements;
    profile.controls_feature = true;
    profile.answers_controls = false;
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    CHECK(known(r) == 0);
    CHECK(r.driver.device_jacks() == 2);
    CHECK(r.driver.device_channel_maps() == 2);
    CHECK(r.driver.device_elements() == place::count);
    CHECK(r.driver.item_counts().refused_queries == 3);
    CHECK(requests(r, wire::SND_R_CTL_INFO) == 2); // also with the longer item
    CHECK(r.driver.find(direction::playback) != nullptr);
    CHECK_CLEAN(r);
}

TEST_CASE("discovery: any bad answer to any question costs those items alone") {
    for (const u32 query : all_queries) {
        for (const u32 answer :
             {wire::SND_S_BAD_MSG, wire::SND_S_NOT_SUPP, wire::SND_S_IO_ERR, u32{0x1234'5678}}) {
            CAPTURE(query);
            CAPTURE(answer);
            rig<> r;
            r.device().faults().requests.push_back(fault(query, kind::answer, answer));
            REQUIRE(r.open() == status_code::ok);
            CHECK(r.driver.jacks().empty() == (query == wire::SND_R_JACK_INFO));
            CHECK(r.driver.channel_maps().empty() == (query == wire::SND_R_CHMAP_INFO));
            CHECK(r.driver.elements().empty() == (query == wire::SND_R_CTL_INFO));
            CHECK(r.driver.item_counts().refused_queries == 1);
            CHECK_CLEAN(r);
        }
    }
}

TEST_CASE("discovery: a question that is never answered costs time, not the card") {
    for (const u32 query : all_queries) {
        CAPTURE(query);
        rig<> r;
        r.device().faults().requests.push_back(fault(query, kind::no_answer));
        REQUIRE(r.open() == status_code::ok);
        CHECK(r.device().now_ns() >= default_limits::control_timeout_ns);
        CHECK(r.device().now_ns() < 2 * default_limits::control_timeout_ns);
        CHECK(r.driver.jacks().empty() == (query == wire::SND_R_JACK_INFO));
        CHECK(r.driver.channel_maps().empty() == (query == wire::SND_R_CHMAP_INFO));
        CHECK(r.driver.elements().empty() == (query == wire::SND_R_CTL_INFO));
        CHECK(r.driver.stream_count() == 4);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("discovery: answers that come too late change nothing") {
    rig<> r;
    for (const u32 query : all_queries) {
        auto late = fault(query, kind::late);
        late.late_ns = 3'000'000'000;
        r.device().faults().requests.push_back(late);
    }
    REQUIRE(r.open() == status_code::ok);
    CHECK(known(r) == 0);
    r.run(10'000'000'000);
    CHECK(known(r) == 0);
    CHECK(r.driver.counters().late_answers == 3);
    CHECK(r.driver.close() == status_code::ok);
    r.device().faults().requests.clear();
    REQUIRE(r.open() == status_code::ok);
    check_default_items(r);
    CHECK_CLEAN(r);
}

TEST_CASE("discovery: a device that answers nothing any more is no card without items") {
    for (const u32 query : all_queries) {
        CAPTURE(query);
        rig<> r;
        r.device().faults().requests = {fault(query, kind::no_answer),
                                        fault(wire::SND_R_PCM_INFO, kind::no_answer)};
        r.device().faults().requests[1].skip = 1;
        CHECK(r.open() == status_code::timed_out);
        CHECK(r.driver.state() == card_state::closed);
        CHECK(known(r) == 0);
        r.device().faults().requests.clear();
        REQUIRE(r.open() == status_code::ok);
        check_default_items(r);
        CHECK_CLEAN(r);
    }
}

// [virtio 1.4] Sound Device / Device Initialization, driver 1
TEST_CASE("discovery: without the feature, or without room, nobody asks for elements") {
    auto profile = model::default_profile();
    profile.controls_feature = false;
    profile.config_bytes = 12;
    rig<> without(profile);
    REQUIRE(without.open() == status_code::ok);
    CHECK(without.driver.device_elements() == 0);
    CHECK(requests(without, wire::SND_R_CTL_INFO) == 0);
    CHECK_CLEAN(without);

    profile.controls_feature = true; // and the field is missing all the same
    rig<> lying(profile);
    REQUIRE(lying.open() == status_code::ok);
    CHECK(lying.driver.device_elements() == 0);
    CHECK(lying.driver.item_counts().refused_queries <= 1);
    CHECK_CLEAN(lying);

    rig<no_handler, no_items> none;
    REQUIRE(none.open() == status_code::ok);
    CHECK((none.device().features() >> wire::SND_F_CTLS & 1) == 0);
    for (const u32 query : all_queries)
        CHECK(requests(none, query) == 0);
    CHECK(known(none) == 0);
    CHECK(none.driver.device_jacks() == 0);
    none.device().set_jack(0, false);
    none.run(1000);
    CHECK(none.driver.counters().stray_events == 1);
    CHECK_CLEAN(none);

    rig<> with;
    REQUIRE(with.open() == status_code::ok);
    CHECK((with.device().features() >> wire::SND_F_CTLS & 1) == 1);
}

// [virtio 1.4] Sound Device / Item Information Request, driver 1
TEST_CASE("discovery: more items than room are reported, and asked for in batches") {
    auto profile = model::default_profile();
    profile.jacks.resize(40, profile.jacks[0]);
    profile.chmaps.resize(13, profile.chmaps[0]);
    while (profile.elements.size() < 200)
        profile.elements.push_back(profile.elements[profile.elements.size() % place::count]);
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    CHECK(r.driver.device_jacks() == 40);
    CHECK(r.driver.jacks().size() == default_limits::jacks);
    CHECK(r.driver.channel_maps().size() == 13);
    CHECK(requests(r, wire::SND_R_CHMAP_INFO) == 2);
    CHECK(r.driver.device_elements() == 200);
    CHECK(r.driver.elements().size() == default_limits::elements);
    CHECK(r.driver.refresh_element(default_limits::elements) == status_code::invalid_argument);
    CHECK_CLEAN(r);

    rig<no_handler, little_room> little(profile);
    REQUIRE(little.open() == status_code::ok);
    CHECK(little.driver.jacks().size() == 1);
    CHECK(little.driver.channel_maps().size() == 1);
    CHECK(little.driver.elements().size() == 3);
    CHECK(little.driver.device_elements() == 200);
    CHECK_CLEAN(little);

    rig<no_handler, small_answers> batches;
    REQUIRE(batches.open() == status_code::ok);
    CHECK(batches.driver.elements().size() == place::count);
    CHECK(requests(batches, wire::SND_R_CTL_INFO) == 3);
    CHECK(std::string(batches.driver.elements()[place::surround_mode].name) == "Surround Mode");
    CHECK_CLEAN(batches);
}

TEST_CASE("discovery: every layout of element descriptions is understood") {
    using layout = decltype(model::device_profile::ctl_info_layout);
    for (const layout each : {layout::plain, layout::aligned, layout::asked}) {
        for (const bool strict : {false, true}) {
            CAPTURE(static_cast<int>(each));
            CAPTURE(strict);
            auto profile = model::default_profile();
            profile.ctl_info_layout = each;
            profile.info_size_is_strict = strict;
            rig<> r(profile);
            REQUIRE(r.open() == status_code::ok);
            check_default_items(r);
            CHECK(r.driver.refresh_element(place::capture_gain) == status_code::ok);
            CHECK(r.driver.elements()[place::capture_gain].lowest == -24);
            CHECK(r.driver.elements()[place::capture_gain].step == 3);
            CHECK_CLEAN(r);
        }
    }
}

TEST_CASE("discovery: garbage, cut and absurd descriptions are counted and harmless") {
    for (const u32 query : all_queries) {
        for (u32 keep = 0; keep < 400; keep += 13) {
            CAPTURE(query);
            CAPTURE(keep);
            rig<> r;
            auto f = fault(query, keep == 0 ? kind::garbage : kind::cut);
            f.keep_bytes = keep;
            r.device().faults().requests.push_back(f);
            REQUIRE(r.open() == status_code::ok);
            CHECK(known(r) == 2 + 2 + place::count);
            for (const channel_map& m : r.driver.channel_maps()) {
                CHECK(m.channels <= wire::SND_CHMAP_MAX_SIZE);
                for (const channel_position p : m.positions)
                    CHECK(is_known(p));
            }
            usize bad = 0;
            for (u32 id = 0; id < place::count; ++id) {
                const element_info& e = r.driver.elements()[id];
                CHECK(e.name[element_name_bytes - 1] == 0);
                bad += !e.usable;
                if (!e.usable) CHECK(r.driver.read_element_async(id) == status_code::not_available);
            }
            CHECK(r.driver.item_counts().malformed >= bad);
            if (keep == 0) CHECK(r.driver.item_counts().malformed != 0);
            CHECK_CLEAN(r);
        }
    }
}

TEST_CASE("discovery: random descriptions never lead out of bounds") {
    for (u32 seed = 1; seed <= 60; ++seed) {
        rig<> r;
        for (const u32 query : all_queries) {
            auto f = fault(query, kind::edited);
            f.edit = [seed, query](std::vector<u8>& payload) {
                payload = support::noise(payload.size(), seed * 7 + query);
            };
            r.device().faults().requests.push_back(f);
        }
        REQUIRE(r.open() == status_code::ok);
        CHECK(known(r) == 2 + 2 + place::count);
        CHECK(r.driver.item_counts().malformed > 0);
        CHECK(r.driver.positions(*r.driver.find(0), 2).size() == 2);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("discovery: an event that overtakes the description of its jack is believed") {
    auto profile = model::default_profile();
    profile.control_delay_ns = 500'000;
    rig<> r(profile);
    auto f = fault(wire::SND_R_JACK_INFO, kind::edited);
    f.edit = [&r](std::vector<u8>&) { r.device().set_jack(1, false); };
    r.device().faults().requests.push_back(f);
    // Without interrupts events are seen before answers that are there, too.
    r.kernel.pci.on_vector = [](u32) {};
    REQUIRE(r.driver.open_async(r.port, r.area) == status_code::in_progress);
    for (u32 i = 0; i < 100 && r.driver.outcome() == status_code::in_progress; ++i) {
        r.run(1'000'000);
        (void)r.driver.pump_all();
    }
    REQUIRE(r.driver.outcome() == status_code::ok);
    CHECK(r.driver.counters().events == 1);
    REQUIRE(r.driver.jacks().size() == 2);
    CHECK_FALSE(r.driver.jacks()[1].connected); // the description says it is
    CHECK(r.driver.counters().stray_events == 0);
    CHECK_CLEAN(r);
}
