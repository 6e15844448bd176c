#include "output.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (1u << 18)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int out_fd = -1;
static char buffer[BUFFER_BYTES];
static size_t used;
static uint64_t last_time;

void out_lock(void) { pthread_mutex_lock(&lock); }
void out_unlock(void) { pthread_mutex_unlock(&lock); }
void out_open(int fd) { out_fd = fd; }

void out_close(void)
{
    out_flush();
    out_fd = -1;
}

void out_flush(void)
{
    for (size_t done = 0; done < used && out_fd >= 0;) {
        ssize_t n = write(out_fd, buffer + done, used - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR) { /* a reader that is gone must not stop the guest */
            fprintf(stderr, "pagetrack: recording ends here, nobody reads it: %s\n", strerror(errno));
            out_fd = -1;
        }
    }
    used = 0;
}

static void put(const char *bytes, size_t n)
{
    while (n > BUFFER_BYTES - used) {
        size_t part = BUFFER_BYTES - used;
        memcpy(buffer + used, bytes, part);
        used += part;
        bytes += part;
        n -= part;
        out_flush();
    }
    memcpy(buffer + used, bytes, n);
    used += n;
}

static void put_text(const char *text) { put(text, strlen(text)); }

/* printf would cost as much as the rest of a notification. */
static void put_digits(uint64_t value, unsigned base)
{
    char digits[20], *p = digits + sizeof digits;

    do
        *--p = "0123456789abcdef"[value % base];
    while (value /= base);
    put(p, (size_t)(digits + sizeof digits - p));
}

static void put_key(const char *key)
{
    put(",\"", 2);
    put_text(key);
    put("\":", 2);
}

void line_begin(uint64_t t, int vcpu, const char *kind)
{
    if (t > last_time)
        last_time = t;
    put_text("{\"t\":");
    put_digits(last_time, 10);
    if (vcpu >= 0)
        field_number("c", (uint64_t)vcpu);
    put_text(",\"k\":\"");
    put_text(kind);
    put("\"", 1);
}

void line_end(void) { put("}\n", 2); }

void field_number(const char *key, uint64_t value)
{
    put_key(key);
    put_digits(value, 10);
}

void field_hex(const char *key, uint64_t value)
{
    put_key(key);
    put_text("\"0x");
    put_digits(value, 16);
    put("\"", 1);
}

void field_text(const char *key, const char *text)
{
    put_key(key);
    put("\"", 1);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char escape[7];
        if (c == '"' || c == '\\')
            put("\\", 1);
        if (c < 0x20)
            put(escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", c));
        else
            put(text, 1);
    }
    put("\"", 1);
}
