// Queues of every size that the specification allows, where the port pays for so much memory.
// [virtio 1.4] Split Virtqueues, Packed Virtqueues: the size of a queue

#include <doctest/doctest.h>

#include <memory>

#include <support/sound_rig.hpp>
#include <vsnd/ring/packed_queue.hpp>

using namespace vsnd;
using support::bytes;

namespace {

struct generous : ring_policy {
    static constexpr u16 most_descriptors = 32768;
};

// Plays two buffers; the device has queues of `size`.
template <template <class, class> class Ring>
void plays_with(u32 size, u16 expected) {
    CAPTURE(size);
    auto profile = model::default_profile();
    for (u16& each : profile.queue_sizes)
        each = static_cast<u16>(size);
    profile.packed = true;
    auto r = std::make_unique<support::rig<no_handler, default_limits, generous, Ring>>(profile);
    REQUIRE(r->open() == status_code::ok);
    CHECK(r->device().registers(wire::SND_VQ_TX).size == expected);
    auto& out = *r->driver.find(direction::playback);
    pcm_params p;
    p.period_frames = 256;
    p.periods = 2;
    const status_code prepared = r->prepare(out, p);
    // A chain is one descriptor in the ring: two periods and two of silence.
    REQUIRE(prepared == (size < 4 ? status_code::no_room : status_code::ok));
    if (!ok(prepared)) return;
    bytes data(4096);
    for (usize i = 0; i < data.size(); ++i)
        data[i] = static_cast<u8>(i * 7 + size);
    REQUIRE(r->play(out, data) == status_code::ok);
    CHECK(support::plays_exactly(r->device().stream(out.id()).sink(), data, p.format));
    CHECK_CLEAN(*r);
}

} // namespace

TEST_CASE("queue sizes: split, every one from 4 to 32768") {
    for (u32 size = 4; size <= 32768; size *= 2)
        plays_with<split_queue>(size, static_cast<u16>(size));
}

TEST_CASE("queue sizes: packed, any from 3") {
    for (const u32 size : {3u, 4u, 5u, 7u, 63u, 100u, 1000u, 32767u, 32768u})
        plays_with<packed_queue>(size, static_cast<u16>(size));
}
