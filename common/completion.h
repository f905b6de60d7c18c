/* Scripts that let bash, zsh and fish complete the options of a program, from its option table. */
#ifndef CL_COMPLETION_H
#define CL_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

/* Prints the script on stdout. options: [n] those of the program and those of all. False when the shell is unknown. */
bool completion_print(const char *shell, const struct program_usage *usage, const struct option *options, size_t n);

#endif
