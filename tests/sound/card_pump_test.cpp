// Completions, events and time: from a device that lies, in contexts that overlap.

#include <doctest/doctest.h>

#include <functional>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;
template <class Handler = no_handler>
using rig = support::rig<Handler, support::without_resets>;

namespace {

pcm_params small() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    return p;
}

const bytes sound = support::noise(4096);

template <class Rig>
auto& start_playing(Rig& r) {
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    REQUIRE(out.write({sound.data(), 4096}).value() == 4096);
    REQUIRE(out.start() == status_code::ok);
    return out;
}

// After whatever happened: close ends in a known way, and the card works again.
void expect_recovers(rig<>& r) {
    r.device().faults() = {};
    CHECK(r.driver.close() == status_code::ok);
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    const usize heard = r.device().stream(0).sink().size();
    CHECK(r.play(out, sound) == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), sound, pcm_format::s16, heard));
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

// Writes the used index of a queue, as a broken device would.
void set_used_index(rig<>& r, u32 queue, u16 index) {
    const bus_address used{r.device().registers(queue).address[2]};
    REQUIRE(r.kernel.memory.store(used + 2, index));
}

constexpr u32 queues[] = {wire::SND_VQ_CONTROL, wire::SND_VQ_EVENT, wire::SND_VQ_TX,
                          wire::SND_VQ_RX};

} // namespace

// [virtio 1.4] Split / The Virtqueue Used Ring
TEST_CASE("an id that was never posted is counted and dropped, on every queue") {
    for (const u32 id : {63u, 64u, 0x1'0000u, 0xffff'ffffu}) {
        for (const u32 queue : queues) {
            CAPTURE(id);
            CAPTURE(queue);
            rig<> r;
            auto& out = start_playing(r);
            auto& in = *r.driver.find(direction::capture);
            REQUIRE(r.prepare(in, small()) == status_code::ok);
            r.device().faults().used.push_back({queue, 1, true, id, false, 0});
            (void)r.device().send_event(wire::SND_EVT_JACK_CONNECTED, 0);
            const status_code started = in.start();
            CHECK((started == status_code::ok) == (queue != wire::SND_VQ_CONTROL));
            r.run(30'000'000);
            CHECK(r.driver.counters().unknown_ids == 1);
            CHECK(r.driver.state() == card_state::open);
            CHECK(out.state() == stream_state::running);
            expect_recovers(r);
        }
    }
}

TEST_CASE("a period that never comes back: release says so in bounded time, close gets it back") {
    rig<> r;
    auto& out = start_playing(r);
    r.device().faults().used.push_back({wire::SND_VQ_TX, 1, true, 60, false, 0});
    r.run(30'000'000);
    CHECK(out.in_flight() == 1);
    const u64 before = r.device().now_ns();
    CHECK(out.drain() == status_code::timed_out);
    CHECK(out.release() == status_code::memory_still_owned);
    CHECK(r.device().now_ns() - before < 4 * default_limits::control_timeout_ns);
    CHECK(out.state() == stream_state::unknown);
    CHECK(r.prepare(out, small()) == status_code::wrong_state);
    expect_recovers(r);
}

TEST_CASE("too many unknown ids, or an index that leaps: the device is broken, and says why") {
    for (const u32 queue : queues) {
        for (const bool leap : {false, true}) {
            CAPTURE(queue);
            CAPTURE(leap);
            rig<> r;
            auto& out = start_playing(r);
            if (leap) {
                set_used_index(r, queue, 0x8000);
            } else {
                // The same stale entries again and again.
                const bus_address used{r.device().registers(queue).address[2]};
                for (u32 i = 0; i < 64; ++i)
                    REQUIRE(r.kernel.memory.store(used + (4 + 8 * i), 0xdeadu));
                u16 index = 0;
                REQUIRE(r.kernel.memory.load(used + 2, index));
                set_used_index(r, queue, static_cast<u16>(index + 64));
                while (r.driver.pump(queue, 16)) {
                }
                set_used_index(r, queue, static_cast<u16>(index + 128));
            }
            for (u32 i = 0; i < 16; ++i)
                (void)r.driver.pump_all();
            CHECK(r.driver.state() == card_state::failed);
            CHECK(r.driver.failure() == status_code::device_broken);
            CHECK(out.state() == stream_state::unknown);
            CHECK(out.stop() == status_code::device_broken);
            CHECK(out.release() == status_code::device_broken);
            CHECK(out.write({sound.data(), 100}).code() == status_code::wrong_state);
            CHECK(r.driver.tick(r.device().now_ns()) == ~u64{0});
            expect_recovers(r);
        }
    }
}

// [virtio 1.4] Device Status Field: DEVICE_NEEDS_RESET
// [virtio 1.4] Basic Facilities of a Virtio Device / Device Status Field, driver 4
TEST_CASE("a device that needs a reset: everything answers that, until close and open") {
    rig<> r;
    auto& out = start_playing(r);
    auto& in = *r.driver.find(direction::capture);
    CHECK(in.prepare_async(small(), r.memory_for(small())) == status_code::in_progress);
    r.device().set_needs_reset();
    r.run(0);
    CHECK(r.driver.state() == card_state::failed);
    CHECK(r.driver.failure() == status_code::needs_reset);
    for (const status_code code : {out.start(), out.stop(), out.drain(), out.drop(), out.release()})
        CHECK(code == status_code::needs_reset);
    CHECK(out.outcome() != status_code::in_progress);
    CHECK(in.outcome() != status_code::in_progress);
    expect_recovers(r);
}

// [virtio 1.4] Basic Facilities of a Virtio Device / Device Status Field, driver 4
TEST_CASE("a device that fails in the middle of a wait ends the wait") {
    rig<> r;
    auto& out = start_playing(r);
    r.device().faults().requests.push_back(
        {wire::SND_R_PCM_STOP, model::request_fault::kind::no_answer});
    CHECK(out.stop_async() == status_code::in_progress);
    r.run(1'000'000);
    r.device().set_needs_reset();
    r.run(0);
    CHECK(out.outcome() == status_code::needs_reset);
    expect_recovers(r);
}

TEST_CASE("events that make no sense are counted; their buffers serve again, without end") {
    rig<> r;
    auto& out = start_playing(r);
    const struct {
        u32 code;
        u32 data;
    } rubbish[] = {{0, 0},
                   {0xffff'ffff, 0xffff'ffff},
                   {wire::SND_EVT_PCM_XRUN, 99},
                   {wire::SND_EVT_PCM_XRUN, 0xffff'ffff},
                   {0x1234, 1}};
    for (u32 i = 0; i < 500; ++i) {
        const auto& e = rubbish[i % 5];
        CHECK(r.device().send_event(e.code, e.data));
        r.run(1000);
    }
    CHECK(r.driver.counters().events == 500);
    CHECK(r.driver.counters().stray_events == 500);
    CHECK(r.device().events_lost() == 0);
    CHECK(out.state() == stream_state::running);
    CHECK(out.counters().xruns == 0);
    expect_recovers(r);
}

TEST_CASE("lengths that lie on queues where they do not matter change nothing") {
    for (const u32 length : {0u, 7u, 0xffff'ffffu}) {
        rig<> r;
        for (const u32 queue : queues)
            r.device().faults().used.push_back({queue, 10, false, 0, true, length});
        auto& out = start_playing(r);
        CHECK(out.drain() == status_code::ok);
        CHECK(support::plays_exactly(r.device().stream(0).sink(), sound, pcm_format::s16));
        expect_recovers(r);
    }
}

TEST_CASE("pump handles at most its budget and says whether more may be left") {
    rig<> r;
    auto& out = start_playing(r);
    r.kernel.pci.on_vector = {};
    r.run(100'000'000);
    CHECK(out.position_frames() == 0);
    CHECK(r.driver.pump(wire::SND_VQ_TX, 1));
    CHECK(out.position_frames() == 256);
    CHECK(r.driver.pump(wire::SND_VQ_TX, 2));
    CHECK(out.position_frames() == 768);
    CHECK_FALSE(r.driver.pump(wire::SND_VQ_TX, 100));
    CHECK(out.position_frames() == 1024);
    CHECK_FALSE(r.driver.pump(4, 1));
    CHECK_FALSE(r.driver.pump(0xffff'ffff, 1));
    CHECK(r.driver.close() == status_code::ok);
    CHECK_FALSE(r.driver.pump(wire::SND_VQ_TX, 1));
}

namespace {

// What a callback may and may not do.
struct nosy {
    std::function<void()>* during = nullptr;
    template <class Stream>
    void period_done(Stream&) {
        (*during)();
    }
    template <class Stream>
    void xrun(Stream&) {
        (*during)();
    }
};

} // namespace

TEST_CASE("in a callback no lock is held, and the card's own calls are refused") {
    std::function<void()> during = [] {};
    rig<nosy> r(model::default_profile(), {&during});
    u32 calls = 0;
    during = [&] {
        ++calls;
        CHECK(r.kernel.held == 0);
        CHECK(r.driver.close() == status_code::wrong_context);
        CHECK(r.driver.open(r.port, r.area) == status_code::wrong_state);
        CHECK(r.driver.set_policy(wire::SND_VQ_TX, {4, 4}) == status_code::wrong_context);
        CHECK(r.driver.find(0)->position_frames() <= 1024);
        CHECK_FALSE(r.driver.pump(wire::SND_VQ_TX, 1));
    };
    start_playing(r);
    r.run(40'000'000);
    CHECK(calls == 5); // four periods and an xrun
    CHECK(r.kernel.locks > 0);
    CHECK(r.driver.state() == card_state::open);
    during = [] {};
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("a period that another CPU commits while the queue is pumped gets its doorbell") {
    // At each moment at which the pump has just given its lock back.
    for (u32 moment = 1; moment <= 6; ++moment) {
        CAPTURE(moment);
        rig<> r;
        auto& out = start_playing(r);
        u32 seen = 0;
        bool committed = false;
        r.kernel.after_unlock = [&](u32 queue) {
            if (queue != wire::SND_VQ_TX || ++seen != moment) return;
            const auto room = out.acquire();
            if (!room.ok()) return;
            committed = true;
            CHECK(out.commit() == status_code::ok);
        };
        r.run(6'000'000); // one period
        r.kernel.after_unlock = {};
        if (seen < moment) break;
        CHECK(r.device().queue(wire::SND_VQ_TX).fresh() == 0);
        if (moment >= 3) CHECK(committed);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("an interrupt in the middle of open finds nothing half made") {
    rig<> whole;
    REQUIRE(whole.open() == status_code::ok);
    const u32 locks = whole.kernel.locks;
    REQUIRE(locks > 4);
    // A shared line: the handler runs when it likes, here after each lock is given back, one
    // after the other; and once before there is any.
    for (u32 moment = 0; moment <= locks; ++moment) {
        CAPTURE(moment);
        rig<> r;
        u32 seen = 0;
        const auto handler = [&](u32) {
            if (seen++ != moment) return;
            (void)r.driver.pump_all();
            (void)r.driver.tick(r.device().now_ns());
            r.driver.config_changed();
        };
        handler(0);
        r.kernel.after_unlock = handler;
        REQUIRE(r.open() == status_code::ok);
        CHECK(seen > moment);
        CHECK(r.driver.stream_count() == 4);
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}
