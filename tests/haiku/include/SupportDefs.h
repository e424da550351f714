#pragma once
// The basic types and error codes under the names that Haiku gives them, as far as a sound driver
// uses them.

#include <Errors.h>

#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

typedef signed char int8;
typedef unsigned char uint8;
typedef short int16;
typedef unsigned short uint16;
typedef int int32;
typedef unsigned int uint32;
typedef long int64;
typedef unsigned long uint64;
static_assert(sizeof(int64) == 8, "the simulation is of a 64-bit kernel");

typedef unsigned char uchar;
typedef int32 status_t;
typedef int64 bigtime_t;
typedef int64 nanotime_t;
typedef uint32 type_code;
typedef unsigned long addr_t;
typedef uint64 phys_addr_t;
typedef phys_addr_t phys_size_t;

#define B_PRId32 "d"
#define B_PRIi32 "i"
#define B_PRIu32 "u"
#define B_PRIx32 "x"
#define B_PRId64 "ld"
#define B_PRIi64 "li"
#define B_PRIu64 "lu"
#define B_PRIx64 "lx"
#define B_PRIuSIZE "lu"
#define B_PRIxSIZE "lx"
#define B_PRIxADDR "lx"
#define B_PRIxPHYSADDR "lx"
#define B_PRIdBIGTIME B_PRId64

#define min_c(a, b) ((a) > (b) ? (b) : (a))
#define max_c(a, b) ((a) > (b) ? (a) : (b))
#define B_COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

// Atomic words: sequentially consistent, and the old value comes back.
static inline void atomic_set(int32* value, int32 to) {
    __atomic_store_n(value, to, __ATOMIC_SEQ_CST);
}
static inline int32 atomic_get_and_set(int32* value, int32 to) {
    return __atomic_exchange_n(value, to, __ATOMIC_SEQ_CST);
}
static inline int32 atomic_test_and_set(int32* value, int32 to, int32 from) {
    __atomic_compare_exchange_n(value, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return from;
}
static inline int32 atomic_add(int32* value, int32 more) {
    return __atomic_fetch_add(value, more, __ATOMIC_SEQ_CST);
}
static inline int32 atomic_and(int32* value, int32 mask) {
    return __atomic_fetch_and(value, mask, __ATOMIC_SEQ_CST);
}
static inline int32 atomic_or(int32* value, int32 bits) {
    return __atomic_fetch_or(value, bits, __ATOMIC_SEQ_CST);
}
static inline int32 atomic_get(int32* value) {
    return __atomic_load_n(value, __ATOMIC_SEQ_CST);
}

// Haiku's C library has these everywhere; older hosts do not.
#if !defined(__GLIBC__) || __GLIBC__ < 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ < 38)
static inline size_t strlcpy(char* to, const char* from, size_t room) {
    const size_t length = strlen(from);
    if (room != 0) {
        const size_t kept = min_c(length, room - 1);
        memcpy(to, from, kept);
        to[kept] = '\0';
    }
    return length;
}
static inline size_t strlcat(char* to, const char* from, size_t room) {
    const size_t before = strnlen(to, room);
    return before + strlcpy(to + before, from, room - before);
}
#endif
