#!/bin/sh
# Finds what building (or testing) needs, installs what is missing, and writes what was found to a makefile.
#
#   setup.sh check|install build|test OUTPUT.mk
#
# `check` installs nothing: it says what is missing and how to get it. `install` runs apt-get, with sudo when not
# root; on other systems it prints the command. Nothing else is ever downloaded.
set -u

mode=$1 wanted=$2 output=$3
cc=${CC:-cc}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# links HEADER FLAGS...: a program with that header links.
links()
{
    printf '#include <stddef.h>\n#include <stdint.h>\n#include <stdarg.h>\n#include <setjmp.h>\n#include <%s>\nint main(void) { return 0; }\n' \
        "$1" > "$scratch/probe.c"
    shift
    "$cc" -o "$scratch/probe" "$scratch/probe.c" "$@" > /dev/null 2>&1
}

have_cc()
{
    command -v "$cc" > /dev/null 2>&1 && links stdio.h
}

# The library is called msgpack-c upstream since version 6, msgpackc before.
find_msgpack()
{
    for name in msgpack-c msgpack; do
        if msgpack=$(pkg-config --cflags --libs "$name" 2> /dev/null) && links msgpack.h $msgpack; then
            return 0
        fi
    done
    for msgpack in -lmsgpackc -lmsgpack-c; do
        links msgpack.h $msgpack && return 0
    done
    return 1
}

# Opened at run time by --numerics fast, so it must be loadable, not linkable. Another fast CBLAS does as well.
have_openblas()
{
    cat > "$scratch/probe.c" << 'END'
#include <dlfcn.h>
int main(void)
{
    const char *names[] = {"libopenblas.so.0", "libopenblas.so", "libmkl_rt.so.2", "libmkl_rt.so.3", "libblis.so.4"};
    for (int i = 0; i < 5; i++)
        if (dlopen(names[i], RTLD_LAZY))
            return 0;
    return 1;
}
END
    "$cc" -o "$scratch/probe" "$scratch/probe.c" -ldl > /dev/null 2>&1 && "$scratch/probe"
}

# look: sets `missing` to the names of what is not there, in the words of the package lists below.
look()
{
    missing=
    if [ "$wanted" = build ]; then
        have_cc || missing="$missing compiler"
        find_msgpack || missing="$missing msgpack"
        links zstd.h -lzstd || missing="$missing zstd"
        links xxhash.h -lxxhash || missing="$missing xxhash"
        links zlib.h -lz || missing="$missing zlib"
        have_openblas || missing="$missing openblas"
    else
        links cmocka.h -lcmocka || missing="$missing cmocka"
        command -v mandoc > /dev/null 2>&1 || missing="$missing mandoc"
        command -v zstd > /dev/null 2>&1 || missing="$missing zstd-program"
        command -v bash > /dev/null 2>&1 || missing="$missing bash"
        { command -v diff && command -v cmp; } > /dev/null 2>&1 || missing="$missing diffutils"
    fi
    missing=${missing# }
}

# packages MANAGER: what is missing in the names of that package manager.
packages()
{
    for thing in $missing; do
        case $1:$thing in
        apt:compiler) echo gcc libc6-dev ;;
        apt:msgpack)
            if apt-cache show libmsgpack-c-dev 2> /dev/null | grep -q .; then
                echo libmsgpack-c-dev
            else
                echo libmsgpack-dev
            fi
            ;;
        apt:zstd) echo libzstd-dev ;;
        apt:xxhash) echo libxxhash-dev ;;
        apt:zlib) echo zlib1g-dev ;;
        apt:openblas) echo libopenblas0-pthread ;;
        apt:cmocka) echo libcmocka-dev ;;
        dnf:compiler) echo gcc make ;;
        dnf:msgpack) echo msgpack-devel ;;
        dnf:zstd) echo libzstd-devel ;;
        dnf:cmocka) echo libcmocka-devel ;;
        dnf:xxhash | dnf:zlib) echo "$thing-devel" ;;
        pacman:compiler) echo base-devel ;;
        pacman:msgpack) echo msgpack-c ;;
        apk:compiler) echo build-base ;;
        apk:msgpack) echo msgpack-c-dev ;;
        apk:zstd | apk:xxhash | apk:zlib | apk:cmocka) echo "$thing-dev" ;;
        brew:compiler) echo gcc make ;;
        *:zstd-program) echo zstd ;;
        *) echo "$thing" ;;
        esac
    done | tr '\n' ' ' | sed 's/ $//'
}

# Prints how to install what is missing, for the package manager that is here (all of them when none is known).
instructions()
{
    found=
    for manager in apt-get dnf pacman apk brew; do
        command -v $manager > /dev/null 2>&1 && found=$manager && break
    done
    for manager in ${found:-apt-get dnf pacman apk brew}; do
        case $manager in
        apt-get) echo "    sudo apt-get update && sudo apt-get install $(packages apt)" ;;
        dnf) echo "    sudo dnf install $(packages dnf)" ;;
        pacman) echo "    sudo pacman -S --needed $(packages pacman)" ;;
        apk) echo "    sudo apk add $(packages apk)" ;;
        brew) echo "    brew install $(packages brew)" ;;
        esac
    done
}

# As root, or through sudo.
as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_get()
{
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@" >> "$scratch/log" 2>&1
}

install_missing()
{
    command -v apt-get > /dev/null 2>&1 || return 1
    if [ "$(id -u)" != 0 ] && ! command -v sudo > /dev/null 2>&1; then
        echo "setup: not root, and there is no sudo" >&2
        return 1
    fi
    if ! ls /var/lib/apt/lists/*_Packages* > /dev/null 2>&1; then
        echo "setup: reading package lists (apt-get update)"
        apt_get update
    fi
    list=$(packages apt)
    echo "setup: installing $list (apt-get)"
    # A failure may come from package lists that are out of date.
    apt_get install --no-install-recommends $list && return 0
    apt_get update
    list=$(packages apt)
    apt_get install --no-install-recommends $list && return 0
    cat "$scratch/log" >&2
    return 1
}

look
if [ -n "$missing" ] && [ "$mode" = install ]; then
    install_missing && look
fi
# Exact numerics, the default, do without OpenBLAS; so a build may.
if [ "$missing" = openblas ]; then
    echo "setup: OpenBLAS is not installed: --numerics fast will not work. To get it:" >&2
    instructions >&2
    missing=
fi
if [ -n "$missing" ]; then
    echo "setup: missing: $missing. To get it:" >&2
    instructions >&2
    exit 1
fi

mkdir -p "$(dirname "$output")"
if [ "$wanted" = build ]; then
    echo "LIBS_MSGPACK = $msgpack" > "$output"
else
    echo "# what the tests need is here" > "$output"
fi
