#pragma once
// A sound device that answers as its input wants: honest where the input is silent, wrong in any
// way a device can be where it is not. It reaches only memory that the driver shares.
// [virtio 1.4] Sound Device / Device Operation

#include <vector>

#include <vsnd/pcm/rates.hpp>
#include <vsnd/wire/sound.hpp>

#include "queue_end.hpp"

namespace fuzz {

class fuzz_device {
  public:
    fuzz_device(guest_memory& memory, const setup& how, whims& whim)
        : memory_(memory), set_(how), whim_(whim) {}

    // What the transport's registers change and show.
    queue_end queues[4];
    u64 accepted = 0;
    bool live = false; // DRIVER_OK
    bool needs_reset = false;
    bool gone = false;
    bool queue_interrupt = false;
    bool config_interrupt = false;

    u64 now_ns() const { return now_; }

    // The driver rang. A doorbell may come too early, and may be lost.
    void notified(u32 queue) {
        if (queue >= 4 || !live || !queues[queue].enabled || gone) return;
        if (whim_.odd()) return;
        collect(queue);
        work();
    }

    // Time passes; what is due happens.
    void advance(u64 to) {
        if (to > now_) now_ = to;
        if (gone || !live) return;
        if (whim_.odd()) mischief();
        if (whim_.odd()) return;
        for (u32 q = 0; q < 4; ++q)
            collect(q);
        play();
        work();
    }

    // When something happens next, if nothing else does.
    u64 next_event() const {
        u64 next = ~u64{0};
        if (gone || !live) return next;
        for (const job& j : jobs_) {
            if (j.queue == 0 && !j.never) next = vsnd::lesser(next, j.due);
        }
        for (const playing& p : playing_) {
            if (p.running) next = vsnd::lesser(next, p.due);
        }
        return next;
    }

    // From here on the device touches no memory.
    void reset() {
        for (queue_end& q : queues)
            q = {};
        jobs_.clear();
        for (playing& p : playing_)
            p = {};
        accepted = 0;
        live = needs_reset = queue_interrupt = config_interrupt = false;
    }

    // Periods of a stream that the device still has.
    u32 held(u32 stream) const {
        u32 n = 0;
        for (const job& j : jobs_)
            n += j.queue >= 2 && j.stream == stream;
        return n;
    }

    // Writes anywhere in shared memory, as a device can at any time.
    void scribble() {
        const vsnd::span<u8> all = memory_.any(whim_.byte());
        if (all.empty()) return;
        const usize at = whim_.half() % all.size();
        const usize n = whim_.byte() % 16u + 1;
        for (u8& b : all.part(at, n))
            b = whim_.byte();
    }

  private:
    static constexpr u32 most_streams = 8;

    struct job {
        u32 queue = 0;
        buffer chain;
        u32 stream = 0;
        u64 due = 0;
        u32 code = vsnd::wire::SND_S_OK;
        bool never = false;
    };
    struct playing {
        bool running = false;
        u64 due = 0;
    };

    u32 read32(const buffer& b, usize at) {
        u8 bytes[4]{};
        for (usize i = 0; i < 4; ++i)
            bytes[i] = readable(b, at + i);
        return bytes[0] | u32{bytes[1]} << 8 | u32{bytes[2]} << 16 | u32{bytes[3]} << 24;
    }
    u8 readable(const buffer& b, usize at) {
        for (u32 i = 0; i < b.count && !b.pieces[i].writable; ++i) {
            if (at < b.pieces[i].bytes) {
                const u8* const p = memory_.at(b.pieces[i].address + at, 1);
                return p == nullptr ? u8{0} : *p;
            }
            at -= b.pieces[i].bytes;
        }
        return 0;
    }
    // Writes to the writable part; what does not fit is left out.
    void write(const buffer& b, usize at, const void* from, usize bytes) {
        for (u32 i = 0; i < b.count; ++i) {
            const piece& p = b.pieces[i];
            if (!p.writable) continue;
            if (at >= p.bytes) {
                at -= p.bytes;
                continue;
            }
            const usize n = vsnd::lesser(bytes, usize{p.bytes} - at);
            u8* const to = memory_.at(p.address + at, n);
            if (to == nullptr) return;
            std::memcpy(to, from, n);
            from = static_cast<const u8*>(from) + n;
            bytes -= n;
            at = 0;
            if (bytes == 0) return;
        }
    }

    // Takes over what the driver has made available.
    void collect(u32 number) {
        queue_end& q = queues[number];
        if (!q.enabled) return;
        for (u32 i = 0; i < 2u * q.size; ++i) {
            job j;
            const auto found = q.next(memory_, j.chain);
            if (found == queue_end::news::nothing) break;
            promise(found == queue_end::news::chain || whim_.lied(),
                    "a chain that leaves shared memory, or makes no sense");
            if (found != queue_end::news::chain) break;
            j.queue = number;
            accept(j);
        }
        if ((accepted >> 29 & 1) != 0) q.set_avail_event(memory_);
    }

    void accept(job& j) {
        if (j.queue == 0) {
            j.due = now_ + set_.answer_ns;
            if (whim_.odd()) j.due += u64{whim_.half()} * 100'000;
            if (whim_.odd()) j.never = true;
        } else if (j.queue >= 2) {
            j.stream = read32(j.chain, 0);
        }
        // A driver with more chains than a queue has entries was led there.
        if (jobs_.size() < 1024) jobs_.push_back(j);
    }

    // Answers every request that is due.
    void work() {
        for (usize i = 0; i < jobs_.size();) {
            if (jobs_[i].queue != 0 || jobs_[i].never || jobs_[i].due > now_) {
                ++i;
                continue;
            }
            job j = jobs_[i];
            jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
            answer(j);
        }
    }

    void answer(job& j) {
        namespace wire = vsnd::wire;
        const u32 code = read32(j.chain, 0);
        const u32 stream = read32(j.chain, 4);
        usize written = sizeof(wire::snd_hdr);
        if (whim_.odd()) {
            const u8 how = whim_.byte();
            j.code = how < 192 ? wire::SND_S_OK + how % 4u : whim_.word();
        }
        if (code == wire::SND_R_PCM_INFO) {
            const u32 count = vsnd::lesser(read32(j.chain, 8), u32{8});
            for (u32 i = 0; i < count; ++i) {
                const wire::snd_pcm_info info = describe(stream + i);
                write(j.chain, written, &info, sizeof(info));
                written += sizeof(info);
            }
        } else if (stream < most_streams && j.code == wire::SND_S_OK) {
            command(code, stream);
        }
        const vsnd::le32 reply = j.code;
        write(j.chain, 0, &reply, sizeof(reply));
        give(j, static_cast<u32>(written));
    }

    void command(u32 code, u32 stream) {
        namespace wire = vsnd::wire;
        playing& p = playing_[stream];
        if (code == wire::SND_R_PCM_START) p = {true, now_ + set_.period_ns};
        if (code == wire::SND_R_PCM_STOP) p.running = false;
        if (code != wire::SND_R_PCM_RELEASE) return;
        p.running = false;
        if (whim_.odd()) return;
        while (finish_period(stream)) {
        }
    }

    vsnd::wire::snd_pcm_info describe(u32 stream) {
        namespace wire = vsnd::wire;
        wire::snd_pcm_info info{};
        info.features = 1u << wire::SND_PCM_F_EVT_XRUNS | 1u << wire::SND_PCM_F_MSG_POLLING;
        info.formats = u64{1} << wire::SND_PCM_FMT_S16 | u64{1} << wire::SND_PCM_FMT_S32 |
                       u64{1} << wire::SND_PCM_FMT_U8 | u64{1} << wire::SND_PCM_FMT_IMA_ADPCM;
        info.rates = u64{1} << wire::SND_PCM_RATE_48000 | u64{1} << wire::SND_PCM_RATE_8000;
        info.direction = stream % 2 == 0 ? wire::SND_D_OUTPUT : wire::SND_D_INPUT;
        info.channels_min = 1;
        info.channels_max = 8;
        if (whim_.odd()) {
            u8* const raw = reinterpret_cast<u8*>(&info);
            for (u32 n = whim_.byte() % 8u + 1; n != 0; --n)
                raw[whim_.byte() % sizeof(info)] = whim_.byte();
        }
        return info;
    }

    // Running streams consume a period when its time is over.
    void play() {
        namespace wire = vsnd::wire;
        for (u32 s = 0; s < most_streams; ++s) {
            playing& p = playing_[s];
            while (p.running && p.due <= now_) {
                p.due += set_.period_ns;
                if (finish_period(s)) continue;
                p.due = vsnd::greater(p.due, now_ + set_.period_ns);
                if (whim_.odd()) announce(wire::SND_EVT_PCM_XRUN, s);
            }
        }
    }

    bool finish_period(u32 stream) {
        for (usize i = 0; i < jobs_.size(); ++i) {
            if (jobs_[i].queue < 2 || jobs_[i].stream != stream) continue;
            return finish(i);
        }
        return false;
    }
    bool finish(usize i) {
        const job j = jobs_[i];
        jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
        const u32 room = j.chain.writable_bytes();
        vsnd::wire::snd_pcm_status reply{};
        reply.code = whim_.odd() ? whim_.word() : u32{vsnd::wire::SND_S_OK};
        const u32 audio = room - vsnd::lesser(room, u32{sizeof(reply)});
        u8 sample[64];
        for (u32 at = 0; at < audio && at < 4096; at += 64) {
            std::memset(sample, static_cast<u8>(now_ + at), sizeof(sample));
            write(j.chain, at, sample, vsnd::lesser(audio - at, u32{64}));
        }
        write(j.chain, audio, &reply, sizeof(reply));
        give(j, room);
        return true;
    }

    void announce(u32 code, u32 data) {
        for (usize i = 0; i < jobs_.size(); ++i) {
            if (jobs_[i].queue != 1) continue;
            const job j = jobs_[i];
            jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
            const vsnd::le32 event[] = {code, data};
            write(j.chain, 0, event, sizeof(event));
            return give(j, sizeof(event));
        }
    }

    // Hands a chain back, or something like it.
    void give(const job& j, u32 written) {
        queue_end& q = queues[j.queue];
        u32 id = j.chain.head;
        if (whim_.odd()) {
            switch (whim_.byte() % 8) {
            case 0: id = whim_.word(); break;
            case 1: id = whim_.byte() % vsnd::greater(u32{q.size}, u32{1}); break;
            case 2: written = whim_.word(); break;
            case 3: written = whim_.half() % (j.chain.writable_bytes() + 2); break;
            case 4: q.leap(memory_, whim_.half()); break;
            case 5: q.leap(memory_, whim_.byte() % 4); break;
            case 6: (void)q.give(memory_, id, written, false); break;
            default: return; // lost
            }
        }
        const bool wanted = q.give(memory_, id, written, (accepted >> 29 & 1) != 0);
        if (wanted != whim_.odd()) queue_interrupt = true;
    }

    void mischief() {
        switch (whim_.byte() % 10) {
        case 0: scribble(); break;
        case 1: queue_interrupt = true; break;
        case 2: config_interrupt = true; break;
        case 3: needs_reset = config_interrupt = true; break;
        case 4: gone = whim_.byte() < 64; break;
        case 5: announce(vsnd::wire::SND_EVT_PCM_XRUN, whim_.byte() % most_streams); break;
        case 6: announce(whim_.word(), whim_.word()); break;
        case 7:
            (void)queues[whim_.byte() % 4].give(memory_, whim_.byte(), whim_.byte(), false);
            break;
        case 8: finish_any(); break;
        default: queues[whim_.byte() % 4].set_flags(memory_, whim_.half()); break;
        }
    }
    // Out of order, or of a stream that does not run.
    void finish_any() {
        if (jobs_.empty()) return;
        const usize i = whim_.byte() % jobs_.size();
        if (jobs_[i].queue >= 2) (void)finish(i);
    }

    guest_memory& memory_;
    const setup& set_;
    whims& whim_;
    u64 now_ = 1;
    std::vector<job> jobs_;
    playing playing_[most_streams];
};

} // namespace fuzz
