// Devices that stall, err, go silent or go away: the add-on's loop keeps its pace, no call hangs,
// and what can play plays on.

#include <doctest/doctest.h>

#include <client/media_add_on.hpp>
#include <vsnd/model/profiles_hosts.hpp>

namespace {

using namespace client;
using vsnd::model::qemu_profile;
using vsnd::model::request_fault;
namespace wire = vsnd::wire;
constexpr u64 ms = machine::ms;

struct desk {
    explicit desk(vsnd::model::device_profile profile = qemu_profile())
        : k(std::move(profile)), user(k) {
        REQUIRE(k.nodes.probe() == B_OK);
    }
    void starts() {
        REQUIRE(user.open() == B_OK);
        REQUIRE(user.start() == B_OK);
    }
    // The loop goes on, whatever the device does: no exchange too long, none at once for ever.
    void lasts(u32 exchanges) {
        const u64 before = k.now_us();
        user.exchange(exchanges);
        CHECK(user.longest_us <= 50'000);
        CHECK(k.now_us() - before >= exchanges * u64{1'000});
    }
    usize sink() { return k.device().stream(0).sink().size(); }
    // It is heard again.
    void plays_again() {
        const usize heard = sink();
        const usize cycles = user.playback.size();
        lasts(100);
        CHECK(sink() > heard + 100'000);
        CHECK(user.playback.size() > cycles + 10);
    }
    // Closing takes its time, but not for ever.
    void ends() {
        const u64 before = k.now_us();
        user.close();
        CHECK(k.now_us() - before < 5'000'000);
        CHECK(user.wrong == "");
    }
    void ends_in_order() {
        ends();
        CHECK(k.complaints() == "");
        CHECK(k.leftovers() == "");
    }
    kernel k;
    media_add_on user;
};

} // namespace

TEST_CASE("recovery: a buffer fails now and then") {
    desk d;
    d.starts();
    for (u32 i = 0; i < 5; ++i) {
        d.k.device().faults().io_errors = 1;
        d.lasts(20);
    }
    d.plays_again();
    d.ends_in_order();
}

TEST_CASE("recovery: the add-on comes late, and again and again") {
    desk d;
    d.starts();
    d.lasts(30);
    for (const u64 late : {30u, 100u, 300u, 1000u, 5000u}) {
        d.k.hardware.run(late * ms);
        d.plays_again();
    }
    // What it wrote came, in its order, with silence between.
    d.ends_in_order();
}

TEST_CASE("recovery: the converter stalls for good, and a new start helps") {
    desk d;
    d.starts();
    d.lasts(20);
    d.k.device().faults().stall_at_frame = d.k.device().stream(0).taken_frames() + 4000;
    d.lasts(60);
    d.k.device().faults().stall_at_frame = vsnd::model::fault_set::never;
    d.lasts(60);
    d.plays_again();
    d.ends();
}

TEST_CASE("recovery: a request of each kind is lost, once") {
    for (const u32 request :
         {wire::SND_R_PCM_SET_PARAMS, wire::SND_R_PCM_PREPARE, wire::SND_R_PCM_START}) {
        desk d;
        d.starts();
        CAPTURE(request);
        d.k.device().faults().requests.push_back(
            {request, request_fault::kind::no_answer, 0, 0, 0, 1});
        d.lasts(200);
        d.plays_again();
        d.ends();
    }
}

TEST_CASE("recovery: a request of each kind is refused, three times") {
    for (const u32 request :
         {wire::SND_R_PCM_SET_PARAMS, wire::SND_R_PCM_PREPARE, wire::SND_R_PCM_START,
          wire::SND_R_PCM_STOP, wire::SND_R_PCM_RELEASE}) {
        desk d;
        d.starts();
        CAPTURE(request);
        d.k.device().faults().requests.push_back(
            {request, request_fault::kind::answer, wire::SND_S_IO_ERR, 0, 0, 3});
        d.lasts(100);
        (void)d.user.force_stop();
        d.lasts(100);
        d.plays_again();
        d.ends();
    }
}

TEST_CASE("recovery: no request is ever answered again: exchanges, stop and close come back") {
    for (const u32 after : {0u, 1u, 2u, 5u}) {
        desk d;
        d.starts();
        d.lasts(after * 10);
        d.k.device().faults().requests.push_back({0, request_fault::kind::no_answer});
        d.lasts(50);
        const u64 before = d.k.now_us();
        CHECK(d.user.force_stop() == B_OK);
        CHECK(d.k.now_us() - before < 3'000'000);
        d.lasts(20);
        d.ends();
    }
}

TEST_CASE("recovery: nothing is answered from the beginning: open says so") {
    desk d;
    d.k.device().faults().requests.push_back({0, request_fault::kind::no_answer});
    const u64 before = d.k.now_us();
    CHECK(d.user.open() < B_OK);
    CHECK(d.k.now_us() - before < 60'000'000);
}

TEST_CASE("recovery: the device goes away, or wants a reset, in the middle") {
    for (const bool gone : {false, true}) {
        desk d;
        d.starts();
        d.lasts(30);
        if (gone)
            d.k.device().faults().gone = true;
        else
            d.k.device().set_needs_reset();
        d.lasts(100);
        d.ends();
    }
}

TEST_CASE("recovery: capture that stops for good does not stop playback") {
    desk d;
    d.starts();
    d.lasts(30);
    d.k.device().faults().stalled_stream = 1;
    d.k.device().faults().stall_at_frame = d.k.device().stream(1).taken_frames() + 2000;
    const usize heard = d.sink();
    d.lasts(150);
    CHECK(d.sink() > heard + 300'000);
    d.ends();
}

TEST_CASE(
    "recovery: a device that keeps its buffers keeps their memory, and new ones lie beside it") {
    desk d(vsnd::model::vhost_device_sound_null_profile());
    d.starts();
    for (u32 round = 0; round < 4; ++round) {
        d.plays_again();
        CHECK(d.user.recorded.empty());
        REQUIRE(d.user.get_buffers() == B_OK);
    }
    d.plays_again();
    d.ends();
    CHECK(d.k.complaints() == "");
}

TEST_CASE("recovery: lies about lengths, and answers of rubbish") {
    for (const u32 queue : {wire::SND_VQ_CONTROL, wire::SND_VQ_TX, wire::SND_VQ_RX})
        for (const u32 length : {0u, 1u, 9u, ~0u}) {
            desk d;
            d.starts();
            d.lasts(20);
            d.k.device().faults().used.push_back({queue, 20, false, 0, true, length});
            d.lasts(60);
            d.plays_again();
            d.ends();
        }
}

TEST_CASE("recovery: rubbish in every answer about streams") {
    for (const auto kind : {request_fault::kind::garbage, request_fault::kind::cut}) {
        desk d;
        d.k.device().faults().requests.push_back({wire::SND_R_PCM_INFO, kind});
        if (d.user.open() == B_OK && d.user.start() == B_OK) d.lasts(20);
        d.ends();
    }
}
