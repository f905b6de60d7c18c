#!/bin/bash
# Text to numbers: every instruction set against number_parse and strtod on 10^8 made-up cells, then nanoseconds a number.
# NUMBERS_CELLS and NUMBERS_SEED choose others.
set -u
numbers check "${NUMBERS_CELLS:-100000000}" "${NUMBERS_SEED:-1}" || exit 1
echo
numbers time
