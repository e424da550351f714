// The habits in which devices differ, one by one, on the profile that has them.

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

} // namespace

TEST_CASE("habit: qemu looks at no event buffer, and answers control elements with BAD_MSG") {
    careful_driver d(qemu_profile());
    d.come_up();
    d.prepare(0);
    CHECK(start(d, 0) == all_ok);
    CHECK_FALSE(d.device.send_event(wire::SND_EVT_PCM_PERIOD_ELAPSED, 0));
    CHECK(d.device.queue(raw::event).popped() == 0);
    CHECK(d.device.violations().count(violation::event_queue_empty) == 0);
    CHECK(d.query(wire::SND_R_CTL_INFO, 0, 1, sizeof(wire::snd_ctl_info)) == bad_msg);
}

TEST_CASE("habit: qemu tells the channels of the last PREPARE as the most that it has") {
    careful_driver d(qemu_profile());
    d.come_up();
    std::vector<u8> items;
    const auto most = [&] {
        d.query(wire::SND_R_PCM_INFO, 0, 1, 32, &items);
        return items.at(26);
    };
    CHECK(most() == 16);
    auto mono = raw::driver::params(0, 1024, 4);
    mono.channels = 1;
    CHECK(d.ask(mono).code == all_ok);
    d.pcm(wire::SND_R_PCM_PREPARE, 0);
    CHECK(most() == 1);
    CHECK(d.set_params(0) == all_ok); // and still takes two
}

TEST_CASE("habit: qemu brings buffers of before a reset back into the new ring") {
    careful_driver d(qemu_profile());
    d.come_up();
    d.prepare(0);
    raw::message lost = d.play(0, raw::noise(1024));
    const u16 head = lost.head;
    d.come_up();
    REQUIRE(d.queues[raw::tx].avail_idx == 0);
    d.prepare(0);
    CHECK_FALSE(d.take(raw::tx).any);
    CHECK(start(d, 0) == all_ok);
    const auto stale = d.take(raw::tx);
    CHECK(stale.any);
    CHECK(stale.id == head);
    CHECK(d.device.queue(raw::tx).returned() == 0); // no chain of this ring
}

TEST_CASE("habit: qemu 8.2 says 4 bytes for an answer with items") {
    careful_driver d(qemu_8_2_profile());
    d.come_up();
    const raw::reply r = d.ask(wire::snd_query_info{{wire::SND_R_PCM_INFO}, 0, 2, 32}, 64);
    CHECK(r.len == 4);
    CHECK(r.payload.at(24) == wire::SND_D_OUTPUT);
    CHECK(r.payload.at(32 + 24) == wire::SND_D_INPUT);
}

TEST_CASE("habit: crosvm answers wrong transitions and any feature with NOT_SUPP") {
    careful_driver d(crosvm_profile());
    d.come_up();
    CHECK(start(d, 0) == not_supp);
    auto p = raw::driver::params(0, 1024, 4);
    p.features = 1u << wire::SND_PCM_F_EVT_XRUNS;
    CHECK(d.ask(p).code == not_supp);
    CHECK(d.config(12) == 0); // sixteen bytes
    CHECK(d.device.violations().count(violation::register_outside) == 0);
}

TEST_CASE("habit: crosvm finds a broken frame at PREPARE, and dies of a period of nothing") {
    careful_driver d(crosvm_profile());
    d.come_up();
    CHECK(d.set_params(0, 1022, 4) == all_ok);
    CHECK(d.pcm(wire::SND_R_PCM_PREPARE, 0) == not_supp);
    CHECK(d.device.stream(0).state() == pcm_state::params_set);
    CHECK(d.device.crashed() == nullptr);
    CHECK(d.set_params(0, 0, 4) == 0);
    REQUIRE(d.device.crashed() != nullptr);
    CHECK(std::string(d.device.crashed()) == "a period of 0 bytes");
    CHECK(d.state() == 0xff);
}

TEST_CASE("habit: crosvm takes whole periods only") {
    careful_driver d(crosvm_profile());
    d.come_up();
    d.prepare(0, 1024, 4);
    const raw::message brief = d.play(0, raw::noise(512));
    CHECK(d.take(raw::tx).any);
    CHECK(brief.answer().code == io_err);
    const raw::message whole = d.play(0, raw::noise(1024));
    CHECK(start(d, 0) == all_ok);
    d.device.advance(100 * ms);
    CHECK(whole.answer().code == all_ok);
    CHECK(d.device.stream(0).sink() == raw::noise(1024));
}

TEST_CASE("habit: crosvm waits two periods with the answer to RELEASE") {
    careful_driver d(crosvm_profile());
    d.come_up();
    d.prepare(0, ms_bytes, 4);
    d.play(0, raw::noise(ms_bytes));
    CHECK(d.pcm(wire::SND_R_PCM_RELEASE, 0) == 0);
    d.device.advance(2 * ms - 1);
    CHECK(d.answer().code == 0);
    d.device.advance(1);
    CHECK(d.answer().code == all_ok);
    d.prepare(0, ms_bytes, 4);
    CHECK(d.pcm(wire::SND_R_PCM_RELEASE, 0) == all_ok); // nothing to wait for
}

TEST_CASE("habit: crosvm's latency is what lies ahead of the buffer") {
    careful_driver d(crosvm_profile());
    d.come_up();
    d.prepare(0, 10 * ms_bytes, 4); // as long as the device's own buffer
    const raw::message first = d.play(0, raw::noise(10 * ms_bytes));
    const raw::message second = d.play(0, raw::noise(10 * ms_bytes));
    CHECK(start(d, 0) == all_ok);
    d.device.advance(100 * ms);
    CHECK(first.answer().latency_bytes == 0);
    CHECK(second.answer().latency_bytes == 0); // it was taken when the first one was played
    device_profile p = crosvm_profile();
    p.buffer_frames = 960;
    careful_driver twice(p);
    twice.come_up();
    twice.prepare(0, 10 * ms_bytes, 4);
    twice.play(0, raw::noise(10 * ms_bytes));
    const raw::message behind = twice.play(0, raw::noise(10 * ms_bytes));
    CHECK(start(twice, 0) == all_ok);
    twice.device.advance(100 * ms);
    CHECK(behind.answer().latency_bytes == 10 * ms_bytes);
}

TEST_CASE("habit: crosvm says the whole writable area, however little it captured") {
    careful_driver d(crosvm_profile());
    d.come_up();
    d.prepare(2, 100 * ms_bytes, 2);
    d.record(2, 100 * ms_bytes);
    CHECK(start(d, 2) == all_ok);
    d.device.advance(30 * ms);
    CHECK(d.change(wire::SND_R_PCM_STOP, 2) == all_ok);
    CHECK(d.change(wire::SND_R_PCM_RELEASE, 2) == all_ok);
    CHECK(d.take(raw::rx).len == 100 * ms_bytes + 8);
}

TEST_CASE("habit: vhost-device-sound never answers what it does not know") {
    careful_driver d(vhost_device_sound_profile());
    d.come_up();
    CHECK(d.query(wire::SND_R_PCM_INFO, 0, 0, 32) == bad_msg);
    CHECK(d.pcm(0x42, 0) == 0);
    CHECK(d.device.requests_unanswered() == 1);
    d.device.advance(1000 * ms);
    CHECK(d.answer().code == 0);
    CHECK(d.query(wire::SND_R_PCM_INFO, 0, 2, 32) == all_ok); // goes on
}

TEST_CASE("habit: vhost-device-sound dies of a wrong transition, and of data at a wrong time") {
    careful_driver hasty(vhost_device_sound_profile());
    hasty.come_up();
    CHECK(start(hasty, 0) == 0);
    CHECK(hasty.device.crashed() != nullptr);
    careful_driver early(vhost_device_sound_profile());
    early.come_up();
    early.set_params(0);
    early.play(0, raw::noise(1024));
    CHECK(early.device.crashed() != nullptr);
    CHECK_FALSE(early.take(raw::tx).any);
    careful_driver late(vhost_device_sound_profile());
    late.come_up();
    late.prepare(0);
    CHECK(start(late, 0) == all_ok);
    CHECK(late.pcm(wire::SND_R_PCM_STOP, 0) == all_ok);
    CHECK(late.device.crashed() == nullptr);
    late.play(0, raw::noise(1024));
    CHECK(late.device.crashed() != nullptr);
}

TEST_CASE("habit: vhost-device-sound's latency is the length, and a channel is another") {
    careful_driver d(vhost_device_sound_profile());
    d.come_up();
    d.prepare(0);
    const raw::message m = d.play(0, raw::noise(1024));
    CHECK(start(d, 0) == all_ok);
    d.device.advance(1000 * ms);
    CHECK(m.answer().latency_bytes == 1024);
    const raw::reply map = d.ask_items(wire::SND_R_CHMAP_INFO, 0, 1, sizeof(wire::snd_chmap_info));
    CHECK(map.payload.at(6) == wire::SND_CHMAP_FL);
    CHECK(map.payload.at(7) == wire::SND_CHMAP_FR + 4);
}

TEST_CASE("habit: the null backend takes playback at once, and gives no capture buffer back") {
    careful_driver d(vhost_device_sound_null_profile());
    d.come_up();
    d.prepare(0);
    d.play(0, raw::noise(1024));
    CHECK(d.take(raw::tx).any); // before START
    CHECK(start(d, 0) == all_ok);
    for (u32 i = 0; i < 3; ++i) {
        d.play(0, raw::noise(1024));
        CHECK(d.take(raw::tx).any);
    }
    CHECK(d.device.now_ns() == 0);
    d.prepare(1);
    d.record(1, 1024);
    CHECK(start(d, 1) == all_ok);
    d.device.advance(1000 * ms);
    CHECK(d.pcm(wire::SND_R_PCM_STOP, 1) == all_ok);
    CHECK(d.pcm(wire::SND_R_PCM_RELEASE, 1) == all_ok);
    CHECK_FALSE(d.take(raw::rx).any);
}

TEST_CASE("habit: libkrun wants three descriptors for a query") {
    for (const auto make : {libkrun_profile, libvmm_profile}) {
        careful_driver d(make());
        d.come_up();
        CHECK(d.query(wire::SND_R_PCM_INFO, 0, 1, 32) != all_ok);
        CHECK(d.ask_items(wire::SND_R_PCM_INFO, 0, 1, 32).code == all_ok);
    }
}

TEST_CASE("habit: libkrun goes by lengths, and drops what does not fit") {
    const auto dropped = [](const std::vector<u32>& readable, u32 writable) {
        careful_driver d(libkrun_profile());
        d.come_up();
        d.prepare(0);
        std::vector<raw::part> parts;
        for (const u32 bytes : readable) {
            const dma_region r = d.memory.allocate(bytes);
            std::memset(r.cpu, 0, bytes);
            parts.push_back({r.bus, bytes});
        }
        parts.push_back({d.memory.allocate(writable).bus, writable, true});
        d.send(raw::tx, parts);
        CHECK(start(d, 0) == all_ok);
        d.device.advance(100 * ms);
        CHECK(d.pcm(wire::SND_R_PCM_STOP, 0) == all_ok);
        CHECK(d.pcm(wire::SND_R_PCM_RELEASE, 0) == all_ok);
        CHECK(d.take(raw::tx).any == (d.device.messages_dropped() == 0));
        return d.device.messages_dropped() == 1;
    };
    CHECK_FALSE(dropped({4, 1024}, 8));
    CHECK_FALSE(dropped({4, 512, 512}, 8));
    CHECK(dropped({1028}, 8));       // header and data in one
    CHECK(dropped({4, 8}, 8));       // two frames: taken for the status
    CHECK(dropped({4, 1020, 4}, 8)); // a frame: taken for the header
    CHECK(dropped({4, 1024}, 16));
}
