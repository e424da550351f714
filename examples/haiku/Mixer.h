/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef MIXER_H
#define MIXER_H


#include <string.h>

#include <vsnd/sound/mixer.hpp>

#include "MultiAudio.h"


/*!	Control elements and jacks as multi_audio mixer controls, one for each of vsnd/sound/mixer.hpp.
	Off, unless the setting "controls" says that the bus passes feature bits on.
*/
class Mixer {
public:
	void Init(SoundCard& card, bool enabled)
	{
		fMixer.clear();
		if (enabled)
			fMixer.init(card, "Output");
	}

	status_t List(multi_mix_control_info& info) const
	{
		status_t status = info.control_count < 0 ? B_BAD_VALUE : B_OK;
		const int32 count = static_cast<int32>(fMixer.all().size());
		info.control_count = lesser(info.control_count, count);
		for (int32 i = 0; i < info.control_count && status == B_OK; i++) {
			const multi_mix_control control = _Describe(i);
			status = copy_to_user(info.controls + i, &control, sizeof(control));
		}
		return status;
	}

	// GET_MIX and SET_MIX. Ids come from user space (R15).
	status_t Access(multi_mix_value_info& info, bool set)
	{
		multi_mix_value values[kMaxControls];
		if (info.item_count < 0 || info.item_count > static_cast<int32>(kMaxControls))
			return B_BAD_VALUE;
		const uint32 count = static_cast<uint32>(info.item_count);
		const size_t size = count * sizeof(values[0]);
		status_t status = count == 0 ? B_OK : copy_from_user(values, info.values, size);
		for (uint32 i = 0; i < count && status == B_OK; i++)
			status = _IsValue(values[i].id) ? B_OK : B_BAD_VALUE;
		for (uint32 i = 0; i < count && status == B_OK; i++)
			status = set ? _Set(values[i]) : _Get(values[i]);
		return status == B_OK && count != 0 && !set ? copy_to_user(info.values, values, size)
													: status;
	}

private:
	static constexpr int32 kFirstID = 1000;
	static constexpr uint32 kMaxControls = 128; // R3

	static int32 _ID(uint32 index)
	{
		return index == no_control ? 0 : kFirstID + static_cast<int32>(index);
	}

	static uint32 _Index(int32 id)
	{
		return static_cast<uint32>(id) - static_cast<uint32>(kFirstID);
	}

	bool _IsValue(int32 id) const
	{
		return _Index(id) < fMixer.all().size() && has_value(fMixer.all()[_Index(id)].kind);
	}

	multi_mix_control _Describe(int32 index) const
	{
		// A jack is a switch that cannot be set.
		static constexpr uint32 kFlags[] = {B_MULTI_MIX_GROUP, B_MULTI_MIX_GAIN, B_MULTI_MIX_ENABLE,
			B_MULTI_MIX_MUX, B_MULTI_MIX_MUX_VALUE, B_MULTI_MIX_ENABLE};
		const mixer_control& from = fMixer.all()[index];
		multi_mix_control control = {};
		control.id = _ID(index);
		control.parent = _ID(from.parent);
		control.flags = kFlags[static_cast<uint32>(from.kind)];
		if (from.kind == control_kind::toggle && from.role == element_role::mute)
			control.string = S_MUTE;
		if (from.kind == control_kind::gain) {
			const float least = static_cast<float>(from.quietest) / 100;
			const float most = static_cast<float>(from.loudest) / 100;
			control.gain = {least, most, (most - least) / static_cast<float>(from.steps)};
			control.master =
				_ID(from.leader == static_cast<uint32>(index) ? no_control : from.leader);
		}
		strlcpy(control.name, from.name, sizeof(control.name));
		return control;
	}

	status_t _Get(multi_mix_value& value)
	{
		const result<s32> number = fMixer.read(_Index(value.id));
		value = {.id = value.id, ._reserved_ = {}, .ramp = 0, ._reserved_2 = {}};
		if (fMixer.all()[_Index(value.id)].kind == control_kind::gain)
			value.gain = static_cast<float>(number.value()) / 100; // dB (R15)
		else
			value.mux = static_cast<uint32>(number.value());
		return _Status(number.code());
	}

	status_t _Set(const multi_mix_value& value)
	{
		const mixer_control& control = fMixer.all()[_Index(value.id)];
		// The add-on writes no more than a bool where there are two choices.
		int32 number = control.choices > 2 ? value.mux : (value.mux & 0xff) != 0;
		if (control.kind == control_kind::gain) {
			if (!(value.gain >= -100000 && value.gain <= 100000))
				return B_BAD_VALUE;
			number = static_cast<int32>(value.gain * 100);
		}
		return _Status(fMixer.write(_Index(value.id), number));
	}

	static status_t _Status(status_code code)
	{
		if (ok(code))
			return B_OK;
		return code == status_code::invalid_argument ? B_BAD_VALUE
			: code == status_code::not_available     ? B_NOT_ALLOWED
													 : B_IO_ERROR;
	}

	mixer<SoundCard, SoundLimits::elements, kMaxControls> fMixer;
};


#endif // MIXER_H
