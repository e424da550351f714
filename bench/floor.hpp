#pragma once
// What there is to beat: the smallest ring, written by hand for nothing but one kind of period,
// with the same checks (id, in flight, length, status), the stream found through the cookie, and
// a position. No policies, no states, no locks, no lifecycle: nobody could use it.

#include <machine.hpp>

namespace bench {

struct floor_stream {
    u64 position_frames = 0;
    u32 period_frames = 0;
    struct floor_period* next = nullptr;
};

struct floor_period {
    wire::snd_pcm_status* reply;
    floor_stream* stream;
    floor_period* next;
    u16 head;
    bool in_device;
};

// Chains of three, direct, bound by the constructor.
class floor_ring {
  public:
    static constexpr u16 size = 64;
    static constexpr u16 mask = size - 1;
    static constexpr u32 most_periods = size / 3;

    floor_ring(floor_stream& s, u32 periods, u32 period_frames, volatile u16* doorbell)
        : doorbell_(doorbell) {
        constexpr usize used_at = round_up(
            wire::virtq_desc_bytes(size) + wire::virtq_avail_bytes(size), wire::VIRTQ_USED_ALIGN);
        const dma_region memory = allocate(used_at + wire::virtq_used_bytes(size), 16);
        const u32 bytes = period_frames * 4;
        const dma_region audio = allocate(usize{bytes} * periods, 4096);
        const dma_region shared = allocate(4 + periods * sizeof(wire::snd_pcm_status), 64);
        end_ = {memory.cpu, size};
        avail_ = memory.cpu + wire::virtq_desc_bytes(size);
        used_ = memory.cpu + used_at;
        used_event_ = field(avail_, wire::virtq_used_event_offset(size));
        avail_event_ = field(used_, wire::virtq_avail_event_offset(size));
        auto* const table = reinterpret_cast<wire::virtq_desc*>(memory.cpu);
        for (u32 i = 0; i < periods; ++i) {
            const u16 head = static_cast<u16>(3 * i);
            const u64 reply = 4 + i * sizeof(wire::snd_pcm_status);
            const auto next = [head](int n) { return le16(static_cast<u16>(head + n)); };
            table[head] = {shared.bus.value, 4, wire::VIRTQ_DESC_F_NEXT, next(1)};
            table[head + 1] = {audio.bus.value + u64{bytes} * i, bytes, wire::VIRTQ_DESC_F_NEXT,
                               next(2)};
            table[head + 2] = {shared.bus.value + reply, 8, wire::VIRTQ_DESC_F_WRITE, 0};
            floor_period& p = periods_[head];
            p = {reinterpret_cast<wire::snd_pcm_status*>(shared.cpu + reply), &s,
                 &periods_[i + 1 < periods ? head + 3 : 0], head, false};
            store_relaxed(&p.reply->code, u32{poison});
        }
        s.next = &periods_[0];
        s.period_frames = period_frames;
    }

    VSND_HOT bool submit(floor_stream& s) {
        floor_period* const p = s.next;
        if (p->in_device) return false;
        p->in_device = true;
        s.next = p->next;
        const u16 at = avail_idx_;
        store_relaxed(field(avail_, wire::VIRTQ_AVAIL_RING_OFFSET + usize{2} * (at & mask)),
                      p->head);
        const u16 now = static_cast<u16>(at + 1);
        avail_idx_ = now;
        store_release(field(avail_, wire::VIRTQ_AVAIL_IDX_OFFSET), now);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (load_relaxed(avail_event_) == at) *doorbell_ = wire::SND_VQ_TX;
        return true;
    }

    // Takes what is there, asks for the next interrupt, and looks again.
    VSND_HOT void pump() {
        u8* const used = used_;
        u32 at = used_idx_;
        for (;;) {
            const u16 end = load_acquire(field(used, wire::VIRTQ_USED_IDX_OFFSET));
            if (static_cast<u16>(end - at) > size) return broken();
            for (; static_cast<u16>(at) != end; ++at) {
                if (!complete(used + wire::VIRTQ_USED_RING_OFFSET + usize{at & mask} * 8)) {
                    return broken();
                }
            }
            used_idx_ = static_cast<u16>(at);
            store_relaxed(used_event_, static_cast<u16>(at));
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            if (load_acquire(field(used, wire::VIRTQ_USED_IDX_OFFSET)) == static_cast<u16>(at)) {
                return;
            }
        }
    }

    split_end& end() { return end_; }
    u32 errors() const { return errors_; }

  private:
    static constexpr u32 poison = 0x50505050;

    VSND_HOT static le16* field(u8* base, usize at) { return reinterpret_cast<le16*>(base + at); }
    VSND_HOT bool complete(const u8* element) {
        const u32 id = load_relaxed(reinterpret_cast<const le32*>(element));
        const u32 written = load_relaxed(reinterpret_cast<const le32*>(element + 4));
        if (id >= size) return false;
        floor_period& p = periods_[id];
        if (!p.in_device || written > sizeof(wire::snd_pcm_status)) return false;
        wire::snd_pcm_status& reply = *p.reply;
        if (load_relaxed(&reply.code) != wire::SND_S_OK) return false;
        store_relaxed(&reply.code, u32{poison});
        p.in_device = false;
        p.stream->position_frames += p.stream->period_frames;
        return true;
    }
    VSND_HOT void broken() { ++errors_; }

    u8* avail_ = nullptr;
    u8* used_ = nullptr;
    le16* used_event_ = nullptr;
    le16* avail_event_ = nullptr;
    volatile u16* doorbell_;
    u16 avail_idx_ = 0;
    u16 used_idx_ = 0;
    u32 errors_ = 0;
    floor_period periods_[size]{};
    split_end end_;
};

} // namespace bench
