/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef MULTI_AUDIO_H
#define MULTI_AUDIO_H


//!	What multi_audio is told about a direction: its channels and its buffers.


#include <hmulti_audio.h>
#include <kernel.h>

#include "SoundSide.h"


static constexpr uint32 kMostChannels = 32; // R7


// Every structure of an ioctl and every pointer inside it is user memory (R1).

static inline status_t copy_from_user(void* to, const void* from, size_t size)
{
	return is_user_address_range(from, size) ? user_memcpy(to, from, size) : B_BAD_ADDRESS;
}


static inline status_t copy_to_user(void* to, const void* from, size_t size)
{
	return is_user_address_range(to, size) ? user_memcpy(to, from, size) : B_BAD_ADDRESS;
}


// Haiku's names for vsnd's channel positions, in their order; 0 where it has none.
static constexpr uint32 kDesignations[] = {0, 0, 0, B_CHANNEL_LEFT, B_CHANNEL_RIGHT,
	B_CHANNEL_REARLEFT, B_CHANNEL_REARRIGHT, B_CHANNEL_CENTER, B_CHANNEL_SUB, B_CHANNEL_SIDE_LEFT,
	B_CHANNEL_SIDE_RIGHT, B_CHANNEL_BACK_CENTER, B_CHANNEL_FRONT_LEFT_CENTER,
	B_CHANNEL_FRONT_RIGHT_CENTER, 0, 0, 0, 0, 0, 0, 0, B_CHANNEL_TOP_CENTER,
	B_CHANNEL_TOP_FRONT_LEFT, B_CHANNEL_TOP_FRONT_RIGHT, B_CHANNEL_TOP_FRONT_CENTER,
	B_CHANNEL_TOP_BACK_LEFT, B_CHANNEL_TOP_BACK_RIGHT, B_CHANNEL_TOP_BACK_CENTER, 0, 0, 0, 0, 0, 0,
	0, 0, 0};


static constexpr bool is_designation(channel_position position, uint32 designation)
{
	return kDesignations[to_wire(position)] == designation;
}


static_assert(sizeof(kDesignations) / sizeof(uint32) == channel_position_count
	&& is_designation(channel_position::fl, B_CHANNEL_LEFT)
	&& is_designation(channel_position::lfe, B_CHANNEL_SUB)
	&& is_designation(channel_position::frc, B_CHANNEL_FRONT_RIGHT_CENTER)
	&& is_designation(channel_position::trc, B_CHANNEL_TOP_BACK_CENTER));


/*!	Each stream is a node of the add-on, which begins one at each channel of a mono bus, and at the
	left one of any other bus (R7): the first channel of a stream is always that one, and no other,
	whatever the device's channel map says.
*/
static void describe_channels(const SoundCard& card, const SoundSide& side, channel_kind kind,
	uint32 first, multi_channel_info* channels)
{
	for (uint32 i = 0; i < side.Count(); i++) {
		const uint32 count = side.Params(i).channels;
		const uint32 bus = count == 1 ? B_CHANNEL_MONO_BUS
			: count == 2              ? B_CHANNEL_STEREO_BUS
									  : B_CHANNEL_SURROUND_BUS;
		const auto positions = card.positions(side.streams.at(i).stream(), count);
		for (uint32 j = 0; j < count; j++, first++) {
			uint32 place = j < positions.size() ? kDesignations[to_wire(positions[j])] : 0;
			if (j == 0)
				place = count == 1 ? 0 : B_CHANNEL_LEFT;
			else if (count == 2 || place == B_CHANNEL_LEFT)
				place = count == 2 ? B_CHANNEL_RIGHT : 0;
			channels[first] = {static_cast<int32>(first), kind, place | bus, 0, {}};
		}
	}
}


//!	The caller's table of one direction: a row of descriptions for each buffer.
struct BufferTable {
	const SoundSide& side;
	buffer_desc* rows[SoundLimits::periods];

	/*!	Before anything changes: there must be room for all buffers and channels. More than there
		could ever be is as good (R3).
	*/
	status_t Read(buffer_desc** table, int32 buffers, int32 channels)
	{
		if (side.Count() != 0
			&& (buffers < static_cast<int32>(side.buffers)
				|| channels < static_cast<int32>(side.channels)))
			return B_BAD_VALUE;
		buffer_desc row[kMostChannels];
		status_t status =
			side.Count() == 0 ? B_OK : copy_from_user(rows, table, side.buffers * sizeof(rows[0]));
		for (uint32 i = 0; i < side.buffers && status == B_OK; i++)
			status = copy_from_user(row, rows[i], side.channels * sizeof(row[0]));
		return status;
	}

	// Streams lie one after the other in each row; their samples are interleaved.
	status_t Write(int32& _buffers, int32& _channels, uint32& _frames) const
	{
		_buffers = static_cast<int32>(side.buffers);
		_channels = static_cast<int32>(side.channels);
		_frames = side.frames;
		status_t status = B_OK;
		for (uint32 i = 0; i < side.buffers && status == B_OK; i++) {
			buffer_desc row[kMostChannels];
			buffer_desc* desc = row;
			for (uint32 j = 0; j < side.Count(); j++) {
				const uint32 count = side.Params(j).channels;
				const uint32 bytes = physical_bits(side.Params(j).format) / 8;
				for (uint32 k = 0; k < count; k++)
					*desc++ = {side.Buffer(j, i) + k * bytes, bytes * count, {}};
			}
			status = copy_to_user(rows[i], row, side.channels * sizeof(row[0]));
		}
		return status;
	}
};


#endif // MULTI_AUDIO_H
