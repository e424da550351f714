#pragma once
// One PCM stream of the model device: its parameters and state, the buffers it owns, and what the
// converter makes of them. A stream does not judge requests (pcm_control.hpp does); it moves audio.
// Spec: [virtio 1.4] Sound Device / PCM Command Lifecycle, PCM I/O Messages

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <vsnd/model/converter.hpp>
#include <vsnd/model/device_core.hpp>

namespace vsnd::model {

enum class pcm_state : u8 { idle, params_set, prepared, running, stopped, released };

constexpr const char* to_string(pcm_state state) {
    constexpr const char* names[] = {"idle",    "params_set", "prepared",
                                     "running", "stopped",    "released"};
    return names[static_cast<usize>(state)];
}

struct stream_params {
    u32 buffer_bytes = 0;
    u32 period_bytes = 0;
    u32 features = 0;
    u8 channels = 0;
    u8 format = 0;
    u8 rate = 0;

    u32 frame_bits() const { return format_bits(format) * channels; }
};

// Playback: the converter had no frame. Capture: it had no buffer to put one.
struct starvation {
    u64 time_ns;
    u64 frame;    // the frame that was wanted first
    bool resumed; // data came again later: a gap that is heard, not the stream's end
    u64 resumed_ns;
    u64 lost_frames; // capture only: frames that nobody got
};

// What a capture stream hears when no source is set: neighbours differ, and the pattern does not
// repeat within 64 KiB.
constexpr u8 default_source_byte(u64 at) {
    const u64 mixed = (at + 1) * 0x9e37'79b9'7f4a'7c15u;
    return static_cast<u8>(mixed >> 56 ^ mixed >> 40);
}

class pcm_stream {
  public:
    pcm_stream(device_core& core, u32 id, const stream_profile& profile)
        : core_(core), profile_(profile), id_(id) {
        source_ = [](u64 at, u8* into, usize n) {
            for (usize i = 0; i < n; ++i)
                into[i] = default_source_byte(at + i);
        };
    }

    const stream_profile& profile() const { return profile_; }
    bool output() const { return profile_.direction == wire::SND_D_OUTPUT; }
    u32 queue_index() const { return output() ? wire::SND_VQ_TX : wire::SND_VQ_RX; }
    pcm_state state() const { return state_; }
    const stream_params& params() const { return params_; }
    bool polls() const {
        const bool active = state_ == pcm_state::prepared || state_ == pcm_state::running ||
                            state_ == pcm_state::stopped;
        return active && (params_.features >> wire::SND_PCM_F_MSG_POLLING & 1) != 0;
    }

    // Transitions, already judged.
    void set_params(const stream_params& params);
    void prepare();
    void start();
    void stop();
    void release(); // returns all buffers first
    void reset();   // forgets them
    void forget_buffers() {
        pending_.clear();
        late_.clear();
    }

    // A message from the queue; it owns the chain until it returns it.
    void add(device_chain chain);
    // Brings everything up to the present.
    void sync();
    // When something happens next of itself; faults::never when nothing does.
    u64 next_event() const;

    // Playback: the bytes as read from guest memory, since the device was made.
    const std::vector<u8>& sink() const { return sink_; }
    // False: audio is neither read nor kept; a long run has more of it than there is memory.
    void keep_sink(bool kept) { keeps_sink_ = kept; }
    // Capture: fills `bytes` bytes from byte `at` on. The source runs on from one recording to the
    // next, and past what is lost. Without one, default_source_byte; with an empty function,
    // guest memory stays as it is.
    using source_function = std::function<void(u64 at, u8* into, usize bytes)>;
    void set_source(source_function source) { source_ = std::move(source); }
    void set_source(std::vector<u8> bytes); // zeros after its end

    const converter& clock() const { return clock_; }
    // Frames that the converter has really played (or captured into buffers) by now.
    u64 converted_frames() const { return clock_.frames_of(converted_); }
    u64 taken_frames() const { return clock_.frames_of(taken_); }
    // The true position at any time from PREPARE until now: whole frames that have left (playback)
    // or entered (capture) the converter. It stands still in a gap, and leaps where STOP cut.
    u64 played_frames_at(u64 time_ns) const;
    const std::vector<starvation>& starvations() const { return starvations_; }
    // Those that were followed by more data: audible gaps.
    usize gaps() const {
        usize n = 0;
        for (const starvation& s : starvations_)
            n += s.resumed;
        return n;
    }
    u64 buffers_seen() const { return seen_; }
    u64 buffers_completed() const { return completed_; }
    usize buffers_pending() const { return pending_.size(); }
    u64 dropped_bytes() const { return dropped_; } // taken, but never played: STOP came first
    usize completions_late() const { return late_.size(); }
    // Playback ran dry on a device that then waits for a new START.
    bool halted() const { return halted_; }

    bool whole_frames() const {
        const u32 bits = params_.frame_bits();
        return bits != 0 && u64{params_.period_bytes} * 8 % bits == 0;
    }
    // How much later than other requests RELEASE is answered.
    u64 release_wait_ns() const {
        if (pending_.empty()) return 0;
        const u64 frames = clock_.frames_of(params_.period_bytes);
        return clock_.ns_of(frames * core_.profile.release_wait_periods);
    }

  private:
    struct buffer {
        device_chain chain;
        u64 data_bytes = 0;
        u64 done_bytes = 0;
        u64 ordinal = 0;
        bool turned_to = false;
    };
    struct late_buffer {
        buffer done;
        u32 code;
        u64 due_ns;
    };
    struct mark { // a buffer's end in the stream, to say when it was played
        u64 end_byte;
        u64 ordinal;
    };

    bool running() const { return state_ == pcm_state::running; }
    bool stalled(u64 at) const {
        return core_.faults.stalled_stream == id_ && clock_.frames_of(at) >= stall_frame();
    }
    u64 stall_frame() const { return core_.faults.stall_at_frame; }
    u64 stall_limit(u64 byte) const;
    u64 capacity() const { return clock_.bytes_of(core_.profile.buffer_frames); }
    bool paced_by(pacing which) const { return core_.profile.pace == which; }
    bool burst() const { return paced_by(pacing::burst); }
    // Playback by the clock, a period at a time.
    bool by_periods() const { return output() && paced_by(pacing::virtual_clock); }
    bool tick_due() const { return core_.now_ns >= next_tick_ns_; }
    void first_tick();
    void next_tick();
    void sync_ticks();
    void sync_paced();
    void play();
    void take(u64 target);
    void turn_to(buffer& b);
    void take_some(buffer& b, usize bytes);
    void starve_if_dry();
    void resume_at(u64 at);
    void note_resumed(u64 at);
    void capture();
    void fill(buffer& b, usize bytes);
    void lose(u64 bytes);
    void finish(buffer& b, u32 code);
    void hand_back(buffer& b, u32 code);
    u32 latency_of(const buffer& b) const;
    u64 completion_time() const;
    void hand_back_late(u64 until_ns);
    void return_all(u32 code);
    void return_stale();
    bool wrong_size(const buffer& b) const {
        return (output() ? core_.profile.exact_tx : core_.profile.exact_rx) &&
               b.data_bytes != params_.period_bytes;
    }
    void log(trace_kind kind, u64 number, u64 extra = 0, u64 more = 0) {
        core_.trace.add({core_.now_ns, kind, queue_index(), id_, number, extra, more});
    }

    device_core& core_;
    stream_profile profile_;
    u32 id_;
    pcm_state state_ = pcm_state::idle;
    stream_params params_;
    converter clock_;
    std::deque<buffer> pending_;
    std::deque<late_buffer> late_;
    std::vector<u16> stale_; // heads of buffers that a reset found here
    std::deque<mark> marks_;
    std::vector<u8> sink_;
    source_function source_;
    std::vector<starvation> starvations_;
    bool dry_ = false;
    bool halted_ = false;
    bool keeps_sink_ = true;
    // Stream bytes since PREPARE: known from buffers, taken by the device, converted.
    u64 offered_ = 0;
    u64 taken_ = 0;
    u64 converted_ = 0;
    u64 dropped_ = 0;
    u64 source_at_ = 0;
    u64 unannounced_until_ = 0; // a count of popped chains: those were there when it ran dry
    u64 next_tick_ns_ = 0;
    u64 started_ns_ = 0;
    u64 ticks_ = 0; // of the period clock, since START
    u64 seen_ = 0;
    u64 completed_ = 0;
    bool short_seen_ = false;
};

} // namespace vsnd::model

#include <vsnd/model/pcm_stream_motion.hpp>
#include <vsnd/model/pcm_stream_states.hpp>
