// A place in a packed ring: wrapping, and events, against counting one by one.
// [virtio 1.4] Packed Virtqueues / Driver and Device Ring Wrap Counters

#include <doctest/doctest.h>

#include <initializer_list>

#include <vsnd/ring/packed_place.hpp>

using vsnd::packed_place;
using vsnd::u16;
using vsnd::u32;

namespace {

// The same with a counter of every descriptor there ever was.
u16 named(u32 position, u32 size) {
    const bool wrap = position / size % 2 == 0;
    return static_cast<u16>(position % size | (wrap ? 0x8000u : 0u));
}

} // namespace

TEST_CASE("packed_place: marks and offsets, for three rounds") {
    for (const u32 size : {1U, 2U, 3U, 5U, 64U}) {
        CAPTURE(size);
        packed_place posted = packed_place::first_available();
        packed_place used = packed_place::first_used();
        for (u32 i = 0; i < 3 * size; ++i) {
            const bool wrap = i / size % 2 == 0;
            CHECK(posted.mark == (wrap ? 0x0080 : 0x8000)); // AVAIL, or USED
            CHECK(used.mark == (wrap ? 0x8080 : 0));
            CHECK(posted.next_to_post() == named(i, size));
            for (u32 ahead = 0; ahead < size; ++ahead)
                CHECK(used.event_ahead(ahead, size) == named(i + ahead, size));
            CHECK(used.event_ahead(size, size) == named(i, size));
            CHECK(used.event_ahead(5 * size, size) == named(i, size));
            posted.step(1, size);
            used.step(1, size);
        }
    }
}

TEST_CASE("packed_place: an event has passed when it is among the last descriptors") {
    for (const u32 size : {1U, 2U, 3U, 5U, 16U}) {
        CAPTURE(size);
        packed_place posted = packed_place::first_available();
        for (u32 at = 0; at < 4 * size; ++at, posted.step(1, size)) {
            for (u32 count = 0; count <= vsnd::lesser(at, size); ++count) {
                // From a round behind to just before a round ahead there is one place of a name.
                for (u32 event = at < size ? 0 : at - size; event < at + size; ++event) {
                    const bool among = event < at && event + count >= at;
                    CHECK((posted.behind(named(event, size), size) < count) == among);
                }
            }
        }
    }
}
