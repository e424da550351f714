#pragma once
// A device port with packed rings straight on the model device: no registers between them, so that
// a test of rings is about rings. The kernel's clock is the device's.
//
//     support::packed_port<> port(profile);         // profile.packed is switched on
//     card<support::packed_port<>> driver;
//     port.device.on_interrupt = [&](u32) { driver.pump_all(); };

#include <stdexcept>

#include <vsnd/model/sound_device.hpp>
#include <vsnd/port/device.hpp>
#include <vsnd/ring/packed_queue.hpp>

namespace support {

struct model_doorbell {
    vsnd::model::sound_device* device = nullptr;
    vsnd::u32 queue = 0;
    void ring() { device->notify(queue); }
};

template <class Policy = vsnd::ring_policy>
class packed_port {
    using u32 = vsnd::u32;
    using u64 = vsnd::u64;
    using status_code = vsnd::status_code;

  public:
    using queue_type = vsnd::packed_queue<model_doorbell, Policy>;

    explicit packed_port(vsnd::model::device_profile p = vsnd::model::default_profile())
        : device(memory, with_packed(std::move(p))) {}

    vsnd::result<u64> negotiate(u64 wanted) {
        using namespace vsnd::wire;
        if (const status_code s = stop(); !ok(s)) return s;
        const u64 ring = bit(F_VERSION_1) | bit(F_RING_PACKED) | bit(F_EVENT_IDX) |
                         bit(F_INDIRECT_DESC) |
                         (Policy::in_order != vsnd::choice::never ? bit(F_IN_ORDER) : 0);
        features = device.offered_features() & ((wanted & 0xff'ffff) | ring);
        device.write_status(DEVICE_STATUS_ACKNOWLEDGE);
        device.write_status(DEVICE_STATUS_ACKNOWLEDGE | DEVICE_STATUS_DRIVER);
        device.accept_features(0, static_cast<u32>(features));
        device.accept_features(1, static_cast<u32>(features >> 32));
        add_status(DEVICE_STATUS_FEATURES_OK);
        if ((device.read_status() & DEVICE_STATUS_FEATURES_OK) == 0)
            return status_code::features_refused;
        return features;
    }
    status_code read_config(u32 offset, vsnd::span<vsnd::u8> into) {
        const auto before = device.read_generation();
        for (vsnd::usize i = 0; i < into.size(); i += 4) {
            const u32 value = vsnd::to_little(device.read_config(offset + static_cast<u32>(i)));
            __builtin_memcpy(into.data() + i, &value, 4);
        }
        return device.read_generation() == before ? status_code::ok : status_code::device_broken;
    }
    vsnd::result<queue_type*> queue(u32 index) {
        const auto size = queue_type::fitting_size(device.registers(index).most);
        if (memories[index].empty()) {
            memories[index] =
                memory.allocate(queue_type::memory_bytes(size), queue_type::memory_alignment);
        }
        queue_type& q = queues[index];
        const status_code s = q.init(size, features, memories[index], {&device, index});
        if (!ok(s)) return s;
        device.set_queue_size(index, size);
        const vsnd::ring_addresses where = q.addresses();
        device.set_queue_address(index, 0, where.descriptors.value);
        device.set_queue_address(index, 1, where.driver_area.value);
        device.set_queue_address(index, 2, where.device_area.value);
        device.enable_queue(index, 1);
        return &q;
    }
    status_code start() {
        add_status(vsnd::wire::DEVICE_STATUS_DRIVER_OK);
        return status_code::ok;
    }
    status_code stop() {
        device.write_status(0);
        return device.read_status() == 0 ? status_code::ok : status_code::memory_still_owned;
    }

    u64 now_ns() { return device.now_ns(); }
    void wait(u64 timeout_ns) {
        if (device.now_ns() > longest_ns) throw std::runtime_error("the driver waits for ever");
        device.advance(vsnd::lesser(timeout_ns, u64{1'000'000}));
    }

    vsnd::model::guest_memory memory;
    vsnd::model::sound_device device;
    vsnd::dma_region memories[4];
    queue_type queues[4];
    u64 features = 0;
    u64 longest_ns = 600'000'000'000; // virtual

  private:
    static u64 bit(u32 n) { return u64{1} << n; }
    static vsnd::model::device_profile with_packed(vsnd::model::device_profile p) {
        p.packed = true;
        return p;
    }
    void add_status(vsnd::u8 step) {
        device.write_status(static_cast<vsnd::u8>(device.read_status() | step));
    }
};

static_assert(vsnd::device_port<packed_port<>>);

} // namespace support
