#pragma once
// One of several streams of a card, with its user: a song to play, or what has been recorded.

#include <doctest/doctest.h>

#include <support/sound_rig.hpp>
#include <support/units.hpp>

namespace support {

using namespace vsnd;

inline pcm_params with(pcm_format format, u8 channels, u32 rate, u32 frames, u32 periods) {
    pcm_params p;
    p.format = format;
    p.channels = channels;
    p.rate_hz = rate;
    p.period_frames = frames;
    p.periods = periods;
    return p;
}

template <class Rig>
class party_of {
    using stream_type = typename Rig::stream;

  public:
    party_of(Rig& r, stream_type& s, const pcm_params& p, u32 seed) : r_(r), s_(s) {
        begin(p, seed);
    }

    stream_type& stream() { return s_; }
    bool plays() const { return s_.flow() == direction::playback; }
    model::pcm_stream& end() { return r_.device().stream(s_.id()); }

    // New parameters, and a song of so many milliseconds.
    void begin(const pcm_params& p, u32 seed, u32 length_ms = 1000) {
        REQUIRE(r_.prepare(s_, p) == status_code::ok);
        const u32 count = p.rate_hz / p.period_frames * length_ms / 1000 + 1;
        enough_ = usize{s_.period_bytes()} * count;
        song_ = support::noise(usize{s_.period_bytes()} * count + s_.period_bytes() / 2, seed);
        song_.resize(frame_layout(p.format, p.channels).round_down(static_cast<u32>(song_.size())));
        at_ = 0;
        from_ = end().sink().size();
        got_.clear();
        if (!plays()) {
            end().set_source([seed, start = ~u64{0}](u64 at, u8* into, usize n) mutable {
                if (start == ~u64{0}) start = at;
                for (usize i = 0; i < n; ++i)
                    into[i] = heard(seed, at - start + i);
            });
            seed_ = seed;
        }
    }
    void start() {
        if (plays())
            work();
        else
            REQUIRE(s_.start() == status_code::ok);
        REQUIRE(s_.state() == stream_state::running);
    }
    // Writes or reads whatever is possible now.
    void work() {
        if (plays()) {
            if (at_ < song_.size()) REQUIRE(r_.feed(s_, song_, at_, ~usize{0}) == status_code::ok);
            return;
        }
        u8 piece[4096];
        for (auto n = s_.read({piece, sizeof(piece)}); n.ok(); n = s_.read({piece, sizeof(piece)}))
            got_.insert(got_.end(), piece, piece + n.value());
    }
    bool finished() const { return plays() ? at_ == song_.size() : got_.size() >= enough_; }
    void cut_song() { song_.resize(at_); }

    // The device got the song, or the user what the device heard behind the first `lost` bytes.
    bool exact(usize lost = 0) {
        if (plays()) return plays_exactly(end().sink(), song_, s_.params().format, from_);
        for (usize i = 0; i < got_.size(); ++i)
            if (got_[i] != heard(seed_, lost + i)) return false;
        return !got_.empty();
    }
    usize recorded() const { return got_.size(); }

  private:
    static u8 heard(u32 seed, u64 at) {
        return model::default_source_byte(at + u64{seed} * 1'000'003);
    }

    Rig& r_;
    stream_type& s_;
    bytes song_;
    bytes got_;
    usize at_ = 0;
    usize from_ = 0;
    usize enough_ = 0;
    u32 seed_ = 0;
};

using party = party_of<rig<>>;

// Lets time pass; everybody does what there is to do.
inline void live(rig<>& r, std::initializer_list<party*> who, u64 time) {
    const u64 end = r.device().now_ns() + time;
    while (r.device().now_ns() < end) {
        r.run(ms);
        (void)r.driver.tick(r.device().now_ns());
        for (party* p : who)
            p->work();
    }
}

inline void live_until_finished(rig<>& r, party& p, std::initializer_list<party*> who) {
    for (u32 i = 0; i < 100 && !p.finished(); ++i)
        live(r, who, 100 * ms);
    REQUIRE(p.finished());
}

} // namespace support
