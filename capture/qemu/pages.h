/*
 * Guest frames: which are tracked in which mode, and which are armed now.
 *
 * Under the policy "rearm" a tracked page gives one notification per mode and
 * is then silent in that mode until the next epoch.  Silence is a number: the
 * epoch of the last notification, so that an epoch arms a million pages by
 * counting up.
 */
#ifndef PAGETRACK_PAGES_H
#define PAGETRACK_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

#define PAGE_SHIFT 12
#define PAGE_BYTES (1u << PAGE_SHIFT)
#define GFN_LIMIT (1u << 26) /* frames below 256 GiB can be tracked */
#define NO_GPA UINT64_MAX

enum mode { PREREAD, PREWRITE, WRITE, PREEXEC, N_MODES }; /* the kernel's order */
extern const char *const mode_names[N_MODES];

/* Reserves the tables (memory is used for touched frames only); false if there is no room. */
bool pages_setup(const struct options *o);

/* Is any page tracked in this mode? */
bool mode_tracked(enum mode m);

/* Would an access be a notification right now?  Without the lock: a first, cheap answer. */
bool page_armed(uint64_t gpa, enum mode m);

/* The final answer, under the output's lock; if true, the page is silent from now on (rearm). */
bool page_take(uint64_t gpa, enum mode m);

/* The running epoch counts from 1; setting it (under the output's lock) arms all. */
uint32_t epoch_now(void);
void epoch_set(uint32_t epoch);

#endif
