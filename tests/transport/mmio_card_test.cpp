// The whole driver over MMIO: both directions at once, through the one interrupt line.

#include <doctest/doctest.h>

#include <support/mmio_model_kernel.hpp>
#include <vsnd/ring/packed_queue.hpp>
#include <vsnd/transport/mmio.hpp>
#include <vsnd/vsnd.hpp>

using namespace vsnd;

namespace {

model::device_profile with_rings(bool packed) {
    auto profile = model::default_profile();
    profile.packed = packed;
    return profile;
}

template <template <class, class> class Ring>
struct session {
    using port_type = mmio_device<support::mmio_model_kernel, ring_policy, Ring>;
    using stream_type = typename card<port_type>::stream_type;

    session() {
        port.init(kernel);
        kernel.mmio.on_irq = [this] {
            const interrupt_cause cause = port.interrupt();
            interrupts += cause.queue ? 1 : 0;
            if (cause.config_change) driver.config_changed();
            if (cause.queue)
                while (driver.pump_all()) {
                }
        };
    }
    stream_memory memory_for(const pcm_params& p) {
        return {kernel.memory.allocate(static_cast<usize>(audio_bytes(p)), 4096),
                kernel.memory.allocate(static_cast<usize>(silence_bytes(p)), 4096)};
    }
    // Writes and reads until both buffers are through.
    void exchange(stream_type& out, stream_type& in, const std::vector<u8>& music,
                  std::vector<u8>& recording) {
        usize wrote = 0, read = 0;
        while (wrote < music.size() || read < recording.size()) {
            wrote += out.write({music.data() + wrote, music.size() - wrote}).value();
            if (out.state() == stream_state::prepared) REQUIRE(ok(out.start()));
            read += in.read({recording.data() + read, recording.size() - read}).value();
            REQUIRE(kernel.device.now_ns() < 10'000'000'000);
            kernel.wait(1'000'000);
        }
    }

    support::mmio_model_kernel kernel{with_rings(is_packed<typename port_type::queue_type>)};
    port_type port;
    card<port_type> driver;
    dma_region area = kernel.memory.allocate(card_bytes<>(), card_alignment);
    u32 interrupts = 0;
};

std::vector<u8> noise(usize bytes) {
    std::vector<u8> all(bytes);
    u32 x = 1;
    for (u8& b : all) {
        x = x * 1664525u + 1013904223u;
        b = static_cast<u8>(x >> 24);
    }
    return all;
}

template <template <class, class> class Ring>
void play_and_record() {
    session<Ring> s;
    REQUIRE(s.driver.open(s.port, s.area) == status_code::ok);
    auto* const out = s.driver.find(direction::playback);
    auto* const in = s.driver.find(direction::capture);
    REQUIRE(out != nullptr);
    REQUIRE(in != nullptr);
    const pcm_params p = out->nearest({}).value();
    REQUIRE(ok(out->prepare(p, s.memory_for(p))));
    REQUIRE(ok(in->prepare(p, s.memory_for(p))));
    const std::vector<u8> music = noise(20 * out->period_bytes());
    const std::vector<u8> source = noise(40 * in->period_bytes());
    s.kernel.device.stream(in->id()).set_source(source);
    std::vector<u8> recording(20 * in->period_bytes());
    REQUIRE(ok(in->start()));
    s.exchange(*out, *in, music, recording);
    CHECK(out->drain() == status_code::ok);
    CHECK(in->stop() == status_code::ok);
    const std::vector<u8> sink = s.kernel.device.stream(out->id()).sink();
    REQUIRE(sink.size() >= music.size());
    CHECK(std::vector<u8>(sink.begin(), sink.begin() + static_cast<std::ptrdiff_t>(music.size())) ==
          music);
    CHECK(std::equal(recording.begin(), recording.end(), source.begin()));
    CHECK(out->release() == status_code::ok);
    CHECK(in->release() == status_code::ok);
    CHECK(s.driver.close() == status_code::ok);
    CHECK(s.interrupts > 10);
    CHECK_FALSE(s.kernel.mmio.line_is_up());
    INFO(s.kernel.device.violations().report());
    CHECK(s.kernel.device.violations().clean());
}

} // namespace

// One line for everything: each interrupt is looked at, acknowledged, and pumps every queue.
// [virtio 1.4] Virtio Over MMIO / Notifications From The Device, driver 1
// [virtio 1.4] Virtio Over MMIO / Notifications From The Device, driver 2
// [virtio 1.4] Virtio Over MMIO / Notifications From The Device, driver 3
TEST_CASE("mmio: a card plays and records at once, every byte, and breaks no clause") {
    play_and_record<split_queue>();
}

TEST_CASE("mmio: so it does with packed rings") {
    play_and_record<packed_queue>();
}
