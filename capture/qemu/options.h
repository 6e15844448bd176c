/* The plugin's arguments, as QEMU hands them over: key=value, split at commas. */
#ifndef PAGETRACK_OPTIONS_H
#define PAGETRACK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_TRACK_RANGES 256

/* Guest-physical bytes lo..hi, both inclusive, in the modes whose bits are set. */
struct track_range {
    uint64_t lo, hi;
    unsigned modes;
};

struct options {
    int fd;              /* open socket to the launcher: lines go out, commands come in */
    bool rearm;          /* policy: silent after a notification until the next epoch */
    bool clock_insns;    /* time is instructions instead of host nanoseconds */
    uint64_t epoch_insns;
    const char *track;   /* as given; "all" if absent */
    struct track_range ranges[MAX_TRACK_RANGES];
    unsigned n_ranges;   /* 0: every page in every mode */
};

/*
 * Reads all arguments into o.  On the first that is wrong it says on standard
 * error which one and what is allowed, and returns false.
 */
bool options_parse(struct options *o, int argc, char **argv);

#endif
