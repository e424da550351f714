/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef MIXER_H
#define MIXER_H


#include <stdio.h>
#include <string.h>

#include <hmulti_audio.h>

#include "MultiAudio.h"


/*!	Control elements and jacks as multi_audio mixer controls: a group for each, and in it a gain for
	each channel, a switch, or a selector with its items. Off, unless the setting "controls" says
	that the bus passes feature bits on.
*/
class Mixer {
public:
	void Init(SoundCard& card, bool enabled)
	{
		fCard = &card;
		fCount = 0;
		if (!enabled)
			return;
		const int32 output = _Add(0, B_MULTI_MIX_GROUP, "Output", 0, 0).id;
		for (uint32 i = 0; i < card.elements().size(); i++)
			_AddElement(output, i, card.elements()[i]);
		for (uint32 i = 0; i < card.jacks().size() && fCount < kMaxControls; i++) {
			// A switch that cannot be set: whether something is plugged in.
			char name[48];
			snprintf(name, sizeof(name), "Jack %" B_PRIu32 " connected", i + 1);
			_Add(output, B_MULTI_MIX_ENABLE, name, kJack, i);
		}
	}

	status_t List(multi_mix_control_info& info) const
	{
		status_t status = info.control_count < 0 ? B_BAD_VALUE : B_OK;
		info.control_count = lesser(info.control_count, static_cast<int32>(fCount));
		for (int32 i = 0; i < info.control_count && status == B_OK; i++)
			status = copy_to_user(info.controls + i, &fControls[i].info, sizeof(multi_mix_control));
		return status;
	}

	// GET_MIX and SET_MIX. Ids come from user space (R15).
	status_t Access(multi_mix_value_info& info, bool set)
	{
		multi_mix_value values[kMaxControls];
		if (info.item_count < 0 || info.item_count > static_cast<int32>(kMaxControls))
			return B_BAD_VALUE;
		const uint32 count = static_cast<uint32>(info.item_count);
		status_t status =
			count == 0 ? B_OK : copy_from_user(values, info.values, count * sizeof(values[0]));
		for (uint32 i = 0; i < count && status == B_OK; i++)
			status = _Find(values[i].id) != NULL ? B_OK : B_BAD_VALUE;
		for (uint32 i = 0; i < count && status == B_OK; i++)
			status = _Access(*_Find(values[i].id), values[i], set);
		return status == B_OK && count != 0 && !set
			? copy_to_user(info.values, values, count * sizeof(values[0]))
			: status;
	}

private:
	static constexpr int32 kFirstID = 1000;
	static constexpr uint32 kMaxControls = 128; // R3
	static constexpr uint32 kJack = 0xffffffff;

	// An element and which of its values; or kJack, and which one.
	struct Control {
		multi_mix_control info;
		uint32 element, index;
	};

	// The caller has looked whether there is room.
	multi_mix_control& _Add(
		int32 parent, uint32 flags, const char* name, uint32 element, uint32 index)
	{
		Control& control = fControls[fCount];
		control = {{}, element, index};
		control.info.id = kFirstID + static_cast<int32>(fCount++);
		control.info.flags = flags;
		control.info.parent = parent;
		strlcpy(control.info.name, name, sizeof(control.info.name));
		return control.info;
	}

	void _AddElement(int32 parent, uint32 id, const element_info& info)
	{
		const bool gains = info.type == element_type::integer;
		const bool selects = info.type == element_type::enumerated;
		const uint32 controls = gains ? info.count : selects ? info.items + 1 : 1;
		if (!info.usable || !info.has(element_access::read)
			|| (!gains && !selects && info.type != element_type::boolean)
			|| controls >= kMaxControls - fCount)
			return;
		const int32 group = _Add(parent, B_MULTI_MIX_GROUP, info.name, 0, 0).id;
		if (gains)
			return _AddGains(group, id, info);
		multi_mix_control& control =
			_Add(group, selects ? B_MULTI_MIX_MUX : B_MULTI_MIX_ENABLE, info.name, id, 0);
		control.string = info.role == element_role::mute ? S_MUTE : S_null;
		const bool named = selects && ok(fCard->read_item_names(id));
		for (uint32 i = 0; selects && i < info.items; i++) {
			item_name name = {};
			if (!named || !ok(fCard->item_name_of(i, name)))
				snprintf(name, sizeof(name), "Item %" B_PRIu32, i + 1);
			_Add(control.id, B_MULTI_MIX_MUX_VALUE, name, 0, 0);
		}
	}

	// Gains are dB (R15). A device that does not say what its values mean gets one dB for each.
	void _AddGains(int32 group, uint32 id, const element_info& info)
	{
		const int32 steps =
			static_cast<int32>(greater(lesser(info.highest - info.lowest, s64{20000}), s64{1}));
		db_range& range = fRanges[id];
		if (!ok(fCard->read_db_range(id, range))) {
			range = {static_cast<int32>(info.lowest), static_cast<int32>(info.highest), 1, {}};
			range.segments[0] = {range.raw_lowest, range.raw_highest, 0, steps * 100};
		}
		const float least = static_cast<float>(quietest_centi_db(range)) / 100;
		const float most = static_cast<float>(loudest_centi_db(range)) / 100;
		const int32 master = kFirstID + static_cast<int32>(fCount);
		for (uint32 i = 0; i < info.count; i++) {
			multi_mix_control& control = _Add(group, B_MULTI_MIX_GAIN, info.name, id, i);
			control.gain = {least, most, (most - least) / static_cast<float>(steps)};
			control.master = i == 0 ? 0 : master;
		}
	}

	// A control that has a value.
	const Control* _Find(int32 id) const
	{
		const uint32 index = static_cast<uint32>(id) - static_cast<uint32>(kFirstID);
		const uint32 flags = index < fCount ? fControls[index].info.flags : B_MULTI_MIX_GROUP;
		return flags == B_MULTI_MIX_GROUP || flags == B_MULTI_MIX_MUX_VALUE ? NULL
																			: &fControls[index];
	}

	// A gain is one of the element's values; a switch or a selector sets them all.
	status_t _Access(const Control& control, multi_mix_value& value, bool set)
	{
		if (control.element == kJack) {
			if (!set)
				value.mux = fCard->jacks()[control.index].connected ? 1 : 0;
			return set ? B_NOT_ALLOWED : B_OK;
		}
		const element_info& info = fCard->elements()[control.element];
		const db_range& range = fRanges[control.element];
		const bool gain = control.info.flags == B_MULTI_MIX_GAIN;
		wire::snd_ctl_value raw = {};
		status_code code = fCard->read_element(control.element, raw);
		const result<s64> old = get_value(info, raw, control.index);
		if (!ok(code) || !old.ok())
			return B_IO_ERROR;
		if (!set) {
			const int32 number = static_cast<int32>(old.value());
			value = {.id = value.id, ._reserved_ = {}, .ramp = 0, ._reserved_2 = {}};
			value.mux = static_cast<uint32>(number);
			if (gain)
				value.gain = static_cast<float>(to_centi_db(range, number)) / 100;
			return B_OK;
		}

		// The add-on writes no more than a bool where there are two items.
		if (gain && !(value.gain >= -100000 && value.gain <= 100000))
			return B_BAD_VALUE;
		const uint32 choice = info.items > 2 ? value.mux : (value.mux & 0xff) != 0;
		const s64 number = gain
			? nearest_value(info, to_raw(range, static_cast<int32>(value.gain * 100)))
			: choice;
		for (uint32 i = 0; i < info.count && ok(code); i++) {
			if (!gain || i == control.index)
				code = set_value(info, raw, i, number);
		}
		if (ok(code))
			code = fCard->write_element(control.element, raw);
		if (code == status_code::invalid_argument)
			return B_BAD_VALUE;
		return code == status_code::not_available ? B_NOT_ALLOWED : ok(code) ? B_OK : B_IO_ERROR;
	}

	SoundCard* fCard = NULL;
	uint32 fCount = 0;
	Control fControls[kMaxControls] = {};
	db_range fRanges[SoundLimits::elements] = {};
};


#endif // MIXER_H
