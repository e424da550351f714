/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef SOUND_PORT_H
#define SOUND_PORT_H


#include <KernelExport.h>

#include "SoundQueue.h"

#include <vsnd/vsnd.hpp>


/*!	A virtio sound device behind Haiku's virtio bus manager: the five functions that vsnd requires
	of a port (vsnd/port/device.hpp), and the hooks that it may have (vsnd/port/hooks.hpp).
*/
class SoundPort {
public:
	using queue_type = SoundQueue;

	// The port.

	result<u64> negotiate(u64 wanted)
	{
		// What failed may have left it half set up; where it cannot be reset that is final (bus
		// manager 12).
		const status_code stopped = stop();
		if (!ok(stopped))
			return stopped;

		// Today's bus does not pass the bits on (bus manager 3), so none is asked for; and never
		// EVENT_IDX or INDIRECT_DESC (bus manager 4).
		uint64 accepted = 0;
		wanted = fPassesFeatures ? wanted : 0;
		if (fBus->negotiate_features(fDevice, wanted, &accepted, &_FeatureName) != B_OK)
			return status_code::features_refused;
		return static_cast<u64>(accepted & wanted);
	}

	// The bus manager's offsets are of 8 bits. It has no generation counter, but nothing in the
	// sound configuration ever changes (bus manager 11).
	status_code read_config(u32 offset, span<u8> into)
	{
		return offset <= UINT8_MAX
				&& fBus->read_device_config(
					   fDevice, static_cast<uint8>(offset), into.data(), into.size())
					== B_OK
			? status_code::ok
			: status_code::not_available;
	}

	result<SoundQueue*> queue(u32 index)
	{
		if (!fAllocated && _AllocQueues() != B_OK)
			return status_code::queue_missing;
		return &fQueues[index];
	}

	// Without a handler for configuration changes: there is neither hot unplug nor
	// DEVICE_NEEDS_RESET on this bus (bus manager 13).
	status_code start()
	{
		fStarted = fBus->setup_interrupt(fDevice, NULL, this) == B_OK;
		return fStarted ? status_code::ok : status_code::no_vector;
	}

	/*!	Ends the callbacks, then frees the rings and resets the device, in this order (R19).
		free_queues() frees the rings before the reset (bus manager 12), so it is called only when
		every request was answered, that is, when the streams are released: then the device has no
		reason to write there. Otherwise it keeps its rings, and what it was given is leaked (R18).
	*/
	status_code stop()
	{
		if (fStarted)
			fBus->free_interrupts(fDevice);
		fStarted = false;
		if (fQueues[wire::SND_VQ_CONTROL].in_device() != 0)
			return status_code::memory_still_owned;
		if (fAllocated)
			fBus->free_queues(fDevice);
		fAllocated = false;
		return status_code::ok;
	}

	// The hooks.

	u64 now_ns() { return static_cast<u64>(system_time()) * 1000; }

	// Sleeps until a wake, or for the time, but never for long: the bus manager loses wake-ups,
	// and the caller looks into the queues by itself then (bus manager 9).
	void wait(u64 timeout)
	{
		const uint32 us = static_cast<uint32>(lesser(timeout, u64{10000000})) / 1000;
		if (acquire_sem_etc(fWakeSem, 1, B_RELATIVE_TIMEOUT, greater(us, uint32{500})) == B_OK)
			atomic_set(&fWoken, 0);
	}

	// The semaphore counts to one: a wake before the wait is not lost, and many of them are one.
	void wake()
	{
		if (atomic_test_and_set(&fWoken, 1, 0) == 0)
			release_sem_etc(fWakeSem, 1, B_DO_NOT_RESCHEDULE);
	}

	// Audio lies in pages that the user can reach, which the kernel must not touch itself (R8).
	void copy_in(u8* to, const u8* from, usize n) { user_memcpy(to, from, n); }
	void copy_out(u8* to, const u8* from, usize n) { user_memcpy(to, from, n); }
	void fill(u8* to, u8 value, usize n) { user_memset(to, value, n); }

protected:
	// `events`: whether the event queue is served. Devices exist that do not survive its doorbell,
	// which this bus always rings.
	status_t InitPort(
		virtio_device_interface* bus, virtio_device device, bool passesFeatures, bool events)
	{
		fBus = bus;
		fDevice = device;
		fPassesFeatures = passesFeatures;
		fEvents = events;
		fWakeSem = create_sem(0, "virtio_sound wake");
		return fWakeSem < 0 ? fWakeSem : B_OK;
	}

	void UninitPort() { delete_sem(fWakeSem); }
	// How many chains of three descriptors fit: 21 where the ring has 64 (bus manager 4).
	uint32 Room(uint32 queue) const { return fQueues[queue].room(3); }

private:
	static constexpr uint32 kQueueCount = wire::SND_VQ_COUNT;

	static const char* _FeatureName(uint64) { return "control elements"; }

	// All queues at once, without sizes of our own, and a callback for each before DRIVER_OK
	// (bus manager 1 and 2).
	status_t _AllocQueues()
	{
		virtio_queue queues[kQueueCount] = {};
		fAllocated = true; // also after a failure: free_queues() resets the device
		status_t status = fBus->alloc_queues(fDevice, kQueueCount, queues, NULL);
		for (uint32 i = 0; i < kQueueCount && status == B_OK; i++) {
			fQueues[i].init({fBus, queues[i], i == wire::SND_VQ_EVENT && !fEvents});
			status = fBus->queue_setup_interrupt(queues[i], &_QueueCallback, NULL);
		}
		return status;
	}

	/*!	In the interrupt handler, interrupts disabled (bus manager 7). It wakes the thread that waits
		in the driver and does nothing else: the queues are looked into by threads alone, under the
		device's lock (bus manager 6). No news is normal, and several may run at once (bus manager
		8).
	*/
	static void _QueueCallback(void* driverCookie, void*)
	{
		static_cast<SoundPort*>(driverCookie)->wake();
	}

	virtio_device_interface* fBus = NULL;
	virtio_device fDevice = NULL;
	bool fPassesFeatures = false, fEvents = false;
	bool fAllocated = false, fStarted = false;
	sem_id fWakeSem = -1;
	int32 fWoken = 0;
	SoundQueue fQueues[kQueueCount];
};

static_assert(device_port<SoundPort> && has_clock<SoundPort> && has_wait<SoundPort>);


struct SoundLimits : default_limits {
	static constexpr u32 periods = 16;
	static constexpr u64 control_timeout_ns = 1000000000;
	// A reset would end the sound of all streams for the sake of one, and on this bus it frees the
	// rings under the device (bus manager 12): streams are brought back one by one.
	static constexpr bool resets = false;
};

//!	A period that went back to the user wakes the exchange that waits for it.
struct SoundHandler {
	SoundPort* port;

	void period_done(auto&) { port->wake(); }
};

using SoundCard = card<SoundPort, SoundHandler, SoundLimits>;


#endif // SOUND_PORT_H
