/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef SOUND_SIDE_H
#define SOUND_SIDE_H


#include "Settings.h"
#include "SoundStream.h"


/*!	All streams of one direction, in step: multi_audio has one rate, one format and one buffer
	cycle for each direction (R6). A direction that is missing has 0 of everything.
*/
class SoundSide {
public:
	// Of silence, one period, which all streams share.
	static constexpr uint32 kSilenceBytes = 128 * 1024;

	SoundStream streams[SoundLimits::streams];
	uint32 count = 0, channels = 0, buffers = 0, frames = 0;
	uint32 rates = 0, formats = 0; // offered
	uint32 rate = 0, format = 0; // chosen
	bool hasBuffers = false;

	// What an exchange tells of it.
	int32 cycle = 0;
	bigtime_t realTime = 0, framesCount = 0;

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
			if (room >= (kLeastBuffers + extra) * (count + 1))
				_Add(*stream, mostChannels);
		}
		if (count != 0) {
			buffers = lesser(greater(settings.buffers, kLeastBuffers),
				lesser(room / count - extra, SoundLimits::periods));
		}
		SetFormat(_Preferred(rates, B_SR_48000), _Preferred(formats, B_FMT_16BIT));
	}

	bool Accepts(uint32 newRate, uint32 newFormat) const
	{
		bool accepts = count == 0
			|| ((newRate & rates) != 0 && (newFormat & formats) != 0
				&& find_entry(kRates, newRate) != NULL && find_entry(kFormats, newFormat) != NULL);
		for (uint32 i = 0; i < count && accepts; i++) {
			accepts = ok(
				streams[i].stream->check(_Params(streams[i].params.channels, newRate, newFormat)));
		}
		return accepts;
	}

	void SetFormat(uint32 newRate, uint32 newFormat)
	{
		rate = count != 0 ? newRate : 0;
		format = count != 0 ? newFormat : 0;
	}

	status_t MakeBuffers()
	{
		status_t status = B_OK;
		for (uint32 i = 0; i < count && status == B_OK; i++) {
			streams[i].params = _Params(streams[i].params.channels, rate, format);
			frames = streams[i].params.period_frames;
			fRateHz = streams[i].params.rate_hz;
			status = streams[i].MakeBuffers();
		}
		hasBuffers = count != 0 && status == B_OK;
		return status;
	}

	void DeleteBuffers()
	{
		hasBuffers = false;
		for (uint32 i = 0; i < count; i++)
			streams[i].DeleteBuffers();
	}

	void EndBuffers(bool deviceIsQuiet)
	{
		for (uint32 i = 0; i < count; i++)
			streams[i].EndBuffers(deviceIsQuiet);
		*this = SoundSide();
	}

	// An exchange: the user is done with his buffer, and wants sound. What the last run left
	// behind is released first.
	void Begin(bool wanted)
	{
		fWanted = wanted && hasBuffers;
		if (fPhase == kIdle && fWanted)
			fPhase = kReleasing;
		for (uint32 i = 0; i < count; i++)
			streams[i].Return();
	}

	void Stop()
	{
		fWanted = false;
		if (fPhase == kRunning)
			fPhase = kReleasing;
	}

	bool IsIdle() const { return fPhase == kIdle; }

	// Goes on; true: there is something new for the user.
	bool Step(bigtime_t now)
	{
		if (fPhase == kReleasing)
			_Release(now);
		// Whatever device and clock say, it is never 2 % faster than the rate for long (R12).
		const uint64 passed = static_cast<uint64>(now - fBegan) * fRateHz / 980000;
		if (fStarted && fFramesDone > passed + buffers * frames)
			return false;
		bool ready = fPhase == kRunning;
		for (uint32 i = 0; i < count && fPhase == kRunning; i++) {
			ready = streams[i].Step(now) && ready;
			if (streams[i].IsLost())
				fPhase = kReleasing;
		}
		if (ready && fPhase == kRunning)
			_Report(now);
		return ready && fPhase == kRunning;
	}

private:
	enum phase { kIdle, kReleasing, kRunning };

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
		const uint32 offeredRates = to_haiku(kRates, info.rates);
		const uint32 offeredFormats = to_haiku(kFormats, info.formats);
		uint32 commonRates = offeredRates & (count == 0 ? fSettings.rates : rates);
		uint32 commonFormats = offeredFormats & (count == 0 ? fSettings.formats : formats);
		if (count == 0 && commonRates == 0)
			commonRates = _Preferred(offeredRates, B_SR_44100);
		if (count == 0 && commonFormats == 0)
			commonFormats = offeredFormats;
		if (commonRates == 0 || commonFormats == 0 || wanted > mostChannels - channels)
			return;

		// What the device took early is not played yet: a period goes back when the clock has
		// passed it, too. While the user has nothing to play, the device gets silence.
		(void)stream.set_pacing(pacing::clock);
		stream.set_xrun_policy(xrun_policy::silence);
		streams[count].stream = &stream;
		streams[count].silence = fSilence;
		streams[count++].params.channels = static_cast<uint8>(wanted);
		channels += wanted;
		rates = commonRates;
		formats = commonFormats;
	}

	// A rate and a format from the tables. By default a buffer is the greatest power of two of
	// frames below 25 ms.
	pcm_params _Params(u8 streamChannels, uint32 newRate, uint32 newFormat) const
	{
		const uint32 hz = rate_hz(find_entry(kRates, newRate)->vsnd);
		const pcm_format vsndFormat = find_entry(kFormats, newFormat)->vsnd;
		uint32 most = static_cast<uint32>(1) << (31 - __builtin_clz(hz / 40));
		if (fSettings.bufferFrames != 0)
			most = greater(fSettings.bufferFrames, 64u);
		most = lesser(most, kSilenceBytes / frame_bytes(vsndFormat, streamChannels));
		return {vsndFormat, streamChannels, hz, most, buffers, 0};
	}

	void _Release(bigtime_t now)
	{
		bool released = true;
		for (uint32 i = 0; i < count; i++) {
			released = streams[i].Release(now) && released;
			if (streams[i].IsStuck())
				fPhase = kIdle;
		}
		if (!released)
			return;
		fFramesBefore += fFramesDone;
		fFramesDone = 0;
		fStarted = false;
		cycle = 0;
		fPhase = fWanted ? kRunning : kIdle;
	}

	/*!	The user gets the buffer that was played (what the add-on calls "now playing" is the one
		after it) or recorded (R11). The time is the one at which the media clock passed its end,
		not the one of this call, which may be late; it always rises (R13).
	*/
	void _Report(bigtime_t now)
	{
		uint32 index = 0;
		for (uint32 i = 0; i < count; i++)
			index = streams[i].HandOver();
		const SoundCard::stream_type& stream = *streams[0].stream;
		const bool first = stream.playback() && !fStarted;
		fBegan = fStarted ? fBegan : now;
		fStarted = true;
		realTime = 0; // nothing was played yet; the add-on skips it
		if (first)
			return;

		fFramesDone += frames;
		const clock_reading reading = stream.position();
		const u64 late = reading.frames > fFramesDone ? reading.frames - fFramesDone : 0;
		const u64 ns = reading.time_ns - ns_of_frames(late, stream.params().rate_hz);
		fLastTime = greater(static_cast<bigtime_t>(ns / 1000), fLastTime + 1);
		realTime = fLastTime;
		framesCount = static_cast<bigtime_t>(fFramesBefore + fFramesDone);
		index += stream.playback() ? 1 : 0;
		cycle = static_cast<int32>(index == buffers ? 0 : index);
	}

	Settings fSettings;
	dma_region fSilence;
	phase fPhase = kIdle;
	bool fWanted = false, fStarted = false;
	uint64 fFramesBefore = 0, fFramesDone = 0;
	bigtime_t fLastTime = 0, fBegan = 0;
	uint32 fRateHz = 0;
};


#endif // SOUND_SIDE_H
