#pragma once
// The whole driver at work on devices of several kinds, for clauses whose breach the model would
// record. (That it does is shown by model/violation_test.cpp: a bad driver for each of them.)

#include <support/sound_rig.hpp>
#include <vsnd/ring/packed_queue.hpp>

namespace conformance {

using support::bytes;
using support::rig;
using namespace vsnd;
using model::violation;

inline std::vector<model::device_profile> devices() {
    std::vector<model::device_profile> all{model::default_profile(), model::qemu_profile()};
    auto plain = model::default_profile();
    plain.event_idx = plain.indirect = plain.controls_feature = false;
    plain.config_bytes = 12;
    all.push_back(plain);
    auto large = model::default_profile();
    large.config_bytes = 64;
    while (large.streams.size() < 20)
        large.streams.push_back(large.streams[large.streams.size() % 4]);
    all.push_back(large);
    return all;
}

inline pcm_params sixteen_bit(u32 frames, u32 periods) {
    pcm_params p;
    p.period_frames = frames;
    p.periods = periods;
    return p;
}

// Plays a sound that ends within a period, stopping and going on in between.
template <class Rig>
void play_some(Rig& r, const pcm_params& p) {
    auto& out = *r.driver.find(direction::playback);
    REQUIRE(r.prepare(out, p) == status_code::ok);
    const usize before = r.device().stream(out.id()).sink().size();
    const bytes data = support::noise(usize{period_bytes(p)} * (p.periods + 3) + 40);
    usize at = 0;
    REQUIRE(r.feed(out, data, at, ~usize{0}) == status_code::ok);
    REQUIRE(out.stop() == status_code::ok);
    REQUIRE(out.start() == status_code::ok);
    REQUIRE(r.play(out, bytes(data.begin() + static_cast<std::ptrdiff_t>(at), data.end())) ==
            status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(out.id()).sink(), data, p.format, before));
    REQUIRE(out.release() == status_code::ok);
}

template <class Rig>
void record_some(Rig& r, const pcm_params& p) {
    auto& in = *r.driver.find(direction::capture);
    REQUIRE(r.prepare(in, p) == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    const usize wanted = usize{period_bytes(p)} * (p.periods + 3);
    CHECK(r.record(in, wanted).size() == wanted);
    REQUIRE(in.stop() == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    REQUIRE(in.release() == status_code::ok);
}

// Open, play, record, change parameters, have events and a change of the configuration, close.
template <class Rig>
void work(Rig& r) {
    REQUIRE(r.open() == status_code::ok);
    for (const pcm_params& p : {sixteen_bit(1024, 4), sixteen_bit(333, 6), sixteen_bit(2400, 2)}) {
        play_some(r, p);
        record_some(r, p);
    }
    for (u32 i = 0; i < 40; ++i) {
        (void)r.device().send_event(wire::SND_EVT_PCM_XRUN, 0);
        r.run(1'000'000);
    }
    REQUIRE(r.driver.close() == status_code::ok);
}

// The same driver over PCI with packed rings, and the same devices, which offer them.
template <class Policy = ring_policy>
using packed_rig = rig<no_handler, default_limits, Policy, packed_queue>;

inline std::vector<model::device_profile> packed_devices() {
    auto all = devices();
    for (auto& profile : all)
        profile.packed = true;
    return all;
}

// Runs the driver on each device and shows every run to `look`.
template <class Look>
void at_work(Look look) {
    for (const auto& profile : devices()) {
        CAPTURE(profile.name);
        rig<> r(profile);
        work(r);
        CHECK_CLEAN(r);
        look(r);
    }
}

// That the driver at work does not do this, on any device.
inline void check_never(std::initializer_list<violation> breaches) {
    at_work([&](auto& r) {
        for (const violation v : breaches)
            CHECK_MESSAGE(r.device().violations().count(v) == 0, r.report());
    });
}

// How many requests of a kind the device has answered.
template <class Rig>
usize requests(Rig& r, u32 code) {
    usize n = 0;
    for (const auto& e : r.device().trace().events())
        n += e.kind == model::trace_kind::request && e.number == code;
    return n;
}

} // namespace conformance
