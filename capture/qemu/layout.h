/*
 * From what QEMU says of an access to a guest-physical address.
 *
 * A data access comes with qemu_plugin_hwaddr_phys_addr(), which up to QEMU
 * 8.1 is no guest-physical address for RAM but "RAM block offset + offset in
 * the block + the region's address in its container"; a fetch comes with a
 * pointer of the host.  The launcher asks the monitor for both of each range.
 */
#ifndef PAGETRACK_LAYOUT_H
#define PAGETRACK_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_RAM_RANGES 256

struct ram_range {
    uint64_t gpa, size;
    uint64_t key; /* phys_addr() of the first byte */
    uint64_t hva; /* the first byte's place in this process */
};

/* Adds a range to the layout that is being collected; false if there are too many. */
bool layout_add(struct ram_range range);

/* What was collected becomes the layout, at once, for all vCPUs; false if out of memory. */
bool layout_commit(void);

/* Waits until the first layout is there; false after ten seconds without one. */
bool layout_wait(void);

/* The gpa of a data access or a fetch, NO_GPA if the layout does not know it.  No lock. */
uint64_t gpa_of_key(uint64_t key);
uint64_t gpa_of_hva(uint64_t hva);

#endif
