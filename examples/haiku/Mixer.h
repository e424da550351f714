/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef MIXER_H
#define MIXER_H


#include <stdio.h>
#include <string.h>

#include <hmulti_audio.h>

#include "SoundPort.h"
#include "UserMemory.h"


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
		const int32 output = _Add(0, B_MULTI_MIX_GROUP, "").id;
		fControls[0].info.string = S_OUTPUT;
		for (uint32 i = 0; i < card.elements().size(); i++)
			_AddElement(output, i);
		for (uint32 i = 0; i < card.jacks().size() && fCount < kMaxControls; i++) {
			// A switch that cannot be set: whether something is plugged in.
			char name[48];
			snprintf(name, sizeof(name), "Jack %" B_PRIu32 " connected", i + 1);
			_Add(output, B_MULTI_MIX_ENABLE, name, kJack, i);
		}
	}

	status_t List(multi_mix_control_info& info) const
	{
		if (info.control_count < 0)
			return B_BAD_VALUE;
		info.control_count = vsnd::lesser(info.control_count, static_cast<int32>(fCount));
		status_t status = B_OK;
		for (int32 i = 0; i < info.control_count && status == B_OK; i++)
			status = copy_to_user(info.controls + i, &fControls[i].info, sizeof(multi_mix_control));
		return status;
	}

	// GET_MIX and SET_MIX. Ids come from user space (R15).
	status_t Access(multi_mix_value_info& info, bool set)
	{
		multi_mix_value values[kMaxControls];
		const int32 count = info.item_count;
		if (count < 0 || count > static_cast<int32>(kMaxControls))
			return B_BAD_VALUE;
		const size_t bytes = count * sizeof(values[0]);
		status_t status = count == 0 ? B_OK : copy_from_user(values, info.values, bytes);
		for (int32 i = 0; i < count && status == B_OK; i++)
			status = _Find(values[i].id) != NULL ? B_OK : B_BAD_VALUE;
		for (int32 i = 0; i < count && status == B_OK; i++) {
			const Control& control = *_Find(values[i].id);
			status = set ? _Set(control, values[i]) : _Get(control, values[i]);
		}
		return status == B_OK && count != 0 && !set
			? copy_to_user(info.values, values, bytes) : status;
	}

private:
	static constexpr int32 kFirstID = 1000;
	static constexpr uint32 kMaxControls = 128;	// R3
	static constexpr uint32 kJack = 0xffffffff;

	// An element and which of its values; or kJack, and which one.
	struct Control {
		multi_mix_control	info;
		uint32				element;
		uint32				index;
	};

	// The caller has looked whether there is room.
	multi_mix_control& _Add(int32 parent, uint32 flags, const char* name, uint32 element = 0,
		uint32 index = 0)
	{
		Control& control = fControls[fCount];
		memset(&control, 0, sizeof(control));
		control.element = element;
		control.index = index;
		control.info.id = kFirstID + static_cast<int32>(fCount++);
		control.info.flags = flags;
		control.info.parent = parent;
		strlcpy(control.info.name, name, sizeof(control.info.name));
		return control.info;
	}

	void _AddElement(int32 parent, uint32 id)
	{
		const vsnd::element_info& info = fCard->elements()[id];
		const uint32 controls = info.type == vsnd::element_type::integer ? info.count
			: info.type == vsnd::element_type::enumerated ? info.items + 1 : 1;
		if (!info.usable || !info.has(vsnd::element_access::read)
			|| controls >= kMaxControls - fCount)
			return;

		const int32 group = _Add(parent, B_MULTI_MIX_GROUP, info.name).id;
		if (info.type == vsnd::element_type::integer)
			_AddGains(group, id, info);
		else if (info.type == vsnd::element_type::enumerated)
			_AddSelector(group, id, info);
		else if (info.type == vsnd::element_type::boolean) {
			_Add(group, B_MULTI_MIX_ENABLE, info.name, id).string
				= info.role == vsnd::element_role::mute ? S_MUTE : S_null;
		}
	}

	// Gains are dB (R15). A device that does not say what its values mean gets one dB for each.
	void _AddGains(int32 group, uint32 id, const vsnd::element_info& info)
	{
		const int32 steps = static_cast<int32>(vsnd::greater(vsnd::lesser(
			info.highest - info.lowest, vsnd::s64{20000}), vsnd::s64{1}));
		vsnd::db_range& range = fRanges[id];
		if (!vsnd::ok(fCard->read_db_range(id, range))) {
			range = {static_cast<int32>(info.lowest), static_cast<int32>(info.highest), 1, {}};
			range.segments[0] = {range.raw_lowest, range.raw_highest, 0, steps * 100};
		}
		int32 master = 0;
		for (uint32 i = 0; i < info.count; i++) {
			multi_mix_control& control = _Add(group, B_MULTI_MIX_GAIN, info.name, id, i);
			control.gain.min_gain = static_cast<float>(quietest_centi_db(range)) / 100;
			control.gain.max_gain = static_cast<float>(loudest_centi_db(range)) / 100;
			control.gain.granularity = (control.gain.max_gain - control.gain.min_gain)
				/ static_cast<float>(steps);
			control.master = master;
			master = i == 0 ? control.id : master;
		}
	}

	void _AddSelector(int32 group, uint32 id, const vsnd::element_info& info)
	{
		const bool named = vsnd::ok(fCard->read_item_names(id));
		const int32 selector = _Add(group, B_MULTI_MIX_MUX, info.name, id).id;
		for (uint32 i = 0; i < info.items; i++) {
			vsnd::item_name name = {};
			if (!named || !vsnd::ok(fCard->item_name_of(i, name)))
				snprintf(name, sizeof(name), "Item %" B_PRIu32, i + 1);
			_Add(selector, B_MULTI_MIX_MUX_VALUE, name);
		}
	}

	// A control that has a value.
	const Control* _Find(int32 id) const
	{
		if (id < kFirstID || id - kFirstID >= static_cast<int32>(fCount))
			return NULL;
		const Control& control = fControls[id - kFirstID];
		return control.info.flags == B_MULTI_MIX_GROUP
			|| control.info.flags == B_MULTI_MIX_MUX_VALUE ? NULL : &control;
	}

	status_t _Get(const Control& control, multi_mix_value& value)
	{
		value = {.id = value.id, ._reserved_ = {}, .ramp = 0, ._reserved_2 = {}};
		if (control.element == kJack) {
			value.enable = fCard->jacks()[control.index].connected;
			return B_OK;
		}

		vsnd::wire::snd_ctl_value raw = {};
		vsnd::status_code code = fCard->read_element(control.element, raw);
		const vsnd::result<vsnd::s64> number = vsnd::get_value(
			fCard->elements()[control.element], raw, control.index);
		if (!vsnd::ok(code) || !number.ok())
			return B_IO_ERROR;
		const int32 small = static_cast<int32>(number.value());
		if (control.info.flags == B_MULTI_MIX_GAIN)
			value.gain = static_cast<float>(to_centi_db(fRanges[control.element], small)) / 100;
		else
			value.mux = static_cast<uint32>(small);
		return B_OK;
	}

	// A gain is one of the element's values; a switch or a selector sets them all.
	status_t _Set(const Control& control, const multi_mix_value& value)
	{
		if (control.element == kJack)
			return B_NOT_ALLOWED;
		const vsnd::element_info& info = fCard->elements()[control.element];
		const bool isGain = control.info.flags == B_MULTI_MIX_GAIN;
		// The add-on writes no more than a bool where there are two items.
		vsnd::s64 number = info.items > 2 ? value.mux : value.enable ? 1 : 0;
		if (isGain) {
			if (!(value.gain >= -100000 && value.gain <= 100000))
				return B_BAD_VALUE;
			number = vsnd::nearest_value(info, to_raw(fRanges[control.element],
				static_cast<int32>(value.gain * 100)));
		}

		vsnd::wire::snd_ctl_value raw = {};
		vsnd::status_code code = fCard->read_element(control.element, raw);
		for (uint32 i = isGain ? control.index : 0; i < info.count && vsnd::ok(code); i++) {
			code = vsnd::set_value(info, raw, i, number);
			if (isGain)
				break;
		}
		if (vsnd::ok(code))
			code = fCard->write_element(control.element, raw);
		return code == vsnd::status_code::ok ? B_OK
			: code == vsnd::status_code::invalid_argument ? B_BAD_VALUE
			: code == vsnd::status_code::not_available ? B_NOT_ALLOWED : B_IO_ERROR;
	}

	SoundCard*		fCard = NULL;
	uint32			fCount = 0;
	Control			fControls[kMaxControls] = {};
	vsnd::db_range	fRanges[SoundLimits::elements] = {};
};


#endif	// MIXER_H
