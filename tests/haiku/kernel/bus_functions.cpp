// The bus manager's module: exactly these functions, and nothing else.

#include <kernel/bus.hpp>

namespace simulated {

namespace {

virtio_bus& bus_of(virtio_device device) {
    return *static_cast<virtio_bus*>(device);
}
virtio_bus::ring& ring_of(virtio_queue queue) {
    return *static_cast<virtio_bus::ring*>(queue);
}

status_t request_v(virtio_queue queue, const physical_entry* vector, size_t read, size_t written,
                   void* cookie) {
    const kernel_scope inside;
    return ring_of(queue).request(vector, read, written, cookie);
}

status_t request(virtio_queue queue, const physical_entry* read, const physical_entry* written,
                 void* cookie) {
    physical_entry both[2];
    usize n = 0;
    if (read != nullptr) both[n++] = *read;
    if (written != nullptr) both[n++] = *written;
    return request_v(queue, both, read != nullptr, written != nullptr, cookie);
}

virtio_device_interface make() {
    virtio_device_interface f{};
    f.info.info.name = VIRTIO_DEVICE_MODULE_NAME;
    f.negotiate_features = [](virtio_device d, uint64 supported, uint64* negotiated,
                              const char* (*)(uint64)) {
        const kernel_scope inside;
        return bus_of(d).negotiate(supported, negotiated);
    };
    f.clear_feature = [](virtio_device d, uint64 feature) {
        return bus_of(d).clear_feature(feature);
    };
    f.read_device_config = [](virtio_device d, uint8 offset, void* buffer, size_t bytes) {
        const kernel_scope inside;
        return bus_of(d).read_config(offset, buffer, bytes);
    };
    f.write_device_config = [](virtio_device d, uint8 offset, const void*, size_t) -> status_t {
        kernel_scope inside;
        (void)bus_of(d);
        stop("a write to the configuration, at " + std::to_string(offset));
    };
    f.alloc_queues = [](virtio_device d, size_t count, virtio_queue* queues, uint16* sizes) {
        const kernel_scope inside;
        return bus_of(d).alloc_queues(count, queues, sizes);
    };
    f.free_queues = [](virtio_device d) {
        const kernel_scope inside;
        bus_of(d).free_queues();
    };
    f.setup_interrupt = [](virtio_device d, virtio_intr_func handler, void* cookie) {
        const kernel_scope inside;
        return bus_of(d).setup_interrupt(handler, cookie);
    };
    f.free_interrupts = [](virtio_device d) {
        const kernel_scope inside;
        return bus_of(d).free_interrupts();
    };
    f.queue_setup_interrupt = [](virtio_queue q, virtio_callback_func handler, void* cookie) {
        ring_of(q).callback = handler;
        ring_of(q).cookie = cookie;
        return status_t{B_OK};
    };
    f.queue_request = request;
    f.queue_request_v = request_v;
    f.queue_is_full = [](virtio_queue q) { return ring_of(q).room() == 0; };
    f.queue_is_empty = [](virtio_queue q) { return ring_of(q).room() == ring_of(q).size(); };
    f.queue_size = [](virtio_queue q) { return uint16{ring_of(q).size()}; };
    f.queue_dequeue = [](virtio_queue q, void** cookie, uint32* used) {
        const kernel_scope inside;
        return ring_of(q).dequeue(cookie, used);
    };
    return f;
}

} // namespace

const virtio_device_interface& virtio_bus::functions() {
    static const virtio_device_interface all = make();
    return all;
}

} // namespace simulated
