#pragma once
// Requests about jacks and control elements, from the caller to the control queue.
// Spec: [virtio 1.4] Sound Device / Jack Control Messages
// Spec: [virtio 1.4] Sound Device / Control Elements

#include <vsnd/sound/card.hpp>

namespace vsnd {

// Takes a desk for one operation, or says why not; then nothing has changed. `taken`: until the
// caller has fetched the answer, nobody else begins.
template <class Card, class Limits>
status_code card_items<Card, Limits>::begin(item_task& task, bool taken) {
    Card& card = self();
    if (card.hooks_ == nullptr) return status_code::wrong_state;
    if (card.in_callback()) return status_code::wrong_context;
    if (!ok(card.away())) return card.away();
    if (!card.reachable(wire::SND_VQ_CONTROL)) return status_code::wrong_state;
    [[maybe_unused]] auto held = card.ends_[wire::SND_VQ_CONTROL].lock();
    if (!ok(card.away())) return card.away();
    if (!ok(card.failure())) return card.failure();
    if (!card.is_open()) return status_code::wrong_state;
    if (task.pending_ || task.kept_) return status_code::busy;
    task.pending_ = true;
    task.taken_ = taken;
    return status_code::ok;
}

// Nothing was sent after all.
template <class Card, class Limits>
status_code card_items<Card, Limits>::abandon(item_task& task, status_code code) {
    [[maybe_unused]] auto held = self().ends_[wire::SND_VQ_CONTROL].lock();
    task.pending_ = false;
    return code;
}

template <class Card, class Limits>
void card_items<Card, Limits>::finish(item_task& task, status_code code) {
    {
        // Both at once: who sees the outcome may begin anew.
        [[maybe_unused]] auto held = self().ends_[wire::SND_VQ_CONTROL].lock();
        task.pending_ = task.taken_;
        store_release(&task.outcome_, code);
    }
    wake(*self().hooks_);
}

template <class Card, class Limits>
template <class Take>
status_code card_items<Card, Limits>::finish_call(item_task& task, status_code begun, Take take) {
    if (begun != status_code::in_progress) return begun;
    status_code code = self().wait_for(task.outcome_);
    if (ok(code)) code = take();
    // A card that was closed meanwhile has let everything go.
    if (self().port_ == nullptr || !self().ends_[wire::SND_VQ_CONTROL].ready()) return code;
    return abandon(task, code);
}

// The request fits into a cell of the control channel, and the answer has no payload: what was
// given up keeps no memory.
template <class Card, class Limits>
status_code card_items<Card, Limits>::send_remap(u32 id, u32 association, u32 sequence,
                                                 bool taken) {
    static_assert(jacks_too, "Limits::jacks leaves jacks out");
    item_task& task = jacks_.task;
    const status_code begun = begin(task, taken);
    if (!ok(begun)) return begun;
    if (id >= jacks_.count) return abandon(task, status_code::invalid_argument);
    const auto request = make_jack_remap(id, jacks_.all[id], association, sequence);
    if (!request.ok()) return abandon(task, request.code());
    jacks_.remapped = id;
    jacks_.association = static_cast<u8>(association);
    jacks_.sequence = static_cast<u8>(sequence);
    const status_code before = task.outcome_;
    const u64 now = self().time();
    task.deadline_ = now + Card::time_limit_;
    store_release(&task.outcome_, status_code::in_progress);
    const status_code sent =
        self().control_.send(jack_owner, &request.value(), sizeof(wire::snd_jack_remap), {}, now);
    if (ok(sent)) return status_code::in_progress;
    task.outcome_ = before;
    return abandon(task, sent);
}

template <class Card, class Limits>
typename card_items<Card, Limits>::element_call card_items<Card, Limits>::tlv_read_of(u32 id,
                                                                                      usize room) {
    constexpr usize head = sizeof(wire::snd_ctl_tlv);
    constexpr usize most =
        lesser(usize{Limits::element_answer_bytes} - head, usize{wire::SND_CTL_TLV_MAX_BYTES});
    return {.id = id,
            .code = wire::SND_R_CTL_TLV_READ,
            .room = static_cast<u32>(lesser(room, most) & ~usize{3})};
}

template <class Card, class Limits>
result<element_request> card_items<Card, Limits>::build(const element_call& c) {
    if (c.id >= elements_.count) return status_code::invalid_argument;
    const element_info& info = elements_.all[c.id];
    const span<u8> out = self().shared_->items.element_request.at;
    switch (c.code) {
    case wire::SND_R_CTL_INFO:
        return make_element_query(out, elements_.in_device, c.id, 1, elements_.item_bytes);
    case wire::SND_R_CTL_ENUM_ITEMS:
        return make_items_query(out, c.id, info, Limits::element_answer_bytes);
    case wire::SND_R_CTL_READ: return make_value_read(out, c.id, info);
    case wire::SND_R_CTL_WRITE: return make_value_write(out, c.id, info, *c.value);
    case wire::SND_R_CTL_TLV_READ: return make_tlv_read(out, c.id, info, c.room);
    case wire::SND_R_CTL_TLV_WRITE: return make_tlv_write(out, c.id, info, c.type, c.bytes);
    default: return make_tlv_command(out, c.id, info, c.type, c.bytes);
    }
}

// Sends one request about an element. What is not allowed is never built.
template <class Card, class Limits>
status_code card_items<Card, Limits>::call(const element_call& c, bool taken) {
    static_assert(elements_too, "Limits::elements leaves control elements out");
    Card& card = self();
    item_task& task = elements_.task;
    const status_code begun = begin(task, taken);
    if (!ok(begun)) return begun;
    const auto built = build(c);
    if (!built.ok()) return abandon(task, built.code());

    auto& shared = card.shared_->items;
    const auto bus_of = [&](const u8* at) {
        return card.shared_bus_ + static_cast<usize>(at - reinterpret_cast<u8*>(card.shared_));
    };
    const element_request& sizes = built.value();
    __builtin_memset(shared.element_answer.at, 0, sizes.payload_bytes);
    elements_.id = c.id;
    elements_.code = c.code;
    elements_.expected = sizes.payload_bytes;
    const status_code before = task.outcome_;
    const u64 now = card.time();
    task.deadline_ = now + Card::time_limit_;
    store_release(&task.outcome_, status_code::in_progress);
    const status_code sent =
        card.control_.send_shared(element_owner, shared.element_request.at,
                                  {bus_of(shared.element_request.at), sizes.request_bytes},
                                  {bus_of(shared.element_answer.at), sizes.payload_bytes}, now);
    if (ok(sent)) return status_code::in_progress;
    task.outcome_ = before;
    return abandon(task, sent);
}

template <class Card, class Limits>
status_code card_items<Card, Limits>::element_value(wire::snd_ctl_value& out) const {
    const span<const u8> answer = element_answer();
    if (elements_.code != wire::SND_R_CTL_READ || answer.size() != sizeof(out)) {
        return status_code::wrong_state;
    }
    __builtin_memcpy(&out, answer.data(), sizeof(out));
    return status_code::ok;
}

template <class Card, class Limits>
status_code card_items<Card, Limits>::item_name_of(u32 item, item_name& out) const {
    const span<const u8> answer = element_answer();
    if (elements_.code != wire::SND_R_CTL_ENUM_ITEMS || answer.empty()) {
        return status_code::wrong_state;
    }
    return get_item_name(elements_.all[elements_.id], answer, item, out);
}

template <class Card, class Limits>
result<usize> card_items<Card, Limits>::read_tlv(u32 id, span<u8> into) {
    constexpr usize head = sizeof(wire::snd_ctl_tlv);
    if (into.size() < head) return status_code::invalid_argument;
    usize bytes = 0;
    const auto take = [&] {
        const span<const u8> answer = element_answer();
        // The value's length is the device's claim; it may be longer than what came.
        const usize length = detail::word_at(answer, __builtin_offsetof(wire::snd_ctl_tlv, length));
        bytes = head + lesser(length, answer.size() - head);
        __builtin_memcpy(into.data(), answer.data(), bytes);
        return status_code::ok;
    };
    const element_call request = tlv_read_of(id, into.size() - head);
    const status_code code = finish_call(elements_.task, call(request, true), take);
    if (!ok(code)) return code;
    return bytes;
}

} // namespace vsnd
