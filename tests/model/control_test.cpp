// Every control request: what it answers, and what it does.

#include <doctest/doctest.h>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;

namespace {

template <class Item>
std::vector<Item> items_of(const std::vector<u8>& bytes) {
    std::vector<Item> items(bytes.size() / sizeof(Item));
    std::memcpy(items.data(), bytes.data(), items.size() * sizeof(Item));
    return items;
}

} // namespace

TEST_CASE("control tells about streams, jacks and channel maps") {
    // Spec: [virtio 1.4] Sound Device / Item Information Request
    driver d;
    d.up();
    std::vector<u8> bytes;
    REQUIRE(d.query(wire::SND_R_PCM_INFO, 0, 4, 32, &bytes) == wire::SND_S_OK);
    const auto streams = items_of<wire::snd_pcm_info>(bytes);
    REQUIRE(streams.size() == 4);
    CHECK(streams[1].direction == wire::SND_D_OUTPUT);
    CHECK(streams[2].direction == wire::SND_D_INPUT);
    CHECK(streams[0].formats == all_formats);
    CHECK(streams[0].rates == all_rates);
    CHECK(streams[3].channels_max == 8);

    REQUIRE(d.query(wire::SND_R_PCM_INFO, 3, 1, 32, &bytes) == wire::SND_S_OK);
    CHECK(items_of<wire::snd_pcm_info>(bytes)[0].direction == wire::SND_D_INPUT);

    REQUIRE(d.query(wire::SND_R_JACK_INFO, 0, 2, 24, &bytes) == wire::SND_S_OK);
    CHECK(items_of<wire::snd_jack_info>(bytes)[0].connected == 1);
    REQUIRE(d.query(wire::SND_R_CHMAP_INFO, 1, 1, 24, &bytes) == wire::SND_S_OK);
    const auto map = items_of<wire::snd_chmap_info>(bytes).at(0);
    CHECK(map.direction == wire::SND_D_INPUT);
    CHECK(map.positions[1] == wire::SND_CHMAP_FR);
    CHECK(d.query(wire::SND_R_PCM_INFO, 0, 0, 32) == wire::SND_S_OK);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("control gives a driver structures of the size that it knows") {
    driver d;
    d.up();
    std::vector<u8> bytes;
    REQUIRE(d.query(wire::SND_R_PCM_INFO, 0, 2, 40, &bytes) == wire::SND_S_OK);
    REQUIRE(bytes.size() == 80);
    CHECK(bytes[40 + 25] == 1); // the second item's channels_min
    CHECK(bytes[33] == 0);
    REQUIRE(d.query(wire::SND_R_PCM_INFO, 0, 2, 26, &bytes) == wire::SND_S_OK);
    CHECK(bytes[26 + 25] == 1);
}

TEST_CASE("control answers lengths: the header, and what follows it") {
    driver d;
    d.up();
    CHECK(d.ask(wire::snd_query_info{{wire::SND_R_PCM_INFO}, 0, 4, 32}, 128).len == 132);
    CHECK(d.ask(driver::params(0, 1024, 4)).len == 4);
    CHECK(d.ask(wire::snd_query_info{{wire::SND_R_PCM_INFO}, 0, 5, 32}, 160).len == 4);
}

TEST_CASE("control follows the lifecycle table in every state") {
    // Spec: [virtio 1.4] Sound Device / PCM Command Lifecycle
    using enum pcm_state;
    constexpr u32 set = wire::SND_R_PCM_SET_PARAMS;
    constexpr u32 prepare = wire::SND_R_PCM_PREPARE;
    constexpr u32 release = wire::SND_R_PCM_RELEASE;
    constexpr u32 start = wire::SND_R_PCM_START;
    constexpr u32 stop = wire::SND_R_PCM_STOP;
    const struct {
        pcm_state state;
        std::vector<u32> way;
        std::vector<u32> allowed;
    } rows[] = {
        {idle, {}, {set}},
        {params_set, {set}, {set, prepare}},
        {prepared, {set, prepare}, {set, prepare, start, release}},
        {running, {set, prepare, start}, {stop}},
        {stopped, {set, prepare, start, stop}, {start, release}},
        {released, {set, prepare, release}, {set, prepare}},
    };
    const auto ask = [](driver& d, u32 code) {
        return code == set ? d.set_params(0) : d.pcm(code, 0);
    };
    for (const auto& row : rows) {
        for (const u32 code : {set, prepare, release, start, stop}) {
            CAPTURE(std::string(to_string(row.state)));
            CAPTURE(code);
            driver d;
            d.up();
            for (const u32 step : row.way)
                REQUIRE(ask(d, step) == wire::SND_S_OK);
            REQUIRE(d.device.stream(0).state() == row.state);
            bool good = false;
            for (const u32 a : row.allowed)
                good = good || a == code;
            CHECK(ask(d, code) == (good ? wire::SND_S_OK : wire::SND_S_BAD_MSG));
            CHECK(d.device.violations().count(violation::lifecycle) == (good ? 0u : 1u));
            if (!good) CHECK(d.device.stream(0).state() == row.state);
        }
    }
}

TEST_CASE("control refuses bad parameters and leaves the stream as it was") {
    driver d;
    d.up();
    d.set_params(0, 512, 2);
    const auto refused = [&](void (*spoil)(wire::snd_pcm_set_params&), u32 answer) {
        auto p = driver::params(0, 1024, 4);
        spoil(p);
        CHECK(d.ask(p).code == answer);
        CHECK(d.device.stream(0).params().period_bytes == 512);
        CHECK(d.device.stream(0).params().channels == 2);
    };
    refused([](auto& p) { p.period_bytes = 0; }, wire::SND_S_BAD_MSG);
    refused([](auto& p) { p.rate = 16; }, wire::SND_S_BAD_MSG);
    refused([](auto& p) { p.features = 1u << 5; }, wire::SND_S_BAD_MSG);
    refused([](auto& p) { p.channels = 0; }, wire::SND_S_NOT_SUPP);
    // Not in the specification, but no device can do it: 1022 bytes are no whole frames.
    refused(
        [](auto& p) {
            p.period_bytes = 1022;
            p.buffer_bytes = 2044;
        },
        wire::SND_S_NOT_SUPP);
}

TEST_CASE("control remaps a jack that allows it") {
    driver d;
    d.up();
    CHECK(d.ask(wire::snd_jack_remap{{{wire::SND_R_JACK_REMAP}, 0}, 7, 3}).code == wire::SND_S_OK);
    CHECK((d.device.profile().jacks[0].hda_reg_defconf & 0xff) == 0x73);
    std::vector<u8> bytes;
    d.query(wire::SND_R_JACK_INFO, 0, 1, 24, &bytes);
    CHECK((items_of<wire::snd_jack_info>(bytes).at(0).hda_reg_defconf & 0xff) == 0x73);
    // Neither number has more than four bits.
    for (const auto& [association, sequence] : {std::pair{16u, 3u}, std::pair{7u, 16u}})
        CHECK(d.ask(wire::snd_jack_remap{{{wire::SND_R_JACK_REMAP}, 0}, association, sequence})
                  .code == wire::SND_S_BAD_MSG);
    CHECK((d.device.profile().jacks[0].hda_reg_defconf & 0xff) == 0x73);
}

TEST_CASE("control elements that are not supported, with the feature too") {
    device_profile p = default_profile();
    p.answers_controls = false;
    driver d(p);
    d.up();
    CHECK(d.config(12) == default_element::count);
    CHECK(d.query(wire::SND_R_CTL_INFO, 0, 1, 92) == wire::SND_S_NOT_SUPP);
    CHECK(d.device.violations().entries().empty());
}

TEST_CASE("control with QEMU's habits") {
    driver d(qemu_profile());
    d.up();
    CHECK(d.query(wire::SND_R_JACK_INFO, 0, 0, 24) == wire::SND_S_NOT_SUPP);
    CHECK(d.query(wire::SND_R_CHMAP_INFO, 0, 0, 24) == wire::SND_S_NOT_SUPP);
    // It takes nearly anything, and does what it is told in any order.
    auto p = driver::params(0, 1000, 4);
    p.channels = 1;
    CHECK(d.ask(p).code == wire::SND_S_OK);
    CHECK(d.pcm(wire::SND_R_PCM_STOP, 0) == wire::SND_S_OK);
    CHECK(d.device.violations().count(violation::lifecycle) == 1);
    // The last PREPARE's channels are the most that it says it can.
    std::vector<u8> bytes;
    d.query(wire::SND_R_PCM_INFO, 0, 1, 32, &bytes);
    CHECK(items_of<wire::snd_pcm_info>(bytes)[0].channels_max == 1);
    // A stream that does not exist: not even a reset is too much.
    CHECK(d.pcm(wire::SND_R_PCM_RELEASE, 9) == wire::SND_S_BAD_MSG);
    CHECK((d.state() & wire::DEVICE_STATUS_NEEDS_RESET) != 0);
    CHECK(d.device.config_interrupts() == 1);
}

TEST_CASE("control accepts any framing of a request") {
    // Spec: [virtio 1.4] Message Framing: no assumptions about the arrangement of descriptors
    driver d;
    d.up();
    const wire::snd_query_info q{{wire::SND_R_PCM_INFO}, 0, 1, 32};
    const dma_region out = d.memory.allocate(16);
    const dma_region in = d.memory.allocate(36);
    std::memcpy(out.cpu, &q, 16);
    d.send(raw::control, {{out.bus, 3},
                          {out.bus + 3, 13},
                          {in.bus, 2, true},
                          {in.bus + 2, 30, true},
                          {in.bus + 32, 4, true}});
    const auto e = d.take(raw::control);
    CHECK(e.len == 36);
    CHECK(driver::get16(in, 0) == wire::SND_S_OK);
    CHECK(in.cpu[4 + 26] == 8); // channels_max
}
