// Each fault does what it says, and nothing else.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;
using kind = request_fault::kind;

TEST_CASE("faults: a request without an answer, once, then with one") {
    driver d;
    d.up();
    d.device.faults().requests = {{wire::SND_R_PCM_PREPARE, kind::no_answer, 0, 0, 1, 1}};
    d.set_params(0);
    CHECK(d.pcm(wire::SND_R_PCM_PREPARE, 0) == wire::SND_S_OK); // skipped
    CHECK(d.pcm(wire::SND_R_PCM_PREPARE, 0) == 0);
    CHECK(d.device.requests_unanswered() == 1);
    d.device.advance(10'000'000'000);
    CHECK_FALSE(d.take(raw::control).any);
    CHECK(d.pcm(wire::SND_R_PCM_PREPARE, 0) == wire::SND_S_OK);
}

TEST_CASE("faults: an answer of choice leaves the request undone") {
    driver d;
    d.up();
    d.set_params(0);
    d.device.faults().requests = {{request_fault::any, kind::answer, wire::SND_S_IO_ERR}};
    CHECK(d.pcm(wire::SND_R_PCM_PREPARE, 0) == wire::SND_S_IO_ERR);
    CHECK(d.device.stream(0).state() == pcm_state::params_set);
}

TEST_CASE("faults: a late answer comes late, and the request takes effect only then") {
    driver d;
    d.up();
    d.set_params(0);
    d.device.faults().requests = {{wire::SND_R_PCM_PREPARE, kind::late, 0, 5'000'000}};
    CHECK(d.pcm(wire::SND_R_PCM_PREPARE, 0) == 0);
    CHECK(d.device.next_event() == 5'000'000);
    d.device.advance(4'999'999);
    CHECK(d.answer().code == 0);
    CHECK(d.device.stream(0).state() == pcm_state::params_set);
    d.device.advance(1);
    CHECK(d.answer().code == wire::SND_S_OK);
    CHECK(d.device.stream(0).state() == pcm_state::prepared);
}

TEST_CASE("faults: garbage in an INFO answer") {
    driver d;
    d.up();
    d.device.faults().requests = {{wire::SND_R_PCM_INFO, kind::garbage}};
    std::vector<u8> bytes;
    CHECK(d.query(wire::SND_R_PCM_INFO, 0, 4, 32, &bytes) == wire::SND_S_OK);
    CHECK(bytes[0] == 0xff);
    CHECK(bytes[24] > 1); // no direction at all
}

TEST_CASE("faults: wrong used id and length") {
    driver d;
    d.up();
    d.device.faults().used = {{raw::control, 1, true, 63, false, 0},
                              {raw::control, 1, false, 0, true, 9999}};
    d.set_params(0);
    d.set_params(0);
    d.set_params(0);
    const raw::queue& q = d.queues[raw::control];
    CHECK(driver::get16(q.used, 4) == 63);
    CHECK(driver::get16(q.used, 8) == 4);
    CHECK(driver::get16(q.used, 12) == 2); // the second request's own head
    CHECK(driver::get16(q.used, 16) == 9999);
    CHECK(driver::get16(q.used, 20) == 4);
    CHECK(driver::get16(q.used, 24) == 4);
}

TEST_CASE("faults: FEATURES_OK is refused") {
    driver d;
    d.device.faults().refuses_features_ok = true;
    d.until_accept();
    CHECK_FALSE(d.features_ok());
    CHECK(d.state() == 3);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("faults: a reset that never ends") {
    driver d;
    d.up();
    d.device.faults().ignores_reset = true;
    d.set_state(0);
    CHECK(d.state() == 15);
    d.device.advance(1'000'000'000);
    CHECK(d.state() == 15);
    CHECK(d.device.live()); // and it still reaches into memory
    CHECK(d.set_params(0) == wire::SND_S_OK);
}

TEST_CASE("faults: the device is gone") {
    driver d;
    d.up();
    d.ready(0);
    d.play(0, raw::noise(1024));
    d.pcm(wire::SND_R_PCM_START, 0);
    d.device.faults().gone = true;
    CHECK(d.state() == 0xff);
    CHECK(d.get(0x18, 2) == 0xffff);
    CHECK(d.pci.config_read(0, 4) == 0xffff'ffff);
    d.device.advance(1'000'000'000);
    CHECK_FALSE(d.take(raw::tx).any);
    CHECK(d.set_params(1) == 0);
    CHECK(d.device.next_event() == fault_set::never);
    d.set_state(0);
    CHECK(d.device.resets() == 1); // the one of the beginning
}

TEST_CASE("faults: no vectors") {
    driver d;
    d.device.faults().no_vectors = true;
    d.until_features_ok();
    d.set(0x16, 2, 0);
    d.set(0x1a, 2, 1);
    CHECK(d.get(0x1a, 2) == wire::MSI_NO_VECTOR);
    d.set(0x10, 2, 0);
    CHECK(d.get(0x10, 2) == wire::MSI_NO_VECTOR);
}

TEST_CASE("faults: the first doorbell is lost") {
    driver d;
    d.up();
    d.device.faults().lost_doorbells = 1;
    d.device.faults().lost_doorbell_queue = raw::control;
    CHECK(d.set_params(0) == 0);
    d.device.advance(10'000'000'000);
    CHECK(d.answer().code == 0);
    d.doorbell(raw::control);
    CHECK(d.answer().code == wire::SND_S_OK);
}

TEST_CASE("faults: the converter stalls at a frame") {
    driver d;
    d.up();
    d.ready(0);
    d.device.faults().stalled_stream = 0;
    d.device.faults().stall_at_frame = 300;
    d.play(0, raw::noise(1024));
    d.play(0, raw::noise(1024));
    d.pcm(wire::SND_R_PCM_START, 0);
    d.device.advance(1'000'000'000);
    CHECK(d.device.stream(0).buffers_completed() == 1);
    CHECK(d.device.stream(0).converted_frames() == 300);
    CHECK(d.device.stream(0).starvations().empty());
    // It still stops, and gives its buffers back.
    CHECK(d.pcm(wire::SND_R_PCM_STOP, 0) == wire::SND_S_OK);
    CHECK(d.pcm(wire::SND_R_PCM_RELEASE, 0) == wire::SND_S_OK);
    CHECK(d.device.stream(0).buffers_completed() == 2);
}

TEST_CASE("faults: one bit flips in the sink") {
    driver d;
    d.up();
    d.ready(0);
    d.device.faults().flip_at_byte = 700;
    const auto audio = raw::noise(1024);
    d.play(0, audio);
    d.pcm(wire::SND_R_PCM_START, 0);
    d.device.advance(1'000'000);
    d.device.advance(9'000'000); // in two pieces
    auto expected = audio;
    expected[700] ^= 1;
    CHECK(d.device.stream(0).sink() == expected);
}

TEST_CASE("faults: a buffer comes back with IO_ERR") {
    driver d;
    d.up();
    d.ready(1);
    d.device.faults().io_error_stream = 1;
    d.device.faults().io_errors = 1;
    const raw::message first = d.play(1, raw::noise(1024));
    const raw::message second = d.play(1, raw::noise(1024));
    d.pcm(wire::SND_R_PCM_START, 1);
    d.device.advance(50'000'000);
    CHECK(first.answer().code == wire::SND_S_IO_ERR);
    CHECK(second.answer().code == wire::SND_S_OK);
}
