#pragma once
// How a card finds out about jacks, channel maps and control elements: one question after the
// other, each for as many items as fit into its answer.
// Spec: [virtio 1.4] Sound Device / Item Information Request

#include <vsnd/sound/card.hpp>

namespace vsnd {

// The card is closed: nothing is known any more.
template <class Card, class Limits>
void card_items<Card, Limits>::forget_items() {
    if constexpr (jacks_too) jacks_.in_device = jacks_.count = 0;
    if constexpr (maps_too) maps_.in_device = maps_.count = 0;
    if constexpr (elements_too) {
        elements_.in_device = elements_.count = elements_.answered = 0;
    }
}

// The card opens: all begins anew.
template <class Card, class Limits>
void card_items<Card, Limits>::reset_items() {
    forget_items();
    progress_ = {};
    if constexpr (jacks_too) {
        jacks_.task = {};
        for (heard_state& h : jacks_.heard)
            h = heard_state::nothing;
    }
    if constexpr (elements_too) {
        elements_.item_bytes = sizeof(wire::snd_ctl_info);
        elements_.layout = {};
        elements_.task = {};
    }
}

// What the configuration says. `controls` is looked at only with VIRTIO_SND_F_CTLS, and a device
// that offers it without having the field has no elements.
template <class Card, class Limits>
status_code card_items<Card, Limits>::count_items(const wire::snd_config& config,
                                                  [[maybe_unused]] u64 features) {
    progress_.kind = item_kind::jacks;
    if constexpr (jacks_too) jacks_.in_device = config.jacks;
    if constexpr (maps_too) maps_.in_device = config.chmaps;
    if constexpr (elements_too) {
        if ((features >> wire::SND_F_CTLS & 1) == 0) return status_code::ok;
        constexpr u32 at = __builtin_offsetof(wire::snd_config, controls);
        le32 controls;
        const status_code read =
            self().port_->read_config(at, {reinterpret_cast<u8*>(&controls), sizeof(controls)});
        if (ok(read)) elements_.in_device = controls;
        if (read == status_code::not_available) {
            ++progress_.counters.refused_queries;
        } else if (!ok(read)) {
            return read;
        }
    }
    return status_code::ok;
}

// The question that comes next for the present kind. False: nothing is left to ask.
template <class Card, class Limits>
bool card_items<Card, Limits>::question(item_question& q) {
    using area = typename Card::area;
    auto& shared = self().shared_->items;
    constexpr usize base = __builtin_offsetof(area, items);
    q = {};
    if constexpr (jacks_too) {
        if (progress_.kind == item_kind::jacks) {
            q = {jack_owner,
                 wire::SND_R_JACK_INFO,
                 sizeof(wire::snd_jack_info),
                 jacks_.count,
                 lesser(jacks_.in_device, Limits::jacks),
                 info_batch,
                 shared.jacks.at,
                 0};
        }
    }
    if constexpr (maps_too) {
        if (progress_.kind == item_kind::channel_maps) {
            q = {channel_map_owner,
                 wire::SND_R_CHMAP_INFO,
                 sizeof(wire::snd_chmap_info),
                 maps_.count,
                 lesser(maps_.in_device, Limits::channel_maps),
                 info_batch,
                 shared.channel_maps.at,
                 0};
        }
    }
    if constexpr (elements_too) {
        if (progress_.kind == item_kind::elements) {
            constexpr u32 longest = sizeof(wire::snd_ctl_info_aligned);
            q = {element_owner,
                 wire::SND_R_CTL_INFO,
                 elements_.item_bytes,
                 elements_.count,
                 lesser(elements_.in_device, Limits::elements),
                 Limits::element_answer_bytes / longest,
                 shared.element_answer.at,
                 0};
        }
    }
    if (q.known == q.wanted) return false;
    q.at = base + static_cast<usize>(q.answer - reinterpret_cast<u8*>(&shared));
    return true;
}

template <class Card, class Limits>
status_code card_items<Card, Limits>::ask(const item_question& q) {
    const u32 bytes = q.count() * q.item_bytes;
    // What the device does not write must not be an older answer.
    __builtin_memset(q.answer, 0, bytes);
    wire::snd_query_info query;
    query.hdr.code = q.code;
    query.start_id = q.known;
    query.count = q.count();
    query.size = q.item_bytes;
    const u64 now = self().time();
    self().deadline_ = now + Card::time_limit_;
    return self().control_.send(q.owner, &query, sizeof(query), {self().shared_bus_ + q.at, bytes},
                                now);
}

// Asks the next question. ok: there is none.
template <class Card, class Limits>
status_code card_items<Card, Limits>::ask_for_items() {
    item_question q;
    while (progress_.kind != item_kind::none) {
        if (question(q)) {
            if (ok(ask(q))) return status_code::in_progress;
            ++progress_.counters.refused_queries;
        }
        progress_.kind = static_cast<item_kind>(static_cast<u8>(progress_.kind) + 1);
    }
    return status_code::ok;
}

template <class Card, class Limits>
void card_items<Card, Limits>::go_on() {
    const status_code code = ask_for_items();
    if (code != status_code::in_progress) self().finish_opening(code);
}

// An answer came, or the time for it is over. Only one that says nothing at all, and a device that
// does not answer anything any more, end the opening.
template <class Card, class Limits>
void card_items<Card, Limits>::got_items(status_code code) {
    item_question q;
    if (!question(q)) return;
    if (ok(code)) {
        take_items(q);
        return go_on();
    }
    if constexpr (elements_too) {
        // Devices exist that insist on the item size that their compiler has made.
        const bool refused =
            code == status_code::device_bad_msg || code == status_code::device_not_supp;
        constexpr u32 usual = sizeof(wire::snd_ctl_info);
        if (q.owner == element_owner && q.known == 0 && refused && q.item_bytes == usual) {
            elements_.item_bytes = sizeof(wire::snd_ctl_info_aligned);
            return go_on();
        }
        if (q.owner == element_owner && code == status_code::timed_out) {
            elements_.task.kept_ = true;
        }
    }
    ++progress_.counters.refused_queries;
    progress_.kind = static_cast<item_kind>(static_cast<u8>(progress_.kind) + 1);
    if (code == status_code::timed_out && probe()) return;
    go_on();
}

template <class Card, class Limits>
void card_items<Card, Limits>::take_items(const item_question& q) {
    const u32 count = q.count();
    [[maybe_unused]] const auto add = [&](auto& desk, auto raw) {
        for (u32 i = 0; i < count; ++i) {
            __builtin_memcpy(&raw, q.answer + i * sizeof(raw), sizeof(raw));
            desk.all[q.known + i] = judge(raw);
            if (desk.all[q.known + i].malformed) ++progress_.counters.malformed;
        }
        desk.count = q.known + count;
    };
    if constexpr (jacks_too) {
        if (q.owner == jack_owner) {
            add(jacks_, wire::snd_jack_info{});
            // An event may be younger than the answer, and is seen before it.
            for (u32 i = q.known; i < jacks_.count; ++i) {
                if (jacks_.heard[i] == heard_state::nothing) continue;
                jacks_.all[i].connected = jacks_.heard[i] == heard_state::connected;
            }
        }
    }
    if constexpr (maps_too) {
        if (q.owner == channel_map_owner) add(maps_, wire::snd_chmap_info{});
    }
    if constexpr (elements_too) {
        if (q.owner != element_owner) return;
        const usize bytes = usize{count} * q.item_bytes;
        __builtin_memcpy(elements_.answer, q.answer, bytes);
        const span<const u8> payload(elements_.answer, bytes);
        const element_layout layout = find_element_layout(payload, count);
        if (!(layout == specified_layout)) elements_.layout = layout;
        for (u32 i = 0; i < count; ++i) {
            element_info& info = elements_.all[q.known + i];
            info = judge_element(layout.item(payload, i), layout.value_offset);
            if (info.malformed) ++progress_.counters.malformed;
        }
        elements_.count = q.known + count;
    }
}

// A question was not answered. Asks one that has been answered before, so that a device that is
// gone does not look as if it only had no items. False: there is none, or no room for it.
template <class Card, class Limits>
bool card_items<Card, Limits>::probe() {
    Card& card = self();
    if (card.stream_count_ == 0) return false;
    wire::snd_query_info query;
    query.hdr.code = wire::SND_R_PCM_INFO;
    query.start_id = 0;
    query.count = 1;
    query.size = sizeof(wire::snd_pcm_info);
    const part payload = {card.shared_bus_ + __builtin_offsetof(typename Card::area, infos),
                          sizeof(wire::snd_pcm_info)};
    const u64 now = card.time();
    card.deadline_ = now + Card::time_limit_;
    progress_.probing = true;
    if (ok(card.control_.send(card_itself, &query, sizeof(query), payload, now))) return true;
    progress_.probing = false;
    return false;
}

// Whether the answer was that to the probe.
template <class Card, class Limits>
bool card_items<Card, Limits>::probed(status_code code) {
    if (!progress_.probing) return false;
    progress_.probing = false;
    if (code == status_code::timed_out) {
        self().finish_opening(code);
    } else {
        go_on();
    }
    return true;
}

} // namespace vsnd
