// What comes back about items, and when: events, answers that are late or never come, operations
// in parallel to streams, and calls from the wrong place.

#include <doctest/doctest.h>

#include <sound/item_rig.hpp>

using namespace item_tests;

namespace {

using strings = std::vector<std::string>;

struct listening : rig<listener> {
    explicit listening(model::device_profile p = model::default_profile())
        : rig<listener>(std::move(p)) {
        driver.handler().told = &told;
    }
    strings told;
};

} // namespace

TEST_CASE("events: jacks, elements and periods reach the handler") {
    listening r;
    REQUIRE(r.open() == status_code::ok);
    r.device().set_jack(1, false);
    r.device().set_jack(0, true);
    r.device().set_element(place::playback_volume, {10, 20});
    CHECK(r.device().notify_element(place::equalizer, 7));
    CHECK(r.device().send_event(wire::SND_EVT_PCM_PERIOD_ELAPSED, 2));
    r.run(1'000'000);
    CHECK(r.told == strings{"jack 1 disconnected", "jack 0 connected", "element 0 value",
                            "element 6 value info tlv", "period 2"});
    CHECK_FALSE(r.driver.jacks()[1].connected);
    CHECK(r.driver.jacks()[0].connected);
    CHECK(r.driver.counters().events == 5);
    CHECK(r.driver.counters().stray_events == 0);
    // From the handler nothing may be sent.
    CHECK(r.driver.handler().last == status_code::wrong_context);
    CHECK(requests(r, wire::SND_R_CTL_INFO) == 1);
    CHECK_CLEAN(r);
}

TEST_CASE("events: of kinds and items that do not exist are counted, and go nowhere") {
    listening r;
    REQUIRE(r.open() == status_code::ok);
    u32 sent = 0;
    for (const u32 code : {0u, 1u, 0x0fffu, 0x1002u, 0x1102u, 0x1201u, 0xffff'ffffu}) {
        CHECK(r.device().send_event(code, 0));
        ++sent;
    }
    for (const u32 code :
         {wire::SND_EVT_JACK_CONNECTED, wire::SND_EVT_JACK_DISCONNECTED,
          wire::SND_EVT_PCM_PERIOD_ELAPSED, wire::SND_EVT_PCM_XRUN, wire::SND_EVT_CTL_NOTIFY}) {
        for (const u32 data : {u32{place::count}, 0xffffu, 0x7fff'ffffu, 0xffff'ffffu}) {
            CHECK(r.device().send_event(code, data));
            ++sent;
        }
        r.run(1000);
    }
    CHECK(r.told.empty());
    CHECK(r.driver.counters().events == sent);
    CHECK(r.driver.counters().stray_events == sent);
    CHECK_CLEAN(r);
}

TEST_CASE("events: a handler that does not care costs nothing, and none of them is stray") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    r.device().set_jack(1, false);
    CHECK(r.device().notify_element(0, 1));
    CHECK(r.device().send_event(wire::SND_EVT_PCM_PERIOD_ELAPSED, 0));
    CHECK(r.device().send_event(wire::SND_EVT_PCM_XRUN, 0));
    r.run(1000);
    CHECK(r.driver.counters().events == 4);
    CHECK(r.driver.counters().stray_events == 0);
    CHECK_FALSE(r.driver.jacks()[1].connected);
    CHECK_CLEAN(r);
}

TEST_CASE("elements: a changed description is asked for again") {
    listening r;
    REQUIRE(r.open() == status_code::ok);
    auto facts = model::default_elements()[place::playback_volume];
    facts.highest = 40;
    facts.name = "Other Volume";
    r.device().set_element_info(place::playback_volume, facts);
    r.run(1'000'000);
    CHECK(r.told == strings{"element 0 info"});
    CHECK(r.driver.elements()[0].highest == 100);
    REQUIRE(r.driver.refresh_element(0) == status_code::ok);
    CHECK(r.driver.elements()[0].highest == 40);
    CHECK(std::string(r.driver.elements()[0].name) == "Other Volume");
    // Rubbish leaves an element that nothing is sent to.
    r.device().faults().requests.push_back(fault(wire::SND_R_CTL_INFO, kind::garbage));
    REQUIRE(r.driver.refresh_element_async(0) == status_code::in_progress);
    r.run(1'000'000);
    CHECK(r.driver.element_outcome() == status_code::ok);
    CHECK_FALSE(r.driver.elements()[0].usable);
    CHECK(r.driver.item_counts().malformed == 1);
    const u64 heard = r.heard();
    wire::snd_ctl_value v{};
    CHECK(r.driver.read_element(0, v) == status_code::not_available);
    CHECK(r.heard() == heard);
    CHECK_CLEAN(r);
}

TEST_CASE("elements: after a time-out the memory is the device's until it gives it back") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto late = fault(wire::SND_R_CTL_READ, kind::late);
    late.late_ns = 3'000'000'000;
    late.times = 1;
    r.device().faults().requests.push_back(late);
    wire::snd_ctl_value v = filled(0xee);
    CHECK(r.driver.read_element(place::playback_volume, v) == status_code::timed_out);
    CHECK(v.value.bytes[0] == 0xee);
    CHECK(r.driver.element_outcome() == status_code::timed_out);
    CHECK(r.driver.read_element(place::playback_volume, v) == status_code::busy);
    CHECK(r.driver.write_element_async(place::playback_volume, v) == status_code::busy);
    CHECK(r.driver.remap_jack_async(0, 1, 1) == status_code::in_progress); // behind it in the queue
    r.run(2'000'000'000);
    CHECK(r.driver.remap_outcome() == status_code::ok);
    CHECK(r.driver.counters().late_answers == 1);
    CHECK(r.driver.element_outcome() == status_code::timed_out);
    REQUIRE(r.driver.read_element(place::playback_volume, v) == status_code::ok);
    CHECK(v.value.bytes[0] == 75);
    CHECK_CLEAN(r);
}

TEST_CASE("items: what is never answered times out in the tick, and open makes all well") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    r.device().faults().requests.push_back(fault(model::request_fault::any, kind::no_answer));
    const u64 begin = r.device().now_ns();
    REQUIRE(r.driver.read_tlv_async(place::playback_volume) == status_code::in_progress);
    REQUIRE(r.driver.remap_jack_async(0, 3, 3) == status_code::in_progress);
    CHECK(r.driver.tick(begin) <= begin + default_limits::control_timeout_ns);
    r.run(default_limits::control_timeout_ns - 1);
    (void)r.driver.tick(r.device().now_ns());
    CHECK(r.driver.element_outcome() == status_code::in_progress);
    r.run(1'000'000);
    (void)r.driver.tick(r.device().now_ns());
    CHECK(r.driver.element_outcome() == status_code::timed_out);
    CHECK(r.driver.remap_outcome() == status_code::timed_out);
    CHECK(r.driver.jacks()[0].configuration.association == 1);
    // A remap keeps no memory, and may be tried again; a second one that is lost, too.
    CHECK(r.driver.remap_jack(0, 3, 3) == status_code::timed_out);
    CHECK(r.driver.read_tlv_async(0) == status_code::busy);
    CHECK(r.driver.close() == status_code::ok);
    r.device().faults().requests.clear();
    REQUIRE(r.open() == status_code::ok);
    CHECK(r.driver.element_outcome() == status_code::ok);
    db_range range;
    CHECK(r.driver.read_db_range(place::playback_volume, range) == status_code::ok);
    CHECK(r.driver.remap_jack(0, 3, 3) == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("items: requests that are never answered fill the queue, and then there is no room") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    r.device().faults().requests.push_back(fault(wire::SND_R_JACK_REMAP, kind::no_answer));
    status_code last = status_code::timed_out;
    u32 sent = 0;
    for (; last == status_code::timed_out && sent < 100; ++sent)
        last = r.driver.remap_jack(0, 1, 1);
    CHECK(last == status_code::no_room);
    CHECK(sent <= card_area<default_limits>::control_cells + 1);
    CHECK(r.driver.remap_outcome() == status_code::timed_out);
    CHECK(r.driver.read_item_names(place::capture_source) == status_code::no_room);
    CHECK(r.driver.element_outcome() == status_code::ok);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("items: in parallel to each other and to a stream that plays") {
    auto profile = model::default_profile();
    profile.control_delay_ns = 1'000'000;
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    pcm_params p;
    p.period_frames = 256;
    REQUIRE(r.prepare(out, p) == status_code::ok);
    const bytes data = support::noise(20'000);
    usize at = 0;
    REQUIRE(r.feed(out, data, at, ~usize{0}) == status_code::ok);
    REQUIRE(out.stop_async() == status_code::in_progress);
    REQUIRE(r.driver.remap_jack_async(0, 2, 2) == status_code::in_progress);
    REQUIRE(r.driver.read_element_async(place::playback_volume) == status_code::in_progress);
    CHECK(out.outcome() == status_code::in_progress);
    r.run(5'000'000);
    CHECK(out.outcome() == status_code::ok);
    CHECK(r.driver.remap_outcome() == status_code::ok);
    CHECK(r.driver.element_outcome() == status_code::ok);
    REQUIRE(out.start() == status_code::ok);
    wire::snd_ctl_value v{};
    CHECK(r.driver.read_element(place::playback_volume, v) == status_code::ok);
    const auto left = data.begin() + static_cast<std::ptrdiff_t>(at);
    CHECK(r.play(out, bytes(left, data.end())) == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, p.format));
    CHECK_CLEAN(r);
}

TEST_CASE("items: a card that is closed, opening or failed has none to talk to") {
    support::rig<no_handler, support::without_resets> r;
    wire::snd_ctl_value v{};
    item_name name;
    db_range range;
    u8 into[64];
    const auto check = [&](status_code expected) {
        const u64 heard = r.heard();
        auto& d = r.driver;
        for (const status_code code :
             {d.remap_jack(0, 1, 1), d.remap_jack_async(0, 1, 1), d.read_element(0, v),
              d.read_element_async(0), d.write_element(0, v), d.read_item_names(4),
              d.read_tlv(0, into).code(), d.read_db_range(0, range), d.refresh_element(0),
              d.write_tlv(3, 1, {}), d.command_tlv(6, 1, {})})
            CHECK(to_string(code) == to_string(expected));
        CHECK(d.item_name_of(0, name) == status_code::wrong_state);
        CHECK(r.heard() == heard);
    };
    check(status_code::wrong_state);
    REQUIRE(r.driver.open_async(r.port, r.area) == status_code::in_progress);
    check(status_code::wrong_state);
    r.run(100'000'000);
    REQUIRE(r.driver.outcome() == status_code::ok);
    CHECK(r.driver.read_element(0, v) == status_code::ok);
    // What is under way when the card fails ends with it.
    r.device().faults().requests.push_back(fault(model::request_fault::any, kind::no_answer));
    REQUIRE(r.driver.read_element_async(0) == status_code::in_progress);
    REQUIRE(r.driver.remap_jack_async(0, 1, 1) == status_code::in_progress);
    r.device().set_needs_reset();
    r.run(1'000'000);
    REQUIRE(r.driver.state() == card_state::failed);
    CHECK(r.driver.element_outcome() == status_code::needs_reset);
    CHECK(r.driver.remap_outcome() == status_code::needs_reset);
    check(status_code::needs_reset);
    CHECK(r.driver.close() == status_code::ok);
    check(status_code::wrong_state);
    CHECK(r.driver.elements().empty());
    CHECK_CLEAN(r);
}

TEST_CASE("items: closing waits for what is under way") {
    auto profile = model::default_profile();
    profile.control_delay_ns = 5'000'000;
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    wire::snd_ctl_value v{};
    v.value.integer[0] = 12;
    REQUIRE(r.driver.write_element_async(place::playback_volume, v) == status_code::in_progress);
    CHECK(r.driver.close() == status_code::ok);
    CHECK(r.driver.element_outcome() == status_code::ok);
    CHECK(r.device().element(place::playback_volume).writes() == 1);
    CHECK_CLEAN(r);
}
