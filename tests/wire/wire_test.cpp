// The wire against a third reading: the headers that Linux gives to its users. Where they have
// no opinion (control elements, newer feature bits) the table of spec_table_test.cpp speaks alone.

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>

#include <vsnd/wire/mmio.hpp>
#include <vsnd/wire/packed_ring.hpp>
#include <vsnd/wire/pci.hpp>
#include <vsnd/wire/sound.hpp>
#include <vsnd/wire/sound_controls.hpp>
#include <vsnd/wire/split_ring.hpp>
#include <vsnd/wire/virtio.hpp>

using namespace vsnd;

#if __has_include(<linux/virtio_snd.h>)
// The parts from before virtio 1.0 are not C++.
#define VIRTIO_RING_NO_LEGACY
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_snd.h>

#define SAME(name) CHECK(u64{wire::name} == static_cast<u64>(VIRTIO_##name))
#define SAME_AS(ours, theirs) CHECK(u64{wire::ours} == static_cast<u64>(theirs))
#define SAME_SIZE(name) CHECK(sizeof(wire::name) == sizeof(virtio_##name))
#define SAME_FIELD(name, field) CHECK(offsetof(wire::name, field) == offsetof(virtio_##name, field))

// [virtio 1.4] Sound Device / Device Operation
TEST_CASE("wire: message codes are those of Linux") {
    SAME(SND_VQ_CONTROL);
    SAME(SND_VQ_EVENT);
    SAME(SND_VQ_TX);
    SAME(SND_VQ_RX);
    SAME_AS(SND_VQ_COUNT, VIRTIO_SND_VQ_MAX);
    SAME(SND_D_OUTPUT);
    SAME(SND_D_INPUT);
    SAME(SND_R_JACK_INFO);
    SAME(SND_R_JACK_REMAP);
    SAME(SND_R_PCM_INFO);
    SAME(SND_R_PCM_SET_PARAMS);
    SAME(SND_R_PCM_PREPARE);
    SAME(SND_R_PCM_RELEASE);
    SAME(SND_R_PCM_START);
    SAME(SND_R_PCM_STOP);
    SAME(SND_R_CHMAP_INFO);
    SAME(SND_EVT_JACK_CONNECTED);
    SAME(SND_EVT_JACK_DISCONNECTED);
    SAME(SND_EVT_PCM_PERIOD_ELAPSED);
    SAME(SND_EVT_PCM_XRUN);
    SAME(SND_S_OK);
    SAME(SND_S_BAD_MSG);
    SAME(SND_S_NOT_SUPP);
    SAME(SND_S_IO_ERR);
    SAME(SND_JACK_F_REMAP);
    SAME(SND_PCM_F_SHMEM_HOST);
    SAME(SND_PCM_F_SHMEM_GUEST);
    SAME(SND_PCM_F_MSG_POLLING);
    SAME(SND_PCM_F_EVT_SHMEM_PERIODS);
    SAME(SND_PCM_F_EVT_XRUNS);
}

// [virtio 1.4] Sound Device / VIRTIO_SND_R_PCM_INFO
TEST_CASE("wire: formats and rates are those of Linux") {
    SAME(SND_PCM_FMT_IMA_ADPCM);
    SAME(SND_PCM_FMT_MU_LAW);
    SAME(SND_PCM_FMT_A_LAW);
    SAME(SND_PCM_FMT_S8);
    SAME(SND_PCM_FMT_U8);
    SAME(SND_PCM_FMT_S16);
    SAME(SND_PCM_FMT_U16);
    SAME(SND_PCM_FMT_S18_3);
    SAME(SND_PCM_FMT_U18_3);
    SAME(SND_PCM_FMT_S20_3);
    SAME(SND_PCM_FMT_U20_3);
    SAME(SND_PCM_FMT_S24_3);
    SAME(SND_PCM_FMT_U24_3);
    SAME(SND_PCM_FMT_S20);
    SAME(SND_PCM_FMT_U20);
    SAME(SND_PCM_FMT_S24);
    SAME(SND_PCM_FMT_U24);
    SAME(SND_PCM_FMT_S32);
    SAME(SND_PCM_FMT_U32);
    SAME(SND_PCM_FMT_FLOAT);
    SAME(SND_PCM_FMT_FLOAT64);
    SAME(SND_PCM_FMT_DSD_U8);
    SAME(SND_PCM_FMT_DSD_U16);
    SAME(SND_PCM_FMT_DSD_U32);
    SAME(SND_PCM_FMT_IEC958_SUBFRAME);
    SAME(SND_PCM_RATE_5512);
    SAME(SND_PCM_RATE_8000);
    SAME(SND_PCM_RATE_11025);
    SAME(SND_PCM_RATE_16000);
    SAME(SND_PCM_RATE_22050);
    SAME(SND_PCM_RATE_32000);
    SAME(SND_PCM_RATE_44100);
    SAME(SND_PCM_RATE_48000);
    SAME(SND_PCM_RATE_64000);
    SAME(SND_PCM_RATE_88200);
    SAME(SND_PCM_RATE_96000);
    SAME(SND_PCM_RATE_176400);
    SAME(SND_PCM_RATE_192000);
    SAME(SND_PCM_RATE_384000);
}

// [virtio 1.4] Sound Device / VIRTIO_SND_R_CHMAP_INFO
TEST_CASE("wire: channel positions are those of Linux") {
    SAME(SND_CHMAP_NONE);
    SAME(SND_CHMAP_NA);
    SAME(SND_CHMAP_MONO);
    SAME(SND_CHMAP_FL);
    SAME(SND_CHMAP_FR);
    SAME(SND_CHMAP_RL);
    SAME(SND_CHMAP_RR);
    SAME(SND_CHMAP_FC);
    SAME(SND_CHMAP_LFE);
    SAME(SND_CHMAP_SL);
    SAME(SND_CHMAP_SR);
    SAME(SND_CHMAP_RC);
    SAME(SND_CHMAP_FLC);
    SAME(SND_CHMAP_FRC);
    SAME(SND_CHMAP_RLC);
    SAME(SND_CHMAP_RRC);
    SAME(SND_CHMAP_FLW);
    SAME(SND_CHMAP_FRW);
    SAME(SND_CHMAP_FLH);
    SAME(SND_CHMAP_FCH);
    SAME(SND_CHMAP_FRH);
    SAME(SND_CHMAP_TC);
    SAME(SND_CHMAP_TFL);
    SAME(SND_CHMAP_TFR);
    SAME(SND_CHMAP_TFC);
    SAME(SND_CHMAP_TRL);
    SAME(SND_CHMAP_TRR);
    SAME(SND_CHMAP_TRC);
    SAME(SND_CHMAP_TFLC);
    SAME(SND_CHMAP_TFRC);
    SAME(SND_CHMAP_TSL);
    SAME(SND_CHMAP_TSR);
    SAME(SND_CHMAP_LLFE);
    SAME(SND_CHMAP_RLFE);
    SAME(SND_CHMAP_BC);
    SAME(SND_CHMAP_BLC);
    SAME(SND_CHMAP_BRC);
    SAME(SND_CHMAP_MAX_SIZE);
}

// [virtio 1.4] Sound Device / PCM Control Messages
TEST_CASE("wire: sound structures lie as in Linux") {
    SAME_FIELD(snd_config, jacks);
    SAME_FIELD(snd_config, streams);
    SAME_FIELD(snd_config, chmaps);
    SAME_SIZE(snd_hdr);
    SAME_SIZE(snd_event);
    SAME_FIELD(snd_event, data);
    SAME_SIZE(snd_query_info);
    SAME_FIELD(snd_query_info, start_id);
    SAME_FIELD(snd_query_info, count);
    SAME_FIELD(snd_query_info, size);
    SAME_SIZE(snd_jack_info);
    SAME_FIELD(snd_jack_info, features);
    SAME_FIELD(snd_jack_info, hda_reg_defconf);
    SAME_FIELD(snd_jack_info, hda_reg_caps);
    SAME_FIELD(snd_jack_info, connected);
    SAME_SIZE(snd_jack_remap);
    SAME_FIELD(snd_jack_remap, association);
    SAME_FIELD(snd_jack_remap, sequence);
    SAME_SIZE(snd_pcm_hdr);
    SAME_FIELD(snd_pcm_hdr, stream_id);
    SAME_SIZE(snd_pcm_info);
    SAME_FIELD(snd_pcm_info, features);
    SAME_FIELD(snd_pcm_info, formats);
    SAME_FIELD(snd_pcm_info, rates);
    SAME_FIELD(snd_pcm_info, direction);
    SAME_FIELD(snd_pcm_info, channels_min);
    SAME_FIELD(snd_pcm_info, channels_max);
    SAME_SIZE(snd_pcm_set_params);
    SAME_FIELD(snd_pcm_set_params, buffer_bytes);
    SAME_FIELD(snd_pcm_set_params, period_bytes);
    SAME_FIELD(snd_pcm_set_params, features);
    SAME_FIELD(snd_pcm_set_params, channels);
    SAME_FIELD(snd_pcm_set_params, format);
    SAME_FIELD(snd_pcm_set_params, rate);
    SAME_SIZE(snd_pcm_xfer);
    SAME_SIZE(snd_pcm_status);
    CHECK(offsetof(wire::snd_pcm_status, code) == offsetof(virtio_snd_pcm_status, status));
    SAME_FIELD(snd_pcm_status, latency_bytes);
    SAME_SIZE(snd_chmap_info);
    SAME_FIELD(snd_chmap_info, direction);
    SAME_FIELD(snd_chmap_info, channels);
    SAME_FIELD(snd_chmap_info, positions);
}

// [virtio 1.4] Virtio Over PCI Bus
TEST_CASE("wire: PCI and MMIO are those of Linux") {
    SAME(PCI_CAP_COMMON_CFG);
    SAME(PCI_CAP_NOTIFY_CFG);
    SAME(PCI_CAP_ISR_CFG);
    SAME(PCI_CAP_DEVICE_CFG);
    SAME(PCI_CAP_PCI_CFG);
    SAME(PCI_CAP_SHARED_MEMORY_CFG);
    SAME(MSI_NO_VECTOR);
    SAME(PCI_ISR_CONFIG);
    SAME_SIZE(pci_cap);
    SAME_FIELD(pci_cap, cfg_type);
    SAME_FIELD(pci_cap, bar);
    SAME_FIELD(pci_cap, offset);
    SAME_FIELD(pci_cap, length);
    SAME_SIZE(pci_cap64);
    SAME_SIZE(pci_notify_cap);
    SAME_SIZE(pci_cfg_cap);
    CHECK(offsetof(wire::pci_common_cfg, config_msix_vector) == VIRTIO_PCI_COMMON_MSIX);
    CHECK(offsetof(wire::pci_common_cfg, num_queues) == VIRTIO_PCI_COMMON_NUMQ);
    CHECK(offsetof(wire::pci_common_cfg, device_status) == VIRTIO_PCI_COMMON_STATUS);
    CHECK(offsetof(wire::pci_common_cfg, config_generation) == VIRTIO_PCI_COMMON_CFGGENERATION);
    CHECK(offsetof(wire::pci_common_cfg, queue_select) == VIRTIO_PCI_COMMON_Q_SELECT);
    CHECK(offsetof(wire::pci_common_cfg, queue_size) == VIRTIO_PCI_COMMON_Q_SIZE);
    CHECK(offsetof(wire::pci_common_cfg, queue_msix_vector) == VIRTIO_PCI_COMMON_Q_MSIX);
    CHECK(offsetof(wire::pci_common_cfg, queue_enable) == VIRTIO_PCI_COMMON_Q_ENABLE);
    CHECK(offsetof(wire::pci_common_cfg, queue_notify_off) == VIRTIO_PCI_COMMON_Q_NOFF);
    CHECK(offsetof(wire::pci_common_cfg, queue_desc) == VIRTIO_PCI_COMMON_Q_DESCLO);
    CHECK(offsetof(wire::pci_common_cfg, queue_driver) == VIRTIO_PCI_COMMON_Q_AVAILLO);
    CHECK(offsetof(wire::pci_common_cfg, queue_device) == VIRTIO_PCI_COMMON_Q_USEDLO);

    SAME(MMIO_MAGIC_VALUE);
    SAME(MMIO_VERSION);
    SAME(MMIO_DEVICE_ID);
    SAME(MMIO_VENDOR_ID);
    SAME(MMIO_DEVICE_FEATURES);
    SAME(MMIO_DEVICE_FEATURES_SEL);
    SAME(MMIO_DRIVER_FEATURES);
    SAME(MMIO_DRIVER_FEATURES_SEL);
    SAME(MMIO_QUEUE_SEL);
    SAME_AS(MMIO_QUEUE_SIZE_MAX, VIRTIO_MMIO_QUEUE_NUM_MAX);
    SAME_AS(MMIO_QUEUE_SIZE, VIRTIO_MMIO_QUEUE_NUM);
    SAME(MMIO_QUEUE_READY);
    SAME(MMIO_QUEUE_NOTIFY);
    SAME(MMIO_INTERRUPT_STATUS);
    SAME(MMIO_INTERRUPT_ACK);
    SAME(MMIO_STATUS);
    SAME(MMIO_QUEUE_DESC_LOW);
    SAME(MMIO_QUEUE_DESC_HIGH);
    SAME_AS(MMIO_QUEUE_DRIVER_LOW, VIRTIO_MMIO_QUEUE_AVAIL_LOW);
    SAME_AS(MMIO_QUEUE_DRIVER_HIGH, VIRTIO_MMIO_QUEUE_AVAIL_HIGH);
    SAME_AS(MMIO_QUEUE_DEVICE_LOW, VIRTIO_MMIO_QUEUE_USED_LOW);
    SAME_AS(MMIO_QUEUE_DEVICE_HIGH, VIRTIO_MMIO_QUEUE_USED_HIGH);
    SAME(MMIO_CONFIG_GENERATION);
    SAME(MMIO_CONFIG);
    SAME_AS(MMIO_INTERRUPT_QUEUE, VIRTIO_MMIO_INT_VRING);
    SAME_AS(MMIO_INTERRUPT_CONFIG, VIRTIO_MMIO_INT_CONFIG);
}

// [virtio 1.4] Reserved Feature Bits
TEST_CASE("wire: bits, ids and rings are those of Linux") {
    SAME_AS(DEVICE_ID_SOUND, VIRTIO_ID_SOUND);
    SAME_AS(DEVICE_STATUS_ACKNOWLEDGE, VIRTIO_CONFIG_S_ACKNOWLEDGE);
    SAME_AS(DEVICE_STATUS_DRIVER, VIRTIO_CONFIG_S_DRIVER);
    SAME_AS(DEVICE_STATUS_DRIVER_OK, VIRTIO_CONFIG_S_DRIVER_OK);
    SAME_AS(DEVICE_STATUS_FEATURES_OK, VIRTIO_CONFIG_S_FEATURES_OK);
    SAME_AS(DEVICE_STATUS_NEEDS_RESET, VIRTIO_CONFIG_S_NEEDS_RESET);
    SAME_AS(DEVICE_STATUS_FAILED, VIRTIO_CONFIG_S_FAILED);
    SAME(F_VERSION_1);
    SAME(F_ACCESS_PLATFORM);
    SAME(F_RING_PACKED);
    SAME(F_IN_ORDER);
    SAME(F_ORDER_PLATFORM);
    SAME(F_SR_IOV);
    SAME(F_RING_RESET);
    SAME_AS(F_INDIRECT_DESC, VIRTIO_RING_F_INDIRECT_DESC);
    SAME_AS(F_EVENT_IDX, VIRTIO_RING_F_EVENT_IDX);
    SAME_AS(VIRTQ_DESC_F_NEXT, VRING_DESC_F_NEXT);
    SAME_AS(VIRTQ_DESC_F_WRITE, VRING_DESC_F_WRITE);
    SAME_AS(VIRTQ_DESC_F_INDIRECT, VRING_DESC_F_INDIRECT);
    SAME_AS(VIRTQ_DESC_F_AVAIL, 1 << VRING_PACKED_DESC_F_AVAIL);
    SAME_AS(VIRTQ_DESC_F_USED, 1 << VRING_PACKED_DESC_F_USED);
    SAME_AS(VIRTQ_AVAIL_F_NO_INTERRUPT, VRING_AVAIL_F_NO_INTERRUPT);
    SAME_AS(VIRTQ_USED_F_NO_NOTIFY, VRING_USED_F_NO_NOTIFY);
    SAME_AS(RING_EVENT_FLAGS_ENABLE, VRING_PACKED_EVENT_FLAG_ENABLE);
    SAME_AS(RING_EVENT_FLAGS_DISABLE, VRING_PACKED_EVENT_FLAG_DISABLE);
    SAME_AS(RING_EVENT_FLAGS_DESC, VRING_PACKED_EVENT_FLAG_DESC);
    SAME_AS(RING_EVENT_WRAP_SHIFT, VRING_PACKED_EVENT_F_WRAP_CTR);
    CHECK(sizeof(wire::virtq_desc) == sizeof(vring_desc));
    CHECK(offsetof(wire::virtq_desc, next) == offsetof(vring_desc, next));
    CHECK(sizeof(wire::virtq_used_elem) == sizeof(vring_used_elem));
    CHECK(sizeof(wire::pvirtq_desc) == sizeof(vring_packed_desc));
    CHECK(offsetof(wire::pvirtq_desc, id) == offsetof(vring_packed_desc, id));
    CHECK(offsetof(wire::pvirtq_desc, flags) == offsetof(vring_packed_desc, flags));
    CHECK(sizeof(wire::pvirtq_event_suppress) == sizeof(vring_packed_desc_event));
}
#endif

// [virtio 1.4] Split Virtqueues / The Virtqueue Descriptor Table
TEST_CASE("wire: the parts of a split ring have the sizes of the specification's table") {
    for (u32 size = 1; size <= wire::VIRTQ_MAX_SIZE; size *= 2) {
        CHECK(wire::virtq_size_is_valid(size));
        CHECK(wire::virtq_desc_bytes(size) == 16 * usize{size});
        CHECK(wire::virtq_avail_bytes(size) == 6 + 2 * usize{size});
        CHECK(wire::virtq_used_bytes(size) == 6 + 8 * usize{size});
        CHECK(wire::virtq_used_event_offset(size) == 4 + 2 * usize{size});
        CHECK(wire::virtq_avail_event_offset(size) == 4 + 8 * usize{size});
    }
    CHECK_FALSE(wire::virtq_size_is_valid(0));
    CHECK_FALSE(wire::virtq_size_is_valid(3));
    CHECK_FALSE(wire::virtq_size_is_valid(65536));
    CHECK(wire::pvirtq_size_is_valid(3));
    CHECK_FALSE(wire::pvirtq_size_is_valid(0));
    CHECK_FALSE(wire::pvirtq_size_is_valid(32769));
}

// [virtio 1.4] Introduction / Structure Specifications
TEST_CASE("wire: fields are little-endian in memory, at any alignment of the wire") {
    wire::snd_pcm_set_params params{};
    params.hdr.hdr.code = wire::SND_R_PCM_SET_PARAMS;
    params.period_bytes = 0x01020304;
    unsigned char bytes[sizeof params];
    std::memcpy(bytes, &params, sizeof params);
    CHECK(bytes[0] == 0x01);
    CHECK(bytes[1] == 0x01);
    CHECK(bytes[12] == 0x04);
    CHECK(bytes[15] == 0x01);

    wire::snd_ctl_info info{};
    info.value.integer64.highest = 0x1122334455667788;
    unsigned char control[sizeof info];
    std::memcpy(control, &info, sizeof info);
    CHECK(control[68 + 8] == 0x88);
    CHECK(control[68 + 15] == 0x11);
    CHECK(u64{info.value.integer64.highest} == 0x1122334455667788);
}
