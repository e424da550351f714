/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef SOUND_BUFFERS_H
#define SOUND_BUFFERS_H


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
		bytes = round_up(bytes, B_PAGE_SIZE);
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


/*!	The buffers of one stream. The device can have one set of buffers only, and if it does not let
	go of it, the new one lies beside it. `given`: what the device has, or NULL.
*/
class SoundBuffers {
public:
	// New areas at each GET_BUFFERS (R9).
	status_t Make(size_t bytes, const u8* given)
	{
		Delete(given);
		fIndex = fAreas[0].area < 0 ? 0 : 1;
		return fAreas[fIndex].Create("virtio_sound audio", bytes, B_READ_AREA | B_WRITE_AREA);
	}

	void Delete(const u8* given)
	{
		for (DmaArea& area : fAreas) {
			if (area.region.cpu != given)
				area.Delete();
		}
	}

	const dma_region& Region() const { return fAreas[fIndex].region; }

private:
	DmaArea fAreas[2];
	uint32 fIndex = 0;
};


#endif // SOUND_BUFFERS_H
