/*
 * Chunks through threads: anyone reads the next one, anyone parses what was read, the caller takes them in order.
 *
 * The caller is one of the threads. It reads only when nothing is on its way, so rows that are complete never wait for
 * bytes that may not come. Other threads are started when a second chunk follows.
 */
#include <stdlib.h>
#include <string.h>

#include "ingest_text.h"
#include "memory.h"

static void
parse(struct ingest *in, struct worker *worker, struct slot *slot)
{
    const struct text_source *source = in->source.state;
    segment_reset(&slot->segment, in, worker);
    source->parse(worker, &slot->chunk, &slot->segment);
}

/* With the lock held: parses a chunk that waits for it. */
static bool
try_parse(struct flow *flow, struct ingest *in, unsigned number)
{
    struct text_source *source = in->source.state;
    if (flow->n_parsing == flow->n_read)
        return false;
    struct slot *slot = &flow->slots[flow->n_parsing++ % flow->n_slots];
    pthread_mutex_unlock(&flow->lock);
    parse(in, &source->workers[number], slot);
    pthread_mutex_lock(&flow->lock);
    slot->state = SLOT_PARSED;
    pthread_cond_broadcast(&flow->changed);
    return true;
}

/* With the lock held: reads the next chunk if there is a place for it and nobody does. */
static bool
try_read(struct flow *flow, struct ingest *in)
{
    struct text_source *source = in->source.state;
    if (flow->reading || flow->ended || flow->failed || flow->n_read - flow->n_taken == flow->n_slots)
        return false;
    struct slot *slot = &flow->slots[flow->n_read % flow->n_slots];
    flow->reading = true;
    pthread_mutex_unlock(&flow->lock);
    struct error error;
    int got = chunker_next(&source->chunker, &slot->chunk, &error);
    pthread_mutex_lock(&flow->lock);
    flow->reading = false;
    if (got > 0) {
        slot->state = SLOT_READ;
        flow->n_read++;
    } else if (got == 0) {
        flow->ended = true;
    } else {
        flow->failed = true;
        flow->error = error;
    }
    pthread_cond_broadcast(&flow->changed);
    return true;
}

struct start {
    struct flow *flow;
    struct ingest *in;
    unsigned number;
};

static void *
work(void *arg)
{
    struct start start = *(struct start *) arg;
    free(arg);
    struct flow *flow = start.flow;
    pthread_mutex_lock(&flow->lock);
    while (!flow->stop) {
        /* A chunk for whoever is done first should lie ready: reading takes a tenth of the time of parsing. */
        bool few = flow->n_read - flow->n_parsing < 2;
        if (!(few && try_read(flow, start.in)) && !try_parse(flow, start.in, start.number))
            pthread_cond_wait(&flow->changed, &flow->lock);
    }
    pthread_mutex_unlock(&flow->lock);
    return NULL;
}

static void
start_threads(struct flow *flow, struct ingest *in)
{
    flow->threads = mem_zalloc(flow->n_threads, sizeof *flow->threads);
    /* Fewer threads than asked for only take longer. */
    for (flow->n_started = 0; flow->n_started + 1 < flow->n_threads; flow->n_started++) {
        struct start *start = mem_alloc(sizeof *start);
        *start = (struct start){flow, in, flow->n_started + 1};
        if (pthread_create(&flow->threads[flow->n_started], NULL, work, start) != 0) {
            free(start);
            break;
        }
    }
}

void
flow_open(struct flow *flow, struct ingest *in, unsigned n_threads)
{
    *flow = (struct flow){.n_threads = n_threads, .n_slots = n_threads == 1 ? 1 : n_threads + 3};
    flow->slots = mem_zalloc(flow->n_slots, sizeof *flow->slots);
    for (size_t i = 0; i < flow->n_slots; i++)
        segment_open(&flow->slots[i].segment, in);
    pthread_mutex_init(&flow->lock, NULL);
    pthread_cond_init(&flow->changed, NULL);
}

int
flow_take(struct flow *flow, struct ingest *in, struct slot **taken, struct error *error)
{
    if (flow->threads == NULL && flow->n_threads > 1 && flow->more)
        start_threads(flow, in);
    pthread_mutex_lock(&flow->lock);
    int result = -1;
    for (;;) {
        struct slot *slot = &flow->slots[flow->n_taken % flow->n_slots];
        if (flow->n_taken < flow->n_read && slot->state == SLOT_PARSED) {
            *taken = slot;
            flow->more = !slot->chunk.last;
            result = 1;
            break;
        }
        if (try_parse(flow, in, 0))
            continue;
        if (flow->n_taken == flow->n_read) {
            if (flow->failed) {
                *error = flow->error;
                break;
            }
            if (flow->ended) {
                result = 0;
                break;
            }
            if (try_read(flow, in))
                continue;
        }
        pthread_cond_wait(&flow->changed, &flow->lock);
    }
    pthread_mutex_unlock(&flow->lock);
    return result;
}

void
flow_done(struct flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    flow->slots[flow->n_taken++ % flow->n_slots].state = SLOT_FREE;
    pthread_cond_broadcast(&flow->changed);
    pthread_mutex_unlock(&flow->lock);
}

void
flow_restart(struct flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    flow->ended = false;
    pthread_cond_broadcast(&flow->changed);
    pthread_mutex_unlock(&flow->lock);
}

void
flow_close(struct flow *flow, struct ingest *in)
{
    if (flow->slots == NULL)
        return;
    pthread_mutex_lock(&flow->lock);
    flow->stop = true;
    pthread_cond_broadcast(&flow->changed);
    pthread_mutex_unlock(&flow->lock);
    for (unsigned i = 0; i < flow->n_started; i++)
        pthread_join(flow->threads[i], NULL);
    free(flow->threads);
    for (size_t i = 0; i < flow->n_slots; i++) {
        chunk_close(&flow->slots[i].chunk);
        segment_close(&flow->slots[i].segment, in);
    }
    free(flow->slots);
    pthread_mutex_destroy(&flow->lock);
    pthread_cond_destroy(&flow->changed);
    *flow = (struct flow){0};
}
