// A day in the life of the media add-on with this driver, on the device that most people have.

#include <doctest/doctest.h>
#include <initializer_list>

#include <client/media_add_on.hpp>

namespace {

using namespace client;
using vsnd::model::qemu_profile;

constexpr u64 longest_exchange_us = 50'000;

// The kernel with the driver loaded, and the add-on in front of it.
struct desk {
    explicit desk(vsnd::model::device_profile profile = qemu_profile(), const char* settings = "",
                  bool delivers_features = false)
        : k(std::move(profile), delivers_features), user(k) {
        k.settings = settings;
        probed = k.nodes.probe();
    }
    bool starts() { return probed == B_OK && user.open() == B_OK && user.start() == B_OK; }
    void ends() {
        user.close();
        CHECK(k.complaints() == "");
        CHECK(k.leftovers() == "");
        CHECK(user.wrong == "");
        CHECK(user.longest_us <= longest_exchange_us);
    }
    kernel k;
    media_add_on user;
    status_t probed;
};

// Above 102,400 Hz QEMU's device needs shorter ticks than its usual 10 ms: it takes 1024 frames in
// each.
vsnd::model::device_profile fast_profile() {
    vsnd::model::device_profile p = qemu_profile();
    p.tick_ns = 2'000'000;
    return p;
}

// Times between cycles go forward, and frames with them.
void check_times(const std::vector<media_add_on::played>& all, u32 rate, u32 frames) {
    REQUIRE(all.size() > 3);
    for (usize i = 2; i < all.size(); ++i) {
        const auto &before = all[i - 1], &now = all[i];
        CHECK(now.real_time > before.real_time);
        CHECK(now.frames - before.frames == s64{frames});
        CHECK(now.real_time <= static_cast<s64>(now.at_us));
    }
    // The clock has had a while to learn.
    const auto &first = all[all.size() / 4], &last = all.back();
    const double seconds = static_cast<double>(last.real_time - first.real_time) / 1e6;
    const double played = static_cast<double>(last.frames - first.frames);
    CHECK(played / seconds == doctest::Approx(rate).epsilon(0.005));
}

} // namespace

TEST_CASE("the driver publishes the device, and tells of it what the add-on understands") {
    desk d;
    REQUIRE(d.probed == B_OK);
    CHECK(d.k.path() == "audio/hmulti/virtio_sound/0");
    REQUIRE(d.starts());
    CHECK(d.user.description_is_sane() == "");
    CHECK(d.user.description->output_channel_count == 2);
    CHECK(d.user.description->input_channel_count == 2);
    CHECK(d.user.format->output.rate == B_SR_48000);
    CHECK(d.user.format->output.format == B_FMT_32BIT);
    CHECK(d.user.controls->control_count == 0);
    CHECK(d.user.list->return_playback_buffers >= 2);
    CHECK(d.user.list->return_record_buffers >= 2);
    CHECK((d.user.channels[0].designations & B_CHANNEL_LEFT) != 0);
    CHECK((d.user.channels[1].designations & B_CHANNEL_RIGHT) != 0);
    d.ends();
}

TEST_CASE("it plays exactly, records exactly, and both tell the right time") {
    desk d;
    REQUIRE(d.starts());
    d.user.exchange(300);
    CHECK(d.user.errors == 0);
    CHECK(d.user.heard_exactly(0, 40) == "");
    CHECK(d.user.recorded_exactly(40) == "");
    check_times(d.user.playback, 48000, d.user.list->return_playback_buffer_size);
    check_times(d.user.recording, 48000, d.user.list->return_record_buffer_size);
    CHECK(d.user.force_stop() == B_OK);
    d.ends();
}

TEST_CASE("what is said to be played is what the converter has played, to a few milliseconds") {
    desk d;
    REQUIRE(d.starts());
    d.user.exchange(200);
    const vsnd::model::pcm_stream& s = d.k.device().stream(0);
    for (usize i = 4; i < d.user.playback.size(); ++i) {
        const auto& p = d.user.playback[i];
        const u64 at = static_cast<u64>(p.real_time) * 1000 - machine::boot_ns;
        const double truly = static_cast<double>(s.played_frames_at(at));
        const double apart = (static_cast<double>(p.frames) - truly) / 48.0;
        CHECK(apart > -30.0);
        CHECK(apart < 30.0);
    }
    d.ends();
}

TEST_CASE("buffers: interleaved neighbours, whole frames, at most 21 periods") {
    desk d;
    REQUIRE(d.starts());
    const multi_buffer_list& l = *d.user.list;
    CHECK(l.return_playback_channels == 2);
    CHECK(l.return_record_channels == 2);
    CHECK(l.return_playback_buffers <= 21);
    CHECK(l.return_playback_buffer_size > 0);
    for (usize b = 0; b < static_cast<usize>(l.return_playback_buffers); ++b) {
        const buffer_desc* const row = &d.user.play_table[b * most_channels];
        const u64 base = reinterpret_cast<u64>(row[0].base);
        CHECK(row[0].stride == 8);
        CHECK(row[1].base == row[0].base + 4);
        CHECK_FALSE(d.k.space.is_user(base));
        CHECK(d.k.space.is_user_accessible(base));
        CHECK(d.k.space.view(base, l.return_playback_buffer_size * 8) != nullptr);
    }
    d.ends();
}

TEST_CASE("stopped by force, twice, with nothing as argument, and started again by the loop") {
    desk d;
    REQUIRE(d.starts());
    CHECK(d.user.force_stop() == B_OK); // before anything runs
    for (u32 round = 0; round < 3; ++round) {
        const usize before = d.user.playback.size();
        d.user.exchange(60);
        CHECK(d.user.playback.size() > before + 10);
        CHECK(d.user.force_stop() == B_OK);
        CHECK(d.user.force_stop() == B_OK);
        const usize heard = d.k.device().stream(0).sink().size();
        d.k.hardware.run(500 * machine::ms);
        CHECK(d.k.device().stream(0).sink().size() == heard);
    }
    CHECK(d.user.errors == 0);
    d.ends();
}

TEST_CASE("another rate in the middle: new buffers, and it plays on") {
    desk d(fast_profile(), "rates all\n");
    REQUIRE(d.starts());
    CHECK(hertz(d.user.format->output.rate) == 384000);
    for (const u32 rate :
         std::initializer_list<u32>{B_SR_44100, B_SR_192000, B_SR_8000, B_SR_384000, B_SR_48000}) {
        REQUIRE((d.user.description->output_rates & rate) != 0);
        REQUIRE(d.user.set_output_rate(rate) == B_OK);
        REQUIRE(d.user.set_input_rate(rate) == B_OK);
        d.user.playback.clear();
        d.user.recording.clear();
        d.user.exchange(80);
        CHECK(d.user.errors == 0);
        CHECK(d.k.device().stream(0).params().channels == 2);
        check_times(d.user.playback, hertz(rate), d.user.list->return_playback_buffer_size);
        check_times(d.user.recording, hertz(rate), d.user.list->return_record_buffer_size);
        CHECK(d.k.device().stream(0).gaps() == 0);
    }
    d.ends();
}

TEST_CASE("every rate and format that settings offer plays exactly") {
    for (const u32 rate :
         std::initializer_list<u32>{B_SR_8000, B_SR_44100, B_SR_96000, B_SR_192000, B_SR_384000})
        for (const u32 sample :
             std::initializer_list<u32>{B_FMT_8BIT_S, B_FMT_8BIT_U, B_FMT_16BIT, B_FMT_32BIT}) {
            desk d(fast_profile(), "rates all\nformats all\n");
            REQUIRE(d.starts());
            REQUIRE((d.user.description->output_formats & sample) != 0);
            d.user.format->output.format = d.user.format->input.format = sample;
            d.user.format->input.rate = rate;
            REQUIRE(d.user.set_output_rate(rate) == B_OK);
            d.user.exchange(60);
            CAPTURE(hertz(rate));
            CAPTURE(sample);
            CHECK(d.user.heard_exactly(0, 8) == "");
            CHECK(d.user.recorded_exactly(8) == "");
            d.ends();
        }
}

TEST_CASE("closed in the middle of everything, and opened again") {
    desk d;
    for (u32 round = 0; round < 4; ++round) {
        REQUIRE(d.starts());
        d.user.exchange(5 + 9 * round);
        d.user.close();
        CHECK(d.k.complaints() == "");
    }
    REQUIRE(d.starts());
    d.user.exchange(60);
    CHECK(d.k.device().stream(0).gaps() == 0);
    d.ends();
}

TEST_CASE("a second open is refused, and does not disturb the first") {
    desk d;
    REQUIRE(d.starts());
    media_add_on second(d.k);
    for (u32 i = 0; i < 20; ++i) {
        CHECK(second.open() == B_BUSY);
        d.user.exchange(5);
    }
    CHECK(d.user.heard_exactly(0, 15) == "");
    d.user.close();
    CHECK(second.open() == B_OK);
    second.close();
    d.ends();
}

TEST_CASE("however interrupts come: one pin, shared, one for each queue, without any news, lost") {
    for (const wiring wires : {wiring::pin, wiring::shared, wiring::each})
        for (const u32 trouble : {0u, 1u, 2u}) {
            desk d;
            d.k.bus.wires = wires;
            d.k.bus.faults.spurious = trouble == 1;
            if (trouble == 2) {
                d.k.bus.faults.lost_queue = 2;
                d.k.bus.faults.lost_from = 0;
                d.k.bus.faults.lost_times = ~u64{0};
                d.k.bus.faults.lost_ns = 12 * machine::ms;
            }
            REQUIRE(d.starts());
            d.user.exchange(100);
            CAPTURE(static_cast<int>(wires));
            CAPTURE(trouble);
            CHECK(d.user.errors == 0);
            CHECK(d.user.heard_exactly(0, 15) == "");
            CHECK(d.user.recorded_exactly(10) == "");
            d.ends();
        }
}

TEST_CASE("the driver is stopped and started again between two openings, and keeps its name") {
    desk d;
    REQUIRE(d.starts());
    d.user.exchange(10);
    d.user.close();
    REQUIRE(d.k.nodes.restart_driver() == B_OK);
    CHECK(d.k.path() == "audio/hmulti/virtio_sound/0");
    REQUIRE(d.starts());
    d.user.exchange(30);
    d.ends();
}

TEST_CASE("no memory for areas, at each of them: an error, nothing kept, and later it works") {
    u32 failures = 0;
    for (u32 areas = 0; areas < 40; ++areas) {
        desk d;
        REQUIRE(d.probed == B_OK);
        d.k.space.areas_left = areas;
        const bool opened = d.user.open() == B_OK;
        const bool started = opened && d.user.start() == B_OK;
        failures += !started;
        if (started) d.user.exchange(3);
        d.user.close();
        d.k.space.areas_left = ~u32{0};
        CAPTURE(areas);
        // A set-up that the bus manager failed in is final; anything later is not.
        const bool again = d.user.open() == B_OK;
        CHECK((again || !opened));
        if (again) {
            REQUIRE(d.user.start() == B_OK);
            d.user.exchange(20);
            CHECK(d.user.playback.size() > 3);
        }
        d.ends();
        if (started) break;
    }
    CHECK(failures >= 5);
    CHECK(failures < 40);
}

TEST_CASE("no memory on the heap: an error, nothing kept, and later it works") {
    for (u32 pieces = 0; pieces < 10; ++pieces) {
        kernel k;
        media_add_on user(k);
        heap_fails_after(pieces);
        const bool started = k.nodes.probe() == B_OK && user.open() == B_OK && user.start() == B_OK;
        CHECK((started || pieces < 9));
        CHECK((!started || pieces > 0));
        user.close();
        heap_fails_after(~u32{0});
        // A node that was never started keeps its number.
        const std::string left = k.leftovers();
        CHECK((left == "" || (!started && left == "1 ids\n")));
        if (started) return;
    }
}

TEST_CASE("a bus manager that cannot set up: the open fails, and nothing is kept") {
    for (const bool queues : {false, true}) {
        desk d;
        REQUIRE(d.probed == B_OK);
        d.k.bus.faults.refuses_queues = queues;
        d.k.bus.faults.refuses_interrupts = !queues;
        CHECK(d.user.open() < B_OK);
        d.ends();
    }
}
