#pragma once
// The test program: opens the card, plays and records as the command line says, and prints what
// happened. Completions are pumped by the machine's interrupt handler.

#include "console.hpp"
#include "recorder.hpp"

namespace kernel {

// What the driver tells us.
struct sound_handler {
    player playing;
    recorder recording;

    template <class Stream>
    void period_done(Stream& stream) {
        if (stream.playback()) {
            playing.period_done(stream);
        } else {
            recording.period_done(stream);
        }
    }
};

template <class Port>
class sound_test {
  public:
    using card_type = card<Port, sound_handler>;
    using stream_type = typename card_type::stream_type;

    // From the interrupt handlers, before and after the card is open too.
    void on_sound_interrupt() {
        while (card_.pump_all()) {
        }
    }
    void on_timer_interrupt() { (void)card_.tick(now_ns()); }

    // Plays and records; how it ended stands on the console. Context: thread, interrupts on.
    void run(Port& port, const settings& wanted) {
        wanted_ = wanted;
        const status_code code = perform(port);
        if (!ok(code)) print_value("failed_at", step_);
        const status_code closed = card_.close();
        if (ok(code) && !ok(closed)) print_value("failed_at", "close");
        print_results();
        print_value("result", to_string(ok(code) ? closed : code));
    }

  private:
    status_code perform(Port& port) {
        step_ = "open";
        const dma_region memory = take_dma_memory(card_bytes(), card_alignment);
        if (const auto code = card_.open(port, memory); !ok(code)) return code;
        print_hex("features", port.features());
        if (const auto code = prepare(); !ok(code)) return code;
        if (const auto code = start(); !ok(code)) return code;
        if (const auto code = wait_for_sound(); !ok(code)) return code;
        return finish();
    }

    status_code prepare() {
        const notification_policy policy{wanted_.batch, wanted_.batch};
        step_ = "set policy";
        if (const auto code = card_.set_policy(wire::SND_VQ_TX, policy); !ok(code)) return code;
        if (const auto code = card_.set_policy(wire::SND_VQ_RX, policy); !ok(code)) return code;
        if ((wanted_.mode & PLAY) != 0) {
            step_ = "prepare playback";
            if (const auto code = prepare(direction::playback, out_); !ok(code)) return code;
            handler().playing.init(wanted_, params());
        }
        if ((wanted_.mode & RECORD) != 0) {
            step_ = "prepare capture";
            if (const auto code = prepare(direction::capture, in_); !ok(code)) return code;
            handler().recording.init(wanted_, params(), capture_memory());
        }
        return status_code::ok;
    }

    status_code prepare(direction flow, stream_type*& stream) {
        stream = card_.find(flow, wanted_.stream);
        if (stream == nullptr) return status_code::not_available;
        const pcm_params p = params();
        stream_memory memory;
        memory.audio = take_dma_memory(static_cast<usize>(audio_bytes(p)), page_bytes);
        if (flow == direction::playback) {
            memory.silence = take_dma_memory(static_cast<usize>(silence_bytes(p)), page_bytes);
        }
        return stream->prepare(p, memory);
    }

    status_code start() {
        if (out_ != nullptr) {
            step_ = "start playback";
            handler().playing.fill(*out_);
            handler().playing.report().start_ns = now_ns();
            const bool short_one = handler().playing.all_committed();
            const auto mode = short_one ? start_mode::now : start_mode::when_full;
            if (const auto code = out_->start(mode); !ok(code)) return code;
        }
        if (in_ != nullptr) {
            step_ = "start capture";
            handler().recording.report().start_ns = now_ns();
            if (const auto code = in_->start(); !ok(code)) return code;
        }
        return status_code::ok;
    }

    // Sleeps from interrupt to interrupt until everything is played and recorded.
    status_code wait_for_sound() {
        step_ = "play and record";
        const u64 deadline_ns = now_ns() + wanted_.frames / (wanted_.rate / 1000) * 3'000'000ull +
                                wanted_.late_ms * 1'000'000ull + 10'000'000'000;
        bool draining = out_ == nullptr;
        for (;;) {
            interrupts_on();
            if (!draining && handler().playing.all_committed()) {
                draining = true;
                const auto code = out_->drain_async();
                if (!ok(code) && code != status_code::in_progress) return code;
            }
            be_late_once();
            if (!ok(card_.failure())) return card_.failure();
            if (now_ns() > deadline_ns) return status_code::timed_out;
            interrupts_off();
            const bool played =
                out_ == nullptr || (draining && out_->outcome() != status_code::in_progress);
            if (played && (in_ == nullptr || handler().recording.complete())) break;
            sleep_until_interrupt();
        }
        interrupts_on();
        return out_ != nullptr ? out_->outcome() : status_code::ok;
    }

    // Nothing runs here for a while, as on a host that is too busy.
    void be_late_once() {
        const stream_report& report =
            out_ != nullptr ? handler().playing.report() : handler().recording.report();
        if (wanted_.late_ms == 0 || late_ns_ != 0 || report.frames < wanted_.late_at) return;
        interrupts_off();
        const u64 begin = now_ns();
        while (now_ns() - begin < wanted_.late_ms * 1'000'000ull)
            for (u32 spin = 0; spin < 10000; ++spin)
                asm volatile("");
        late_ns_ = now_ns() - begin;
        interrupts_on();
    }

    status_code finish() {
        step_ = "stop capture";
        if (in_ != nullptr)
            if (const auto code = in_->stop(); !ok(code)) return code;
        step_ = "release";
        stream_type* const used[] = {out_, in_};
        for (stream_type* stream : used)
            if (stream != nullptr)
                if (const auto code = stream->release(); !ok(code)) return code;
        return status_code::ok;
    }

    void print_results() {
        if (out_ != nullptr) {
            print_results("play_", handler().playing.report(), out_->counters());
        }
        if (in_ != nullptr) {
            print_results("record_", handler().recording.report(), in_->counters());
            print_value("capture_offset", capture_offset());
            print_value("capture_bytes", handler().recording.recorded_bytes());
        }
        print_value("late_ns", late_ns_);
        print_value("unknown_ids", card_.counters().unknown_ids);
        print_value("late_answers", card_.counters().late_answers);
    }

    // `way` comes before each key.
    static void print_results(const char* way, const stream_report& report,
                              const stream_counters& counters) {
        const struct {
            const char* key;
            u64 value;
        } lines[] = {
            {"start_ns", report.start_ns},
            {"last_ns", report.last_ns},
            {"frames", report.frames},
            {"periods", report.periods},
            {"starved", report.starved},
            {"xruns", counters.xruns},
            {"io_errors", counters.io_errors},
            {"short_captures", counters.short_captures},
            {"bad_lengths", counters.bad_lengths},
        };
        for (const auto& line : lines) {
            print(way);
            print_value(line.key, line.value);
        }
    }

    pcm_params params() const {
        pcm_params p;
        p.format = static_cast<pcm_format>(wanted_.format);
        p.channels = static_cast<u8>(wanted_.channels);
        p.rate_hz = wanted_.rate;
        p.period_frames = wanted_.period;
        p.periods = wanted_.count;
        return p;
    }

    sound_handler& handler() { return card_.handler(); }

    static constexpr usize page_bytes = 4096;

    card_type card_;
    settings wanted_;
    stream_type* out_ = nullptr;
    stream_type* in_ = nullptr;
    const char* step_ = "";
    u64 late_ns_ = 0;
};

} // namespace kernel
