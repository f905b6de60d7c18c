#!/bin/sh
# Builds for 64-bit ARM and runs the engine tests and the pinned digests there, by emulation.
#
#   check-arm.sh BUILD [PATTERN ...]
#
# CROSS names the compiler [aarch64-linux-gnu-gcc], QEMU the emulator [qemu-aarch64]. ARM_ROOT: a folder with the
# libraries of that machine (usr/include, usr/lib/aarch64-linux-gnu); without it the compiler has to find them itself.
# On Debian, the tools are gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user, and a folder comes to be by
#
#   dpkg --add-architecture arm64 && apt-get update
#   for p in msgpackc2 msgpack-dev zstd1 zstd-dev xxhash0 xxhash-dev cmocka0 cmocka-dev; do apt-get download lib$p:arm64; done
#   apt-get download zlib1g:arm64 zlib1g-dev:arm64; for deb in *_arm64.deb; do dpkg -x $deb FOLDER; done
set -eu
build=$1/arm
shift
cross=${CROSS:-aarch64-linux-gnu-gcc} qemu=${QEMU:-qemu-aarch64} root=${ARM_ROOT:-}
[ $# -gt 0 ] || set -- engines/test_fma engines/test_engines engines/test_fisher 'cli/cl-train/pinned*'

skip()
{
    echo "check-arm: skipped: $*"
    exit 0
}

command -v "$cross" > /dev/null 2>&1 || skip "there is no $cross (apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross)"
command -v "$qemu" > /dev/null 2>&1 || skip "there is no $qemu (apt-get install qemu-user)"
libraries='' include='' links=''
if [ -n "$root" ]; then
    libraries=$root/usr/lib/aarch64-linux-gnu:$root/lib/aarch64-linux-gnu
    include="-isystem $root/usr/include"
    links="-L$root/usr/lib/aarch64-linux-gnu -L$root/lib/aarch64-linux-gnu -Wl,-rpath-link,$libraries"
fi
mkdir -p "$build/made" "$build/tests"
probe=$build/probe
printf '#include <msgpack.h>\nint main(void) { return 0; }\n' > "$probe.c"
# shellcheck disable=SC2086 # words
"$cross" $include -o "$probe" "$probe.c" $links -lmsgpackc -lzstd -lxxhash -lz -lcmocka 2> "$probe.log" ||
    skip "libmsgpackc, libzstd, libxxhash, libz or libcmocka of arm64 is not there; ARM_ROOT names a folder that has them"

# What setup.sh would find out by running programs.
[ -f "$build/made/config.mk" ] || echo "LIBS_MSGPACK = -lmsgpackc" > "$build/made/config.mk"
touch "$build/made/config.mk"
"${MAKE:-make}" --no-print-directory BUILD="$build/made" CC="$cross" CC_FOR_BUILD="${CC_FOR_BUILD:-cc}" CPPFLAGS="$include" \
    LDFLAGS="$links" SETUP=check all "$build/made/tests/engines/test_fma" "$build/made/tests/engines/test_engines" \
    "$build/made/tests/engines/test_fisher"

# The same folder with, for each program, a script that emulates it.
mkdir -p "$build/run/tests/engines"
sysroot=/
[ ! -d /usr/aarch64-linux-gnu ] || sysroot=/usr/aarch64-linux-gnu
for made in "$build"/made/cl-* "$build"/made/tests/engines/test_*; do
    case $made in
    *.o | *.d) continue ;;
    esac
    script=$build/run/${made#"$build"/made/}
    printf '#!/bin/sh\nexec %s -L %s -E LD_LIBRARY_PATH=%s %s "$@"\n' "$qemu" "$sysroot" "$libraries" "$made" > "$script"
    chmod +x "$script"
done
tests/run.sh --build "$build/run" "$@"
