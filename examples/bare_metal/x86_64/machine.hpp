#pragma once
// The PC as QEMU starts it: command line, memory, clock, power.

#include "../common/machine.hpp"

namespace kernel {

// What the loader left for us, at the address in ebx. The layout is that of the PVH boot ABI.
struct start_info {
    u32 magic;
    u32 version;
    u32 flags;
    u32 modules;
    u64 module_list;
    u64 command_line;
    u64 acpi_root;
    u64 memory_map;
    u32 memory_map_entries;
    u32 reserved;
};

inline constexpr u32 START_INFO_MAGIC = 0x336ec578;

// The command line, or an empty string.
const char* command_line(const start_info& info);

// Whether the machine has memory where captured audio goes.
bool has_capture_memory(const start_info& info);

// Starts the clock that now_ns reads. false: this machine has none.
bool init_clock();

} // namespace kernel
