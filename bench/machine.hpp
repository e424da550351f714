#pragma once
// A machine for measuring: a kernel whose PCI function is plain memory, and a device end that
// completes periods by writing to the ring itself. It works only for a driver that does
// everything right; what it costs is never counted.

#include <vsnd/transport/pci.hpp>
#include <vsnd/wire/sound.hpp>

#include <packed_end.hpp>
#include <split_end.hpp>

namespace bench {

using namespace vsnd;

// A PCI function as memory. Every register keeps what was written, which is all that the driver
// of a well-behaved device asks for; both words of the offered features are the same. `Ring_end`
// fits the rings that the driver has.
template <u16 Ring_size, class Ring_end = split_end>
class machine {
  public:
    explicit machine(u32 streams) {
        namespace config = wire::pci_config;
        store(config_, config::vendor_id, u16{wire::PCI_VENDOR_VIRTIO});
        store(config_, config::device_id, u16{wire::PCI_DEVICE_SOUND});
        store(config_, config::status_register, u16{config::status_capabilities});
        store(config_, config::capability_pointer, u8{0x40});
        describe(0x40, 0x54, wire::PCI_CAP_COMMON_CFG, common_at, sizeof(wire::pci_common_cfg));
        describe(0x54, 0x68, wire::PCI_CAP_NOTIFY_CFG, notify_at, 16);
        describe(0x68, 0x7c, wire::PCI_CAP_ISR_CFG, isr_at, 4);
        describe(0x7c, 0, wire::PCI_CAP_DEVICE_CFG, sound_at, sizeof(wire::snd_config));

        constexpr u32 version_1 = 1u << (wire::F_VERSION_1 - 32);
        constexpr u32 ring = 1u << wire::F_EVENT_IDX | 1u << wire::F_INDIRECT_DESC;
        u8* const common = bar_ + common_at;
        constexpr u32 packed = 1u << (wire::F_RING_PACKED - 32);
        store(common, offsetof(wire::pci_common_cfg, device_feature), version_1 | packed | ring);
        store(common, offsetof(wire::pci_common_cfg, queue_size), Ring_size);
        store(bar_ + sound_at, offsetof(wire::snd_config, streams), streams);
    }

    // --- The kernel's five functions, and a wait. ---
    u32 pci_read(u32 offset, u32 bytes) {
        u32 value = 0;
        __builtin_memcpy(&value, config_ + offset, bytes);
        return value;
    }
    void pci_write(u32 offset, u32 bytes, u32 value) {
        __builtin_memcpy(config_ + offset, &value, bytes);
    }
    u8* map_bar(u32, u64 offset, usize) { return bar_ + offset; }
    dma_region dma(usize bytes, usize alignment) {
        const dma_region memory = allocate(bytes, alignment);
        rings_[rings_made_++] = {memory.cpu, Ring_size};
        return memory;
    }
    u64 now_ns() { return now_; }
    void wait(u64) { answer_requests(); }

    void pass(u64 ns) { now_ += ns; }

    // --- The device. ---
    Ring_end& tx() { return rings_[wire::SND_VQ_TX]; }

    // The oldest period of tx is done. True: it raised an interrupt.
    bool complete_period() {
        wire::virtq_desc parts[4];
        const u32 count = tx().front(parts);
        auto* const reply = reinterpret_cast<wire::snd_pcm_status*>(at_bus(parts[count - 1].addr));
        reply->code = wire::SND_S_OK;
        return tx().complete(sizeof(wire::snd_pcm_status));
    }

    // Whether the doorbell of tx rang since the last call.
    bool rang() {
        u8* const bell = bar_ + notify_at;
        u16 value;
        __builtin_memcpy(&value, bell, 2);
        store(bell, 0, u16{0xffff});
        return value == wire::SND_VQ_TX;
    }

  private:
    static constexpr u32 common_at = 0;
    static constexpr u32 notify_at = 0x100;
    static constexpr u32 isr_at = 0x200;
    static constexpr u32 sound_at = 0x300;

    template <class T>
    static void store(u8* base, usize at, T value) {
        __builtin_memcpy(base + at, &value, sizeof(T));
    }
    void describe(u32 at, u8 next, u8 type, u32 offset, u32 bytes) {
        wire::pci_notify_cap c{};
        c.cap.cap_vndr = wire::pci_config::capability_vendor;
        c.cap.cap_next = next;
        c.cap.cap_len = sizeof(c);
        c.cap.cfg_type = type;
        c.cap.offset = offset;
        c.cap.length = bytes;
        __builtin_memcpy(config_ + at, &c, sizeof(c));
    }

    void answer_requests() {
        Ring_end& control = rings_[wire::SND_VQ_CONTROL];
        control.look();
        while (control.pending() != 0) {
            wire::virtq_desc parts[4];
            const u32 count = control.front(parts);
            if (count == 3) describe_streams(at_bus(parts[2].addr), parts[2].len);
            reinterpret_cast<wire::snd_hdr*>(at_bus(parts[1].addr))->code = wire::SND_S_OK;
            (void)control.complete(sizeof(wire::snd_hdr));
        }
    }
    static void describe_streams(u8* infos, u32 bytes) {
        wire::snd_pcm_info info{};
        info.formats = u64{1} << wire::SND_PCM_FMT_S16;
        info.rates = u64{1} << wire::SND_PCM_RATE_48000;
        info.direction = wire::SND_D_OUTPUT;
        info.channels_min = 1;
        info.channels_max = 2;
        for (u32 at = 0; at + sizeof(info) <= bytes; at += sizeof(info))
            __builtin_memcpy(infos + at, &info, sizeof(info));
    }

    alignas(8) u8 config_[wire::pci_config::space_bytes] = {};
    alignas(8) u8 bar_[0x400] = {};
    Ring_end rings_[wire::SND_VQ_COUNT];
    u32 rings_made_ = 0;
    u64 now_ = 0;
};

} // namespace bench
