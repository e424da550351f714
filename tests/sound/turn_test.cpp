// One at a time: what comes while somebody is at the card is left to him, and is done when the
// call that he is in returns. Here an interrupt comes in the middle of an operation; several CPUs
// are in tests/threads.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::rig;

static_assert(sizeof(card_turn<false>) == 1 && sizeof(stream_request<false>) == 1);

TEST_CASE("turn: who finds it taken leaves a mark, and the holder finds all marks") {
    card_turn<true> turn;
    CHECK(turn.take(1, 7));
    CHECK(turn.owner == 7);
    CHECK_FALSE(turn.take(4, 8));
    CHECK_FALSE(turn.take(turn.operations, 9));
    CHECK(turn.owner == 7);
    CHECK(turn.next() == (1 | 4 | turn.operations)); // his own, too
    CHECK(turn.taken);
    CHECK_FALSE(turn.take(2, 8)); // while he is at those
    CHECK(turn.next() == 2);
    CHECK(turn.next() == 0);
    CHECK_FALSE(turn.taken);
    CHECK(turn.take(0, 8));
    CHECK(turn.owner == 8);
}

namespace {

pcm_params small() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    return p;
}

} // namespace

TEST_CASE("turn: an operation that is called in the middle of another is carried out after it") {
    model::device_profile two = model::default_profile();
    two.streams.push_back(two.streams[0]);
    rig<> r(two);
    REQUIRE(r.open() == status_code::ok);
    auto& first = *r.driver.find(direction::playback, 0);
    auto& second = *r.driver.find(direction::playback, 1);
    REQUIRE(r.prepare(first, small()) == status_code::ok);

    // An interrupt comes while the first one is told to go: the first look at the queue was whether
    // this is a callback.
    const stream_memory memory = r.memory_for(small());
    status_code called = status_code::ok, again = status_code::ok;
    u32 unlocks = 0;
    r.kernel.after_unlock = [&](u32 queue) {
        if (queue != wire::SND_VQ_TX || ++unlocks != 2) return;
        const auto heard = r.device().trace().count(model::trace_kind::request);
        called = second.prepare_async(small(), memory);
        again = second.release_async();
        CHECK(r.device().trace().count(model::trace_kind::request) == heard); // nothing yet
        CHECK(second.state() == stream_state::released);
    };
    CHECK(first.release() == status_code::ok);
    CHECK(called == status_code::in_progress);
    CHECK(again == status_code::busy);
    for (u32 i = 0; i < 100 && second.outcome() == status_code::in_progress; ++i)
        r.kernel.wait(r.driver.tick(r.kernel.now_ns()) - r.kernel.now_ns());
    CHECK(second.outcome() == status_code::ok);
    CHECK(second.state() == stream_state::prepared);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

namespace {

// Calls from `recovered` what is not legal there.
struct calls_back {
    std::vector<status_code>* heard = nullptr;
    template <class Stream>
    void recovered(Stream& s, status_code) {
        heard->push_back(s.stop());
        heard->push_back(s.drop_async());
    }
};

} // namespace

TEST_CASE("turn: a handler told by a tick is in a callback, too") {
    std::vector<status_code> heard;
    rig<calls_back> r(model::default_profile(), calls_back{&heard});
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    r.device().set_needs_reset();
    r.driver.config_changed();
    for (u32 i = 0; i < 1000 && heard.empty(); ++i)
        r.kernel.wait(r.driver.tick(r.kernel.now_ns()) - r.kernel.now_ns());
    CHECK(heard == std::vector{status_code::wrong_context, status_code::wrong_context});
    CHECK(out.state() == stream_state::prepared);
    CHECK(r.driver.close() == status_code::ok);
}

TEST_CASE("turn: an operation called for while the card begins a reset hears why it is not done") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    auto& in = *r.driver.find(direction::capture);
    REQUIRE(r.prepare(in, small()) == status_code::ok);
    status_code called = status_code::ok;
    u32 unlocks = 0;
    r.kernel.after_unlock = [&](u32 queue) {
        if (queue != wire::SND_VQ_RX || ++unlocks != 2) return;
        r.device().set_needs_reset();
        r.driver.config_changed(); // a mark: somebody is at the card
        CHECK(r.driver.state() == card_state::open);
        called = out.prepare_async(small(), r.memory_for(small()));
    };
    (void)in.start_async();
    CHECK(called == status_code::in_progress);
    CHECK(out.outcome() == status_code::needs_reset);
    CHECK(out.state() == stream_state::released);
    for (u32 i = 0; i < 1000 && r.driver.state() != card_state::open; ++i)
        r.kernel.wait(r.driver.tick(r.kernel.now_ns()) - r.kernel.now_ns());
    CHECK(r.prepare(out, small()) == status_code::ok);
    CHECK(r.driver.close() == status_code::ok);
}
