/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef SOUND_DEVICE_H
#define SOUND_DEVICE_H


#include <hmulti_audio.h>
#include <lock.h>

#include "Mixer.h"
#include "SoundSide.h"


/*!	One virtio sound device as multi_audio shows it. The media add-on opens it once, but calls from
	several threads (R16): fLock makes one of them.
*/
class SoundDevice : SoundPort {
public:
	SoundDevice(device_node* node, uint32 id)
		:
		node(node),
		id(id)
	{
		mutex_init(&fLock, "virtio_sound");
		fPump = [](SoundPort* port, uint32 queue)
			{ static_cast<SoundDevice*>(port)->fCard.pump(queue, vsnd::default_budget); };
	}

	~SoundDevice() { mutex_destroy(&fLock); }

	// Inside the first open (R16), and after the last close.
	status_t Init(virtio_device_interface* bus, virtio_device device);
	void Uninit();

	status_t Open();
	status_t Close();
	status_t Free();
	status_t Control(uint32 op, void* arg, size_t length);

	device_node* const	node;
	const uint32		id;

private:
	static constexpr uint32 kMostChannels = 32;	// R7

	// MultiAudio.cpp
	status_t _GetDescription(multi_description& description);
	status_t _GetEnabledChannels(multi_channel_enable& enable);
	status_t _SetEnabledChannels(multi_channel_enable& enable);
	status_t _GetGlobalFormat(multi_format_info& info);
	status_t _SetGlobalFormat(multi_format_info& info);
	status_t _GetBuffers(multi_buffer_list& list);

	template<typename Info, typename Function>
	status_t _Call(void* arg, size_t length, Function function);
	status_t _BufferExchange(void* arg, size_t length);
	void _Exchange(multi_buffer_info& info, bigtime_t deadline);
	status_t _ForceStop();
	vsnd::u64 _LookAround();
	void _StopAll();
	void _DeleteAll(bool deviceIsQuiet);

	mutex		fLock;
	int32		fOpened = 0;
	bool		fClosed = true;
	Settings	fSettings;
	DmaArea		fCardArea;
	SoundCard	fCard{SoundHandler{this}};
	SoundSide	fOutput, fInput;
	Mixer		fMixer;
};

// The kernel's heap aligns to 8, whatever a type asks for.
static_assert(alignof(SoundDevice) <= 8);


#endif	// SOUND_DEVICE_H
