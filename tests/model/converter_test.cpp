// The converter's clock: exact at every rate and format, with gaps.

#include <doctest/doctest.h>

#include <vsnd/model/converter.hpp>
#include <vsnd/model/profile.hpp>

using namespace vsnd;
using namespace vsnd::model;

TEST_CASE("converter reaches a byte at its time and not a nanosecond before") {
    for (u32 rate = 0; rate < wire::SND_PCM_RATE_COUNT; ++rate) {
        for (const u32 bits : {4u, 8u, 16u, 48u, 256u}) {
            CAPTURE(rate);
            CAPTURE(bits);
            converter c;
            c.set_rate(rate_of(rate), bits);
            c.begin(1000, 0);
            for (const u64 frames : {u64{2}, u64{1024}, u64{1'000'000}, u64{100'000'000'000}}) {
                const u64 bytes = c.bytes_of(frames);
                const u64 when = c.time_of(bytes);
                CHECK(c.reached(when) == bytes);
                CHECK(c.reached(when - 1) < bytes);
            }
        }
    }
}

TEST_CASE("converter does not drift") {
    converter c;
    c.set_rate(44100, 32);
    c.begin(0, 0);
    CHECK(c.time_of(4 * 44100ull) == 1'000'000'000);
    CHECK(c.time_of(4 * 44100ull * 86400) == 86'400'000'000'000);
    CHECK(c.reached(86'400'000'000'000) == 4 * 44100ull * 86400);
}

TEST_CASE("converter knows when each frame was converted, and in which span") {
    converter c;
    c.set_rate(1000, 8); // a frame is a byte, and a millisecond
    CHECK_FALSE(c.running());
    CHECK_FALSE(c.converted_at(0));
    c.begin(5'000'000, 0);
    CHECK(c.running());
    CHECK(c.converted_at(0) == 5'000'000);
    CHECK(c.converted_at(3) == 8'000'000);
    c.end(4);
    CHECK_FALSE(c.converted_at(4));
    c.begin(20'000'000, 4);
    CHECK(c.converted_at(3) == 8'000'000);
    CHECK(c.converted_at(4) == 20'000'000);
    CHECK(c.reached(22'500'000) == 6);
    CHECK(c.reached(1) == 4); // before its beginning a span stands at its first byte
    CHECK(c.spans().size() == 2);
    CHECK(c.spans()[0].frames == 4);
    c.forget();
    CHECK_FALSE(c.running());
}
