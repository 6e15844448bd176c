#include "commands.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "layout.h"
#include "output.h"
#include "vcpus.h"

#define FLUSH_MS 50
#define NAME_BYTES 64
#define COMMAND_BYTES 512

static char names[N_MARKS][NAME_BYTES];
static int command_fd;

const char *mark_name(unsigned n)
{
    if (!*names[n])
        snprintf(names[n], NAME_BYTES, "mark %u", n);
    return names[n];
}

static void slot_line(const char *kind, const uint64_t f[4], const char *name)
{
    line_begin(session_time(-1), -1, kind);
    field_number("id", f[0]);
    field_hex("a", f[1]);
    field_number("npages", f[2]);
    field_number("flags", f[3]);
    field_text("name", name);
    line_end();
}

static bool run_command(const char *text)
{
    char word[16];
    uint64_t f[4];
    int used = 0, rest = 0;

    if (sscanf(text, "%15s%n", word, &used) != 1)
        return false;
    int n = sscanf(text + used, "%" SCNi64 "%" SCNi64 "%" SCNi64 "%" SCNi64 " %n", (int64_t *)&f[0],
                   (int64_t *)&f[1], (int64_t *)&f[2], (int64_t *)&f[3], &rest);
    const char *name = text + used + rest;
    if (!strcmp(word, "ram"))
        return n == 4 && layout_add((struct ram_range){ f[0], f[1], f[2], f[3] });
    if (!strcmp(word, "commit"))
        return layout_commit();
    if (!strcmp(word, "create_slot") || !strcmp(word, "flush_slot")) {
        if (n == 4)
            slot_line(word, f, name);
        return n == 4;
    }
    if (strcmp(word, "mark") || sscanf(text + used, "%" SCNi64 " %n", (int64_t *)&f[0], &rest) != 1 ||
        f[0] >= N_MARKS)
        return false;
    snprintf(names[f[0]], NAME_BYTES, "%s", text + used + rest);
    return true;
}

/* Runs the whole lines of what came so far; returns how many bytes are left of the last one. */
static size_t run_lines(char *text, size_t length)
{
    char *line = text, *end;

    while ((end = memchr(line, '\n', length - (size_t)(line - text)))) {
        *end = 0;
        out_lock();
        if (!run_command(line))
            fprintf(stderr, "pagetrack: the command cannot be used: %s\n", line);
        out_unlock();
        line = end + 1;
    }
    length -= (size_t)(line - text);
    memmove(text, line, length);
    return length == COMMAND_BYTES ? 0 : length; /* no command is that long */
}

static void *serve(void *unused)
{
    static char text[COMMAND_BYTES];
    struct pollfd in = { .fd = command_fd, .events = POLLIN };
    size_t length = 0;

    (void)unused;
    for (;;) {
        if (poll(&in, 1, FLUSH_MS) > 0) {
            ssize_t n = read(in.fd, text + length, sizeof text - length);
            if (n > 0)
                length = run_lines(text, length + (size_t)n);
            else if (n == 0 || errno != EINTR)
                in.fd = -1; /* the launcher is gone; poll() now only waits */
        }
        out_lock();
        out_flush();
        out_unlock();
    }
    return NULL;
}

bool commands_start(int fd)
{
    pthread_t thread;
    sigset_t all, former;

    command_fd = fd;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former); /* QEMU's signals are for QEMU's threads */
    int error = pthread_create(&thread, NULL, serve, NULL);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    return !error && !pthread_detach(thread);
}
