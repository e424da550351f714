/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef SOUND_QUEUE_H
#define SOUND_QUEUE_H


#include <string.h>

#include <virtio.h>

#include <vsnd/port/queue.hpp>


using namespace vsnd;


/*!	One queue of the virtio bus manager, as vsnd drives it (vsnd/port/queue.hpp).

	The bus manager has neither locks nor memory barriers (bus manager 6): all calls come from
	threads that hold the lock of SoundDevice, and the barriers are here.
*/
class SoundQueue {
public:
	static constexpr uint32 kMaxParts = 3, kMaxChains = 64;

	struct Chain {
		cookie what;
		uint32 readable, writable, writableBytes;
		bool bound, posted;
		physical_entry parts[kMaxParts];
	};
	struct slot {
		Chain* chain = NULL;
	};

	// Nothing may be queued before setup_interrupt(), which sets DRIVER_OK (bus manager 1), and
	// each queue_request_v() rings the doorbell (bus manager 5).
	static constexpr bool posts_before_start = false;
	static constexpr bool kicks_itself = true;

	// `muted`: nothing is ever queued, so no doorbell rings.
	void Init(virtio_device_interface* bus, virtio_queue queue, bool muted)
	{
		fBus = bus;
		fMuted = muted;
		fQueue = queue;
		fSize = fFree = bus->queue_size(queue);
		fPosted = 0;
		memset(fChains, 0, sizeof(fChains));
	}

	result<slot> bind(const chain& parts, cookie what)
	{
		Chain* record = fChains;
		while (record != fChains + kMaxChains && record->bound)
			record++;
		const uint32 count = static_cast<uint32>(parts.parts.size());
		if (count > kMaxParts || count > fFree || record == fChains + kMaxChains)
			return status_code::no_room;

		const uint32 readable = static_cast<uint32>(parts.readable);
		*record = {what, readable, count - readable, 0, true, false, {}};
		for (uint32 i = 0; i < count; i++) {
			const part& one = parts.parts[i];
			record->parts[i] = {static_cast<phys_addr_t>(one.address.value), one.bytes};
			if (i >= readable)
				record->writableBytes += one.bytes;
		}
		fFree -= count;
		return slot{record};
	}

	status_code post(slot which)
	{
		// What the chain's memory holds must be there before its index is.
		__atomic_thread_fence(__ATOMIC_RELEASE);

		// It never blocks and never allocates; a full ring is B_BUSY (bus manager 5), which
		// cannot be, as bind() counts descriptors.
		Chain& chain = *which.chain;
		if (fMuted)
			return status_code::ok;
		chain.posted =
			fBus->queue_request_v(fQueue, chain.parts, chain.readable, chain.writable, &chain)
			== B_OK;
		fPosted += chain.posted ? 1 : 0;
		return chain.posted ? status_code::ok : status_code::no_room;
	}

	used take()
	{
		void* cookie = NULL;
		uint32 written = 0;
		if (!fBus->queue_dequeue(fQueue, &cookie, &written))
			return {};

		// Read the memory of the chain after the index that announced it.
		__atomic_thread_fence(__ATOMIC_ACQUIRE);

		// The cookie is the bus manager's, looked up by the device's id: an old id brings none,
		// or one that is not with the device (bus manager 10).
		Chain* chain = static_cast<Chain*>(cookie);
		if (chain < fChains || chain >= fChains + kMaxChains || !chain->posted)
			return {NULL, 0, used::kind::dropped};
		chain->posted = false;
		fPosted--;
		return {chain->what, written > chain->writableBytes ? 0 : written, used::kind::completed};
	}

	status_code unbind(slot which)
	{
		if (which.chain->posted)
			return status_code::memory_still_owned;
		fFree += which.chain->readable + which.chain->writable;
		which.chain->bound = false;
		return status_code::ok;
	}

	// How many chains of three descriptors fit: 21 where the ring has 64 (bus manager 4).
	uint32 Periods() const { return fSize / 3; }

	// Whether the device has something of it.
	bool IsPosted() const { return fPosted != 0; }

private:
	virtio_device_interface* fBus = NULL;
	virtio_queue fQueue = NULL;
	uint32 fSize = 0, fFree = 0, fPosted = 0;
	bool fMuted = false;
	Chain fChains[kMaxChains] = {};
};

static_assert(sound_queue<SoundQueue>);


#endif // SOUND_QUEUE_H
