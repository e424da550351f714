#pragma once
// The specification's names of queues, requests, answers and bits, without their prefixes.

#include <string>

#include <vsnd/model/trace.hpp>
#include <vsnd/wire/sound.hpp>
#include <vsnd/wire/sound_controls.hpp>
#include <vsnd/wire/virtio.hpp>

namespace vsnd::model {

inline std::string queue_name(u32 queue) {
    switch (queue) {
    case wire::SND_VQ_CONTROL: return "control";
    case wire::SND_VQ_EVENT: return "event";
    case wire::SND_VQ_TX: return "tx";
    case wire::SND_VQ_RX: return "rx";
    case trace_event::config_queue: return "config";
    default: return "queue " + std::to_string(queue);
    }
}

inline std::string request_name(u32 code) {
    switch (code) {
    case wire::SND_R_JACK_INFO: return "JACK_INFO";
    case wire::SND_R_JACK_REMAP: return "JACK_REMAP";
    case wire::SND_R_PCM_INFO: return "PCM_INFO";
    case wire::SND_R_PCM_SET_PARAMS: return "PCM_SET_PARAMS";
    case wire::SND_R_PCM_PREPARE: return "PCM_PREPARE";
    case wire::SND_R_PCM_RELEASE: return "PCM_RELEASE";
    case wire::SND_R_PCM_START: return "PCM_START";
    case wire::SND_R_PCM_STOP: return "PCM_STOP";
    case wire::SND_R_CHMAP_INFO: return "CHMAP_INFO";
    case wire::SND_R_CTL_INFO: return "CTL_INFO";
    case wire::SND_R_CTL_ENUM_ITEMS: return "CTL_ENUM_ITEMS";
    case wire::SND_R_CTL_READ: return "CTL_READ";
    case wire::SND_R_CTL_WRITE: return "CTL_WRITE";
    case wire::SND_R_CTL_TLV_READ: return "CTL_TLV_READ";
    case wire::SND_R_CTL_TLV_WRITE: return "CTL_TLV_WRITE";
    case wire::SND_R_CTL_TLV_COMMAND: return "CTL_TLV_COMMAND";
    default: return "request " + std::to_string(code);
    }
}

inline std::string answer_name(u32 code) {
    switch (code) {
    case wire::SND_S_OK: return "OK";
    case wire::SND_S_BAD_MSG: return "BAD_MSG";
    case wire::SND_S_NOT_SUPP: return "NOT_SUPP";
    case wire::SND_S_IO_ERR: return "IO_ERR";
    default: return "code " + std::to_string(code);
    }
}

// Names of bits, by number; null: it has none.
using bit_name = const char* (*)(u32 bit);

// The bits of `bits` by name, or "nothing".
inline std::string bits_text(u64 bits, bit_name name_of, const char* between = ", ") {
    std::string text;
    for (u32 i = 0; i < 64; ++i) {
        if ((bits >> i & 1) == 0) continue;
        const char* const name = name_of(i);
        text += text.empty() ? "" : between;
        text += name != nullptr ? std::string(name) : "bit " + std::to_string(i);
    }
    return text.empty() ? "nothing" : text;
}

inline const char* status_name(u32 bit) {
    switch (u64{1} << bit) {
    case wire::DEVICE_STATUS_ACKNOWLEDGE: return "ACKNOWLEDGE";
    case wire::DEVICE_STATUS_DRIVER: return "DRIVER";
    case wire::DEVICE_STATUS_DRIVER_OK: return "DRIVER_OK";
    case wire::DEVICE_STATUS_FEATURES_OK: return "FEATURES_OK";
    case wire::DEVICE_STATUS_SUSPEND: return "SUSPEND";
    case wire::DEVICE_STATUS_NEEDS_RESET: return "NEEDS_RESET";
    case wire::DEVICE_STATUS_FAILED: return "FAILED";
    default: return nullptr;
    }
}

inline const char* feature_name(u32 bit) {
    switch (bit) {
    case wire::SND_F_CTLS: return "CTLS";
    case wire::F_INDIRECT_DESC: return "INDIRECT_DESC";
    case wire::F_EVENT_IDX: return "EVENT_IDX";
    case wire::F_VERSION_1: return "VERSION_1";
    case wire::F_ACCESS_PLATFORM: return "ACCESS_PLATFORM";
    case wire::F_RING_PACKED: return "RING_PACKED";
    case wire::F_IN_ORDER: return "IN_ORDER";
    case wire::F_ORDER_PLATFORM: return "ORDER_PLATFORM";
    case wire::F_SR_IOV: return "SR_IOV";
    case wire::F_NOTIFICATION_DATA: return "NOTIFICATION_DATA";
    case wire::F_NOTIF_CONFIG_DATA: return "NOTIF_CONFIG_DATA";
    case wire::F_RING_RESET: return "RING_RESET";
    case wire::F_ADMIN_VQ: return "ADMIN_VQ";
    case wire::F_SUSPEND: return "SUSPEND";
    default: return nullptr;
    }
}

inline const char* pcm_feature_name(u32 bit) {
    switch (bit) {
    case wire::SND_PCM_F_SHMEM_HOST: return "SHMEM_HOST";
    case wire::SND_PCM_F_SHMEM_GUEST: return "SHMEM_GUEST";
    case wire::SND_PCM_F_MSG_POLLING: return "MSG_POLLING";
    case wire::SND_PCM_F_EVT_SHMEM_PERIODS: return "EVT_SHMEM_PERIODS";
    case wire::SND_PCM_F_EVT_XRUNS: return "EVT_XRUNS";
    default: return nullptr;
    }
}

// What has changed of a control element.
inline const char* change_name(u32 bit) {
    switch (bit) {
    case wire::SND_CTL_EVT_MASK_VALUE: return "value";
    case wire::SND_CTL_EVT_MASK_INFO: return "information";
    case wire::SND_CTL_EVT_MASK_TLV: return "metadata";
    default: return nullptr;
    }
}

} // namespace vsnd::model
