/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef SOUND_SIDE_H
#define SOUND_SIDE_H


#include <vsnd/sound/stream_group.hpp>

#include "Settings.h"
#include "SoundBuffers.h"


/*!	All streams of one direction, in step: multi_audio has one rate, one format and one buffer
	cycle for each direction (R6). A direction that is missing has 0 of everything. The streams are
	kept going by vsnd/sound/stream_group.hpp, which never waits.
*/
class SoundSide {
public:
	// Of silence, one period, which all streams share.
	static constexpr uint32 kSilenceBytes = 128 * 1024;

	stream_group<SoundCard::stream_type, SoundLimits::streams> streams;
	uint32 channels = 0, buffers = 0, frames = 0;
	uint32 rates = 0, formats = 0; // offered
	uint32 rate = 0, format = 0; // chosen
	bool hasBuffers = false;

	/*!	`room`: for how many periods the queue has descriptors (bus manager 4). Streams that would
		leave too few for each, or more channels than multi_audio has (R7), are left out.
	*/
	void Init(SoundCard& card, direction flow, const Settings& settings, uint32 room,
		uint32 mostChannels, const dma_region& silence)
	{
		*this = SoundSide();
		fSettings = settings;
		fSilence = silence;

		// Silence has chains of its own in each playback stream.
		const uint32 extra = flow == direction::playback ? silence_chains : 0;
		SoundCard::stream_type* stream;
		for (uint32 i = 0; (stream = card.find(flow, i)) != NULL; i++) {
			if (room >= (kLeastBuffers + extra) * (Count() + 1))
				_Add(*stream, mostChannels);
		}
		if (Count() != 0) {
			buffers = lesser(greater(settings.buffers, kLeastBuffers),
				lesser(room / Count() - extra, SoundLimits::periods));
		}
		SetFormat(_Preferred(rates, B_SR_48000), _Preferred(formats, B_FMT_16BIT));
	}

	uint32 Count() const { return streams.count(); }
	const pcm_params& Params(uint32 stream) const { return streams.at(stream).params(); }

	char* Buffer(uint32 stream, uint32 index) const
	{
		return reinterpret_cast<char*>(fBuffers[stream].Region().cpu)
			+ index * period_bytes(Params(stream));
	}

	bool Accepts(uint32 newRate, uint32 newFormat) const
	{
		bool accepts = Count() == 0
			|| ((newRate & rates) != 0 && (newFormat & formats) != 0
				&& find_entry(kRates, newRate) != NULL && find_entry(kFormats, newFormat) != NULL);
		for (uint32 i = 0; i < Count() && accepts; i++)
			accepts = ok(streams.at(i).stream().check(_Params(i, newRate, newFormat)));
		return accepts;
	}

	void SetFormat(uint32 newRate, uint32 newFormat)
	{
		rate = Count() != 0 ? newRate : 0;
		format = Count() != 0 ? newFormat : 0;
	}

	status_t MakeBuffers()
	{
		status_t status = B_OK;
		for (uint32 i = 0; i < Count() && status == B_OK; i++) {
			const pcm_params params = _Params(i, rate, format);
			frames = params.period_frames;
			status = fBuffers[i].Make(audio_bytes(params), streams.at(i).given());
			streams.at(i).set_up(params, {fBuffers[i].Region(), fSilence});
		}
		hasBuffers = Count() != 0 && status == B_OK;
		return status;
	}

	// What the device may still write to is kept.
	void DeleteBuffers(bool deviceIsQuiet)
	{
		hasBuffers = false;
		for (uint32 i = 0; i < Count(); i++)
			fBuffers[i].Delete(deviceIsQuiet ? NULL : streams.at(i).given());
	}

	/*!	What an exchange tells (R11, R13). What the user got is the buffer that was played, and what
		the add-on calls "now playing" is the one after it; or it is the one just recorded.
	*/
	void Tell(int32& _cycle, bigtime_t& _realTime, bigtime_t& _framesCount) const
	{
		uint32 index = streams.buffer();
		if (Count() != 0 && streams.at(0).stream().playback())
			index++;
		_cycle = static_cast<int32>(streams.started() && index != buffers ? index : 0);
		_realTime = static_cast<bigtime_t>(streams.time_ns() / 1000); // 0: the add-on skips it
		_framesCount = static_cast<bigtime_t>(streams.frames());
	}

private:
	static constexpr uint32 kLeastBuffers = 2; // R9

	// The one bit to begin with: the usual one, or the highest.
	static uint32 _Preferred(uint32 set, uint32 usual)
	{
		return (set & usual) != 0 || set == 0 ? set & usual
											  : static_cast<uint32>(1) << (31 - __builtin_clz(set));
	}

	/*!	Adds a stream if it can do something that the settings, and the streams before it, can do
		as well. The first one need not do what the settings say: it offers what is near (R5).
	*/
	void _Add(SoundCard::stream_type& stream, uint32 mostChannels)
	{
		const stream_info& info = stream.info();
		const uint32 wanted = lesser(
			greater(fSettings.channels, uint32{info.channels_min}), uint32{info.channels_max});
		const bool first = Count() == 0;
		const uint32 offeredRates = to_kernel(kRates, info.rates);
		const uint32 offeredFormats = to_kernel(kFormats, info.formats);
		uint32 commonRates = offeredRates & (first ? fSettings.rates : rates);
		uint32 commonFormats = offeredFormats & (first ? fSettings.formats : formats);
		if (first && commonRates == 0)
			commonRates = _Preferred(offeredRates, B_SR_44100);
		if (first && commonFormats == 0)
			commonFormats = offeredFormats;
		if (commonRates == 0 || commonFormats == 0 || wanted > mostChannels - channels)
			return;

		// What the device took early is not played yet: a period goes back when the clock has
		// passed it, too. While the user has nothing to play, the device gets silence.
		(void)stream.set_pacing(pacing::clock);
		stream.set_xrun_policy(xrun_policy::silence);
		streams.add(stream);
		streams.at(Count() - 1).set_up({.channels = static_cast<uint8>(wanted)}, {});
		channels += wanted;
		rates = commonRates;
		formats = commonFormats;
	}

	// A rate and a format from the tables. By default a buffer is the greatest power of two of
	// frames below 25 ms.
	pcm_params _Params(uint32 stream, uint32 newRate, uint32 newFormat) const
	{
		const u8 count = Params(stream).channels;
		const uint32 hz = rate_hz(find_entry(kRates, newRate)->vsnd);
		const pcm_format vsndFormat = find_entry(kFormats, newFormat)->vsnd;
		uint32 most = static_cast<uint32>(1) << (31 - __builtin_clz(hz / 40));
		if (fSettings.bufferFrames != 0)
			most = greater(fSettings.bufferFrames, 64u);
		most = lesser(most, kSilenceBytes / frame_bytes(vsndFormat, count));
		return {vsndFormat, count, hz, most, buffers, 0};
	}

	Settings fSettings;
	dma_region fSilence;
	SoundBuffers fBuffers[SoundLimits::streams];
};


#endif // SOUND_SIDE_H
