#pragma once
// The virtio bus manager as a driver sees it.

#include <KernelExport.h>
#include <device_manager.h>

#define VIRTIO_DEVICE_ID_SOUND 25

#define VIRTIO_FEATURE_TRANSPORT_MASK ((1ULL << 28) - 1)
#define VIRTIO_FEATURE_NOTIFY_ON_EMPTY (1 << 24)
#define VIRTIO_FEATURE_RING_INDIRECT_DESC (1 << 28)
#define VIRTIO_FEATURE_RING_EVENT_IDX (1 << 29)
#define VIRTIO_FEATURE_VERSION_1 (1ULL << 32)

#define VIRTIO_VIRTQUEUES_MAX_COUNT 8

#define VIRTIO_DEVICE_TYPE_ITEM "virtio/type"
#define VIRTIO_VRING_ALIGNMENT_ITEM "virtio/vring_alignment"
#define VIRTIO_VERSION_ITEM "virtio/version"

typedef void* virtio_device;
typedef void* virtio_queue;
typedef void (*virtio_callback_func)(void* driverCookie, void* cookie);
typedef void (*virtio_intr_func)(void* cookie);

#define VIRTIO_DEVICE_MODULE_NAME "bus_managers/virtio/device/v1"

typedef struct {
    driver_module_info info;

    status_t (*negotiate_features)(virtio_device device, uint64 supported, uint64* negotiated,
                                   const char* (*get_feature_name)(uint64));
    status_t (*clear_feature)(virtio_device device, uint64 feature);
    status_t (*read_device_config)(virtio_device device, uint8 offset, void* buffer, size_t bytes);
    status_t (*write_device_config)(virtio_device device, uint8 offset, const void* buffer,
                                    size_t bytes);
    status_t (*alloc_queues)(virtio_device device, size_t count, virtio_queue* queues,
                             uint16* requestedSizes);
    void (*free_queues)(virtio_device device);
    // setup: the last step, from here on the device is alive.
    status_t (*setup_interrupt)(virtio_device device, virtio_intr_func configHandler,
                                void* driverCookie);
    status_t (*free_interrupts)(virtio_device device);
    status_t (*queue_setup_interrupt)(virtio_queue queue, virtio_callback_func handler,
                                      void* cookie);
    status_t (*queue_request)(virtio_queue queue, const physical_entry* readEntry,
                              const physical_entry* writtenEntry, void* cookie);
    status_t (*queue_request_v)(virtio_queue queue, const physical_entry* vector,
                                size_t readVectorCount, size_t writtenVectorCount, void* cookie);
    bool (*queue_is_full)(virtio_queue queue);
    bool (*queue_is_empty)(virtio_queue queue);
    uint16 (*queue_size)(virtio_queue queue);
    bool (*queue_dequeue)(virtio_queue queue, void** cookie, uint32* usedLength);
} virtio_device_interface;
