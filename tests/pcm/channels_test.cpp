#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <vsnd/pcm/channels.hpp>

using namespace vsnd;
using position = channel_position;

TEST_CASE("channels: every position has a name of its own") {
    std::set<std::string> brief, full;
    for (u32 number = 0; number < channel_position_count; number++) {
        const auto where = static_cast<position>(number);
        CHECK(is_known(where));
        CHECK(to_wire(where) == number);
        brief.insert(to_string(where));
        full.insert(full_name(where));
    }
    CHECK(brief.size() == channel_position_count);
    CHECK(full.size() == channel_position_count);
    CHECK(brief.count("unknown position") == 0);
}

// [virtio 1.4] Sound Device / VIRTIO_SND_R_CHMAP_INFO
TEST_CASE("channels: names follow their numbers from the first to the last") {
    const std::vector<std::string> names = {
        "NONE", "NA",  "MONO", "FL",   "FR",  "RL",  "RR",  "FC",  "LFE",  "SL",
        "SR",   "RC",  "FLC",  "FRC",  "RLC", "RRC", "FLW", "FRW", "FLH",  "FCH",
        "FRH",  "TC",  "TFL",  "TFR",  "TFC", "TRL", "TRR", "TRC", "TFLC", "TFRC",
        "TSL",  "TSR", "LLFE", "RLFE", "BC",  "BLC", "BRC"};
    REQUIRE(names.size() == channel_position_count);
    for (u32 number = 0; number < names.size(); number++) {
        CHECK(to_string(static_cast<position>(number)) == names[number]);
    }
    CHECK(std::string_view(full_name(position::tfrc)) == "top front right center");
}

TEST_CASE("channels: what a device may send instead of a position") {
    for (u32 number = channel_position_count; number < 256; number++) {
        const auto where = static_cast<position>(number);
        CHECK_FALSE(is_known(where));
        CHECK(std::string_view(to_string(where)) == "unknown position");
        CHECK(std::string_view(full_name(where)) == "unknown position");
    }
}

TEST_CASE("channels: default maps") {
    const std::vector<std::vector<position>> maps = {
        {},
        {position::mono},
        {position::fl, position::fr},
        {position::fl, position::fr, position::lfe},
        {position::fl, position::fr, position::rl, position::rr},
        {position::fl, position::fr, position::rl, position::rr, position::fc},
        {position::fl, position::fr, position::rl, position::rr, position::fc, position::lfe},
        {position::fl, position::fr, position::rl, position::rr, position::fc, position::lfe,
         position::rc},
        {position::fl, position::fr, position::rl, position::rr, position::fc, position::lfe,
         position::sl, position::sr},
    };
    for (u32 channels = 0; channels < maps.size(); channels++) {
        CAPTURE(channels);
        const span<const position> map = default_channel_map(channels);
        REQUIRE(map.size() == channels);
        CHECK(std::equal(map.begin(), map.end(), maps[channels].begin()));
        CHECK(std::set<position>(map.begin(), map.end()).size() == channels);
    }
    CHECK(default_channel_map(9).empty());
    CHECK(default_channel_map(0xffffffff).empty());
}
