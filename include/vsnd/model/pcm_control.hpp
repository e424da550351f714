#pragma once
// Judges the PCM requests: the lifecycle as a table, and the parameters against what the stream
// offered. Nothing here moves audio.
// Spec: [virtio 1.4] Sound Device / PCM Command Lifecycle, PCM Stream Parameters

#include <string>

#include <vsnd/model/pcm_stream.hpp>

namespace vsnd::model {

// May request `code` come in this state?
constexpr bool transition_allowed(pcm_state from, u32 code) {
    using enum pcm_state;
    switch (code) {
    case wire::SND_R_PCM_SET_PARAMS:
        return from == idle || from == params_set || from == prepared || from == released;
    case wire::SND_R_PCM_PREPARE: return from == params_set || from == prepared || from == released;
    case wire::SND_R_PCM_START: return from == prepared || from == stopped;
    case wire::SND_R_PCM_STOP: return from == running;
    case wire::SND_R_PCM_RELEASE: return from == prepared || from == stopped;
    default: return false;
    }
}
static_assert(!transition_allowed(pcm_state::idle, wire::SND_R_PCM_PREPARE));
static_assert(!transition_allowed(pcm_state::running, wire::SND_R_PCM_RELEASE));
static_assert(!transition_allowed(pcm_state::stopped, wire::SND_R_PCM_SET_PARAMS));
static_assert(!transition_allowed(pcm_state::released, wire::SND_R_PCM_START));

class pcm_control {
  public:
    explicit pcm_control(device_core& core) : core_(core) {}

    u32 set_params(pcm_stream& stream, const wire::snd_pcm_set_params& asked) {
        if (!lawful(stream, wire::SND_R_PCM_SET_PARAMS)) return refusal();
        if (asked.period_bytes == 0 && core_.profile.zero_period_is_fatal) {
            core_.crash_by("a period of 0 bytes");
            return 0;
        }
        const u32 answer = judge(stream, asked);
        if (answer != wire::SND_S_OK && core_.profile.strict_params) return answer;
        stream.set_params({asked.buffer_bytes, asked.period_bytes, asked.features, asked.channels,
                           asked.format, asked.rate});
        return wire::SND_S_OK;
    }

    // PREPARE, RELEASE, START, STOP.
    u32 change(pcm_stream& stream, u32 code) {
        if (!lawful(stream, code)) return refusal();
        switch (code) {
        case wire::SND_R_PCM_PREPARE:
            if (core_.profile.whole_frames_at_prepare && !stream.whole_frames())
                return wire::SND_S_NOT_SUPP;
            stream.prepare();
            break;
        case wire::SND_R_PCM_RELEASE: stream.release(); break;
        case wire::SND_R_PCM_START: begin(stream); break;
        default: stream.stop(); break;
        }
        return wire::SND_S_OK;
    }

  private:
    // What a wrong transition answers; 0, and nothing, when it kills the device.
    u32 refusal() {
        if (!core_.profile.wrong_state_is_fatal) return core_.profile.lifecycle_answer;
        core_.crash_by("a wrong transition");
        return 0;
    }
    // False: a wrong transition that this profile refuses.
    bool lawful(const pcm_stream& stream, u32 code) {
        if (transition_allowed(stream.state(), code)) return true;
        core_.violate(violation::lifecycle,
                      "request " + std::to_string(code) + " while " + to_string(stream.state()));
        return !core_.profile.strict_lifecycle;
    }

    void begin(pcm_stream& stream) {
        core_.collect_event_buffers();
        device_queue& events = core_.queues[wire::SND_VQ_EVENT];
        if (events.popped() == 0 && events.fresh() == 0)
            core_.violate(violation::event_queue_empty, "at the first START");
        stream.start();
    }

    u32 refuse(violation what, const std::string& detail, u32 answer) {
        core_.violate(what, detail);
        return answer;
    }

    u32 judge(const pcm_stream& stream, const wire::snd_pcm_set_params& asked) {
        const u32 period = asked.period_bytes;
        const u32 bad = wire::SND_S_BAD_MSG;
        if (asked.padding != 0)
            return refuse(violation::padding_not_zero, std::to_string(asked.padding), bad);
        if (const u32 answer = judge_features(stream, asked.features); answer != wire::SND_S_OK)
            return answer;
        if (format_bits(asked.format) == 0 || rate_of(asked.rate) == 0)
            return refuse(violation::parameter_undefined,
                          "format " + std::to_string(asked.format) + ", rate " +
                              std::to_string(asked.rate),
                          bad);
        if (period == 0 || asked.buffer_bytes % period != 0)
            return refuse(violation::period_not_divider, std::to_string(period), bad);
        return judge_offer(stream, asked);
    }

    u32 judge_features(const pcm_stream& stream, u32 features) {
        const u32 host = 1u << wire::SND_PCM_F_SHMEM_HOST;
        const u32 guest = 1u << wire::SND_PCM_F_SHMEM_GUEST;
        const u32 defined = (2u << wire::SND_PCM_F_EVT_XRUNS) - 1;
        const std::string detail = "features " + std::to_string(features);
        const u32 none = wire::SND_S_NOT_SUPP;
        if ((features & ~defined) != 0)
            return refuse(violation::parameter_undefined, detail, wire::SND_S_BAD_MSG);
        if ((features & host) != 0 && (features & guest) != 0)
            return refuse(violation::shared_memory_both, detail, wire::SND_S_BAD_MSG);
        if ((features & (host | guest)) != 0)
            return refuse(violation::shared_memory_selected, detail, none);
        if ((features & ~stream.profile().features) != 0)
            return refuse(violation::parameter_not_offered, detail, none);
        return wire::SND_S_OK;
    }

    u32 judge_offer(const pcm_stream& stream, const wire::snd_pcm_set_params& asked) {
        const stream_profile& has = stream.profile();
        const u32 none = wire::SND_S_NOT_SUPP;
        if ((has.formats >> asked.format & 1) == 0 || (has.rates >> asked.rate & 1) == 0)
            return refuse(violation::parameter_not_offered,
                          "format " + std::to_string(asked.format) + ", rate " +
                              std::to_string(asked.rate),
                          none);
        if (asked.channels < has.channels_min || asked.channels > has.channels_max)
            return refuse(violation::channels_out_of_range, std::to_string(asked.channels), none);
        const u64 bits = u64{asked.period_bytes} * 8;
        const bool whole = bits % (format_bits(asked.format) * asked.channels) == 0;
        const bool later = core_.profile.whole_frames_at_prepare;
        return whole || later || !core_.profile.whole_frames ? wire::SND_S_OK : none;
    }

    device_core& core_;
};

} // namespace vsnd::model
