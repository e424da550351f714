#pragma once
// Modules, and the tables that a kernel add-on exports.

#include <OS.h>

typedef struct module_info {
    const char* name;
    uint32 flags;
    status_t (*std_ops)(int32, ...);
} module_info;

typedef struct module_dependency {
    const char* name;
    module_info** info;
} module_dependency;

#define B_MODULE_INIT 1
#define B_MODULE_UNINIT 2
#define B_KEEP_LOADED 0x00000001

extern "C" {
status_t get_module(const char* path, module_info** info);
status_t put_module(const char* path);
}
