/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */


//!	The modules, and the way from the device manager to SoundDevice.


#include <new>

#include <stdio.h>
#include <string.h>

#include "SoundDevice.h"


// Another prefix is never loaded (R17).
#define VIRTIO_SOUND_DRIVER_MODULE_NAME "drivers/audio/hmulti/virtio_sound/driver_v1"
#define VIRTIO_SOUND_DEVICE_MODULE_NAME "drivers/audio/hmulti/virtio_sound/device_v1"
#define VIRTIO_SOUND_ID_GENERATOR "virtio_sound/device_id"
#define VIRTIO_SOUND_ID_ITEM "virtio_sound/id"


static device_manager_info* sDeviceManager;


static float virtio_sound_supports_device(device_node* parent)
{
	// bus manager 14
	const char* bus;
	uint16 type;
	if (sDeviceManager->get_attr_string(parent, B_DEVICE_BUS, &bus, false) != B_OK
		|| sDeviceManager->get_attr_uint16(parent, VIRTIO_DEVICE_TYPE_ITEM, &type, true) != B_OK)
		return -1;
	return strcmp(bus, "virtio") == 0 && type == VIRTIO_DEVICE_ID_SOUND ? 0.6f : 0.0f;
}


//!	The id is the node's, as driver cookies come and go with each open (R16, R17).
static status_t virtio_sound_register_device(device_node* parent)
{
	const int32 id = sDeviceManager->create_id(VIRTIO_SOUND_ID_GENERATOR);
	if (id < 0)
		return id;

	device_attr attributes[] = {{B_DEVICE_PRETTY_NAME, B_STRING_TYPE, {.string = "Virtio Sound"}},
		{VIRTIO_SOUND_ID_ITEM, B_UINT32_TYPE, {.ui32 = static_cast<uint32>(id)}}, {}};
	status_t status = sDeviceManager->register_node(
		parent, VIRTIO_SOUND_DRIVER_MODULE_NAME, attributes, NULL, NULL);
	if (status != B_OK)
		sDeviceManager->free_id(VIRTIO_SOUND_ID_GENERATOR, static_cast<uint32>(id));
	return status;
}


static status_t virtio_sound_init_driver(device_node* node, void** _cookie)
{
	uint32 id;
	status_t status = sDeviceManager->get_attr_uint32(node, VIRTIO_SOUND_ID_ITEM, &id, false);
	if (status != B_OK)
		return status;
	// The driver's cookie. Constructors of globals do not run in a kernel add-on, so everything
	// but constants lies in it.
	*_cookie = new (std::nothrow) SoundDevice(node, id);
	return *_cookie != NULL ? B_OK : B_NO_MEMORY;
}


static SoundDevice& device_of(void* cookie)
{
	return *static_cast<SoundDevice*>(cookie);
}


static status_t virtio_sound_register_child_devices(void* cookie)
{
	char name[64];
	snprintf(name, sizeof(name), "audio/hmulti/virtio_sound/%" B_PRIu32, device_of(cookie).id);
	return sDeviceManager->publish_device(
		device_of(cookie).node, name, VIRTIO_SOUND_DEVICE_MODULE_NAME);
}


static status_t virtio_sound_init_device(void* driverCookie, void** _cookie)
{
	// bus manager 14
	driver_module_info* bus = NULL;
	void* device = NULL;
	device_node* parent = sDeviceManager->get_parent_node(device_of(driverCookie).node);
	status_t status = sDeviceManager->get_driver(parent, &bus, &device);
	sDeviceManager->put_node(parent);

	*_cookie = driverCookie;
	return status != B_OK
		? status
		: device_of(driverCookie).Init(reinterpret_cast<virtio_device_interface*>(bus), device);
}


module_dependency module_dependencies[] = {
	{B_DEVICE_MANAGER_MODULE_NAME, reinterpret_cast<module_info**>(&sDeviceManager)}, {}};


static driver_module_info sVirtioSoundDriver = {
	{VIRTIO_SOUND_DRIVER_MODULE_NAME, 0, NULL}, virtio_sound_supports_device,
	virtio_sound_register_device, virtio_sound_init_driver,
	[](void* cookie) { delete &device_of(cookie); }, virtio_sound_register_child_devices,
	NULL, // rescan_child_devices
	[](void* cookie) { sDeviceManager->free_id(VIRTIO_SOUND_ID_GENERATOR, device_of(cookie).id); },
	NULL, NULL // suspend, resume
};


static device_module_info sVirtioSoundDevice = {
	{VIRTIO_SOUND_DEVICE_MODULE_NAME, 0, NULL}, virtio_sound_init_device,
	[](void* cookie) { device_of(cookie).Uninit(); },
	NULL, // device_removed
	[](void* device, const char*, int, void** _cookie) {
		return device_of(*_cookie = device).Open();
	},
	[](void* cookie) { return device_of(cookie).Close(); },
	[](void* cookie) { return device_of(cookie).Free(); }, NULL, NULL, NULL, // read, write, io
	[](void* cookie, uint32 op, void* arg, size_t n) {
		return device_of(cookie).Control(op, arg, n);
	},
	NULL, NULL // select, deselect
};


module_info* modules[] = {&sVirtioSoundDriver.info, &sVirtioSoundDevice.info, NULL};
