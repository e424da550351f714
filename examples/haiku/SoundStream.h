/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef SOUND_STREAM_H
#define SOUND_STREAM_H


#include "SoundPort.h"


//!	An area that the device can reach: contiguous, and its bus address known.
struct DmaArea {
	area_id area = -1;
	dma_region region;

	/*!	B_READ_AREA and B_WRITE_AREA: the user can reach it too, at the same address, and the
		kernel itself must not touch it with plain loads and stores (R8).
	*/
	status_t Create(const char* name, size_t bytes, uint32 protection)
	{
		bytes = (bytes + B_PAGE_SIZE - 1) & ~static_cast<size_t>(B_PAGE_SIZE - 1);
		void* address = NULL;
		physical_entry entry = {};
		area = create_area(name, &address, B_ANY_KERNEL_ADDRESS, bytes, B_CONTIGUOUS, protection);
		if (area < 0)
			return area;
		status_t status = get_memory_map(address, bytes, &entry, 1);
		region = {static_cast<u8*>(address), {static_cast<u64>(entry.address)}, bytes};
		return status;
	}

	void Delete()
	{
		if (area >= 0)
			delete_area(area);
		*this = {};
	}
};


/*!	One stream of the card and the buffers of one multi_audio node. Nothing here waits: Step() and
	Release() look how the last operation went, begin the next one, and are called again.
*/
class SoundStream {
public:
	SoundCard::stream_type* stream = NULL;
	pcm_params params;
	dma_region silence;

	u8* Buffer(uint32 index) const { return fBuffers.region.cpu + index * period_bytes(params); }

	// GET_BUFFERS, for the parameters: new areas. Old ones are kept as long as the device has them.
	status_t MakeBuffers()
	{
		DeleteBuffers();
		return fBuffers.Create(
			"virtio_sound audio", audio_bytes(params), B_READ_AREA | B_WRITE_AREA);
	}

	// The device can have one set of buffers only, the one that it was given last.
	void DeleteBuffers()
	{
		if (fGiven) {
			fKept = fBuffers;
			fBuffers = {};
		}
		fGiven = false;
		fHold = kNothing;
		fBuffers.Delete();
	}

	// The card is closed; what the device may still write to is leaked.
	void EndBuffers(bool deviceIsQuiet)
	{
		DeleteBuffers();
		if (deviceIsQuiet)
			fKept.Delete();
	}

	// It has stopped for good: it must be released and prepared anew.
	bool IsLost() const { return fLost; }

	// The way to a running stream. True: a period is here for the user.
	bool Step(bigtime_t now)
	{
		if (!_Settled(now))
			return false;
		switch (stream->state()) {
			case stream_state::running: return _Take();
			case stream_state::prepared:
				// When all of its buffers are with the device, it may start.
				if (fPrimed ? !_Take() : !_Prime())
					_Begin(stream->start_async(), now);
				return fHold == kReady;
			default:
				fLost = fPrimed || stream->state() != stream_state::released;
				fGiven = true;
				if (!fLost)
					_Begin(stream->prepare_async(params, {fBuffers.region, silence}), now);
				return false;
		}
	}

	// It was released, and the device kept its periods: nothing helps but closing the card.
	bool IsStuck() const { return stream->outcome() == status_code::memory_still_owned; }

	// The way back. True: the device has nothing any more.
	bool Release(bigtime_t now)
	{
		if (!_Settled(now) || IsStuck())
			return false;
		if (stream->state() != stream_state::released) {
			_Begin(stream->release_async(), now);
			return false;
		}
		fKept.Delete();
		fGiven = fPrimed = fLost = false;
		fHold = kNothing;
		return true;
	}

	// Which of the buffers is here for the user; his until he returns it.
	uint32 HandOver()
	{
		fHold = kWithUser;
		return static_cast<uint32>(fHeld - Buffer(0)) / period_bytes(params);
	}
	void Return() { fHold = fHold == kWithUser ? kReturned : fHold; }

private:
	enum hold { kNothing, kReady, kWithUser, kReturned };

	// After a failure, before the next attempt: a device that refuses is not asked all the time.
	static constexpr bigtime_t kRetryDelay = 200000;

	// Whether the operation under way has ended, and after a failure some time ago.
	bool _Settled(bigtime_t now)
	{
		if (fBegun)
			_Begin(stream->outcome(), now);
		return stream->outcome() != status_code::in_progress && now >= fRetryAt;
	}

	void _Begin(status_code code, bigtime_t now)
	{
		fBegun = code == status_code::in_progress;
		if (!fBegun && code != status_code::ok)
			fRetryAt = now + kRetryDelay;
	}

	/*!	Gives the device what the user returned, and takes the next period that it is done with.
		While the card brings a stream back, it says would_block to both: they are tried again.
	*/
	bool _Take()
	{
		if (fHold == kReturned && ok(stream->commit()))
			fHold = kNothing;
		if (fHold == kNothing) {
			const result<span<u8>> period = stream->acquire();
			fHeld = period.value().data();
			fHold = period.ok() ? kReady : kNothing;
		}
		return fHold == kReady;
	}

	/*!	The user's first buffer is the last one: with cycle 0, "now playing", that is the one which
		he fills (R11). The others are silence, and his audio comes after it without a gap.
	*/
	bool _Prime()
	{
		fPrimed = true;
		if (!stream->playback())
			return false;
		user_memset(
			Buffer(0), silence_byte(params.format, 0), Buffer(params.periods - 1) - Buffer(0));
		for (uint32 i = 0; i < params.periods - 1 && _Take(); i++)
			fHold = kReturned;
		return _Take();
	}

	DmaArea fBuffers;
	DmaArea fKept; // the device still has them, and fBuffers are newer
	bool fGiven = false; // the device has fBuffers
	bool fPrimed = false, fLost = false, fBegun = false;
	hold fHold = kNothing;
	u8* fHeld = NULL;
	bigtime_t fRetryAt = 0;
};


#endif // SOUND_STREAM_H
