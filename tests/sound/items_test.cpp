// The records of items: constant-initialised, and nothing where there is no room.

#include <doctest/doctest.h>

#include <vsnd/sound/items.hpp>

using namespace vsnd;

namespace {

struct without : default_limits {
    static constexpr u32 elements = 0;
};
constinit element_desk<default_limits> elements;
constinit jack_desk<3> jacks;
constinit channel_map_desk<3> maps;

} // namespace

TEST_CASE("item desks are empty types without room, and begin empty with it") {
    CHECK(__is_empty(jack_desk<0>));
    CHECK(__is_empty(channel_map_desk<0>));
    CHECK(__is_empty(element_desk<without>));
    CHECK(__is_empty(item_progress<false>));
    CHECK(sizeof(elements.answer) == default_limits::element_answer_bytes);
    CHECK(elements.count + jacks.count + maps.count == 0);
    CHECK(elements.layout == specified_layout);
    CHECK(jacks.heard[2] == heard_state::nothing);
    CHECK_FALSE(jacks.task.pending_);
}

TEST_CASE("has_items: any kind counts") {
    struct none : small_playback_limits {};
    CHECK(has_items<default_limits>);
    CHECK(has_items<without>);
    CHECK_FALSE(has_items<none>);
    CHECK_FALSE(has_items<small_playback_limits>);
}
