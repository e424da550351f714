#pragma once
// The test program: opens the cards, plays and records as the command line says, all at the same
// time, and prints what happened. Completions are pumped by the machine's interrupt handler.

#include "console.hpp"
#include "track.hpp"

namespace kernel {

template <class Port>
class sound_test {
  public:
    using card_type = card<Port, track_handler>;
    using stream_type = typename card_type::stream_type;

    // From the interrupt handlers, before and after the cards are open too.
    void on_sound_interrupt() {
        for (card_type& card : cards_)
            while (card.pump_all()) {
            }
    }
    void on_timer_interrupt() {
        for (card_type& card : cards_)
            (void)card.tick(now_ns());
    }

    // Plays and records on as many ports as the request names cards; how it ended stands on the
    // console. Context: thread, interrupts on.
    void run(Port (&ports)[most_cards], const request& wanted) {
        machine_ = wanted.machine();
        card_count_ = wanted.card_count();
        make_tracks(wanted);
        status_code code = perform(ports);
        if (!ok(code)) print_value("failed_at", step_);
        for (card_type& card : cards()) {
            const status_code closed = card.close();
            if (ok(code) && !ok(closed)) print_value("failed_at", "close");
            if (ok(code)) code = closed;
        }
        print_results();
        print_value("result", to_string(code));
    }

  private:
    static constexpr usize page_bytes = 4096;
    // Before the keys of what is not the first.
    static constexpr const char* prefixes[] = {"", "second_", "third_", "fourth_"};

    span<card_type> cards() { return {cards_, card_count_}; }
    span<track> tracks() { return {tracks_, track_count_}; }
    card_type& card_of(const track& t) { return cards_[t.wanted.card]; }
    stream_type*& stream_at(const track& t) { return streams_[&t - tracks_]; }
    stream_type& stream_of(const track& t) { return *stream_at(t); }

    void make_tracks(const request& wanted) {
        for (const settings& part : wanted.all()) {
            if ((part.mode & PLAY) != 0) add_track(part, direction::playback);
            if ((part.mode & RECORD) != 0) add_track(part, direction::capture);
        }
    }
    void add_track(const settings& part, direction flow) {
        track& t = tracks_[track_count_++];
        t.wanted = part;
        t.flow = flow;
    }

    status_code perform(Port (&ports)[most_cards]) {
        step_ = "open";
        for (u32 i = 0; i < card_count_; ++i) {
            const dma_region memory = take_dma_memory(card_bytes(), card_alignment);
            if (const auto code = cards_[i].open(ports[i], memory); !ok(code)) return code;
            print(prefixes[i]);
            print_hex("features", ports[i].features());
            if (const auto code = set_policy(cards_[i]); !ok(code)) return code;
        }
        step_ = "prepare";
        for (track& t : tracks())
            if (const auto code = prepare(t); !ok(code)) return code;
        step_ = "start";
        for (track& t : tracks())
            if (const auto code = start(t); !ok(code)) return code;
        if (const auto code = wait_for_sound(); !ok(code)) return code;
        return finish();
    }

    status_code set_policy(card_type& card) {
        const notification_policy policy{machine_.batch, machine_.batch};
        step_ = "set policy";
        const auto code = card.set_policy(wire::SND_VQ_TX, policy);
        return ok(code) ? card.set_policy(wire::SND_VQ_RX, policy) : code;
    }

    status_code prepare(track& t) {
        stream_type*& stream = stream_at(t);
        stream = card_of(t).find(t.flow, t.wanted.stream);
        if (stream == nullptr) return status_code::not_available;
        const pcm_params p = params_of(t.wanted);
        stream_memory memory;
        memory.audio = take_dma_memory(static_cast<usize>(audio_bytes(p)), page_bytes);
        if (t.plays()) {
            memory.silence = take_dma_memory(static_cast<usize>(silence_bytes(p)), page_bytes);
            t.playing.init(t.wanted, p);
        } else {
            const auto bytes = usize{frame_bytes(p.format, p.channels)} * t.wanted.frames;
            t.memory_offset = recorded_so_far_;
            t.recording.init(t.wanted, p, capture_memory().part(recorded_so_far_, bytes));
            recorded_so_far_ = round_up(recorded_so_far_ + bytes, page_bytes);
        }
        card_of(t).handler().of_stream[stream->id()] = &t;
        return stream->prepare(p, memory);
    }

    status_code start(track& t) {
        stream_type& stream = stream_of(t);
        auto mode = start_mode::when_full;
        if (t.plays()) {
            t.playing.fill(stream);
            if (t.playing.all_committed()) mode = start_mode::now;
        }
        t.report().start_ns = now_ns();
        return stream.start(mode);
    }

    // Sleeps from interrupt to interrupt until everything is played and recorded.
    status_code wait_for_sound() {
        step_ = "play and record";
        const u64 deadline_ns = now_ns() + longest_ns();
        for (;;) {
            interrupts_on();
            for (track& t : tracks())
                if (const auto code = drain_when_committed(t); !ok(code)) return code;
            be_late_once();
            for (card_type& card : cards())
                if (!ok(card.failure())) return card.failure();
            if (now_ns() > deadline_ns) return status_code::timed_out;
            interrupts_off();
            if (all_complete()) break;
            sleep_until_interrupt();
        }
        interrupts_on();
        for (track& t : tracks())
            if (t.plays() && !ok(stream_of(t).outcome())) return stream_of(t).outcome();
        return status_code::ok;
    }

    status_code drain_when_committed(track& t) {
        if (!t.plays() || t.draining || !t.playing.all_committed()) return status_code::ok;
        t.draining = true;
        const auto code = stream_of(t).drain_async();
        return code == status_code::in_progress ? status_code::ok : code;
    }

    bool all_complete() {
        for (track& t : tracks()) {
            const bool complete =
                t.plays() ? t.draining && stream_of(t).outcome() != status_code::in_progress
                          : t.recording.complete();
            if (!complete) return false;
        }
        return true;
    }

    // Three times as long as the sound, and ten seconds.
    u64 longest_ns() {
        u64 longest = 0;
        for (const track& t : tracks()) {
            const u64 wanted = t.wanted.frames / (t.wanted.rate / 1000) * 3'000'000ull;
            if (wanted > longest) longest = wanted;
        }
        return longest + machine_.late_ms * 1'000'000ull + 10'000'000'000;
    }

    // Nothing runs here for a while, as on a host that is too busy.
    void be_late_once() {
        const u32 frames = tracks_[0].report().frames;
        if (machine_.late_ms == 0 || late_ns_ != 0 || frames < machine_.late_at) return;
        interrupts_off();
        const u64 begin = now_ns();
        while (now_ns() - begin < machine_.late_ms * 1'000'000ull)
            for (u32 spin = 0; spin < 10000; ++spin)
                asm volatile("");
        late_ns_ = now_ns() - begin;
        interrupts_on();
    }

    status_code finish() {
        step_ = "stop capture";
        for (track& t : tracks())
            if (!t.plays())
                if (const auto code = stream_of(t).stop(); !ok(code)) return code;
        step_ = "release";
        for (track& t : tracks())
            if (const auto code = stream_of(t).release(); !ok(code)) return code;
        return status_code::ok;
    }

    void print_results() {
        u32 count[2] = {}; // of each direction
        for (track& t : tracks()) {
            const char* prefix = prefixes[count[t.plays()]++];
            if (stream_at(t) != nullptr) print_results(prefix, t, stream_of(t).counters());
        }
        for (u32 i = 0; i < card_count_; ++i) {
            const struct {
                const char* key;
                u64 value;
            } lines[] = {{"unknown_ids", cards_[i].counters().unknown_ids},
                         {"late_answers", cards_[i].counters().late_answers}};
            for (const auto& line : lines) {
                print(prefixes[i]);
                print_value(line.key, line.value);
            }
        }
        print_value("late_ns", late_ns_);
    }

    static void print_results(const char* prefix, track& t, const stream_counters& counters) {
        const stream_report& report = t.report();
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
            {"offset", t.plays() ? 0 : capture_offset() + t.memory_offset},
            {"bytes", t.plays() ? 0 : t.recording.recorded_bytes()},
        };
        for (const auto& line : lines) {
            print(prefix);
            print(t.way());
            print_value(line.key, line.value);
        }
    }

    card_type cards_[most_cards];
    u32 card_count_ = 0;
    track tracks_[2 * request::most_parts];
    stream_type* streams_[2 * request::most_parts]{}; // of each track
    u32 track_count_ = 0;
    settings machine_;
    usize recorded_so_far_ = 0; // bytes of the memory for recordings that are taken
    const char* step_ = "";
    u64 late_ns_ = 0;
};

} // namespace kernel
