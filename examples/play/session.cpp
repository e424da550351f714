#include "session.hpp"

#include "machine.hpp"

#include <vsnd/model/conversation.hpp>

#include <algorithm>
#include <memory>

namespace vsnd::play {
namespace {

using card_stream = machine_card::stream_type;

constexpr u32 periods_in_flight = 4;
constexpr u64 longest_wait_ns = 10'000'000;
constexpr u64 grace_ns = 5'000'000'000;

// One output and one input that take everything, with a buffer of 10 ms of their own, as a real
// device has.
model::device_profile make_profile(u32 rate_hz) {
    model::device_profile profile = model::default_profile();
    model::stream_profile out;
    out.direction = wire::SND_D_OUTPUT;
    out.formats = model::all_formats;
    out.rates = model::all_rates;
    out.channels_max = 255;
    model::stream_profile in = out;
    in.direction = wire::SND_D_INPUT;
    profile.streams = {out, in};
    profile.buffer_frames = rate_hz / 100;
    return profile;
}

// Plays, records and keeps the books.
class session {
  public:
    session(const wav_audio& sound, const session_options& options)
        : sound_(sound), options_(options),
          machine_(std::make_unique<machine>(make_profile(sound.rate_hz))) {
        record_.period_frames = choose_period_frames(sound.rate_hz);
        record_.periods = periods_in_flight;
    }

    session_record run() {
        machine_->device.trace().limit(~usize{0});
        if (set_up() && start()) {
            while (!finished() && step()) {
            }
        }
        close();
        keep_books();
        return std::move(record_);
    }

  private:
    u64 now() { return machine_->kernel.now_ns(); }

    // False, and noted, when something went wrong.
    bool check(const char* what, status_code code) {
        if (!ok(code) && record_.error.empty()) {
            record_.error = std::string(what) + ": " + to_string(code);
        }
        return ok(code);
    }

    bool set_up();
    bool prepare(card_stream& stream, const char* what);
    void loop_back();
    bool start();
    bool step();
    bool feed();
    bool drain();
    bool record();
    void note_submitted();
    bool finished() const {
        return drained_ && record_.capture.bytes.size() == sound_.samples.size();
    }
    void close();
    void keep_books();

    const wav_audio& sound_;
    const session_options& options_;
    std::unique_ptr<machine> machine_;
    session_record record_;
    card_stream* out_ = nullptr;
    card_stream* in_ = nullptr;
    usize written_ = 0;
    bool draining_ = false;
    bool drained_ = false;
    u64 give_up_ns_ = 0;
};

bool session::set_up() {
    if (!check("opening the card", machine_->open())) return false;
    out_ = machine_->sound_card.find(direction::playback);
    in_ = machine_->sound_card.find(direction::capture);
    if (out_ == nullptr || in_ == nullptr) {
        return check("looking for the streams", status_code::not_available);
    }
    record_.playback.id = out_->id();
    record_.playback.queue = wire::SND_VQ_TX;
    record_.capture.id = in_->id();
    record_.capture.queue = wire::SND_VQ_RX;
    loop_back();
    return prepare(*out_, "preparing playback") && prepare(*in_, "preparing capture");
}

bool session::prepare(card_stream& stream, const char* what) {
    pcm_params params;
    params.format = sound_.format;
    params.channels = static_cast<u8>(sound_.channels);
    params.rate_hz = sound_.rate_hz;
    params.period_frames = record_.period_frames;
    params.periods = record_.periods;
    constexpr usize page_bytes = 4096;
    stream_memory memory;
    memory.audio = machine_->memory.allocate(static_cast<usize>(audio_bytes(params)), page_bytes);
    if (stream.playback()) {
        memory.silence =
            machine_->memory.allocate(static_cast<usize>(silence_bytes(params)), page_bytes);
    }
    return check(what, stream.prepare(params, memory));
}

// The cable: what the output has been given is what the input hears.
void session::loop_back() {
    const model::pcm_stream& heard = machine_->device.stream(record_.playback.id);
    machine_->device.stream(record_.capture.id).set_source([&heard](u64 at, u8* into, usize bytes) {
        const std::vector<u8>& sink = heard.sink();
        for (usize i = 0; i < bytes; ++i) {
            into[i] = at + i < sink.size() ? sink[static_cast<usize>(at + i)] : u8{0};
        }
    });
    if (!options_.flip_a_bit) return;
    machine_->device.faults().flipped_stream = record_.playback.id;
    machine_->device.faults().flip_at_byte = sound_.samples.size() / 2;
}

bool session::start() {
    if (!feed()) return false;
    record_.start_ns = now();
    give_up_ns_ = now() + grace_ns + sound_.frames() * 2'000'000'000 / sound_.rate_hz;
    // A sound that is shorter than the buffer is started by its drain.
    const bool all = written_ == sound_.samples.size();
    if (!all && !check("starting playback", out_->start())) return false;
    if (all && !drain()) return false;
    return check("starting capture", in_->start());
}

// As much as there is room for.
bool session::feed() {
    while (written_ < sound_.samples.size()) {
        const result<usize> taken =
            out_->write({sound_.samples.data() + written_, sound_.samples.size() - written_});
        if (taken.code() == status_code::would_block) break;
        if (!check("writing", taken.code())) return false;
        written_ += taken.value();
        note_submitted();
    }
    return true;
}

// After the last sample: plays on until nothing is left.
bool session::drain() {
    draining_ = true;
    const status_code begun = out_->drain_async();
    note_submitted();
    return begun == status_code::in_progress || check("draining", begun);
}

void session::note_submitted() {
    const u64 periods =
        (out_->submitted_frames() + record_.period_frames - 1) / record_.period_frames;
    record_.playback.submitted_ns.resize(static_cast<usize>(periods), now());
}

bool session::record() {
    std::vector<u8>& bytes = record_.capture.bytes;
    while (bytes.size() < sound_.samples.size()) {
        const usize had = bytes.size();
        bytes.resize(std::min(sound_.samples.size(), had + in_->period_bytes()));
        const result<usize> got = in_->read({bytes.data() + had, bytes.size() - had});
        bytes.resize(had + (got.ok() ? got.value() : 0));
        if (got.code() == status_code::would_block) break;
        if (!check("reading", got.code())) return false;
    }
    return true;
}

// Sleeps until something happens, and reacts to it.
bool session::step() {
    const u64 next = machine_->sound_card.tick(now());
    const u64 most = next > now() ? std::min(next - now(), longest_wait_ns) : 0;
    machine_->kernel.wait(most);
    if (now() > give_up_ns_) return check("playing", status_code::timed_out);
    if (!check("the card", machine_->sound_card.failure())) return false;
    if (!record()) return false;
    options_.progress(static_cast<double>(record_.capture.bytes.size()) /
                      static_cast<double>(sound_.samples.size()));
    if (record_.capture.bytes.size() == sound_.samples.size() &&
        in_->state() == stream_state::running && in_->outcome() != status_code::in_progress) {
        // The recorder has all it wanted.
        const status_code stopped = in_->stop_async();
        if (stopped != status_code::in_progress && !check("stopping capture", stopped)) {
            return false;
        }
    }
    if (!draining_) {
        if (!feed()) return false;
        return written_ < sound_.samples.size() || drain();
    }
    drained_ = out_->outcome() != status_code::in_progress;
    return !drained_ || check("draining", out_->outcome());
}

void session::close() {
    if (in_ != nullptr && record_.error.empty()) check("stopping capture", in_->stop());
    check("closing the card", machine_->sound_card.close());
    record_.end_ns = now();
}

void session::keep_books() {
    model::sound_device& device = machine_->device;
    record_.trace = device.trace().events();
    for (const auto& each : device.violations().entries()) {
        record_.violations.push_back(std::string(model::clause_of(each.what).name) + ", " +
                                     model::to_string(each.what) + " (" + each.detail + ")");
    }
    if (options_.tell) {
        record_.conversation =
            model::conversation(device.trace(), device.violations(), {.full = options_.tell_all});
    }
    if (out_ == nullptr || in_ == nullptr) return;
    record_.playback.bytes = device.stream(record_.playback.id).sink();
    record_.playback.xruns = out_->counters().xruns;
    record_.playback.gaps = device.stream(record_.playback.id).gaps();
    record_.capture.xruns = in_->counters().xruns;
    record_.capture.gaps = device.stream(record_.capture.id).gaps();
}

} // namespace

u32 choose_period_frames(u32 rate_hz) {
    u32 frames = 64;
    // The nearest power of two, judged in the middle between two of them.
    while (frames * 3 / 2 * 1000 < rate_hz / 48 * 1024)
        frames *= 2;
    return frames;
}

session_record run_session(const wav_audio& audio, const session_options& options) {
    return session(audio, options).run();
}

} // namespace vsnd::play
