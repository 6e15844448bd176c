/* From an access to a notification's line. */
#ifndef PAGETRACK_NOTIFY_H
#define PAGETRACK_NOTIFY_H

#include "plugin-api.h"

/* A memory callback; data is the instruction's virtual address. */
void on_access(unsigned vcpu, plugin_meminfo info, uint64_t vaddr, void *rip);

/* The same for an instruction that reads and writes at once (LOCK, XCHG). */
void on_locked_access(unsigned vcpu, plugin_meminfo info, uint64_t vaddr, void *rip);

/* A fetch from the page of gpa, by the instruction at rip. */
void notify_fetch(unsigned vcpu, uint64_t gpa, uint64_t rip);

/* The guest executed mark n. */
void notify_mark(unsigned vcpu, unsigned n);

/* Adds the number of notifications of each mode to the line, under the output's lock. */
void field_counts(void);

#endif
