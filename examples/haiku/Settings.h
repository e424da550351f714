/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef SETTINGS_H
#define SETTINGS_H


#include <stdlib.h>
#include <string.h>

#include <driver_settings.h>
#include <hmulti_audio.h>

#include <vsnd/pcm/dialect.hpp>


using namespace vsnd;


/*!	The formats and rates that both sides know, each the same bytes on both, and its name in the
	settings. An integer of 18, 20 or 24 bits has none: Haiku's lie at the upper end of 32 bits,
	virtio's at the lower end. Neither have 5512 Hz and 1536 kHz (R5).
*/
constexpr dialect<pcm_format> kFormats[] = {{B_FMT_8BIT_S, pcm_format::s8, "8"},
	{B_FMT_8BIT_U, pcm_format::u8_, "u8"}, {B_FMT_16BIT, pcm_format::s16, "16"},
	{B_FMT_32BIT, pcm_format::s32_, "32"}, {B_FMT_FLOAT, pcm_format::float32, "float"},
	{B_FMT_DOUBLE, pcm_format::float64, "double"}};

// clang-format off
#define RATE(hz) {B_SR_##hz, pcm_rate::hz_##hz, #hz}
// clang-format on
constexpr dialect<pcm_rate> kRates[] = {RATE(8000), RATE(11025), RATE(12000), RATE(16000),
	RATE(22050), RATE(24000), RATE(32000), RATE(44100), RATE(48000), RATE(64000), RATE(88200),
	RATE(96000), RATE(176400), RATE(192000), RATE(384000)};
#undef RATE


static_assert(translates(kFormats, {8, 8, 16, 32, 32, 64}));
static_assert(translates(kRates,
	{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176400,
		192000, 384000}));


/*!	What the settings file "virtio_sound" says; the file beside this one explains each line. The
	media add-on takes the highest rate and the widest format that it is offered, so the defaults
	are modest (R5).
*/
struct Settings {
	uint32 rates = B_SR_48000, formats = B_FMT_16BIT | B_FMT_32BIT;
	uint32 bufferFrames = 0 /* by the rate */, buffers = 4, channels = 2, controls = 0;
	uint32 events = 1;

	void Load()
	{
		*this = {};
		void* handle = load_driver_settings("virtio_sound");
		if (handle == NULL)
			return;
		const driver_settings* settings = get_driver_settings(handle);
		for (int i = 0; settings != NULL && i < settings->parameter_count; i++) {
			const driver_parameter& line = settings->parameters[i];
			_ReadSet(line, "rates", kRates, rates);
			_ReadSet(line, "formats", kFormats, formats);
			_ReadNumber(line, "buffer_frames", bufferFrames);
			_ReadNumber(line, "buffers", buffers);
			_ReadNumber(line, "channels", channels);
			_ReadNumber(line, "controls", controls);
			_ReadNumber(line, "events", events);
		}
		unload_driver_settings(handle);
	}

private:
	static void _ReadNumber(const driver_parameter& line, const char* name, uint32& number)
	{
		if (strcmp(line.name, name) == 0 && line.value_count > 0)
			number = strcmp(line.values[0], "true") == 0 ? 1 : strtoul(line.values[0], NULL, 0);
	}

	template<typename Table>
	static void _ReadSet(
		const driver_parameter& line, const char* name, const Table& table, uint32& set)
	{
		if (strcmp(line.name, name) != 0)
			return;
		set = 0;
		for (int i = 0; i < line.value_count; i++)
			set |= named_set(table, line.values[i]);
	}
};


#endif // SETTINGS_H
