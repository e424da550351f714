#pragma once
// A whole driver whose user refills every period at once and asks for the position again and
// again, on a model device with one habit of time.

#include <fmt/format.h>

#include <support/sound_rig.hpp>

namespace clock_tests {

using namespace vsnd;

inline constexpr u64 milli = 1'000'000;
inline constexpr u64 one_second = 1000 * milli;
inline constexpr u32 rates[] = {5512,  8000,  11025, 12000, 16000, 22050,  24000,  32000,
                                44100, 48000, 64000, 88200, 96000, 176400, 192000, 384000};

// Fills, or reads, whatever comes back.
struct refiller {
    template <class Stream>
    void period_done(Stream& s) {
        while (s.acquire().ok())
            if (!ok(s.commit())) ++refused;
        ++told;
    }
    template <class Stream>
    void xrun(Stream&) {
        ++xruns;
    }
    u32 told = 0;
    u32 refused = 0;
    u32 xruns = 0;
};

// One way in which the device's time differs from what a driver would like.
struct timing {
    const char* name;
    void (*apply)(model::device_profile&, u32 rate_hz);
    bool drifts = false;
};

inline void exactly(model::device_profile& p, u32) {
    p.pace = model::pacing::paced;
    p.buffer_frames = 0;
}
inline void early(model::device_profile& p, u32) {
    p.pace = model::pacing::paced;
    p.buffer_frames = 1024;
}
// 1024 frames every 10 ms are too few for the highest rates: such a device has to look more often.
inline u64 burst_tick_ns(u32 rate_hz) {
    return rate_hz > 192000 ? 2 * milli : rate_hz > 96000 ? 5 * milli : 10 * milli;
}
inline void burst(model::device_profile& p, u32 rate_hz) {
    p.pace = model::pacing::burst;
    p.buffer_frames = 1024;
    p.tick_ns = burst_tick_ns(rate_hz);
}
inline constexpr timing timings[] = {
    {"exact", exactly},
    {"early", early},
    {"burst", burst},
    {"late",
     [](model::device_profile& p, u32 rate) {
         exactly(p, rate);
         p.late_ns = 5 * milli;
     }},
    {"stall",
     [](model::device_profile& p, u32 rate) {
         exactly(p, rate);
         p.stall_every_ns = 1000 * milli;
         p.stall_ns = 20 * milli;
     }},
    {"+200 ppm",
     [](model::device_profile& p, u32 rate) {
         exactly(p, rate);
         p.drift_ppm = 200;
     }},
    {"-200 ppm",
     [](model::device_profile& p, u32 rate) {
         exactly(p, rate);
         p.drift_ppm = -200;
     }},
};

struct shape {
    u32 rate_hz = 48000;
    u32 period_frames = 256;
    u32 periods = 8;
    u32 batch = 1; // completions an interrupt, and periods a doorbell
    pacing pace = pacing::device;
    direction flow = direction::playback;
};

struct findings {
    u32 backwards = 0;
    u32 beyond = 0;       // of what was submitted
    u32 out_of_bound = 0; // further from the truth than the reading says
    double worst_ms = 0;
    double worst_bound_ms = 0;
};

using driver_rig = support::rig<refiller>;

class listener {
  public:
    using stream = driver_rig::stream;

    listener(const timing& habit, const shape& what, const device_buffer* told = nullptr)
        : r_(profile(habit, what)), what_(what) {
        need(r_.open());
        r_.device().trace().limit(0);
        s_ = r_.driver.find(what.flow);
        end().keep_sink(false);
        if (what.flow == direction::capture) end().set_source(model::pcm_stream::source_function{});
        need(s_->set_pacing(what.pace));
        if (told != nullptr) need(s_->set_device_buffer(*told));
        pcm_params p;
        p.rate_hz = what.rate_hz;
        p.period_frames = what.period_frames;
        p.periods = what.periods;
        p.channels = 1;
        p.format = pcm_format::s8;
        need(r_.prepare(*s_, p));
        const u32 queue = what.flow == direction::playback ? wire::SND_VQ_TX : wire::SND_VQ_RX;
        need(r_.driver.set_policy(queue, {what.batch, what.batch}));
        while (what.flow == direction::playback && s_->acquire().ok())
            need(s_->commit());
        started_ = r_.device().now_ns();
        (void)s_->start_async();
        r_.run(0);
        need(s_->outcome());
        next_tick_ = r_.driver.tick(started_);
    }

    // Time passes until `to` after the start.
    void run_to(u64 to) {
        to += started_;
        while (r_.device().now_ns() < to) {
            const u64 now = r_.device().now_ns();
            const u64 step = std::min(to, std::max(next_tick_, now + 1)) - now;
            r_.run(step);
            if (r_.device().now_ns() >= next_tick_) {
                next_tick_ = r_.driver.tick(r_.device().now_ns());
                ++ticks_;
            }
        }
    }
    // Looks every so often until `to`; accuracy counts from `from` on.
    findings watch(u64 from, u64 to, u64 every = 3 * milli + 313'000) {
        findings f;
        u64 last = 0;
        for (u64 at = now(); at < to; at += every) {
            run_to(at);
            const clock_reading read = s_->position();
            f.backwards += read.frames < last;
            f.beyond += read.frames > s_->submitted_frames();
            last = read.frames;
            const u64 real = truth();
            const u64 off = read.frames > real ? read.frames - real : real - read.frames;
            f.out_of_bound += off > read.error_frames;
            if (at < from) continue;
            const double ms_a_frame = 1000.0 / what_.rate_hz;
            f.worst_ms = std::max(f.worst_ms, double(off > 0 ? off - 1 : 0) * ms_a_frame);
            f.worst_bound_ms = std::max(f.worst_bound_ms, read.error_frames * ms_a_frame);
        }
        return f;
    }

    u64 now() { return r_.device().now_ns() - started_; }
    u64 truth() { return end().played_frames_at(r_.device().now_ns()); }
    u32 ticks() const { return ticks_; }
    stream& out() { return *s_; }
    driver_rig& rig() { return r_; }
    model::pcm_stream& end() { return r_.device().stream(s_->id()); }

  private:
    static model::device_profile profile(const timing& habit, const shape& what) {
        model::device_profile p = model::default_profile();
        habit.apply(p, what.rate_hz);
        return p;
    }
    static void need(status_code code) {
        if (!ok(code)) throw std::runtime_error(to_string(code));
    }

    driver_rig r_;
    shape what_;
    stream* s_ = nullptr;
    u64 started_ = 0;
    u64 next_tick_ = 0;
    u32 ticks_ = 0;
};

} // namespace clock_tests
