// Every device of the model, and every way in which one may be early or late, under the driver.

#include <doctest/doctest.h>

#include <client/media_add_on.hpp>
#include <vsnd/model/profiles.hpp>

namespace {

using namespace client;
using vsnd::model::all_profiles;
using vsnd::model::all_timings;
using vsnd::model::device_profile;
using vsnd::model::profile_expectations;

u32 outputs_of(const device_profile& p) {
    u32 n = 0;
    for (const auto& s : p.streams)
        n += s.direction == vsnd::wire::SND_D_OUTPUT;
    return n;
}

// Nothing, or what went wrong first.
std::string plays_and_records(const device_profile& profile, const profile_expectations& can,
                              bool delivers_features) {
    kernel k(profile, delivers_features);
    media_add_on user(k);
    // Each chain rings on this bus. Where the event queue's doorbell is the end, none may be
    // there, whatever the specification says.
    const bool no_events = (profile.fatal_doorbells >> vsnd::wire::SND_VQ_EVENT & 1) != 0;
    if (no_events) k.settings = "events 0\n";
    if (k.nodes.probe() != B_OK) return "probe";
    if (user.open() != B_OK) return "open\n" + k.complaints();
    if (user.start() != B_OK) return "start\n" + k.complaints();
    std::string why = user.description_is_sane();
    const auto need = [&](bool good, const std::string& what) {
        if (!good && why.empty()) why = what;
    };
    const auto nothing = [&](const std::string& what) { need(what.empty(), what); };
    user.exchange(150);
    need(user.errors == 0, std::to_string(user.errors) + " exchanges failed");
    nothing(user.wrong);
    need(user.longest_us <= 50'000, "an exchange of " + std::to_string(user.longest_us) + " us");
    for (u32 i = 0; i < outputs_of(profile); ++i)
        nothing(user.heard_exactly(i, 20));
    if (!can.captures)
        need(user.recorded.empty(), "recorded what nobody captured");
    else if (user.description->input_channel_count != 0)
        nothing(user.recorded_exactly(15));
    need(user.force_stop() == B_OK, "force stop");
    user.close();
    std::string complaints = k.complaints();
    if (no_events && complaints == "event_queue_empty: at the first START\n") complaints.clear();
    nothing(complaints);
    // What a device keeps even after RELEASE cannot be given back.
    const std::string left = k.leftovers();
    if (can.captures) nothing(left);
    return why;
}

} // namespace

TEST_CASE("every device plays exactly, and records where it can") {
    for (const auto& each : all_profiles())
        for (const bool delivers_features : {false, true}) {
            const std::string why = plays_and_records(each.make(), each.can, delivers_features);
            CHECK_MESSAGE(why == "", std::string(each.name),
                          ", bits delivered: ", delivers_features, ": ", why);
        }
}

TEST_CASE("so does every device in every timing" * doctest::test_suite("slow")) {
    for (const auto& each : all_profiles())
        for (const auto& timing : all_timings()) {
            device_profile profile = each.make();
            timing.apply(profile);
            const std::string why = plays_and_records(profile, each.can, false);
            CHECK_MESSAGE(why == "", std::string(each.name), ", ", std::string(timing.name), ": ",
                          why);
        }
}
