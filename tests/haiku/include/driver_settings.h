#pragma once
// The settings file of a driver: parameters with values, and parameters below them.

#include <OS.h>

typedef struct driver_parameter {
    char* name;
    int value_count;
    char** values;
    int parameter_count;
    struct driver_parameter* parameters;
} driver_parameter;

typedef struct driver_settings {
    int parameter_count;
    struct driver_parameter* parameters;
} driver_settings;

extern "C" {
void* load_driver_settings(const char* driverName);
status_t unload_driver_settings(void* handle);
const driver_settings* get_driver_settings(void* handle);
const char* get_driver_parameter(void* handle, const char* key, const char* unknownValue,
                                 const char* noArgValue);
bool get_driver_boolean_parameter(void* handle, const char* key, bool unknownValue,
                                  bool noArgValue);
}
