// The sound floor on a kernel that owns its virtqueues: no ring, no transport, no clock. This file
// includes neither, so that it would not compile if the floor needed them.

#include <doctest/doctest.h>

#include <algorithm>

#include <support/owned_queue_port.hpp>
#include <vsnd/vsnd.hpp>

using namespace vsnd;
using support::owned_queue_port;

namespace {

std::vector<u8> noise(usize count) {
    std::vector<u8> all(count);
    u32 x = 77;
    for (u8& b : all)
        b = static_cast<u8>((x = x * 1664525u + 1013904223u) >> 24);
    return all;
}

struct checks_locks {
    owned_queue_port* port = nullptr;
    u32* calls = nullptr;
    template <class Stream>
    void period_done(Stream& s) {
        ++*calls;
        for (const bool held : port->held)
            if (held) throw std::logic_error("a callback with a lock held");
        if (s.write({nullptr, 0}).code() != status_code::wrong_context)
            throw std::logic_error("a write from a callback");
    }
};

struct world {
    explicit world(model::device_profile p = model::default_profile())
        : port(std::move(p)), driver({&port, &calls}) {
        // Every interrupt comes twice, and wakes all queues: most of them for nothing.
        port.device.on_interrupt = [this](u32) {
            driver.pump_all();
            driver.pump_all();
        };
    }
    u32 calls = 0;
    owned_queue_port port;
    card<owned_queue_port, checks_locks> driver;
    dma_region area = port.memory.allocate(card_bytes<>(), card_alignment);

    stream_memory memory_for(const pcm_params& p) {
        return {port.memory.allocate(static_cast<usize>(audio_bytes(p)), 4096),
                port.memory.allocate(static_cast<usize>(silence_bytes(p)), 4096)};
    }
};

pcm_params small() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    return p;
}

void play(world& w, const std::vector<u8>& data) {
    auto& out = *w.driver.find(direction::playback);
    REQUIRE(out.prepare(small(), w.memory_for(small())) == status_code::ok);
    const usize heard = w.port.device.stream(0).sink().size();
    for (usize at = 0; at < data.size();) {
        const auto n = out.write({data.data() + at, data.size() - at});
        if (n.ok()) {
            at += n.value();
            continue;
        }
        REQUIRE(n.code() == status_code::would_block);
        if (out.state() == stream_state::prepared) REQUIRE(out.start() == status_code::ok);
        w.port.wait(0);
    }
    CHECK(out.drain() == status_code::ok);
    const auto& sink = w.port.device.stream(0).sink();
    REQUIRE(sink.size() >= heard + data.size());
    CHECK(std::equal(data.begin(), data.end(), sink.begin() + static_cast<long>(heard)));
    CHECK(out.position_frames() == data.size() / 4);
    CHECK(out.counters().xruns == 0);
    CHECK(out.release() == status_code::ok);
}

} // namespace

TEST_CASE("a kernel that owns its rings plays, closes, and plays again") {
    for (const bool qemu : {false, true}) {
        CAPTURE(qemu);
        model::device_profile p = qemu ? model::qemu_profile() : model::default_profile();
        p.buffer_frames = 512;
        world w(p);
        for (u32 round = 0; round < 2; ++round) {
            REQUIRE(w.driver.open(w.port, w.area) == status_code::ok);
            play(w, noise(1024 * 20 + 300));
            CHECK(w.driver.close() == status_code::ok);
        }
        CHECK(w.calls >= 40);
        CHECK(w.port.locks > 0);
        CHECK(w.driver.counters().unknown_ids == 0);
        CHECK_MESSAGE(w.port.device.violations().clean(), w.port.device.violations().report());
    }
}

TEST_CASE("a kernel that owns its rings records") {
    world w;
    REQUIRE(w.driver.open(w.port, w.area) == status_code::ok);
    auto& in = *w.driver.find(direction::capture);
    const auto source = noise(1024 * 40);
    w.port.device.stream(in.id()).set_source(source);
    REQUIRE(in.prepare(small(), w.memory_for(small())) == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    std::vector<u8> got(1024 * 20);
    for (usize at = 0; at < got.size();) {
        const auto n = in.read({got.data() + at, got.size() - at});
        if (n.ok())
            at += n.value();
        else
            w.port.wait(0);
    }
    CHECK(std::equal(got.begin(), got.end(), source.begin()));
    CHECK(w.driver.close() == status_code::ok);
    CHECK_MESSAGE(w.port.device.violations().clean(), w.port.device.violations().report());
}

TEST_CASE("completions that the port announces itself reach the card, unknown ones are counted") {
    world w;
    REQUIRE(w.driver.open(w.port, w.area) == status_code::ok);
    w.driver.complete(wire::SND_VQ_TX, {nullptr, 0, used::kind::dropped});
    w.driver.complete(wire::SND_VQ_TX, {nullptr, 0, used::kind::nothing});
    w.driver.complete(99, {nullptr, 0, used::kind::dropped});
    CHECK(w.driver.counters().unknown_ids == 1);

    auto& out = *w.driver.find(direction::playback);
    w.port.device.on_interrupt = nullptr;
    REQUIRE(out.prepare(small(), w.memory_for(small())) == status_code::ok);
    const auto data = noise(4096);
    REQUIRE(out.write({data.data(), data.size()}).value() == 4096);
    REQUIRE(out.start() == status_code::ok);
    w.port.device.advance(30'000'000);
    // The kernel's own interrupt handler takes them and tells the card.
    for (u32 i = 0; i < 4; ++i) {
        w.port.lock(wire::SND_VQ_TX);
        const used u = w.port.queues[wire::SND_VQ_TX].take();
        w.port.unlock(wire::SND_VQ_TX, 0x10c4 + wire::SND_VQ_TX);
        REQUIRE(u.type == used::kind::completed);
        w.driver.complete(wire::SND_VQ_TX, u);
    }
    CHECK(out.position_frames() == 1024);
    CHECK(out.counters().xruns == 1);
    CHECK(w.calls == 4);
    CHECK(w.driver.close() == status_code::ok);
    w.driver.complete(wire::SND_VQ_TX, {nullptr, 0, used::kind::dropped});
    CHECK(w.driver.counters().unknown_ids == 1);
}

TEST_CASE("without a clock a request that is not answered times out after so many ticks") {
    world w;
    w.port.device.faults().requests.push_back(
        {wire::SND_R_PCM_INFO, model::request_fault::kind::no_answer});
    CHECK(w.driver.open_async(w.port, w.area) == status_code::in_progress);
    const u64 limit = default_limits::control_timeout_ticks;
    CHECK(w.driver.tick(1) <= limit);
    CHECK(w.driver.outcome() == status_code::in_progress);
    (void)w.driver.tick(limit - 1);
    CHECK(w.driver.outcome() == status_code::in_progress);
    (void)w.driver.tick(limit);
    CHECK(w.driver.outcome() == status_code::timed_out);
    CHECK(w.driver.state() == card_state::closed);
    w.port.device.faults().requests.clear();
    REQUIRE(w.driver.open(w.port, w.area) == status_code::ok);
    play(w, noise(9000));
    CHECK(w.driver.close() == status_code::ok);
    CHECK_MESSAGE(w.port.device.violations().clean(), w.port.device.violations().report());
}
