// The device's channel maps: judged, and found for a stream.

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include <support/rounds.hpp>
#include <vsnd/sound/channel_map.hpp>

#include "element_items.hpp"

using namespace vsnd;
using position = channel_position;

namespace {

wire::snd_chmap_info raw_map(u32 nid, u8 flow, const std::vector<u8>& positions) {
    wire::snd_chmap_info raw{};
    raw.hdr.hda_fn_nid = nid;
    raw.direction = flow;
    raw.channels = static_cast<u8>(positions.size());
    std::copy(positions.begin(), positions.end(), raw.positions);
    return raw;
}

std::vector<position> listed(span<const position> map) {
    return {map.begin(), map.end()};
}

} // namespace

// [virtio 1.4] Sound Device / VIRTIO_SND_R_CHMAP_INFO
TEST_CASE("channel_map: what the device says") {
    const channel_map map = judge(raw_map(9, wire::SND_D_INPUT, {wire::SND_CHMAP_RL, 0, 36}));
    CHECK(map.usable);
    CHECK_FALSE(map.malformed);
    CHECK(map.hda_fn_nid == 9);
    CHECK(map.flow == direction::capture);
    CHECK(listed(map.view()) == std::vector{position::rl, position::none, position::brc});
}

// [virtio 1.4] Sound Device / Channel Map Information
TEST_CASE("channel_map: every direction and channel count") {
    for (u32 flow = 0; flow < 256; flow++) {
        for (u32 channels = 0; channels < 256; channels++) {
            wire::snd_chmap_info raw = raw_map(0, static_cast<u8>(flow), {});
            raw.channels = static_cast<u8>(channels);
            const channel_map map = judge(raw);
            const bool expected = flow < 2 && channels > 0 && channels < 19;
            const bool as_expected = map.usable == expected && map.malformed == !expected &&
                                     map.view().size() == (expected ? channels : 0);
            if (!as_expected) {
                CAPTURE(flow);
                CAPTURE(channels);
                REQUIRE(as_expected);
            }
        }
    }
    CHECK(judge(raw_map(0, 1, std::vector<u8>(18, 3))).view().size() == 18);
}

TEST_CASE("channel_map: positions that do not exist are masked and reported") {
    for (u32 number = 0; number < 256; number++) {
        const channel_map map = judge(raw_map(0, 0, {3, static_cast<u8>(number), 4}));
        CAPTURE(number);
        CHECK(map.usable);
        CHECK(map.malformed == (number >= channel_position_count));
        const position expected =
            number < channel_position_count ? static_cast<position>(number) : position::none;
        CHECK(listed(map.view()) == std::vector{position::fl, expected, position::fr});
    }
    wire::snd_chmap_info raw = raw_map(0, 0, {3, 4});
    raw.positions[2] = 0xff; // behind the last channel: means nothing
    CHECK_FALSE(judge(raw).malformed);
}

TEST_CASE("channel_map: the map for a stream") {
    const channel_map maps[] = {
        judge(raw_map(1, 7, {5, 6})),     // no such direction
        judge(raw_map(1, 0, {4, 3})),     //
        judge(raw_map(1, 0, {3, 4})),     // a second one for the same: never chosen
        judge(raw_map(1, 1, {9, 10})),    //
        judge(raw_map(2, 0, {5, 6})),     //
        judge(raw_map(1, 0, {3, 4, 34})), //
    };
    const auto found = [&](u32 nid, direction flow, u32 channels) {
        return find_channel_map(maps, nid, flow, channels);
    };
    CHECK(found(1, direction::playback, 2) == &maps[1]);
    CHECK(found(1, direction::capture, 2) == &maps[3]);
    CHECK(found(2, direction::playback, 2) == &maps[4]);
    CHECK(found(1, direction::playback, 3) == &maps[5]);
    CHECK(found(2, direction::capture, 2) == nullptr);
    CHECK(found(3, direction::playback, 2) == nullptr);
    CHECK(found(1, direction::playback, 0) == nullptr);
    CHECK(find_channel_map({}, 1, direction::playback, 2) == nullptr);
}

TEST_CASE("channel_map: the usual order where the device has no map") {
    const channel_map maps[] = {judge(raw_map(1, 0, {4, 3}))};
    CHECK(listed(stream_positions(maps, 1, direction::playback, 2)) ==
          std::vector{position::fr, position::fl});
    CHECK(listed(stream_positions(maps, 1, direction::capture, 2)) ==
          std::vector{position::fl, position::fr});
    CHECK(listed(stream_positions({}, 1, direction::playback, 1)) == std::vector{position::mono});
    CHECK(stream_positions(maps, 1, direction::playback, 12).empty());
}

TEST_CASE("channel_map: any bytes become a map with defined positions alone") {
    hostile_bytes random(12);
    u32 usable = 0;
    for (u32 round = 0; round < support::rounds(100000); round++) {
        auto raw = random.structure<wire::snd_chmap_info>();
        if (random.below(2) == 0) raw.direction &= 3;
        if (random.below(2) == 0) raw.channels &= 31;
        const channel_map map = judge(raw);
        const bool proper = map.view().size() <= wire::SND_CHMAP_MAX_SIZE &&
                            map.usable == !map.view().empty() &&
                            std::all_of(map.view().begin(), map.view().end(),
                                        [](position p) { return is_known(p); });
        if (!proper) REQUIRE(proper);
        usable += map.usable ? 1 : 0;
    }
    CHECK(usable > support::rounds(100));
}
