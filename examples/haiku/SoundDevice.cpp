/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */


#include "SoundDevice.h"

#include <util/AutoLock.h>

#include "UserMemory.h"


static constexpr bigtime_t kLongestStop = 500000;

// The caller holds a lock that stopping waits for, and calls again at once, whatever the answer is
// (R12): 50 ms with the last sleep and the way out.
static constexpr bigtime_t kLongestExchange = 40000;
static constexpr bigtime_t kErrorPause = 10000;


status_t
SoundDevice::Init(virtio_device_interface* bus, virtio_device device)
{
	fSettings.Load();
	status_t status = InitPort(bus, device, fSettings.controls != 0);
	if (status != B_OK)
		return status;

	status = fCardArea.Create("virtio_sound card", vsnd::card_bytes<SoundLimits>(),
		B_KERNEL_READ_AREA | B_KERNEL_WRITE_AREA);
	vsnd::status_code code = vsnd::status_code::no_memory;
	if (status == B_OK)
		code = fCard.open(*this, fCardArea.region);
	if (code != vsnd::status_code::ok) {
		// A failed setup is final (bus manager 12).
		dprintf("virtio_sound: opening the card failed: %s\n", vsnd::to_string(code));
		_DeleteAll(code != vsnd::status_code::memory_still_owned);
		return status != B_OK ? status : B_IO_ERROR;
	}

	fOutput.Init(fCard, vsnd::direction::playback, fSettings,
		Room(vsnd::wire::SND_VQ_TX), kMostChannels);
	fInput.Init(fCard, vsnd::direction::capture, fSettings,
		Room(vsnd::wire::SND_VQ_RX), kMostChannels - fOutput.channels);
	fMixer.Init(fCard, fSettings.controls != 0);
	return B_OK;
}


/*!	The order is R19: every stream stopped and released, what the device had drained, then the port
	ends interrupts and queues, then the areas go. What the device may still write to is leaked
	(R18: also a request that was never answered, which lies in the card's area).
*/
void
SoundDevice::Uninit()
{
	MutexLocker locker(fLock);
	_StopAll();
	const vsnd::status_code code = fCard.close();
	if (code != vsnd::status_code::ok)
		dprintf("virtio_sound: closing the card failed: %s\n", vsnd::to_string(code));
	_DeleteAll(code == vsnd::status_code::ok);
}


void
SoundDevice::_DeleteAll(bool deviceIsQuiet)
{
	fOutput.EndBuffers(deviceIsQuiet);
	fInput.EndBuffers(deviceIsQuiet);
	if (!deviceIsQuiet)
		fCardArea = {};
	fCardArea.Delete();
	UninitPort();
}


status_t
SoundDevice::Open()
{
	if (atomic_test_and_set(&fOpened, 1, 0) != 0)
		return B_BUSY;	// R16
	MutexLocker locker(fLock);
	fClosed = false;
	return B_OK;
}


//!	Other threads of the team may still be inside, and nothing was stopped orderly (R10).
status_t
SoundDevice::Close()
{
	MutexLocker locker(fLock);
	fClosed = true;
	_StopAll();
	return B_OK;
}


status_t
SoundDevice::Free()
{
	MutexLocker locker(fLock);
	fOutput.DeleteBuffers();
	fInput.DeleteBuffers();
	atomic_set(&fOpened, 0);
	return B_OK;
}


//!	In, changed where something is known, and out (R1, R14).
template<typename Info, typename Function>
status_t
SoundDevice::_Call(void* arg, size_t length, Function function)
{
	Info info;
	if (length < sizeof(info))
		return B_BAD_VALUE;
	status_t status = copy_from_user(&info, arg, sizeof(info));
	if (status != B_OK)
		return status;
	MutexLocker locker(fLock);
	status = fClosed ? B_FILE_ERROR : function(info);
	return status == B_OK ? copy_to_user(arg, &info, sizeof(info)) : status;
}


//!	Two answer for themselves: the one in bounded time, the other without its argument (R2).
status_t
SoundDevice::Control(uint32 op, void* arg, size_t length)
{
	#define CALL(op, info, function) \
		case op: return _Call<info>(arg, length, [&](info& data) { return function; });
	switch (op) {
		CALL(B_MULTI_GET_DESCRIPTION, multi_description, _GetDescription(data))
		CALL(B_MULTI_GET_ENABLED_CHANNELS, multi_channel_enable, _GetEnabledChannels(data))
		CALL(B_MULTI_SET_ENABLED_CHANNELS, multi_channel_enable, _SetEnabledChannels(data))
		CALL(B_MULTI_GET_GLOBAL_FORMAT, multi_format_info, _GetGlobalFormat(data))
		CALL(B_MULTI_SET_GLOBAL_FORMAT, multi_format_info, _SetGlobalFormat(data))
		CALL(B_MULTI_GET_BUFFERS, multi_buffer_list, _GetBuffers(data))
		CALL(B_MULTI_LIST_MIX_CONTROLS, multi_mix_control_info, fMixer.List(data))
		CALL(B_MULTI_GET_MIX, multi_mix_value_info, fMixer.Access(data, false))
		CALL(B_MULTI_SET_MIX, multi_mix_value_info, fMixer.Access(data, true))
		case B_MULTI_BUFFER_EXCHANGE: return _BufferExchange(arg, length);
		case B_MULTI_BUFFER_FORCE_STOP: return _ForceStop();
	}
	#undef CALL
	return B_DEV_INVALID_IOCTL;
}


/*!	Polls the queues, whatever the interrupts do (bus manager 9), and lets time pass; the answer says
	for how many nanoseconds there is nothing to do.
*/
vsnd::u64
SoundDevice::_LookAround()
{
	const vsnd::u64 now = now_ns();
	const bool more = fCard.pump_all();
	const vsnd::u64 next = fCard.tick(now);
	return more || next <= now ? 0 : next - now;
}


//!	Waits until the streams are released, but not for ever.
void
SoundDevice::_StopAll()
{
	fOutput.Stop();
	fInput.Stop();
	const bigtime_t deadline = system_time() + kLongestStop;
	while (true) {
		const vsnd::u64 sleep = _LookAround();
		const bigtime_t now = system_time();
		fOutput.Step(now);
		fInput.Step(now);
		if ((fOutput.IsIdle() && fInput.IsIdle()) || now >= deadline)
			return;
		wait(sleep);
	}
}


status_t
SoundDevice::_BufferExchange(void* arg, size_t length)
{
	const bigtime_t deadline = system_time() + kLongestExchange;
	multi_buffer_info info;
	status_t status = length < sizeof(info) ? B_BAD_VALUE : copy_from_user(&info, arg, sizeof(info));
	if (status == B_OK && mutex_lock_with_timeout(&fLock, B_ABSOLUTE_TIMEOUT, deadline) == B_OK) {
		if (fClosed || (!fOutput.hasBuffers && !fInput.hasBuffers))
			status = B_NO_INIT;
		else
			_Exchange(info, deadline);
		mutex_unlock(&fLock);
	}
	if (status == B_OK)
		status = copy_to_user(arg, &info, sizeof(info));
	if (status != B_OK)
		snooze(kErrorPause);
	return status;
}


/*!	Playback, capture, or both; the first exchange starts the streams (R10). What the user is done
	with goes to the device, and the next buffer that either direction finishes ends the wait.
	Without one, as while the streams start or are brought back, the answer is as before.
*/
void
SoundDevice::_Exchange(multi_buffer_info& info, bigtime_t deadline)
{
	fOutput.Begin();
	fInput.Begin();
	while (true) {
		const vsnd::u64 sleep = _LookAround();
		const bigtime_t now = system_time();
		const bool played = fOutput.Step(now);
		const bool recorded = fInput.Step(now);
		if (played || recorded || now >= deadline)
			break;
		// Always with a timeout, and after it another look (bus manager 9).
		wait(vsnd::lesser(sleep, static_cast<vsnd::u64>(deadline - now) * 1000));
	}

	// What we know; the rest is the caller's (R14).
	info.flags = (fOutput.hasBuffers ? B_MULTI_BUFFER_PLAYBACK : 0)
		| (fInput.hasBuffers ? B_MULTI_BUFFER_RECORD : 0);
	info.played_real_time = fOutput.realTime;
	info.played_frames_count = fOutput.framesCount;
	info.playback_buffer_cycle = fOutput.cycle;
	info.recorded_real_time = fInput.realTime;
	info.recorded_frames_count = fInput.framesCount;
	info.record_buffer_cycle = fInput.cycle;
}


//!	At any time, and again (R2).
status_t
SoundDevice::_ForceStop()
{
	MutexLocker locker(fLock);
	if (!fClosed)
		_StopAll();
	return B_OK;
}
