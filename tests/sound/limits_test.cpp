// The memory that a card shares with the device.

#include <doctest/doctest.h>

#include <vsnd/sound/limits.hpp>

using namespace vsnd;

namespace {
struct small_limits : default_limits {
    static constexpr u32 streams = 1;
    static constexpr u32 periods = 2;
    static constexpr u32 events = 1;
};
} // namespace

TEST_CASE("a smaller card needs less memory, and no card needs none") {
    CHECK(card_bytes<small_limits>() < card_bytes<>());
    CHECK(card_bytes<small_limits>() > 0);
    // Two pages and some: a card fits wherever a driver does.
    CHECK(card_bytes<>() < 8192);
}

TEST_CASE("the parts of the shared memory lie where the device may reach them") {
    using area = card_area<default_limits>;
    CHECK(sizeof(control_cell) == 40);
    CHECK(__builtin_offsetof(control_cell, response) == 32);
    CHECK(sizeof(wire::snd_pcm_set_params) <= sizeof(control_cell::request));
    CHECK(sizeof(wire::snd_query_info) <= sizeof(control_cell::request));
    CHECK(__builtin_offsetof(area, infos) % alignof(le64) == 0);
    CHECK(__builtin_offsetof(area, events) % alignof(wire::snd_event) == 0);
    CHECK(__builtin_offsetof(area, streams) % 4 == 0);
    // A request for each stream, one that was given up, and the card's own.
    CHECK(area::control_cells >= 2 * default_limits::streams + 1);
    // A reply for each period and each silence.
    CHECK(sizeof(area::stream_area::replies) ==
          (default_limits::periods + silence_chains) * sizeof(wire::snd_pcm_status));
}
