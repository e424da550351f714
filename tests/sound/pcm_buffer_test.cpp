// Periods and their owners: positions, room, delay, xruns, errors.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;
using support::rig;

namespace {

pcm_params small() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    return p;
}

struct xrun_counter {
    u32* told = nullptr;
    template <class Stream>
    void xrun(Stream&) {
        ++*told;
    }
};

} // namespace

TEST_CASE("positions are monotonic and never ahead of what was submitted or captured") {
    for (const bool qemu : {false, true}) {
        CAPTURE(qemu);
        rig<> r(qemu ? model::qemu_profile() : model::default_profile());
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        auto& in = *r.driver.find(direction::capture);
        REQUIRE(r.prepare(out, small()) == status_code::ok);
        REQUIRE(r.prepare(in, small()) == status_code::ok);
        REQUIRE(in.start() == status_code::ok);
        const bytes data = support::noise(1024 * 50);
        usize at = 0;
        u64 played = 0;
        u64 recorded = 0;
        while (at < data.size()) {
            REQUIRE(r.feed(out, data, at, 777) == status_code::ok);
            bytes piece(1000);
            (void)in.read({piece.data(), piece.size()});
            r.run(1'100'000);
            CHECK(out.position_frames() >= played);
            CHECK(out.position_frames() <= out.submitted_frames());
            CHECK(out.submitted_frames() <= at / 4);
            CHECK(out.delay_frames() == at / 4 - out.position_frames());
            CHECK(out.avail_frames() + out.delay_frames() == 1024);
            CHECK(in.position_frames() >= recorded);
            CHECK(in.position_frames() <= r.device().now_ns() * 48 / 1'000'000 + 1);
            played = out.position_frames();
            recorded = in.position_frames();
        }
        CHECK(played > 10'000);
        CHECK(recorded > 5'000);
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("a starving stream counts one xrun each time, and goes on after the refill") {
    u32 told = 0;
    rig<xrun_counter> r(model::default_profile(), {&told});
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    const bytes data = support::noise(4096 * 5);
    for (u32 round = 0; round < 5; ++round) {
        REQUIRE(out.write({data.data() + 4096 * round, 4096}).value() == 4096);
        if (round == 0) REQUIRE(out.start() == status_code::ok);
        CHECK(out.counters().xruns == round);
        r.run(100'000'000);
        CHECK(out.counters().xruns == round + 1);
        CHECK(told == round + 1);
        CHECK(out.position_frames() == 1024 * (round + 1));
        CHECK(out.state() == stream_state::running);
    }
    CHECK(out.stop() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK(r.device().stream(0).gaps() == 4);
    CHECK_CLEAN(r);
}

// [virtio 1.4] Sound Device / PCM Notifications
TEST_CASE("with xrun events a starvation is told by the device too, and counted once") {
    u32 told = 0;
    rig<xrun_counter> r(model::default_profile(), {&told});
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    pcm_params p = small();
    p.features = 1u << wire::SND_PCM_F_EVT_XRUNS;
    REQUIRE(r.prepare(out, p) == status_code::ok);
    const bytes data = support::noise(4096);
    REQUIRE(out.write({data.data(), 4096}).value() == 4096);
    REQUIRE(out.start() == status_code::ok);
    r.run(100'000'000);
    CHECK(out.counters().xruns == 1);
    CHECK(r.device().events_sent() == 1);
    CHECK(r.driver.counters().events == 1);
    CHECK(r.driver.counters().stray_events == 0);
    CHECK(told >= 1);
    CHECK(out.write({data.data(), 4096}).value() == 4096);
    CHECK(out.drain() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("a guest that is late by 300 ms comes back without an error") {
    for (const bool qemu : {false, true}) {
        CAPTURE(qemu);
        rig<> r(qemu ? model::qemu_profile() : model::default_profile());
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        pcm_params p = small();
        p.periods = 8; // more than QEMU takes at once
        REQUIRE(r.prepare(out, p) == status_code::ok);
        const bytes data = support::noise(1024 * 40);
        usize at = 0;
        bool slept = false;
        while (at < data.size()) {
            REQUIRE(r.feed(out, data, at, 4096) == status_code::ok);
            if (!slept && at > data.size() / 2) {
                // Interrupts off: nothing is delivered, the device plays on and runs dry.
                const auto handler = std::exchange(r.kernel.pci.on_vector, {});
                r.run(300'000'000);
                r.kernel.pci.on_vector = handler;
                while (r.driver.pump_all()) {
                }
                slept = true;
            }
            r.kernel.wait(1'000'000);
        }
        CHECK(out.drain() == status_code::ok);
        CHECK(out.counters().xruns == 1);
        CHECK(out.counters().io_errors == 0);
        CHECK(out.position_frames() == data.size() / 4);
        CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
        CHECK_CLEAN(r);
    }
}

TEST_CASE("periods that the device answers with an error are counted and go on") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    r.device().faults().io_error_stream = 0;
    r.device().faults().io_errors = 3;
    const bytes data = support::noise(1024 * 10);
    CHECK(r.play(out, data) == status_code::ok);
    CHECK(out.counters().io_errors == 3);
    CHECK(out.position_frames() == data.size() / 4);
    CHECK_CLEAN(r);
}

TEST_CASE("a device that writes no status: every period counts as failed, and all play") {
    model::device_profile profile = model::default_profile();
    profile.tx_writes_status = false;
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    const bytes data = support::noise(1024 * 10);
    CHECK(r.play(out, data) == status_code::ok);
    CHECK(out.counters().io_errors == 10);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK_CLEAN(r);
}

// [virtio 1.4] Sound Device / VIRTIO_SND_PCM_F_MSG_POLLING
TEST_CASE("with message polling no doorbell is rung for periods while the stream runs") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    pcm_params p = small();
    p.features = 1u << wire::SND_PCM_F_MSG_POLLING;
    REQUIRE(r.prepare(out, p) == status_code::ok);
    const bytes data = support::noise(1024 * 20);
    CHECK(r.play(out, data) == status_code::ok);
    CHECK(r.device().doorbells(wire::SND_VQ_TX) <= 1);
    CHECK(r.device().violations().count(model::violation::doorbell_needless) == 0);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK_CLEAN(r);
}

TEST_CASE("a queue without room refuses a stream before the device hears of it") {
    model::device_profile profile = model::default_profile();
    profile.indirect = false;
    profile.queue_sizes[wire::SND_VQ_TX] = 16; // five chains of three
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    auto& a = *r.driver.find(direction::playback, 0);
    auto& b = *r.driver.find(direction::playback, 1);
    const u64 before = r.heard();
    CHECK(r.prepare(a, small()) == status_code::no_room); // four periods and two of silence
    CHECK(a.state() == stream_state::released);
    CHECK(r.heard() == before);
    pcm_params p = small();
    p.periods = 3;
    CHECK(r.prepare(a, p) == status_code::ok);
    CHECK(r.prepare(b, p) == status_code::no_room); // the first one keeps its room
    CHECK(b.state() == stream_state::released);
    const bytes data = support::noise(1024 * 8);
    CHECK(r.play(a, data) == status_code::ok);
    CHECK(a.release() == status_code::ok);
    CHECK(r.prepare(b, p) == status_code::ok);
    CHECK_CLEAN(r);
}
