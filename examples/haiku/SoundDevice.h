/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef SOUND_DEVICE_H
#define SOUND_DEVICE_H


#include <stdio.h>

#include <util/AutoLock.h>

#include "Mixer.h"
#include "MultiAudio.h"


/*!	One virtio sound device as multi_audio shows it. The media add-on opens it once, but calls from
	several threads (R16): fLock makes one of them.
*/
class SoundDevice : SoundPort {
public:
	device_node* const node;
	const uint32 id;

	SoundDevice(device_node* node, uint32 id) : node(node), id(id)
	{
		mutex_init(&fLock, "virtio_sound");
	}

	~SoundDevice() { mutex_destroy(&fLock); }

	// Inside the first open (R16). A failed setup is final (bus manager 12).
	status_t Init(virtio_device_interface* bus, virtio_device device)
	{
		fSettings.Load();
		status_t status = InitPort(bus, device, fSettings.controls != 0, fSettings.events != 0);
		if (status != B_OK)
			return status;
		constexpr size_t kCardBytes = round_up(card_bytes<SoundLimits>(), B_PAGE_SIZE);
		status = fCardArea.Create("virtio_sound card", kCardBytes + SoundSide::kSilenceBytes,
			B_KERNEL_READ_AREA | B_KERNEL_WRITE_AREA);
		const status_code code =
			status != B_OK ? status_code::no_memory : fCard.open(*this, fCardArea.region);
		if (code != status_code::ok) {
			dprintf("virtio_sound: opening the card failed: %s\n", to_string(code));
			_DeleteAll(code != status_code::memory_still_owned);
			return status != B_OK ? status : B_IO_ERROR;
		}
		const dma_region silence = fCardArea.region.part(kCardBytes, SoundSide::kSilenceBytes);
		fOutput.Init(
			fCard, direction::playback, fSettings, Room(wire::SND_VQ_TX), kMostChannels, silence);
		fInput.Init(fCard, direction::capture, fSettings, Room(wire::SND_VQ_RX),
			kMostChannels - fOutput.channels, silence);
		fMixer.Init(fCard, fSettings.controls != 0);
		return B_OK;
	}

	/*!	After the last close. The order is R19: every stream stopped and released, what the device
		had drained, then the port ends interrupts and queues, then the areas go. What the device
		may still write to is leaked (R18: also a request that was never answered, which lies in
		the card's area).
	*/
	void Uninit()
	{
		MutexLocker locker(fLock);
		_StopAll();
		const status_code code = fCard.close();
		if (code != status_code::ok)
			dprintf("virtio_sound: closing the card failed: %s\n", to_string(code));
		_DeleteAll(code == status_code::ok);
	}

	status_t Open()
	{
		if (atomic_test_and_set(&fOpened, 1, 0) != 0)
			return B_BUSY; // R16
		MutexLocker locker(fLock);
		fClosed = false;
		return B_OK;
	}

	// Other threads of the team may still be inside, and nothing was stopped orderly (R10).
	status_t Close()
	{
		MutexLocker locker(fLock);
		fClosed = true;
		_StopAll();
		return B_OK;
	}

	status_t Free()
	{
		MutexLocker locker(fLock);
		fOutput.DeleteBuffers(false);
		fInput.DeleteBuffers(false);
		atomic_set(&fOpened, 0);
		return B_OK;
	}

	status_t Control(uint32 op, void* arg, size_t length)
	{
#define CALL(op, info, function) \
	case op: return _Call<info>(arg, length, [&](info& data) { return function; });
		switch (op) {
			CALL(B_MULTI_GET_DESCRIPTION, multi_description, _GetDescription(data))
			CALL(B_MULTI_GET_ENABLED_CHANNELS, multi_channel_enable, _EnabledChannels(data, true))
			CALL(B_MULTI_SET_ENABLED_CHANNELS, multi_channel_enable, _EnabledChannels(data, false))
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

private:
	static constexpr bigtime_t kLongestStop = 500000;

	// The caller holds a lock that stopping waits for, and calls again at once, whatever the
	// answer is (R12): 50 ms with the last sleep and the way out.
	static constexpr bigtime_t kLongestExchange = 40000;
	static constexpr bigtime_t kErrorPause = 10000;

	void _DeleteAll(bool deviceIsQuiet)
	{
		fOutput.DeleteBuffers(deviceIsQuiet);
		fInput.DeleteBuffers(deviceIsQuiet);
		fOutput = fInput = SoundSide();
		if (deviceIsQuiet)
			fCardArea.Delete();
		fCardArea = {};
		UninitPort();
	}

	// In, changed where something is known, and out (R1, R14).
	template<typename Info, typename Function>
	status_t _Call(void* arg, size_t length, Function function)
	{
		Info info;
		status_t status =
			length < sizeof(info) ? B_BAD_VALUE : copy_from_user(&info, arg, sizeof(info));
		if (status != B_OK)
			return status;
		MutexLocker locker(fLock);
		status = fClosed ? B_FILE_ERROR : function(info);
		return status == B_OK ? copy_to_user(arg, &info, sizeof(info)) : status;
	}

	// Everything is filled in (R3), the caller's own two fields apart.
	status_t _GetDescription(multi_description& description)
	{
		const int32 room = description.request_channel_count;
		multi_channel_info* const userChannels = description.channels;
		const uint32 count = fOutput.channels + fInput.channels;
		if (room < 0)
			return B_BAD_VALUE;

		description = {};
		description.info_size = sizeof(description);
		description.interface_version = B_CURRENT_INTERFACE_VERSION;
		description.interface_minimum = B_CURRENT_INTERFACE_VERSION;
		// The key of the user's settings (R4).
		snprintf(description.friendly_name, sizeof(description.friendly_name),
			"Virtio Sound %" B_PRIu32, id + 1);
		strlcpy(description.vendor_info, "virtio", sizeof(description.vendor_info));
		description.output_channel_count = static_cast<int32>(fOutput.channels);
		description.input_channel_count = static_cast<int32>(fInput.channels);
		description.request_channel_count = static_cast<int32>(count);
		description.channels = userChannels;
		description.output_rates = fOutput.rates;
		description.input_rates = fInput.rates;
		description.output_formats = fOutput.formats;
		description.input_formats = fInput.formats;
		description.lock_sources = B_MULTI_LOCK_INTERNAL;
		description.interface_flags = (fOutput.Count() != 0 ? B_MULTI_INTERFACE_PLAYBACK : 0)
			| (fInput.Count() != 0 ? B_MULTI_INTERFACE_RECORD : 0);

		// Outputs, then inputs; no busses (R7).
		multi_channel_info channels[kMostChannels];
		describe_channels(fCard, fOutput, B_MULTI_OUTPUT_CHANNEL, 0, channels);
		describe_channels(fCard, fInput, B_MULTI_INPUT_CHANNEL, fOutput.channels, channels);
		const size_t wanted = lesser(count, static_cast<uint32>(room)) * sizeof(channels[0]);
		return wanted == 0 ? B_OK : copy_to_user(userChannels, channels, wanted);
	}

	// All channels are on, always: nothing is saved by turning one off.
	status_t _EnabledChannels(multi_channel_enable& enable, bool get)
	{
		const uint32 count = fOutput.channels + fInput.channels;
		const uint32 all = static_cast<uint32>((uint64{1} << count) - 1);
		const uchar bits[] = {static_cast<uchar>(all), static_cast<uchar>(all >> 8),
			static_cast<uchar>(all >> 16), static_cast<uchar>(all >> 24)};
		uchar ignored[sizeof(bits)];
		enable.lock_source = B_MULTI_LOCK_INTERNAL;
		enable.lock_data = 0;
		enable.timecode_source = 0;
		return get ? copy_to_user(enable.enable_bits, bits, (count + 7) / 8)
				   : copy_from_user(ignored, enable.enable_bits, (count + 7) / 8);
	}

	status_t _GetGlobalFormat(multi_format_info& info)
	{
		info = {.info_size = sizeof(info),
			.output_latency = 0,
			.input_latency = 0,
			.timecode_kind = B_MULTI_NO_TIMECODE,
			._reserved_ = {},
			.input = {fInput.rate, 0, fInput.format, {}},
			.output = {fOutput.rate, 0, fOutput.format, {}}};
		return B_OK;
	}

	// It counts from the next GET_BUFFERS on. What a missing direction is told is not looked at
	// (R6).
	status_t _SetGlobalFormat(multi_format_info& info)
	{
		if (!fOutput.Accepts(info.output.rate, info.output.format)
			|| !fInput.Accepts(info.input.rate, info.input.format))
			return B_BAD_VALUE;
		fOutput.SetFormat(info.output.rate, info.output.format);
		fInput.SetFormat(info.input.rate, info.input.format);
		return B_OK;
	}

	/*!	Asked again after every change of the rate: the streams stop, and the areas are new ones.
		The driver decides about number and size (R9). The kernel's address is the user's, too (R8).
	*/
	status_t _GetBuffers(multi_buffer_list& list)
	{
		BufferTable played{fOutput, {}}, recorded{fInput, {}};
		status_t status = played.Read(
			list.playback_buffers, list.request_playback_buffers, list.request_playback_channels);
		if (status == B_OK) {
			status = recorded.Read(
				list.record_buffers, list.request_record_buffers, list.request_record_channels);
		}
		if (status != B_OK)
			return status;

		_StopAll();
		list.flags = _Directions();
		status = fOutput.MakeBuffers();
		if (status == B_OK)
			status = fInput.MakeBuffers();
		if (status == B_OK) {
			status = played.Write(list.return_playback_buffers, list.return_playback_channels,
				list.return_playback_buffer_size);
		}
		return status != B_OK ? status
							  : recorded.Write(list.return_record_buffers,
								  list.return_record_channels, list.return_record_buffer_size);
	}

	uint32 _Directions() const
	{
		return (fOutput.Count() != 0 ? B_MULTI_BUFFER_PLAYBACK : 0)
			| (fInput.Count() != 0 ? B_MULTI_BUFFER_RECORD : 0);
	}

	/*!	Polls the queues, whatever the interrupts do, and lets time pass; true: one of the two sides
		has news, or the time is up. Otherwise it has slept, always with a timeout, and is called
		again for another look (bus manager 9).
	*/
	bool _LookAround(bigtime_t deadline, bool untilIdle)
	{
		const u64 start = now_ns();
		const bool more = fCard.pump_all();
		const u64 next = fCard.tick(start);
		const bigtime_t now = system_time();
		const bool played = fOutput.streams.step(now_ns());
		const bool recorded = fInput.streams.step(now_ns());
		if (now >= deadline
			|| (untilIdle ? fOutput.streams.idle() && fInput.streams.idle() : played || recorded))
			return true;
		const u64 left = static_cast<u64>(deadline - now) * 1000;
		wait(more || next <= start ? 0 : lesser(next - start, left));
		return false;
	}

	// Waits until the streams are released, but not for ever.
	void _StopAll()
	{
		fOutput.streams.stop();
		fInput.streams.stop();
		const bigtime_t deadline = system_time() + kLongestStop;
		while (!_LookAround(deadline, true))
			;
	}

	/*!	Playback, capture, or both; the first exchange starts the streams (R10). What the user is
		done with goes to the device, and the next buffer that either direction finishes ends the
		wait. Without one, as while the streams start or are brought back, the answer is as before.
	*/
	status_t _BufferExchange(void* arg, size_t length)
	{
		const bigtime_t deadline = system_time() + kLongestExchange;
		multi_buffer_info info;
		status_t status =
			length < sizeof(info) ? B_BAD_VALUE : copy_from_user(&info, arg, sizeof(info));
		if (status == B_OK)
			status = mutex_lock_with_timeout(&fLock, B_ABSOLUTE_TIMEOUT, deadline);
		if (status == B_TIMED_OUT)
			return B_OK; // somebody else is at it; nothing has changed
		if (status == B_OK) {
			status = !fClosed && (fOutput.hasBuffers || fInput.hasBuffers) ? B_OK : B_NO_INIT;
			fOutput.streams.begin(status == B_OK && fOutput.hasBuffers);
			fInput.streams.begin(status == B_OK && fInput.hasBuffers);
			while (status == B_OK && !_LookAround(deadline, false))
				;
			// What we know; the rest is the caller's (R14).
			info.flags = _Directions();
			fOutput.Tell(
				info.playback_buffer_cycle, info.played_real_time, info.played_frames_count);
			fInput.Tell(
				info.record_buffer_cycle, info.recorded_real_time, info.recorded_frames_count);
			mutex_unlock(&fLock);
		}
		if (status == B_OK)
			status = copy_to_user(arg, &info, sizeof(info));
		if (status != B_OK)
			snooze(kErrorPause);
		return status;
	}

	// At any time, again, and without an argument (R2).
	status_t _ForceStop()
	{
		MutexLocker locker(fLock);
		if (!fClosed)
			_StopAll();
		return B_OK;
	}

	mutex fLock;
	int32 fOpened = 0;
	bool fClosed = true;
	Settings fSettings;
	DmaArea fCardArea;
	SoundCard fCard{SoundHandler{this}};
	SoundSide fOutput, fInput;
	Mixer fMixer;
};

// The kernel's heap aligns to 8, whatever a type asks for.
static_assert(alignof(SoundDevice) <= 8);


#endif // SOUND_DEVICE_H
