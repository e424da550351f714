// Capture through the whole driver: the reader gets exactly what the device recorded.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;
using support::rig;

namespace {

struct geometry {
    u32 frames;
    u32 periods;
    pcm_format format;
    u8 channels;
    u32 rate;
};

constexpr geometry geometries[] = {
    {256, 4, pcm_format::s16, 2, 48000},   {333, 3, pcm_format::s16, 2, 44100},
    {64, 16, pcm_format::s16, 2, 48000},   {1024, 4, pcm_format::s16, 1, 96000},
    {4096, 2, pcm_format::s16, 2, 48000},  {300, 4, pcm_format::s16, 6, 48000},
    {256, 4, pcm_format::s24_3, 2, 48000}, {512, 4, pcm_format::ima_adpcm, 1, 8000},
    {240, 5, pcm_format::u8_, 1, 12000},   {960, 3, pcm_format::float64, 8, 48000},
};

pcm_params params_of(const geometry& g) {
    pcm_params p;
    p.format = g.format;
    p.channels = g.channels;
    p.rate_hz = g.rate;
    p.period_frames = g.frames;
    p.periods = g.periods;
    return p;
}

constexpr u32 input = 2; // of the default profile

} // namespace

// [virtio 1.4] Sound Device / PCM Input Stream
TEST_CASE("capture is bit-exact in every geometry and format") {
    for (const geometry& g : geometries) {
        const pcm_params p = params_of(g);
        CAPTURE(g.frames);
        CAPTURE(to_string(g.format));
        rig<> r;
        REQUIRE(r.open() == status_code::ok);
        auto& in = *r.driver.find(direction::capture);
        REQUIRE(in.id() == input);
        const usize count = usize{period_bytes(p)} * (2 * g.periods + 3);
        const bytes source = support::noise(2 * count, g.frames);
        r.device().stream(input).set_source(source);
        REQUIRE(r.prepare(in, p) == status_code::ok);
        REQUIRE(in.start() == status_code::ok);
        const bytes got = r.record(in, count);
        REQUIRE(got.size() == count);
        CHECK(std::equal(got.begin(), got.end(), source.begin()));
        CHECK(in.counters().io_errors == 0);
        CHECK(in.counters().xruns == 0);
        CHECK(in.release() == status_code::ok);
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("capture reads in pieces of any size, whole frames only") {
    for (const usize chunk :
         {usize{4}, usize{6}, usize{7}, usize{1023}, usize{1500}, usize{9999}}) {
        CAPTURE(chunk);
        rig<> r;
        REQUIRE(r.open() == status_code::ok);
        auto& in = *r.driver.find(direction::capture);
        const bytes source = support::noise(1024 * 30);
        r.device().stream(input).set_source(source);
        pcm_params p;
        p.period_frames = 256;
        REQUIRE(r.prepare(in, p) == status_code::ok);
        REQUIRE(in.start() == status_code::ok);
        const bytes got = r.record(in, 1024 * 9 + 400, chunk);
        REQUIRE(got.size() == 1024 * 9 + 400);
        CHECK(std::equal(got.begin(), got.end(), source.begin()));
        CHECK(in.delay_frames() == in.avail_frames());
        CHECK_CLEAN(r);
    }
}

TEST_CASE("capture in place: the same period until it is committed, then the next") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& in = *r.driver.find(direction::capture);
    const bytes source = support::noise(1024 * 30);
    r.device().stream(input).set_source(source);
    pcm_params p;
    p.period_frames = 256;
    REQUIRE(r.prepare(in, p) == status_code::ok);
    CHECK(in.acquire().code() == status_code::would_block);
    CHECK(in.commit() == status_code::wrong_state);
    REQUIRE(in.start() == status_code::ok);
    bytes got;
    while (got.size() < 1024 * 12) {
        const auto there = in.acquire();
        if (!there.ok()) {
            REQUIRE(there.code() == status_code::would_block);
            r.kernel.wait(1'000'000);
            continue;
        }
        REQUIRE(there.value().size() == 1024);
        CHECK(in.acquire().value().data() == there.value().data());
        got.insert(got.end(), there.value().begin(), there.value().end());
        CHECK(in.commit() == status_code::ok);
        CHECK(in.commit() == status_code::wrong_state);
    }
    CHECK(std::equal(got.begin(), got.end(), source.begin()));
    CHECK_CLEAN(r);
}

namespace {

struct collector {
    bytes* got = nullptr;
    template <class Stream>
    void period_done(Stream& s) {
        const auto there = s.acquire();
        if (!there.ok()) return;
        got->insert(got->end(), there.value().begin(), there.value().end());
        (void)s.commit();
    }
};

} // namespace

TEST_CASE("capture read from period_done") {
    for (const bool qemu : {false, true}) {
        CAPTURE(qemu);
        bytes got;
        rig<collector> r(qemu ? model::qemu_profile() : model::default_profile(), {&got});
        REQUIRE(r.open() == status_code::ok);
        auto& in = *r.driver.find(direction::capture);
        const bytes source = support::noise(1024 * 100);
        r.device().stream(in.id()).set_source(source);
        pcm_params p;
        p.period_frames = 256;
        p.periods = 8;
        REQUIRE(r.prepare(in, p) == status_code::ok);
        REQUIRE(in.start() == status_code::ok);
        for (u32 i = 0; i < 1000 && got.size() < 1024 * 40; ++i)
            r.run(1'000'000);
        REQUIRE(got.size() >= 1024 * 40);
        CHECK(std::equal(got.begin(), got.end(), source.begin()));
        CHECK(in.counters().xruns == 0);
        CHECK(in.position_frames() == got.size() / 4);
        CHECK(in.release() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("a capture that nobody reads overruns once, and goes on when it is read") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& in = *r.driver.find(direction::capture);
    const bytes source = support::noise(1024 * 300);
    r.device().stream(input).set_source(source);
    pcm_params p;
    p.period_frames = 256;
    REQUIRE(r.prepare(in, p) == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    r.run(300'000'000);
    CHECK(in.counters().xruns == 1);
    CHECK(in.in_flight() == 0);
    CHECK(in.position_frames() == 1024);
    CHECK(in.avail_frames() == 1024);
    // What was recorded before the overrun is whole, then comes what followed the gap.
    const bytes got = r.record(in, 1024 * 8);
    REQUIRE(got.size() == 1024 * 8);
    CHECK(std::equal(got.begin(), got.begin() + 4096, source.begin()));
    const auto later = std::search(source.begin(), source.end(), got.begin() + 4096, got.end());
    CHECK(later != source.end());
    CHECK(in.counters().xruns == 1);
    CHECK_CLEAN(r);
}

// On a stop the device flushes what it has: a period that is partly filled. QEMU puts the status
// right behind the audio, others at the end; both are told by the used length.
// [virtio 1.4] Split Virtqueues / The Virtqueue Used Ring, driver 1
TEST_CASE("a short capture gives exactly what was captured, with the status in either place") {
    for (const bool after_data : {true, false}) {
        CAPTURE(after_data);
        model::device_profile profile = model::default_profile();
        profile.rx_status_after_data = after_data;
        rig<> r(profile);
        REQUIRE(r.open() == status_code::ok);
        auto& in = *r.driver.find(direction::capture);
        const bytes source = support::noise(1024 * 30);
        r.device().stream(input).set_source(source);
        pcm_params p;
        p.period_frames = 256;
        REQUIRE(r.prepare(in, p) == status_code::ok);
        REQUIRE(in.start() == status_code::ok);
        // Two completions that claim less: whole frames of it count.
        r.device().faults().used.push_back({wire::SND_VQ_RX, 1, false, 0, true, 400 + 8});
        r.device().faults().used.push_back({wire::SND_VQ_RX, 1, false, 0, true, 7 + 8});
        r.run(12'000'000);
        CHECK(in.counters().short_captures == 2);
        CHECK(in.position_frames() == 101);
        bytes got(2048);
        REQUIRE(in.read({got.data(), got.size()}).value() == 404);
        CHECK(std::equal(got.begin(), got.begin() + 400, source.begin()));
        CHECK(std::equal(got.begin() + 400, got.begin() + 404, source.begin() + 1024));
        CHECK(in.stop() == status_code::ok);
        CHECK(in.release() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

// [virtio 1.4] Split Virtqueues / The Virtqueue Used Ring, driver 1
TEST_CASE("lengths that cannot be are counted, and nothing of such a period is given out") {
    for (const u32 length : {0u, 1u, 7u, 1033u, 0xffff'ffffu}) {
        CAPTURE(length);
        rig<> r;
        REQUIRE(r.open() == status_code::ok);
        auto& in = *r.driver.find(direction::capture);
        const bytes source = support::noise(1024 * 30);
        r.device().stream(input).set_source(source);
        pcm_params p;
        p.period_frames = 256;
        REQUIRE(r.prepare(in, p) == status_code::ok);
        r.device().faults().used.push_back({wire::SND_VQ_RX, 1, false, 0, true, length});
        REQUIRE(in.start() == status_code::ok);
        const bytes got = r.record(in, 4096);
        REQUIRE(got.size() == 4096);
        CHECK(std::equal(got.begin(), got.end(), source.begin() + 1024));
        CHECK(in.counters().bad_lengths == 1);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("a capture period with an error is counted and skipped") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& in = *r.driver.find(direction::capture);
    const bytes source = support::noise(1024 * 30);
    r.device().stream(input).set_source(source);
    pcm_params p;
    p.period_frames = 256;
    REQUIRE(r.prepare(in, p) == status_code::ok);
    r.device().faults().io_error_stream = input;
    r.device().faults().io_errors = 2;
    REQUIRE(in.start() == status_code::ok);
    const bytes got = r.record(in, 4096);
    REQUIRE(got.size() == 4096);
    CHECK(std::equal(got.begin(), got.end(), source.begin() + 2048));
    CHECK(in.counters().io_errors == 2);
    CHECK(in.position_frames() >= 1024);
    CHECK_CLEAN(r);
}

TEST_CASE("what the device did not record is never shown") {
    // A device that claims whole periods but never writes: zeros, not what was there before.
    model::device_profile profile = model::default_profile();
    rig<> r(profile);
    REQUIRE(r.open() == status_code::ok);
    auto& in = *r.driver.find(direction::capture);
    pcm_params p;
    p.period_frames = 256;
    const stream_memory memory = r.memory_for(p);
    std::fill_n(memory.audio.cpu, memory.audio.bytes, u8{0x77});
    REQUIRE(in.prepare(p, memory) == status_code::ok);
    CHECK(std::count(memory.audio.cpu, memory.audio.cpu + memory.audio.bytes, u8{0}) == 4096);
    CHECK_CLEAN(r);
}
