// The life of streams on the model: stop and go on, drop, release, prepare anew, several at once.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>

using namespace vsnd;
using model::trace_kind;
using support::bytes;
using support::rig;

namespace {

pcm_params small() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    return p;
}

// Which PCM requests the device got, in order.
std::vector<u64> requests(rig<>& r) {
    std::vector<u64> all;
    for (const auto& e : r.device().trace().events())
        if (e.kind == trace_kind::request && e.number > wire::SND_R_PCM_INFO &&
            e.number < wire::SND_R_CHMAP_INFO)
            all.push_back(e.number);
    return all;
}

constexpr u64 set_params = wire::SND_R_PCM_SET_PARAMS;
constexpr u64 prepare = wire::SND_R_PCM_PREPARE;
constexpr u64 start = wire::SND_R_PCM_START;
constexpr u64 stop = wire::SND_R_PCM_STOP;
constexpr u64 release = wire::SND_R_PCM_RELEASE;

} // namespace

// [virtio 1.4] Sound Device / PCM Command Lifecycle
TEST_CASE("start and stop are idempotent for the caller and canonical for the device") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    CHECK(out.stop() == status_code::ok); // it does not run: as it is
    CHECK(out.state() == stream_state::prepared);
    const bytes data = support::noise(4096);
    REQUIRE(out.write({data.data(), data.size()}).value() == 4096);
    CHECK(out.start() == status_code::ok);
    CHECK(out.start() == status_code::ok);
    CHECK(out.start(start_mode::now) == status_code::ok);
    CHECK(out.state() == stream_state::running);
    CHECK(out.stop() == status_code::ok);
    CHECK(out.stop() == status_code::ok);
    CHECK(out.state() == stream_state::stopped);
    CHECK(out.start() == status_code::ok);
    CHECK(out.release() == status_code::ok);
    CHECK(out.release() == status_code::ok);
    CHECK(out.state() == stream_state::released);
    CHECK(requests(r) == std::vector<u64>{set_params, prepare, start, stop, start, stop, release});
    CHECK_CLEAN(r);
}

TEST_CASE("a playback stream starts when it is full, or now when told so") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    const bytes data = support::noise(4096);
    REQUIRE(out.write({data.data(), 3072}).value() == 3072);
    CHECK(out.start() == status_code::would_block);
    CHECK(out.state() == stream_state::prepared);
    CHECK(requests(r) == std::vector<u64>{set_params, prepare});
    CHECK(out.start(start_mode::now) == status_code::ok);
    CHECK(out.state() == stream_state::running);
    CHECK(out.drain() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), {data.begin(), data.begin() + 3072},
                                 pcm_format::s16));
    CHECK_CLEAN(r);
}

TEST_CASE("stop and start again lose nothing, play nothing twice, and never set the clock back") {
    for (const bool qemu : {false, true}) {
        CAPTURE(qemu);
        rig<> r(qemu ? model::qemu_profile() : model::default_profile());
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        REQUIRE(r.prepare(out, small()) == status_code::ok);
        const bytes data = support::noise(1024 * 60);
        usize at = 0;
        u64 last = 0;
        u64 pauses = 0;
        while (at < data.size()) {
            REQUIRE(r.feed(out, data, at, 1500) == status_code::ok);
            r.kernel.wait(1'700'000);
            const u64 now = out.position_frames();
            CHECK(now >= last);
            CHECK(now <= out.submitted_frames());
            last = now;
            if (out.in_flight() < 2 || at >= data.size()) continue;
            if (at / 7000 <= pauses) continue;
            ++pauses;
            REQUIRE(out.stop() == status_code::ok);
            const u64 stopped_at = out.position_frames();
            r.run(50'000'000);
            CHECK(out.position_frames() == stopped_at);
            CHECK(out.write({data.data(), 4}).code() == status_code::wrong_state);
            CHECK(out.acquire().code() == status_code::wrong_state);
            REQUIRE(out.start() == status_code::ok);
        }
        CHECK(pauses >= 5);
        CHECK(out.drain() == status_code::ok);
        CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
        CHECK(out.position_frames() == data.size() / 4);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("a capture stream stopped and started again keeps what it recorded, in order") {
    for (const bool qemu : {false, true}) {
        CAPTURE(qemu);
        rig<> r(qemu ? model::qemu_profile() : model::default_profile());
        REQUIRE(r.open() == status_code::ok);
        auto& in = *r.driver.find(direction::capture);
        const bytes source = support::noise(1024 * 200);
        r.device().stream(in.id()).set_source(source);
        REQUIRE(r.prepare(in, small()) == status_code::ok);
        bytes got;
        for (u32 round = 0; round < 6; ++round) {
            REQUIRE(in.start() == status_code::ok);
            const bytes some = r.record(in, 1024 * 3 + 40 * round);
            got.insert(got.end(), some.begin(), some.end());
            REQUIRE(in.stop() == status_code::ok);
            // What was recorded can be read while it is stopped.
            if (round % 2 == 0) {
                bytes rest(8192);
                const auto n = in.read({rest.data(), rest.size()});
                if (n.ok())
                    got.insert(got.end(), rest.begin(),
                               rest.begin() + static_cast<std::ptrdiff_t>(n.value()));
            }
            const u64 at = in.position_frames();
            r.run(20'000'000);
            CHECK(in.position_frames() == at);
        }
        CHECK(std::equal(got.begin(), got.end(), source.begin()));
        CHECK(in.counters().short_captures == 0);
        CHECK(in.release() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("drop throws away what is queued; the stream is filled and started anew") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, small()) == status_code::ok);
    const bytes gone = support::noise(4096, 1);
    const bytes kept = support::noise(6000, 2);
    // Dropped from prepared: nothing was ever heard.
    REQUIRE(out.write({gone.data(), 2500}).ok());
    CHECK(out.drop() == status_code::ok);
    CHECK(out.state() == stream_state::prepared);
    CHECK(out.submitted_frames() == 0);
    CHECK(out.avail_frames() == 1024);
    CHECK(out.delay_frames() == 0);
    // Dropped while running.
    REQUIRE(out.write({gone.data(), 4096}).value() == 4096);
    REQUIRE(out.start() == status_code::ok);
    r.run(7'000'000);
    const u64 before = out.position_frames();
    CHECK(before == 256);
    CHECK(out.drop() == status_code::ok);
    CHECK(out.position_frames() == before);
    CHECK(out.submitted_frames() == before);
    const usize heard = r.device().stream(0).sink().size();
    CHECK(r.play(out, kept) == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), kept, pcm_format::s16, heard));
    CHECK(out.position_frames() == before + 1500);
    CHECK_CLEAN(r);
}

TEST_CASE("a dropped capture shows nothing of what was recorded before") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& in = *r.driver.find(direction::capture);
    REQUIRE(r.prepare(in, small()) == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    r.run(12'000'000);
    bytes some(100);
    REQUIRE(in.read({some.data(), some.size()}).value() == 100);
    CHECK(in.drop() == status_code::ok);
    CHECK(in.state() == stream_state::prepared);
    CHECK(in.avail_frames() == 0);
    CHECK(in.read({some.data(), some.size()}).code() == status_code::would_block);
    REQUIRE(in.start() == status_code::ok);
    CHECK(r.record(in, 4096).size() == 4096);
    CHECK_CLEAN(r);
}

// [virtio 1.4] Sound Device / PCM Stream Release
TEST_CASE("release gives back what was queued, started or not, and other parameters may follow") {
    for (const bool started : {false, true}) {
        CAPTURE(started);
        rig<> r;
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        for (u32 round = 1; round < 8; ++round) {
            pcm_params p = small();
            p.period_frames = 100 * round;
            p.periods = round;
            p.channels = static_cast<u8>(round);
            p.rate_hz = round % 2 == 0 ? 44100 : 96000;
            REQUIRE(r.prepare(out, p) == status_code::ok);
            CHECK(out.params() == p);
            CHECK(out.position_frames() == 0);
            const bytes data = support::noise(static_cast<usize>(audio_bytes(p)), round);
            REQUIRE(out.write({data.data(), data.size()}).value() == data.size());
            if (started) {
                REQUIRE(out.start() == status_code::ok);
                r.run(500'000);
            }
            CHECK(out.release() == status_code::ok);
            CHECK(out.in_flight() == 0);
            CHECK(r.device().queue(wire::SND_VQ_TX).in_flight() == 0);
        }
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("two outputs and an input at once, at different rates") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& a = *r.driver.find(direction::playback, 0);
    auto& b = *r.driver.find(direction::playback, 1);
    auto& in = *r.driver.find(direction::capture, 1);
    CHECK(in.id() == 3);
    pcm_params pa = small();
    pcm_params pb = small();
    pcm_params pi = small();
    pa.rate_hz = 44100;
    pb.rate_hz = 8000;
    pb.format = pcm_format::u8_;
    pb.channels = 1;
    pb.period_frames = 77;
    pi.rate_hz = 96000;
    REQUIRE(r.prepare(a, pa) == status_code::ok);
    REQUIRE(r.prepare(b, pb) == status_code::ok);
    REQUIRE(r.prepare(in, pi) == status_code::ok);
    const bytes da = support::noise(44100, 1);
    const bytes db = support::noise(3333, 2);
    const bytes source = support::noise(400'000, 3);
    r.device().stream(3).set_source(source);
    REQUIRE(in.start() == status_code::ok);
    usize at = 0;
    usize bt = 0;
    bytes got;
    while (at < da.size() || bt < db.size() || got.size() < 60'000) {
        REQUIRE(r.feed(a, da, at, 5000) == status_code::ok);
        REQUIRE(r.feed(b, db, bt, 100) == status_code::ok);
        bytes piece(3000);
        const auto n = in.read({piece.data(), piece.size()});
        if (n.ok())
            got.insert(got.end(), piece.begin(),
                       piece.begin() + static_cast<std::ptrdiff_t>(n.value()));
        r.kernel.wait(1'000'000);
    }
    CHECK(a.drain() == status_code::ok);
    CHECK(b.drain() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), da, pa.format));
    CHECK(support::plays_exactly(r.device().stream(1).sink(), db, pb.format));
    CHECK(std::equal(got.begin(), got.end(), source.begin()));
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("close while streams run, and open again") {
    for (const bool qemu : {false, true}) {
        rig<> r(qemu ? model::qemu_profile() : model::default_profile());
        for (u32 round = 0; round < 3; ++round) {
            REQUIRE(r.open() == status_code::ok);
            CHECK(r.open() == status_code::wrong_state);
            auto& out = *r.driver.find(direction::playback);
            auto& in = *r.driver.find(direction::capture);
            REQUIRE(r.prepare(out, small()) == status_code::ok);
            REQUIRE(r.prepare(in, small()) == status_code::ok);
            const bytes data = support::noise(5000, round);
            usize at = 0;
            REQUIRE(r.feed(out, data, at, 9999) == status_code::ok);
            REQUIRE(in.start() == status_code::ok);
            r.run(11'000'000);
            CHECK(out.state() == stream_state::running);
            CHECK(r.driver.close() == status_code::ok);
            CHECK(r.driver.close() == status_code::ok);
            CHECK(r.driver.state() == card_state::closed);
            CHECK(r.driver.find(0) == nullptr);
            CHECK_FALSE(r.device().live());
        }
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        REQUIRE(r.prepare(out, small()) == status_code::ok);
        const usize heard = r.device().stream(0).sink().size();
        const bytes data = support::noise(10'000);
        CHECK(r.play(out, data) == status_code::ok);
        CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16, heard));
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}
