// What a stream does when it has run dry, or over: restart, stop or silence.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>

using namespace vsnd;
using support::bytes;
using support::rig;

namespace {

constexpr u32 period = 256 * 4;

pcm_params four_of_256(pcm_format format = pcm_format::s16) {
    pcm_params p;
    p.format = format;
    p.period_frames = format == pcm_format::s16 ? 256 : 512;
    p.periods = 4;
    return p;
}

using stream_type = rig<>::stream;

stream_type& playing(rig<>& r, xrun_policy policy, const bytes& data, pcm_format format) {
    REQUIRE(r.open() == status_code::ok);
    stream_type& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, four_of_256(format)) == status_code::ok);
    out.set_xrun_policy(policy);
    REQUIRE(out.write({data.data(), 4 * period}).value() == 4 * period);
    REQUIRE(out.start() == status_code::ok);
    return out;
}

} // namespace

TEST_CASE("xrun: under `silence` the device never starves, and audio follows without a gap") {
    for (const pcm_format format : {pcm_format::s16, pcm_format::u8_}) {
        for (const u32 batch : {1u, 2u}) {
            CAPTURE(batch);
            rig<> r;
            const bytes data = support::noise(8 * period);
            stream_type& out = playing(r, xrun_policy::silence, data, format);
            REQUIRE(r.driver.set_policy(wire::SND_VQ_TX, {batch, batch}) == status_code::ok);
            r.run(100'000'000);
            CHECK(out.counters().xruns == 1);
            CHECK(out.state() == stream_state::running);
            CHECK(out.position_frames() == 4 * out.params().period_frames); // silence is no audio
            CHECK(out.write({data.data() + 4 * period, 4 * period}).value() == 4 * period);
            CHECK(out.drain() == status_code::ok);
            CHECK(r.device().stream(0).gaps() == 0);
            CHECK(out.position_frames() == 8 * out.params().period_frames);

            const bytes& sink = r.device().stream(0).sink();
            REQUIRE(sink.size() > 8 * period);
            CHECK(std::equal(data.begin(), data.begin() + 4 * period, sink.begin()));
            usize at = 4 * period;
            while (at < sink.size() && sink[at] == silence_byte(format, at))
                ++at;
            CHECK(at > 10 * period); // 100 ms have some 19 periods
            at -= at % period;       // audio may begin with what looks like silence
            CHECK(at % period == 0);
            REQUIRE(sink.size() >= at + 4 * period);
            CHECK(std::equal(data.begin() + 4 * period, data.end(),
                             sink.begin() + static_cast<std::ptrdiff_t>(at)));
            CHECK_CLEAN(r);
        }
    }
}

TEST_CASE("xrun: under `silence` every other operation goes its way") {
    rig<> r;
    const bytes data = support::noise(8 * period);
    stream_type& out = playing(r, xrun_policy::silence, data, pcm_format::s16);
    r.run(50'000'000);
    CHECK(out.stop() == status_code::ok);
    CHECK(out.drop() == status_code::ok);
    CHECK(out.write({data.data(), 4 * period}).value() == 4 * period);
    CHECK(out.start() == status_code::ok);
    r.run(50'000'000);
    CHECK(out.counters().xruns == 2);
    CHECK(out.recover() == status_code::would_block); // there is nothing to go on with
    CHECK(out.release() == status_code::ok);
    CHECK_CLEAN(r);
}

TEST_CASE("xrun: under `stop` the stream is stopped, says why, and starts anew") {
    rig<> r;
    const bytes data = support::noise(8 * period);
    stream_type& out = playing(r, xrun_policy::stop, data, pcm_format::s16);
    r.run(100'000'000);
    CHECK(out.state() == stream_state::stopped);
    CHECK(out.outcome() == status_code::xrun);
    CHECK(out.counters().xruns == 1);
    CHECK(out.start() == status_code::would_block); // nothing to play
    CHECK(out.drop() == status_code::ok);
    CHECK(out.write({data.data() + 4 * period, 4 * period}).value() == 4 * period);
    CHECK(out.start() == status_code::ok);
    CHECK(out.drain() == status_code::ok);
    CHECK(out.counters().xruns == 1); // a drain is none
    CHECK(out.position_frames() == 8 * 256);
    CHECK_CLEAN(r);
}

TEST_CASE("xrun: under `restart` the stream runs on with the next period") {
    rig<> r;
    const bytes data = support::noise(8 * period);
    stream_type& out = playing(r, xrun_policy::restart, data, pcm_format::s16);
    r.run(100'000'000);
    CHECK(out.counters().xruns == 1);
    CHECK(out.state() == stream_state::running);
    CHECK(out.write({data.data() + 4 * period, 4 * period}).value() == 4 * period);
    CHECK(out.drain() == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, pcm_format::s16));
    CHECK_CLEAN(r);
}

TEST_CASE("xrun: a reader that is too slow stops its stream under `stop`, and no other way") {
    for (const xrun_policy policy :
         {xrun_policy::restart, xrun_policy::silence, xrun_policy::stop}) {
        rig<> r;
        REQUIRE(r.open() == status_code::ok);
        stream_type& in = *r.driver.find(direction::capture);
        REQUIRE(r.prepare(in, four_of_256()) == status_code::ok);
        in.set_xrun_policy(policy);
        REQUIRE(in.start() == status_code::ok);
        r.run(100'000'000);
        CHECK(in.counters().xruns == 1);
        const bool stops = policy == xrun_policy::stop;
        CHECK(in.state() == (stops ? stream_state::stopped : stream_state::running));
        CHECK(in.outcome() == (stops ? status_code::xrun : status_code::ok));
        CHECK(r.record(in, 4 * period).size() == 4 * period); // what was recorded stays
        CHECK(in.release() == status_code::ok);
        CHECK_CLEAN(r);
    }
}
