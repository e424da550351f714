// The habits of the small devices, and of those with a clock or with control elements.

#include <doctest/doctest.h>

#include <string>

#include "profiles_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::careful_driver;
using raw::ms;

namespace {

constexpr u32 bad_msg = wire::SND_S_BAD_MSG;
constexpr u32 not_supp = wire::SND_S_NOT_SUPP;
constexpr u32 io_err = wire::SND_S_IO_ERR;
constexpr u32 all_ok = wire::SND_S_OK;

constexpr u32 ms_bytes = 192; // of S16 stereo at 48 kHz

u32 start(careful_driver& d, u32 stream) {
    return d.pcm(wire::SND_R_PCM_START, stream);
}
u32 stop(careful_driver& d, u32 stream) {
    return d.pcm(wire::SND_R_PCM_STOP, stream);
}

} // namespace

TEST_CASE("habit: aosp takes a buffer at START and one for each period of its clock") {
    careful_driver d(aosp_emulator_profile());
    d.come_up();
    CHECK(start(d, 0) == bad_msg); // before PREPARE
    d.prepare(0, 10 * ms_bytes, 3);
    for (u32 i = 0; i < 3; ++i)
        d.play(0, raw::noise(10 * ms_bytes, i + 1));
    d.device.advance(3 * ms);
    CHECK(start(d, 0) == all_ok);
    CHECK(d.completions(0) == std::vector<u64>{3 * ms});
    d.device.advance(100 * ms);
    CHECK(d.completions(0) == std::vector<u64>{3 * ms, 13 * ms, 23 * ms});
    // Nothing to take from 33 ms on; the clock has gone on meanwhile.
    const raw::message late = d.play(0, raw::noise(10 * ms_bytes, 4));
    d.device.advance(100 * ms);
    CHECK(d.completions(0).back() == 113 * ms);
    CHECK(late.answer().latency_bytes == 10 * ms_bytes);
    CHECK(d.device.stream(0).gaps() == 1);
}

TEST_CASE("habit: aosp's clock goes on when the backend does not") {
    careful_driver d(aosp_emulator_profile());
    d.come_up();
    d.device.faults().stall_at_frame = 48;
    d.prepare(0, 10 * ms_bytes, 4);
    std::vector<raw::message> all;
    for (u32 i = 0; i < 4; ++i)
        all.push_back(d.play(0, raw::noise(10 * ms_bytes)));
    CHECK(start(d, 0) == all_ok);
    d.device.advance(100 * ms);
    CHECK(d.completions(0) == std::vector<u64>{0, 10 * ms, 20 * ms, 30 * ms});
    CHECK(d.device.stream(0).played_frames_at(100 * ms) == 48);
    CHECK(all.back().answer().latency_bytes == 4 * 10 * ms_bytes - ms_bytes);
}

TEST_CASE("habit: the clock of a period that is no whole nanoseconds adds up no error") {
    careful_driver d(aosp_emulator_profile());
    d.come_up();
    auto p = d.fitting(0, 333 * 4, 4);
    p.rate = wire::SND_PCM_RATE_44100;
    CHECK(d.ask(p).code == all_ok);
    d.pcm(wire::SND_R_PCM_PREPARE, 0);
    for (u32 i = 0; i < 4; ++i)
        d.play(0, raw::noise(333 * 4));
    CHECK(start(d, 0) == all_ok);
    d.device.advance(1000 * ms);
    std::vector<u64> expected;
    for (u64 i = 0; i < 4; ++i)
        expected.push_back((i * 333 * 1'000'000'000 + 44099) / 44100);
    CHECK(d.completions(0) == expected);
    CHECK(d.device.stream(0).gaps() == 0);
}

TEST_CASE("habit: stratovirt has a volume and a switch, and refuses what they are not") {
    careful_driver d(stratovirt_profile());
    d.come_up();
    CHECK(d.config(12) == 2);
    const raw::reply infos = d.ask_items(wire::SND_R_CTL_INFO, 0, 2, sizeof(wire::snd_ctl_info));
    REQUIRE(infos.code == all_ok);
    const std::string bytes(infos.payload.begin(), infos.payload.end());
    CHECK(bytes.find("Master Playback Volume") != std::string::npos);
    const auto element = [&](u32 code, u32 id, u32 room) {
        return d.ask(wire::snd_ctl_hdr{{code}, id}, room).code;
    };
    CHECK(element(wire::SND_R_CTL_READ, 0, sizeof(wire::snd_ctl_value)) == all_ok);
    CHECK(element(wire::SND_R_CTL_READ, 1, sizeof(wire::snd_ctl_value)) == all_ok);
    CHECK(element(wire::SND_R_CTL_ENUM_ITEMS, 0, 64) == not_supp);
    CHECK(element(wire::SND_R_CTL_TLV_READ, 0, 64) == not_supp);
    const auto write = [&](u32 value) {
        std::vector<u8> request(sizeof(wire::snd_ctl_hdr) + sizeof(wire::snd_ctl_value));
        const wire::snd_ctl_hdr header{{wire::SND_R_CTL_WRITE}, 0};
        std::memcpy(request.data(), &header, sizeof(header));
        raw::put_little(request.data() + sizeof(header), value);
        return d.ask_bytes(request.data(), static_cast<u32>(request.size())).code;
    };
    CHECK(write(101) == bad_msg);
    CHECK(d.device.events_sent() == 0);
    CHECK(write(40) == all_ok);
    CHECK(d.device.events_sent() == 1);
}

TEST_CASE("habit: libvmm has error codes of its own, and answers for items that are not there") {
    careful_driver d(libvmm_profile());
    d.come_up();
    CHECK(d.offered() == bit(wire::F_VERSION_1));
    CHECK(start(d, 0) == 2);
    CHECK(d.set_params(7) == 2);
    const raw::reply beyond = d.ask_items(wire::SND_R_PCM_INFO, 5, 2, 32);
    CHECK(beyond.code == all_ok);
    CHECK(beyond.payload == std::vector<u8>(64, 0xcc));
    d.set_params(0);
    d.pcm(wire::SND_R_PCM_PREPARE, 0);
    const dma_region r = d.memory.allocate(12);
    std::memset(r.cpu, 0, 12);
    d.send(raw::tx, {{r.bus, 4}, {r.bus + 4, 8, true}}); // no data
    CHECK(d.take(raw::tx).len == 8);
    CHECK(r.cpu[4] == 2);
}

TEST_CASE("habit: libvmm gives back full capture buffers or none") {
    careful_driver d(libvmm_profile());
    d.come_up();
    d.prepare(1, 10 * ms_bytes, 2);
    const raw::message full = d.record(1, 10 * ms_bytes);
    const raw::message half = d.record(1, 10 * ms_bytes);
    CHECK(start(d, 1) == all_ok);
    d.device.advance(15 * ms);
    CHECK(stop(d, 1) == all_ok);
    CHECK(d.pcm(wire::SND_R_PCM_RELEASE, 1) == all_ok);
    CHECK(d.take(raw::rx).len == 10 * ms_bytes + 8);
    CHECK(full.answer().code == all_ok);
    CHECK(d.take(raw::rx).len == 8);
    CHECK(half.answer().code == 2);
}

TEST_CASE("habit: vcml wants exact lengths") {
    careful_driver d(vcml_profile());
    d.come_up();
    CHECK(d.ask(wire::snd_query_info{{wire::SND_R_PCM_INFO}, 0, 1, 32}, 64).code == bad_msg);
    CHECK(d.query(wire::SND_R_PCM_INFO, 0, 1, 32) == all_ok);
    d.prepare(1);
    const raw::message m = d.record(1, 512);
    CHECK(d.take(raw::rx).any);
    CHECK(m.answer().code == io_err);
}

TEST_CASE("habit: vcml that runs dry, or is started so, waits for a new START") {
    careful_driver d(vcml_profile());
    d.come_up();
    d.prepare(0, ms_bytes, 2);
    CHECK(start(d, 0) == all_ok); // empty
    d.play(0, raw::noise(ms_bytes));
    d.device.advance(100 * ms);
    CHECK(d.device.stream(0).halted());
    CHECK(d.completions(0).empty());
    CHECK(start(d, 0) == all_ok);
    d.device.advance(10 * ms);
    CHECK(d.completions(0) == std::vector<u64>{101 * ms});
    d.play(0, raw::noise(ms_bytes)); // it ran dry at 101 ms
    d.device.advance(100 * ms);
    CHECK(d.completions(0).size() == 1);
    CHECK(stop(d, 0) == all_ok);
    CHECK(start(d, 0) == all_ok);
    d.device.advance(10 * ms);
    CHECK(d.completions(0).back() == 211 * ms);
}

TEST_CASE("habit: vcml paces by the length of each buffer, and never writes a status") {
    careful_driver d(vcml_profile());
    d.come_up();
    d.prepare(0, 10 * ms_bytes, 2);
    const raw::message m = d.play(0, raw::noise(10 * ms_bytes));
    d.play(0, raw::noise(10 * ms_bytes));
    CHECK(start(d, 0) == all_ok);
    d.device.advance(100 * ms);
    CHECK(d.completions(0) == std::vector<u64>{10 * ms, 20 * ms});
    CHECK(m.answer().code == 0xeeee'eeee);
    CHECK(d.take(raw::tx).len == 8);
}

TEST_CASE("habit: semu does not survive a doorbell of events or capture") {
    for (const u32 queue : {raw::event, raw::rx}) {
        careful_driver d(semu_profile());
        d.come_up();
        CHECK(d.device.crashed() == nullptr);
        d.doorbell(queue);
        CHECK(d.device.crashed() != nullptr);
        CHECK(d.state() == 0xff);
    }
}

TEST_CASE("habit: semu reaches no memory above 4 GiB") {
    guest_memory high;
    CHECK(high.allocate(64).bus.value >= parts::four_gib);
    careful_driver d(semu_profile());
    CHECK(d.memory.allocate(64).bus.value < parts::four_gib);
    d.come_up();
    d.prepare(0, 1024, 2);
    device_profile p = semu_profile();
    p.address_end = d.memory.allocate(64).bus.value; // now this is where memory ends
    careful_driver limited(p);
    limited.come_up();
    REQUIRE((limited.state() & wire::DEVICE_STATUS_NEEDS_RESET) == 0);
    while (limited.memory.allocate(1 << 20).bus.value < p.address_end) {
    }
    limited.pcm(wire::SND_R_PCM_PREPARE, 0);
    CHECK((limited.state() & wire::DEVICE_STATUS_NEEDS_RESET) != 0);
}

TEST_CASE("habit: semu takes playback when it copies it, in mono and at any rate") {
    careful_driver d(semu_profile());
    d.come_up();
    CHECK(d.ask(raw::driver::params(0, 1024, 2)).code == not_supp); // stereo
    d.prepare(0, 1024, 2);
    CHECK(start(d, 0) == all_ok);
    d.play(0, raw::noise(1024));
    CHECK(d.completions(0) == std::vector<u64>{0});
    d.play(0, raw::noise(1024));
    d.device.advance(1000 * ms);
    CHECK(d.device.stream(0).converted_frames() == 1024);
    CHECK(d.device.stream(0).gaps() == 0);
}

TEST_CASE("habit: semu answers every query from its first item on") {
    device_profile p = default_profile();
    p.ignores_start_id = semu_profile().ignores_start_id;
    careful_driver d(p);
    d.come_up();
    std::vector<u8> third;
    CHECK(d.query(wire::SND_R_PCM_INFO, 2, 1, 32, &third) == all_ok);
    CHECK(third.at(24) == wire::SND_D_OUTPUT); // that of item 0; item 2 is an input
    careful_driver honest(default_profile());
    honest.come_up();
    CHECK(honest.query(wire::SND_R_PCM_INFO, 2, 1, 32, &third) == all_ok);
    CHECK(third.at(24) == wire::SND_D_INPUT);
}
