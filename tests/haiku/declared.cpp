// Sizes, places and values that a driver and its callers agree on. The same file compiles against
// Haiku's own headers (check_headers.sh), so what holds here holds there.

#include <driver_settings.h>
#include <hmulti_audio.h>
#include <kernel.h>
#include <lock.h>
#include <virtio.h>

#include <stddef.h>

#if __SIZEOF_POINTER__ == 8
static_assert(sizeof(multi_description) == 272);
static_assert(offsetof(multi_description, friendly_name) == 16);
static_assert(offsetof(multi_description, output_channel_count) == 80);
static_assert(offsetof(multi_description, channels) == 104);
static_assert(offsetof(multi_description, output_rates) == 112);
static_assert(offsetof(multi_description, interface_flags) == 144);
static_assert(offsetof(multi_description, control_panel) == 204);
static_assert(sizeof(multi_channel_enable) == 40);
static_assert(offsetof(multi_channel_enable, lock_source) == 16);
static_assert(sizeof(multi_format_info) == 104);
static_assert(offsetof(multi_format_info, input) == 56);
static_assert(offsetof(multi_format_info, output) == 80);
static_assert(sizeof(multi_mix_value_info) == 32);
static_assert(sizeof(multi_mix_control_info) == 24);
static_assert(sizeof(multi_buffer_list) == 96);
static_assert(offsetof(multi_buffer_list, playback_buffers) == 40);
static_assert(offsetof(multi_buffer_list, request_record_buffers) == 56);
static_assert(offsetof(multi_buffer_list, record_buffers) == 80);
static_assert(sizeof(buffer_desc) == 24);
static_assert(sizeof(multi_buffer_info) == 112);
static_assert(offsetof(multi_buffer_info, playback_buffer_cycle) == 36);
static_assert(offsetof(multi_buffer_info, recorded_real_time) == 40);
static_assert(offsetof(multi_buffer_info, record_buffer_cycle) == 60);
static_assert(offsetof(virtio_device_interface, queue_dequeue) ==
              sizeof(driver_module_info) + 14 * sizeof(void*));
static_assert(sizeof(driver_module_info) == 12 * sizeof(void*));
static_assert(offsetof(device_module_info, control) == 12 * sizeof(void*));
static_assert(offsetof(device_manager_info, publish_device) == 11 * sizeof(void*));
static_assert(offsetof(device_manager_info, get_attr_string) == 19 * sizeof(void*));
#endif
static_assert(sizeof(multi_channel_info) == 32);
static_assert(sizeof(multi_mix_value) == 24);
static_assert(sizeof(multi_mix_control) == 116);
static_assert(offsetof(multi_mix_control, string) == 60);
static_assert(offsetof(multi_mix_control, name) == 68);
static_assert(sizeof(physical_entry) == 16);

static_assert(B_MULTI_GET_DESCRIPTION == 8020 && B_MULTI_SET_MODE == 8045);
static_assert(B_MULTI_GET_ENABLED_CHANNELS == 8024 && B_MULTI_SET_GLOBAL_FORMAT == 8027);
static_assert(B_MULTI_GET_MIX == 8030 && B_MULTI_LIST_MIX_CONTROLS == 8033);
static_assert(B_MULTI_GET_BUFFERS == 8035 && B_MULTI_BUFFER_EXCHANGE == 8038);
static_assert(B_MULTI_BUFFER_FORCE_STOP == 8039);
static_assert(B_SR_8000 == 1 && B_SR_48000 == 0x100 && B_SR_384000 == 0x4000);
static_assert(B_FMT_8BIT_S == 1 && B_FMT_8BIT_U == 2 && B_FMT_16BIT == 0x10);
static_assert(B_FMT_24BIT == 0x100 && B_FMT_32BIT == 0x1000 && B_FMT_FLOAT == 0x20000);
static_assert(B_CHANNEL_TOP_BACK_RIGHT == 0x20000 && B_CHANNEL_STEREO_BUS == 0x2000000);
static_assert(B_MULTI_OUTPUT_CHANNEL == 1 && B_MULTI_INPUT_CHANNEL == 2);
static_assert(S_MASTER == 7 && S_VOLUME == 18 && S_MUTE == 19 && S_SPDIF == 30);
static_assert(B_MULTI_MIX_GAIN == 2 && B_MULTI_MIX_MUX == 4 && B_MULTI_MIX_ENABLE == 8);

static_assert(B_OK == 0 && B_ERROR == -1);
static_assert(B_NO_MEMORY == -2147483647 - 1 && B_BAD_VALUE == B_NO_MEMORY + 5);
static_assert(B_TIMED_OUT == B_NO_MEMORY + 9 && B_WOULD_BLOCK == B_NO_MEMORY + 11);
static_assert(B_BUSY == B_NO_MEMORY + 14 && B_BAD_ADDRESS == B_NO_MEMORY + 0x1301);
static_assert(B_BAD_SEM_ID == B_NO_MEMORY + 0x1000 && B_FILE_ERROR == B_NO_MEMORY + 0x6000);
static_assert(B_ENTRY_NOT_FOUND == B_NO_MEMORY + 0x6003);
static_assert(B_UNSUPPORTED == B_NO_MEMORY + 0x600e);
static_assert(B_DEV_INVALID_IOCTL == B_NO_MEMORY + 0xa000);
static_assert(B_DEV_TIMEOUT == B_NO_MEMORY + 0xa006 && B_DEV_NOT_READY == B_NO_MEMORY + 0xa00c);
static_assert(B_DEVICE_NOT_FOUND == B_NO_MEMORY + 0x7007);
static_assert(B_NOT_SUPPORTED == B_NO_MEMORY + 0x702b);
static_assert(B_BUFFER_OVERFLOW == B_NO_MEMORY + 0x7029);

static_assert(B_ANY_KERNEL_ADDRESS == 4 && B_CONTIGUOUS == 3);
static_assert(B_READ_AREA == 1 && B_WRITE_AREA == 2);
static_assert(B_KERNEL_READ_AREA == 16 && B_KERNEL_WRITE_AREA == 32);
static_assert(B_RELATIVE_TIMEOUT == 8 && B_ABSOLUTE_TIMEOUT == 16 && B_DO_NOT_RESCHEDULE == 2);
static_assert(B_STRING_TYPE == 0x43535452 && B_UINT16_TYPE == 0x55534854);
static_assert(B_UINT32_TYPE == 0x554c4e47 && B_UINT8_TYPE == 0x55425954);
static_assert(VIRTIO_DEVICE_ID_SOUND == 25 && VIRTIO_VIRTQUEUES_MAX_COUNT == 8);
static_assert(VIRTIO_FEATURE_RING_INDIRECT_DESC == 1 << 28);
static_assert(VIRTIO_FEATURE_RING_EVENT_IDX == 1 << 29);
