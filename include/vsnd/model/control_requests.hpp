#pragma once
// What each control request does. Included by control.hpp.
// Spec: [virtio 1.4] Sound Device / Item Information Request, Jack Control Messages, PCM Control
// Messages, Channel Map Control Messages, Control Elements

#include <vsnd/model/control.hpp>

namespace vsnd::model {

inline control::answer control::execute(const std::vector<u8>& request, u64 response_bytes) {
    wire::snd_hdr header{};
    std::memcpy(&header, request.data(), sizeof(header));
    const u32 code = header.code;
    switch (code) {
    case wire::SND_R_JACK_INFO:
    case wire::SND_R_JACK_REMAP: return jack(code, request, response_bytes);
    case wire::SND_R_PCM_INFO: return query(request, response_bytes, items_of(pcm_infos()));
    case wire::SND_R_PCM_SET_PARAMS:
    case wire::SND_R_PCM_PREPARE:
    case wire::SND_R_PCM_RELEASE:
    case wire::SND_R_PCM_START:
    case wire::SND_R_PCM_STOP: return pcm(code, request);
    case wire::SND_R_CHMAP_INFO:
        if (!core_.profile.answers_chmaps) return {wire::SND_S_NOT_SUPP, {}};
        return query(request, response_bytes, items_of(core_.profile.chmaps));
    default: break;
    }
    if (code >= wire::SND_R_CTL_INFO && code <= wire::SND_R_CTL_TLV_COMMAND)
        return of_elements(code, request, response_bytes);
    core_.violate(violation::request_unknown, "request " + std::to_string(code));
    return {core_.profile.unknown_answer, {}};
}

inline control::answer control::of_elements(u32 code, const std::vector<u8>& request,
                                            u64 response_bytes) {
    const bool known = core_.has(wire::SND_F_CTLS);
    if (!known)
        core_.violate(violation::controls_used_without_feature, "request " + std::to_string(code));
    if (!known || !core_.profile.answers_controls) return {core_.profile.controls_answer, {}};
    if (code == wire::SND_R_CTL_INFO) return query(request, response_bytes, element_infos(request));
    return element_requests_.execute(request, response_bytes);
}

template <class Item>
control::items control::items_of(const std::vector<Item>& all) {
    items bytes;
    for (const Item& item : all) {
        const u8* from = reinterpret_cast<const u8*>(&item);
        bytes.emplace_back(from, from + sizeof(item));
    }
    return bytes;
}

inline control::items control::element_infos(const std::vector<u8>& request) const {
    wire::snd_query_info asked{};
    std::memcpy(&asked, request.data(), lesser(sizeof(asked), request.size()));
    const element_layout layout = core_.profile.ctl_info_layout;
    const bool long_one = asked.size >= sizeof(wire::snd_ctl_info_aligned);
    const bool aligned =
        layout == element_layout::aligned || (layout == element_layout::asked && long_one);
    items all;
    for (const control_element& e : elements_)
        all.push_back(e.info(aligned));
    return all;
}

inline control::answer control::query(const std::vector<u8>& request, u64 response_bytes,
                                      const items& all) {
    wire::snd_query_info asked{};
    if (!parse(request, asked)) return malformed(request);
    const device_profile& habits = core_.profile;
    const u64 count = asked.count;
    const u64 end = u64{asked.start_id} + count;
    const u64 room = sizeof(wire::snd_hdr) + count * asked.size;
    const std::string which = std::to_string(asked.start_id) + " + " + std::to_string(asked.count);
    if (end > all.size()) {
        core_.violate(violation::query_range, which + " of " + std::to_string(all.size()));
        if (habits.checks_query_range) return {wire::SND_S_BAD_MSG, {}};
    }
    if (response_bytes != room) {
        core_.violate(violation::query_response_size,
                      std::to_string(response_bytes) + " bytes instead of " + std::to_string(room));
        if (response_bytes < room || habits.exact_responses) return {wire::SND_S_BAD_MSG, {}};
    }
    if (count == 0 && habits.zero_count_is_bad) return {wire::SND_S_BAD_MSG, {}};
    if (habits.info_size_is_strict && !all.empty() && asked.size != all[0].size())
        return {wire::SND_S_BAD_MSG, {}};
    answer a;
    a.payload.resize(static_cast<usize>(room - sizeof(wire::snd_hdr)));
    const u64 start = habits.ignores_start_id ? u32{0} : u32{asked.start_id};
    if (end > all.size()) std::memset(a.payload.data(), 0xcc, a.payload.size());
    // A driver may know a shorter or a longer structure than the device does.
    for (u64 i = 0; i < count && start + i < all.size(); ++i) {
        const std::vector<u8>& item = all[static_cast<usize>(start + i)];
        std::memcpy(a.payload.data() + i * asked.size, item.data(),
                    lesser(item.size(), static_cast<usize>(asked.size)));
    }
    return a;
}

inline std::vector<wire::snd_pcm_info> control::pcm_infos() const {
    std::vector<wire::snd_pcm_info> all;
    for (const pcm_stream& s : streams_) {
        const stream_profile& p = s.profile();
        wire::snd_pcm_info info{};
        info.hdr.hda_fn_nid = p.nid;
        info.features = p.features;
        info.formats = p.formats;
        info.rates = p.rates;
        info.direction = p.direction;
        info.channels_min = p.channels_min;
        info.channels_max = p.channels_max;
        if (core_.profile.channels_max_follows && s.params().channels != 0)
            info.channels_max = s.params().channels;
        all.push_back(info);
    }
    return all;
}

inline control::answer control::jack(u32 code, const std::vector<u8>& request, u64 response_bytes) {
    if (!core_.profile.answers_jacks) return {wire::SND_S_NOT_SUPP, {}};
    const auto& jacks = core_.profile.jacks;
    if (code == wire::SND_R_JACK_INFO) return query(request, response_bytes, items_of(jacks));
    wire::snd_jack_remap asked{};
    if (!parse(request, asked)) return malformed(request);
    const u32 id = asked.hdr.jack_id;
    if (id >= jacks.size()) {
        core_.violate(violation::jack_id_out_of_range, "jack " + std::to_string(id));
        return {wire::SND_S_BAD_MSG, {}};
    }
    if ((jacks[id].features >> wire::SND_JACK_F_REMAP & 1) == 0) {
        core_.violate(violation::jack_remap_not_offered, "jack " + std::to_string(id));
        return {wire::SND_S_NOT_SUPP, {}};
    }
    // Association and sequence are the two low nibbles of the pin's default configuration.
    if (asked.association > 15 || asked.sequence > 15) return {wire::SND_S_BAD_MSG, {}};
    auto& jack = core_.profile.jacks[id];
    jack.hda_reg_defconf =
        (jack.hda_reg_defconf & ~0xffu) | (asked.association & 0xfu) << 4 | (asked.sequence & 0xfu);
    return {};
}

inline control::answer control::pcm(u32 code, const std::vector<u8>& request) {
    wire::snd_pcm_set_params params{};
    wire::snd_pcm_hdr header{};
    const bool setting = code == wire::SND_R_PCM_SET_PARAMS;
    if (setting ? !parse(request, params) : !parse(request, header)) return malformed(request);
    const u32 id = setting ? params.hdr.stream_id : header.stream_id;
    if (id >= streams_.size()) {
        core_.violate(violation::stream_id_out_of_range, "stream " + std::to_string(id));
        if (core_.profile.bad_stream_needs_reset && (setting || code == wire::SND_R_PCM_RELEASE))
            core_.needs_reset = true;
        return {wire::SND_S_BAD_MSG, {}};
    }
    return {setting ? pcm_.set_params(streams_[id], params) : pcm_.change(streams_[id], code), {}};
}

} // namespace vsnd::model
