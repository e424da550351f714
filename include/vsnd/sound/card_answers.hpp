#pragma once
// What comes back from the device about jacks and control elements: answers, events, and the time
// in which no answer came.
// Spec: [virtio 1.4] Sound Device / Jack Notifications
// Spec: [virtio 1.4] Sound Device / Control Element Notifications

#include <vsnd/sound/card.hpp>

namespace vsnd {

template <class Card, class Limits>
void card_items<Card, Limits>::item_answered(const control_answer& answer) {
    if (self().state() == card_state::opening) return got_items(answer.code);
    if constexpr (jacks_too) {
        if (answer.owner == jack_owner && jacks_.task.outcome_ == status_code::in_progress) {
            if (ok(answer.code)) {
                jack_configuration& now = jacks_.all[jacks_.remapped].configuration;
                now.association = jacks_.association;
                now.sequence = jacks_.sequence;
            }
            finish(jacks_.task, answer.code);
        }
    }
    if constexpr (elements_too) {
        if (answer.owner == element_owner && elements_.task.outcome_ == status_code::in_progress) {
            element_answered(answer.code);
        }
    }
}

template <class Card, class Limits>
void card_items<Card, Limits>::element_answered(status_code code) {
    elements_.answered = ok(code) ? elements_.expected : 0;
    __builtin_memcpy(elements_.answer, self().shared_->items.element_answer.at, elements_.answered);
    if (ok(code) && elements_.code == wire::SND_R_CTL_INFO) {
        element_info& info = elements_.all[elements_.id];
        info = judge_element({elements_.answer, elements_.answered}, elements_.layout.value_offset);
        if (info.malformed) ++progress_.counters.malformed;
    }
    finish(elements_.task, code);
}

// The answer to something given up: the device has let go of the memory.
template <class Card, class Limits>
void card_items<Card, Limits>::item_returned([[maybe_unused]] u32 owner) {
    if constexpr (elements_too) {
        if (owner == element_owner) elements_.task.kept_ = false;
    }
}

template <class Card, class Limits>
void card_items<Card, Limits>::tick_items(u64 now, u64& next) {
    Card& card = self();
    item_question q;
    if (card.state() == card_state::opening) {
        if (progress_.probing || !question(q) || Card::before(now, card.deadline_, next)) return;
        if (card.overdue(q.owner, card.deadline_, now)) got_items(status_code::timed_out);
        return;
    }
    if constexpr (jacks_too) tick_task(jacks_.task, jack_owner, now, next);
    if constexpr (elements_too) tick_task(elements_.task, element_owner, now, next);
}

template <class Card, class Limits>
void card_items<Card, Limits>::tick_task(item_task& task, u32 owner, u64 now, u64& next) {
    if (load_acquire(&task.outcome_) != status_code::in_progress) return;
    if (Card::before(now, task.deadline_, next)) return;
    if (!self().overdue(owner, task.deadline_, now)) return;
    // A remap request lies in its cell, which is kept for it.
    task.kept_ = owner == element_owner;
    finish(task, status_code::timed_out);
}

// The card failed or is closed: what is under way ends.
template <class Card, class Limits>
void card_items<Card, Limits>::end_items(status_code code) {
    [[maybe_unused]] const auto end = [&](item_task& task) {
        if (task.outcome_ == status_code::in_progress) finish(task, code);
    };
    if constexpr (jacks_too) end(jacks_.task);
    if constexpr (elements_too) end(elements_.task);
}

template <class Card, class Limits>
bool card_items<Card, Limits>::items_pending() const {
    bool any = false;
    if constexpr (jacks_too) any |= jacks_.task.outcome_ == status_code::in_progress;
    if constexpr (elements_too) any |= elements_.task.outcome_ == status_code::in_progress;
    return any;
}

// The device was reset: it has let go of all memory. What is known of the items stays.
template <class Card, class Limits>
void card_items<Card, Limits>::items_returned() {
    if constexpr (jacks_too) jacks_.task.kept_ = false;
    if constexpr (elements_too) elements_.task.kept_ = false;
}

// --- Events. ---

// False: of no kind, or for no item, that exists here.
template <class Card, class Limits>
bool card_items<Card, Limits>::item_event(u32 code, u32 data) {
    switch (code) {
    case wire::SND_EVT_JACK_CONNECTED: return jack_event(data, true);
    case wire::SND_EVT_JACK_DISCONNECTED: return jack_event(data, false);
    case wire::SND_EVT_CTL_NOTIFY: return element_event(data);
    default: return false;
    }
}

template <class Card, class Limits>
bool card_items<Card, Limits>::jack_event([[maybe_unused]] u32 id,
                                          [[maybe_unused]] bool connected) {
    if constexpr (jacks_too) {
        if (id >= lesser(jacks_.in_device, Limits::jacks)) return false;
        jacks_.heard[id] = connected ? heard_state::connected : heard_state::disconnected;
        if (id >= jacks_.count) return self().state() == card_state::opening;
        jacks_.all[id].connected = connected;
        Card& card = self();
        if constexpr (requires { card.handler_.jack_changed(card, id); }) {
            card.handler_.jack_changed(card, id);
        }
        return true;
    }
    return false;
}

// Spec: [virtio 1.4] Sound Device / Control Element Notifications
template <class Card, class Limits>
bool card_items<Card, Limits>::element_event([[maybe_unused]] u32 data) {
    if constexpr (elements_too) {
        Card& card = self();
        const bool opening = card.state() == card_state::opening;
        const element_notice notice =
            decode_element_notice(data, opening ? elements_.in_device : elements_.count);
        if (!notice.usable) return false;
        if constexpr (requires {
                          card.handler_.element_changed(card, notice.control_id, notice);
                      }) {
            if (notice.control_id < elements_.count) {
                card.handler_.element_changed(card, notice.control_id, notice);
            }
        }
        return true;
    }
    return false;
}

} // namespace vsnd
