#!/bin/sh
# Compiles the Haiku driver against the headers of a Haiku source tree, as Haiku's build compiles a
# kernel add-on, and links it against nothing but the kernel symbols listed below.
#
# usage: check_headers.sh HAIKU_TREE      (CXX and CLANGXX choose the compilers)
set -eu

if [ $# -ne 1 ] || [ ! -f "$1/headers/private/virtio/virtio.h" ]; then
    echo "usage: $0 HAIKU_TREE" >&2
    exit 2
fi
haiku=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
driver=$project/examples/haiku
gxx=${CXX:-g++}
clangxx=${CLANGXX:-clang++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What the driver takes from the kernel. Each must be used, and nothing else may be.
symbols="
_ZSt7nothrow _ZdlPv _ZdlPvm _ZnwmRKSt9nothrow_t
mutex_destroy mutex_init mutex_lock mutex_lock_with_timeout mutex_unlock
acquire_sem_etc create_area create_sem delete_area delete_sem
dprintf get_driver_settings get_memory_map load_driver_settings
memcpy memset release_sem_etc snooze snprintf strcmp
strlcpy strtoul system_time unload_driver_settings user_memcpy user_memset
"

# <new> belongs to the cross compiler, which is not needed for this.
mkdir "$work/c++"
cat > "$work/c++/new" <<'NEW'
#pragma once
#include <stddef.h>
namespace std {
struct nothrow_t { explicit nothrow_t() = default; };
extern const nothrow_t nothrow;
}
void* operator new(size_t, const std::nothrow_t&) noexcept;
void operator delete(void*) noexcept;
void operator delete(void*, size_t) noexcept;
NEW

# Haiku's own order: private kernel headers, private headers, public ones.
includes() { # architecture directory below arch/x86
    echo "-isystem $work/c++ -isystem $haiku/headers"
    private="kernel kernel/arch/x86 kernel/arch/x86/$1 audio drivers virtio libroot shared support
        system system/arch/$2 ."
    for directory in $private; do echo "-isystem $haiku/headers/private/$directory"; done
    echo "-isystem $haiku/build/config_headers"
    for directory in os os/add-ons os/add-ons/file_system os/app os/device os/drivers os/game \
        os/interface os/kernel os/locale os/media os/mail os/midi os/net os/storage os/support \
        os/translation posix config glibc; do
        echo "-isystem $haiku/headers/$directory"
    done
}

# The first two are the Jamfile's own.
kernel_flags="-std=gnu++20 -faligned-new=8 -O2 -fno-strict-aliasing
    -fno-delete-null-pointer-checks -nostdinc -ffreestanding -fno-semantic-interposition
    -fno-tree-vectorize -fno-exceptions -fno-use-cxa-atexit -fno-omit-frame-pointer -fPIC -D_KERNEL_MODE -DNDEBUG"
warnings="-Wall -Wno-multichar -Wpointer-arith -Wno-ctor-dtor-privacy -Woverloaded-virtual -Werror"
not_linux="-D__HAIKU__ -U__linux__ -U__linux -Ulinux -U__gnu_linux__ -U__unix__ -U__unix -Uunix"
clang_warnings="-Wno-gnu-designator -Wno-builtin-requires-header -Wno-unused-private-field"

compile() { # name, compiler and its own flags
    name=$1
    shift
    for source in "$driver"/*.cpp "$here/declared.cpp"; do
        # shellcheck disable=SC2086
        "$@" $kernel_flags $warnings -I "$project/include" -c "$source" \
            -o "$work/$(basename "$source" .cpp).$name.o"
    done
    echo "compiled: $name"
}

# shellcheck disable=SC2046,SC2086
compile g++ "$gxx" $not_linux -mno-red-zone -DARCH_x86_64 $(includes 64 x86_64) \
    -isystem "$($gxx -print-file-name=include)"
builtin=$($clangxx -print-resource-dir)/include
# shellcheck disable=SC2046,SC2086
compile clang-x86_64 "$clangxx" --target=x86_64-unknown-haiku $clang_warnings -mno-red-zone \
    -DARCH_x86_64 $(includes 64 x86_64) -isystem "$builtin"
# shellcheck disable=SC2046,SC2086
compile clang-i586 "$clangxx" --target=i586-unknown-haiku $clang_warnings -DARCH_x86 \
    $(includes 32 x86) -isystem "$builtin"

# A library that has the kernel's symbols and nothing else.
for symbol in $symbols; do
    printf '.globl %s\n.type %s, @function\n%s: ret\n' "$symbol" "$symbol" "$symbol"
done > "$work/kernel.s"
"$gxx" -shared -nostdlib -o "$work/kernel.so" "$work/kernel.s"
for name in g++ clang-x86_64; do
    "$gxx" -shared -nostdlib -Wl,--no-undefined -Wl,-z,defs -o "$work/virtio_sound" \
        "$work"/*."$name".o "$work/kernel.so"
    nm -D --undefined-only "$work/virtio_sound" | awk '{print $NF}' | sort > "$work/used.$name"
    # Constructors of kernel add-ons do not run: there must be none.
    if readelf -SW "$work/virtio_sound" | grep -Eq '\.(init_array|ctors)'; then
        echo "$name: the driver has constructors of globals" >&2
        exit 1
    fi
    echo "linked: $name, $(wc -l < "$work/used.$name") symbols of the kernel"
done

sort -u "$work"/used.* > "$work/used"
unused=$(printf '%s\n' $symbols | sort | comm -23 - "$work/used")
if [ -n "$unused" ]; then
    echo "listed as used, but is not:" $unused >&2
    exit 1
fi
echo "the driver compiles and links against $(basename "$haiku")"
