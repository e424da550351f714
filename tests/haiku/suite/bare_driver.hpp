#pragma once
// A driver of the bus manager alone, without a library: it asks, sends and looks, as the tests of
// the bus manager want it.

#include <cstring>
#include <vector>

#include <kernel/kernel.hpp>
#include <lock.h>
#include <vsnd/wire/sound.hpp>

namespace suite {

using namespace simulated;
namespace wire = vsnd::wire;

class bare_driver {
  public:
    explicit bare_driver(kernel& k) : k_(k) {
        void* address = nullptr;
        (void)create_area("bare driver", &address, B_ANY_KERNEL_ADDRESS, 65536, B_CONTIGUOUS,
                          B_KERNEL_READ_AREA | B_KERNEL_WRITE_AREA);
        memory = static_cast<u8*>(address);
        get_memory_map(memory, 65536, &where_, 1);
    }
    ~bare_driver() { cpu() = {}; }
    bare_driver(const bare_driver&) = delete;
    bare_driver& operator=(const bare_driver&) = delete;

    const virtio_device_interface& bus = virtio_bus::functions();
    virtio_device device() { return &k_.bus; }
    virtio_queue queues[4] = {};
    u64 negotiated = 0;
    u8* memory = nullptr; // 64 KiB that the device can reach
    std::function<void(u32 queue)> called;
    u32 calls[4] = {};
    u32 config_calls = 0;

    void negotiate(u64 features = 0) {
        if (bus.negotiate_features(device(), features, &negotiated, nullptr) != B_OK)
            stop("negotiate");
    }
    void allocate(uint16* sizes = nullptr) {
        if (bus.alloc_queues(device(), 4, queues, sizes) != B_OK) stop("alloc_queues");
        for (u32 i = 0; i < 4; ++i) {
            cookies_[i] = {this, i};
            bus.queue_setup_interrupt(queues[i], on_queue, &cookies_[i]);
        }
    }
    void start() {
        if (bus.setup_interrupt(device(), on_config, this) != B_OK) stop("setup_interrupt");
    }
    void open(u64 features = 0, uint16* sizes = nullptr) {
        negotiate(features);
        allocate(sizes);
        start();
    }
    void free() {
        bus.free_interrupts(device());
        bus.free_queues(device());
    }

    physical_entry entry(usize at, usize bytes) const { return {where_.address + at, bytes}; }
    // A message of which the first part is read by the device and the rest written.
    status_t send(u32 queue, usize at, usize read, usize written, void* cookie = nullptr) {
        const physical_entry both[] = {entry(at, read), entry(at + read, written)};
        return bus.queue_request_v(queues[queue], read != 0 ? both : both + 1, read != 0,
                                   written != 0, cookie);
    }
    // A control request with interrupts off, and the code of the answer; 0: none.
    template <class Request>
    u32 ask(const Request& request) {
        std::memcpy(memory + 60000, &request, sizeof(request));
        const cpu_status state = disable_interrupts();
        if (send(0, 60000, sizeof(request), 4, memory + 60000) != B_OK) return 0;
        restore_interrupts(state);
        for (u32 i = 0; i < 100; ++i) {
            if (take(0)) {
                u32 code = 0;
                std::memcpy(&code, memory + 60000 + sizeof(request), 4);
                return code;
            }
            k_.hardware.run(1'000'000);
        }
        return 0;
    }
    u32 ask(u32 code, u32 stream) { return ask(wire::snd_pcm_hdr{{code}, stream}); }
    bool take(u32 queue, void** cookie = nullptr, u32* used = nullptr) {
        const cpu_status state = disable_interrupts();
        const bool news = bus.queue_dequeue(queues[queue], cookie, used);
        restore_interrupts(state);
        return news;
    }

    static constexpr usize period = 1024;
    // Output stream 0, prepared: 48 kHz, 16 bit, stereo, 1 KiB periods.
    bool prepare() {
        wire::snd_pcm_set_params p{};
        p.hdr = {{wire::SND_R_PCM_SET_PARAMS}, 0};
        p.buffer_bytes = 4 * period;
        p.period_bytes = period;
        p.channels = 2;
        p.format = wire::SND_PCM_FMT_S16;
        p.rate = wire::SND_PCM_RATE_48000;
        return ask(p) == wire::SND_S_OK && ask(wire::SND_R_PCM_PREPARE, 0) == wire::SND_S_OK;
    }
    // A period of output stream 0, as three parts; its place in memory is the cookie.
    status_t play(u32 slot) {
        const usize at = slot * (4 + period + 8);
        std::memset(memory + at, 0, 4);
        const physical_entry parts[] = {entry(at, 4), entry(at + 4, period),
                                        entry(at + 4 + period, 8)};
        return bus.queue_request_v(queues[2], parts, 2, 1, memory + at);
    }
    u64 accepted() { return k_.device().accepted_features(); }

  private:
    struct callback {
        bare_driver* driver;
        u32 queue;
    };
    static void on_queue(void* driver, void* which) {
        auto& c = *static_cast<callback*>(which);
        if (driver != c.driver) stop("the wrong driver cookie");
        ++c.driver->calls[c.queue];
        if (c.driver->called) c.driver->called(c.queue);
    }
    static void on_config(void* driver) { ++static_cast<bare_driver*>(driver)->config_calls; }

    kernel& k_;
    physical_entry where_{};
    callback cookies_[4];
};

} // namespace suite
