#include <kernel/bus.hpp>

#include <cstring>

#include <vsnd/wire/virtio.hpp>

namespace simulated {

using namespace vsnd::wire;
using vsnd::model::sound_device;

namespace {
// What lies between the bus manager's freeing of the rings and the device's reset.
constexpr u64 before_reset_ns = 1'000'000;
} // namespace

virtio_bus::virtio_bus(machine& where, address_space& space) : machine_(where), space_(space) {
    machine_.interrupt = [this](u32 pending) { interrupt(pending); };
    machine_.spurious = [this] { return faults.spurious && installed_ ? 15u : 0u; };
    set_status(0);
    set_status(DEVICE_STATUS_ACKNOWLEDGE);
    set_status(DEVICE_STATUS_DRIVER);
}

virtio_bus::~virtio_bus() {
    machine_.interrupt = nullptr;
    machine_.spurious = nullptr;
    rings_.clear();
    set_status(0);
}

u8 virtio_bus::device_status() {
    return machine_.with_device([](sound_device& d) { return d.read_status(); });
}

// Bits are added; only the reset takes some away.
void virtio_bus::set_status(u8 bits) {
    machine_.with_device([&](sound_device& d) {
        d.write_status(bits == 0 ? u8{0} : static_cast<u8>(bits | d.read_status()));
        if (bits == 0) (void)d.read_status();
    });
}

status_t virtio_bus::negotiate(u64 supported, u64* negotiated) {
    constexpr u64 own = VIRTIO_FEATURE_TRANSPORT_MASK | VIRTIO_FEATURE_RING_INDIRECT_DESC |
                        VIRTIO_FEATURE_RING_EVENT_IDX | VIRTIO_FEATURE_VERSION_1;
    features_ = machine_.with_device([](sound_device& d) { return d.offered_features(); });
    features_ |= VIRTIO_FEATURE_VERSION_1; // the model leaves it out where bits are not delivered
    features_ &= (supported | VIRTIO_FEATURE_VERSION_1) & own;
    if (delivers_features)
        machine_.with_device([&](sound_device& d) {
            d.accept_features(1, static_cast<u32>(features_ >> 32));
            d.accept_features(0, static_cast<u32>(features_));
        });
    set_status(DEVICE_STATUS_FEATURES_OK);
    if ((device_status() & DEVICE_STATUS_FEATURES_OK) == 0) {
        set_status(DEVICE_STATUS_FAILED);
        return B_BAD_VALUE;
    }
    *negotiated = features_;
    return B_OK;
}

status_t virtio_bus::clear_feature(u64 feature) {
    features_ &= ~feature;
    return B_OK;
}

// In fours, then twos and ones; the generation is not looked at.
status_t virtio_bus::read_config(u8 offset, void* buffer, usize bytes) {
    auto* into = static_cast<u8*>(buffer);
    u32 at = offset;
    while (bytes > 0) {
        const usize n = bytes >= 4 ? 4 : bytes >= 2 ? 2 : 1;
        const u32 word =
            machine_.with_device([&](sound_device& d) { return d.read_config(at & ~3u); });
        const u32 value = word >> 8 * (at & 3);
        std::memcpy(into, &value, n);
        into += n;
        at += static_cast<u32>(n);
        bytes -= n;
    }
    return B_OK;
}

status_t virtio_bus::alloc_queues(usize count, virtio_queue* queues, const u16* sizes) {
    may_block("alloc_queues");
    if (count > VIRTIO_VIRTQUEUES_MAX_COUNT || queues == nullptr) return B_BAD_VALUE;
    if (faults.refuses_queues) return B_NO_MEMORY;
    for (u32 i = 0; i < count; ++i) {
        u16 size = i < SND_VQ_COUNT ? machine_.device.registers(i).size : u16{0};
        if (size == 0) stop("a queue that the device does not have");
        status_t status = B_OK;
        // The device is never told of a smaller size.
        if (sizes != nullptr && sizes[i] > size) status = B_BUFFER_OVERFLOW;
        if (sizes != nullptr && sizes[i] != 0) size = sizes[i];
        if (status == B_OK) {
            rings_.push_back(std::make_unique<ring>(machine_, space_, i, size, features_));
            if (rings_.back()->memory().empty()) status = B_NO_MEMORY;
        }
        if (status != B_OK) {
            rings_.clear();
            return status;
        }
        ring& r = *rings_.back();
        queues[i] = &r;
        const u64 bus = r.memory().bus.value;
        machine_.with_device([&](sound_device& d) {
            d.set_queue_address(i, 0, bus);
            d.set_queue_address(i, 1, bus + r.avail_);
            d.set_queue_address(i, 2, bus + r.used_);
            d.enable_queue(i, 1);
        });
    }
    return B_OK;
}

// The rings go first, the device is told later.
void virtio_bus::free_queues() {
    may_block("free_queues");
    const bool used = machine_.with_device([](sound_device& d) {
        return d.queue(SND_VQ_TX).in_flight() != 0 ||
               (d.profile().rx_completes && d.queue(SND_VQ_RX).in_flight() != 0);
    });
    // A device that has nothing to return does not look into a ring by itself, as the model does.
    if (!used) set_status(0);
    rings_.clear();
    if (used) machine_.pass(before_reset_ns);
    set_status(0);
    set_status(DEVICE_STATUS_DRIVER);
}

status_t virtio_bus::setup_interrupt(virtio_intr_func handler, void* cookie) {
    may_block("setup_interrupt");
    config_handler_ = handler;
    driver_cookie_ = cookie;
    if (faults.refuses_interrupts) return B_ERROR;
    {
        const std::lock_guard<std::mutex> nobody(handling_);
        installed_ = true;
    }
    set_status(DEVICE_STATUS_DRIVER_OK);
    for (const auto& r : rings_)
        r->want_interrupts(true);
    return B_OK;
}

status_t virtio_bus::free_interrupts() {
    may_block("free_interrupts");
    for (const auto& r : rings_)
        r->want_interrupts(false);
    set_status(DEVICE_STATUS_DRIVER);
    const std::lock_guard<std::mutex> nobody(handling_);
    installed_ = false;
    return B_OK;
}

void virtio_bus::interrupt(u32 pending) {
    const std::lock_guard<std::mutex> handled(handling_);
    if (!installed_) return;
    constexpr u32 config = 16;
    if ((pending & config) != 0 && config_handler_ != nullptr) config_handler_(driver_cookie_);
    const bool all = wires != wiring::each && (pending & ~config) != 0;
    for (u32 i = 0; i < rings_.size(); ++i)
        if (all || (pending >> i & 1) != 0) call(*rings_[i]);
}

// After the callback interrupts are wanted again, and nobody looks whether there is news.
void virtio_bus::call(ring& r) {
    r.want_interrupts(false);
    const u64 nth = callbacks_[r.number_]++;
    if (r.callback != nullptr) r.callback(driver_cookie_, r.cookie);
    const bool window = r.number_ == faults.lost_queue && nth >= faults.lost_from &&
                        nth - faults.lost_from < faults.lost_times;
    if (window) machine_.pass(faults.lost_ns);
    r.want_interrupts(true);
}

} // namespace simulated
