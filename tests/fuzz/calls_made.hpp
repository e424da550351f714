#pragma once
// Each call of the user: its arguments from the input, and what must hold when it returns.

#include "session.hpp"

namespace fuzz {

inline void session::make_call(call c) {
    kernel_.begin_call();
    switch (c) {
    case call::open: return open();
    case call::prepare: return prepare();
    case call::write: return write();
    case call::in_place: return in_place();
    case call::read: return read();
    case call::start: return start();
    case call::stop: return stop();
    case call::drain: return drain();
    case call::drop: return drop();
    case call::release: return release();
    case call::pump: return pump();
    case call::tick: return tick();
    case call::pass: return pass();
    case call::config_changed: return card().config_changed();
    case call::close: return close();
    case call::policy: return policy();
    case call::tail: return tail();
    case call::complete: return complete();
    case call::stream: return stream();
    case call::scribble:
        if (set_.honesty != 0 && pci_.owner() && whim_.odd()) device_.scribble();
        return;
    case call::count_: return;
    }
}

// How: bit 0, asynchronous; bits 1 and 2, the memory.
inline void session::open() {
    const u8 how = user_.byte();
    const bool was_closed = card().state() == vsnd::card_state::closed;
    if (was_closed) {
        memory_.free(card_memory_);
        card_memory_ = region(vsnd::card_bytes<small_limits>(), how >> 1 & 3);
    }
    const bool waits = (how & async) == 0;
    const status_code code = judge(
        waits ? card().open(*port_, card_memory_) : card().open_async(*port_, card_memory_), waits);
    promise(was_closed || code == status_code::wrong_state, "an open card was opened");
    promise(!ok(code) || card().state() == vsnd::card_state::open || !ok(card().failure()),
            "opened and not open");
}

inline vsnd::dma_region session::region(u64 bytes, u8 kind) {
    if (kind == 3 || bytes == 0 || bytes > 65536) return {};
    const usize n = static_cast<usize>(kind == 2 ? bytes - 1 : bytes);
    return n == 0 ? vsnd::dma_region{} : memory_.allocate(n, 64);
}

// Format, channels, rate, frames (2), periods, features; used as they are, or the nearest.
inline vsnd::pcm_params session::parameters(const stream_type& s, u8 how) {
    vsnd::pcm_params p;
    p.format = static_cast<vsnd::pcm_format>(user_.byte());
    p.channels = user_.byte();
    p.rate_hz = vsnd::rate_hz(static_cast<vsnd::pcm_rate>(user_.byte() % vsnd::pcm_rate_count));
    p.period_frames = user_.half();
    p.periods = user_.byte();
    p.features = user_.byte();
    if ((how & 2) != 0) return p;
    const vsnd::result<vsnd::pcm_params> nearest = s.nearest(p);
    if (!nearest.ok()) return p;
    promise(ok(s.check(nearest.value())), "the nearest parameters do not pass the check");
    return nearest.value();
}

// Stream, how (bit 0: asynchronous, bit 1: the parameters as they are, bits 2 and 3: the memory).
inline void session::prepare() {
    const u8 id = user_.byte() % small_limits::streams;
    const u8 how = user_.byte();
    track& t = tracks_[id];
    stream_type* const s = card().find(id);
    if (s == nullptr) return;
    const vsnd::pcm_params p = parameters(*s, how);
    if (t.stream == nullptr) t.stream = s;
    if (s->state() == vsnd::stream_state::released && s->outcome() != status_code::in_progress) {
        forget(t);
        t.stream = s;
        t.memory = {region(vsnd::audio_bytes(p), how >> 2 & 3), {}};
        if (s->playback()) t.memory.silence = region(vsnd::silence_bytes(p), how >> 2 & 3);
    }
    t.position = 0;
    const bool waits = (how & async) == 0;
    const bool could = s->state() == vsnd::stream_state::released;
    const status_code code =
        judge(waits ? s->prepare(p, t.memory) : s->prepare_async(p, t.memory), waits);
    promise(could || (!ok(code) && code != status_code::in_progress),
            "a stream in use was prepared");
    if (!ok(code)) return;
    expect(s->state() == vsnd::stream_state::prepared, "prepared and not in that state");
}

// The memory of a stream that is released, which nobody may touch now.
inline void session::forget(track& t) {
    memory_.free(t.memory.audio);
    memory_.free(t.memory.silence);
    t.memory = {};
}

inline void session::write_some(track& t, usize bytes) {
    const std::vector<u8> audio(bytes, 0x5a);
    const vsnd::result<usize> done = t.stream->write({audio.data(), audio.size()});
    (void)judge(done.code(), false);
    promise(!done.ok() || (done.value() != 0 && done.value() <= bytes), "an impossible count");
}
inline void session::read_some(track& t, usize bytes) {
    std::vector<u8> audio(bytes);
    const vsnd::result<usize> done = t.stream->read({audio.data(), audio.size()});
    (void)judge(done.code(), false);
    promise(!done.ok() || (done.value() != 0 && done.value() <= bytes), "an impossible count");
    if (done.ok()) states_.add(reached::captured);
}

// Stream, bytes (2).
inline void session::write() {
    track& t = next_track();
    const usize bytes = user_.half() % 16384u;
    if (t.stream != nullptr) write_some(t, bytes);
}
inline void session::read() {
    track& t = next_track();
    const usize bytes = user_.half() % 16384u;
    if (t.stream != nullptr) read_some(t, bytes);
}

// Stream, how (bit 0: acquire, bit 1: fill, bit 2: commit).
inline void session::in_place() {
    track& t = next_track();
    const u8 how = user_.byte();
    if (t.stream == nullptr) return;
    if ((how & 1) != 0) {
        const auto period = t.stream->acquire();
        (void)judge(period.code(), false);
        if (period.ok()) {
            promise(memory_.holds(period.value().data(), period.value().size()),
                    "a period outside of the stream's memory");
            if ((how & 2) != 0) std::memset(period.value().data(), 0x3c, period.value().size());
        }
    }
    if ((how & 4) != 0) (void)judge(t.stream->commit(), true);
}

// Stream, how: bit 0, asynchronous; start, bit 1: at once.
inline void session::start() {
    track& t = next_track();
    const u8 how = user_.byte();
    if (t.stream == nullptr) return;
    const auto mode = (how & start_now) != 0 ? vsnd::start_mode::now : vsnd::start_mode::when_full;
    const bool waits = (how & async) == 0;
    const status_code code =
        judge(waits ? t.stream->start(mode) : t.stream->start_async(mode), waits);
    if (ok(code)) expect(t.stream->state() == vsnd::stream_state::running, "started, not running");
}

inline void session::stop() {
    track& t = next_track();
    const bool waits = (user_.byte() & async) == 0;
    if (t.stream == nullptr) return;
    const status_code code = judge(waits ? t.stream->stop() : t.stream->stop_async(), waits);
    if (!ok(code)) return;
    states_.add(reached::stopped);
    expect(t.stream->state() != vsnd::stream_state::running, "stopped and still running");
}

inline void session::drain() {
    track& t = next_track();
    const bool waits = (user_.byte() & async) == 0;
    if (t.stream == nullptr) return;
    const status_code code = judge(waits ? t.stream->drain() : t.stream->drain_async(), waits);
    if (!ok(code)) return;
    expect(t.stream->state() != vsnd::stream_state::running, "drained and still running");
    if (t.stream->playback() && t.stream->position_frames() != 0) {
        states_.add(reached::drained);
        promise(set_.preempt || whim_.lied() ||
                    t.stream->position_frames() == t.stream->submitted_frames(),
                "drained, and not everything was played");
    }
}

// Drops, or brings back what is stuck.
inline void session::drop() {
    track& t = next_track();
    const u8 how = user_.byte();
    const bool waits = (how & async) == 0;
    if (t.stream == nullptr) return;
    if ((how & brings_back) != 0) {
        (void)judge(waits ? t.stream->recover() : t.stream->recover_async(), waits);
        return;
    }
    const status_code code = judge(waits ? t.stream->drop() : t.stream->drop_async(), waits);
    if (!ok(code)) return;
    states_.add(reached::dropped);
    expect(t.stream->state() == vsnd::stream_state::prepared, "dropped and not prepared again");
}

inline void session::release() {
    track& t = next_track();
    const bool waits = (user_.byte() & async) == 0;
    if (t.stream == nullptr) return;
    const status_code code = judge(waits ? t.stream->release() : t.stream->release_async(), waits);
    if (!ok(code)) return;
    states_.add(reached::released);
    expect(t.stream->state() == vsnd::stream_state::released, "released and in another state");
    if (t.stream->state() != vsnd::stream_state::released) return;
    promise(whim_.lied() || device_.held(t.stream->id()) == 0,
            "released, and the device still has periods");
    forget(t);
}

// Queue (4: all), budget.
inline void session::pump() {
    const u8 queue = user_.byte() % 6;
    const u8 budget = user_.byte();
    if (queue == 4) {
        (void)card().pump_all(budget);
    } else {
        (void)card().pump(queue, budget);
    }
}

// Time: 0, the clock's; anything else, so many units.
inline void session::tick() {
    const u16 at = user_.half();
    (void)card().tick(at == 0 ? kernel_.now_ns() : at);
}

// Amount and unit (a power of two of nanoseconds).
inline void session::pass() {
    const u64 amount = user_.byte();
    kernel_.pass(amount << user_.byte() % 48);
}

inline void session::close() {
    kernel_.begin_call();
    const bool was_open = card().state() == vsnd::card_state::open;
    closed(judge(card().close(), true), was_open);
}
inline void session::closed(status_code code, bool was_open) {
    if (!ok(code)) return;
    promise(card().state() == vsnd::card_state::closed, "closed and in another state");
    promise(!pci_.owner(), "closed, and the device may still write to memory");
    if (was_open) {
        states_.add(reached::closed);
        ever_closed_ = true;
    }
    // Whoever touches it now is found out.
    memory_.free(card_memory_);
    card_memory_ = {};
    for (track& t : tracks_)
        forget(t);
}

// Queue, doorbell, interrupt.
inline void session::policy() {
    const u8 how = user_.byte();
    if (how >= 0xf0) return leave_and_return(how & 3);
    const u8 queue = how % 5;
    const u32 doorbell = user_.byte();
    (void)judge(card().set_policy(queue, {doorbell, user_.byte()}), true);
}

// Suspended, resumed, removed.
inline void session::leave_and_return(u8 how) {
    if (how == 3) {
        if (card().state() == vsnd::card_state::closed) return;
        device_.gone = true;
        return card().removed();
    }
    const status_code code = how == 0   ? judge(card().suspend(), true)
                             : how == 1 ? judge(card().resume(), true)
                                        : judge(card().suspend_async(), false);
    if (how == 0 && ok(code)) {
        states_.add(reached::suspended);
        expect(card().state() == vsnd::card_state::suspended, "suspended");
    }
    if (how == 1 && ok(code) && states_.has(reached::suspended)) states_.add(reached::resumed);
}

// Stream, frames (2), which choose the xrun policy too.
inline void session::tail() {
    track& t = next_track();
    const u16 frames = user_.half();
    if (t.stream == nullptr) return;
    t.stream->set_drain_tail(frames);
    t.stream->set_xrun_policy(static_cast<vsnd::xrun_policy>(frames % 3));
}

// Queue: what a port with queues of its own hands up when its device makes no sense.
inline void session::complete() {
    const u8 how = user_.byte();
    const auto kind = (how & 8) != 0 ? vsnd::used::kind::dropped : vsnd::used::kind::nothing;
    card().complete(how % 5u, {nullptr, 0, kind});
}

// Stream, rounds.
inline void session::stream() {
    track& t = next_track();
    const u32 rounds = user_.byte() % 32u;
    if (t.stream == nullptr) return;
    for (u32 i = 0; i < rounds; ++i) {
        kernel_.begin_call();
        if (t.stream->playback()) write_some(t, 4096);
        if (!t.stream->playback()) read_some(t, 4096);
        kernel_.pass(set_.period_ns);
        (void)card().pump_all();
        (void)card().tick(kernel_.now_ns());
        look();
    }
}

// Legal: acquire, commit, position. Everything else: wrong_context, and nothing happens.
template <class Stream>
void session::in_callback(Stream& s) {
    if (!set_.callbacks) return;
    const u8 what = whim_.byte();
    if (what % 4 == 1) {
        const auto period = s.acquire();
        (void)judge(period.code(), false);
        if (period.ok()) (void)judge(s.commit(), true);
    } else if (what % 4 == 0) {
        (void)s.position_frames();
        (void)s.avail_frames();
        (void)s.delay_frames();
    } else if (what % 4 == 2) {
        const status_code code = (what & 4) != 0 ? s.stop_async() : s.release_async();
        promise(judge(code, true) == status_code::wrong_context, "an operation in a callback");
        promise(card().close() == status_code::wrong_context, "closed in a callback");
    } else {
        const u8 audio[64]{};
        const auto code = s.write({audio, sizeof(audio)}).code();
        promise(judge(code, true) == status_code::wrong_context, "a write in a callback");
    }
}

} // namespace fuzz
