// The 64-bit counter in both forms: one access, and the latch for machines of 32 bits.

#include <doctest/doctest.h>

#include <csignal>
#include <ctime>
#include <sys/time.h>

#include <vsnd/sound/frame_counter.hpp>

using namespace vsnd;

TEST_CASE_TEMPLATE("frame_counter counts beyond 32 bits, and back to 0 only by reset", Counter,
                   basic_frame_counter<true>, basic_frame_counter<false>) {
    Counter c;
    CHECK(c.load() == 0);
    c.add(0xffff'ff00);
    CHECK(c.load() == 0xffff'ff00);
    c.add(0x200);
    CHECK(c.load() == 0x1'0000'0100);
    c.add(u64{0xffff'ffff} << 32);
    CHECK(c.load() == 0x100); // modulo 2^64
    c.add(u64{0} - 0x100);
    CHECK(c.load() == 0);
    c.add(7);
    c.reset();
    CHECK(c.load() == 0);
    c.add(3);
    CHECK(c.load() == 3);
}

TEST_CASE("the counter is one access where a word has 64 bits") {
    CHECK(__is_same(frame_counter, basic_frame_counter<(sizeof(void*) >= 8)>));
}

namespace {

basic_frame_counter<false> interrupted;
u64 last_seen;
u32 looks;
bool torn;

// Reads in the middle of whatever the writer is doing, as an interrupt does.
void look(int) {
    const u64 seen = interrupted.load();
    if (seen < last_seen || (seen >> 32) != (seen & 0xffff'ffff)) torn = true;
    last_seen = seen;
    ++looks;
}

} // namespace

TEST_CASE("the latch is never seen half written by who interrupts the writer") {
    interrupted.reset();
    last_seen = looks = 0;
    torn = false;
    struct sigaction now {};
    struct sigaction before {};
    now.sa_handler = look;
    REQUIRE(sigaction(SIGALRM, &now, &before) == 0);
    const itimerval often{{0, 50}, {0, 50}};
    const itimerval off{};
    REQUIRE(setitimer(ITIMER_REAL, &often, nullptr) == 0);
    const std::time_t end = std::time(nullptr) + 5;
    // Both halves change at every step.
    for (u32 i = 0; looks < 200; ++i) {
        interrupted.add(0x1'0000'0001);
        if (i % 4096 == 0 && std::time(nullptr) > end) break;
    }
    setitimer(ITIMER_REAL, &off, nullptr);
    sigaction(SIGALRM, &before, nullptr);
    CHECK(looks >= 200);
    CHECK_FALSE(torn);
}
