#!/bin/bash
# The set-up says what is missing, installs it through apt-get with sudo only when not root, and is silent when all is
# there. Compiler, apt-get, sudo and id are stand-ins: nothing is installed here.
. "$TESTS/pipes/lib.bash"
setup=$ROOT/build-aux/setup.sh
real=$(command -v cc) || skip "there is no cc"
mkdir bin
# Without the file `installed`, programs that include msgpack.h do not compile.
cat > bin/cc << END
#!/bin/sh
for argument in "\$@"; do
    case \$argument in
    *.c) [ -e "$PWD/installed" ] || ! grep -q msgpack.h "\$argument" || exit 1 ;;
    esac
done
exec "$real" "\$@"
END
cat > bin/apt-get << END
#!/bin/sh
echo "apt-get \$*" >> "$PWD/log"
case "\$*" in *install*) touch "$PWD/installed" ;; esac
END
printf '#!/bin/sh\nexit 1\n' > bin/apt-cache
printf '#!/bin/sh\necho sudo >> "%s/log"\nexec "$@"\n' "$PWD" > bin/sudo
printf '#!/bin/sh\ncat "%s/uid"\n' "$PWD" > bin/id
printf '#!/bin/sh\nexit 1\n' > bin/pkg-config
chmod +x bin/*
export PATH=$PWD/bin:$PATH CC=cc

echo 0 > uid
"$setup" check build out/config.mk > out.txt 2> err.txt
status 1 $? "a missing library in check mode"
grep -q '^setup: missing: .*msgpack' err.txt || fail "the missing library is not named: $(cat err.txt)"
grep -q 'apt-get install .*libmsgpack-dev' err.txt || fail "no instructions: $(cat err.txt)"
[ ! -e log ] || fail "check mode ran: $(cat log)"
[ ! -e out ] || fail "check mode wrote a makefile although something is missing"

"$setup" install build out/config.mk > out.txt 2> err.txt || fail "installing as root failed: $(cat err.txt)"
grep -q 'apt-get .*install .*libmsgpack-dev' log || fail "apt-get was not asked for libmsgpack-dev: $(cat log)"
! grep -q sudo log || fail "root used sudo"
grep -q '^LIBS_MSGPACK = -lmsgpack' out/config.mk || fail "no library in config.mk: $(cat out/config.mk)"

rm -r log out
"$setup" install build out/config.mk > out.txt 2> err.txt || fail "the second run failed: $(cat err.txt)"
[ ! -s out.txt ] && [ ! -s err.txt ] || fail "not silent when all is there: $(cat out.txt err.txt)"
[ ! -e log ] || fail "it ran again: $(cat log)"

echo 1000 > uid
rm -r installed out
"$setup" install build out/config.mk > out.txt 2> err.txt || fail "installing with sudo failed: $(cat err.txt)"
grep -q sudo log || fail "an ordinary user did not use sudo: $(cat log)"
