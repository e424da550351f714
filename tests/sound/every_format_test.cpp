// Every format at every rate through the driver, and the PCM features that change how a stream
// talks: the bytes arrive as they were, and the rest of the last period is this format's silence.

#include <doctest/doctest.h>

#include <support/party.hpp>
#include <support/rounds.hpp>

using namespace vsnd;
using support::bytes;
using support::ms;
using support::with;

namespace {

// Silence of each format, the lowest byte first, as written down by hand.
struct silence_row {
    pcm_format format;
    bytes sample;
};
const silence_row rows[] = {
    {pcm_format::ima_adpcm, {0}},
    {pcm_format::mu_law, {0xff}},
    {pcm_format::a_law, {0xd5}},
    {pcm_format::s8, {0}},
    {pcm_format::u8_, {0x80}},
    {pcm_format::s16, {0, 0}},
    {pcm_format::u16_, {0, 0x80}},
    {pcm_format::s18_3, {0, 0, 0}},
    {pcm_format::u18_3, {0, 0, 0x02}},
    {pcm_format::s20_3, {0, 0, 0}},
    {pcm_format::u20_3, {0, 0, 0x08}},
    {pcm_format::s24_3, {0, 0, 0}},
    {pcm_format::u24_3, {0, 0, 0x80}},
    {pcm_format::s20, {0, 0, 0, 0}},
    {pcm_format::u20, {0, 0, 0x08, 0}},
    {pcm_format::s24, {0, 0, 0, 0}},
    {pcm_format::u24, {0, 0, 0x80, 0}},
    {pcm_format::s32_, {0, 0, 0, 0}},
    {pcm_format::u32_, {0, 0, 0, 0x80}},
    {pcm_format::float32, {0, 0, 0, 0}},
    {pcm_format::float64, {0, 0, 0, 0, 0, 0, 0, 0}},
    {pcm_format::dsd_u8, {0x69}},
    {pcm_format::dsd_u16, {0x69, 0x69}},
    {pcm_format::dsd_u32, {0x69, 0x69, 0x69, 0x69}},
    {pcm_format::iec958_subframe, {0, 0, 0, 0}},
};
static_assert(sizeof(rows) / sizeof(rows[0]) == pcm_format_count);

u32 hz(u32 rate) {
    return rate_hz(static_cast<pcm_rate>(rate));
}

// Periods of 5 ms, of whole groups of frames.
pcm_params any(pcm_format format, u32 rate) {
    return with(format, static_cast<u8>(1 + (to_wire(format) + rate) % 4), hz(rate),
                hz(rate) / 400 * 2, 4);
}

bool is_silence(const bytes& sink, usize from, const bytes& sample) {
    for (usize i = from; i < sink.size(); ++i)
        if (sink[i] != sample[(i - from) % sample.size()]) return false;
    return sink.size() > from;
}

} // namespace

// [virtio 1.4] Sound Device / PCM Stream Parameters
TEST_CASE("every format at every rate is played to the byte, and silence in it at the end") {
    u32 number = 0;
    for (const silence_row& row : rows) {
        support::rig<> r;
        REQUIRE(r.open() == status_code::ok);
        auto& out = *r.driver.find(direction::playback);
        const bytes& sink = r.device().stream(out.id()).sink();
        for (u32 rate = 0; rate < pcm_rate_count; ++rate) {
            if (!support::one_in(5, number++)) continue;
            CAPTURE(std::string(to_string(row.format)));
            CAPTURE(hz(rate));
            const pcm_params p = any(row.format, rate);
            REQUIRE(r.prepare(out, p) == status_code::ok);
            const usize sample_bits =
                row.format == pcm_format::ima_adpcm ? 4 : 8 * row.sample.size();
            CHECK(out.period_bytes() == p.period_frames * p.channels * sample_bits / 8);
            const frame_layout layout(p.format, p.channels);
            const u32 part = layout.round_down(out.period_bytes() / 3);
            const bytes data = support::noise(usize{out.period_bytes()} * 5 + part, rate + 1);
            const usize from = sink.size();
            CHECK(r.play(out, data) == status_code::ok);
            REQUIRE(sink.size() > from + data.size());
            const auto begin = sink.begin() + static_cast<std::ptrdiff_t>(from);
            CHECK(std::equal(data.begin(), data.end(), begin));
            CHECK(is_silence(sink, from + data.size(), row.sample));
            CHECK(out.position_frames() == u64{5} * p.period_frames + layout.frames(part));
            REQUIRE(out.release() == status_code::ok);
        }
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

TEST_CASE("every format at every rate is recorded to the byte") {
    for (const silence_row& row : rows) {
        support::rig<> r;
        REQUIRE(r.open() == status_code::ok);
        auto& in = *r.driver.find(direction::capture);
        const bytes source = support::noise(1 << 19, to_wire(row.format) + 1);
        for (u32 rate = row.format == pcm_format::s16 ? 0 : to_wire(row.format) % 4;
             rate < pcm_rate_count; rate += row.format == pcm_format::s16 ? 1 : 4) {
            CAPTURE(std::string(to_string(row.format)));
            CAPTURE(hz(rate));
            u64 first = ~u64{0};
            r.device().stream(in.id()).set_source([&](u64 at, u8* into, usize n) {
                first = lesser(first, at);
                std::copy_n(source.data() + (at - first), n, into);
            });
            const pcm_params p = any(row.format, rate);
            REQUIRE(r.prepare(in, p) == status_code::ok);
            REQUIRE(in.start() == status_code::ok);
            const usize count = usize{in.period_bytes()} * 6;
            const bytes got = r.record(in, count);
            REQUIRE(got.size() == count);
            CHECK(std::equal(got.begin(), got.end(), source.begin()));
            REQUIRE(in.stop() == status_code::ok);
            REQUIRE(in.release() == status_code::ok);
        }
        CHECK(r.driver.close() == status_code::ok);
        CHECK_CLEAN(r);
    }
}

namespace {

pcm_params featured(u32 feature) {
    pcm_params p = with(pcm_format::s16, 2, 48000, 256, 8);
    p.features = 1u << feature;
    return p;
}

} // namespace

TEST_CASE("MSG_POLLING on all prepared streams of a queue: no doorbells while they play") {
    for (const bool both : {true, false}) {
        CAPTURE(both);
        support::rig<> r;
        REQUIRE(r.open() == status_code::ok);
        const pcm_params polled = featured(wire::SND_PCM_F_MSG_POLLING);
        support::party first(r, *r.driver.find(direction::playback, 0), polled, 1);
        support::party second(r, *r.driver.find(direction::playback, 1),
                              both ? polled : with(pcm_format::s16, 2, 48000, 256, 8), 2);
        first.start();
        second.start();
        const u64 rung = r.device().doorbells(wire::SND_VQ_TX);
        support::live(r, {&first, &second}, 500 * ms);
        CHECK((r.device().doorbells(wire::SND_VQ_TX) == rung) == both);
        support::live_until_finished(r, first, {&first, &second});
        support::live_until_finished(r, second, {&first, &second});
        for (support::party* p : {&first, &second}) {
            CHECK(p->stream().drain() == status_code::ok);
            CHECK(p->exact());
            CHECK(p->end().gaps() <= 1); // the second one waits for the first one's drain
        }
        CHECK(r.driver.close() == status_code::ok);
        CHECK(r.device().violations().entries().empty());
    }
}

namespace {

struct listener {
    bytes* told = nullptr;
    template <class Stream>
    void xrun(Stream& s) {
        told->push_back(static_cast<u8>(s.id()));
    }
};

} // namespace

TEST_CASE("EVT_XRUNS: the device tells of the stream that asked for it, and of no other") {
    bytes told;
    support::rig<listener> r(model::default_profile(), {&told});
    REQUIRE(r.open() == status_code::ok);
    auto& asked = *r.driver.find(direction::playback, 0);
    auto& silent = *r.driver.find(direction::playback, 1);
    auto& heard = *r.driver.find(direction::capture);
    REQUIRE(r.prepare(asked, featured(wire::SND_PCM_F_EVT_XRUNS)) == status_code::ok);
    REQUIRE(r.prepare(silent, with(pcm_format::s16, 2, 48000, 256, 8)) == status_code::ok);
    REQUIRE(r.prepare(heard, featured(wire::SND_PCM_F_EVT_XRUNS)) == status_code::ok);
    const auto events = [&] { return r.driver.counters().events; };
    const auto starve = [&](auto& s) {
        const bytes data = support::noise(8192);
        if (s.flow() == direction::playback) REQUIRE(s.write({data.data(), 8192}).ok());
        REQUIRE(s.start() == status_code::ok);
        told.clear();
        r.run(200 * ms);
        REQUIRE_FALSE(told.empty());
        for (const u8 id : told)
            CHECK(id == s.id());
        CHECK(s.counters().xruns != 0);
        REQUIRE(s.stop() == status_code::ok);
        REQUIRE(s.drop() == status_code::ok);
    };
    starve(silent);
    CHECK(events() == 0);
    starve(asked);
    CHECK(events() == 1);
    starve(heard);
    CHECK(events() == 2);
    CHECK(r.driver.counters().stray_events == 0);
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}
