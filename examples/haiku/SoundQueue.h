/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef SOUND_QUEUE_H
#define SOUND_QUEUE_H


#include <virtio.h>

#include <vsnd/port/sg_queue.hpp>


using namespace vsnd;


/*!	One queue of the virtio bus manager, for vsnd/port/sg_queue.hpp. That has what the bus manager
	has not: memory barriers (bus manager 6), and a look at the cookies and lengths that come back
	(bus manager 10). All calls come from threads that hold the lock of SoundDevice.
*/
struct VirtioQueue {
	using segment = physical_entry;

	virtio_device_interface* bus = NULL;
	virtio_queue queue = NULL;
	bool muted = false; // nothing is ever queued, so no doorbell rings

	static physical_entry segment_of(const part& part)
	{
		return {static_cast<phys_addr_t>(part.address.value), part.bytes};
	}

	uint32 size() const { return bus->queue_size(queue); }

	// It never blocks, never allocates, and rings the doorbell each time. A full ring is B_BUSY
	// (bus manager 5), which cannot be, as descriptors are counted.
	bool enqueue(void* cookie, const physical_entry* list, uint32 readable, uint32 writable)
	{
		return muted || bus->queue_request_v(queue, list, readable, writable, cookie) == B_OK;
	}

	bool dequeue(void*& cookie, uint32& written)
	{
		return bus->queue_dequeue(queue, &cookie, &written);
	}
};

// Nothing may be queued before setup_interrupt(), which sets DRIVER_OK (bus manager 1): this queue
// never is.
using SoundQueue = sg_queue<VirtioQueue>;
static_assert(sound_queue<SoundQueue> && !SoundQueue::posts_before_start);


#endif // SOUND_QUEUE_H
