// packed_queue against the model's device end, which was read from the chapter by itself: first the
// rings alone, at random, then the whole driver that plays and records.
// [virtio 1.4] Packed Virtqueues

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include <ring/both_ends.hpp>
#include <support/packed_port.hpp>
#include <support/rounds.hpp>
#include <vsnd/model/packed_virtqueue.hpp>
#include <vsnd/vsnd.hpp>

using namespace vsnd;
using support::rounds;

namespace {

using ends = ring_test::both_ends<packed_queue, model::packed_virtqueue>;
using namespace ring_test::features;

struct in_order_policy : ring_policy {
    static constexpr auto in_order = choice::negotiated;
};

std::vector<u8> noise(usize count) {
    std::vector<u8> all(count);
    u32 x = 4711;
    for (u8& b : all)
        b = static_cast<u8>((x = x * 1664525u + 1013904223u) >> 24);
    return all;
}

template <class Policy>
struct world {
    explicit world(model::device_profile p) : port(std::move(p)) {
        port.device.on_interrupt = [this](u32) { driver.pump_all(); };
    }
    support::packed_port<Policy> port;
    card<support::packed_port<Policy>> driver;
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

template <class World>
void play(World& w, const std::vector<u8>& data, pcm_params p) {
    auto& out = *w.driver.find(direction::playback);
    REQUIRE(out.prepare(p, w.memory_for(p)) == status_code::ok);
    const usize heard = w.port.device.stream(0).sink().size();
    for (usize at = 0; at < data.size();) {
        const auto n = out.write({data.data() + at, data.size() - at});
        if (n.ok()) {
            at += n.value();
            continue;
        }
        REQUIRE(n.code() == status_code::would_block);
        if (out.state() == stream_state::prepared) REQUIRE(out.start() == status_code::ok);
        w.port.wait(100'000);
    }
    CHECK(out.drain() == status_code::ok);
    const auto& sink = w.port.device.stream(0).sink();
    REQUIRE(sink.size() >= heard + data.size());
    CHECK(std::equal(data.begin(), data.end(), sink.begin() + static_cast<long>(heard)));
    CHECK(out.counters().xruns == 0);
    CHECK(out.release() == status_code::ok);
}

template <class World>
void record(World& w) {
    auto& in = *w.driver.find(direction::capture);
    const auto source = noise(1024 * 200);
    w.port.device.stream(in.id()).set_source(source);
    REQUIRE(in.prepare(small(), w.memory_for(small())) == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    std::vector<u8> got(1024 * 20);
    for (usize at = 0; at < got.size();) {
        const auto n = in.read({got.data() + at, got.size() - at});
        if (n.ok()) {
            at += n.value();
        } else {
            REQUIRE(n.code() == status_code::would_block);
            w.port.wait(100'000);
        }
    }
    // The source goes on where it was at the last recording.
    CHECK(std::search(source.begin(), source.end(), got.begin(), got.end()) != source.end());
    CHECK(in.stop() == status_code::ok);
    CHECK(in.release() == status_code::ok);
}

} // namespace

TEST_CASE("packed: two readings of the chapter understand each other") {
    for (const u16 size : {u16{3}, u16{5}, u16{64}, u16{256}}) {
        for (const u64 features : {u64{0}, event_idx, indirect, event_idx | indirect,
                                   in_order | event_idx, in_order | event_idx | indirect}) {
            CAPTURE(size);
            CAPTURE(features);
            for (u32 seed = 1; seed <= 2; ++seed) {
                ends b(size, features, seed);
                b.steps(rounds(15'000));
                CHECK(b.completed() > rounds(500));
                CHECK(b.rung() > rounds(100));
                CHECK(b.interrupts() > rounds(100));
            }
        }
    }
}

TEST_CASE_TEMPLATE("packed: the whole driver plays and records, again and again", Policy,
                   ring_policy, in_order_policy) {
    for (const bool qemu : {false, true}) {
        for (u32 variant = 0; variant < 8; ++variant) {
            if (!support::one_in(5, 8 * qemu + variant)) continue;
            CAPTURE(qemu);
            CAPTURE(variant);
            model::device_profile p = qemu ? model::qemu_profile() : model::default_profile();
            p.buffer_frames = 512;
            p.event_idx = (variant & 1) != 0;
            p.indirect = (variant & 2) != 0;
            p.in_order = true;
            // Odd sizes, so that chains of three lie across the end of the ring.
            if ((variant & 4) != 0)
                for (u16& size : p.queue_sizes)
                    size = p.indirect ? 7 : 19;
            world<Policy> w(p);
            for (u32 round = 0; round < 2; ++round) {
                REQUIRE(w.driver.open(w.port, w.area) == status_code::ok);
                REQUIRE(w.port.device.queue(wire::SND_VQ_TX).is_packed());
                play(w, noise(1024 * 20 + 300), small());
                record(w);
                CHECK(w.driver.close() == status_code::ok);
            }
            CHECK(w.driver.counters().unknown_ids == 0);
            CHECK_MESSAGE(w.port.device.violations().clean(), w.port.device.violations().report());
        }
    }
}

TEST_CASE("packed: batched notifications, little more than a quarter of each") {
    for (const bool tables : {true, false}) {
        CAPTURE(tables);
        model::device_profile p = model::default_profile();
        p.indirect = tables;
        world<ring_policy> w(p);
        REQUIRE(w.driver.open(w.port, w.area) == status_code::ok);
        REQUIRE(w.driver.set_policy(wire::SND_VQ_TX, {4, 4}) == status_code::ok);
        pcm_params params = small();
        params.periods = 8;
        const u32 periods = 160;
        const u64 rung = w.port.device.doorbells(wire::SND_VQ_TX);
        const u64 told = w.port.device.interrupts(wire::SND_VQ_TX);
        play(w, noise(1024 * periods), params);
        const u64 most = periods / 4 + 30; // beginning and end have their own
        CHECK(w.port.device.doorbells(wire::SND_VQ_TX) - rung <= most);
        CHECK(w.port.device.interrupts(wire::SND_VQ_TX) - told <= most);
        CHECK(w.driver.close() == status_code::ok);
        CHECK_MESSAGE(w.port.device.violations().clean(), w.port.device.violations().report());
    }
}
