#pragma once
// Control elements and jacks as the list of controls that a kernel's mixer shows: a group for each
// element, and in it a gain for each value, a switch, or a selector with its choices.
//
//     mixer<card<my_port>, default_limits::elements> controls;
//     controls.init(card, "Output");        // after card.open
//     for (const mixer_control& c : controls.all()) ...
//     controls.read(i), controls.write(i, value)
//
// Values: gains are hundredths of a dB, switches and jacks 0 or 1, selectors the number of a choice.
// Context: thread, as the blocking operations of the card; one caller at a time.

#include <vsnd/sound/card_items.hpp>

namespace vsnd {

enum class control_kind : u8 {
    group,    // of others; has no value
    gain,     // of one channel
    toggle,   // of all channels
    selector, // of one of the choices that follow
    choice,   // has a name and no value
    plug      // whether something is in a jack; cannot be written
};
constexpr bool has_value(control_kind kind) {
    return kind != control_kind::group && kind != control_kind::choice;
}

inline constexpr u32 no_control = 0xffffffff;

struct mixer_control {
    control_kind kind = control_kind::group;
    element_role role = element_role::undefined;
    u32 parent = no_control; // the group or selector that it is part of
    u32 leader = no_control; // gain: that of the group's first channel
    u32 item = 0;            // the number of the element or jack
    u32 index = 0;           // gain: which of the element's values; choice: its number
    u32 choices = 0;         // selector: how many
    u32 steps = 0;           // gain: how many there are from the quietest to the loudest
    s32 quietest = 0;        // gain: hundredths of a dB; silence itself is centi_db_mute
    s32 loudest = 0;
    char name[sizeof(item_name)]{};
};

template <class Card, u32 Elements, u32 Controls = 128>
class mixer {
  public:
    // Asks the device about each of its elements; control 0 is a group of all, called `name`. What
    // cannot be read, is of another type, or finds no room as a whole is left out.
    void init(Card& card, const char* name) {
        card_ = &card;
        count_ = 0;
        (void)add({}, name);
        const u32 elements = lesser(static_cast<u32>(card.elements().size()), Elements);
        for (u32 i = 0; i < elements; ++i)
            add_element(i, card.elements()[i]);
        const u32 jacks = lesser(static_cast<u32>(card.jacks().size()), Controls - count_);
        for (u32 i = 0; i < jacks; ++i)
            number(add({.kind = control_kind::plug, .parent = 0, .item = i}, "Jack "), i + 1);
    }

    void clear() { count_ = 0; }

    // Empty before init and after clear. Context: any.
    span<const mixer_control> all() const { return {controls_, count_}; }

    // Errors: invalid_argument, no such control, or it has no value; those of card.read_element.
    result<s32> read(u32 control) {
        if (!valued(control)) return status_code::invalid_argument;
        const mixer_control& c = controls_[control];
        if (c.kind == control_kind::plug) return card_->jacks()[c.item].connected ? 1 : 0;
        wire::snd_ctl_value raw{};
        const status_code code = card_->read_element(c.item, raw);
        if (!ok(code)) return code;
        const result<s64> value = get_value(card_->elements()[c.item], raw, c.index);
        if (!value.ok()) return value.code();
        const s32 number = static_cast<s32>(value.value());
        return c.kind == control_kind::gain ? to_centi_db(ranges_[c.item], number) : number;
    }

    // A gain becomes the nearest one that there is; a switch or a selector sets all channels.
    // Errors: invalid_argument, also for a number that is no choice; not_available, it cannot be
    // written; those of card.read_element and write_element.
    status_code write(u32 control, s32 value) {
        if (!valued(control)) return status_code::invalid_argument;
        const mixer_control& c = controls_[control];
        if (c.kind == control_kind::plug) return status_code::not_available;
        const element_info& info = card_->elements()[c.item];
        const bool gain = c.kind == control_kind::gain;
        if (gain) value = static_cast<s32>(nearest_value(info, to_raw(ranges_[c.item], value)));
        wire::snd_ctl_value raw{};
        status_code code = card_->read_element(c.item, raw); // the other channels stay
        for (u32 i = gain ? c.index : 0; i < (gain ? c.index + 1 : info.count) && ok(code); ++i)
            code = set_value(info, raw, i, value);
        return ok(code) ? card_->write_element(c.item, raw) : code;
    }

  private:
    bool valued(u32 control) const {
        return control < count_ && has_value(controls_[control].kind);
    }

    // The caller has seen that there is room.
    mixer_control& add(const mixer_control& c, const char* name) {
        mixer_control& added = controls_[count_++];
        added = c;
        for (usize i = 0; i + 1 < sizeof(added.name) && name[i] != 0; ++i)
            added.name[i] = name[i];
        return added;
    }
    static char digit(u32 n) { return static_cast<char>('0' + n % 10); }
    // For what has no name: below 1000.
    static void number(mixer_control& c, u32 n) {
        char* end = c.name;
        while (*end != 0)
            ++end;
        if (n >= 100) *end++ = digit(n / 100);
        if (n >= 10) *end++ = digit(n / 10);
        *end = digit(n);
    }

    void add_element(u32 id, const element_info& info) {
        if (!info.usable || !info.has(element_access::read)) return;
        const u32 room = Controls - count_;
        const bool gain = info.type == element_type::integer;
        const bool selector = info.type == element_type::enumerated;
        const u32 parts = gain ? info.count : 1;
        if ((!gain && !selector && info.type != element_type::boolean) || parts >= room ||
            (selector && info.items >= room - parts))
            return;
        const u32 group = count_;
        (void)add({.kind = control_kind::group, .role = info.role, .parent = 0, .item = id},
                  info.name);
        mixer_control c{
            .kind = control_kind::toggle, .role = info.role, .parent = group, .item = id};
        if (gain) return add_gains(c, info);
        if (selector) return add_selector(c, info);
        (void)add(c, info.name);
    }

    // A device that does not say what its values mean gets one dB for each.
    void add_gains(mixer_control c, const element_info& info) {
        db_range& range = ranges_[c.item];
        if (!ok(card_->read_db_range(c.item, range))) range = assumed_db_range(info);
        c.kind = control_kind::gain;
        c.leader = count_;
        c.quietest = quietest_centi_db(range);
        c.loudest = loudest_centi_db(range);
        c.steps = static_cast<u32>(lesser(greater(info.highest - info.lowest, s64{1}), most_steps));
        for (; c.index < info.count; ++c.index)
            (void)add(c, info.name);
    }

    void add_selector(mixer_control c, const element_info& info) {
        c.kind = control_kind::selector;
        c.choices = info.items;
        const bool named = ok(card_->read_item_names(c.item));
        mixer_control choice{.kind = control_kind::choice, .parent = count_, .item = c.item};
        (void)add(c, info.name);
        for (; choice.index < info.items; ++choice.index) {
            item_name name{};
            if (named && ok(card_->item_name_of(choice.index, name)))
                (void)add(choice, name);
            else
                number(add(choice, "Item "), choice.index + 1);
        }
    }

    static constexpr s64 most_steps = 20000;

    Card* card_ = nullptr;
    u32 count_ = 0;
    mixer_control controls_[Controls]{};
    db_range ranges_[Elements]{};
    static_assert(Elements != 0 && Controls != 0 && Controls < 1000);
};

} // namespace vsnd
