#pragma once
// Formats and rates in a kernel's own words: a table of pairs, each the same thing on both sides,
// and the sets of both. A kernel's sets have a bit for each format, or rate.
//
//     constexpr dialect<pcm_rate> rates[] = {{KERNEL_44100, pcm_rate::hz_44100, "44100"}, ...};
//     static_assert(translates(rates, {44100, ...}));

#include <vsnd/pcm/formats.hpp>
#include <vsnd/pcm/rates.hpp>

namespace vsnd {

template <class T>
struct dialect {
    u32 kernel;       // one bit
    T vsnd;           // a pcm_format or pcm_rate
    const char* name; // in the kernel's settings
};

// A set of the wire's bits (1 << format or rate) as a set of the kernel's; what the table does not
// have is left out.
template <class T, usize Count>
constexpr u32 to_kernel(const dialect<T> (&table)[Count], u64 offered) {
    u32 set = 0;
    for (const dialect<T>& entry : table)
        if ((offered & mask_of(entry.vsnd)) != 0) set |= entry.kernel;
    return set;
}

// The entry of exactly one of the kernel's bits; null: there is none.
template <class T, usize Count>
constexpr const dialect<T>* find_entry(const dialect<T> (&table)[Count], u32 kernel) {
    for (const dialect<T>& entry : table)
        if (entry.kernel == kernel) return &entry;
    return nullptr;
}

// The kernel's bit of this name; of "all", each that the table has; 0: nothing is called so.
template <class T, usize Count>
constexpr u32 named_set(const dialect<T> (&table)[Count], const char* name) {
    const auto same = [name](const char* other) {
        const char* a = name;
        for (; *a != 0 && *a == *other; ++a)
            ++other;
        return *a == *other;
    };
    u32 set = 0;
    for (const dialect<T>& entry : table)
        if (same("all") || same(entry.name)) set |= entry.kernel;
    return set;
}

namespace detail {
constexpr u32 number_of(pcm_format format) {
    return physical_bits(format);
}
constexpr u32 number_of(pcm_rate rate) {
    return rate_hz(rate);
}
} // namespace detail

// Whether each entry is one bit, leads there and back, is found by its name, and is of so many
// hertz, or of so many bits in memory.
template <class T, usize Count>
constexpr bool translates(const dialect<T> (&table)[Count], const u32 (&numbers)[Count]) {
    for (usize i = 0; i < Count; ++i) {
        const dialect<T>& entry = table[i];
        const bool one_bit = entry.kernel != 0 && (entry.kernel & (entry.kernel - 1)) == 0;
        if (!one_bit || find_entry(table, entry.kernel) != &entry ||
            to_kernel(table, mask_of(entry.vsnd)) != entry.kernel ||
            named_set(table, entry.name) != entry.kernel ||
            detail::number_of(entry.vsnd) != numbers[i])
            return false;
    }
    return true;
}

} // namespace vsnd
