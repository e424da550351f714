// A stream's media clock where other parts of the stream wait for it.

#include <doctest/doctest.h>

#include "clock_rig.hpp"

using namespace clock_tests;

TEST_CASE("stream_clock: a drain ends, however often the card is ticked") {
    for (const u64 every : {1 * milli, 10 * milli, 25 * milli}) {
        for (const shape& what :
             {shape{48000, 1024, 4}, shape{48000, 256, 4}, shape{8000, 256, 8}}) {
            CAPTURE(every);
            CAPTURE(what.period_frames);
            listener l({"burst", burst}, what);
            l.run_to(one_second);
            driver_rig& r = l.rig();
            const u64 begin = r.device().now_ns();
            CHECK(l.out().drain_async() == status_code::in_progress);
            while (l.out().outcome() == status_code::in_progress) {
                r.run(every);
                (void)r.driver.tick(r.device().now_ns());
                REQUIRE(r.device().now_ns() - begin < one_second);
            }
            CHECK(l.out().outcome() == status_code::ok);
        }
    }
}
