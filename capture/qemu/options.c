#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "vcpus.h"

#define EPOCH_DEFAULT 20000000u

static bool wrong(const char *argument, const char *allowed)
{
    fprintf(stderr, "pagetrack: %s: %s\n", argument, allowed);
    return false;
}

/* A whole number, decimal or 0x..., up to its end or up to `stop`; moves *text behind it. */
static bool parse_number(const char **text, char stop, uint64_t *value)
{
    char *end;

    if (**text < '0' || **text > '9') /* strtoull would take blanks and signs */
        return false;
    errno = 0;
    *value = strtoull(*text, &end, 0);
    if (errno || (*end && *end != stop))
        return false;
    *text = end;
    return true;
}

/* "preread", ..., "all" as a set of mode bits; 0 if it is none. */
static unsigned parse_mode(const char *name, size_t length)
{
    if (length == 3 && !memcmp(name, "all", 3))
        return (1u << N_MODES) - 1;
    for (unsigned m = 0; m < N_MODES; m++)
        if (strlen(mode_names[m]) == length && !memcmp(mode_names[m], name, length))
            return 1u << m;
    return 0;
}

/* MODE:LO-HI, joined by '+', for QEMU splits arguments at commas. */
static bool parse_track(struct options *o, const char *text)
{
    o->track = text;
    if (!strcmp(text, "all"))
        return true;
    for (;; text++) {
        const char *colon = strchr(text, ':');
        if (o->n_ranges == MAX_TRACK_RANGES || !colon)
            return false;
        struct track_range *r = &o->ranges[o->n_ranges++];
        r->modes = parse_mode(text, (size_t)(colon - text));
        text = colon + 1;
        if (!r->modes || !parse_number(&text, '-', &r->lo) || *text++ != '-' ||
            !parse_number(&text, '+', &r->hi) || r->hi < r->lo || r->hi >> PAGE_SHIFT >= GFN_LIMIT)
            return false;
        if (!*text)
            return true;
    }
}

static bool parse_choice(const char *text, const char *no, const char *yes, bool *value)
{
    *value = !strcmp(text, yes);
    return *value || !strcmp(text, no);
}

static bool parse_argument(struct options *o, const char *argument)
{
    size_t key = strcspn(argument, "=");
    const char *value = argument[key] ? argument + key + 1 : "";
    uint64_t number = 0;
    const char *rest = value;

    if (!strncmp(argument, "fd=", 3)) {
        if (!parse_number(&rest, 0, &number) || number > 1 << 20)
            return wrong(argument, "the number of an open socket is wanted");
        o->fd = (int)number;
        return true;
    }
    if (!strncmp(argument, "policy=", 7))
        return parse_choice(value, "always", "rearm", &o->rearm) ||
               wrong(argument, "the policy is rearm or always");
    if (!strncmp(argument, "clock=", 6))
        return parse_choice(value, "host", "insns", &o->clock_insns) ||
               wrong(argument, "the clock is host or insns");
    if (!strncmp(argument, "epoch=", 6)) {
        o->epoch_insns = parse_number(&rest, 0, &number) ? number : 0;
        return o->epoch_insns >= EPOCH_MIN || wrong(argument, "an epoch has at least 16384 instructions");
    }
    if (!strncmp(argument, "track=", 6))
        return parse_track(o, value) ||
               wrong(argument, "all, or MODE:LO-HI joined by +, with MODE preread, prewrite, write, preexec "
                               "or all, and LO and HI guest-physical addresses below 256 GiB");
    return wrong(argument, "no such argument; there are fd, policy, clock, epoch and track");
}

bool options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){ .fd = -1, .rearm = true, .epoch_insns = EPOCH_DEFAULT, .track = "all" };
    for (int i = 0; i < argc; i++)
        if (!parse_argument(o, argv[i]))
            return false;
    return o->fd >= 0 || wrong("fd", "is missing: pagetrail capture qemu starts QEMU with it");
}
