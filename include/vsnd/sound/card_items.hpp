#pragma once
// What a card offers besides streams: jacks, channel maps and control elements. A base of card;
// found out by open, in one go with the streams. Whatever the device does not tell of them (it may
// know the requests, or not) is missing, counted, and no reason to fail.
//
// Operations have two forms, as those of a stream: `x_async` sends a request and answers
// in_progress, and `remap_outcome()` or `element_outcome()` says how it ended; `x` waits for it.
// One at a time for jacks and one for elements, in parallel to each other and to the streams.
// Contexts: unless a function says otherwise, a thread, or an interrupt for the _async forms;
// never a callback (wrong_context).
// Common errors: wrong_context; wrong_state, the card is not open; busy, one is under way, or one
// was given up and the device still has its memory; invalid_argument, there is no such item;
// no_room in the control queue; the device's own answers; timed_out (it may still take effect);
// device_broken, needs_reset. On every error that is the caller's, no request was sent.
// Spec: [virtio 1.4] Sound Device / Jack Control Messages
// Spec: [virtio 1.4] Sound Device / Channel Map Control Messages
// Spec: [virtio 1.4] Sound Device / Control Elements

#include <vsnd/sound/control.hpp>
#include <vsnd/sound/db_range.hpp>
#include <vsnd/sound/element_request.hpp>
#include <vsnd/sound/items.hpp>

namespace vsnd {

template <class Card, class Limits>
class card_items {
  public:
    const item_counters& item_counts() const { return progress_.counters; }

    // --- Jacks. ---

    // How many jacks the device says it has, and those that can be used here. `connected` follows
    // the device's events. Context: any.
    u32 device_jacks() const { return in_device(jacks_); }
    span<const jack_info> jacks() const { return known<jack_info>(jacks_); }

    // Moves a jack to another association and sequence. Errors: not_available, it cannot be.
    // Spec: [virtio 1.4] Sound Device / VIRTIO_SND_R_JACK_REMAP
    status_code remap_jack_async(u32 id, u32 association, u32 sequence) {
        return send_remap(id, association, sequence, false);
    }
    status_code remap_jack(u32 id, u32 association, u32 sequence) {
        const auto done = [] { return status_code::ok; };
        return finish_call(jacks_.task, send_remap(id, association, sequence, true), done);
    }
    // How the last one ended; in_progress while it runs. Context: any.
    status_code remap_outcome() const { return load_acquire(&jacks_.task.outcome_); }

    // --- Channel maps. ---

    // How many maps the device says it has, and those that are known here. Context: any.
    u32 device_channel_maps() const { return in_device(maps_); }
    span<const channel_map> channel_maps() const { return known<channel_map>(maps_); }

    // The positions of a stream's channels where it uses so many: the device's map, or the usual
    // order; empty where there is neither. Valid until close. Context: any.
    template <class Stream>
    span<const channel_position> positions(const Stream& s, u32 channels) const {
        return stream_positions(channel_maps(), s.info().hda_fn_nid, s.flow(), channels);
    }

    // --- Control elements. ---

    // How many elements the device says it has, 0 where it does not offer VIRTIO_SND_F_CTLS; and
    // those that can be used here. Only refresh_element changes a description. Context: any.
    u32 device_elements() const { return in_device(elements_); }
    span<const element_info> elements() const { return known<element_info>(elements_); }

    // How the last operation ended; in_progress while it runs. Context: any.
    status_code element_outcome() const { return load_acquire(&elements_.task.outcome_); }
    // The payload of the last answer, out of the device's reach; empty where the last operation
    // failed. Valid until the next one begins. Context: any, after the outcome.
    span<const u8> element_answer() const {
        return {elements_.answer, ok(element_outcome()) ? elements_.answered : 0};
    }

    // The value as the device tells it: read members of it with get_value and its kin, which check
    // the range. Errors: not_available, the element may not be read.
    // Spec: [virtio 1.4] Sound Device / Control Element Value
    status_code read_element_async(u32 id) { return call({id, wire::SND_R_CTL_READ}, false); }
    status_code read_element(u32 id, wire::snd_ctl_value& out) {
        const auto take = [&] { return element_value(out); };
        return finish_call(elements_.task, call({id, wire::SND_R_CTL_READ}, true), take);
    }
    // What the last read_element_async brought. Errors: wrong_state, there is none. Context: any.
    status_code element_value(wire::snd_ctl_value& out) const;

    // Errors: not_available, the element may not be written; invalid_argument, out of range.
    status_code write_element_async(u32 id, const wire::snd_ctl_value& value) {
        return call({.id = id, .code = wire::SND_R_CTL_WRITE, .value = &value}, false);
    }
    status_code write_element(u32 id, const wire::snd_ctl_value& value) {
        return finish_call({.id = id, .code = wire::SND_R_CTL_WRITE, .value = &value});
    }

    // Asks for the names of an enumerated element's items; then item_name_of.
    // Errors: invalid_argument, another type; no_room, they need more than
    // Limits::element_answer_bytes.
    // Spec: [virtio 1.4] Sound Device / Control Element Information
    status_code read_item_names_async(u32 id) {
        return call({id, wire::SND_R_CTL_ENUM_ITEMS}, false);
    }
    status_code read_item_names(u32 id) { return finish_call({id, wire::SND_R_CTL_ENUM_ITEMS}); }
    // Errors: wrong_state, the last operation was another one, or failed; invalid_argument, no such
    // item; device_bad_answer, the name is no proper one. Context: any.
    status_code item_name_of(u32 item, item_name& out) const;

    // The metadata: its type, length and value, for tlv_walk; as much of it as fits into `into`.
    // The answer: bytes. Errors: not_available, it may not be read; invalid_argument, less than 8.
    // Spec: [virtio 1.4] Sound Device / Control Element Metadata
    status_code read_tlv_async(u32 id) { return call(tlv_read_of(id, ~usize{0}), false); }
    result<usize> read_tlv(u32 id, span<u8> into);
    // The same, decoded, for an element of type integer. Errors: as find_db_range.
    status_code read_db_range(u32 id, db_range& out) {
        const auto take = [&] {
            return find_db_range(element_answer(), elements_.all[elements_.id], out);
        };
        return finish_call(elements_.task, call(tlv_read_of(id, ~usize{0}), true), take);
    }

    // `value` without type and length. Errors: not_available, it may not be written or commanded;
    // invalid_argument, no multiple of 4 bytes, or above 64 KiB; no_room, more than
    // Limits::element_request_bytes - 16.
    status_code write_tlv_async(u32 id, u32 type, span<const u8> value) {
        return call(tlv_of(wire::SND_R_CTL_TLV_WRITE, id, type, value), false);
    }
    status_code write_tlv(u32 id, u32 type, span<const u8> value) {
        return finish_call(tlv_of(wire::SND_R_CTL_TLV_WRITE, id, type, value));
    }
    status_code command_tlv_async(u32 id, u32 type, span<const u8> value) {
        return call(tlv_of(wire::SND_R_CTL_TLV_COMMAND, id, type, value), false);
    }
    status_code command_tlv(u32 id, u32 type, span<const u8> value) {
        return finish_call(tlv_of(wire::SND_R_CTL_TLV_COMMAND, id, type, value));
    }

    // Asks again for an element's description, after a notification that it changed.
    status_code refresh_element_async(u32 id) { return call({id, wire::SND_R_CTL_INFO}, false); }
    status_code refresh_element(u32 id) { return finish_call({id, wire::SND_R_CTL_INFO}); }

  private:
    friend Card;
    static constexpr bool jacks_too = Limits::jacks != 0;
    static constexpr bool maps_too = Limits::channel_maps != 0;
    static constexpr bool elements_too = Limits::elements != 0;

    // A request about one element, before it is built.
    struct element_call {
        u32 id = 0;
        u32 code = 0;
        const wire::snd_ctl_value* value = nullptr;
        u32 type = 0;           // of metadata
        span<const u8> bytes{}; // its value
        u32 room = 0;           // for the value that is read
    };
    // One question of discovery: where its answer goes, how much is known, how much is wanted.
    struct item_question {
        u32 owner = 0;
        u32 code = 0;
        u32 item_bytes = 0;
        u32 known = 0;
        u32 wanted = 0;
        u32 most = 0; // in one answer
        u8* answer = nullptr;
        usize at = 0;
        u32 count() const { return lesser(wanted - known, most); }
    };

    Card& self() { return static_cast<Card&>(*this); }
    template <class Desk>
    static u32 in_device(const Desk& desk) {
        if constexpr (requires { desk.in_device; }) return desk.in_device;
        return 0;
    }
    template <class Item, class Desk>
    static span<const Item> known(const Desk& desk) {
        if constexpr (requires { desk.all; }) return {desk.all, desk.count};
        return {};
    }

    // --- Discovery (card_discovery.hpp). ---
    void forget_items();
    void reset_items();
    status_code count_items(const wire::snd_config& config, u64 features);
    bool question(item_question& q);
    status_code ask(const item_question& q);
    status_code ask_for_items();
    void go_on();
    void got_items(status_code code);
    void take_items(const item_question& q);
    bool probe();
    bool probed(status_code code);

    // --- Requests (card_requests.hpp). ---
    status_code begin(item_task& task, bool taken);
    status_code abandon(item_task& task, status_code code);
    void finish(item_task& task, status_code code);
    template <class Take>
    status_code finish_call(item_task& task, status_code begun, Take take);
    status_code finish_call(const element_call& c) {
        const auto done = [] { return status_code::ok; };
        return finish_call(elements_.task, call(c, true), done);
    }
    status_code send_remap(u32 id, u32 association, u32 sequence, bool taken);
    status_code call(const element_call& c, bool taken);
    result<element_request> build(const element_call& c);
    static element_call tlv_read_of(u32 id, usize room);
    static element_call tlv_of(u32 code, u32 id, u32 type, span<const u8> value) {
        return {.id = id, .code = code, .type = type, .bytes = value};
    }

    // --- Answers and events (card_answers.hpp). ---
    void item_answered(const control_answer& answer);
    void element_answered(status_code code);
    void item_returned(u32 owner);
    void tick_items(u64 now, u64& next);
    void tick_task(item_task& task, u32 owner, u64 now, u64& next);
    void end_items(status_code code);
    bool items_pending() const;
    void items_returned();
    bool item_event(u32 code, u32 data);
    bool jack_event(u32 id, bool connected);
    bool element_event(u32 data);

    [[no_unique_address]] item_progress<has_items<Limits>> progress_;
    [[no_unique_address]] jack_desk<Limits::jacks> jacks_;
    [[no_unique_address]] channel_map_desk<Limits::channel_maps> maps_;
    [[no_unique_address]] element_desk<Limits> elements_;
};

} // namespace vsnd
