/* Per-vCPU counts, the clock, and the epochs that follow from the instructions. */
#ifndef PAGETRACK_VCPUS_H
#define PAGETRACK_VCPUS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

/* A vCPU adds to the common instruction count this often: an epoch ends at most so much late. */
#define PUBLISH_INSNS 1024u
#define EPOCH_MIN (16 * PUBLISH_INSNS)

/* Room for max vCPUs; the clock starts.  False if out of memory. */
bool vcpus_setup(const struct options *o, unsigned max);

/* The session's time: nanoseconds since it began, or instructions of all vCPUs; vcpu < 0: of no vCPU. */
uint64_t session_time(int vcpu);

/* Counts instructions that a vCPU begins; ends the epoch when it is full. */
void count_insns(unsigned vcpu, uint64_t insns);

/*
 * A locked instruction is one access (called a store) between parallel vCPUs,
 * otherwise loads and then stores.  The first notes that a load was seen, the
 * second says whether one was, in this execution of the instruction at rip.
 */
void note_locked_load(unsigned vcpu, uint64_t rip);
bool saw_locked_load(unsigned vcpu, uint64_t rip);

/* Counts an access to a device, or to RAM that the layout does not know. */
void count_mmio(unsigned vcpu);
void count_unmapped(unsigned vcpu);

/* Adds "insns", "mmio" and "unmapped" of all vCPUs to the line, under the output's lock. */
void field_totals(void);

#endif
