/*
 * How the model of cl-tune grows with its rows: columns, classes, categories; each in one line on stderr. Part of the
 * tool: these functions end the program when something is wrong, or not wanted.
 */
#ifndef CL_GROWING_H
#define CL_GROWING_H

#include "adopt.h"
#include "collect.h"
#include "grow.h"
#include "model.h"
#include "settings.h"
#include "stream.h"

/* Features that the model does not have, as --new-columns says: before its rows are collected. */
struct adopted growing_columns(struct model *model, struct stream_reader *reader, const struct settings *settings);
void growing_say_columns(const struct adopted *adopted, const struct model *model, const struct settings *settings);

/* How many classes the network will grow by. */
uint32_t growing_classes(const struct model *model, const struct collector *collector, const struct settings *settings);

/* Dictionaries and network take in the collected rows. Returns what there was of each parameter, in the model's arena.
 */
struct extent *growing_grow(struct model *model, const struct collector *collector, const struct settings *settings,
                            const struct adopted *adopted);

#endif
