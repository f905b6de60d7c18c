#!/bin/bash
# Text to cells: bytes and nanoseconds of every instruction set over made-up text of several kinds, in memory.
set -u
cells
