#include <client/media_add_on.hpp>

#include <algorithm>
#include <initializer_list>

namespace client {

namespace {

// The widest that is offered.
u32 best_format(u32 formats) {
    for (const u32 f :
         std::initializer_list<u32>{B_FMT_32BIT, B_FMT_24BIT, B_FMT_20BIT, B_FMT_18BIT, B_FMT_16BIT,
                                    B_FMT_8BIT_S, B_FMT_8BIT_U})
        if ((formats & f) != 0) return f;
    return 0;
}

u32 highest_rate(u32 rates) {
    for (u32 r = B_SR_1536000; r != 0; r >>= 1)
        if ((rates & r) != 0) return r;
    return 0;
}

bool terminated(const char* text, usize room) {
    return std::memchr(text, 0, room) != nullptr;
}

} // namespace

usize sample_bytes(u32 format) {
    switch (format) {
    case B_FMT_8BIT_S:
    case B_FMT_8BIT_U: return 1;
    case B_FMT_16BIT: return 2;
    default: return 4;
    }
}

u32 hertz(u32 rate) {
    constexpr u32 all[] = {8000,  11025, 12000, 16000, 22050,  24000,  32000, 44100,
                           48000, 64000, 88200, 96000, 176400, 192000, 384000};
    for (u32 i = 0; i < std::size(all); ++i)
        if (rate == 1u << i) return all[i];
    return 0;
}

media_add_on::media_add_on(kernel& k)
    : description(k), channels(k, most_channels), enable(k), enable_bits(k), format(k), list(k),
      play_table(k, most_buffers * most_channels), record_table(k, most_buffers * most_channels),
      play_buffers(k, most_buffers), record_buffers(k, most_buffers), controls(k),
      control(k, most_controls), info(k), k_(k) {}

bool media_add_on::need(bool good, const std::string& what) {
    if (!good && wrong.empty()) wrong = what;
    return good;
}

status_t media_add_on::open() {
    return k_.nodes.open(k_.path(), O_WRONLY, handle);
}

void media_add_on::close() {
    k_.nodes.close(handle);
}

status_t media_add_on::start() {
    description->info_size = sizeof(multi_description);
    description->request_channel_count = most_channels;
    description->channels = channels.address_for_driver();
    status_t code = call(B_MULTI_GET_DESCRIPTION, description.address, sizeof(multi_description));
    if (code != B_OK) return code;

    enable->info_size = sizeof(multi_channel_enable);
    enable->enable_bits = reinterpret_cast<uchar*>(enable_bits.address);
    code = call(B_MULTI_GET_ENABLED_CHANNELS, enable.address, sizeof(multi_channel_enable));
    if (code != B_OK) return code;
    const s32 all = description->output_channel_count + description->input_channel_count;
    *enable_bits = static_cast<u32>((u64{1} << all) - 1);
    enable->lock_source = B_MULTI_LOCK_INTERNAL;
    code = call(B_MULTI_SET_ENABLED_CHANNELS, enable.address, sizeof(multi_channel_enable));
    if (code != B_OK) return code;

    format->info_size = sizeof(multi_format_info);
    format->output.rate = highest_rate(description->output_rates);
    format->output.cvsr = 0;
    format->output.format = best_format(description->output_formats);
    format->input.rate = highest_rate(description->input_rates);
    format->input.cvsr = 0;
    format->input.format = best_format(description->input_formats);
    // A failure is only logged at this point.
    (void)call(B_MULTI_SET_GLOBAL_FORMAT, format.address, sizeof(multi_format_info));
    code = call(B_MULTI_GET_GLOBAL_FORMAT, format.address, sizeof(multi_format_info));
    if (code != B_OK) return code;
    code = get_buffers();
    if (code != B_OK) return code;

    controls->info_size = sizeof(multi_mix_control_info);
    controls->control_count = most_controls;
    controls->controls = control.address_for_driver();
    code = call(B_MULTI_LIST_MIX_CONTROLS, controls.address, sizeof(multi_mix_control_info));
    if (code != B_OK) return code;

    // The loop begins with two fields of this set.
    info.rubbish();
    info->info_size = sizeof(multi_buffer_info);
    info->playback_buffer_cycle = 0;
    info->record_buffer_cycle = 0;
    return B_OK;
}

status_t media_add_on::get_buffers() {
    for (usize i = 0; i < most_buffers; ++i) {
        play_buffers[i] = play_table.address_for_driver() + i * most_channels;
        record_buffers[i] = record_table.address_for_driver() + i * most_channels;
    }
    list.rubbish();
    list->info_size = sizeof(multi_buffer_list);
    list->request_playback_buffer_size = 0;
    list->request_playback_buffers = most_buffers;
    list->request_playback_channels = description->output_channel_count;
    list->playback_buffers = play_buffers.address_for_driver();
    list->request_record_buffer_size = 0;
    list->request_record_buffers = most_buffers;
    list->request_record_channels = description->input_channel_count;
    list->record_buffers = record_buffers.address_for_driver();
    old_play_cycle_ = old_record_cycle_ = -1;
    return call(B_MULTI_GET_BUFFERS, list.address, sizeof(multi_buffer_list));
}

status_t media_add_on::set_output_rate(u32 rate) {
    format->output.rate = rate;
    const status_t code = call(B_MULTI_SET_GLOBAL_FORMAT, format.address, sizeof(*format));
    return code == B_OK ? get_buffers() : code;
}

status_t media_add_on::set_input_rate(u32 rate) {
    format->input.rate = rate;
    const status_t code = call(B_MULTI_SET_GLOBAL_FORMAT, format.address, sizeof(*format));
    return code == B_OK ? get_buffers() : code;
}

status_t media_add_on::force_stop() {
    return call(B_MULTI_BUFFER_FORCE_STOP, 0, 1);
}

void media_add_on::exchange(u32 times) {
    for (u32 i = 0; i < times; ++i) {
        const u64 before = k_.now_us();
        const bool failed = call(B_MULTI_BUFFER_EXCHANGE, info.address, sizeof(*info)) != B_OK;
        const u64 took = k_.now_us() - before;
        errors += failed;
        longest_us = std::max(longest_us, took);
        const usize news = playback.size() + recording.size();
        look_at_playback();
        look_at_recording();
        if (playback.size() + recording.size() == news) shortest_us = std::min(shortest_us, took);
    }
}

void media_add_on::look_at_playback() {
    const s32 n = list->return_playback_buffers;
    const s32 cycle = info->playback_buffer_cycle;
    if (description->output_channel_count == 0 || cycle == old_play_cycle_) return;
    if (!need(cycle >= 0 && cycle < n, "playback cycle " + std::to_string(cycle))) return;
    old_play_cycle_ = cycle;
    playback.push_back({k_.now_us(), info->played_real_time, info->played_frames_count, cycle});
    write_signal(static_cast<usize>((cycle - 1 + n) % n));
}

void media_add_on::look_at_recording() {
    const s32 n = list->return_record_buffers;
    const s32 cycle = info->record_buffer_cycle;
    const s32 channel_count = description->input_channel_count;
    if (channel_count == 0 || cycle == old_record_cycle_) return;
    if (!need(cycle >= 0 && cycle < n, "record cycle " + std::to_string(cycle))) return;
    const bool first = old_record_cycle_ == -1;
    old_record_cycle_ = cycle;
    // The loop began at 0; a driver that has recorded nothing leaves it there.
    if (first && (info->recorded_real_time <= 0 || info->recorded_frames_count <= 0)) return;
    recording.push_back(
        {k_.now_us(), info->recorded_real_time, info->recorded_frames_count, cycle});
    const buffer_desc* const row = &record_table[static_cast<usize>(cycle) * most_channels];
    const usize sample = sample_bytes(format->input.format);
    // Input streams lie one behind the other; the first one is judged.
    const usize frame = row[0].stride;
    const usize count = frame / sample;
    bytes part(frame * list->return_record_buffer_size);
    need(count <= static_cast<usize>(channel_count), "stride of a recording");
    need(k_.space.user_reads(part.data(), reinterpret_cast<u64>(row[0].base), part.size()),
         "a record buffer that is not there");
    recorded.insert(recorded.end(), part.begin(), part.end());
}

// Neighbours differ, and each channel has a signal of its own.
bytes media_add_on::signal(u32 first_channel, u32 channel_count, usize sample, u64 frame,
                           usize frames) const {
    bytes all;
    all.reserve(frames * channel_count * sample);
    for (u64 f = frame; f < frame + frames; ++f)
        for (u32 c = first_channel; c < first_channel + channel_count; ++c) {
            u64 x = (f + 1) * 0x9e37'79b9'7f4a'7c15u + (c + 1) * 0xbf58'476d'1ce4'e5b9u + seed;
            x ^= x >> 29;
            x *= 0x94d0'49bb'1331'11ebu;
            x |= 0x0101'0101'0101'0101u << 40; // no sample is silence
            for (usize b = 0; b < sample; ++b)
                all.push_back(static_cast<u8>(x >> (64 - 8 * (b + 1))));
        }
    return all;
}

void media_add_on::write_signal(usize buffer) {
    const usize sample = sample_bytes(format->output.format);
    const u32 channel_count = static_cast<u32>(list->return_playback_channels);
    const usize frames = list->return_playback_buffer_size;
    const buffer_desc* const row = &play_table[buffer * most_channels];
    for (u32 c = 0; c < channel_count;) {
        const u32 together = static_cast<u32>(row[c].stride / sample);
        if (!need(together != 0 && c + together <= channel_count, "stride of a buffer")) return;
        for (u32 i = 1; i < together; ++i)
            need(row[c + i].base == row[c].base + i * sample, "channels that are not neighbours");
        const bytes part = signal(c, together, sample, signal_frames_, frames);
        need(k_.space.user_writes(reinterpret_cast<u64>(row[c].base), part.data(), part.size()),
             "a playback buffer that is not there");
        c += together;
    }
    signal_frames_ += frames;
    ++written;
}

std::string media_add_on::heard_exactly(u32 nth, u32 at_least_buffers) {
    u32 first_channel = 0, found = 0;
    for (u32 id = 0; id < k_.device().stream_count(); ++id) {
        const vsnd::model::pcm_stream& s = k_.device().stream(id);
        if (!s.output()) continue;
        const u32 channel_count = s.params().channels;
        if (found++ != nth) {
            first_channel += channel_count;
            continue;
        }
        const usize sample = sample_bytes(format->output.format);
        const usize frame = sample * channel_count;
        const bytes& sink = s.sink();
        if (frame == 0) return "the stream was never set up";
        const u8 quiet = format->output.format == B_FMT_8BIT_U ? 0x80 : 0;
        usize at = 0;
        while (at < sink.size() && sink[at] == quiet)
            ++at;
        at -= at % frame;
        const usize frames = (sink.size() - at) / frame;
        const bytes expected = signal(first_channel, channel_count, sample, 0, frames);
        if (frames < at_least_buffers * usize{list->return_playback_buffer_size})
            return "only " + std::to_string(frames) + " frames of the signal, of " +
                   std::to_string(sink.size() / frame);
        for (usize i = 0; i < frames * frame; ++i)
            if (sink[at + i] != expected[i])
                return "frame " + std::to_string(i / frame) + " of the signal, at " +
                       std::to_string((at + i) / frame) + ", is not it";
        if (s.gaps() != 0) return std::to_string(s.gaps()) + " gaps";
        return "";
    }
    return "there is no such stream";
}

std::string media_add_on::recorded_exactly(u32 at_least_buffers) {
    const usize sample = sample_bytes(format->input.format);
    const usize frame = record_table[0].stride;
    if (frame == 0 || frame % sample != 0) return "stride of a recording";
    if (recorded.size() < at_least_buffers * list->return_record_buffer_size * frame)
        return "only " + std::to_string(recorded.size() / frame) + " frames were recorded";
    bytes source(recorded.size() + 4'000'000);
    for (usize i = 0; i < source.size(); ++i)
        source[i] = vsnd::model::default_source_byte(i);
    const usize head = std::min<usize>(recorded.size(), 64);
    const auto at = std::search(source.begin(), source.end(), recorded.begin(),
                                recorded.begin() + static_cast<std::ptrdiff_t>(head));
    if (at == source.end()) return "what was recorded is not what was there";
    for (usize i = 0; i < recorded.size(); ++i)
        if (recorded[i] != at[static_cast<std::ptrdiff_t>(i)])
            return "recorded frame " + std::to_string(i / frame) + " does not follow";
    return "";
}

std::string media_add_on::description_is_sane() {
    const multi_description& d = *description;
    const s32 out = d.output_channel_count, in = d.input_channel_count;
    if (d.interface_version != B_CURRENT_INTERFACE_VERSION) return "interface_version";
    if (d.interface_minimum != B_CURRENT_INTERFACE_VERSION) return "interface_minimum";
    if (!terminated(d.friendly_name, 32) || d.friendly_name[0] == 0) return "friendly_name";
    if (!terminated(d.vendor_info, 32)) return "vendor_info";
    if (!terminated(d.control_panel, 64)) return "control_panel";
    if (out < 0 || in < 0 || out + in <= 0 || out + in > 32) return "channel counts";
    if ((out == 0) != (d.output_rates == 0) || (in == 0) != (d.input_rates == 0))
        return "rates of a direction that is missing, or none of one that is there";
    if ((d.output_rates | d.input_rates) & B_SR_1536000) return "a rate of 1.5 MHz";
    for (s32 i = 0; i < out + in; ++i) {
        const multi_channel_info& c = channels[static_cast<usize>(i)];
        if (c.channel_id != i) return "channel ids";
        if (c.kind != (i < out ? B_MULTI_OUTPUT_CHANNEL : B_MULTI_INPUT_CHANNEL))
            return "outputs come first, then inputs";
    }
    return "";
}

} // namespace client
