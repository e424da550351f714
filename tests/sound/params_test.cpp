// What a stream can be asked for: every format with every rate, each refusal with its own code,
// and the nearest parameters instead.

#include <doctest/doctest.h>

#include <initializer_list>

#include <vsnd/sound/params.hpp>

using namespace vsnd;

namespace {

constexpr u32 most_periods = 32;

stream_info full_info() {
    stream_info info;
    info.formats = (u64{1} << pcm_format_count) - 1;
    info.rates = (u64{1} << pcm_rate_count) - 1;
    info.features = 0x1f;
    info.channels_min = 1;
    info.channels_max = 8;
    info.usable = true;
    return info;
}

pcm_format format_no(u32 i) {
    return static_cast<pcm_format>(i);
}
u32 rate_no(u32 i) {
    return rate_hz(static_cast<pcm_rate>(i));
}

wire::snd_pcm_info raw_info() {
    wire::snd_pcm_info raw{};
    raw.formats = u64{1} << wire::SND_PCM_FMT_S16;
    raw.rates = u64{1} << wire::SND_PCM_RATE_48000;
    raw.channels_min = 1;
    raw.channels_max = 2;
    return raw;
}

} // namespace

// [virtio 1.4] Sound Device / PCM Stream Parameters
// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 3
TEST_CASE("check_params accepts a format and a rate exactly where both are offered") {
    for (u32 offered_format = 0; offered_format < pcm_format_count; ++offered_format) {
        stream_info info = full_info();
        info.formats = mask_of(format_no(offered_format));
        for (u32 offered_rate = 0; offered_rate < pcm_rate_count; ++offered_rate) {
            info.rates = u32{1} << offered_rate;
            for (u32 f = 0; f < pcm_format_count; ++f) {
                for (u32 r = 0; r < pcm_rate_count; ++r) {
                    pcm_params p;
                    p.format = format_no(f);
                    p.rate_hz = rate_no(r);
                    const status_code expected = f != offered_format ? status_code::bad_format
                                                 : r != offered_rate ? status_code::bad_rate
                                                                     : status_code::ok;
                    if (check_params(info, p, most_periods) != expected) {
                        CAPTURE(f);
                        CAPTURE(r);
                        CHECK(check_params(info, p, most_periods) == expected);
                    }
                }
            }
        }
    }
    pcm_params p;
    CHECK(check_params(full_info(), p, most_periods) == status_code::ok);
}

// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 2
// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 4
TEST_CASE("check_params names what is wrong") {
    const stream_info info = full_info();
    const auto code = [&](auto change) {
        pcm_params p;
        change(p);
        return check_params(info, p, most_periods);
    };
    using s = status_code;
    CHECK(code([](pcm_params& p) { p.format = format_no(25); }) == s::bad_format);
    CHECK(code([](pcm_params& p) { p.format = format_no(255); }) == s::bad_format);
    CHECK(code([](pcm_params& p) { p.rate_hz = 0; }) == s::bad_rate);
    CHECK(code([](pcm_params& p) { p.rate_hz = 44101; }) == s::bad_rate);
    CHECK(code([](pcm_params& p) { p.channels = 0; }) == s::bad_channels);
    CHECK(code([](pcm_params& p) { p.channels = 9; }) == s::bad_channels);
    CHECK(code([](pcm_params& p) { p.channels = 255; }) == s::bad_channels);
    CHECK(code([](pcm_params& p) { p.period_frames = 0; }) == s::bad_period);
    CHECK(code([](pcm_params& p) { p.periods = 0; }) == s::bad_period);
    CHECK(code([](pcm_params& p) { p.periods = most_periods + 1; }) == s::bad_period);
    CHECK(code([](pcm_params& p) { p.periods = most_periods; }) == s::ok);
    // Data of 4 or 8 bytes is taken for a header or a status by devices that exist.
    CHECK(code([](pcm_params& p) { p.period_frames = 1; }) == s::bad_period);
    CHECK(code([](pcm_params& p) { p.period_frames = 2; }) == s::bad_period);
    CHECK(code([](pcm_params& p) { p.period_frames = 3; }) == s::ok);
    // Beyond what the wire's 32 bits can say.
    CHECK(code([](pcm_params& p) { p.period_frames = 0x4000'0000; }) == s::bad_period);
    CHECK(code([](pcm_params& p) { p.period_frames = 0xffff'ffff; }) == s::bad_period);
    CHECK(code([](pcm_params& p) {
              p.period_frames = 0x1000'0000;
              p.periods = 4;
          }) == s::bad_period);
    // Two samples of four bits are one byte: an odd number of mono frames is not whole bytes.
    const auto adpcm = [](u8 channels, u32 frames) {
        return [=](pcm_params& p) {
            p.format = pcm_format::ima_adpcm;
            p.channels = channels;
            p.period_frames = frames;
        };
    };
    CHECK(code(adpcm(1, 511)) == s::bad_period);
    CHECK(code(adpcm(1, 512)) == s::ok);
    CHECK(code(adpcm(2, 511)) == s::ok);
    CHECK(code(adpcm(3, 511)) == s::bad_period);
}

// [virtio 1.4] Sound Device / PCM Stream Parameters: shared memory must not be selected
// [virtio 1.4] Sound Device / PCM Stream Parameters, driver 5
TEST_CASE("check_params lets only offered message features pass") {
    stream_info info = full_info();
    for (u32 bit = 0; bit < 32; ++bit) {
        pcm_params p;
        p.features = u32{1} << bit;
        const bool selectable =
            bit == wire::SND_PCM_F_MSG_POLLING || bit == wire::SND_PCM_F_EVT_XRUNS;
        CAPTURE(bit);
        info.features = 0x1f;
        CHECK(check_params(info, p, 8) ==
              (selectable ? status_code::ok : status_code::bad_feature));
        info.features = 0;
        CHECK(check_params(info, p, 8) == status_code::bad_feature);
    }
}

TEST_CASE("an unusable stream accepts nothing") {
    stream_info info = full_info();
    info.usable = false;
    CHECK(check_params(info, {}, 8) == status_code::not_available);
    CHECK(nearest_params(info, {}, 8).code() == status_code::not_available);
}

TEST_CASE("judge keeps what is defined and refuses what makes no sense") {
    CHECK(judge(raw_info()).usable);
    const auto usable = [](auto change) {
        wire::snd_pcm_info raw = raw_info();
        change(raw);
        return judge(raw).usable;
    };
    CHECK_FALSE(usable([](auto& i) { i.formats = 0; }));
    CHECK_FALSE(usable([](auto& i) { i.formats = u64{1} << 25; })); // undefined ones only
    CHECK_FALSE(usable([](auto& i) { i.rates = 0; }));
    CHECK_FALSE(usable([](auto& i) { i.rates = u64{1} << 16; }));
    CHECK_FALSE(usable([](auto& i) { i.direction = 2; }));
    CHECK_FALSE(usable([](auto& i) { i.direction = 0xff; }));
    CHECK_FALSE(usable([](auto& i) { i.channels_min = 0; }));
    CHECK_FALSE(usable([](auto& i) { i.channels_min = 3; }));
    CHECK_FALSE(usable([](auto& i) { i.channels_max = 0; }));

    wire::snd_pcm_info raw = raw_info();
    raw.formats = ~u64{0};
    raw.rates = ~u64{0};
    raw.features = ~u32{0};
    raw.direction = wire::SND_D_INPUT;
    raw.hdr.hda_fn_nid = 77;
    const stream_info info = judge(raw);
    CHECK(info.formats == (u64{1} << 25) - 1);
    CHECK(info.rates == (u64{1} << 16) - 1);
    CHECK(info.features == 0x1f);
    CHECK(info.flow == direction::capture);
    CHECK(info.hda_fn_nid == 77);
    CHECK(info.usable);
}

TEST_CASE("nearest_params answers what check_params accepts, whatever is offered and wanted") {
    u32 accepted = 0;
    for (u32 offered = 0; offered < pcm_format_count; ++offered) {
        stream_info info = full_info();
        info.formats = mask_of(format_no(offered));
        info.rates = mask_of(pcm_rate::hz_44100) | mask_of(pcm_rate::hz_96000);
        info.channels_min = 2;
        info.channels_max = 4;
        for (u32 wanted = 0; wanted < pcm_format_count; ++wanted) {
            for (const u32 hz : {0u, 5512u, 44100u, 48000u, 500000u}) {
                for (const u8 channels : {u8{0}, u8{1}, u8{3}, u8{255}}) {
                    for (const u32 frames : {0u, 1u, 2u, 511u}) {
                        pcm_params p{format_no(wanted), channels, hz, frames, 0, ~0u};
                        const auto near = nearest_params(info, p, most_periods);
                        const bool good = near.ok() ? check_params(info, near.value(),
                                                                   most_periods) == status_code::ok
                                                    : near.code() == status_code::bad_format;
                        accepted += near.ok();
                        if (!good) {
                            CAPTURE(offered);
                            CAPTURE(wanted);
                            CAPTURE(hz);
                            CAPTURE(+channels);
                            CAPTURE(frames);
                            CHECK(good);
                        }
                    }
                }
            }
        }
    }
    CHECK(accepted > 10000);
}

TEST_CASE("nearest_params changes nothing that is supported") {
    const stream_info info = full_info();
    for (u32 f = 0; f < pcm_format_count; ++f) {
        for (u32 r = 0; r < pcm_rate_count; ++r) {
            const pcm_params p{format_no(f), 2, rate_no(r),
                               300,          5, 1u << wire::SND_PCM_F_EVT_XRUNS};
            REQUIRE(nearest_params(info, p, most_periods).value() == p);
        }
    }
}

TEST_CASE("nearest_format goes up without loss, then down, and never to another kind") {
    using enum pcm_format;
    struct row {
        u64 offered;
        pcm_format want;
        pcm_format have;
    };
    const row rows[] = {
        {mask_of(s16) | mask_of(s32_), s24, s32_},
        {mask_of(s16) | mask_of(u8_), s24, s16},
        {mask_of(s16) | mask_of(s24) | mask_of(s32_), s20, s24},
        {mask_of(s16) | mask_of(u16_), u16_, u16_},
        {mask_of(s16) | mask_of(s32_), u16_, s16},
        {mask_of(float32) | mask_of(s16), s24, float32},
        {mask_of(s16), float64, s16},
        {mask_of(s24) | mask_of(s24_3), s20_3, s24_3},
    };
    for (const row& r : rows) {
        CAPTURE(to_string(r.want));
        CHECK(nearest_format(r.offered, r.want).value() == r.have);
    }
    const u64 linear = mask_of(s16) | mask_of(float32);
    for (const pcm_format other : {mu_law, a_law, ima_adpcm, dsd_u8, dsd_u16, iec958_subframe})
        CHECK(nearest_format(linear, other).code() == status_code::bad_format);
    CHECK(nearest_format(mask_of(mu_law) | mask_of(dsd_u8), s16).code() == status_code::bad_format);
    CHECK(nearest_format(0, s16).code() == status_code::bad_format);
}

TEST_CASE("the memory a stream needs") {
    pcm_params p;
    p.period_frames = 333;
    p.periods = 3;
    CHECK(period_bytes(p) == 1332);
    CHECK(audio_bytes(p) == 3996);
    CHECK(silence_bytes(p) == 1332);
    p.format = pcm_format::s24_3;
    p.channels = 6;
    CHECK(period_bytes(p) == 333 * 18);
    p.format = pcm_format::ima_adpcm;
    p.channels = 1;
    CHECK(period_bytes(p) == 0);
    p.period_frames = 334;
    CHECK(period_bytes(p) == 167);
}
