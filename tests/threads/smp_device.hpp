#pragma once
// The device behind smp_port.hpp: outputs 0 and 1, an input 2. Audio is 16 bit, stereo; a frame is
// the number of the one before, plus one, and 0 is silence.

#include <threads/smp_port.hpp>

namespace thread_tests {

inline constexpr u32 frame_bytes = 4;
inline constexpr u32 device_streams = 3;

// What the device judges a stream by; the user's thread says what is to be expected.
struct stream_judge {
    std::atomic<bool> may_skip{false};      // audio was thrown away
    std::atomic<bool> may_be_silent{false}; // silence between audio
    std::atomic<u32> next{1};               // playback: the frame that comes next
    std::atomic<u32> repeated{0};
    std::atomic<u32> skipped{0};
    std::atomic<u32> periods{0};
    std::atomic<u32> silent{0}; // frames of silence
    std::atomic<u32> releases{0};
};

template <bool Ring>
class smp_port : public smp_port_base {
  public:
    using queue_type = smp_queue<Ring>;
    using record = typename queue_type::record;

    smp_port() {
        for (u32 q = 0; q < 4; ++q) {
            queues_[q].port_ = this;
            queues_[q].number_ = q;
        }
    }

    // The device port.
    vsnd::result<u64> negotiate(u64) {
        (void)stop();
        resets.fetch_add(1);
        return u64{0};
    }
    status_code read_config(u32 offset, vsnd::span<u8> into) {
        vsnd::wire::snd_config config{};
        config.streams = device_streams;
        if (offset + into.size() > 12) return status_code::not_available;
        std::memcpy(into.data(), reinterpret_cast<u8*>(&config) + offset, into.size());
        return status_code::ok;
    }
    vsnd::result<queue_type*> queue(u32 index) {
        const std::lock_guard<std::mutex> held(bus_);
        queues_[index].reset();
        return &queues_[index];
    }
    status_code start() {
        const std::lock_guard<std::mutex> held(bus_);
        started = true;
        return status_code::ok;
    }
    status_code stop() {
        const std::lock_guard<std::mutex> held(bus_);
        if (held_lock != no_queue) wrong.add("a reset with a lock held");
        started = asleep = false;
        wants_reset = 0;
        control_.clear();
        for (stream& s : streams_) {
            s.released = s.released || s.at != state::idle;
            s.at = state::idle;
            s.pending.clear();
        }
        return status_code::ok;
    }
    bool needs_reset() { return wants_reset.load(std::memory_order_relaxed) != 0; }
    status_code suspend() requires Ring {
        const std::lock_guard<std::mutex> held(bus_);
        if (!asleep.exchange(true)) return status_code::in_progress;
        return status_code::ok;
    }
    status_code resume() requires Ring {
        const std::lock_guard<std::mutex> held(bus_);
        if (asleep.exchange(false)) return status_code::in_progress;
        return status_code::ok;
    }

    // One step of the device. True: something happened.
    bool step() {
        bool any = false;
        {
            const std::lock_guard<std::mutex> held(bus_);
            if (started && !asleep && wants_reset == 0) {
                any = serve_control();
                any |= collect(vsnd::wire::SND_VQ_TX);
                any |= collect(vsnd::wire::SND_VQ_RX);
                bool moved = false;
                for (u32 id = 0; id < device_streams; ++id)
                    moved |= move_on(id);
                if (moved) pass(period_ns_);
                any |= moved;
            }
        }
        if (!any) idle();
        return any;
    }

    bus_arena memory;
    stream_judge judges[device_streams];
    // How many steps a period takes.
    std::atomic<u32> slowness{1};

  private:
    enum class state : u8 { idle, set, prepared, running, stopped };
    struct stream {
        state at = state::idle;
        u32 period_bytes = 0;
        bool released = false; // since the last audio
        bool dry = false;
        u32 steps = 0;
        u32 recorded = 0; // frames, of the input
        std::deque<record*> pending;
    };
    struct asked {
        record* what;
        u32 steps;
    };

    u8* at(const vsnd::part& p) { return memory.at(p.address.value, p.bytes); }
    void give(u32 queue, record& r, u32 written) {
        if (queues_[queue].give(r, written))
            interrupts[queue].fetch_add(1, std::memory_order_relaxed);
    }
    void complain(u32 id, const char* what) { wrong.add("stream " + std::to_string(id) + what); }

    bool serve_control() {
        while (record* const r = queues_[0].next())
            control_.push_back({r, 3});
        if (control_.empty()) return false;
        pass(1'000);
        if (--control_.front().steps != 0) return true;
        record& r = *control_.front().what;
        control_.pop_front();
        u32 request[6] = {};
        std::memcpy(request, at(r.parts[0]), r.parts[0].bytes);
        u32 written = 4;
        const u32 code = obey(r, request, &written);
        std::memcpy(at(r.parts[1]), &code, 4);
        give(0, r, written);
        return true;
    }
    u32 obey(record& r, const u32* request, u32* written) {
        using namespace vsnd::wire;
        const u32 id = request[1];
        if (request[0] == SND_R_PCM_INFO) {
            if (r.count != 3) return SND_S_BAD_MSG;
            for (u32 i = 0; i < request[2]; ++i) {
                snd_pcm_info info{};
                info.formats = u64{1} << SND_PCM_FMT_S16;
                info.rates = u64{1} << SND_PCM_RATE_48000;
                info.direction = id + i == 2 ? SND_D_INPUT : SND_D_OUTPUT;
                info.channels_min = info.channels_max = 2;
                std::memcpy(at(r.parts[2]) + i * sizeof(info), &info, sizeof(info));
            }
            *written += r.parts[2].bytes;
            return SND_S_OK;
        }
        if (id >= device_streams) return SND_S_BAD_MSG;
        stream& s = streams_[id];
        const state was = s.at;
        const auto go = [&](bool legal, state to) -> u32 {
            if (!legal) complain(id, " got a command that is not legal now");
            if (legal) s.at = to;
            return legal ? SND_S_OK : SND_S_BAD_MSG;
        };
        switch (request[0]) {
        case SND_R_PCM_SET_PARAMS:
            s.period_bytes = request[3];
            period_ns_ = u64{s.period_bytes} / frame_bytes * 1'000'000'000 / 48'000;
            return go(was == state::idle || was == state::set || was == state::prepared,
                      state::set);
        case SND_R_PCM_PREPARE: return go(was == state::set || was == state::idle, state::prepared);
        case SND_R_PCM_START:
            return go(was == state::prepared || was == state::stopped, state::running);
        case SND_R_PCM_STOP: return go(was == state::running, state::stopped);
        case SND_R_PCM_RELEASE: {
            const u32 code = go(was == state::prepared || was == state::stopped, state::idle);
            (void)collect(id == 2 ? SND_VQ_RX : SND_VQ_TX); // what was announced before
            for (record* const left : s.pending)
                give_io(id, *left, SND_S_OK, 0);
            s.pending.clear();
            s.released = true;
            judges[id].releases.fetch_add(1, std::memory_order_relaxed);
            return code;
        }
        default: return SND_S_NOT_SUPP;
        }
    }
    void give_io(u32 id, record& r, u32 code, u32 audio) {
        const u32 reply[2] = {code, 0};
        std::memcpy(at(r.parts[2]), reply, 8);
        give(id == 2 ? vsnd::wire::SND_VQ_RX : vsnd::wire::SND_VQ_TX, r, 8 + audio);
    }
    bool collect(u32 queue) {
        bool any = false;
        while (record* const r = queues_[queue].next()) {
            any = true;
            u32 id = 0;
            std::memcpy(&id, at(r->parts[0]), 4);
            if (id >= device_streams || (id == 2) != (queue == vsnd::wire::SND_VQ_RX)) {
                complain(id, ": no such stream");
                continue;
            }
            if (streams_[id].at == state::idle) {
                give_io(id, *r, vsnd::wire::SND_S_IO_ERR, 0);
            } else {
                streams_[id].pending.push_back(r);
            }
        }
        return any;
    }
    bool move_on(u32 id) {
        stream& s = streams_[id];
        if (s.at != state::running) return false;
        if (++s.steps < slowness.load(std::memory_order_relaxed)) return false;
        s.steps = 0;
        if (s.pending.empty()) {
            if (!s.dry) event(vsnd::wire::SND_EVT_PCM_XRUN, id);
            s.dry = true;
            return false;
        }
        s.dry = false;
        record& r = *s.pending.front();
        s.pending.pop_front();
        if (r.parts[1].bytes != s.period_bytes) complain(id, ": not a period");
        if (id == 2) {
            record_period(s, r);
        } else {
            play_period(id, s, r);
        }
        const u32 n = judges[id].periods.fetch_add(1, std::memory_order_relaxed);
        if (n % 64 == 0) event(vsnd::wire::SND_EVT_PCM_PERIOD_ELAPSED, id);
        give_io(id, r, vsnd::wire::SND_S_OK, id == 2 ? s.period_bytes : 0);
        return true;
    }
    void record_period(stream& s, record& r) {
        u8* const audio = at(r.parts[1]);
        for (u32 i = 0; i < s.period_bytes; i += frame_bytes) {
            const u32 frame = ++s.recorded;
            std::memcpy(audio + i, &frame, frame_bytes);
        }
        judges[2].next.store(s.recorded + 1, std::memory_order_relaxed);
    }
    void play_period(u32 id, stream& s, record& r) {
        const u8* const audio = at(r.parts[1]);
        stream_judge& j = judges[id];
        u32 next = j.next.load(std::memory_order_relaxed);
        for (u32 i = 0; i < s.period_bytes; i += frame_bytes) {
            u32 frame = 0;
            std::memcpy(&frame, audio + i, frame_bytes);
            if (frame == 0) {
                j.silent.fetch_add(1, std::memory_order_relaxed);
                continue;
            }
            const bool gap = j.silent.load(std::memory_order_relaxed) != 0;
            if (gap && !j.may_be_silent.load(std::memory_order_relaxed))
                complain(id, ": silence within the audio");
            if (frame < next) {
                // Only what was queued when the stream was released comes again.
                if (!s.released) complain(id, ": audio is repeated");
                if (next - frame > most_queued) complain(id, ": audio of long ago");
                j.repeated.fetch_add(next - frame, std::memory_order_relaxed);
            } else if (frame > next) {
                if (!j.may_skip.exchange(false)) complain(id, ": audio is lost");
                if (frame - next > most_queued) complain(id, ": much audio is lost");
                j.skipped.fetch_add(frame - next, std::memory_order_relaxed);
            }
            s.released = false;
            next = frame + 1;
        }
        j.next.store(next, std::memory_order_relaxed);
    }
    void event(u32 code, u32 data) {
        record* const r = queues_[1].next(true);
        if (r == nullptr) return;
        const u32 body[2] = {code, data};
        std::memcpy(at(r->parts[0]), body, 8);
        give(1, *r, 8);
    }

    static constexpr u32 most_queued = 32 * 64;
    std::mutex bus_; // orders the port's registers and the device
    queue_type queues_[4];
    stream streams_[device_streams];
    std::deque<asked> control_;
    u64 period_ns_ = 1'333'333;
};

static_assert(vsnd::device_port<smp_port<true>> && vsnd::device_port<smp_port<false>>);
static_assert(vsnd::has_take_and_arm<smp_queue<true>>);
static_assert(!vsnd::has_take_and_arm<smp_queue<false>> && !vsnd::has_arm<smp_queue<false>>);
static_assert(vsnd::can_suspend<smp_port<true>> && !vsnd::can_suspend<smp_port<false>>);
static_assert(vsnd::has_context<smp_port<true>> && vsnd::has_lock<smp_port<true>>);

} // namespace thread_tests
