// The PC as QEMU starts it: command line, memory, power, serial line.

#include "machine.hpp"

#include "../common/board.hpp"
#include "cpu.hpp"

extern "C" vsnd::u64 page_root[512]; // entry.S maps the first 4 GiB

namespace kernel {
namespace {

struct memory_range {
    u64 address;
    u64 bytes;
    u32 kind;
    u32 reserved;
};

constexpr u16 serial = 0x3f8;

constexpr u64 capture_address = 64u << 20;
constexpr usize capture_bytes = 32u << 20;

constexpr u64 gib = 1ull << 30;
constexpr u64 present_writable = 0x03;
constexpr u64 uncached = 0x18;
constexpr u64 large_page = 0x80;
constexpr u64 address_bits = 0x000ffffffffff000;

using page_table = u64[512];
alignas(4096) page_table spare_tables[8];
u32 spare_tables_used;

// The table that an entry leads to; a new one where it leads nowhere, nullptr when none is left.
page_table* table_at(u64& entry) {
    if (entry == 0) {
        if (spare_tables_used == 8) return nullptr;
        entry = reinterpret_cast<u64>(spare_tables[spare_tables_used++]) | present_writable;
    }
    return reinterpret_cast<page_table*>(entry & address_bits);
}

// Maps the whole GiB that an address lies in, 1:1. Addresses have 48 bits at most.
bool map_gib(u64 address) {
    page_table* pointers = table_at(page_root[address >> 39 & 511]);
    if (pointers == nullptr) return false;
    u64& entry = (*pointers)[address >> 30 & 511];
    if (entry != 0) return true;
    page_table* directory = table_at(entry);
    if (directory == nullptr) return false;
    for (u64 i = 0; i < 512; ++i)
        (*directory)[i] =
            (address & ~(gib - 1)) + i * 0x200000 + (large_page | uncached | present_writable);
    return true;
}

} // namespace

// Those of a microvm; a PC has none, and nothing else there when it has no PCI sound device.
const mmio_places mmio_places_of_board = {
    .first = 0xfeb00000, .stride = 0x200, .count = 8, .line = 5};

const char* command_line(const start_info& info) {
    if (info.magic != START_INFO_MAGIC || info.command_line == 0) return "";
    return reinterpret_cast<const char*>(info.command_line);
}

bool has_capture_memory(const start_info& info) {
    const auto* ranges = reinterpret_cast<const memory_range*>(info.memory_map);
    for (u32 i = 0; i < info.memory_map_entries; ++i) {
        const memory_range& range = ranges[i];
        if (range.kind == 1 && range.address <= capture_address &&
            capture_address + capture_bytes <= range.address + range.bytes) {
            return true;
        }
    }
    return false;
}

u8* map_registers(u64 physical, usize bytes) {
    if (bytes == 0 || physical >> 47 != 0) return nullptr;
    for (u64 at = physical & ~(gib - 1); at < physical + bytes; at += gib)
        if (!map_gib(at)) return nullptr;
    return reinterpret_cast<u8*>(physical);
}

// kernel.ld keeps the image below it.
span<u8> capture_memory() {
    return {reinterpret_cast<u8*>(capture_address), capture_bytes};
}

u64 capture_offset() {
    return capture_address;
}

void interrupts_on() {
    asm volatile("sti" : : : "memory");
}

void interrupts_off() {
    asm volatile("cli" : : : "memory");
}

// `sti` takes effect one instruction late, so that no interrupt comes between it and `hlt`.
void sleep_until_interrupt() {
    asm volatile("sti; hlt; cli" : : : "memory");
}

void write_serial(char letter) {
    while ((port_read8(serial + 5) & 0x20) == 0) {
    }
    port_write8(serial, static_cast<u8>(letter));
}

// A reset; with -no-reboot QEMU exits instead. Where the reset register is missing, the processor
// is left no way to handle a fault, which ends in a reset too.
void power_off() {
    interrupts_off();
    port_write8(0xcf9, 0x02);
    port_write8(0xcf9, 0x06);
    const struct [[gnu::packed]] {
        u16 limit = 0;
        u64 base = 0;
    } no_table;
    asm volatile("lidt %0; ud2" : : "m"(no_table));
    __builtin_unreachable();
}

} // namespace kernel
