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

	vsnd::result<vsnd::u64> negotiate(vsnd::u64 wanted)
	{
		// A failed setup is final (bus manager 12).
		if (fAllocated)
			return vsnd::status_code::memory_still_owned;

		// Today's bus does not pass the bits on (bus manager 3), so none is asked for; and never
		// EVENT_IDX or INDIRECT_DESC (bus manager 4).
		uint64 accepted = 0;
		wanted = fPassesFeatures ? wanted : 0;
		if (fBus->negotiate_features(fDevice, wanted, &accepted, &_FeatureName) != B_OK)
			return vsnd::status_code::features_refused;
		return static_cast<vsnd::u64>(accepted & wanted);
	}

	// The bus manager's offsets are of 8 bits. It has no generation counter, but nothing in the
	// sound configuration ever changes (bus manager 11).
	vsnd::status_code read_config(vsnd::u32 offset, vsnd::span<vsnd::u8> into)
	{
		return offset <= UINT8_MAX && fBus->read_device_config(fDevice,
				static_cast<uint8>(offset), into.data(), into.size()) == B_OK
			? vsnd::status_code::ok : vsnd::status_code::not_available;
	}

	vsnd::result<SoundQueue*> queue(vsnd::u32 index)
	{
		if (!fAllocated && _AllocQueues() != B_OK)
			return vsnd::status_code::queue_missing;
		return &fQueues[index];
	}

	// Without a handler for configuration changes: there is neither hot unplug nor
	// DEVICE_NEEDS_RESET on this bus (bus manager 13).
	vsnd::status_code start()
	{
		fStarted = fBus->setup_interrupt(fDevice, NULL, this) == B_OK;
		return fStarted ? vsnd::status_code::ok : vsnd::status_code::no_vector;
	}

	/*!	Ends the callbacks, then frees the rings and resets the device, in this order (R19).
		free_queues() frees the rings before the reset (bus manager 12), so it is called only when
		the device has nothing left to write there, event buffers apart. Otherwise the device
		keeps its rings, and everything that it was given is leaked.
	*/
	vsnd::status_code stop()
	{
		if (fStarted)
			fBus->free_interrupts(fDevice);
		fStarted = false;
		for (uint32 i = 0; i < kQueueCount; i++) {
			if (fAllocated && i != vsnd::wire::SND_VQ_EVENT && fQueues[i].IsPosted())
				return vsnd::status_code::memory_still_owned;
		}
		if (fAllocated)
			fBus->free_queues(fDevice);
		fAllocated = false;
		return vsnd::status_code::ok;
	}

	// The hooks.

	cpu_status lock(vsnd::u32 queue)
	{
		const cpu_status state = disable_interrupts();
		acquire_spinlock(&fLocks[queue]);
		return state;
	}

	void unlock(vsnd::u32 queue, cpu_status state)
	{
		release_spinlock(&fLocks[queue]);
		restore_interrupts(state);
	}

	vsnd::u64 now_ns() { return static_cast<vsnd::u64>(system_time()) * 1000; }

	// Sleeps until a wake, or for the time, but never for long: the bus manager loses wake-ups,
	// and the caller looks into the queues by itself then (bus manager 9).
	void wait(vsnd::u64 timeout)
	{
		const uint32 us = static_cast<uint32>(vsnd::lesser(timeout, vsnd::u64{10000000})) / 1000;
		if (acquire_sem_etc(fWakeSem, 1, B_RELATIVE_TIMEOUT, vsnd::greater(us, uint32{500})) == B_OK)
			atomic_set(&fWoken, 0);
	}

	// The semaphore counts to one: a wake before the wait is not lost, and many of them are one.
	void wake()
	{
		if (atomic_test_and_set(&fWoken, 1, 0) == 0)
			release_sem_etc(fWakeSem, 1, B_DO_NOT_RESCHEDULE);
	}

	// The running thread; in the interrupt handler the one that was interrupted, which makes no
	// calls meanwhile.
	vsnd::u32 context() { return static_cast<vsnd::u32>(find_thread(NULL)); }

	// Audio lies in pages that the user can reach, which the kernel must not touch itself (R8).
	void copy_in(vsnd::u8* to, const vsnd::u8* from, vsnd::usize n) { user_memcpy(to, from, n); }
	void copy_out(vsnd::u8* to, const vsnd::u8* from, vsnd::usize n) { user_memcpy(to, from, n); }
	void fill(vsnd::u8* to, vsnd::u8 value, vsnd::usize n) { user_memset(to, value, n); }

protected:
	// Called in the interrupt handler, for one of the queues.
	void (*fPump)(SoundPort* port, uint32 queue) = NULL;

	status_t InitPort(virtio_device_interface* bus, virtio_device device, bool passesFeatures)
	{
		fBus = bus;
		fDevice = device;
		fPassesFeatures = passesFeatures;
		fWakeSem = create_sem(0, "virtio_sound wake");
		return fWakeSem < 0 ? fWakeSem : B_OK;
	}

	void UninitPort() { delete_sem(fWakeSem); }
	uint32 Room(uint32 queue) const { return fQueues[queue].Periods(); }

private:
	static constexpr uint32 kQueueCount = vsnd::wire::SND_VQ_COUNT;

	static const char* _FeatureName(uint64) { return "control elements"; }

	// All queues at once, without sizes of our own, and a callback for each before DRIVER_OK
	// (bus manager 1 and 2).
	status_t _AllocQueues()
	{
		virtio_queue queues[kQueueCount] = {};
		status_t status = fBus->alloc_queues(fDevice, kQueueCount, queues, NULL);
		fAllocated = status == B_OK;
		for (uint32 i = 0; i < kQueueCount && status == B_OK; i++) {
			fQueues[i].Init(fBus, queues[i]);
			status = fBus->queue_setup_interrupt(queues[i], &_QueueCallback, &fQueues[i]);
		}
		return status;
	}

	/*!	In the interrupt handler, interrupts disabled: nothing that sleeps or allocates is called
		from here (bus manager 7). No news is normal, as with a shared vector every queue's
		callback runs on every interrupt, and several may run at once (bus manager 8): the card's
		pump takes both.
	*/
	static void _QueueCallback(void* driverCookie, void* cookie)
	{
		SoundPort* port = static_cast<SoundPort*>(driverCookie);
		port->fPump(port, static_cast<uint32>(static_cast<SoundQueue*>(cookie) - port->fQueues));
	}

	virtio_device_interface*	fBus = NULL;
	virtio_device				fDevice = NULL;
	bool						fPassesFeatures = false, fAllocated = false, fStarted = false;
	sem_id						fWakeSem = -1;
	int32						fWoken = 0;
	spinlock					fLocks[kQueueCount] = {};
	SoundQueue					fQueues[kQueueCount];
};

static_assert(vsnd::device_port<SoundPort> && vsnd::has_lock<SoundPort>
	&& vsnd::has_clock<SoundPort> && vsnd::has_wait<SoundPort> && vsnd::has_context<SoundPort>);


struct SoundLimits : vsnd::default_limits {
	static constexpr vsnd::u32 periods = 16;
	static constexpr vsnd::u64 control_timeout_ns = 1000000000;
};

//!	A period that went back to the user wakes the exchange that waits for it.
struct SoundHandler {
	SoundPort* port;

	void period_done(auto&) { port->wake(); }
};

using SoundCard = vsnd::card<SoundPort, SoundHandler, SoundLimits>;


#endif	// SOUND_PORT_H
