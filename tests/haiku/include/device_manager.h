#pragma once
// The device manager, and what a driver and a device are to it. Functions that the simulation does
// not have are null; a driver that calls one ends the test.

#include <Drivers.h>
#include <TypeConstants.h>
#include <module.h>

typedef struct {
    uint32 type;
    uint32 base;
    uint32 length;
} io_resource;

typedef struct {
    const char* name;
    type_code type;
    union {
        uint8 ui8;
        uint16 ui16;
        uint32 ui32;
        uint64 ui64;
        const char* string;
        struct {
            const void* data;
            size_t length;
        } raw;
    } value;
} device_attr;

typedef struct device_node device_node;
typedef struct driver_module_info driver_module_info;

typedef struct device_manager_info {
    module_info info;

    status_t (*rescan_node)(device_node* node);
    status_t (*register_node)(device_node* parent, const char* moduleName, const device_attr* attrs,
                              const io_resource* ioResources, device_node** node);
    status_t (*unregister_node)(device_node* node);
    status_t (*get_driver)(device_node* node, driver_module_info** module, void** cookie);
    device_node* (*get_root_node)();
    status_t (*get_next_child_node)(device_node* parent, const device_attr* attrs,
                                    device_node** node);
    device_node* (*get_parent_node)(device_node* node);
    void (*put_node)(device_node* node);
    status_t (*publish_device)(device_node* node, const char* path, const char* deviceModuleName);
    status_t (*unpublish_device)(device_node* node, const char* path);
    int32 (*create_id)(const char* generator);
    status_t (*free_id)(const char* generator, uint32 id);
    status_t (*get_attr_uint8)(const device_node* node, const char* name, uint8* value,
                               bool recursive);
    status_t (*get_attr_uint16)(const device_node* node, const char* name, uint16* value,
                                bool recursive);
    status_t (*get_attr_uint32)(const device_node* node, const char* name, uint32* value,
                                bool recursive);
    status_t (*get_attr_uint64)(const device_node* node, const char* name, uint64* value,
                                bool recursive);
    status_t (*get_attr_string)(const device_node* node, const char* name, const char** value,
                                bool recursive);
    status_t (*get_attr_raw)(const device_node* node, const char* name, const void** data,
                             size_t* size, bool recursive);
    status_t (*get_next_attr)(device_node* node, device_attr** attr);
    status_t (*find_child_node)(device_node* parent, const device_attr* attrs, device_node** node);
} device_manager_info;

#define B_DEVICE_MANAGER_MODULE_NAME "system/device_manager/v1"

struct driver_module_info {
    module_info info;

    float (*supports_device)(device_node* parent);
    status_t (*register_device)(device_node* parent);
    status_t (*init_driver)(device_node* node, void** driverCookie);
    void (*uninit_driver)(void* driverCookie);
    status_t (*register_child_devices)(void* driverCookie);
    status_t (*rescan_child_devices)(void* driverCookie);
    void (*device_removed)(void* driverCookie);
    status_t (*suspend)(void* driverCookie, int32 state);
    status_t (*resume)(void* driverCookie);
};

#define B_DEVICE_PRETTY_NAME "device/pretty name"
#define B_DEVICE_BUS "device/bus"
#define B_DEVICE_FLAGS "device/flags"
#define B_KEEP_DRIVER_LOADED 0x04

typedef struct IORequest io_request;

struct device_module_info {
    module_info info;

    status_t (*init_device)(void* driverCookie, void** deviceCookie);
    void (*uninit_device)(void* deviceCookie);
    void (*device_removed)(void* deviceCookie);
    status_t (*open)(void* deviceCookie, const char* path, int openMode, void** cookie);
    status_t (*close)(void* cookie);
    status_t (*free)(void* cookie);
    status_t (*read)(void* cookie, off_t position, void* buffer, size_t* length);
    status_t (*write)(void* cookie, off_t position, const void* buffer, size_t* length);
    status_t (*io)(void* cookie, io_request* request);
    status_t (*control)(void* cookie, uint32 op, void* buffer, size_t length);
    status_t (*select)(void* cookie, uint8 event, selectsync* sync);
    status_t (*deselect)(void* cookie, uint8 event, selectsync* sync);
};
