#pragma once
// One device of model/profiles.hpp with the whole driver on it, and the steps of a user who knows
// nothing of the device: the same calls for each of them.

#include <string>

#include <support/sound_rig.hpp>
#include <vsnd/model/profiles.hpp>

namespace support::quirks {

using vsnd::direction;
using vsnd::pcm_params;
using vsnd::status_code;
using vsnd::stream_state;
using vsnd::model::named_profile;

inline constexpr u64 ms = 1'000'000;

struct listener {
    u32 xruns = 0;
    template <class Stream>
    void xrun(Stream&) {
        ++xruns;
    }
};

// What came of trying something on a device.
enum class verdict : u8 {
    yes,
    no,     // the device cannot, and the driver noticed in good order
    absent, // there is nothing to try it on
    wrong,  // neither: see `why`
};

constexpr const char* to_string(verdict v) {
    constexpr const char* names[] = {"yes", "no", "-", "WRONG"};
    return names[static_cast<usize>(v)];
}

class lab : public rig<listener> {
  public:
    explicit lab(const named_profile& device_kind) : lab(device_kind.make(), device_kind.can) {}
    lab(vsnd::model::device_profile profile, const vsnd::model::profile_expectations& can_do)
        : rig<listener>(std::move(profile)), can(can_do) {
        // What a capture stream hears is known, and never ends within a test.
        for (u32 i = 0; i < device().stream_count(); ++i)
            device().stream(i).set_source(
                [](u64 at, u8* into, usize n) { std::copy_n(heard().data() + at, n, into); });
        need(open() == status_code::ok, "open");
    }

    const vsnd::model::profile_expectations can;
    std::string why; // the first step that went wrong

    bool need(bool good, const std::string& step) {
        if (!good && why.empty()) why = step;
        return good;
    }
    bool need(status_code code, const std::string& step) {
        return need(ok(code), step + ": " + vsnd::to_string(code));
    }

    static const bytes& heard() {
        static const bytes all = noise(4 << 20, 77);
        return all;
    }

    stream* out() { return driver.find(direction::playback); }
    stream* in() { return driver.find(direction::capture); }
    vsnd::model::pcm_stream& end_of(stream& s) { return device().stream(s.id()); }
    const bytes& sink(stream& s) { return end_of(s).sink(); }

    // What every device has something near to: a buffer of 43 ms.
    static pcm_params usual() {
        pcm_params p;
        p.period_frames = 256;
        p.periods = 8;
        return p;
    }
    bool prepares(stream& s, const pcm_params& wanted = usual()) {
        const auto p = s.nearest(wanted);
        return need(p.code(), "nearest") && need(prepare(s, p.value()), "prepare");
    }
    static bytes whole_periods(stream& s, u32 periods, u32 seed = 1) {
        return noise(usize{s.period_bytes()} * periods, seed);
    }
    // So many whole periods, and a part of one.
    static bytes song(stream& s, u32 periods, u32 seed = 1) {
        const vsnd::frame_layout layout(s.params().format, s.params().channels);
        const u32 tail = layout.round_down(s.period_bytes() / 3);
        return noise(usize{s.period_bytes()} * periods + tail, seed);
    }
    // Plays to the end, from a prepared stream on; the device gets exactly this.
    bool plays(stream& s, const bytes& data, const std::string& step = "play") {
        const usize from = sink(s).size();
        if (!need(play(s, data), step)) return false;
        return need(plays_exactly(sink(s), data, s.params().format, from), step + ": not exact");
    }
    bool plays_a_song(stream& s, const pcm_params& wanted = usual(), u32 seed = 1) {
        if (!prepares(s, wanted)) return false;
        return plays(s, song(s, 2 * s.params().periods + 3, seed), "play") &&
               need(s.release(), "release");
    }
    // Feeds until `data` is used up, and does not wait for the end of it.
    bool feeds(stream& s, const bytes& data) {
        const u64 end = device().now_ns() + 10'000 * ms;
        for (usize at = 0; at < data.size() && device().now_ns() < end;) {
            if (!need(feed(s, data, at, ~usize{0}), "feed")) return false;
            if (at == data.size()) return true;
            kernel.wait(ms);
        }
        return need(false, "feed: stuck");
    }

    // Reads from a running stream so much as so many periods hold: what the device heard, from
    // somewhere behind the last recording on, without a gap.
    bool records(stream& s, u32 periods) {
        const usize count = usize{s.period_bytes()} * periods;
        const bytes got = record(s, count);
        if (!need(got.size() == count, "record: only " + std::to_string(got.size()))) return false;
        const auto from = heard().begin() + static_cast<std::ptrdiff_t>(listened_);
        const auto at = std::search(from, heard().end(), got.begin(), got.end());
        listened_ = static_cast<usize>(at - heard().begin()) + count;
        return need(at != heard().end(), "record: not exact");
    }
    // The next recording must go on exactly where the last one ended.
    bool goes_on_recording(stream& s, u32 periods) {
        const usize from = listened_;
        return records(s, periods) &&
               need(listened_ == from + usize{s.period_bytes()} * periods, "record: a gap");
    }

    // The device has lived through all of it, without a complaint.
    bool unharmed() {
        const char* const crash = device().crashed();
        return need(crash == nullptr, std::string("crash: ") + (crash ? crash : "")) &&
               need(device().messages_dropped() == 0, "a message was dropped by the device") &&
               need(clean(), report());
    }
    verdict result(bool able) {
        need(driver.close(), "close");
        return unharmed() && why.empty() ? (able ? verdict::yes : verdict::no) : verdict::wrong;
    }
    // A fresh start after something bad: the card opens again and plays as ever.
    bool starts_afresh() {
        device().faults() = {};
        return need(driver.close(), "close") && need(open(), "open again") &&
               plays_a_song(*out(), usual(), 99);
    }

  private:
    usize listened_ = 0;
};

} // namespace support::quirks
