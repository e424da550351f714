/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */


//!	What multi_audio asks about a device, apart from the exchange.


#include <stdio.h>
#include <string.h>

#include "SoundDevice.h"
#include "UserMemory.h"


// Haiku's names for vsnd's channel positions, in their order; 0 where it has none.
static constexpr uint32 kDesignations[] = {
	0, 0, 0, B_CHANNEL_LEFT, B_CHANNEL_RIGHT, B_CHANNEL_REARLEFT, B_CHANNEL_REARRIGHT,
	B_CHANNEL_CENTER, B_CHANNEL_SUB, B_CHANNEL_SIDE_LEFT, B_CHANNEL_SIDE_RIGHT,
	B_CHANNEL_BACK_CENTER, B_CHANNEL_FRONT_LEFT_CENTER, B_CHANNEL_FRONT_RIGHT_CENTER,
	0, 0, 0, 0, 0, 0, 0, B_CHANNEL_TOP_CENTER, B_CHANNEL_TOP_FRONT_LEFT, B_CHANNEL_TOP_FRONT_RIGHT,
	B_CHANNEL_TOP_FRONT_CENTER, B_CHANNEL_TOP_BACK_LEFT, B_CHANNEL_TOP_BACK_RIGHT,
	B_CHANNEL_TOP_BACK_CENTER, 0, 0, 0, 0, 0, 0, 0, 0, 0
};


static constexpr uint32
designation_of(vsnd::channel_position position)
{
	return kDesignations[static_cast<uint8>(position)];
}


static_assert(sizeof(kDesignations) / sizeof(uint32) == vsnd::channel_position_count
	&& designation_of(vsnd::channel_position::fl) == B_CHANNEL_LEFT
	&& designation_of(vsnd::channel_position::rr) == B_CHANNEL_REARRIGHT
	&& designation_of(vsnd::channel_position::lfe) == B_CHANNEL_SUB
	&& designation_of(vsnd::channel_position::frc) == B_CHANNEL_FRONT_RIGHT_CENTER
	&& designation_of(vsnd::channel_position::tc) == B_CHANNEL_TOP_CENTER
	&& designation_of(vsnd::channel_position::trc) == B_CHANNEL_TOP_BACK_CENTER);


/*!	Each stream is a node of the add-on, which begins one at each channel of a mono bus, and at the
	left one of any other bus (R7): the first channel of a stream is always that one, and no other,
	whatever the device's channel map says.
*/
static void
describe_side(const SoundCard& card, const SoundSide& side, channel_kind kind,
	multi_channel_info* channels, uint32 first)
{
	for (uint32 i = 0; i < side.count; i++) {
		const uint32 count = side.streams[i].params.channels;
		const vsnd::span<const vsnd::channel_position> positions
			= card.positions(*side.streams[i].stream, count);
		for (uint32 j = 0; j < count; j++, first++) {
			uint32 designation = j < positions.size() ? designation_of(positions[j]) : 0;
			if (j == 0)
				designation = B_CHANNEL_LEFT;
			else if (count == 2)
				designation = B_CHANNEL_RIGHT;
			else if (designation == B_CHANNEL_LEFT)
				designation = 0;
			channels[first].channel_id = static_cast<int32>(first);
			channels[first].kind = kind;
			channels[first].designations = count == 1 ? B_CHANNEL_MONO_BUS
				: designation | (count == 2 ? B_CHANNEL_STEREO_BUS : B_CHANNEL_SURROUND_BUS);
		}
	}
}


//!	Everything is filled in (R3), the caller's own two fields apart.
status_t
SoundDevice::_GetDescription(multi_description& description)
{
	const int32 room = description.request_channel_count;
	if (room < 0)
		return B_BAD_VALUE;

	multi_channel_info* const userChannels = description.channels;
	memset(&description, 0, sizeof(description));
	description.channels = userChannels;
	description.info_size = sizeof(description);
	description.interface_version = B_CURRENT_INTERFACE_VERSION;
	description.interface_minimum = B_CURRENT_INTERFACE_VERSION;
	// The key of the user's settings (R4).
	snprintf(description.friendly_name, sizeof(description.friendly_name),
		"Virtio Sound %" B_PRIu32, id + 1);
	strlcpy(description.vendor_info, "virtio", sizeof(description.vendor_info));

	description.output_channel_count = static_cast<int32>(fOutput.channels);
	description.input_channel_count = static_cast<int32>(fInput.channels);
	description.output_rates = fOutput.rates;
	description.input_rates = fInput.rates;
	description.output_formats = fOutput.formats;
	description.input_formats = fInput.formats;
	description.lock_sources = B_MULTI_LOCK_INTERNAL;
	description.interface_flags = (fOutput.count != 0 ? B_MULTI_INTERFACE_PLAYBACK : 0)
		| (fInput.count != 0 ? B_MULTI_INTERFACE_RECORD : 0);
	description.start_latency = 30000;

	// Outputs, then inputs; no busses (R7).
	multi_channel_info channels[kMostChannels];
	memset(channels, 0, sizeof(channels));
	describe_side(fCard, fOutput, B_MULTI_OUTPUT_CHANNEL, channels, 0);
	describe_side(fCard, fInput, B_MULTI_INPUT_CHANNEL, channels, fOutput.channels);
	const uint32 count = fOutput.channels + fInput.channels;
	description.request_channel_count = static_cast<int32>(count);
	const uint32 wanted = vsnd::lesser(count, static_cast<uint32>(room));
	return wanted == 0 ? B_OK : copy_to_user(userChannels, channels, wanted * sizeof(channels[0]));
}


//!	All channels are on, always: nothing is saved by turning one off.
status_t
SoundDevice::_GetEnabledChannels(multi_channel_enable& enable)
{
	const uint32 count = fOutput.channels + fInput.channels;
	uchar bits[kMostChannels / 8] = {};
	for (uint32 i = 0; i < count; i++)
		bits[i / 8] = static_cast<uchar>(bits[i / 8] | 1u << i % 8);
	enable.lock_source = B_MULTI_LOCK_INTERNAL;
	enable.lock_data = 0;
	enable.timecode_source = 0;
	return copy_to_user(enable.enable_bits, bits, (count + 7) / 8);
}


status_t
SoundDevice::_SetEnabledChannels(multi_channel_enable& enable)
{
	uchar bits[kMostChannels / 8];
	return copy_from_user(bits, enable.enable_bits, (fOutput.channels + fInput.channels + 7) / 8);
}


status_t
SoundDevice::_GetGlobalFormat(multi_format_info& info)
{
	memset(&info, 0, sizeof(info));
	info.info_size = sizeof(info);
	info.output.rate = fOutput.rate;
	info.output.format = fOutput.format;
	info.input.rate = fInput.rate;
	info.input.format = fInput.format;
	return B_OK;
}


//!	It counts from the next GET_BUFFERS on. What a missing direction is told is not looked at (R6).
status_t
SoundDevice::_SetGlobalFormat(multi_format_info& info)
{
	if (!fOutput.Accepts(info.output.rate, info.output.format)
		|| !fInput.Accepts(info.input.rate, info.input.format))
		return B_BAD_VALUE;
	fOutput.SetFormat(info.output.rate, info.output.format);
	fInput.SetFormat(info.input.rate, info.input.format);
	return B_OK;
}


//!	The caller's table of one direction: a row of descriptions for each buffer.
struct BufferTable {
	const SoundSide&	side;
	buffer_desc*		rows[SoundLimits::periods] = {};

	/*!	Before anything changes: there must be room for all buffers and channels. More than there
		could ever be is as good (R3).
	*/
	status_t Read(buffer_desc** table, int32 buffers, int32 channels)
	{
		if (side.count == 0)
			return B_OK;
		if (buffers < static_cast<int32>(side.buffers)
			|| channels < static_cast<int32>(side.channels))
			return B_BAD_VALUE;
		status_t status = copy_from_user(rows, table, side.buffers * sizeof(rows[0]));
		buffer_desc row[32];
		for (uint32 i = 0; i < side.buffers && status == B_OK; i++)
			status = copy_from_user(row, rows[i], side.channels * sizeof(row[0]));
		return status;
	}

	// Streams lie one after the other in each row; their samples are interleaved.
	status_t Write(int32& _buffers, int32& _channels, uint32& _frames) const
	{
		status_t status = B_OK;
		for (uint32 i = 0; i < side.buffers && status == B_OK; i++) {
			buffer_desc row[32] = {};
			buffer_desc* desc = row;
			for (uint32 j = 0; j < side.count; j++) {
				const SoundStream& stream = side.streams[j];
				const uint32 sample = vsnd::physical_bits(stream.params.format) / 8;
				for (uint32 k = 0; k < stream.params.channels; k++, desc++) {
					desc->base = reinterpret_cast<char*>(stream.Buffer(i)) + k * sample;
					desc->stride = sample * stream.params.channels;
				}
			}
			status = copy_to_user(rows[i], row, side.channels * sizeof(row[0]));
		}
		_buffers = static_cast<int32>(side.buffers);
		_channels = static_cast<int32>(side.channels);
		_frames = side.frames;
		return status;
	}
};


/*!	Asked again after every change of the rate: the streams stop, and the areas are new ones. The
	driver decides about number and size (R9). The kernel's address is the user's, too (R8).
*/
status_t
SoundDevice::_GetBuffers(multi_buffer_list& list)
{
	BufferTable played{fOutput};
	BufferTable recorded{fInput};
	status_t status = played.Read(list.playback_buffers, list.request_playback_buffers,
		list.request_playback_channels);
	if (status == B_OK) {
		status = recorded.Read(list.record_buffers, list.request_record_buffers,
			list.request_record_channels);
	}
	if (status != B_OK)
		return status;

	_StopAll();
	status = fOutput.MakeBuffers();
	if (status == B_OK)
		status = fInput.MakeBuffers();
	if (status != B_OK)
		return status;

	list.flags = (fOutput.count != 0 ? B_MULTI_BUFFER_PLAYBACK : 0)
		| (fInput.count != 0 ? B_MULTI_BUFFER_RECORD : 0);
	status = played.Write(list.return_playback_buffers, list.return_playback_channels,
		list.return_playback_buffer_size);
	return status != B_OK ? status : recorded.Write(list.return_record_buffers,
		list.return_record_channels, list.return_record_buffer_size);
}
