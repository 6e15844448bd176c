#include "layout.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pages.h"

struct layout {
    unsigned n;
    struct ram_range ranges[];
};

/*
 * vCPUs read the layout without a lock, so a former one may still be in use
 * and is never freed: it changes only when RAM is plugged or a device's memory
 * moves.
 */
static struct layout *_Atomic current;
static struct ram_range collected[MAX_RAM_RANGES];
static unsigned n_collected;
static pthread_mutex_t first_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t first_there = PTHREAD_COND_INITIALIZER;

bool layout_add(struct ram_range range)
{
    if (n_collected == MAX_RAM_RANGES)
        return false;
    collected[n_collected++] = range;
    return true;
}

bool layout_commit(void)
{
    size_t bytes = n_collected * sizeof *collected;
    struct layout *next = malloc(sizeof *next + bytes);

    if (!next)
        return false;
    next->n = n_collected;
    memcpy(next->ranges, collected, bytes);
    n_collected = 0;
    pthread_mutex_lock(&first_lock);
    atomic_store_explicit(&current, next, memory_order_release);
    pthread_cond_broadcast(&first_there);
    pthread_mutex_unlock(&first_lock);
    return true;
}

bool layout_wait(void)
{
    struct timespec until;
    int error = 0;

    if (atomic_load_explicit(&current, memory_order_acquire))
        return true;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&first_lock);
    while (!current && !error)
        error = pthread_cond_timedwait(&first_there, &first_lock, &until);
    pthread_mutex_unlock(&first_lock);
    return current != NULL;
}

uint64_t gpa_of_key(uint64_t key)
{
    const struct layout *l = atomic_load_explicit(&current, memory_order_acquire);

    for (const struct ram_range *r = l->ranges; r < l->ranges + l->n; r++)
        if (key - r->key < r->size)
            return r->gpa + (key - r->key);
    return NO_GPA;
}

uint64_t gpa_of_hva(uint64_t hva)
{
    const struct layout *l = atomic_load_explicit(&current, memory_order_acquire);

    for (const struct ram_range *r = l->ranges; r < l->ranges + l->n; r++)
        if (hva - r->hva < r->size)
            return r->gpa + (hva - r->hva);
    return NO_GPA;
}
