#!/bin/sh
# Installs what the tests need (as root on Debian 12 and Ubuntu 24.04; elsewhere it says what is
# missing), runs everything, and sums up.
#
# usage: sh tests/run.sh [--install-only]
set -u
cd "$(dirname "$0")/.." || exit 1

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$scratch" # apt's download user reads it

distribution=$( (. /etc/os-release && echo "$ID $VERSION_ID") 2>/dev/null)

have() { command -v "$1" >/dev/null 2>&1; }

# Whether the version $1 is at least $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

number_in() { sed -n 's/[^0-9]*\([0-9][0-9.]*\).*/\1/p' | head -n 1; }

has_header() { echo "#include <$1>" | g++ -E -x c++ - >/dev/null 2>&1; }

llvm_tool_14() { have "$1-14" || { have "$1" && "$1" --version | grep -q 'version 14\.'; }; }

has_fuzzer() {
    echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
        clang++ -fsanitize=fuzzer,address,undefined -x c++ - -o "$scratch/fuzzer" >/dev/null 2>&1
}

has_qemu() {
    for program in qemu-system-x86_64 qemu-system-aarch64 qemu-system-riscv64; do
        have "$program" || return 1
        at_least "$("$program" --version | number_in)" 8.2 || return 1
        "$program" -audiodev help 2>/dev/null | grep -qx alsa || return 1
    done
    [ -e /usr/share/alsa/alsa.conf ]
}

has_user_emulation() {
    for machine in aarch64 riscv64 i386 s390x; do
        have "qemu-$machine-static" || return 1
    done
}

# need KIND WHAT PACKAGES CHECK...: notes a missing item. Without a `required` one nothing runs.
missing= packages= qemu_packages= cross_packages= lacks_required=no
need() {
    kind=$1 what=$2 wanted=$3
    shift 3
    "$@" && return
    missing="$missing  $what ($kind; package $wanted)
"
    case $kind in
    required) lacks_required=yes ;;
    esac
    case $what in
    QEMU*) qemu_packages=$wanted ;;
    cross*) cross_packages="$cross_packages $wanted" ;;
    *) packages="$packages $wanted" ;;
    esac
}

has_cmake() { have cmake && have ctest && at_least "$(cmake --version | number_in)" 3.25; }

find_missing() {
    missing= packages= qemu_packages= cross_packages= lacks_required=no
    need required "g++" "g++ libc6-dev" have g++
    need required "CMake 3.25 or newer" "cmake" has_cmake
    need required "make" "make" have make
    need required "Python 3" "python3" have python3
    need "else fetched" "doctest" "doctest-dev" has_header doctest/doctest.h
    need "else fetched" "fmt" "libfmt-dev" has_header fmt/format.h
    need "else tests are skipped" "clang++" "clang" have clang++
    need "else tests are skipped" "lld" "lld" have ld.lld
    need "else tests are skipped" "libFuzzer for clang" "libclang-rt-dev" has_fuzzer
    need "else tests are skipped" "clang-format 14" "clang-format-14" llvm_tool_14 clang-format
    need "else tests are skipped" "clang-tidy 14" "clang-tidy-14" llvm_tool_14 clang-tidy
    need "else tests are skipped" "valgrind" "valgrind" have valgrind
    for machine in aarch64 riscv64 i686 s390x; do
        need "else tests are skipped" "cross compiler for $machine" "g++-$machine-linux-gnu" \
            have "$machine-linux-gnu-g++"
    done
    need "else tests are skipped" "user emulation" "qemu-user-static" has_user_emulation
    need "else tests are skipped" "linux/virtio_snd.h" "linux-libc-dev" \
        has_header linux/virtio_snd.h
    need "else tests are skipped" "QEMU 8.2 or newer with ALSA" \
        "qemu-system-x86 qemu-system-arm qemu-system-misc qemu-system-common libasound2-data" \
        has_qemu
}

# A source entry for the backports suite, on the mirror of the given suite in the files named.
backports_entry() {
    suite=$1
    shift
    awk -v suite="$suite" '
        function finish() {
            if (!done && types ~ /(^| )deb( |$)/ && enabled != "no" && uris != "" &&
                (" " suites " ") ~ (" " suite " ")) {
                print "Types: deb\nURIs: " uris "\nSuites: " suite "-backports\nComponents: main"
                if (signed != "") print "Signed-By:" signed
                done = 1
            }
            types = uris = suites = signed = enabled = field = ""
        }
        FNR == 1 { finish() }
        /^[ \t]*#/ { next }
        /^[ \t]*$/ { finish(); next }
        # The one-line form: deb [options] URI suite components
        /^deb[ \t]/ {
            key = ""
            if (match($0, /\[[^]]*\]/)) {
                options = substr($0, RSTART + 1, RLENGTH - 2)
                sub(/\[[^]]*\][ \t]*/, "")
                n = split(options, option, " ")
                for (i = 1; i <= n; i++)
                    if (option[i] ~ /^signed-by=/) key = " " substr(option[i], 11)
            }
            split($0, word, /[ \t]+/)
            types = "deb"; uris = word[2]; suites = word[3]; signed = key
            finish()
            next
        }
        # The paragraph form; a Signed-By may be a whole key over several lines.
        /^[ \t]/ { if (field == "signed-by") signed = signed "\n" $0; next }
        {
            field = tolower($0); sub(/:.*/, "", field)
            value = $0; sub(/^[^:]*:[ \t]*/, "", value)
            if (field == "types") types = value
            if (field == "uris") { split(value, word, /[ \t]+/); uris = word[1] }
            if (field == "suites") suites = value
            if (field == "enabled") enabled = tolower(value)
            if (field == "signed-by") signed = " " value
        }
        END { finish() }
    ' "$@"
}

# apt-get with lists, cache and sources of its own: those of the machine stay as they are.
apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q \
        -o Dir::Etc::sourceparts="$scratch/sources" -o Dir::State::lists="$scratch/lists" \
        -o Dir::Cache="$scratch/cache" "$@"
}

install_missing() {
    echo "Missing on this machine:"
    printf %s "$missing"
    echo "To be installed:$packages$cross_packages${qemu_packages:+ }$qemu_packages"
    mkdir -p "$scratch/sources" "$scratch/lists/partial" "$scratch/cache/archives/partial"
    for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list; do
        [ ! -e "$file" ] || cp "$file" "$scratch/sources/"
    done
    target=
    if [ -n "$qemu_packages" ] && [ "$distribution" = "debian 12" ]; then
        target="-t bookworm-backports"
        set --
        for file in /etc/apt/sources.list "$scratch"/sources/*; do
            [ ! -e "$file" ] || set -- "$@" "$file"
        done
        if ! grep -qs '^[^#]*bookworm-backports' "$@"; then
            backports_entry bookworm "$@" >"$scratch/backports"
            mv "$scratch/backports" "$scratch/sources/zz-backports.sources"
        fi
        echo "QEMU comes from the suite bookworm-backports of the mirror that apt uses already."
    fi
    apt update || return 1
    crossed=0
    if [ -n "$packages" ]; then
        # shellcheck disable=SC2086
        apt install -y --no-install-recommends $packages || return 1
    fi
    # Debian's cross compilers and g++-multilib exclude each other: what is here already stays.
    if [ -n "$cross_packages" ]; then
        # shellcheck disable=SC2086
        apt install -y --no-install-recommends --no-remove $cross_packages || crossed=1
    fi
    if [ -n "$qemu_packages" ]; then
        # shellcheck disable=SC2086
        apt install -y --no-install-recommends $target $qemu_packages || return 1
    fi
    return $crossed
}

find_missing
if [ -n "$missing" ]; then
    case "$(id -u) $distribution" in
    "0 debian 12" | "0 ubuntu 24.04")
        install_missing || echo "The installation failed."
        find_missing
        ;;
    esac
fi
if [ -n "$missing" ]; then
    echo "Missing on this machine (tests/run.sh installs as root on Debian 12 and Ubuntu 24.04):"
    printf %s "$missing"
    [ "$lacks_required" = no ] || exit 1
fi
if [ "${1:-}" = --install-only ]; then
    [ -z "$missing" ]
    exit
fi

rm -f build/test/results.xml
cmake --workflow --preset test
outcome=$?
python3 tests/summary.py build/test || outcome=1
exit "$outcome"
