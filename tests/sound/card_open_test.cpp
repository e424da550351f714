// Opening and closing a card on devices that misbehave: each fault has its own answer, the device
// is reset afterwards or its memory is known to be lost, and a healthy device opens again.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>
#include <support/units.hpp>

using namespace vsnd;
using support::bytes;
using support::rig;
using kind = model::request_fault::kind;

namespace {

// Nothing is in use, nothing is open, and the next attempt is welcome.
void expect_closed(rig<>& r) {
    CHECK(r.driver.state() == card_state::closed);
    CHECK(r.driver.find(0) == nullptr);
    CHECK(r.driver.stream_count() == 0);
    CHECK_FALSE(r.device().live());
    CHECK(r.driver.close() == status_code::ok);
    CHECK_FALSE(r.driver.pump_all());
    CHECK(r.driver.tick(r.device().now_ns()) == ~u64{0});
    CHECK_CLEAN(r);
}

void expect_refused(model::device_profile profile, status_code expected) {
    rig<> r(std::move(profile));
    CAPTURE(to_string(expected));
    CHECK(to_string(r.open()) == to_string(expected));
    CHECK(r.driver.outcome() == expected);
    expect_closed(r);
}

template <class Rig>
void expect_opens_and_plays(Rig& r) {
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    pcm_params p;
    p.period_frames = 256;
    REQUIRE(r.prepare(out, p) == status_code::ok);
    const usize heard = r.device().stream(0).sink().size();
    const bytes data = support::noise(10'000);
    CHECK(r.play(out, data) == status_code::ok);
    CHECK(support::plays_exactly(r.device().stream(0).sink(), data, p.format, heard));
    CHECK(r.driver.close() == status_code::ok);
    CHECK_CLEAN(r);
}

} // namespace

TEST_CASE("open refuses a region that is no use, before the device is touched") {
    rig<> r;
    const dma_region good = r.area;
    for (const dma_region& bad :
         {dma_region{}, good.part(0, good.bytes - 1), good.part(1, good.bytes - 1),
          dma_region{good.cpu, good.bus + 1, good.bytes}, dma_region{nullptr, good.bus, 65536}}) {
        CHECK(r.driver.open(r.port, bad) == status_code::no_memory);
        CHECK(r.driver.open_async(r.port, bad) == status_code::no_memory);
        CHECK(r.driver.state() == card_state::closed);
    }
    CHECK(r.kernel.accesses == 0);
    CHECK(r.device().resets() == 0);
    expect_opens_and_plays(r);
}

// [virtio 1.4] General Initialization / Device Initialization; Reserved Feature Bits
// [virtio 1.4] Reserved Feature Bits, driver 2
TEST_CASE("a device that cannot be driven is refused by name") {
    model::device_profile p = model::default_profile();
    p.version_1 = false;
    expect_refused(p, status_code::no_version_1);
    for (u32 q = 0; q < 4; ++q) {
        p = model::default_profile();
        p.queue_sizes[q] = 0;
        expect_refused(p, status_code::queue_missing);
        p.queue_sizes[q] = 2;
        expect_refused(p, status_code::queue_too_small);
    }
}

TEST_CASE("a legacy device is called that") {
    model::pci_layout layout;
    layout.legacy = true;
    support::sound_kernel kernel(model::default_profile(), layout);
    pci_device<support::sound_kernel> port;
    port.init(kernel, support::sound_kernel::messages(5));
    card<pci_device<support::sound_kernel>> c;
    const auto area = kernel.memory.allocate(card_bytes<>(), card_alignment);
    CHECK(c.open(port, area) == status_code::legacy_device);
    CHECK(c.state() == card_state::closed);
    CHECK(kernel.device.violations().clean());
}

TEST_CASE("FEATURES_OK refused, vectors refused: named, reset, and open again works") {
    rig<> r;
    r.device().faults().refuses_features_ok = true;
    CHECK(r.open() == status_code::features_refused);
    expect_closed(r);
    r.device().faults().refuses_features_ok = false;
    r.device().faults().no_vectors = true;
    CHECK(r.open() == status_code::no_vector);
    expect_closed(r);
    r.device().faults().no_vectors = false;
    expect_opens_and_plays(r);
}

TEST_CASE("the device's answer to the first question reaches the caller") {
    const struct {
        u32 answer;
        status_code expected;
    } rows[] = {
        {wire::SND_S_BAD_MSG, status_code::device_bad_msg},
        {wire::SND_S_NOT_SUPP, status_code::device_not_supp},
        {wire::SND_S_IO_ERR, status_code::device_io_err},
        {0, status_code::device_bad_answer},
        {0x1234'5678, status_code::device_bad_answer},
    };
    for (const auto& row : rows) {
        CAPTURE(row.answer);
        rig<> r;
        r.device().faults().requests.push_back(
            {wire::SND_R_PCM_INFO, kind::answer, row.answer, 0, 0, 1});
        CHECK(to_string(r.open()) == to_string(row.expected));
        expect_closed(r);
        expect_opens_and_plays(r);
    }
}

TEST_CASE("a device that never answers times out in bounded time") {
    rig<> r;
    r.device().faults().requests.push_back({wire::SND_R_PCM_INFO, kind::no_answer});
    CHECK(r.open() == status_code::timed_out);
    CHECK(r.device().now_ns() >= default_limits::control_timeout_ns);
    CHECK(r.device().now_ns() < 2 * default_limits::control_timeout_ns);
    expect_closed(r);
    r.device().faults().requests.clear();
    expect_opens_and_plays(r);
}

TEST_CASE("descriptions of streams that are rubbish are counted, and never found") {
    rig<> r;
    r.device().faults().requests.push_back({wire::SND_R_PCM_INFO, kind::garbage});
    REQUIRE(r.open() == status_code::ok);
    u32 found = 0;
    for (u32 id = 0; id < r.driver.stream_count(); ++id) {
        const auto* s = r.driver.find(id);
        if (s == nullptr) continue;
        ++found;
        CHECK(s->info().channels_min >= 1);
        CHECK(s->info().channels_min <= s->info().channels_max);
        CHECK((s->info().formats >> pcm_format_count) == 0);
        CHECK((s->info().rates >> pcm_rate_count) == 0);
    }
    CHECK(found + r.driver.counters().malformed_infos == 4);
    CHECK(r.driver.counters().malformed_infos > 0);
    CHECK(r.driver.close() == status_code::ok);
    expect_closed(r);
}

TEST_CASE("more streams than the card has room for, and none at all") {
    model::device_profile p = model::default_profile();
    while (p.streams.size() < 20)
        p.streams.push_back(p.streams[p.streams.size() % 4]);
    rig<> many(p);
    REQUIRE(many.open() == status_code::ok);
    CHECK(many.driver.device_streams() == 20);
    CHECK(many.driver.stream_count() == default_limits::streams);
    CHECK(many.driver.find(default_limits::streams) == nullptr);
    CHECK(many.driver.close() == status_code::ok);
    CHECK_CLEAN(many);

    p.streams.clear();
    rig<> none(p);
    REQUIRE(none.open() == status_code::ok);
    CHECK(none.driver.stream_count() == 0);
    CHECK(none.driver.find(0) == nullptr);
    CHECK(none.driver.close() == status_code::ok);
    CHECK_CLEAN(none);
}

// [virtio 1.4] Common configuration structure layout: wait until the status reads 0
// [virtio 1.4] General Initialization And Device Operation / Device Cleanup, driver 2
TEST_CASE("a reset that never reads back: the memory is still owned, and is said to be") {
    rig<> r;
    REQUIRE(r.open() == status_code::ok);
    auto& out = *r.driver.find(direction::playback);
    pcm_params p;
    REQUIRE(r.prepare(out, p) == status_code::ok);
    r.device().faults().ignores_reset = true;
    r.kernel.ns_per_look = support::ms; // polling takes time
    CHECK(r.driver.close() == status_code::memory_still_owned);
    CHECK(r.driver.state() == card_state::failed);
    CHECK(r.open() == status_code::wrong_state);
    CHECK_FALSE(r.driver.pump_all());
    r.driver.config_changed();
    (void)r.driver.tick(r.device().now_ns());
    CHECK(out.write({r.area.cpu, 100}).code() == status_code::wrong_state);
    CHECK(out.release() == status_code::memory_still_owned);
    CHECK(r.driver.close() == status_code::memory_still_owned);
    // The device comes to its senses: close can be tried again.
    r.device().faults().ignores_reset = false;
    r.kernel.ns_per_look = 0;
    CHECK(r.driver.close() == status_code::ok);
    expect_opens_and_plays(r);
}

TEST_CASE("a device that does not even reset at open") {
    rig<> r;
    r.device().faults().ignores_reset = true;
    r.kernel.ns_per_look = support::ms; // polling takes time
    r.device().write_status(1);         // somebody else left it so
    r.device().violations().clear();
    const status_code code = r.open();
    CHECK(code == status_code::memory_still_owned);
    CHECK(r.driver.state() == card_state::failed);
    CHECK_FALSE(r.driver.pump_all());
    CHECK_FALSE(r.driver.pump(wire::SND_VQ_TX, 1));
    CHECK(r.driver.tick(5) == ~u64{0});
    r.device().faults().ignores_reset = false;
    r.kernel.ns_per_look = 0;
    CHECK(r.driver.close() == status_code::ok);
    expect_opens_and_plays(r);
}

TEST_CASE("a device that is gone before, while, and after it is opened") {
    rig<> r;
    r.device().faults().gone = true;
    const status_code absent = r.open();
    CHECK((absent == status_code::no_device || absent == status_code::device_gone));
    CHECK(r.driver.state() == card_state::closed);
    r.device().faults().gone = false;
    // At any access of opening but the last, which comes after the device has said all.
    rig<> whole;
    REQUIRE(whole.open() == status_code::ok);
    const u64 accesses = whole.kernel.accesses;
    for (u64 at = 1; at < accesses; at += 3) {
        CAPTURE(at);
        rig<> half;
        half.kernel.gone_at = at;
        const status_code code = half.open();
        CHECK(code != status_code::ok);
        CHECK(half.driver.state() == card_state::closed);
        CHECK(half.driver.find(0) == nullptr);
    }
    whole.device().faults().gone = true;
    auto& out = *whole.driver.find(direction::playback);
    CHECK(whole.prepare(out, {}) == status_code::timed_out);
    whole.driver.config_changed();
    for (u32 i = 0; i < 100; ++i) {
        (void)whole.driver.tick(whole.device().now_ns());
        whole.run(1'000'000);
    }
    CHECK(whole.driver.state() == card_state::failed);
    CHECK(whole.driver.failure() == status_code::device_gone);
    CHECK(whole.driver.close() == status_code::ok); // what is gone touches no memory
    CHECK(whole.driver.state() == card_state::closed);
}

TEST_CASE("close does not wait for streams that are lost, nor command them") {
    support::rig<no_handler, support::without_resets> r;
    REQUIRE(r.open() == status_code::ok);
    for (u32 id = 0; id < 4; ++id) {
        auto& s = *r.driver.find(id);
        r.device().faults().requests = {{wire::SND_R_PCM_SET_PARAMS, kind::no_answer}};
        CHECK(r.prepare(s, {}) == status_code::timed_out);
        CHECK(s.state() == stream_state::unknown);
    }
    const u64 before = r.device().now_ns();
    CHECK(r.driver.close() == status_code::ok);
    CHECK(r.device().now_ns() - before < default_limits::control_timeout_ns);
    r.device().faults().requests.clear();
    expect_opens_and_plays(r);
}
